// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/test/recorded"
)

// On a cluster that is played from a recording the plugin says what it said when that was made.
func TestRecordingsArePlayed(t *testing.T) {
	names, err := recorded.Names()
	if err != nil || len(names) < 20 {
		t.Fatalf("%d recordings: %v", len(names), err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, err := recorded.Snapshot(name)
			if err != nil {
				t.Fatal(err)
			}
			c, err := FromRecording("../recorded/testdata/"+name+".jsonl", 1)
			if err != nil {
				t.Fatal(err)
			}
			p := play(t, c, t.TempDir())
			var out bytes.Buffer
			cmd := exec.Command(plugin, "status", "--kubeconfig="+p.Kubeconfig())
			cmd.Stdout, cmd.Stderr = &out, &out
			err = cmd.Run()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if code := cmd.ProcessState.ExitCode(); code != int(verdict.Judge(want).ExitCode) {
				t.Errorf("exit code %d, want %d:\n%s", code, verdict.Judge(want).ExitCode, out.String())
			}
		})
	}
}

// secrets is a namespace with a secret wherever people put one.
const secrets = `
name: secrets
args: [record]
want: [3]
objects: |
  apiVersion: v1
  kind: Pod
  metadata: {name: twa-1-a, labels: {app: twa, pod-template-hash: "1"}, annotations: {kubectl.kubernetes.io/last-applied-configuration: pl4nted-s3cret}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: twa-1, uid: u-ReplicaSet-twa-1, controller: true}]}
  spec: {nodeName: node-1, containers: [{name: twa, image: x, command: [pl4nted-s3cret], args: [--password=pl4nted-s3cret], env: [{name: PASSWORD, value: pl4nted-s3cret}]}]}
  status: {phase: Running, containerStatuses: [{name: twa, ready: false, restartCount: 9, image: x, imageID: x, state: {waiting: {reason: CrashLoopBackOff, message: "login failed: password=pl4nted-s3cret"}}, lastState: {terminated: {exitCode: 1, reason: Error, message: "https://u:pl4nted-s3cret@h"}}}]}
  ---
  apiVersion: batch/v1
  kind: Job
  metadata: {name: pum-process, generation: 1}
  spec: {completions: 1, parallelism: 1, backoffLimit: 6, selector: {matchLabels: {batch.kubernetes.io/controller-uid: u-Job-pum-process}}, template: {metadata: {labels: {job-name: pum-process}}, spec: {restartPolicy: Never, containers: [{name: pum-process, image: x}]}}}
  status: {startTime: '{{ago "1m"}}', completionTime: '{{ago "30s"}}', succeeded: 1, conditions: [{type: Complete, status: "True", lastTransitionTime: '{{ago "30s"}}'}]}
  ---
  apiVersion: v1
  kind: Pod
  metadata: {name: pum-process-a, labels: {job-name: pum-process}, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: pum-process, uid: u-Job-pum-process, controller: true}]}
  spec: {nodeName: node-1, restartPolicy: Never, containers: [{name: pum-process, image: x}]}
  status: {phase: Succeeded, startTime: '{{ago "1m"}}', containerStatuses: [{name: pum-process, ready: false, restartCount: 0, image: x, imageID: x, state: {terminated: {exitCode: 0, reason: Completed, startedAt: '{{ago "1m"}}', finishedAt: '{{ago "30s"}}'}}}]}
helm:
- {name: tpe, chart: thingpark-enterprise, version: "2.0.0", app: "8.0.0", revision: 2, ago: "2h", status: failed, description: "Upgrade failed: password=pl4nted-s3cret", values: {db: {password: pl4nted-s3cret}}}
pum:
  stderr: "token=pl4nted-s3cret"
  entries:
  - {uid: 1, state: ABORTED, requestBody: '{"password":"pl4nted-s3cret"}', lastResponse: '{"status":500,"message":"no login with password pl4nted-s3cret"}'}
logs:
- {pod: twa-1-a, container: twa, previous: true, text: "starting\nAuthorization: Bearer pl4nted-s3cret\n"}
- {pod: pum-process-a, container: pum-process, text: "one\nclient_secret: pl4nted-s3cret\n"}
`

// What is planted in the environment, command lines, annotations, Helm values, messages, bodies and
// logs of a cluster is not in a recording of it, unless that was asked for.
func TestSecretsAreNotRecorded(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "secrets.yaml")
	if err := os.WriteFile(file, []byte(secrets), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	p := play(t, c, dir)
	for name, want := range map[string]int{"--logs": 0, "--keep-values": 7} {
		path := filepath.Join(dir, "a"+name+".jsonl")
		out, err := exec.Command(plugin, "record", "--once", path, "--logs", name, "--kubeconfig="+p.Kubeconfig()).CombinedOutput()
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != int(verdict.ExitFailed) {
			t.Fatalf("%v\n%s", err, out)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, kept := range []string{"login failed: password=", "Upgrade failed: password=", "no login with password ", "Authorization: ", "client_secret: "} {
			if !bytes.Contains(text, []byte(kept)) {
				t.Errorf("record %s: %q is not in it, so that nothing is shown", name, kept)
			}
		}
		if n := bytes.Count(text, []byte("pl4nted-s3cret")); n < want || want == 0 && n > 0 {
			t.Errorf("record %s: the secret is %d times in it, want at least %d:\n%s", name, n, want, text)
		}
		for _, never := range []string{`"db"`, `"env"`, "PASSWORD", "--password=", "last-applied"} {
			if bytes.Contains(text, []byte(never)) {
				t.Errorf("record %s: %q is in it", name, never)
			}
		}
	}
}
