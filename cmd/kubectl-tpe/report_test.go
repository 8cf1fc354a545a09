// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/private"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/report"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// Whatever ends a wait, its reports are there, say so, and change neither exit code nor result.
func TestWaitWritesReportsWhateverTheEnd(t *testing.T) {
	const ready, starting = readiness.Ready, readiness.Progressing
	tests := []struct {
		name      string
		moments   []moment
		interrupt time.Duration
		want      verdict.ExitCode
		says      string
	}{
		{"done", []moment{{0, starting, pum.StateProcessed}, {6 * time.Minute, ready, pum.StateProcessed}}, 0, verdict.ExitDone, ">DONE<"},
		{"failed", []moment{{0, ready, pum.StateAborted}}, 0, verdict.ExitFailed, "was aborted"},
		{"out of time", []moment{{0, starting, pum.StateInit}}, 0, verdict.ExitTimeout, "timed out after"},
		{"interrupted", []moment{{0, starting, pum.StateInit}}, 90 * time.Second, verdict.ExitInterrupted, "interrupted after"},
		{"interrupted before anything was seen", []moment{{0, starting, pum.StateInit}}, 1, verdict.ExitInterrupted, ">UNKNOWN<"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "report.html")
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.interrupt > 0 {
					ctx, cancel = context.WithTimeout(ctx, tt.interrupt)
					defer cancel()
				}
				options := waitOptions{timeout: time.Hour, reports: reportFiles{
					{report.HTML, path}, {report.JUnit, filepath.Join(dir, "report.xml")}, {report.Markdown, filepath.Join(dir, "none", "report.md")},
				}}
				source := play(tt.moments)
				if tt.interrupt == 1 {
					source.List = func(ctx context.Context) (*readiness.Assessment, error) { <-ctx.Done(); return nil, ctx.Err() }
					source.Watch = nil
				}
				var errOut bytes.Buffer
				code, _ := waited(ctx, source, options, &errOut)
				if code != tt.want {
					t.Errorf("exit code %d, want %d\n%s", code, tt.want, errOut.String())
				}
				if !strings.Contains(errOut.String(), "the markdown report was not written: ") {
					t.Errorf("nothing says that a report is missing:\n%s", errOut.String())
				}
			})
			page, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(page), tt.says) || !bytes.HasSuffix(page, []byte("</html>")) {
				t.Errorf("%v: the page does not say %q", err, tt.says)
			}
			if _, err := os.Stat(filepath.Join(dir, "report.xml")); err != nil {
				t.Error(err)
			}
		})
	}
}

// A report to - takes the place of the result.
func TestAReportInPlaceOfTheResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		options := waitOptions{timeout: time.Hour, reports: reportFiles{{report.Markdown, standardOutput}}}
		code, out := waited(t.Context(), play([]moment{{0, readiness.Ready, pum.StateProcessed}}), options, io.Discard)
		if code != verdict.ExitDone || !strings.HasPrefix(out, "## ") || strings.Contains(out, "Workloads  1 ready") {
			t.Errorf("exit code %d\n%s", code, out)
		}
	})
}

func TestReportFiles(t *testing.T) {
	tests := []struct{ given, want, refused string }{
		{"html=a.html,junit=b.xml,markdown=-", "html=a.html,junit=b.xml,markdown=-", ""},
		{"html=a,b.html,junit=c", "html=a,b.html,junit=c", ""},
		{"html=a=b.html", "html=a=b.html", ""},
		{"html=", "", "names no file"},
		{"pdf=a.pdf", "", "html, markdown, junit"},
		{"a.html", "", "want FORMAT=FILE"},
		{"html=a,markdown=a", "", "two reports go to a"},
	}
	for _, tt := range tests {
		var files reportFiles
		err := files.Set(tt.given)
		if tt.refused == "" && (err != nil || files.String() != tt.want) || tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)) {
			t.Errorf("%s: %q, %v", tt.given, files.String(), err)
		}
	}
}

// A file is written whole or not at all, and nothing else is left.
func TestReplaceFile(t *testing.T) {
	write := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, failed := io.WriteString(w, text)
			return errors.Join(failed, err)
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "report")
	check := func(what, text string, mode os.FileMode) {
		t.Helper()
		have, err := os.ReadFile(path)
		if err != nil || string(have) != text {
			t.Errorf("%s: %q, %v; want %q", what, have, err, text)
		}
		if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v; want %v", what, info.Mode(), err, mode)
		}
		if files, _ := filepath.Glob(filepath.Join(dir, ".*")); len(files) > 0 {
			t.Errorf("%s: left behind: %s", what, files)
		}
	}
	if err := replaceFile(path, write("half", io.ErrShortWrite)); err == nil {
		t.Error("no error")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("half a file")
	}
	must(replaceFile(path, write("first", nil)))
	check("new", "first", 0o600)
	first, err := os.Open(path)
	must(err)
	if !private.Is(first) {
		t.Error("others can read a new file")
	}
	must(first.Close())
	must(os.Chmod(path, 0o640))
	must(replaceFile(path, write("second", nil)))
	check("replaced", "second", 0o640)
	if err := replaceFile(path, write("half", io.ErrShortWrite)); err == nil {
		t.Error("no error")
	}
	check("failed", "second", 0o640)
	last, link := "second", filepath.Join(t.TempDir(), "link")
	if linked(t, path, link) {
		last = "third"
		must(replaceFile(link, write(last, nil)))
		check("through a link", last, 0o640)
		if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Error("the link was replaced")
		}
	}
	for _, wrong := range []string{dir, filepath.Join(dir, "none", "report")} {
		if mayReplace(wrong) == nil {
			t.Errorf("%s may be written", wrong)
		}
	}
	must(mayReplace(path))
	check("asked", last, 0o640)
}

// linked makes a link, and reports whether there is one then. Windows may refuse it, and Wine makes
// what it does not know for one.
func linked(t *testing.T, path, link string) bool {
	err := os.Symlink(path, link)
	info, there := os.Lstat(link)
	if err == nil && there == nil && info.Mode()&os.ModeSymlink != 0 {
		return true
	}
	if runtime.GOOS != "windows" {
		t.Fatalf("no link: %v, %v", err, there)
	}
	return false
}
