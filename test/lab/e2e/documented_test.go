// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/client-go/tools/clientcmd"
)

// documented runs the commands that a document says this script runs, in blocks after
// the comment <!-- lab SCRIPT -->, where the context's namespace is $NS. In a block with
// prompts each line of output has to come, and the last paragraph of it at the end.
func documented(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: documented FILE")
	}
	script := strings.TrimPrefix(ts.Getenv("NS"), "e2e-")
	blocks := regexp.MustCompile("(?s)<!-- lab "+script+" -->\n```\n(.*?)```\n").FindAllStringSubmatch(ts.ReadFile(args[0]), -1)
	if len(blocks) == 0 {
		ts.Fatalf("%s has no commands for this script", filepath.Base(args[0]))
	}
	before := ts.Getenv("KUBECONFIG")
	ts.Check(useNamespace(ts))
	for _, block := range blocks {
		for _, command := range commandsIn(block[1]) {
			ts.Check(command.run(ts))
		}
	}
	ts.Setenv("KUBECONFIG", before)
}

// useNamespace makes $NS the namespace of the context.
func useNamespace(ts *testscript.TestScript) error {
	config, err := clientcmd.LoadFromFile(ts.Getenv("KUBECONFIG"))
	if err != nil {
		return err
	}
	config.Contexts[config.CurrentContext].Namespace = ts.Getenv("NS")
	file := ts.MkAbs("documented.kubeconfig")
	ts.Setenv("KUBECONFIG", file)
	return clientcmd.WriteToFile(*config, file)
}

// A sample is a command in a document, with what it is said to print.
type sample struct {
	command string
	output  []string // lines, … for any others
	code    int
}

func commandsIn(block string) []sample {
	var all []sample
	prompts := strings.HasPrefix(block, "$ ")
	for line := range strings.Lines(block) {
		line = strings.TrimRight(line, "\n")
		command, prompt := strings.CutPrefix(line, "$ ")
		switch {
		case prompt, !prompts && line != "":
			all = append(all, sample{command: command})
		case prompts:
			last := &all[len(all)-1]
			if n, _ := fmt.Sscanf(line, "(exit code %d)", &last.code); n == 0 {
				last.output = append(last.output, line)
			}
		}
	}
	return all
}

// run runs a command, and wants what the document says of it.
func (s sample) run(ts *testscript.TestScript) error {
	if code := exitCode(ts, []string{"sh", "-c", s.command}); code != s.code {
		return fmt.Errorf("%s: exit code %d, and %d is documented", s.command, code, s.code)
	}
	if s.output == nil {
		return nil
	}
	luck := lucky(ts)
	got := luck(ts.ReadFile("stderr") + ts.ReadFile("stdout"))
	want := luck(strings.Join(s.output, "\n") + "\n")
	for line := range strings.Lines(want) {
		if line != "…\n" && !strings.Contains("\n"+got, "\n"+line) {
			return fmt.Errorf("%s: it is documented to print\n%s\nand prints\n%s", s.command, line, got)
		}
	}
	if _, picture, ok := strings.Cut(want, "\nThingPark "); !ok || !strings.HasSuffix(got, "\nThingPark "+picture) {
		return fmt.Errorf("%s: it is documented to end with\n%s\nand prints\n%s", s.command, want, got)
	}
	return nil
}

// lucky returns what takes out of a text what differs from run to run: times, numbers,
// and what PUM did at the moment when it was asked.
func lucky(ts *testscript.TestScript) func(string) string {
	changes := []struct {
		what *regexp.Regexp
		by   string
	}{
		{regexp.MustCompile(`namespace ` + ts.Getenv("NS")), "namespace thingpark-enterprise"},
		{regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d`), "TIME"},
		{regexp.MustCompile(`(PARTIALLY_PROCESSED|IN_PROGRESS), \d+ remaining( \(was \d+\))?`), "N remaining"},
	}
	return func(text string) string {
		for _, c := range changes {
			text = c.what.ReplaceAllString(text, c.by)
		}
		return text
	}
}
