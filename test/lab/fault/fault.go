// SPDX-License-Identifier: Apache-2.0

package fault

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/proxy"
)

//go:embed campaign.yaml
var campaign []byte

// A Fault is something that is broken, and what the plugin is to do about it.
type Fault struct {
	Name   string `json:"name"`
	Group  string `json:"group"`           // what kind of fault it is
	Breaks string `json:"breaks"`          // what is broken, how and when
	Short  bool   `json:"short,omitempty"` // whether make test runs it, too

	// Script is a script in test/lab/e2e/testdata/faults, instead of all that
	// follows but Run, which says what the script runs.
	Script string `json:"script,omitempty"`

	In      string          `json:"in,omitempty"`      // the scenario in $NS
	PUM     json.RawMessage `json:"pum,omitempty"`     // what the stand-in for PUM does unlike the scenario's
	As      string          `json:"as,omitempty"`      // the account, if not the administrator: expiring, in 8 s, or made, as file kubeconfig by Prepare
	Way     []proxy.Rule    `json:"way,omitempty"`     // rules of a gateway on the way to the API server
	Clock   metav1.Duration `json:"clock,omitzero"`    // how much the API server's clock is ahead of this machine's
	TCP     bool            `json:"tcp,omitempty"`     // a proxy of connections is on the way, too
	Prepare string          `json:"prepare,omitempty"` // a shell script before, in a folder of its own, as administrator
	After   string          `json:"after,omitempty"`   // and one at the end

	Run      string `json:"run"`                // the command line
	Terminal bool   `json:"terminal,omitempty"` // run it on one
	Types    string `json:"types,omitempty"`    // what is typed there
	Then     []Step `json:"then,omitempty"`     // what happens meanwhile

	Exit     []int           `json:"exit"`               // the exit codes that are right
	Says     []string        `json:"says,omitempty"`     // patterns of its output, on both streams; each must be there
	Never    string          `json:"never,omitempty"`    // a pattern that must not be there
	Check    string          `json:"check,omitempty"`    // a shell script afterwards, which must succeed
	Restarts []int           `json:"restarts,omitempty"` // how often PUM may be restarted; never, if there is none
	Within   metav1.Duration `json:"within,omitzero"`    // it ends; see [Fault.Deadline]
}

// A Step waits for something, and then does something, while the command runs.
type Step struct {
	Asked     string          `json:"asked,omitempty"`     // a request came to the gateway, as [proxy.Rule] has it
	Said      string          `json:"said,omitempty"`      // the output so far matches
	Restarted bool            `json:"restarted,omitempty"` // PUM was told to restart
	After     metav1.Duration `json:"after,omitzero"`      // so long after that

	Signal string          `json:"signal,omitempty"` // to the command: INT, TERM, HUP, …
	Sh     string          `json:"sh,omitempty"`     // a shell script, as administrator
	PUM    json.RawMessage `json:"pum,omitempty"`    // what the stand-in for PUM does from now on
	Way    []proxy.Rule    `json:"way,omitempty"`    // the rules of the gateway from now on
	TCP    string          `json:"tcp,omitempty"`    // cut, close or open, of the proxy of connections
}

// Deadline is when a command that still runs hangs.
func (f Fault) Deadline() time.Duration {
	if f.Within.Duration > 0 {
		return f.Within.Duration
	}
	return 2 * time.Minute // what hangs does so for ever; a busy machine is slow
}

// Campaign returns all faults, in the order of the file.
func Campaign() ([]Fault, error) { return parse(campaign) }

func parse(text []byte) ([]Fault, error) {
	var all []Fault
	if err := yaml.UnmarshalStrict(text, &all); err != nil {
		return nil, fmt.Errorf("campaign: %w", err)
	}
	names := map[string]bool{}
	for _, f := range all {
		if err := f.check(); err != nil {
			return nil, fmt.Errorf("campaign: fault %q: %w", f.Name, err)
		}
		if names[f.Name] {
			return nil, fmt.Errorf("campaign: two faults are named %q", f.Name)
		}
		names[f.Name] = true
	}
	return all, nil
}

// check refuses a fault that could not fail.
func (f Fault) check() error {
	if !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(f.Name) {
		return errors.New("want a name of small letters, digits and dashes")
	}
	if f.Group == "" || f.Breaks == "" || f.Run == "" {
		return errors.New("want group, breaks and run")
	}
	if f.Script != "" {
		return nil
	}
	if f.In == "" || len(f.Exit) == 0 || len(f.Says) == 0 {
		return errors.New("want in, exit and says")
	}
	for _, pattern := range append([]string{f.Never}, f.Says...) {
		if _, err := regexp.Compile(pattern); err != nil {
			return err
		}
	}
	for _, s := range f.Then {
		if s.Asked != "" && f.Way == nil || s.Way != nil && f.Way == nil || s.TCP != "" && !f.TCP {
			return errors.New("a step is about a proxy that is not there: want way or tcp")
		}
		if s.After.Duration == 0 && s.Asked == "" && s.Said == "" && !s.Restarted {
			return errors.New("a step waits for nothing")
		}
	}
	return nil
}
