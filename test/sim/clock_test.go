// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A crash loop between two crashes, as of a time: its container runs since then.
const restarted = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: twa, generation: 1}
spec: {replicas: 1, selector: {matchLabels: {app: twa}}, template: {metadata: {labels: {app: twa}}, spec: {containers: [{name: twa, image: x}]}}}
status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1}
---
apiVersion: v1
kind: Pod
metadata: {name: twa-1-a, labels: {app: twa, pod-template-hash: "1"}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: twa-1, uid: u-ReplicaSet-twa-1, controller: true}]}
spec: {nodeName: node-1, containers: [{name: twa, image: x}]}
status: {phase: Running, conditions: [{type: Ready, status: "True"}], containerStatuses: [{name: twa, ready: true, started: true, restartCount: 5, image: x, imageID: x,
  state: {running: {startedAt: '{{ago "STARTED"}}'}}, lastState: {terminated: {exitCode: 1, reason: Error, startedAt: '{{ago "ENDED"}}', finishedAt: '{{ago "ENDED"}}'}}}]}
`

// How long a container has run is a difference of the cluster's times, whatever the clock
// of this machine says.
func TestAgesAreByTheServersClock(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		ahead time.Duration // of the server's clock
		runs  time.Duration // by the server's clock
		want  int
	}{
		"the same time, a crash loop":              {0, 20 * time.Second, 8},
		"the same time, well for an hour":          {0, time.Hour, 0},
		"this machine is ahead, a crash loop":      {-5 * time.Minute, 20 * time.Second, 8},
		"this machine is behind, well for an hour": {2 * time.Hour, time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Start(t.TempDir(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close() //nolint:errcheck
			text := strings.ReplaceAll(strings.ReplaceAll(restarted, "STARTED", tt.runs.String()), "ENDED", (tt.runs + time.Second).String())
			now := time.Now().Add(tt.ahead) // the server's clock stands still, however long this takes
			objects, err := Objects(text, now)
			if err != nil {
				t.Fatal(err)
			}
			s.Store.Apply(objects...)
			web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
				r.Header.Set("Authorization", "Bearer "+s.token) // nobody logs in without TLS
				s.ServeHTTP(w, r)
			}))
			defer web.Close()
			defer web.CloseClientConnections()
			kubeconfig := filepath.Join(t.TempDir(), "config")
			config := "{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, namespace: " + Namespace + "}}], clusters: [{name: c, cluster: {server: '" + web.URL + "'}}]}"
			if err := os.WriteFile(kubeconfig, []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			later := "--timeout=2s"
			if tt.want == 0 {
				later = "--timeout=2m" // it ends before
			}
			for _, timeout := range []string{"--timeout=0", later} {
				cmd := exec.CommandContext(t.Context(), plugin, "wait", "--for=workloads", timeout)
				cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "HOME="+t.TempDir())
				var out bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &out
				_ = cmd.Run() // its exit code tells
				want := tt.want
				if want == 8 && timeout != "--timeout=0" {
					want = 124
				}
				if got := cmd.ProcessState.ExitCode(); got != want {
					t.Errorf("%s: exit code %d, want %d\n%s", timeout, got, want, out.String())
				}
			}
		})
	}
}
