// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/test/memory"
)

// The status of an archive of 100 MB takes two seconds of a quiet machine, and 40 MiB. Most of
// such an archive are logs, and it has ten times the pods of an installation. On a busy machine
// the same work takes its processors twice as long, and what is to be collected waits in memory:
// one good try of several is enough.
func TestLargeArchive(t *testing.T) {
	dir := t.TempDir()
	archive := filepath.Join(dir, "audit.tgz")
	if err := os.WriteFile(archive, largeArchive(t, 100<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		cmd := exec.CommandContext(t.Context(), plugin, "status", "--from", archive)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		most, err := runMeasured(cmd)
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) || !strings.Contains(out.String(), "100 of 100 workloads ready") {
			t.Fatalf("%v\n%s", err, &out)
		}
		worked := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		t.Logf("it worked for %s, in %d MiB", worked, most)
		if most == 0 {
			t.Fatal("its memory was not measured")
		}
		if worked <= 4*time.Second && most <= 100 {
			return
		}
	}
	t.Error("each of several tries took too much")
}

// runMeasured runs a command and returns the most memory that it had, in MiB.
func runMeasured(cmd *exec.Cmd) (most int64, err error) {
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			return most >> 20, err
		case <-time.After(5 * time.Millisecond):
		}
		most = max(most, memory.HighWater(cmd.Process.Pid))
	}
}

// largeArchive returns an audit archive of so many bytes, unpacked.
func largeArchive(t *testing.T, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	add := func(name string, text string) {
		size -= len(text)
		err := w.WriteHeader(&tar.Header{Name: "./" + name, Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(text)), ModTime: time.Now()})
		if _, failed := w.Write([]byte(text)); err != nil || failed != nil {
			t.Fatal(err, failed)
		}
	}
	const info = "thingpark-instance/info/tpe/"
	add("tp-audit.log", "Sat: [info]: Start of the audit\n")
	add(info+"deployments.yaml", listOf(100, func(i int) string {
		return fmt.Sprintf("- apiVersion: apps/v1\n  kind: Deployment\n  metadata:\n    generation: 1\n    name: w%d\n    namespace: tpe\n  spec:\n    replicas: 10\n  status:\n    availableReplicas: 10\n    observedGeneration: 1\n    readyReplicas: 10\n    replicas: 10\n    updatedReplicas: 10\n", i)
	}))
	add(info+"pods.yaml", listOf(1000, largePod))
	add(info+"events.yaml", listOf(5000, func(i int) string {
		return fmt.Sprintf("- apiVersion: v1\n  count: 3\n  involvedObject:\n    kind: Pod\n    name: w1-5f-%d\n    namespace: tpe\n  kind: Event\n  lastTimestamp: \"2026-01-31T10:10:00Z\"\n  message: 'Readiness probe failed: HTTP probe failed with statuscode: 503'\n  metadata:\n    name: e%d\n    namespace: tpe\n  reason: Unhealthy\n  type: Warning\n", i, i)
	}))
	add(info+"replicasets.yaml", listOf(1000, largePod))
	for n := 0; size > 0; n++ {
		var log strings.Builder
		fmt.Fprintf(&log, "==== START logs for container main of pod tpe/w1-5f-%d ====\n", n)
		for i := range 5000 {
			fmt.Fprintf(&log, "2026-01-31T10:00:00.%06dZ info: a line of a log, such as every service writes %d\n", i, i*7919)
		}
		add(fmt.Sprintf("%sw1-5f-%d/logs.txt", info, n), log.String())
	}
	if err := errors.Join(w.Close(), z.Close(), context.Cause(t.Context())); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func listOf(n int, item func(int) string) string {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nitems:\n")
	for i := range n {
		b.WriteString(item(i))
	}
	return b.String() + "kind: List\nmetadata:\n  resourceVersion: \"1\"\n"
}

// largePod is a pod as kubectl writes it, with what is left out of most: environment and managed
// fields.
func largePod(i int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "- apiVersion: v1\n  kind: Pod\n  metadata:\n    creationTimestamp: \"2026-01-31T09:00:00Z\"\n    labels:\n      pod-template-hash: 5f\n    managedFields:\n    - apiVersion: v1\n      fieldsV1:\n        f:metadata:\n")
	for j := range 80 {
		fmt.Fprintf(&b, "          f:key%d: {}\n", j)
	}
	fmt.Fprintf(&b, "    name: w%d-5f-%d\n    namespace: tpe\n    ownerReferences:\n    - apiVersion: apps/v1\n      controller: true\n      kind: ReplicaSet\n      name: w%d-5f\n      uid: u%d\n    uid: p%d\n  spec:\n    containers:\n    - env:\n", i/10, i, i/10, i/10, i)
	for j := range 60 {
		fmt.Fprintf(&b, "      - name: VARIABLE_%d\n        value: value-%d\n", j, i*j)
	}
	b.WriteString("      image: repository/w:1\n      name: main\n      readinessProbe:\n        httpGet:\n          path: /health\n          port: 8080\n    nodeName: node-1\n  status:\n    conditions:\n    - lastTransitionTime: \"2026-01-31T09:00:05Z\"\n      status: \"True\"\n      type: Ready\n" +
		"    containerStatuses:\n    - image: repository/w:1\n      name: main\n      ready: true\n      restartCount: 0\n      state:\n        running:\n          startedAt: \"2026-01-31T09:00:02Z\"\n    phase: Running\n")
	return b.String()
}
