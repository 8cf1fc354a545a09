// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Init is process 1 of a lab. It runs in a mount and a process namespace of its
// own, and everything else of the lab runs in there with it. When init dies, the
// kernel kills every process of the lab and drops every mount and network
// namespace, however it came to be there: that is how a lab leaves nothing behind.
//
//	lab-init DIR                    makes the mounts, then waits for orphans
//	lab-init start LOG COMMAND ...  starts a process that init adopts
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

func main() {
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 1:
		err = serve(args[0])
	case len(args) > 2 && args[0] == "start":
		err = start(args[1], args[2], args[3:])
	default:
		err = errors.New("want a folder, or start LOG COMMAND")
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "lab-init: %v\n", err)
		os.Exit(1)
	}
}

// serve never returns once the mounts are made. The process's name then says so
// to whoever waits for it: see node.
func serve(dir string) error {
	if err := mounts(dir); err != nil {
		return err
	}
	if err := os.WriteFile("/proc/self/comm", []byte("lab-ready"), 0o644); err != nil {
		return err
	}
	reap()
	return nil
}

// mounts gives the lab folders of its own where Kubernetes and its container
// runtime have fixed paths: those that outlive a restart of the node inside dir,
// the others in memory.
func mounts(dir string) error {
	// Nothing mounted from here on may be seen outside, but pods may ask for
	// mounts to be shared with the node: first private, then shared again.
	for _, propagation := range []uintptr{unix.MS_PRIVATE, unix.MS_SHARED} {
		if err := unix.Mount("", "/", "", unix.MS_REC|propagation, ""); err != nil {
			return fmt.Errorf("change the propagation of mounts: %w", err)
		}
	}
	if err := mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC); err != nil {
		return err
	}
	if err := sysctls(dir); err != nil {
		return err
	}
	for _, path := range []string{"/run/containerd", "/run/netns", "/var/lib/cni"} {
		if err := mountFolder("tmpfs", path, "tmpfs", 0); err != nil {
			return err
		}
	}
	for _, path := range []string{"/var/lib/containerd", "/var/lib/kubelet", "/var/log/containers", "/var/log/pods"} {
		source := filepath.Join(dir, "node", path)
		if err := os.MkdirAll(source, 0o755); err != nil {
			return err
		}
		if err := mountFolder(source, path, "", unix.MS_BIND); err != nil {
			return err
		}
	}
	return nil
}

// sysctls puts copies in the place of the kernel's settings that the kubelet and
// the network plugin of the pods would otherwise change for the whole machine.
// Nothing here needs them changed.
func sysctls(dir string) error {
	for _, name := range []string{
		"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
		"kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes", "net/ipv4/ip_forward",
	} {
		original := filepath.Join("/proc/sys", name)
		value, err := os.ReadFile(original)
		if err != nil {
			return err
		}
		copied := filepath.Join(dir, "node", original)
		if err := os.MkdirAll(filepath.Dir(copied), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(copied, value, 0o644); err != nil {
			return err
		}
		if err := mount(copied, original, "", unix.MS_BIND); err != nil {
			return err
		}
	}
	return nil
}

func mountFolder(source, target, kind string, flags uintptr) error {
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	return mount(source, target, kind, flags)
}

func mount(source, target, kind string, flags uintptr) error {
	if err := unix.Mount(source, target, kind, flags, ""); err != nil {
		return fmt.Errorf("mount %s: %w", target, err)
	}
	return nil
}

// reap buries the dead: every orphan of the namespace becomes a child of its
// process 1.
func reap() {
	died := make(chan os.Signal, 1)
	signal.Notify(died, syscall.SIGCHLD)
	for range died { // one signal may stand for several
		for {
			pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			if pid <= 0 && !errors.Is(err, syscall.EINTR) {
				break
			}
		}
	}
}

// start starts a command in a session of its own, its output appended to a file,
// and ends: the command's parent is then init.
func start(log, command string, args []string) error {
	output, err := os.OpenFile(log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	cmd := exec.Command(command, args...)
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd.Start()
}
