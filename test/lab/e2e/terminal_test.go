// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/fault"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/proxy"
	"github.com/kubectl-tpe/kubectl-tpe/test/screen"
)

// A shown screen is what a terminal shows of what a command writes.
type shown struct {
	lock   sync.Mutex
	screen *screen.Screen
	first  time.Time // when something was written that can be seen
}

func (s *shown) Write(text []byte) (int, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.first.IsZero() && len(bytes.TrimSpace(text)) > 0 {
		s.first = time.Now()
	}
	return s.screen.Write(text)
}

func (s *shown) resize(t *testing.T, terminal *fault.Terminal, columns, rows int) {
	t.Helper()
	s.lock.Lock()
	defer s.lock.Unlock()
	check(t, terminal.Resize(uint16(columns), uint16(rows)))
	s.screen.Resize(columns, rows)
}

func (s *shown) look() (text string, wrapped []int) {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.screen.String(), s.screen.Wrapped()
}

// progressLine is what only the line of a wait under way has.
const progressLine = "safe to interrupt"

// TestWaitOnATerminal waits from the start to the end of an upgrade at 80 by 24, which becomes 60
// by 15 and 80 by 24 again. There is one line of progress at most, whatever the size, and none at
// the end; nothing wraps but where the window became narrower than what was there.
func TestWaitOnATerminal(t *testing.T) {
	t.Parallel()
	s := openSuite(t)
	s.whole.RLock()
	defer s.whole.RUnlock()
	r := &recorded{suite: s, namespace: "e2e-terminal", dir: t.TempDir()}
	s.loaded(t, "upgrade", r.namespace)
	out := &shown{screen: screen.New(80, 24)}
	terminal, err := fault.NewTerminal(out, 80, 24)
	check(t, err)
	cmd := r.onTerminal(s.node.Kubeconfig(), "wait", "--timeout=10m", "-n", r.namespace)
	check(t, terminal.Start(cmd))
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	progress := 0
	for begin, sized, over := time.Now(), 0, false; !over; {
		select {
		case err := <-ended:
			over = true
			if err != nil {
				t.Errorf("wait: %v", err)
			}
		case <-time.After(100 * time.Millisecond):
		}
		switch since := time.Since(begin); {
		case sized == 0 && since > 12*time.Second:
			out.resize(t, terminal, 60, 15)
			sized++
		case sized == 1 && since > 24*time.Second:
			out.resize(t, terminal, 80, 24)
			sized++
		}
		text, _ := out.look()
		if n := strings.Count(text, progressLine); n > 1 {
			t.Fatalf("%d lines of progress:\n%s", n, text)
		} else if n == 1 {
			progress++
		}
	}
	if terminal.Changed() {
		t.Error("the terminal is left otherwise than it was")
	}
	terminal.Close()
	text, wrapped := out.look()
	if progress == 0 || strings.Contains(text, progressLine) || !strings.Contains(text, "DONE ") || len(wrapped) > 0 {
		t.Errorf("progress was seen %d times; lines %v wrap; at the end:\n%s", progress, wrapped, text)
	}
	t.Logf("progress was seen %d times; at the end:\n%s", progress, text)
}

// TestFirstWord asks over a link that takes 300 ms each way. Within 300 ms of its start, a wait
// says what it asks. A busy machine only makes that later: the best of some tries counts, and if
// none is good, how long a program takes to start at all does not.
func TestFirstWord(t *testing.T) {
	t.Parallel()
	s := openSuite(t)
	s.whole.RLock()
	defer s.whole.RUnlock()
	r := &recorded{suite: s, namespace: "default", dir: t.TempDir()}
	through := filepath.Join(r.dir, "slow")
	p, err := proxy.ToServer(s.node.Kubeconfig(), through)
	check(t, err)
	t.Cleanup(p.Close)
	const each, most = 300 * time.Millisecond, 300 * time.Millisecond
	check(t, p.Delay(each))
	best, start := time.Hour, time.Hour
	var text string
	for range 10 {
		begin := time.Now()
		r.run("explain", "8")
		start = min(start, time.Since(begin))
		out := &shown{screen: screen.New(80, 24)}
		terminal, err := fault.NewTerminal(out, 80, 24)
		check(t, err)
		cmd := r.onTerminal(through, "wait", "--timeout=20s", "-n", r.namespace)
		begin = time.Now()
		check(t, terminal.Start(cmd))
		time.Sleep(2 * most)
		text, _ = out.look()
		check(t, cmd.Process.Signal(syscall.SIGINT))
		_ = cmd.Wait() // it was interrupted
		terminal.Close()
		if took := out.first.Sub(begin); !out.first.IsZero() && strings.HasPrefix(text, "asking ") {
			best = min(best, took)
		}
		if best <= most {
			break
		}
	}
	t.Logf("the first word came after %s; to start takes %s", best, start)
	if best > most+start {
		t.Errorf("the first word came after %s, and to start takes %s; there was %q", best, start, text)
	}
}

func (r *recorded) onTerminal(kubeconfig string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(r.plugin, "kubectl-tpe"), args...)
	cmd.Env = []string{"HOME=" + r.dir, "KUBECONFIG=" + kubeconfig, "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color"}
	return cmd
}
