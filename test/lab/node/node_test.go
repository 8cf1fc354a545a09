// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

func TestNamesOfLabs(t *testing.T) {
	for _, name := range []string{"default", "a", "k8s-1-36", "12345678901234567890"} {
		if _, err := New(name, "", nil, t.Output()); err != nil {
			t.Errorf("New(%q): %v", name, err)
		}
	}
	for _, name := range []string{"", "..", "a/b", "A", "-a", "a-", "a b", "123456789012345678901"} {
		if _, err := New(name, "", nil, t.Output()); err == nil {
			t.Errorf("New(%q) = nil, want an error", name)
		}
	}
}

func TestSettingsAreReadWholeOrNotAtAll(t *testing.T) {
	n := &Node{Name: "test", dir: t.TempDir()}
	if _, err := n.readSettings(); !errors.Is(err, errNoLab) {
		t.Errorf("settings of no lab: %v, want %v", err, errNoLab)
	}
	want := settings{Minor: "1.33", Ports: ports{Etcd: 1, APIServer: 2, Kubelet: 3}}
	if err := n.writeSettings(want); err != nil {
		t.Fatal(err)
	}
	if got, err := n.readSettings(); err != nil || got != want {
		t.Errorf("settings are %v, %v, want %v", got, err, want)
	}
	for _, text := range []string{"", "{", "{}", "null", `{"minor": "1.33"}`, `{"minor": "1.33", "ports": {"etcd": 1, "apiserver": 2}}`} {
		if err := os.WriteFile(n.path("settings.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := n.readSettings(); !errors.Is(err, errDamaged) {
			t.Errorf("settings %q: %v, want %v", text, err, errDamaged)
		}
	}
}

func TestNetworksAreThoseForTests(t *testing.T) {
	_, tests, err := net.ParseCIDR("198.18.0.0/15")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, name := range []string{"default", "e2e", "demo", "test-up", "test-other", "test-down"} {
		n := Node{Name: name}
		if subnet := n.subnet(); !tests.Contains(subnet.IP) {
			t.Errorf("the network of lab %s is %s, want one in %s", name, n.network(), tests)
		}
		seen[n.network()] = true
	}
	if len(seen) != 6 {
		t.Errorf("6 labs share %d networks", len(seen))
	}
}

func TestProcessIsGoneOnlyWithItsLastThread(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), lastThread+"=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, runs := readProcess(cmd.Process.Pid); runs; _, runs = readProcess(cmd.Process.Pid) {
		time.Sleep(time.Millisecond)
	}
	if threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", cmd.Process.Pid)); err != nil || len(threads) != 1 {
		t.Errorf("it is said to be gone with %d threads, %v, want only the one that is to be buried", len(threads), err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestProcessIsTheOneThatWasSeen uses a program whose name is made to mislead
// readers of /proc/PID/stat.
func TestProcessIsTheOneThatWasSeen(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "a) Z 1 (b")
	if err := os.Symlink(sleep, program); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p, ok := readProcess(cmd.Process.Pid)
	for ok && p.arguments[0] == "" && t.Context().Err() == nil { // execve has not come to the arguments yet
		p, ok = readProcess(cmd.Process.Pid)
	}
	if !ok || !slices.Equal(p.arguments, []string{program, "1000"}) {
		t.Fatalf("readProcess() = %q, %v, want %q", p.arguments, ok, program)
	}

	// An earlier process with the same number is killed in vain: what ends this
	// one is the signal meant for it.
	earlier := p
	earlier.started += "0"
	for _, err := range []error{earlier.signal(syscall.SIGKILL), p.signal(syscall.SIGTERM)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("the process ended with %v, want it to be terminated, not killed", err)
	}
	if err := p.signal(syscall.SIGKILL); err != nil || p.alive() {
		t.Errorf("alive after its end: %v, signal: %v", p.alive(), err)
	}
}
