// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"context"
	"errors"
	"strconv"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/exec"

	"github.com/kubectl-tpe/kubectl-tpe/test/sim"
)

// Those who ask besides the administrator.
const (
	Reader   = "reader"   // has a few rights
	Stranger = "stranger" // has a token that is none
)

// Simulated is a simulated server that knows the commands of the comparison.
type Simulated struct {
	*sim.Play
	rules []rbacv1.PolicyRule // of the reader
}

// NewSimulated starts one as of a minor version of Kubernetes, with what the reader may.
func NewSimulated(dir, minor string, rules []rbacv1.PolicyRule) (*Simulated, error) {
	commands := map[string]sim.Output{}
	for line, said := range Said {
		commands[line] = sim.Output{Stdout: said.Out, Stderr: said.Err, Exit: said.Exit}
	}
	// The gate WatchList of an API server is open in 1.32, and since 1.34: pkg/features in
	// k8s.io/apiserver.
	_, number, _ := strings.Cut(minor, ".")
	n, err := strconv.Atoi(number)
	if err != nil {
		return nil, err
	}
	c := &sim.Case{Streaming: new(n == 32 || n >= 34), State: sim.State{PUM: &sim.PUM{None: true, Commands: commands}}}
	play, err := c.Play(dir)
	return &Simulated{play, rules}, err
}

// Config tells how somebody asks, and makes the server know who it is.
func (s *Simulated) Config(who string) (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig())
	if err != nil {
		return nil, err
	}
	s.Access.User = who
	s.Access.Allow(nil)
	switch who {
	case Reader:
		s.Access.Allow(s.rules)
	case Stranger:
		config.BearerToken = "wrong"
	}
	return config, nil
}

// End ends the container of a pod. The command that does it may end with it.
func End(ctx context.Context, config *rest.Config, namespace, pod string) error {
	_, _, err := execute(ctx, config, "SPDY", namespace, pod, "pum", strings.Fields("/voice end"))
	if exit := (exec.CodeExitError{}); errors.As(err, &exit) {
		return nil
	}
	return err
}
