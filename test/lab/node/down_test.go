// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDownLeavesNothing stops labs that are broken. TestUp stops one that works.
func TestDownLeavesNothing(t *testing.T) {
	tests := []struct {
		name string
		use  func(*testing.T, *Node)
	}{
		{"never up", func(*testing.T, *Node) {}},
		{"everything killed, folder damaged", func(t *testing.T, n *Node) {
			upWithPods(t, n)
			killEverything(t, n)
			damage(t, n)
		}},
		{"up killed while it makes namespaces", func(t *testing.T, n *Node) { killedUp(t, n, "lab-init") }},
		{"up killed while it starts components", func(t *testing.T, n *Node) { killedUp(t, n, "containerd") }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n := newLab(t, "test-down")
			before := takeSnapshot(t, n)
			test.use(t, n)
			downWithAll(t, n, before)
		})
	}
}

// downWithAll takes the lab down and compares what is left with what was before.
func downWithAll(t *testing.T, n *Node, before snapshot) {
	t.Helper()
	down(t, n)
	// What others do on the machine at this moment may show once, not for long.
	left := takeSnapshot(t, n).without(before)
	for range 20 {
		if len(left) == 0 {
			return
		}
		time.Sleep(250 * time.Millisecond)
		left = takeSnapshot(t, n).without(before)
	}
	t.Errorf("left by the lab:\n%s", strings.Join(left, "\n"))
}

// Other tests run kubectl meanwhile, from where the lab's programs are, too.
func TestOnlyItsOwnClientIsATraceOfALab(t *testing.T) {
	n := newLab(t, "test-down")
	kubectl, err := n.PlainKubectl(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, client := range []struct {
		of    string
		trace bool
	}{{n.dir, true}, {labs + "/test-other", false}} {
		cmd := exec.CommandContext(t.Context(), kubectl, "create", "-f", "-")
		cmd.Env = []string{"KUBECONFIG=" + client.of + "/kubeconfig/admin"}
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		prefix := fmt.Sprintf("%d ", cmd.Process.Pid)
		if found := slices.ContainsFunc(foreignProcesses(t, n), func(p string) bool { return strings.HasPrefix(p, prefix) }); found != client.trace {
			t.Errorf("kubectl of %s is a trace of %s: %v, want %v", client.of, n.Name, found, client.trace)
		}
		_ = stdin.Close()
		_ = cmd.Wait() // it has nothing to create
	}
}

// upWithPods also makes sure that a snapshot would show what is left.
func upWithPods(t *testing.T, n *Node) {
	t.Helper()
	before := takeSnapshot(t, n)
	for range 20 {
		time.Sleep(250 * time.Millisecond) // as below
		again := takeSnapshot(t, n)
		same := len(again.Links) == len(before.Links)
		if before = again; same {
			break
		}
	}
	up(t, n)
	runPods(t, n, "pods", 3)
	now := takeSnapshot(t, n)
	for range 20 {
		if len(now.Links)-len(before.Links) == 3 {
			break
		}
		time.Sleep(250 * time.Millisecond) // another lab's new link has no address yet that tells whose it is
		now = takeSnapshot(t, n)
	}
	if got := len(now.Links) - len(before.Links); got != 3 {
		t.Errorf("a lab with 3 pods shows %d links more, want 3", got)
	}
	started := slices.DeleteFunc(slices.Clone(now.Processes), func(p string) bool { return slices.Contains(before.Processes, p) })
	if len(started) < 6+3*3 { // what ended meanwhile was of others
		t.Errorf("a lab with 3 pods shows these processes, want 6 components and 3 of each pod:\n%s", strings.Join(started, "\n"))
	}
	if len(now.Cgroups) <= len(before.Cgroups) || len(now.Folders) <= len(before.Folders) {
		t.Errorf("a lab with 3 pods shows no cgroup or folder: %+v", now)
	}
}

// damage leaves of the lab's folder what a careless hand might.
func damage(t *testing.T, n *Node) {
	t.Helper()
	if err := os.WriteFile(n.path("settings.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"pki", "etc", "kubeconfig"} {
		if err := os.RemoveAll(n.path(dir)); err != nil {
			t.Fatal(err)
		}
	}
}
