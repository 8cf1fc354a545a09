// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

var update = flag.Bool("update", false, "write the pages of the commands anew")

// docs is where the pages are.
const docs = "../../docs"

// TestPages compares the pages of the commands, and the man page, with what the
// commands say of themselves.
func TestPages(t *testing.T) {
	pages := map[string][]byte{"kubectl-tpe.1": manPage(t)}
	for _, cmd := range documented(newRootCmd(&app{IOStreams: genericiooptions.IOStreams{}})) {
		pages[filepath.Join("commands", pageName(cmd))] = page(t, cmd)
	}
	for name, want := range pages {
		path := filepath.Join(docs, name)
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("%v; make golden writes it", err)
			continue
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is not what the command says of itself; make golden writes it anew (-want +got):\n%s", path, diff)
		}
	}
	files, err := os.ReadDir(filepath.Join(docs, "commands"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, ok := pages[filepath.Join("commands", file.Name())]; !ok {
			t.Errorf("docs/commands/%s is the page of no command", file.Name())
		}
	}
}

// documented are a command and those below it that have a page.
func documented(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, sub := range cmd.Commands() {
		// What cobra says of shells is cobra's.
		if sub.IsAvailableCommand() && (cmd.Name() != "completion" || sub.Name() == "kubectl") {
			all = append(all, documented(sub)...)
		}
	}
	return all
}

func pageName(cmd *cobra.Command) string {
	return strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".md"
}

// page is what a command says of itself, in Markdown.
func page(t *testing.T, cmd *cobra.Command) []byte {
	t.Helper()
	var text bytes.Buffer
	cmd.DisableAutoGenTag = true
	if err := doc.GenMarkdownCustom(cmd, &text, func(link string) string {
		return strings.ReplaceAll(strings.TrimSuffix(link, ".md"), "_", "-") + ".md"
	}); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// manPage is the plugin's manual: what each command says of itself, one after
// the other.
func manPage(t *testing.T) []byte {
	t.Helper()
	date := time.Time{}
	var text bytes.Buffer
	for i, cmd := range documented(newRootCmd(&app{IOStreams: genericiooptions.IOStreams{}})) {
		var one bytes.Buffer
		cmd.DisableAutoGenTag = true
		header := &doc.GenManHeader{Title: "KUBECTL-TPE", Section: "1", Source: "kubectl tpe", Manual: "kubectl tpe", Date: &date}
		if err := doc.GenMan(cmd, header, &one); err != nil {
			t.Fatal(err)
		}
		undated := strings.Replace(one.String(), `"Jan 0001"`, `""`, 1)
		lines := strings.SplitAfter(undated, "\n")
		if i > 0 { // one title is enough
			lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, ".TH ") || strings.HasPrefix(line, ".nh") })
		}
		text.WriteString(strings.Join(lines, ""))
	}
	return text.Bytes()
}
