// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

const cgroupRoot = "/sys/fs/cgroup"

// cgroup is the path of the cgroup that holds all of the lab's pods.
func (n *Node) cgroup() string { return "/kubectl-tpe-lab-" + n.Name }

// cgroups are the folders of the lab's cgroup: one in version 2 of cgroups, one
// for each hierarchy of version 1.
func (n *Node) cgroups() ([]string, error) {
	if _, err := os.Stat(cgroupRoot + "/cgroup.controllers"); err == nil {
		return []string{cgroupRoot + n.cgroup()}, nil
	}
	hierarchies, err := filepath.Glob(cgroupRoot + "/*/cgroup.procs")
	if len(hierarchies) == 0 {
		err = errors.Join(err, fmt.Errorf("no cgroups are mounted in %s", cgroupRoot))
	}
	var dirs []string
	for _, hierarchy := range hierarchies {
		dirs = append(dirs, filepath.Dir(hierarchy)+n.cgroup())
	}
	return dirs, err
}

// makeCgroups makes the lab's cgroup, in which the kubelet makes those of pods.
func (n *Node) makeCgroups() error {
	dirs, err := n.cgroups()
	if err != nil {
		return err
	}
	// In version 2 a cgroup has only the controllers that its parent passes on.
	for _, controller := range []string{"cpuset", "cpu", "io", "memory", "hugetlb", "pids"} {
		passOn := cgroupRoot + "/cgroup.subtree_control"
		if err := os.WriteFile(passOn, []byte("+"+controller), 0o644); err != nil {
			continue // version 1, or a kernel without it: the kubelet says what it misses
		}
	}
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// removeCgroups removes the lab's cgroup. Its processes are gone.
func (n *Node) removeCgroups() error {
	dirs, err := n.cgroups()
	for _, dir := range dirs {
		err = errors.Join(err, removeCgroup(dir))
	}
	return err
}

// removeCgroup removes a cgroup and those below it, innermost first. The files in
// it are the kernel's and go with it.
func removeCgroup(dir string) error {
	var dirs []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			dirs = append(dirs, path)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, dir := range slices.Backward(dirs) {
		if err := syscall.Rmdir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return &os.PathError{Op: "remove cgroup", Path: dir, Err: err}
		}
	}
	return nil
}
