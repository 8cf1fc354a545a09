// SPDX-License-Identifier: Apache-2.0

package release

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	goruntime "runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"
)

const lab = "tpe"

// stored returns what Helm keeps of a text.
func stored(text string) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // a level that there is
	_, _ = io.WriteString(w, text)                  // into memory
	_ = w.Close()
	return []byte(base64.StdEncoding.EncodeToString(b.Bytes()))
}

func payloadOf(chart, version, app, more string) string {
	return fmt.Sprintf(`{"name":"x","info":{"first_deployed":"","last_deployed":"2026-03-14T20:00:00.5Z","description":"Upgrade complete","status":"deployed"},
"chart":{"metadata":{"name":%q,"version":%q,"appVersion":%q},"values":{"a":1}}%s}`, chart, version, app, more)
}

// being returns a payload with a status of Helm's, and what Helm said last.
func being(payload, status, said string) string {
	payload = strings.Replace(payload, `"status":"deployed"`, fmt.Sprintf(`"status":%q`, status), 1)
	return strings.Replace(payload, "Upgrade complete", said, 1)
}

func secret(release string, revision int, status string, data []byte) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: SecretName(release, revision), Namespace: lab, ResourceVersion: "1",
			Labels: map[string]string{
				"owner": "helm", "name": release, "status": status, "version": strconv.Itoa(revision), "createdAt": "1773522000", "modifiedAt": "1773525600",
			},
		},
		Type: "helm.sh/release.v1", Data: map[string][]byte{"release": data},
	}
}

// installed returns secrets of a whole installation of 8.0.0, and its former revisions.
func installed() []*corev1.Secret {
	var all []*corev1.Secret
	for i, part := range Parts() {
		for revision, tpe := range []string{"7.3.6", "8.0.0"} {
			m, _ := ManifestOf(mustVersion(tpe))
			status := []string{StatusSuperseded, StatusDeployed}[revision]
			all = append(all, secret(part.Name, revision+1, status, stored(being(payloadOf(part.Chart, m.Versions[i], tpe, ""), status, "Upgrade complete"))))
		}
	}
	return all
}

// A cluster has secrets, and notes which were read.
type cluster struct {
	*Reader
	secrets map[string]*corev1.Secret
	refused error
	lock    sync.Mutex
	read    []string
}

func newCluster(t *testing.T, secrets ...*corev1.Secret) *cluster {
	t.Helper()
	scheme := metadatafake.NewTestScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c := &cluster{secrets: map[string]*corev1.Secret{}}
	var labels []runtime.Object
	for _, s := range secrets {
		c.secrets[s.Name] = s
		labels = append(labels, &metav1.PartialObjectMetadata{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}, ObjectMeta: s.ObjectMeta,
		})
	}
	c.Reader = &Reader{Secrets: c, Metadata: metadatafake.NewSimpleMetadataClient(scheme, labels...), Namespace: lab}
	return c
}

// Get reads a secret, as Secrets does.
func (c *cluster) Get(_ context.Context, name string, _ metav1.GetOptions) (*corev1.Secret, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.read = append(c.read, name)
	if c.refused != nil {
		return nil, c.refused
	}
	if s := c.secrets[name]; s != nil {
		return s, nil
	}
	return nil, apierrors.NewNotFound(corev1.Resource("secrets"), name)
}

func summary(releases []Release) string {
	var lines []string
	for _, r := range releases {
		line := fmt.Sprintf("%s v%d %s %s %s", r.Name, r.Revision, r.Status, r.Version, r.AppVersion)
		if r.Problem != "" {
			line += " (" + r.Problem + ")"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestReadTheLatestRevisions(t *testing.T) {
	c := newCluster(t, installed()...)
	releases, err := c.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := `tpe-data-controllers v2 deployed 2.2.1 8.0.0
tpe-data v2 deployed 2.2.2 8.0.0
tpe-controllers v2 deployed 2.2.0 8.0.0
tpe v2 deployed 2.0.0 8.0.0`
	if diff := cmp.Diff(want, summary(releases)); diff != "" {
		t.Error(diff)
	}
	if at := releases[0].UpdatedAt; !at.Equal(time.Date(2026, 3, 14, 20, 0, 0, 0, time.UTC)) {
		t.Errorf("updated at %s, want Helm's own time", at)
	}
	if len(c.read) != 4 {
		t.Errorf("read %v, want the four latest revisions alone", c.read)
	}
	if _, err := c.Read(t.Context()); err != nil || len(c.read) != 4 {
		t.Errorf("%v; read again what did not change: %v", err, c.read)
	}
}

func TestReadOddSecrets(t *testing.T) {
	all := installed()
	damaged := secret("tpe-data", 3, StatusFailed, []byte("%%%%"))
	tests := []struct {
		name    string
		secrets []*corev1.Secret
		want    string
	}{
		{"none", nil, ""},
		{"those of others alone", []*corev1.Secret{secret("grafana", 1, "deployed", stored(payloadOf("grafana", "1.0.0", "11", "")))}, ""},
		{"no secret of Helm's", []*corev1.Secret{{ObjectMeta: metav1.ObjectMeta{Name: "x.v1", Namespace: lab, Labels: map[string]string{"owner": "helm"}}}}, ""},
		{"under another name", []*corev1.Secret{secret("prod", 11, "deployed", stored(payloadOf("thingpark-enterprise", "2.0.0", "8.0.0", "")))},
			`tpe-data-controllers v0 missing  
tpe-data v0 missing  
tpe-controllers v0 missing  
prod v11 deployed 2.0.0 8.0.0`},
		{"revisions are numbers", append(all, secret("tpe", 10, "pending-upgrade", stored(being(payloadOf("thingpark-enterprise", "2.0.0", "8.0.0", ""), "pending-upgrade", "Preparing upgrade")))),
			`tpe-data-controllers v2 deployed 2.2.1 8.0.0
tpe-data v2 deployed 2.2.2 8.0.0
tpe-controllers v2 deployed 2.2.0 8.0.0
tpe v10 pending-upgrade 2.0.0 8.0.0`},
		{"damaged", append(all[:len(all):len(all)], damaged),
			`tpe-data-controllers v2 deployed 2.2.1 8.0.0
tpe-data v3 failed   (the data of secret "sh.helm.release.v1.tpe-data.v3" is not what Helm writes: illegal base64 data at input byte 0)
tpe-controllers v2 deployed 2.2.0 8.0.0
tpe v2 deployed 2.0.0 8.0.0`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			releases, err := newCluster(t, tt.secrets...).Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, summary(releases)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Without the right to read the data, or the labels, there is an error: nothing is
// said of releases that were not seen.
func TestReadWithoutRights(t *testing.T) {
	forbidden := apierrors.NewForbidden(corev1.Resource("secrets"), "", errors.New("no"))
	refuse := func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, forbidden }
	c := newCluster(t, installed()...)
	c.refused = forbidden
	if releases, err := c.Read(t.Context()); !apierrors.IsForbidden(err) || releases != nil {
		t.Errorf("data: %v, %v", releases, err)
	}
	c.Metadata.(*metadatafake.FakeMetadataClient).PrependReactor("list", "secrets", refuse)
	if releases, err := c.Read(t.Context()); !apierrors.IsForbidden(err) || releases != nil {
		t.Errorf("labels: %v, %v", releases, err)
	}
}

func TestReadHead(t *testing.T) {
	early := base64.StdEncoding.EncodeToString([]byte(payloadOf("a", "1.0.0", "", "")))
	good := string(stored(payloadOf("a", "1.0.0", "", `,"manifest":"`+strings.Repeat("x", 1000)+`"`)))
	const large = "too large"
	tests := []struct{ name, in, want string }{
		{"as Helm writes it", good, ""},
		{"without compression, of an early Helm", early, ""},
		{"chart before info", string(stored(`{"chart":{"metadata":{"name":"a","version":"1.0.0"}},"info":{}}`)), ""},
		{"cut after what is wanted", string(stored(payloadOf("a", "1.0.0", "", `,"manifest":"xxx`))), "unexpected EOF"},
		{"a checksum that is wrong", flipped(payloadOf("a", "1.0.0", "", "")), "gzip: invalid checksum"},
		{"a checksum that is not there", good[:len(good)-8], "unexpected EOF"},
		{"other keys around, and nulls", string(stored(`{"a":[{"b":"}\"]"},-1.5e3,true],"info":null,"chart":{"lock":null,"metadata":{"keywords":["x"],"name":"a","version":"1.0.0"},"values":{}}}`)), ""},
		{"empty", "", "unexpected EOF"},
		{"no base64", "%%%%", "illegal base64 data at input byte 0"},
		{"no JSON", string(stored("hello")), "want an object"},
		{"no object", string(stored("[]")), "want an object"},
		{"no comma", string(stored(`{"a":1 "b":2}`)), `want a comma, have '"'`},
		{"no colon", string(stored(`{"a" 1}`)), "want a colon after a key"},
		{"no value", string(stored(`{"a":}`)), `want a value, have '}'`},
		{"no version", string(stored(`{"info":{},"chart":{"metadata":{"name":"a"}}}`)), "it names no chart"},
		{"nothing", string(stored(`{}`)), "it names no chart"},
		{large, string(stored(`{"manifest":"` + strings.Repeat(" ", unpackedLimit) + `"}`)), "it has more than 32 MiB, which no real release has"},
		{"a description that is too large", string(stored(`{"info":{"description":"` + strings.Repeat(" ", headLimit) + `"}}`)), "it has more than 262144 bytes, which no real release has"},
		{"too large before it is unpacked", base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(" "), 100)), "unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if testing.Short() && tt.name == large {
				t.Skip("32 MiB")
			}
			p, err := readHead([]byte(tt.in))
			switch {
			case err != nil && (tt.want == "" || err.Error() != tt.want):
				t.Errorf("error %q, want %q", err, tt.want)
			case err == nil && (tt.want != "" || p.version != "1.0.0"):
				t.Errorf("read as %+v, want the error %q", p, tt.want)
			}
		})
	}
}

// flipped returns what Helm keeps of a text, with a bit of its checksum turned over.
func flipped(text string) string {
	packed, _ := base64.StdEncoding.DecodeString(string(stored(text))) // stored wrote it
	packed[len(packed)-8] ^= 1
	return base64.StdEncoding.EncodeToString(packed)
}

// allocated returns how many bytes were allocated in all: never less than what was
// needed at a time.
func allocated(do func()) uint64 {
	var before, after goruntime.MemStats
	goruntime.ReadMemStats(&before)
	do()
	goruntime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A secret of Helm's is at most a megabyte, and may unpack to a thousand times as much, of
// values that take a hundred times their size. Neither takes memory.
func TestHostileReleasesTakeLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("large releases")
	}
	const most = 64 << 20
	of := func(field, one, close string) []byte {
		n := (unpackedLimit - 1000) / len(one)
		return stored(`{"info":{"description":"` + strings.Repeat("x", 1000) + `"},` + field + strings.Repeat(one, n) + close + `}`)
	}
	for name, data := range map[string][]byte{
		"many small values":      of(`"config":{"a":[`, "{},", "{}]}"),
		"fewer small values":     stored(`{"config":{"a":[` + strings.Repeat("{},", valuesLimit/3-10) + `{}]}}`),
		"deep values":            of(`"config":{"a":`, `[`, ""),
		"one large value":        of(`"config":{"a":"`, `aaaaaaaaaaaaaaaa`, `"}`),
		"many keys":              of(`"config":{"b":1`, `,"a":1`, `}`),
		"values of the chart":    of(`"chart":{"metadata":{"name":"a","version":"1.0.0"},"values":{"a":[`, "{},", "{}]}}"),
		"small things skipped":   of(`"hooks":[`, "{},", "{}]"),
		"a large key":            of(`"config":{"`, `aaaaaaaaaaaaaaaa`, `":1}`),
		"a large description":    of(`"info":{"description":"`, `aaaaaaaaaaaaaaaa`, `"}`),
		"60 MiB of objects":      stored(`{"config":{"a":[` + strings.Repeat(`{},`, 20<<20) + `{}]}}`),
		"more than any real one": stored(`{"manifest":"` + strings.Repeat("a", 2*unpackedLimit) + `"}`),
	} {
		var head, values error
		if n := allocated(func() {
			_, head = readHead(data)
			_, values = readValues(data)
		}); n > most {
			t.Errorf("%s: %d MiB for %d kB", name, n>>20, len(data)>>10)
		}
		if head == nil && values == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// What is as large as any real one is read.
func TestLargeReleasesAreRead(t *testing.T) {
	if testing.Short() {
		t.Skip("large releases")
	}
	var config strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&config, `,"key%d":{"text":"%s"}`, i, strings.Repeat("x", 100))
	}
	data := stored(payloadOf("a", "1.0.0", "", `,"config":{"a":{"b":1}`+config.String()+`},"manifest":"`+strings.Repeat("abcdefgh", 1<<20)+`"`))
	p, err := readValues(data)
	if err != nil || len(p.user) != 20_001 {
		t.Errorf("%d values, %v", len(p.user), err)
	}
	if _, err := readHead(data); err != nil {
		t.Error(err)
	}
}

// What follows the chart in a release is most of it, and is not kept.
func TestReadHeadKeepsLittle(t *testing.T) {
	if testing.Short() {
		t.Skip("a benchmark")
	}
	data := stored(payloadOf("a", "1.0.0", "", `,"manifest":"`+strings.Repeat("abcdefgh", 1<<20)+`"`))
	result := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			if _, err := readHead(data); err != nil {
				b.Fatal(err)
			}
		}
	})
	if got := result.AllocedBytesPerOp(); got > 256<<10 {
		t.Errorf("%d bytes for the head of 8 MB", got)
	}
}

func FuzzReadHead(f *testing.F) {
	f.Add([]byte(payloadOf("a", "1.0.0", "8.0.0", `,"config":{"a":null}`)))
	f.Add([]byte(`{"chart":{"metadata":{"name":[]}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, data := range [][]byte{text, stored(string(text))} {
			if p, err := readHead(data); err == nil && (p.chart == "" || p.version == "") {
				t.Errorf("read without a chart: %+v", p)
			}
			_, _ = readValues(data) // must not panic
		}
	})
}

// The data says what Helm thinks: labels may be missing, or be changed by hand.
func TestTheStatusIsThatOfTheData(t *testing.T) {
	tests := []struct{ name, label, data, want string }{
		{"both", "deployed", "deployed", "deployed"},
		{"no label", "", "deployed", "deployed"},
		{"a label changed by hand", "deployed", "pending-upgrade", "pending-upgrade"},
		{"no status in the data", "failed", "", "failed"},
		{"nothing", "", "", "unknown"},
	}
	for _, tt := range tests {
		s := secret("tpe", 2, tt.label, stored(being(payloadOf("thingpark-enterprise", "2.0.0", "8.0.0", ""), tt.data, "x")))
		releases, err := newCluster(t, s).Read(t.Context())
		if err != nil || releases[3].Status != tt.want {
			t.Errorf("%s: %v, %v; want %s", tt.name, releases, err, tt.want)
		}
	}
}

func TestRollbacks(t *testing.T) {
	at := func(revision int, version, status, said string) *corev1.Secret {
		return secret("tpe", revision, status, stored(being(payloadOf("thingpark-enterprise", version, "8.0.0", ""), status, said)))
	}
	tests := []struct {
		name string
		in   []*corev1.Secret
		want *Rollback
		good int
	}{
		{"none", []*corev1.Secret{at(1, "1.7.6", "superseded", "Install complete"), at(2, "2.0.0", "deployed", "Upgrade complete")}, nil, 0},
		{"by Helm itself", []*corev1.Secret{at(1, "2.0.0", "superseded", "Install complete"), at(2, "2.0.1", "failed", "Upgrade failed"), at(3, "2.0.0", "deployed", "Rollback to 1")},
			&Rollback{1, 2, "failed", "2.0.1", "8.0.0"}, 0},
		{"by hand", []*corev1.Secret{at(1, "2.0.0", "superseded", "Install complete"), at(2, "2.0.1", "superseded", "Upgrade complete"), at(3, "2.0.0", "deployed", "Rollback to 1")},
			&Rollback{1, 2, "superseded", "2.0.1", "8.0.0"}, 0},
		{"of which the history is gone", []*corev1.Secret{at(30, "2.0.0", "deployed", "Rollback to 12")}, &Rollback{To: 12}, 0},
		{"of one that is damaged", []*corev1.Secret{secret("tpe", 2, "failed", nil), at(3, "2.0.0", "deployed", "Rollback to 1")}, &Rollback{To: 1, From: 2, Status: "failed"}, 0},
		{"upgraded since", []*corev1.Secret{at(3, "2.0.0", "superseded", "Rollback to 1"), at(4, "2.0.1", "deployed", "Upgrade complete")}, nil, 0},
		{"under way", []*corev1.Secret{at(2, "2.0.1", "failed", "x"), at(3, "2.0.0", "pending-rollback", "Rollback to 1")}, nil, 0},
		{"interrupted", []*corev1.Secret{at(1, "1.7.6", "superseded", "Install complete"), at(2, "2.0.0", "failed", "x"), at(3, "1.7.6", "pending-rollback", "Rollback to 1")}, nil, 1},
		{"interrupted after one that failed, whatever its status", []*corev1.Secret{
			at(1, "1.7.6", "superseded", "Install complete"), at(2, "1.7.6", "superseded", `Upgrade \"tpe\" failed: timed out`), at(3, "2.0.0", "pending-upgrade", "Preparing upgrade"),
		}, nil, 1},
		{"interrupted after one that is damaged", []*corev1.Secret{at(1, "1.7.6", "superseded", "x"), secret("tpe", 2, "superseded", nil), at(3, "2.0.0", "pending-upgrade", "x")}, nil, 1},
		{"interrupted after the first installation, which failed", []*corev1.Secret{at(1, "1.7.6", "superseded", `Release \"tpe\" failed: x`), at(2, "2.0.0", "pending-upgrade", "x")}, nil, 0},
		{"failed itself", []*corev1.Secret{at(3, "2.0.0", "failed", "Rollback \"tpe\" failed: x")}, nil, 0},
		{"words of somebody", []*corev1.Secret{at(3, "2.0.0", "deployed", "Rollback to Friday's values")}, nil, 0},
	}
	for _, tt := range tests {
		releases, err := newCluster(t, tt.in...).Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, releases[3].RolledBack); diff != "" || releases[3].LastGood != tt.good {
			t.Errorf("%s: last good %d, want %d; rolled back (-want +got):\n%s", tt.name, releases[3].LastGood, tt.good, diff)
		}
	}
}

func TestNames(t *testing.T) {
	m, _ := ManifestOf(mustVersion("8.0.0"))
	var secrets []*corev1.Secret
	for i, part := range Parts()[1:] {
		secrets = append(secrets, secret("x-"+part.Name, 1, "deployed", stored(payloadOf(part.Chart, m.Versions[i+1], "8.0.0", ""))))
	}
	names, err := newCluster(t, secrets...).Names(t.Context())
	if want := []string{"tpe-data-controllers", "x-tpe-data", "x-tpe-controllers", "x-tpe"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("%v, %v; want %v", names, err, want)
	}
}

func TestStuck(t *testing.T) {
	now := time.Date(2026, 3, 14, 22, 0, 0, 0, time.UTC)
	tests := []struct {
		name   string
		status string
		made   time.Duration // how long ago, by the API server
		helm   time.Duration // by Helm
		want   bool
	}{
		{"deployed", StatusDeployed, 960 * time.Hour, 960 * time.Hour, false},
		{"at work", StatusPendingUpgrade, 5 * time.Minute, 5 * time.Minute, false},
		{"for forty days", StatusPendingUpgrade, 960 * time.Hour, 960 * time.Hour, true},
		{"going away for two hours", StatusUninstalling, 2 * time.Hour, 2 * time.Hour, true},
		{"by a machine whose clock is two hours behind", StatusPendingRollback, time.Minute, 2 * time.Hour, false},
		{"by a machine whose clock is two hours ahead", StatusPendingInstall, 2 * time.Hour, 0, true},
		{"restored from a backup", StatusPendingUpgrade, time.Minute, 960 * time.Hour, true},
	}
	for _, tt := range tests {
		s := secret("tpe", 2, tt.status, stored(strings.Replace(being(payloadOf("thingpark-enterprise", "2.0.0", "8.0.0", ""), tt.status, "x"),
			"2026-03-14T20:00:00.5Z", now.Add(-tt.helm).Format(time.RFC3339), 1)))
		s.CreationTimestamp = metav1.NewTime(now.Add(-tt.made))
		delete(s.Labels, "createdAt")
		delete(s.Labels, "modifiedAt")
		releases, err := newCluster(t, s).Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := releases[3].Stuck(now); got != tt.want {
			t.Errorf("%s: stuck %v, begun at %s", tt.name, got, releases[3].BegunAt)
		}
	}
}

// What was before is read of the application alone, and only if it was upgraded recently.
func TestVersionBefore(t *testing.T) {
	at := func(revision int, version, status, said string, ago time.Duration) *corev1.Secret {
		when := time.Now().Add(-ago)
		s := secret("tpe", revision, status, stored(strings.Replace(being(payloadOf("thingpark-enterprise", version, "8.0.0", ""), status, said),
			"2026-03-14T20:00:00.5Z", when.UTC().Format(time.RFC3339), 1)))
		s.CreationTimestamp = metav1.NewTime(when)
		delete(s.Labels, "createdAt")
		delete(s.Labels, "modifiedAt")
		return s
	}
	const day = 24 * time.Hour
	first := at(1, "1.7.6", "superseded", "Install complete", 40*day)
	tests := []struct {
		name  string
		in    []*corev1.Secret
		want  string
		reads int
	}{
		{"another version", []*corev1.Secret{first, at(2, "2.0.0", "deployed", "Upgrade complete", time.Minute)}, "1.7.6", 2},
		{"after one that failed", []*corev1.Secret{first, at(2, "2.0.0", "failed", "x", time.Hour), at(3, "2.0.0", "deployed", "Upgrade complete", time.Minute)}, "1.7.6", 2},
		{"other values", []*corev1.Secret{first, at(2, "2.0.0", "superseded", "Upgrade complete", time.Hour), at(3, "2.0.0", "deployed", "Upgrade complete", time.Minute)}, "2.0.0", 2},
		{"the first", []*corev1.Secret{at(1, "2.0.0", "deployed", "Install complete", time.Minute)}, "", 1},
		{"long ago", []*corev1.Secret{first, at(2, "2.0.0", "deployed", "Upgrade complete", 25*time.Hour)}, "", 1},
		{"at work", []*corev1.Secret{first, at(2, "2.0.0", "pending-upgrade", "Preparing upgrade", time.Minute)}, "", 2},
		{"damaged", []*corev1.Secret{first, secret("tpe", 2, "deployed", nil)}, "", 1},
		{"rolled back", []*corev1.Secret{first, at(2, "2.0.0", "superseded", "Upgrade complete", time.Hour), at(3, "1.7.6", "deployed", "Rollback to 1", time.Minute)}, "", 2},
	}
	for _, tt := range tests {
		c := newCluster(t, tt.in...)
		releases, err := c.Read(t.Context())
		if err != nil || releases[3].VersionBefore != tt.want || len(c.read) != tt.reads {
			t.Errorf("%s: %q, %d secrets read, %v; want %q, %d", tt.name, releases[3].VersionBefore, len(c.read), err, tt.want, tt.reads)
		}
	}
}

// Each case has the histories of the four, the oldest revision first: RELEASE/STATUS.
func TestPlan(t *testing.T) {
	tests := []struct {
		name string
		in   [4]string
		tpe  string
		want string
	}{
		{"after an upgrade", [4]string{"7.3.6/s 8.0.0/d", "7.3.6/s 8.0.0/d", "7.3.6/s 8.0.0/d", "7.3.6/s 8.0.0/d"},
			"7.3.6", "v1 v1 v1 v1"},
		{"after a change of values", [4]string{"7.3.6/s 8.0.0/s 8.0.0/d", "7.3.6/s 7.3.6/s 8.0.0/d", "7.3.6/s 8.0.0/d", "7.3.6/s 8.0.0/s 8.0.0/d"},
			"7.3.6", "v1 v2 v1 v1"},
		{"a hotfix of the application alone", [4]string{"7.3.3/s 7.3.4/d", "7.3.3/s 7.3.4/d", "7.3.3/s 7.3.4/d", "7.3.3/s 7.3.4/s 7.3.4a/d"},
			"7.3.4", "stays stays stays v2"},
		{"an upgrade that failed at the end", [4]string{"7.3.6/s 8.0.0/d", "7.3.6/s 8.0.0/d", "7.3.6/s 8.0.0/d", "7.3.6/d 8.0.0/f"},
			"7.3.6", "v1 v1 v1 v1"},
		{"an upgrade that failed twice", [4]string{"7.3.6/s 8.0.0/d", "7.3.6/s 8.0.0/d", "7.3.6/s 8.0.0/d", "7.3.6/d 8.0.0/f 8.0.0/f"},
			"7.3.6", "v1 v1 v1 v1"},
		{"an upgrade that failed in the middle", [4]string{"7.3.6/s 8.0.0/d", "7.3.6/d 8.0.0/f", "7.3.6/d", "7.3.6/d"},
			"7.3.6", "v1 v1 stays stays"},
		{"an upgrade that hangs", [4]string{"7.3.6/s 8.0.0/d", "7.3.6/d 8.0.0/p", "7.3.6/d", "7.3.6/d"},
			"7.3.6", "v1 v1 stays stays"},
		{"one history too short", [4]string{"7.3.6/s 8.0.0/d", "8.0.0/s 8.0.0/d", "7.3.6/s 8.0.0/d", "7.3.6/s 8.0.0/d"},
			"7.3.6", "v1 none v1 v1"},
		{"nothing to go back to", [4]string{"8.0.0/d", "8.0.0/d", "8.0.0/d", "8.0.0/d"},
			"", "none none none none"},
		{"a former release that is not public", [4]string{"x/s 8.0.0/d", "x/s 8.0.0/d", "x/s 8.0.0/d", "x/s 8.0.0/d"},
			"", "v1 v1 v1 v1"},
		{"after a way back", [4]string{"7.3.6/s 8.0.0/s 7.3.6/d", "7.3.6/s 8.0.0/s 7.3.6/d", "7.3.6/s 8.0.0/s 7.3.6/d", "7.3.6/s 8.0.0/s 7.3.6/d"},
			"", "none none none none"},
		{"after a way back, to what was before", [4]string{"7.3.3/s 7.3.6/s 8.0.0/s 7.3.6/d", "7.3.3/s 7.3.6/s 8.0.0/s 7.3.6/d", "7.3.3/s 7.3.6/s 8.0.0/s 7.3.6/d", "7.3.3/s 7.3.6/s 8.0.0/s 7.3.6/d"},
			"7.3.3", "v1 v1 v1 v1"},
		{"one missing", [4]string{"7.3.6/s 8.0.0/d", "", "7.3.6/s 8.0.0/d", "7.3.6/s 8.0.0/d"},
			"7.3.6", "v1 none v1 v1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			plan, err := newCluster(t, histories(tt.in)...).Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			whole := true
			for _, r := range plan.Releases {
				word := "none"
				switch {
				case r.Stays:
					word = "stays"
				case r.Back != nil:
					word = fmt.Sprintf("v%d", r.Back.Revision)
				default:
					whole = false
				}
				if r.Reason == "" {
					t.Errorf("%s: no reason", r.Name)
				}
				got = append(got, word)
			}
			if text := strings.Join(got, " "); text != tt.want || strings.Join(plan.TPE, " ") != tt.tpe || whole != plan.Whole() {
				t.Errorf("to %v: %s, whole %v; want %s: %s", plan.TPE, text, plan.Whole(), tt.tpe, tt.want)
			}
		})
	}
	if plan, err := newCluster(t).Plan(context.Background()); plan != nil || err != nil {
		t.Errorf("without Helm: %v, %v", plan, err)
	}
}

// histories returns the secrets of four histories.
func histories(in [4]string) []*corev1.Secret {
	words := map[string]string{"s": StatusSuperseded, "d": StatusDeployed, "f": StatusFailed, "p": "pending-upgrade"}
	var all []*corev1.Secret
	for i, part := range Parts() {
		for n, text := range strings.Fields(in[i]) {
			tpe, status, _ := strings.Cut(text, "/")
			m, ok := ManifestOf(mustVersion(tpe))
			if !ok {
				m.Versions[i] = "0.0.1"
			}
			all = append(all, secret(part.Name, n+1, words[status], stored(being(payloadOf(part.Chart, m.Versions[i], tpe, ""), words[status], "Upgrade complete"))))
		}
	}
	return all
}
