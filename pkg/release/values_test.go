// SPDX-License-Identifier: Apache-2.0

package release

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/yaml"
)

func table(t *testing.T, text string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := yaml.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestValues(t *testing.T) {
	c := newCluster(t,
		secret("tpe", 1, StatusSuperseded, stored(payloadOf("c", "1.0.0", "", `,"config":{"x":1}`))),
		secret("tpe", 2, StatusFailed, stored(payloadOf("c", "1.0.0", "", `,"config":{"x":2,"big":1000000}`))),
		secret("tpe", 3, StatusDeployed, stored(payloadOf("c", "1.0.0", "", ""))))
	for revision, want := range map[int]string{0: "null", 1: "x: 1", 2: "big: 1000000\nx: 2", 3: "null"} {
		v, err := c.Values(t.Context(), "tpe", revision)
		if err != nil {
			t.Fatal(err)
		}
		got, err := yaml.Marshal(v.User)
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.TrimSpace(string(got)); text != want {
			t.Errorf("revision %d: %q, want %q", revision, text, want)
		}
	}
	if _, err := c.Values(t.Context(), "tpe", 4); !apierrors.IsNotFound(err) {
		t.Errorf("a revision that is not there: %v", err)
	}
	if _, err := c.Values(t.Context(), "tpe-data", 0); !apierrors.IsNotFound(err) {
		t.Errorf("a release that is not there: %v", err)
	}
}

// No secret is shown, whatever it is called and whatever it looks like.
func TestChangesMaskSecrets(t *testing.T) {
	before := &Values{User: table(t, `
same: {password: s3cr3t-1}
replicas: 2
enabled: true
memory: 512Mi
image: {tag: 1.2.3-rc.1}
size: s3cr3t-9
cpu: 1
version: "12345678"
host: s3cr3t-host
password: s3cr3t-2
pin: 1234
tokens: {size: 10Gi}
answer: 42
plan: 1.2.3
code: 20Gi
list: [s3cr3t-3]
gone: s3cr3t-4
was: {table: 1}
none: null
url: "https://u:s3cr3t-5@h/"
`)}
	after := &Values{User: table(t, `
same: {password: s3cr3t-1}
replicas: 3
enabled: false
memory: 1Gi
image: {tag: 1.2.4}
size: 10Gi
cpu: 0.5
version: "12345679"
host: s3cr3t-other
password: s3cr3t-6
pin: 4321
tokens: {size: 20Gi}
answer: 43
plan: 1.2.4
code: 30Gi
list: [s3cr3t-7]
new: {deep: s3cr3t-8}
was: 1
none: 1
url: null
`)}
	want := []Change{
		{"answer", Masked, Masked},
		{"code", Masked, Masked},
		{"cpu", "1", "0.5"},
		{"enabled", "true", "false"},
		{"gone", Masked, ""},
		{"host", Masked, Masked},
		{"image.tag", "1.2.3-rc.1", "1.2.4"},
		{"list", Masked, Masked},
		{"memory", "512Mi", "1Gi"},
		{"new.deep", "", Masked},
		{"none", "null", Masked},
		{"password", Masked, Masked},
		{"pin", Masked, Masked},
		{"plan", Masked, Masked},
		{"replicas", "2", "3"},
		{"size", Masked, "10Gi"},
		{"tokens.size", Masked, Masked},
		{"url", Masked, "null"},
		{"version", Masked, Masked},
		{"was", Masked, Masked},
	}
	changes := Changes(before, after, false)
	if diff := cmp.Diff(want, changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	for _, c := range changes {
		if strings.Contains(c.Before+c.After, "s3cr3t") {
			t.Errorf("a secret is shown: %+v", c)
		}
	}
	if changes := Changes(before, before, false); len(changes) != 0 {
		t.Errorf("no change is %v", changes)
	}
}

func TestChangesWithSecrets(t *testing.T) {
	before := &Values{User: table(t, `{a: x, b: 1, c: [1, {d: e}], d: "", e: {f: true}}`)}
	after := &Values{User: table(t, `{a: z, b: 2, c: [2], e: 1}`)}
	want := []Change{{"a", `"x"`, `"z"`}, {"b", "1", "2"}, {"c", `[1,{"d":"e"}]`, "[2]"}, {"d", `""`, ""}, {"e", `{"f":true}`, "1"}}
	if diff := cmp.Diff(want, Changes(before, after, true)); diff != "" {
		t.Error(diff)
	}
}

func TestRepository(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"as helm repo add writes it", "apiVersion: \"\"\nrepositories:\n- {name: stable, url: https://charts.example.com}\n- {name: actility, password: id, username: id, url: https://repository.thingpark.com/charts}\n", "actility"},
		{"under another name, with a slash", "repositories:\n- {name: tpe, url: https://Repository.ThingPark.com/charts/}\n", "tpe"},
		{"with the InstallationID in it", "repositories:\n- {name: tpe, url: 'https://id:id@repository.thingpark.com/charts'}\n", "tpe"},
		{"empty", "", ""},
		{"of others", "repositories:\n- {name: actility, url: https://repository.thingpark.com.example.com/charts}\n- {name: x, url: 'https://example.com/?repository.thingpark.com/charts'}\n- {name: y, url: 'https://[::1'}\n", ""},
	}
	for _, tt := range tests {
		if got, err := Repository([]byte(tt.in)); err != nil || got != tt.want {
			t.Errorf("%s: %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
	if name, err := Repository([]byte("password: [secret")); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("damaged: %q, %v", name, err)
	}
}

const metadatas = `Executing playbook get-backup-metadatas.yml

- on hosts: localhost -
Gathering Facts...
localhost ok
Check parameters...
localhost ok: {
    "changed": false,
    "msg": "some other message"
}
Backup metadatas:...
localhost ok: {
    "changed": false,
    "msg": [
        "helm:",
        "    appVersion: 7.1.0",
        "    chart: thingpark-enterprise-1.0.2",
        "    releaseName: tpe",
        "    releaseNamespace: thingpark",
        "    revision: '7'",
        "id: thingpark-enterprise-backup-20220120093259",
        "tm: '2022-01-20T09:32:59Z'",
        "type: on-demand"
    ]
}
`

func TestReadBackup(t *testing.T) {
	const name = "thingpark-enterprise-backup-20220120093259"
	want := Backup{
		Name: name, AppVersion: "7.1.0", Chart: "thingpark-enterprise-1.0.2", Release: "tpe",
		Namespace: "thingpark", Revision: "7", Time: "2022-01-20T09:32:59Z", Type: "on-demand",
	}
	for _, text := range []string{metadatas, metadatas[strings.LastIndex(metadatas, " ok: "):], strings.ReplaceAll(metadatas, "\n", "\r\n")} {
		got, err := ReadBackup(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	for in, want := range map[string]string{
		"":                            "no task of it printed metadata",
		metadatas[:len(metadatas)-40]: "no task of it printed metadata",
		strings.Replace(metadatas, "93259\"", "93250\"", 1): `the metadata belongs to "thingpark-enterprise-backup-20220120093250"`,
	} {
		if b, err := ReadBackup(name, []byte(in)); err == nil || err.Error() != want {
			t.Errorf("%+v, %v; want the error %q", b, err, want)
		}
	}
}

func TestBackupNames(t *testing.T) {
	text := `localhost ok: {"msg": ["thingpark-enterprise-backup-20250413023000", "thingpark-enterprise-backup-20250513091609",
"thingpark-enterprise-backup-20250413023000", "thingpark-enterprise-backup-1"]}`
	want := []string{"thingpark-enterprise-backup-20250513091609", "thingpark-enterprise-backup-20250413023000"}
	if diff := cmp.Diff(want, BackupNames([]byte(text))); diff != "" {
		t.Error(diff)
	}
}
