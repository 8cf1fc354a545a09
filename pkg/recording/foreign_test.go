// SPDX-License-Identifier: Apache-2.0

package recording_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/recording"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// ready is a Deployment that is ready, as an item of a list.
func ready(name, namespace, version string) string {
	return strings.NewReplacer("NAME", name, "SPACE", namespace, "VERSION", version).Replace(`- apiVersion: apps/v1
  kind: Deployment
  metadata:
    creationTimestamp: "2026-01-31T09:00:00Z"
    generation: 1
    name: NAME
    namespace: SPACE
    resourceVersion: "VERSION"
  spec:
    replicas: 1
  status:
    availableReplicas: 1
    conditions:
    - message: is available
      status: "True"
      type: Available
    observedGeneration: 1
    readyReplicas: 1
    replicas: 1
    updatedReplicas: 1
`)
}

// podOf is the ready pod of such a Deployment.
func podOf(deployment, namespace string) string {
	return strings.NewReplacer("NAME", deployment, "SPACE", namespace).Replace(`- apiVersion: v1
  kind: Pod
  metadata:
    labels:
      pod-template-hash: "1"
    name: NAME-1-a
    namespace: SPACE
    ownerReferences:
    - apiVersion: apps/v1
      controller: true
      kind: ReplicaSet
      name: NAME-1
      uid: NAME-1
  spec: {}
  status:
    conditions:
    - status: "True"
      type: Ready
    phase: Running
`)
}

func listed(items ...string) string {
	if len(items) == 0 {
		return "apiVersion: v1\nitems: []\nkind: List\nmetadata:\n  resourceVersion: \"\"\n"
	}
	return "apiVersion: v1\nitems:\n" + strings.Join(items, "") + "kind: List\nmetadata:\n  resourceVersion: \"\"\n"
}

// failed is a Deployment that is not ready, in JSON as the API server lists it: without its kind.
func failed(name, namespace string) string {
	return fmt.Sprintf(`{"metadata":{"name":%q,"namespace":%q,"generation":1},"spec":{"replicas":1},"status":{"observedGeneration":1,"replicas":1,"updatedReplicas":1}}`, name, namespace)
}

// lists are those of an installation where all is well.
func lists() map[string]string {
	files := map[string]string{
		"deployments.yaml": listed(ready("pum", "tpe", "1"), ready("twa", "tpe", "1")),
		"pum-status.txt":   "0 entrie(s)\n",
	}
	for _, k := range readiness.KeptKinds() {
		if k.Kind != "Deployment" {
			resource, _, _ := strings.Cut(k.Resource, ".")
			files[resource+".yaml"] = listed()
		}
	}
	files["pods.yaml"] = listed(podOf("pum", "tpe"), podOf("twa", "tpe"))
	return files
}

func unpacked(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// whole reports whether what is known of the workloads of a file is that two say that they are ready, and
// nothing else. Their pods are not in it, so that they are not believed.
func whole(path string) bool {
	k, err := recording.Open(path, "", recording.At{})
	if err != nil {
		return false
	}
	s, err := k.Snapshot(verdict.GoalAll)
	if err != nil || s.Assessment == nil || len(s.Assessment.Gaps) > 0 || len(s.Assessment.Workloads) != 2 {
		return false
	}
	for _, d := range s.Assessment.Objects.Deployments {
		if d.Status.ReadyReplicas != 1 {
			return false
		}
	}
	return true
}

// helmList is what helm list -o yaml writes of one release.
const helmList = "- app_version: 8.0.0\n  chart: thingpark-enterprise-8.0.0\n  name: tpe\n  namespace: tpe\n  revision: \"3\"\n  status: deployed\n  updated: 2026-01-31 10:00:00.123 +0000 UTC\n"

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text) // to memory
	_ = w.Close()
	return b.String()
}

func inUTF16(text string) string {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, utf16.Encode([]rune("\ufeff"+text))) // to memory
	return b.String()
}

// What others made of the files of a folder is read, or it is said what is wrong: never does a part
// of a list pass for all of it.
func TestForeignFolders(t *testing.T) {
	two := lists()["deployments.yaml"]
	for name, tt := range map[string]struct {
		change func(map[string]string)
		whole  bool
		says   []string
	}{
		"as kubectl wrote them": {func(map[string]string) {}, true, nil},
		"cut behind an item": {func(f map[string]string) {
			f["deployments.yaml"] = two[:strings.LastIndex(two, "- apiVersion")]
		}, false, []string{"TPE604", "deployments.yaml: it is truncated"}},
		"cut in an item": {func(f map[string]string) {
			f["deployments.yaml"] = two[:strings.LastIndex(two, "    readyReplicas")]
		}, false, []string{"TPE604", "deployments.yaml: it is truncated"}},
		"cut before the first item": {func(f map[string]string) { f["statefulsets.yaml"] = "apiVersion: v1\nitems:\n" }, false, []string{"statefulsets.yaml: it is truncated"}},
		"cut JSON":                  {func(f map[string]string) { f["jobs.json"] = `{"apiVersion":"v1","items":[`; delete(f, "jobs.yaml") }, false, []string{"jobs.json: "}},
		"a table": {func(f map[string]string) {
			f["deployments.yaml"] = "NAME   READY   UP-TO-DATE   AVAILABLE   AGE\npum    1/1     1            1           3h\n"
		}, false, []string{"TPE604", "deployments.yaml: it has no list"}},
		"an error": {func(f map[string]string) {
			f["statefulsets.yaml"] = "Error from server (Forbidden): statefulsets.apps is forbidden: User \"x\" cannot list resource\n"
		}, false, []string{"TPE604", "statefulsets.yaml: it has no list"}},
		"no text":       {func(f map[string]string) { f["statefulsets.yaml"] = "" }, false, []string{"TPE601"}},
		"of PowerShell": {func(f map[string]string) { f["deployments.yaml"] = inUTF16(strings.ReplaceAll(two, "\n", "\r\n")) }, true, nil},
		"PUM in UTF-16": {func(f map[string]string) { f["pum-status.txt"] = inUTF16("0 entrie(s)\r\n") }, true, nil},
		"BOM and CRLF":  {func(f map[string]string) { f["deployments.yaml"] = "\ufeff" + strings.ReplaceAll(two, "\n", "\r\n") }, true, nil},
		"items in a row": {func(f map[string]string) {
			f["deployments.yaml"] = "apiVersion: v1\nkind: List\nitems: [{apiVersion: apps/v1, kind: Deployment, metadata: {name: pum, namespace: tpe}}]\n"
		}, false, []string{"TPE604", "deployments.yaml"}},
		"of other namespaces": {func(f map[string]string) {
			f["info/kube-system/jobs.yaml"], f["info/tpe/deployments.yaml"] = listed("- apiVersion: batch/v1\n  kind: Job\n  metadata: {name: j, namespace: kube-system}\n"), two
			delete(f, "deployments.yaml")
			delete(f, "jobs.yaml")
		}, false, []string{"TPE601", "Job"}},
		"empty ones of other namespaces": {func(f map[string]string) {
			f["info/kube-system/jobs.yaml"], f["info/kube-system/deployments.yaml"], f["info/tpe/deployments.yaml"] = listed(), listed(ready("coredns", "kube-system", "1")), two
			delete(f, "deployments.yaml")
			delete(f, "jobs.yaml")
		}, false, []string{"TPE601", "Job"}},
		"damaged ones of other namespaces": {func(f map[string]string) {
			f["info/kube-system/jobs.yaml"], f["info/kube-system/deployments.yaml"], f["info/tpe/deployments.yaml"] = "items: [", listed(ready("coredns", "kube-system", "1")), two
			delete(f, "deployments.yaml")
		}, true, []string{"TPE604"}},
		"of all namespaces": {func(f map[string]string) {
			f["jobs.yaml"] = listed("- apiVersion: batch/v1\n  kind: Job\n  metadata: {name: j, namespace: kube-system}\n")
		}, true, nil},
		"before and after": {func(f map[string]string) {
			f["a/deployments.yaml"], f["b/deployments.yaml"] = listed(ready("pum", "tpe", "7"), ready("twa", "tpe", "1")), two
			delete(f, "deployments.yaml")
		}, true, []string{"TPE605", "a/deployments.yaml", "b/deployments.yaml"}},
		"the same again": {func(f map[string]string) { f["all.yaml"] = two }, true, []string{"!TPE605"}},
		"a page": {func(f map[string]string) {
			f["deployments.yaml"] = strings.TrimSuffix(two, "  resourceVersion: \"\"\n") + "  continue: eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ\n  remainingItemCount: 3\n"
		}, false, []string{"TPE604", "deployments.yaml: it is one page of a list"}},
		"a page in JSON": {func(f map[string]string) {
			f["jobs.json"] = `{"kind":"JobList","metadata":{"continue":"abc"},"items":[]}`
			delete(f, "jobs.yaml")
		}, false, []string{"TPE604", "jobs.json: it is one page of a list"}},
		"as the API server lists them": {func(f map[string]string) {
			f["x.json"] = `{"kind":"DeploymentList","apiVersion":"apps/v1","metadata":{"resourceVersion":"1"},"items":[` + failed("pum", "tpe") + `]}`
			delete(f, "deployments.yaml")
		}, false, []string{"!Deployment objects", "pum"}},
		"one object": {func(f map[string]string) {
			f["pum.yaml"] = strings.ReplaceAll(strings.Replace(ready("pum", "tpe", "1"), "- ", "  ", 1), "\n  ", "\n")[2:]
			delete(f, "deployments.yaml")
		}, false, []string{"TPE601", "Deployment"}},
		"one object alone": {func(f map[string]string) {
			clear(f)
			f["pum.json"] = `{"apiVersion":"apps/v1","kind":"Deployment",` + failed("pum", "tpe")[1:]
		}, false, []string{"TPE601", "Deployment", "!workloads unknown"}},
		"of an older kind": {func(f map[string]string) {
			f["all.yaml"] = listed("- apiVersion: batch.volcano.sh/v1alpha1\n  kind: Job\n  metadata: {name: j, namespace: tpe}\n", "- apiVersion: apps.kruise.io/v1beta1\n  kind: StatefulSet\n  metadata: {name: s, namespace: tpe}\n  spec: {replicas: 3}\n")
		}, true, nil},
		"a table of Helm's":       {func(f map[string]string) { f["helm-releases.yaml"] = "NAME\tNAMESPACE\ntpe\ttpe\n" }, true, []string{"TPE604", "the Helm releases are unknown: helm-releases.yaml: it is not what helm list writes"}},
		"no answer of Helm's":     {func(f map[string]string) { f["helm-releases.yaml"] = "\n" }, true, []string{"TPE604", "the Helm releases are unknown: helm-releases.yaml: it is empty"}},
		"no release":              {func(f map[string]string) { f["helm-releases.yaml"] = "[]\n" }, true, []string{"there is no Helm release"}},
		"Helm's, cut in a status": {func(f map[string]string) { f["helm-releases.yaml"] = helmList[:strings.Index(helmList, "loyed")] }, true, []string{"TPE604", "helm-releases.yaml: it ends early"}},
		"Helm's, cut in a chart": {func(f map[string]string) {
			f["helm-releases.yaml"] = helmList[:strings.Index(helmList, ".0.0\n  name")]
		}, true, []string{"TPE604", "it ends early", "!there is no Helm release"}},
		"Helm's, cut behind a release": {func(f map[string]string) { f["helm-releases.yaml"] = helmList }, true, []string{"tpe-data is unknown: it is not in what helm list wrote"}},
		"Helm's, in UTF-16":            {func(f map[string]string) { f["helm-releases.yaml"] = inUTF16(helmList) }, true, []string{"!TPE604", "!release tpe is unknown"}},
		"Helm's, before and after": {func(f map[string]string) {
			f["a/helm-releases.yaml"], f["b/helm-releases.yaml"] = helmList, strings.Replace(helmList, "deployed", "failed", 1)
		}, true, []string{"TPE605", "a/helm-releases.yaml and b/helm-releases.yaml", "TPE502"}},
		"PUM's, before and after": {func(f map[string]string) {
			f["a/pum-status.txt"], f["b/pum-status.txt"] = "1 entrie(s)\n", "0 entrie(s)\n"
			delete(f, "pum-status.txt")
		}, true, []string{"TPE605", "a/pum-status.txt and b/pum-status.txt"}},
		"a log line among the items": {func(f map[string]string) {
			i := strings.LastIndex(two, "- apiVersion")
			f["deployments.yaml"] = two[:i] + "E0131 10:00:00.000000       1 memcache.go:265] couldn't get current server API group list\n" + two[i:]
		}, false, []string{"TPE604", "items follow the end of its list"}},
		"hard blanks": {func(f map[string]string) { f["deployments.yaml"] = strings.ReplaceAll(two, "  ", "\u00a0\u00a0") }, false, []string{"TPE604", "has no name"}},
		"tabs":        {func(f map[string]string) { f["deployments.yaml"] = strings.ReplaceAll(two, "  ", "\t") }, false, []string{"TPE604"}},
		"metadata alone": {func(f map[string]string) {
			f["deployments.json"] = `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","items":[{"kind":"PartialObjectMetadata","metadata":{"name":"pum","namespace":"tpe"}}]}`
			delete(f, "deployments.yaml")
		}, false, []string{"TPE604", "only the metadata", "!TPE103"}},
		"names in capitals": {func(f map[string]string) {
			f["DEPLOYMENTS.JSON"] = `{"kind":"List","items":[` + failed("pum", "tpe") + `]}`
			delete(f, "deployments.yaml")
		}, false, []string{"pum", "!Deployment: "}},
		"a refusal": {func(f map[string]string) {
			f["deployments.json"] = `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"forbidden","code":403}`
			delete(f, "deployments.yaml")
		}, false, []string{"TPE601", "Deployment"}},
		"quoted in a mail": {func(f map[string]string) { f["deployments.yaml"] = "> " + strings.ReplaceAll(two, "\n", "\n> ") }, false, []string{"TPE604"}},
		"in Latin-1": {func(f map[string]string) {
			f["deployments.yaml"] = strings.Replace(two, "is available", "verf\xfcgbar", 1)
		}, false, []string{"TPE604"}},
		"an archive in it": {func(f map[string]string) {
			clear(f)
			f["run.jsonl.gz"] = "x"
		}, false, []string{"but it has run.jsonl.gz: unpack that"}},
		"a warning before, an error behind": {func(f map[string]string) {
			f["deployments.yaml"] = "Warning: apps/v1beta1 is deprecated\n" + two + "Error from server (Forbidden): pods is forbidden\n"
		}, true, nil},
		"a command before": {func(f map[string]string) { f["deployments.yaml"] = "$ kubectl get deployments -o yaml\n" + two }, true, nil},

		"by a Mac": {func(f map[string]string) {
			f["__MACOSX/._deployments.yaml"], f["._jobs.yaml"] = "\x00\x05\x16\x07", "\x00\x05\x16\x07"
		}, true, []string{"!TPE604"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := lists()
			tt.change(files)
			dir := unpacked(t, files)
			got := said(dir)
			if is := whole(dir); is != tt.whole {
				t.Errorf("all is known and ready: %v, want %v:\n%s", is, tt.whole, got)
			}
			for _, want := range tt.says {
				if never, ok := strings.CutPrefix(want, "!"); strings.Contains(got, strings.TrimPrefix(want, "!")) == ok {
					t.Errorf("want %q%s:\n%s", want, never, got)
				}
			}
		})
	}
}

// A file of another kind is an error that says what it is and what to do.
func TestForeignFiles(t *testing.T) {
	dump := `{"kind":"NodeList","apiVersion":"v1","items":null}` + "\n" + `{"kind":"DeploymentList","apiVersion":"apps/v1","items":[` + failed("pum", "tpe") + `]}` + "\n==== START logs for container pum of pod tpe/pum-1 ====\nitems:\n- x\n==== END logs for container pum of pod tpe/pum-1 ====\n"
	for name, tt := range map[string]struct{ text, says string }{
		"xz":                   {"\xfd7zXZ\x00\x00\x04", "xz"},
		"zstd":                 {"\x28\xb5\x2f\xfd\x24", "zstd"},
		"bzip2":                {"BZh91AY&SY", "bzip2"},
		"rar":                  {"Rar!\x1a\x07\x00", "a rar file"},
		"lz4":                  {"\x04\x22\x4d\x18", "lz4"},
		"gzip in gzip":         {gzipped(gzipped("x")), "compressed twice"},
		"7z":                   {"7z\xbc\xaf\x27\x1c\x00", "7z"},
		"a dump in one file":   {dump, "--output-directory"},
		"the same in YAML":     {"---\n" + lists()["deployments.yaml"] + "==== START logs for container pum of pod tpe/pum-1 ====\nx\n", "--output-directory"},
		"a table":              {"NAME   READY   STATUS\npum-1  1/1     Running\n", "kubectl get"},
		"a list that is cut":   {strings.TrimSuffix(lists()["deployments.yaml"], "kind: List\nmetadata:\n  resourceVersion: \"\"\n"), "truncated"},
		"a recording with BOM": {"\ufeff{\"kind\":\"Recording\",\"apiVersion\":\"kubectl-tpe/v1\"}\n", "no moment is whole"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := said(write(t, "a", []byte(tt.text))); !strings.HasPrefix(got, "error: ") || !strings.Contains(got, tt.says) {
				t.Errorf("%q, want %q", got, tt.says)
			}
		})
	}
}

// An archive without the magic of POSIX, as tar --format=v7 writes it, is one.
func TestOldArchives(t *testing.T) {
	packed, err := os.ReadFile(pack(t, "a.tgz", named("deployments.yaml", lists()["deployments.yaml"])))
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	copy(text[257:], make([]byte, 8)) // magic and version
	copy(text[148:], "        ")
	sum := 0
	for _, b := range text[:512] {
		sum += int(b)
	}
	copy(text[148:], fmt.Sprintf("%06o\x00 ", sum))
	got := said(write(t, "a.tar", text))
	if !strings.Contains(got, "lists of tpe at 2026-01-31") || strings.Contains(got, "TPE604") {
		t.Error(got)
	}
	text[0]++ // so that the sum is wrong
	if got := said(write(t, "a.tar", text)); !strings.Contains(got, "it is not text") {
		t.Error(got)
	}
}

// What git archive and tar --label write before the files is no damage; sparse files are read.
func TestHeadersOfArchives(t *testing.T) {
	two := lists()["deployments.yaml"]
	for name, first := range map[string]tar.Header{
		"git":    {Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": "0123456789abcdef"}},
		"folder": {Typeflag: tar.TypeDir, Name: "x/"},
	} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		if err := w.WriteHeader(&first); err != nil {
			t.Fatal(err)
		}
		if err := w.WriteHeader(&tar.Header{Name: "deployments.yaml", Typeflag: tar.TypeReg, Size: int64(len(two)), ModTime: time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)}); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, two) // to memory
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := said(write(t, "a.tar", b.Bytes())); strings.Contains(got, "TPE604") || !strings.Contains(got, "lists of tpe at 2026-01-31") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// An object that cannot be read in a recording hides the workloads, and nothing else.
func TestADamagedObject(t *testing.T) {
	text, err := os.ReadFile(record(t, "a.jsonl", recording.Options{}, reportOf(after(t, 0, nil, "PROCESSED"))))
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`("kind":"Deployment".*"status":)\{.*\}\}\}`).ReplaceAll(text, []byte(`$1"x"}}`))
	k, err := recording.Open(write(t, "a.jsonl", text), "", recording.At{})
	if err != nil {
		t.Fatal(err)
	}
	s := (&recording.Observer{Kept: k, Goal: verdict.GoalAll}).Once(t.Context())
	v := verdict.Judge(s)
	if s.Answer == nil || v.ExitCode != verdict.ExitError || v.Findings[0].Code != verdict.CodeMemberDamaged {
		t.Errorf("%v, exit code %d: %+v", s.Answer, v.ExitCode, v.Findings)
	}
}

// Two recordings in one file are not taken for one: what is gone in the second would still be there.
func TestTwoRecordingsInOne(t *testing.T) {
	var both []byte
	for _, s := range []verdict.Snapshot{after(t, 0, nil, "PROCESSED"), after(t, time.Hour, without("pum"), "INIT")} {
		text, err := os.ReadFile(record(t, "a.jsonl", recording.Options{}, reportOf(s)))
		if err != nil {
			t.Fatal(err)
		}
		both = append(both, text...)
	}
	first := said(write(t, "a.jsonl", both[:bytes.Index(both, []byte("\n{\"kind\":\"Recording\""))+1]))
	got := said(write(t, "a.jsonl", both))
	if !strings.Contains(got, "another recording begins") || strings.SplitN(got, "\n", 2)[0] != strings.SplitN(first, "\n", 2)[0] {
		t.Errorf("the first: %s\nboth: %s", first, got)
	}
}
