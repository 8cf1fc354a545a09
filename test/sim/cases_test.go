// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	if err := flag.Set("test.parallel", "8"); err != nil {
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

const knownWrong = "known-wrong.yaml"

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
	text, err := os.ReadFile(filepath.Join("cases", knownWrong))
	if err == nil {
		err = yaml.UnmarshalStrict(text, &wrong)
	}
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("cases/*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d cases: %v", len(files), err)
	}
	for name, why := range wrong {
		if !slices.Contains(files, filepath.Join("cases", name+".yaml")) || strings.TrimSpace(why) == "" {
			t.Errorf("%s lists %q, and there is no such case or no reason", knownWrong, name)
		}
	}
	for _, file := range files {
		if filepath.Base(file) == knownWrong {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := tryCase(t, file)
			switch why, listed := wrong[name]; {
			case listed && len(problems) == 0:
				t.Errorf("it is right now: strike it from %s (%s)", knownWrong, why)
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

// tryCase runs the plugin on a case and returns what is wrong with its answer.
func tryCase(t *testing.T, file string) []string {
	t.Helper()
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	p := play(t, c, dir)
	within := 20 * time.Second
	if c.Within != nil {
		within = c.Within.Duration
	}
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	context.AfterFunc(p.Broken(), cancel) // and Close says why
	var args []string
	for _, arg := range c.Args {
		args = append(args, strings.ReplaceAll(arg, "CASEDIR", "cases"))
	}
	cmd := exec.CommandContext(ctx, plugin, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+p.Kubeconfig(), "HOME="+dir, "COLUMNS=80", "NO_COLOR=1")
	cmd.Env = append(cmd.Env, c.Env...)
	cmd.Stdin = strings.NewReader(c.Stdin)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &out, untilClosed()
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	if p.Broken().Err() != nil {
		return []string{"what was played broke:\n" + out.String()}
	}
	if ctx.Err() != nil {
		return []string{fmt.Sprintf("it did not end within %s:\n%s", within, out.String())}
	}
	problems := c.Judge(cmd.ProcessState.ExitCode(), out.String())
	if len(problems) > 0 {
		problems = append(problems, out.String())
	}
	return problems
}
