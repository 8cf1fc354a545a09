// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/proxy"
)

// A Sample is what one run of a program took.
type Sample struct {
	Wall   time.Duration `json:"wall"`
	CPU    time.Duration `json:"cpu"`    // of user and system
	Memory int64         `json:"memory"` // the most it had at once, in bytes
	Exit   int           `json:"exit"`
	Output int64         `json:"output"` // on standard output, in bytes
}

// then is the sample of two programs, one run after the other.
func (s Sample) then(next Sample) Sample {
	return Sample{s.Wall + next.Wall, s.CPU + next.CPU, max(s.Memory, next.Memory), next.Exit, s.Output + next.Output}
}

// beside is the sample of two programs that run at once.
func (s Sample) beside(other Sample) Sample {
	return Sample{max(s.Wall, other.Wall), s.CPU + other.CPU, s.Memory + other.Memory, other.Exit, s.Output + other.Output}
}

// median takes the median of each measure by itself.
func median(samples []Sample) Sample {
	return Sample{
		Wall:   middle(samples, func(s Sample) time.Duration { return s.Wall }),
		CPU:    middle(samples, func(s Sample) time.Duration { return s.CPU }),
		Memory: middle(samples, func(s Sample) int64 { return s.Memory }),
	}
}

func middle[T cmp.Ordered](samples []Sample, of func(Sample) T) T {
	var values []T
	for _, s := range samples {
		values = append(values, of(s))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// A Program is a command line, and how it may end.
type Program struct {
	Args  []string
	Exits []int // the exit codes with which it did its work
}

func (p Program) String() string { return strings.Join(p.Args, " ") }

// A meter runs programs with a kubeconfig.
type meter struct {
	dir        string // of the programs, measure among them
	kubeconfig string
}

func (m meter) env() []string { return append(os.Environ(), "KUBECONFIG="+m.kubeconfig) }

func (m meter) find(program string) string { return filepath.Join(m.dir, program) }

// run takes a sample of a program. Another end than those wanted, or an end
// without any output, is an error: nobody wants to know how fast a program
// fails.
func (m meter) run(ctx context.Context, p Program) (Sample, error) {
	s, _, err := m.start(ctx, p)
	return s, err
}

// cost counts what programs ask the API server, from what they log of it, and
// the bytes that go over a proxy.
func (m meter) cost(ctx context.Context, programs []Program) (Cost, error) {
	through := filepath.Join(m.dir, "counted")
	scale, err := proxy.Weigh(m.kubeconfig, through)
	if err != nil {
		return Cost{}, err
	}
	defer func() { _ = scale.Close() }()
	var c Cost
	for _, p := range programs {
		p.Args = slices.Insert(slices.Clone(p.Args), 1, "-v=6")
		_, log, err := meter{m.dir, through}.start(ctx, p)
		if err != nil {
			return Cost{}, err
		}
		c.Requests += strings.Count(log, `"Response" verb=`)
	}
	c.Bytes = scale.Bytes()
	return c, nil
}

// start runs a program, and returns what it wrote to standard error, too.
func (m meter) start(ctx context.Context, p Program) (Sample, string, error) {
	cmd := exec.CommandContext(ctx, m.find("measure"), append([]string{m.find(p.Args[0])}, p.Args[1:]...)...)
	var stdout, stderr bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = m.env(), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return Sample{}, "", fmt.Errorf("measure %s: %w: %s", p, err, &stderr)
	}
	var s Sample
	if err := json.Unmarshal(stdout.Bytes(), &s); err != nil {
		return Sample{}, "", fmt.Errorf("measure %s: %w", p, err)
	}
	if !slices.Contains(p.Exits, s.Exit) || s.Output == 0 {
		return Sample{}, "", fmt.Errorf("%s ended with exit code %d after %d bytes of output: %s", p, s.Exit, s.Output, &stderr)
	}
	return s, stderr.String(), nil
}
