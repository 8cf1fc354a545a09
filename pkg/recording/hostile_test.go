// SPDX-License-Identifier: Apache-2.0

package recording_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/joblogs"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/recording"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/test/recorded"
)

const pods = `---
apiVersion: v1
items:
- metadata:
    managedFields:
    - manager: x
      fieldsV1: {}
    name: twa-1
    namespace: tpe
    creationTimestamp: "2026-01-31T09:00:00Z"
  spec:
    containers:
    - env:
      - name: A
        value: s3cr3t
      name: twa
      image: twa:1
  status:
    phase: Running
- metadata:
    name: twa-2
    namespace: tpe
kind: PodList
metadata:
  resourceVersion: "7"
`

const deployments = `apiVersion: v1
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: pum, namespace: tpe, generation: 1}
  spec: {replicas: 0}
  status: {observedGeneration: 1}
- apiVersion: v1
  kind: Secret
  metadata: {name: s, namespace: other}
  data: {a: b}
kind: List
`

type file struct {
	tar.Header
	text string
}

func named(name, text string) file { return file{tar.Header{Name: name, Typeflag: tar.TypeReg}, text} }

// pack writes an archive, and returns its name.
func pack(t *testing.T, name string, files ...file) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, f := range files {
		f.Size, f.Mode = int64(len(f.text)), 0o644
		if f.ModTime.IsZero() {
			f.ModTime = time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)
		}
		if err := w.WriteHeader(&f.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return write(t, name, b.Bytes())
}

func write(t *testing.T, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// said opens a file and returns what its verdict says of it, or the error.
func said(path string) string {
	k, err := recording.Open(path, "", recording.At{})
	if err != nil {
		return "error: " + err.Error()
	}
	s, err := k.Snapshot(verdict.GoalAll)
	if err != nil {
		return "error: " + err.Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s at %s, %d pods\n", k.Kind, k.Namespace, k.At.Format(time.RFC3339), len(s.Assessment.Objects.Pods))
	for _, f := range verdict.Judge(s).Findings {
		fmt.Fprintf(&b, "%s %s: %s\n", f.Code, f.Summary, f.Detail)
	}
	return b.String()
}

// What is wrong with an archive is said, and what is right in it is read. Nothing is written.
func TestHostileArchives(t *testing.T) {
	link := func(name, to string, kind byte) file {
		return file{tar.Header{Name: name, Linkname: to, Typeflag: kind}, ""}
	}
	ok := []file{named("./info/tpe/pods.yaml", pods), named("./info/tpe/deployments.yaml", deployments)}
	for name, tt := range map[string]struct {
		files []file
		says  []string
	}{
		"whole":       {nil, []string{"lists of tpe at 2026-01-31T10:00:00Z, 2 pods"}},
		"out of it":   {[]file{named("../../etc/pods.yaml", pods)}, []string{"2 pods", "TPE604", "../../etc/pods.yaml: its name leads out"}},
		"absolute":    {[]file{named("/etc/cron.d/pods.yaml", pods)}, []string{"2 pods", "TPE604", "leads out"}},
		"of Windows":  {[]file{named(`..\..\pods.yaml`, pods), named(`C:\pods.yaml`, pods)}, []string{"TPE604", "leads out"}},
		"a link":      {[]file{link("info/tpe/jobs.yaml", "/etc/passwd", tar.TypeSymlink)}, []string{"2 pods", "TPE604", "jobs.yaml: it is a link"}},
		"a hard link": {[]file{link("info/tpe/jobs.yaml", "info/tpe/pods.yaml", tar.TypeLink)}, []string{"TPE604", "it is a link"}},
		"a device":    {[]file{link("jobs.yaml", "", tar.TypeChar)}, []string{"TPE604"}},
		"twice":       {[]file{named("./info/tpe/pods.yaml", pods)}, []string{"2 pods", "TPE605", "info/tpe/pods.yaml"}},
		"damaged": {
			[]file{named("jobs.yaml", "items:\n- kind: Job\n  metadata: {name: [\n")},
			[]string{"2 pods", "TPE604", "jobs.yaml: the Job from line 2 on", "TPE601"},
		},
		"zeros":       {[]file{named("jobs.yaml", strings.Repeat("\x00", 8<<20))}, []string{"2 pods", "TPE604", "larger than any"}},
		"no time":     {[]file{{tar.Header{Name: "events.yaml", Typeflag: tar.TypeReg, ModTime: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}, "items: []"}}, []string{"TPE603"}},
		"no secrets":  {[]file{named("manifests/secret.yaml", "items:\n- {kind: Pod, metadata: {name: x, namespace: tpe}}\n")}, []string{"2 pods"}},
		"a huge name": {[]file{link(strings.Repeat("a/", 3000)+"x.yaml", "", tar.TypeSymlink)}, []string{"TPE604", "…"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := said(pack(t, "a.tgz", append(append([]file{}, ok...), tt.files...)...))
			for _, want := range tt.says {
				if !strings.Contains(got, want) {
					t.Errorf("%q is not in:\n%s", want, got)
				}
			}
			if len(got) > 4000 {
				t.Errorf("%d bytes are said", len(got))
			}
			if strings.Contains(got, "s3cr3t") {
				t.Errorf("a value of the environment is in it: %s", got)
			}
		})
	}
}

// Files that tell nothing are errors that say why.
func TestNothingToRead(t *testing.T) {
	loop := t.TempDir()
	_ = os.Symlink("/etc", filepath.Join(loop, "pods.yaml")) // Windows may not let us: then it is empty
	for name, tt := range map[string]struct{ path, says string }{
		"none":             {filepath.Join(t.TempDir(), "none"), "no such file"},
		"empty":            {write(t, "a", nil), "it is empty"},
		"an empty folder":  {t.TempDir(), "nothing in it shows a cluster"},
		"a link in it":     {loop, "nothing in it shows a cluster"},
		"text":             {write(t, "a", []byte("hello\n")), "it is no recording"},
		"other objects":    {write(t, "a", []byte("apiVersion: v1\nkind: Secret\n")), "it is no recording"},
		"a picture":        {write(t, "a.png", []byte("\x89PNG\r\n\x1a\n\x00\x00")), "it is no recording"},
		"zip":              {write(t, "a.zip", []byte("PK\x03\x04\x14\x00x\n"+deployments)), "it is a zip file"},
		"UTF-16":           {write(t, "a.yaml", []byte("\xff\xfek\x00i\x00n\x00d\x00")), "it is no recording"},
		"cut gzip":         {write(t, "a.gz", []byte("\x1f\x8b\x08")), "decompress"},
		"other archive":    {pack(t, "a.tgz", named("README", "x")), "nothing in it shows a cluster"},
		"other recording":  {write(t, "a", []byte(`{"kind":"Recording","apiVersion":"kubectl-tpe/v9"}`+"\n")), "does not know"},
		"a head alone":     {write(t, "a", []byte(`{"kind":"Recording","apiVersion":"kubectl-tpe/v1"}`+"\n")), "no moment is whole"},
		"other namespaces": {pack(t, "a.tgz", named("services.yaml", "items: []")), "nothing in it shows"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := said(tt.path); !strings.HasPrefix(got, "error: ") || runtime.GOOS != "windows" && !strings.Contains(got, tt.says) {
				t.Errorf("%q, want %q", got, tt.says)
			}
		})
	}
}

// An archive of more members than any has is refused, however small it is.
func TestTooManyMembers(t *testing.T) {
	if testing.Short() {
		t.Skip("much to read")
	}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	var one bytes.Buffer
	w := tar.NewWriter(&one)
	if err := w.WriteHeader(&tar.Header{Name: "x", Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	header := bytes.Repeat(one.Bytes()[:512], 1000)
	for range 101 {
		if _, err := z.Write(header); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if got := said(write(t, "a.tgz", b.Bytes())); !strings.Contains(got, "more than 100000 members") {
		t.Error(got)
	}
}

// A member of very many zeros costs no more memory than PUM's longest answer.
func TestManyZeros(t *testing.T) {
	if testing.Short() {
		t.Skip("much to read")
	}
	const size = 128 << 20
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	w := tar.NewWriter(z)
	for _, name := range []string{"pods.yaml", "pum-status.txt", "helm.yaml", "x.txt"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: size / 4}); err != nil {
			t.Fatal(err)
		}
		zeros := make([]byte, 1<<20)
		for range size / 4 >> 20 {
			if _, err := w.Write(zeros); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = w.Close()
	_ = z.Close()
	path := write(t, "a.tgz", b.Bytes())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := said(path)
	runtime.ReadMemStats(&after)
	if most := uint64(512 << 20); after.TotalAlloc-before.TotalAlloc > most || !strings.Contains(got, "larger than any") {
		t.Errorf("%d bytes were allocated: %s", after.TotalAlloc-before.TotalAlloc, got)
	}
}

// A recording that ends anywhere is read up to there, and says so.
func TestCutAnywhere(t *testing.T) {
	whole, err := recorded.Text("controller")
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	lines = append(append(lines[:3:3], lines[len(lines)-4:]...), nil) // few objects are enough
	text := bytes.Join(lines, nil)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for _, line := range lines {
		_, _ = z.Write(line) // to memory
		_ = z.Flush()
	}
	_ = z.Close()
	for name, text := range map[string][]byte{"a.jsonl": text, "a.jsonl.gz": packed.Bytes()} {
		path := write(t, name, nil)
		step := max(1, len(text)/400)
		for n := 0; n < len(text); n += step {
			if err := os.WriteFile(path, text[:n], 0o600); err != nil {
				t.Fatal(err)
			}
			if got := said(path); !strings.HasPrefix(got, "error: read "+path) && !strings.Contains(got, "TPE602") {
				t.Fatalf("%s, cut after %d of %d bytes: %s", name, n, len(text), got)
			}
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := said(path); strings.Contains(got, "TPE602") || strings.HasPrefix(got, "error") {
			t.Errorf("%s whole: %s", name, got)
		}
	}
}

// An archive that ends anywhere says so, and what came before is read.
func TestCutArchiveAnywhere(t *testing.T) {
	whole, err := os.ReadFile(pack(t, "a.tgz", named("./info/tpe/pods.yaml", pods), named("./info/tpe/deployments.yaml", deployments), named("./thingpark/pum-status.txt", "0 entrie(s)\n")))
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, "b.tgz", nil)
	for n := range whole {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if got := said(path); !strings.HasPrefix(got, "error: read "+path) && !strings.Contains(got, "TPE604") {
			t.Fatalf("cut after %d of %d bytes: %s", n, len(whole), got)
		}
	}
}

// A member of a gigabyte of zeros is refused, whatever it should be, in little memory.
func TestGigabyteOfZeros(t *testing.T) {
	if testing.Short() {
		t.Skip("much to read")
	}
	const size = 1 << 30
	packed := func(text []byte) []byte {
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
		_, _ = z.Write(text) // to memory
		_ = z.Close()
		return b.Bytes()
	}
	var header bytes.Buffer
	if err := tar.NewWriter(&header).WriteHeader(&tar.Header{Name: "info/tpe/pods.yaml", Typeflag: tar.TypeReg, Size: size}); err != nil {
		t.Fatal(err)
	}
	zeros := packed(make([]byte, 1<<20))
	archive := append(packed(header.Bytes()), bytes.Repeat(zeros, size>>20)...) // gzip goes on behind its end
	path := write(t, "a.tgz", append(archive, packed(make([]byte, 1024))...))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := said(path)
	runtime.ReadMemStats(&after)
	if most := uint64(64 << 20); after.TotalAlloc-before.TotalAlloc > most || !strings.Contains(got, "larger than any") {
		t.Errorf("%d bytes were allocated: %s", after.TotalAlloc-before.TotalAlloc, got)
	}
}

// A sparse member has as many zeros as it says and takes no place in the archive: it is not
// read to its end, not even as a log.
func TestSparseMember(t *testing.T) {
	const size = "9223372036854775000"
	log := named("./info/tpe/twa-1/logs.txt", "")
	log.PAXRecords = map[string]string{"ABC.sparse.numblocks": "1", "ABC.sparse.map": size + ",0", "ABC.sparse.size": size} // which tar.Writer writes
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range []file{named("./info/tpe/pods.yaml", strings.ReplaceAll(pods, "    namespace: tpe\n", "    namespace: tpe\n    labels: {job-name: pum-process}\n")), log} {
		if f.Size = int64(len(f.text)); w.WriteHeader(&f.Header) != nil {
			t.Fatal(f.Name)
		}
		_, _ = io.WriteString(w, f.text) // to memory
	}
	_ = w.Close()
	path := write(t, "a.tar", bytes.ReplaceAll(b.Bytes(), []byte("ABC.sparse"), []byte("GNU.sparse")))
	k, err := recording.Open(path, "", recording.At{})
	if err != nil {
		t.Fatal(err)
	}
	found, _, err := k.Dumped("pum-process", func(joblogs.Run) error { return nil }, func(joblogs.Run, []byte) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "larger than any") {
		t.Errorf("%v, %v", found, err)
	}
}
