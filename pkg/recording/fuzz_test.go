// SPDX-License-Identifier: Apache-2.0

package recording_test

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/recording"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/test/recorded"
)

// openAny opens what a file has: whatever that is, it is an error or a verdict.
func openAny(t *testing.T, path string, text []byte) {
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := recording.Open(path, "", recording.At{})
	if err != nil {
		return
	}
	s, err := k.Snapshot(verdict.GoalAll)
	if err != nil {
		return
	}
	if v := verdict.Judge(s); v.ExitCode == verdict.ExitDone && (s.Assessment == nil || len(s.Assessment.Workloads) == 0) {
		t.Errorf("nothing is done: %q", text)
	}
}

func FuzzRecording(f *testing.F) {
	for _, name := range []string{"controller", "cut-answer", "forbidden"} {
		text, err := recorded.Text(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	path := filepath.Join(f.TempDir(), "a.jsonl")
	f.Fuzz(func(t *testing.T, text []byte) { openAny(t, path, text) })
}

func FuzzList(f *testing.F) {
	f.Add([]byte(pods))
	f.Add([]byte(deployments))
	f.Add([]byte(`{"kind":"List","items":[{"kind":"Pod","metadata":{"name":"x","namespace":"tpe"}}]}`))
	f.Add([]byte("kind: Deployment\nmetadata: {name: x}\n---\nkind: Pod\n"))
	path := filepath.Join(f.TempDir(), "pods.yaml")
	f.Fuzz(func(t *testing.T, text []byte) { openAny(t, path, text) })
}

func FuzzArchive(f *testing.F) {
	for _, name := range []string{"./info/tpe/pods.yaml", "../x.yaml", "thingpark/pum-status.txt", "thingpark-helm-releases.yaml"} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, text := range []string{pods, deployments} {
			if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(text))}); err != nil {
				f.Fatal(err)
			}
			_, _ = w.Write([]byte(text)) // to memory
		}
		_ = w.Close()
		f.Add(b.Bytes())
	}
	path := filepath.Join(f.TempDir(), "a.tar")
	f.Fuzz(func(t *testing.T, text []byte) { openAny(t, path, text) })
}
