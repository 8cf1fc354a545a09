// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/standin/pum"
)

const twoBackups = `[
	{"name": "thingpark-enterprise-backup-20220119023000", "appVersion": "7.0.9"},
	{"name": "thingpark-enterprise-backup-20220120093259", "appVersion": "7.1.0", "chart": "thingpark-enterprise-1.0.2",
	 "releaseName": "tpe", "releaseNamespace": "thingpark", "revision": 7, "tm": "2022-01-20T09:32:59Z", "type": "on-demand"}]`

// The task's text is the vendor's sample, from the rollback guide of 7.1.
func TestPlaybookPrintsMetadataAsTheVendor(t *testing.T) {
	t.Setenv("TPE_BACKUPS", twoBackups)
	var out strings.Builder
	if err := playbook(&out, "get-backup-metadatas", []string{"-e", "backup_name=thingpark-enterprise-backup-20220120093259"}); err != nil {
		t.Fatal(err)
	}
	want := `Executing playbook get-backup-metadatas.yml

- on hosts: localhost -
Gathering Facts...
localhost ok
Backup metadatas...
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
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

func TestPlaybookListsBackups(t *testing.T) {
	t.Setenv("TPE_BACKUPS", twoBackups)
	var out strings.Builder
	if err := playbook(&out, "list-backups", nil); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.Count(got, "thingpark-enterprise-backup-2022") != 2 {
		t.Errorf("got %s, want two backups", got)
	}
	if err := playbook(&out, "get-backup-metadatas", []string{"-e", "backup_name=other"}); err == nil {
		t.Error("no error for a backup that does not exist")
	}
}

func TestNodeKnowsNoScriptButPUMs(t *testing.T) {
	t.Chdir(t.TempDir())
	store := pum.Store{Dir: t.TempDir()}
	if err := store.Init(pum.State{Answer: pum.Answer{Exit: 3}}); err != nil {
		t.Fatal(err)
	}
	if code, err := node(t.Context(), store, []string{"app.js", "display"}); code != 1 || err == nil || !strings.Contains(err.Error(), "Cannot find module") {
		t.Errorf("without app.js: code %d, error %v", code, err)
	}
	if err := os.WriteFile(filepath.Join(".", "app.js"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]int{"display": 3, "restart": 0, "status": 1} {
		if code, err := node(t.Context(), store, []string{"app.js", command}); code != want || (want == 1) != (err != nil) {
			t.Errorf("%s: code %d, error %v, want %d", command, code, err, want)
		}
	}
	state, err := store.Read()
	if err != nil || len(state.Restarts) != 1 {
		t.Errorf("%d restarts, error %v, want 1", len(state.Restarts), err)
	}
}
