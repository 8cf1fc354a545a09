// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

func entryList(t *testing.T, name string) *EntryList {
	t.Helper()
	s, ok := snapshots()[name]
	if !ok {
		t.Fatalf("no snapshot %q", name)
	}
	s.ObservedAt = now
	return NewEntryList(place, s, verdict.Judge(s))
}

func TestTemplates(t *testing.T) {
	tests := []struct{ format, want string }{
		{"name", "entry/2\nentry/4\nentry/7\n"},
		{`jsonpath={.items[?(@.final==false)].uid}`, "4 7"},
		{`jsonpath={.summary.total}{"\n"}`, "3\n"},
		{`jsonpath={.nosuch}`, ""},
		{"custom-columns=UID:.uid,STATE:.state,LEFT:.response.remaining", "UID  STATE                LEFT\n2    PROCESSED            <none>\n4    PARTIALLY_PROCESSED  120\n7    INIT                 <none>\n"},
		{"custom-columns=UID:uid,LAST:{.lastResponse}", "UID  LAST\n2    <none>\n4    {\"status\":250,\"message\":\"Unknown\",\"data\":{\"result\":{\"done\":6,\"remaining\":120}}}\n7    <none>\n"},
	}
	for _, tt := range tests {
		var b bytes.Buffer
		if err := Write(&b, parse(t, tt.format), entryList(t, "pending"), View{Now: now}); err != nil {
			t.Errorf("%s: %v", tt.format, err)
		}
		if diff := cmp.Diff(tt.want, b.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.format, diff)
		}
	}
}

func TestLargeNumbersStayWhole(t *testing.T) {
	doc := entryList(t, "pending")
	doc.Items[0].UID = 1234567890123
	var b bytes.Buffer
	if err := Write(&b, parse(t, "jsonpath={.items[0].uid}"), doc, View{}); err != nil || b.String() != "1234567890123" {
		t.Errorf("uid = %s, %v, want 1234567890123", b.String(), err)
	}
}

func TestFormatRefuses(t *testing.T) {
	for _, value := range []string{"", "table", "xml", "json=x", "jsonpath", "jsonpath={", "custom-columns=", "custom-columns=UID", "custom-columns=A:{.b", "go-template={{.}}"} {
		f := *parse(t, "json")
		if err := f.Set(value); err == nil {
			t.Errorf("Set(%q) was taken", value)
		}
		if f.String() != "json" {
			t.Errorf("Set(%q) changed the format to %q", value, f.String())
		}
	}
}

// What a pod printed must not move, hide or turn anything on a terminal, and
// must not look like a row of its own.
func TestHostileText(t *testing.T) {
	for _, format := range []string{"table", "wide", "json", "yaml", "name", "jsonpath={.items[*].lastResponse}", "custom-columns=A:.state,B:.requestID,C:.lastResponse"} {
		doc := entryList(t, "hostile")
		var b bytes.Buffer
		if err := Write(&b, parse(t, format), doc, View{Now: now, Terminal: true}); err != nil {
			t.Fatal(err)
		}
		b.WriteString(Remarks(doc, View{}))
		for _, r := range b.String() {
			if unprintableInText(r) {
				t.Errorf("-o %s wrote %q to a terminal", format, r)
			}
		}
		if format == "table" && strings.Count(b.String(), "\n") > 4 {
			t.Errorf("one entry became several rows:\n%s", b.String())
		}
	}
}

// Documents hold the exact text, escaped or not.
func TestDocumentsAreExact(t *testing.T) {
	doc := entryList(t, "hostile")
	for _, text := range []string{*doc.Items[0].LastResponse, "\U000e0041 tag", "plain", "\u200b\u2028<&>", "日本"} {
		doc.Items[0].LastResponse = &text
		for _, format := range []string{"json", "yaml"} {
			var b bytes.Buffer
			if err := Write(&b, parse(t, format), doc, View{}); err != nil {
				t.Fatal(err)
			}
			var read struct {
				Items []struct{ LastResponse string }
			}
			unmarshal := func(data []byte, v any) error { return yaml.Unmarshal(data, v) }
			if format == "json" {
				unmarshal = json.Unmarshal
			}
			if err := unmarshal(b.Bytes(), &read); err != nil {
				t.Fatalf("-o %s is not %s: %v", format, format, err)
			}
			if got := read.Items[0].LastResponse; got != text {
				t.Errorf("-o %s: lastResponse = %q, want %q", format, got, text)
			}
		}
	}
}

func TestScreensFitTheirWidth(t *testing.T) {
	for name, s := range snapshots() {
		s.ObservedAt = now
		doc := NewStatus(place, s, verdict.Judge(s))
		for _, width := range []int{40, 80, 200} {
			for _, ascii := range []bool{false, true} {
				var b bytes.Buffer
				if err := Write(&b, parse(t, "table"), doc, View{Now: now, Width: width, ASCII: ascii}); err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(b.String()) {
					line = strings.TrimSuffix(line, "\n")
					if got := runewidth.StringWidth(line); got > width && !strings.HasPrefix(line, "kubectl ") {
						t.Errorf("%s: %d columns in a width of %d: %s", name, got, width, line)
					}
					if ascii && strings.ContainsRune(line, '…') {
						t.Errorf("%s: not ASCII: %s", name, line)
					}
				}
			}
		}
	}
}

// A full disk leaves an error, never half an answer and silence.
func TestWritingMayFail(t *testing.T) {
	for _, format := range []string{"table", "wide", "json", "yaml", "name", "jsonpath={.items}"} {
		w := &fullDisk{}
		if err := Write(w, parse(t, format), entryList(t, "pending"), View{}); err == nil || w.calls != 1 {
			t.Errorf("-o %s on a full disk: error %v after %d writes, want an error after one", format, err, w.calls)
		}
	}
}

type fullDisk struct{ calls int }

func (w *fullDisk) Write([]byte) (int, error) {
	w.calls++
	return 0, errors.New("no space left on device")
}

func TestSummaryCountsEveryState(t *testing.T) {
	s := summarize([]pum.Entry{entry(1, "NEW", "", 0), entry(2, pum.StateAborted, "", 0), entry(3, pum.StateProcessed, "", 0)})
	if got, want := byState(s), "1 PROCESSED, 1 ABORTED, 1 NEW"; got != want {
		t.Errorf("byState = %q, want %q", got, want)
	}
	if s.Final != 2 {
		t.Errorf("final = %d, want 2", s.Final)
	}
}

// The clock of this machine may be behind that of the cluster.
func TestAge(t *testing.T) {
	for since, want := range map[time.Time]string{{}: "", now: "0s", ago(90 * time.Second): "90s", now.Add(time.Hour): "0s"} {
		if got := (View{Now: now}).age(since); got != want {
			t.Errorf("age(%s) = %q, want %q", since, got, want)
		}
	}
}
