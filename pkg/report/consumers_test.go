// SPDX-License-Identifier: Apache-2.0

//go:build consumers

package report

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// The file is valid by the schema of Jenkins' xUnit plugin, whatever the texts.
func TestConsumersTakeJUnit(t *testing.T) {
	ofEach(t, func(t *testing.T, of func(Input) writable) {
		for _, x := range append(hostile(), "harmless") {
			file := filepath.Join(t.TempDir(), "report.xml")
			must(t, os.WriteFile(file, []byte(written(t, of(hostileInput(x)), JUnit)), 0o600))
			if out, err := exec.Command("xmllint", "--noout", "--schema", "testdata/junit-10.xsd", file).CombinedOutput(); err != nil {
				t.Errorf("%q: %v\n%s", x, err, out)
			}
		}
	})
}

// GitHub's own grammar makes of a summary nothing but what the report has, whatever the texts.
func TestConsumersTakeMarkdown(t *testing.T) {
	ofEach(t, func(t *testing.T, of func(Input) writable) {
		shape := func(x string) (string, string) {
			cmd := exec.Command("cmark-gfm", "--unsafe", "-e", "table", "-e", "strikethrough", "-e", "autolink", "-e", "tasklist", "-e", "footnotes")
			cmd.Stdin = strings.NewReader(written(t, of(hostileInput(x)), Markdown))
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			root, err := html.Parse(strings.NewReader(string(out)))
			if err != nil {
				t.Fatal(err)
			}
			var tags, said strings.Builder
			for n := range root.Descendants() {
				switch n.Type {
				case html.ElementNode:
					tags.WriteString(n.Data + " ")
				case html.TextNode:
					said.WriteString(n.Data)
				}
			}
			return tags.String(), said.String()
		}
		want, _ := shape("harmless")
		for _, x := range hostile() {
			have, said := shape(x)
			if have != want {
				t.Errorf("%q makes other elements:\n%s\n%s", x, have, want)
			}
			if n := strings.Count(said, regexp.MustCompile(`^\s+|\s+$`).ReplaceAllString(shown(x), "")); n < 8 {
				t.Errorf("%q is shown %d times:\n%s", x, n, said)
			}
		}
	})
}
