// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/test/sim"
)

// casesDir is the folder of the cases of the simulated cluster.
const casesDir = "../../sim/cases"

// TestPrintedCommands runs the commands that are printed under NEXT, for every case of the
// simulated cluster that stands still, by the real kubectl: each shows what it is there for. What
// would change something is only tried. Of commands alike for the same finding, one is run.
func TestPrintedCommands(t *testing.T) {
	t.Parallel()
	s := openSuite(t)
	cases, err := sim.LoadAll(casesDir)
	check(t, err)
	alike, ran := map[string]bool{}, 0
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		c := cases[name]
		asksOnce := slices.Contains(c.Args, "status") || slices.Contains(c.Args, "releases") || slices.Contains(c.Args, "preflight")
		if !asksOnce || len(c.Steps) > 0 || len(c.Deny) > 0 || c.Unauthorized != nil || c.Faults != nil || len(c.Env) > 0 {
			continue // what is printed may not hold any more, or may not be asked
		}
		ran++
		t.Run(name, func(t *testing.T) {
			s.printed(t, c, alike)
		})
	}
	if ran < 200 {
		t.Errorf("only %d cases stand still", ran)
	}
}

// names are the words that are neither commands, kinds nor flags.
var names = regexp.MustCompile(`[a-z]+(-[a-z0-9]+)+`)

// printed runs the commands that are printed for a case. Those that were run are in alike, by their
// finding and without names.
func (s *suite) printed(t *testing.T, c *sim.Case, alike map[string]bool) {
	t.Helper()
	p, err := c.Play(t.TempDir())
	check(t, err)
	t.Cleanup(func() { check(t, p.Close()) })
	run := func(within time.Duration, name string, args ...string) (string, int, bool) {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Env = append(os.Environ(), "KUBECONFIG="+p.Kubeconfig(), "NO_COLOR=1", "PATH="+s.plugin+":"+filepath.Dir(s.kubectl)+":"+os.Getenv("PATH"))
		cmd.Stdin, cmd.WaitDelay = strings.NewReader(c.Stdin), time.Second
		out, _ := cmd.CombinedOutput() // the exit code says it
		return string(out), cmd.ProcessState.ExitCode(), ctx.Err() == nil
	}
	out, _, _ := run(20*time.Second, filepath.Join(s.plugin, "kubectl-tpe"), c.Arguments(casesDir)...)
	_, next, _ := strings.Cut(out, "\nNEXT\n")
	about := ""
	for line := range strings.Lines(next) {
		line = strings.TrimSpace(line)
		if code, ok := strings.CutPrefix(line, "kubectl tpe explain "); ok {
			about = code
			continue
		}
		if strings.HasPrefix(line, "kubectl tpe wait") || strings.HasPrefix(line, "kubectl get crds") {
			continue // nothing changes, and the simulated server has no such kind
		}
		name := about + " " + names.ReplaceAllString(line, "")
		if !strings.HasPrefix(line, "kubectl ") || alike[name] {
			continue
		}
		alike[name] = true
		said, code, ended := run(3*time.Second, "sh", "-c", harmless(line))
		if ended && !showed(line, said, code) {
			t.Errorf("%s\nexit code %d\n%s", line, code, said)
		}
	}
}

// changing are commands of kubectl that change something.
var changing = regexp.MustCompile(`^kubectl (delete|scale|annotate|patch|rollout (undo|restart|resume)) `)

// harmless returns a command that changes nothing.
func harmless(line string) string {
	if changing.MatchString(line) {
		return line + " --dry-run=client"
	}
	return line
}

// A run that a command for logs shows.
var shownRun = regexp.MustCompile(`(?m)^==> attempt \d+, pod `)

// showed reports whether a command did what it was printed for. The plugin's own exit codes are
// those of what it sees.
func showed(line, said string, code int) bool {
	switch {
	case strings.HasPrefix(line, "kubectl tpe logs"):
		return shownRun.MatchString(said)
	case strings.HasPrefix(line, "kubectl tpe "):
		return code != 2
	}
	return code == 0
}
