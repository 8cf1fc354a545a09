// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/build"
)

// A machine is a lab whose namespaces exist, so that processes can be started
// in it.
type machine struct {
	*Node
	settings settings
	programs build.Programs
	init     process
}

// machine returns the lab's, if it is up.
func (n *Node) machine(ctx context.Context) (*machine, error) {
	s, err := n.readSettings()
	if err != nil {
		return nil, err
	}
	init, found, err := n.findInit()
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("lab %s is not up", n.Name)
	}
	programs, err := n.builder.Programs(ctx, s.Minor)
	return &machine{n, s, programs, init}, err
}

// environment is that of every process of the lab: nothing comes from the user's.
func environment(programs build.Programs) []string {
	return []string{
		"PATH=" + filepath.Dir(programs.Shim) + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root",
		"LANG=C",
		"TZ=UTC",
		"GOGC=400", // a lab has memory to spare, and little else
	}
}

// enter is a command in the lab's namespaces.
func (m *machine) enter(ctx context.Context, command ...string) *exec.Cmd {
	args := []string{fmt.Sprintf("--target=%d", m.init.pid), "--mount", "--pid", "--"}
	cmd := exec.CommandContext(ctx, "nsenter", append(args, command...)...)
	cmd.Dir, cmd.Env = "/", environment(m.programs)
	return cmd
}

// find returns the processes of a component: one when it runs.
func (m *machine) find(c component) ([]process, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	var found []process
	for _, p := range all {
		if p.namespace == m.init.namespace && c.is(p.arguments) {
			found = append(found, p)
		}
	}
	return found, nil
}

// runs reports whether a component runs.
func (m *machine) runs(c component) (bool, error) {
	running, err := m.find(c)
	return len(running) > 0, err
}

// start starts a component as a child of init, unless it runs already.
func (m *machine) start(ctx context.Context, c component) error {
	if running, err := m.runs(c); err != nil || running {
		return err
	}
	command := append([]string{m.programs.Init, "start", m.log(c)}, c.command...)
	if out, err := m.enter(ctx, command...).CombinedOutput(); err != nil {
		return fmt.Errorf("start %s: %w: %s", c.name, err, out)
	}
	// Its arguments, by which it is found, appear a moment after it.
	if err := waitFor(ctx, 5*time.Second, c.name, func() (bool, error) { return m.runs(c) }); err != nil {
		return fmt.Errorf("%w: %s", err, m.lastLine(c))
	}
	return nil
}

func (m *machine) stop(ctx context.Context, c component) error { return m.end(ctx, c, syscall.SIGTERM) }
func (m *machine) kill(ctx context.Context, c component) error { return m.end(ctx, c, syscall.SIGKILL) }

// end sends a signal to a component and waits until it is gone.
func (m *machine) end(ctx context.Context, c component, sig syscall.Signal) error {
	running, err := m.find(c)
	if err != nil {
		return err
	}
	for _, p := range running {
		if err := p.signal(sig); err != nil {
			return fmt.Errorf("end %s: %w", c.name, err)
		}
	}
	return waitFor(ctx, 30*time.Second, c.name+" to end", func() (bool, error) {
		running, err := m.runs(c)
		return !running, err
	})
}

// log is the file of a component's output.
func (m *machine) log(c component) string { return m.path("log", c.name+".log") }
