// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A snapshot is what a lab could leave on the machine. Other labs may come and go
// meanwhile: what is theirs is left out.
type snapshot struct {
	Processes, Mounts, NetworkNamespaces, Links, Rules, Cgroups, Settings, Folders []string
}

func takeSnapshot(t *testing.T, n *Node) snapshot {
	t.Helper()
	s := snapshot{
		Processes:         foreignProcesses(t, n),
		Mounts:            strings.Split(read(t, "/proc/self/mounts"), "\n"),
		NetworkNamespaces: glob(t, "/run/netns/*"),
		Links:             linksOf(t, n),
		Rules:             firewallRules(t),
		Settings: []string{
			"ip_forward " + read(t, "/proc/sys/net/ipv4/ip_forward"),
			"overcommit_memory " + read(t, "/proc/sys/vm/overcommit_memory"),
			"panic " + read(t, "/proc/sys/kernel/panic"),
		},
	}
	for _, pattern := range []string{"/sys/fs/cgroup/*", "/sys/fs/cgroup/*/*", "/sys/fs/cgroup/*/*/*"} {
		s.Cgroups = append(s.Cgroups, withoutOtherLabs(n, directories(glob(t, pattern)))...)
	}
	for _, pattern := range []string{labs + "/*", "/run/containerd/*", "/var/lib/cni/*", "/var/lib/containerd/*", "/var/lib/kubelet/*", "/var/log/containers/*", "/var/log/pods/*"} {
		s.Folders = append(s.Folders, glob(t, pattern)...)
	}
	s.Folders = withoutOtherLabs(n, s.Folders)
	return s
}

// without returns what is in a snapshot and was not in an earlier one. What
// others took away meanwhile is no trace of a lab.
func (s snapshot) without(before snapshot) []string {
	return slices.DeleteFunc(s.all(), func(thing string) bool { return slices.Contains(before.all(), thing) })
}

func (s snapshot) all() []string {
	return slices.Concat(s.Processes, s.Mounts, s.NetworkNamespaces, s.Links, s.Rules, s.Cgroups, s.Settings, s.Folders)
}

// foreignProcesses are the processes that run in a process namespace other than
// this one's, or from a lab's program, or with the lab's folder as argument.
func foreignProcesses(t *testing.T, n *Node) []string {
	t.Helper()
	all, err := processes()
	if err != nil {
		t.Fatal(err)
	}
	self, ok := readProcess(os.Getpid())
	if !ok {
		t.Fatal("this process is not in /proc")
	}
	var found []string
	for _, p := range all {
		exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", p.pid)) // kernel threads have none
		environment, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.pid))
		// No lab starts kubectl: one that does not name this lab is a client of another.
		program := strings.HasPrefix(exe, n.builder.Cache) && (filepath.Base(exe) != "kubectl" || strings.Contains(string(environment), n.dir))
		foreign := p.namespace != self.namespace || program || strings.Contains(strings.Join(p.arguments, " "), n.dir)
		if foreign && !ofOtherLab(n, all, p) {
			found = append(found, fmt.Sprintf("%d %s", p.pid, p.arguments))
		}
	}
	slices.Sort(found)
	return found
}

// ofOtherLab reports whether a process is another lab's: the lab-init of one, in
// its namespace, or a descendant of such.
func ofOtherLab(n *Node, all []process, p process) bool {
	isInit := func(p process) bool {
		return filepath.Base(p.arguments[0]) == "lab-init" && len(p.arguments) == 2 && p.arguments[1] != n.dir
	}
	if slices.ContainsFunc(all, func(q process) bool { return q.namespace == p.namespace && isInit(q) }) {
		return true
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	if err != nil {
		return false
	}
	parent := regexp.MustCompile(`(?m)^PPid:\t(\d+)$`).FindStringSubmatch(string(status))
	i := slices.IndexFunc(all, func(q process) bool { return parent != nil && strconv.Itoa(q.pid) == parent[1] })
	return i >= 0 && ofOtherLab(n, all, all[i])
}

// linksOf are the machine's links, without those into the networks of other labs.
func linksOf(t *testing.T, n *Node) []string {
	t.Helper()
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	var others []string
	for _, dir := range glob(t, labs+"/*") {
		other := Node{Name: filepath.Base(dir)}
		if other.Name == n.Name {
			continue
		}
		links, err := other.links()
		if err != nil {
			t.Fatal(err)
		}
		others = append(others, links...)
	}
	var names []string
	for _, link := range interfaces {
		if !slices.Contains(others, link.Name) {
			names = append(names, link.Name)
		}
	}
	return names
}

// firewallRules are the chains and rules of the machine. Without the program
// there are none that the lab's plugins could have made.
func firewallRules(t *testing.T) []string {
	t.Helper()
	if _, err := exec.LookPath("iptables-save"); err != nil {
		return nil
	}
	out, err := exec.Command("iptables-save").Output()
	if err != nil {
		t.Fatalf("iptables-save: %v", err)
	}
	counters := regexp.MustCompile(`(?m)^#.*\n|\[\d+:\d+\]`)
	return strings.Split(counters.ReplaceAllString(string(out), ""), "\n")
}

func withoutOtherLabs(n *Node, paths []string) []string {
	return slices.DeleteFunc(paths, func(path string) bool {
		name := filepath.Base(path)
		inLabs := filepath.Dir(path) == labs && name != n.Name
		lab, isCgroup := strings.CutPrefix(name, "kubectl-tpe-lab-")
		parent, inCgroup := strings.CutPrefix(filepath.Base(filepath.Dir(path)), "kubectl-tpe-lab-")
		return inLabs || isCgroup && lab != n.Name || inCgroup && parent != n.Name
	})
}

func directories(paths []string) []string {
	return slices.DeleteFunc(paths, func(path string) bool {
		info, err := os.Stat(path)
		return err != nil || !info.IsDir()
	})
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
