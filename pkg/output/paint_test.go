// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"cmp"
	"strings"
	"testing"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// Colors add nothing but themselves, and no line becomes wider.
func TestColorsSayNothingOfTheirOwn(t *testing.T) {
	for name, s := range snapshots() {
		s.ObservedAt, s.Namespace = now, place.Namespace
		v := verdict.Judge(s)
		docs := []Document{NewStatus(place, s, v), NewReleaseList(place, s, v)}
		if s.Answer != nil {
			docs = append(docs, NewEntryList(place, s, v))
		}
		for _, doc := range docs {
			var plain, painted bytes.Buffer
			for w, view := range map[*bytes.Buffer]View{&plain: {Now: now, Width: 80}, &painted: {Now: now, Width: 80, Color: true}} {
				if err := Write(w, parse(t, "table"), doc, view); err != nil {
					t.Fatal(err)
				}
			}
			if unpainted(painted.String()) != plain.String() {
				t.Errorf("%s: the text of %T is another one:\n%s", name, doc, painted.String())
			}
			if !strings.Contains(painted.String(), "\x1b[") || strings.Contains(plain.String(), "\x1b") {
				t.Errorf("%s: colors of %T are where they should not be:\n%q", name, doc, painted.String())
			}
		}
	}
}

// The releases, too, say in color how they are.
func TestReleasesHaveColors(t *testing.T) {
	said := map[string]bool{}
	colors := map[verdict.Outcome]string{verdict.OutcomeDone: green, verdict.OutcomeFailed: red} // else yellow
	for name, s := range snapshots() {
		s.ObservedAt, s.Namespace = now, place.Namespace
		var b bytes.Buffer
		doc := NewReleaseList(place, s, verdict.Judge(s))
		if err := Write(&b, parse(t, "table"), doc, View{Now: now, Width: 80, Color: true}); err != nil {
			t.Fatal(err)
		}
		color := cmp.Or(colors[doc.Outcome], yellow)
		if word := color + strings.ToUpper(string(doc.Outcome)) + reset; !strings.Contains(b.String(), "\n"+word+" ") {
			t.Errorf("%s: there is no %q in %q", name, word, b.String())
		}
		said[color] = true
	}
	for _, color := range []string{green, yellow, red} {
		if !said[color] {
			t.Errorf("no releases are %q", color)
		}
	}
}

func TestPaint(t *testing.T) {
	tests := []struct{ in, want string }{
		{"DONE     41 of 41\n", "\x1b[32mDONE\x1b[m     41 of 41\n"},
		{"ERROR    TPE201  x\n", "\x1b[31mERROR\x1b[m    TPE201  x\n"},
		{"NEXT\n", "\x1b[1mNEXT\x1b[m\n"},
		{"deploy/twa  2/2\n", "deploy/twa  2/2\n"},
		{"4    RDTP\n", "4    RDTP\n"},
		{"\n", "\n"},
	}
	for _, tt := range tests {
		if got := string(View{Color: true}.paint([]byte(tt.in))); got != tt.want {
			t.Errorf("paint(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// In ASCII there is nothing but ASCII, whatever a pod printed.
func TestASCII(t *testing.T) {
	for name, s := range snapshots() {
		s.ObservedAt, s.Namespace = now, place.Namespace
		if s.Answer != nil && len(s.Answer.Entries) > 0 {
			s.Answer.Entries[0].RequestID = ptr("café 日本…")
			s.Answer.Entries[0].State = "ÉTAT"
		}
		v := verdict.Judge(s)
		view := View{Now: now, ASCII: true}
		for _, doc := range []Document{NewStatus(place, s, v), NewEntryList(place, s, v)} {
			for _, format := range []string{"table", "wide"} {
				var b bytes.Buffer
				if err := Write(&b, parse(t, format), doc, view); err != nil {
					t.Fatal(err)
				}
				b.WriteString(doc.(Watched).remarks(view))
				if i := strings.IndexFunc(b.String(), func(r rune) bool { return r >= 0x80 }); i >= 0 {
					t.Errorf("%s: not ASCII: %q", name, b.String()[i:min(i+20, b.Len())])
				}
			}
		}
	}
}
