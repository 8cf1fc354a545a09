// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"archive/tar"
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// The readers alone, from memory and with small texts: so a fuzzer tries millions. What they
// promise is an end, an error or whole objects, and little memory.

func FuzzLines(f *testing.F) {
	const head = `{"kind":"Recording","apiVersion":"kubectl-tpe/v1","namespace":"n","pum":"pum"}` + "\n"
	for _, lines := range []string{
		"", `{"at":"2026-01-31T10:00:00Z","moment":{"kinds":["Pod"]}}` + "\n",
		`{"at":"2026-01-31T10:00:00Z","object":{"kind":"Pod","metadata":{"name":"p"}}}` + "\n" + `{"at":"2026-01-31T10:00:01Z","moment":{"kinds":["Pod"]}}` + "\n" +
			`{"at":"2026-01-31T10:00:02Z","gone":{"kind":"Pod","name":"p"}}` + "\n" + `{"at":"2026-01-31T10:00:02Z","moment":{}}` + "\n",
		`{"at":"2026-01-31T10:00:00Z","answer":{"text":"0 entrie(s)\n"}}` + "\n" + `{"answer":{"same":true}}` + "\n" + `{"moment":{"polled":true,"gaps":[{"kind":"Job","error":{"message":"x","means":["Lost"]}}]}}` + "\n",
		`{"releases":{"items":[{"name":"tpe","revision":1}]}}` + "\n" + `{"plan":{}}` + "\n" + `{"log":{"pod":"p","line":"x","more":true}}` + "\n" + `{"moment":{}}` + "\n" + `{"verdict":{"exitCode":0}}` + "\n",
	} {
		f.Add([]byte(head + lines))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		k := &Kept{Path: "x", state: newState("x")}
		if k.openRecording(bufio.NewReaderSize(bytes.NewReader(text), 16), At{}) != nil {
			return
		}
		s, err := k.Snapshot(verdict.GoalAll)
		if err != nil {
			return
		}
		v := verdict.Judge(s)
		if v.ExitCode == verdict.ExitDone && (s.Assessment == nil || s.Answer == nil) {
			t.Errorf("nothing is done: %q", text)
		}
		if k.state.verdict == nil && len(k.notes) == 0 {
			t.Errorf("it ends early, and nothing says so: %q", text)
		}
	})
}

func FuzzItems(f *testing.F) {
	for _, text := range []string{
		"apiVersion: v1\nitems:\n- kind: Pod\n  metadata:\n    name: a\n    managedFields:\n    - x\n- kind: Pod\n  metadata: {name: b}\nkind: List\n",
		"items:\n  - metadata:\n      name: a\n    env:\n    - b\n", "kind: Pod\n---\nkind: Pod\nitems: []\n...\n", "items: []\n", "\xef\xbb\xbf kind: Pod",
		`{"items":[{"kind":"Pod"},{"kind":"Job"}],"kind":"List"}{"kind":"Pod"}`, `{"items":null}`, "kind: Pod\nspec: |\n  items:\n  - x\n", "items:\n-\n  kind: 'Pod'\n",
		"a: &a [1,2]\nkind: Pod\nb: [*a,*a]\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		size := 0
		wanted := func(kind string) bool { return kind == "Pod" || kind == "Job" }
		_, _ = eachItem(bytes.NewReader(text), "Job", wanted, func(kind string, data []byte) error { // an error is an answer
			if !wanted(kind) || !json.Valid(data) {
				t.Errorf("%q gives a %q: %q", text, kind, data)
			}
			size += len(data)
			return nil
		})
		if size > 64*len(text)+1024 && size > 1<<20 {
			t.Errorf("%d bytes of %d: %q", size, len(text), text)
		}
	})
}

func FuzzTar(f *testing.F) {
	for _, header := range []tar.Header{
		{Name: "./info/n/pods.yaml", Typeflag: tar.TypeReg, Size: 2}, {Name: "../x.yaml", Typeflag: tar.TypeReg, Size: 2},
		{Name: "a", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}, {Name: strings.Repeat("a/", 90) + "b.yaml", Typeflag: tar.TypeReg, Size: 2, Format: tar.FormatGNU},
		{Name: "ö.yaml", Typeflag: tar.TypeReg, Size: 2, Format: tar.FormatPAX},
	} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		if err := w.WriteHeader(&header); err != nil {
			f.Fatal(err)
		}
		_, _ = w.Write([]byte("{}")) // of a link there is nothing to write
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		members := 0
		err := walkTar(bufio.NewReader(bytes.NewReader(text)), func(m *member) error {
			if members++; strings.HasPrefix(m.name, "/") || strings.Contains("/"+m.name+"/", "/../") || strings.Contains(m.name, `\`) {
				return fmt.Errorf("%q leads out of the archive", m.name)
			}
			n, err := io.Copy(io.Discard, io.LimitReader(m, 1<<20)) // a sparse file has any size
			if n > int64(len(text)) && err == nil && n > m.size {
				return fmt.Errorf("%q has %d bytes, and says %d", m.name, n, m.size)
			}
			return nil
		}, func(string, string) {})
		if err != nil && strings.Contains(err.Error(), "leads out") {
			t.Error(err)
		}
		if members > len(text)/512 {
			t.Errorf("%d members of %d bytes", members, len(text))
		}
	})
}
