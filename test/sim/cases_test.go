// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/test/sources"
	"github.com/kubectl-tpe/kubectl-tpe/test/wine"
)

// plugin is the real program.
var plugin string

func TestMain(m *testing.M) {
	if os.Getenv(hang) != "" {
		time.Sleep(time.Minute)
		return
	}
	os.Exit(test(m))
}

// built is the name of an environment variable with the path of the plugin, where Go cannot build
// it, as under Wine.
const built = "SIM_PLUGIN"

// test builds the plugin and runs the tests. They wait much longer than they work: more of them
// run at a time than there are processors, unless -parallel says otherwise.
func test(m *testing.M) int {
	debug.SetGCPercent(400) // there is memory enough
	if err := flag.Set("test.parallel", "24"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	dir, err := os.MkdirTemp("", "sim")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck
	if plugin = os.Getenv(built); plugin != "" {
		return m.Run()
	}
	if plugin, err = BuildPlugin(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// untilClosed is how long the output of a plugin that has ended may stay open. Under Wine those that
// run beside it may have it, too: it knows no list of what a process inherits.
func untilClosed() time.Duration {
	if wine.Here() {
		return time.Minute
	}
	return time.Second
}

// The plugin answers each case rightly, but for those that are listed with the reason. One
// that has become right must be struck from the list.
func TestCases(t *testing.T) {
	t.Parallel()
	if os.Getenv(built) == "" {
		if err := sources.Watch(); err != nil { // what is opened before the first test does not count
			t.Fatal(err)
		}
	}
	wrong := map[string]string{}
	text, err := os.ReadFile(filepath.Join("cases", KnownWrong))
	if err == nil {
		err = yaml.UnmarshalStrict(text, &wrong)
	}
	if err != nil {
		t.Fatal(err)
	}
	cases, err := LoadAll("cases")
	if err != nil || len(cases) < 2 {
		t.Fatalf("%d cases: %v", len(cases), err)
	}
	for name, why := range wrong {
		if cases[name] == nil || strings.TrimSpace(why) == "" {
			t.Errorf("%s lists %q, and there is no such case or no reason", KnownWrong, name)
		}
	}
	longestFirst := func(a, b string) int { return cmp.Compare(within(cases[b]), within(cases[a])) }
	for _, name := range slices.SortedFunc(maps.Keys(cases), longestFirst) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := tryCase(t, cases[name])
			switch why, listed := wrong[name]; {
			case listed && len(problems) == 0:
				t.Errorf("it is right now: strike it from %s (%s)", KnownWrong, why)
			case listed:
				t.Logf("known to be wrong: %s\n%s", why, strings.Join(problems, "\n"))
			case len(problems) > 0:
				t.Error(strings.Join(problems, "\n"))
			}
		})
	}
}

// play plays a case until the end of the test. It is an error if it broke.
func play(t *testing.T, c *Case, dir string) *Play {
	t.Helper()
	p, err := c.Play(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// within is how long the plugin may take for a case.
func within(c *Case) time.Duration {
	if c.Within != nil {
		return c.Within.Duration
	}
	return 20 * time.Second
}

// tryCase runs the plugin on a case and returns what is wrong with its answer.
func tryCase(t *testing.T, c *Case) []string {
	t.Helper()
	p := play(t, c, t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), within(c))
	defer cancel()
	context.AfterFunc(p.Broken(), cancel) // and Close says why
	code, out := runPlugin(ctx, t, c, p.Kubeconfig())
	if p.Broken().Err() != nil {
		return []string{"what was played broke:\n" + out}
	}
	if ctx.Err() != nil {
		return []string{fmt.Sprintf("it did not end within %s:\n%s", within(c), out)}
	}
	problems := c.Judge(code, out)
	if len(problems) > 0 {
		problems = append(problems, out)
	}
	return problems
}

// runPlugin runs the command line of a case, and returns its exit code and all that it printed.
func runPlugin(ctx context.Context, t *testing.T, c *Case, kubeconfig string) (int, string) {
	t.Helper()
	cmd := exec.CommandContext(ctx, plugin, c.Arguments("cases")...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "HOME="+filepath.Dir(kubeconfig), "COLUMNS=80", "NO_COLOR=1")
	cmd.Env = append(cmd.Env, c.Env...)
	cmd.Stdin = strings.NewReader(c.Stdin)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &out, untilClosed()
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}
