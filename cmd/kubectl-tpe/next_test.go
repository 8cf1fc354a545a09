// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/test/recorded"
)

// What is printed under NEXT of a recording can be run, and looks at the same moment of it. A
// recording may lack what the command is for; it says so.
func TestNextOfRecordings(t *testing.T) {
	names, err := recorded.Names()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{recordOutage(t): "90s"} // an entry was aborted then, and is not at the end
	for _, name := range names {
		files["../../test/recorded/testdata/"+name+".jsonl"] = ""
	}
	ran := 0
	for file, at := range files {
		args := []string{"status", "--from", file}
		if at != "" {
			args = append(args, "--at", at)
		}
		shown, _, _ := runPlugin(args...)
		_, next, _ := strings.Cut(shown, "\nNEXT\n")
		moment, _, _ := strings.Cut(shown, "\n")
		for line := range strings.Lines(next) {
			line, looks := strings.CutPrefix(strings.TrimSpace(line), "kubectl tpe ")
			if !looks || !strings.Contains(line, "--from=") {
				continue
			}
			ran++
			out, errOut, code := runPlugin(strings.Fields(line)...)
			lacks := strings.Contains(errOut, "would have them") && !strings.Contains(errOut, "hint:")
			if code == verdict.ExitUsage || out == "" && !lacks {
				t.Errorf("%s: exit code %d\n%s", line, code, errOut)
			}
			if says := out + errOut; at != "" && !lacks && !strings.Contains(says, moment) {
				t.Errorf("%s: want %q\n%s", line, moment, says)
			}
		}
	}
	if ran < 10 {
		t.Errorf("only %d commands were printed", ran)
	}
}

// runPlugin runs the plugin without a cluster.
func runPlugin(args ...string) (out, errOut string, code verdict.ExitCode) {
	var stdout, stderr bytes.Buffer
	a := &app{IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: &stdout, ErrOut: &stderr}, now: time.Now}
	c := run(args, a)
	return stdout.String(), stderr.String(), verdict.ExitCode(c)
}
