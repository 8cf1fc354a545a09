// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

var update = flag.Bool("update", false, "rewrite the pages of the commands")

// docs is where the pages are.
const docs = "../../docs"

// TestPages compares the pages of the commands, in Markdown and for man, with what the
// commands say of themselves.
func TestPages(t *testing.T) {
	pages := map[string][]byte{}
	for _, cmd := range documented(newRootCmd(&app{IOStreams: genericiooptions.IOStreams{}})) {
		pages[filepath.Join("commands", pageName(cmd)+".md")] = page(t, cmd)
		pages[filepath.Join("man", pageName(cmd)+".1")] = manPage(t, cmd)
	}
	for name, text := range pages {
		if strings.HasSuffix(name, ".1") {
			pages[name] = withoutMissing(text, func(other string) bool { return pages[filepath.Join("man", other+".1")] != nil })
		}
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
			t.Errorf("%s is not what the command says of itself; make golden rewrites it (-want +got):\n%s", path, diff)
		}
	}
	for _, folder := range []string{"commands", "man"} {
		files, err := os.ReadDir(filepath.Join(docs, folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if _, ok := pages[filepath.Join(folder, file.Name())]; !ok {
				t.Errorf("docs/%s/%s is the page of no command", folder, file.Name())
			}
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
	return strings.ReplaceAll(cmd.CommandPath(), " ", "-")
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

// manPage is what a command says of itself, for man.
func manPage(t *testing.T, cmd *cobra.Command) []byte {
	t.Helper()
	date := time.Time{}
	cmd.DisableAutoGenTag = true
	cmd.Long = indented.ReplaceAllString(aboveTable.ReplaceAllString(cmd.Long, "$1\n\n  "), "    $0")
	title := strings.ToUpper(pageName(cmd))
	header := &doc.GenManHeader{Title: title, Section: "1", Source: "kubectl tpe", Manual: "kubectl tpe", Date: &date}
	var text bytes.Buffer
	if err := doc.GenMan(cmd, header, &text); err != nil {
		t.Fatal(err)
	}
	page := strings.NewReplacer(`"Jan 0001"`, `""`, "…", "...").Replace(text.String())
	if !cmd.HasParent() {
		page = strings.Replace(page, ".SH SEE ALSO", manFiles+".SH SEE ALSO", 1)
	}
	return []byte(page)
}

// In Markdown, from which man pages are made, the lines of a table in a command's text
// are code, which is not filled: four more blanks, and an empty line above.
var (
	aboveTable = regexp.MustCompile(`(?m)^(\S.*)\n  `)
	indented   = regexp.MustCompile(`(?m)^  `)
)

// manFiles is what man pages have, and a command's help has not.
const manFiles = `.SH ENVIRONMENT
.TP
KUBECONFIG
The kubeconfig files, as kubectl has them.
.TP
NO_COLOR, FORCE_COLOR
Without colors, or with colors off a terminal; --color overrides both.
.TP
HTTPS_PROXY, NO_PROXY
The way to the API server, as kubectl has them.

.SH FILES
.TP
~/.kube/config
The kubeconfig if neither --kubeconfig nor KUBECONFIG names one.

`

// withoutMissing removes from a man page the references to pages that there are not.
func withoutMissing(page []byte, exists func(name string) bool) []byte {
	return reference.ReplaceAllFunc(page, func(found []byte) []byte {
		if exists(string(reference.FindSubmatch(found)[1])) {
			return found
		}
		return nil
	})
}

// reference is how SEE ALSO names another page.
var reference = regexp.MustCompile(`(?:, )?\\fB([a-z-]+)\(1\)\\fP`)

// A page refers to pages that there are, and says nothing that a terminal without UTF-8 loses. The
// first one has what one looks for in it; its exit codes stay a table.
func TestManPagesCanBeRead(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(docs, "man", "*.1"))
	if err != nil || len(files) < 10 {
		t.Fatalf("%d pages, %v", len(files), err)
	}
	others := regexp.MustCompile(`([a-z-]+)\(1\)`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range others.FindAllStringSubmatch(string(text), -1) {
			if !slices.Contains(files, filepath.Join(docs, "man", other[1]+".1")) {
				t.Errorf("%s refers to %s, which is no page", file, other[0])
			}
		}
		if i := bytes.IndexFunc(text, func(r rune) bool { return r >= 0x80 }); i >= 0 {
			t.Errorf("%s has %q", file, text[i:min(i+10, len(text))])
		}
		if filepath.Base(file) != "kubectl-tpe.1" {
			continue
		}
		for _, want := range []string{"\n.SH ENVIRONMENT\n", "\n.SH FILES\n", "\n.EX\n  0    ", "\n.EE\n"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s has no %q", file, want)
			}
		}
	}
}

// The exit codes that help lists are those that explain knows, in its words. Help cannot read
// them: that would parse the explanations in every run.
func TestHelpListsTheExitCodes(t *testing.T) {
	topics, err := verdict.Topics()
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, e := range topics[0].Explanations {
		fmt.Fprintf(&want, "  %-3s  %s\n", e.Word, e.Brief)
	}
	long := newRootCmd(&app{IOStreams: genericiooptions.IOStreams{}}).Long
	_, got, _ := strings.Cut(long, "output format:\n")
	if diff := cmp.Diff(want.String(), got+"\n"); diff != "" {
		t.Errorf("exit codes (-explained +in help):\n%s", diff)
	}
}
