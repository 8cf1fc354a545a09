// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/test/screen"
)

// A terminal is told only what it is known to understand.
func TestSignals(t *testing.T) {
	tests := map[string]output.Signals{
		"TERM=xterm-256color": {Title: true},
		"TERM=linux":          {},
		"TERM=":               {},
		"WT_SESSION=1":        {Title: true, Taskbar: true},
		"ConEmuANSI=ON":       {Title: true, Taskbar: true},
		"ConEmuANSI=OFF":      {},
		"TERM=xterm-256color,TERM_PROGRAM=WezTerm":                      {Title: true, Taskbar: true, Notify: output.NotifyOSC9},
		"TERM=xterm-256color,VTE_VERSION=7603":                          {Title: true},
		"TERM=xterm-256color,VTE_VERSION=8000":                          {Title: true, Taskbar: true},
		"TERM=rxvt-unicode-256color":                                    {Title: true, Notify: output.NotifyRXVT},
		"TERM=xterm-kitty":                                              {Title: true, Notify: output.NotifyOSC9},
		"TERM=tmux-256color,TMUX=/tmp/1,WT_SESSION=1":                   {Title: true},
		"TERM=screen-256color,TERM_PROGRAM=WezTerm":                     {Title: true},
		"TERM=xterm,TERM_PROGRAM=iTerm.app":                             {Title: true, Notify: output.NotifyOSC9},
		"TERM=xterm,TERM_PROGRAM=iTerm.app,TERM_PROGRAM_VERSION=3.5.14": {Title: true, Notify: output.NotifyOSC9},
		"TERM=xterm,TERM_PROGRAM=iTerm.app,TERM_PROGRAM_VERSION=3.6.6":  {Title: true, Taskbar: true, Notify: output.NotifyOSC9},
	}
	for env, want := range tests {
		got := signals(func(name string) string {
			for _, pair := range strings.Split(env, ",") {
				if value, ok := strings.CutPrefix(pair, name+"="); ok {
					return value
				}
			}
			return ""
		})
		if got != want {
			t.Errorf("%s: %+v, want %+v", env, got, want)
		}
	}
}

// What is asked is said within 300 ms, and nothing of it stays once there is something to show.
func TestNotice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		n := &notice{w: &b}
		said := func() string {
			n.lock.Lock()
			defer n.lock.Unlock()
			return b.String()
		}
		n.say("asking https://prod", true)
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if said() != "" {
			t.Errorf("at once: %q", said())
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if said() != "asking https://prod" {
			t.Errorf("after 200 ms: %q", said())
		}
		n.instead("waiting")
		n.clear()
		n.clear()
		if said() != "asking https://prod\r\x1b[2Kwaiting\r\x1b[2K" {
			t.Errorf("at the answer: %q", said())
		}

		b.Reset()
		n.say("asking https://prod", true)
		n.clear() // an answer that comes at once
		time.Sleep(time.Second)
		synctest.Wait()
		if said() != "" {
			t.Errorf("after the answer: %q", said())
		}

		n.say("asking https://prod", false) // where nothing is redrawn
		time.Sleep(time.Second)
		synctest.Wait()
		n.clear()
		if said() != "asking https://prod\n" {
			t.Errorf("where nothing is redrawn: %q", said())
		}
	})
}

// A notice that is as wide as the terminal is taken away with the ^C behind it.
func TestNoticeIsTakenAwayWithControlC(t *testing.T) {
	for _, width := range []int{10, 40, 80} {
		s := screen.New(width, 4)
		n := &notice{w: s}
		n.instead(noticeLine(output.View{Width: width}, strings.Repeat("asking ", 20)))
		fmt.Fprint(s, "^C")
		n.clear()
		if text := strings.TrimSpace(s.String()); text != "" {
			t.Errorf("of %d columns this is left: %q", width, text)
		}
	}
}

// What is written to a stream goes to its file.
func TestStream(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	var noticed bytes.Buffer
	s := &stream{file, &notice{w: &noticed, shown: true}}
	fmt.Fprint(s, "one ")
	_, _ = s.WriteString("two")
	text, err := os.ReadFile(file.Name())
	if string(text) != "one two" || err != nil || noticed.String() != "\r\x1b[2K" {
		t.Errorf("%q, %v, the notice %q", text, err, noticed.String())
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}

// The command of --exec has the verdict in its environment, and what comes of it is said. The
// verdict's exit code stays, and standard output is the answer's alone.
func TestExec(t *testing.T) {
	run := func(command string, moments ...moment) (verdict.ExitCode, string, string) {
		var out, errOut bytes.Buffer
		a := &app{IOStreams: genericiooptions.IOStreams{Out: &out, ErrOut: &errOut}, now: time.Now}
		w := &waitRun{app: a, options: waitOptions{timeout: time.Minute, atEnd: atEnd{exec: command}}, start: time.Now(), progress: output.NewWaitProgress(&errOut), place: output.Place{Namespace: "tpe", Context: "prod;\x1b[2J"}}
		code := a.report(&cobra.Command{}, w.follow(t.Context(), play(moments), &output.Format{}))
		return code, out.String(), errOut.String()
	}
	done := moment{0, readiness.Ready, pum.StateProcessed}
	code, out, errOut := run("set", done)
	for _, want := range []string{"OUTCOME='?done", "EXIT_CODE='?0", "NAMESPACE='?tpe", `CONTEXT='?prod;\\x1b\[2J`, "SUMMARY='?done: 1 of 1 workloads ready, 1 of 1 entries final"} {
		if !regexp.MustCompile("(?m)^KUBECTL_TPE_" + want).MatchString(errOut) {
			t.Errorf("no %s in %s", want, errOut)
		}
	}
	if code != verdict.ExitDone || strings.Contains(out, "KUBECTL_TPE") {
		t.Errorf("exit code %d, standard output %s", code, out)
	}
	code, _, errOut = run("exit 3", done)
	if code != verdict.ExitDone || !strings.Contains(errOut, "--exec: the command ended with exit code 3; the verdict stays done\n") {
		t.Errorf("exit code %d, said %s", code, errOut)
	}
	if runtime.GOOS != "windows" {
		start := time.Now()
		if code, _, errOut = run("sleep 20 & echo begun", done); code != verdict.ExitDone || !strings.Contains(errOut, "begun") || strings.Contains(errOut, "--exec: ") || time.Since(start) > 15*time.Second {
			t.Errorf("exit code %d after %s with something in the background, said %s", code, time.Since(start), errOut)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var interrupted bytes.Buffer
	(&atEnd{exec: "echo ran"}).run(ctx, &app{IOStreams: genericiooptions.IOStreams{ErrOut: &interrupted}}, &output.Status{})
	if interrupted.Len() > 0 {
		t.Errorf("interrupted, and yet %s", interrupted.String())
	}
}
