// SPDX-License-Identifier: Apache-2.0

package tpe

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/standin/pum"
)

//go:embed scenarios/*.yaml
var scenarioFiles embed.FS

// A Scenario is an installation of ThingPark Enterprise in some condition. Each
// file in the folder scenarios is one; its name is the scenario's.
type Scenario struct {
	Name        string `json:"-"`
	Description string `json:"description"`

	Release string `json:"release"` // of ThingPark Enterprise; 8.0.0 if none is given
	Set     string `json:"set"`     // SetSmall by default
	From    string `json:"from"`    // a release that is installed, and ready, before

	Also    []string          `json:"also"`    // names of workloads that are there besides the set
	Objects []json.RawMessage `json:"objects"` // objects that run no pods, besides the inventory's

	Workloads map[string]Change      `json:"workloads"` // by name: what is unlike the inventory
	Helm      map[string]HelmRelease `json:"helm"`      // by name: what is unlike the release
	PUM       pum.State              `json:"pum"`
	EntriesOf string                 `json:"entriesOf"` // another scenario, whose entries PUM has
	Delete    []string               `json:"delete"`    // pods that are deleted at the end, so that they are recreated

	// Start is the condition that Options.Wait waits for: StartPUM, that the
	// pod of PUM is ready, or StartReady, that everything is.
	Start string `json:"start"`
}

// The conditions from which a scenario is worth looking at.
const (
	StartPUM   = "pum"
	StartReady = "ready"
)

// A Change makes a workload unlike the others.
type Change struct {
	Args     []string        `json:"args"` // of the first container: what the program standin does
	Image    string          `json:"image"`
	Replicas *int32          `json:"replicas"`
	Unbound  bool            `json:"unbound"` // no volume is there for its claims
	Patch    json.RawMessage `json:"patch"`   // merged into the object, strategically where it is a kind of Kubernetes' own
}

// A HelmRelease makes a Helm release unlike the others.
type HelmRelease struct {
	Release  string `json:"release"`  // of ThingPark Enterprise, from which its chart is
	Status   string `json:"status"`   // of the last revision; deployed if none is given
	Missing  bool   `json:"missing"`  // it was never installed
	New      bool   `json:"new"`      // the last revision is of now
	Revision int    `json:"revision"` // the last one; all before it are superseded
	Padding  int    `json:"padding"`  // bytes of random text in each revision's manifest
}

// Scenarios returns all scenarios, by name: the files, and for each dialect and
// layout of PUM's text the documented sample in that form.
func Scenarios() ([]Scenario, error) {
	files, err := scenarioFiles.ReadDir("scenarios")
	if err != nil {
		return nil, err
	}
	var all []Scenario
	for _, file := range files {
		scenario, err := readScenario(file.Name())
		if err != nil {
			return nil, err
		}
		all = append(all, scenario)
		if scenario.Name == "sample-8.0" {
			all = append(all, layouts(scenario)...)
		}
	}
	slices.SortFunc(all, func(a, b Scenario) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// FindScenario returns the scenario of this name.
func FindScenario(name string) (Scenario, error) {
	all, err := Scenarios()
	if err != nil {
		return Scenario{}, err
	}
	var names []string
	for _, s := range all {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Scenario{}, fmt.Errorf("no scenario %q: want one of %s", name, strings.Join(names, ", "))
}

func readScenario(file string) (Scenario, error) {
	text, err := scenarioFiles.ReadFile(path.Join("scenarios", file))
	if err != nil {
		return Scenario{}, err
	}
	return parseScenario(file, text)
}

func parseScenario(file string, text []byte) (Scenario, error) {
	s := Scenario{Release: "8.0.0", Set: SetSmall, Start: StartPUM}
	if err := yaml.UnmarshalStrict(text, &s); err != nil {
		return Scenario{}, fmt.Errorf("scenarios/%s: %w", file, err)
	}
	s.Name = strings.TrimSuffix(file, ".yaml")
	if s.EntriesOf == "" {
		return s, nil
	}
	other, err := readScenario(s.EntriesOf + ".yaml")
	if err != nil {
		return Scenario{}, fmt.Errorf("scenarios/%s: %w", file, err)
	}
	s.PUM.Entries = other.PUM.Entries
	return s, nil
}

// layouts are the forms in which the documented sample may have been printed,
// as the folder samples has them.
func layouts(sample Scenario) []Scenario {
	formats := map[string]pum.Format{
		"tty": {Color: true, CRLF: true},
	}
	for _, layout := range pum.Layouts() {
		formats["inspect-"+layout] = pum.Format{Dialect: pum.DialectInspect, Layout: layout}
	}
	for _, layout := range []string{pum.LayoutFlush, pum.LayoutBlank, pum.LayoutIndent, pum.LayoutList} {
		formats["jsyaml-"+layout] = pum.Format{Dialect: pum.DialectJSYAML, Layout: layout}
	}
	for _, layout := range []string{pum.LayoutFlush, pum.LayoutBlank, pum.LayoutIndent} {
		formats["yaml2-"+layout] = pum.Format{Dialect: pum.DialectYAML2, Layout: layout}
	}
	var all []Scenario
	for name, format := range formats {
		s := sample
		s.Name = "layout-" + name
		s.Description = "the documented sample, printed in the form " + name
		s.PUM.Answer.Format = format
		all = append(all, s)
	}
	return all
}

// state is PUM's state at the start: times given as "-5m" are that long ago, and
// entries without a time were created now.
func (s Scenario) state(now time.Time) (pum.State, error) {
	state := s.PUM
	state.Entries = slices.Clone(state.Entries)
	for i := range state.Entries {
		entry := &state.Entries[i]
		created, err := ago(entry.CreationTimestamp, now)
		if err != nil {
			return pum.State{}, fmt.Errorf("scenario %s: entry %d: %w", s.Name, entry.UID, err)
		}
		entry.CreationTimestamp = created
		if entry.StateTimestamp == nil {
			continue
		}
		changed, err := ago(*entry.StateTimestamp, now)
		if err != nil {
			return pum.State{}, fmt.Errorf("scenario %s: entry %d: %w", s.Name, entry.UID, err)
		}
		entry.StateTimestamp = &changed
	}
	return state, state.Check()
}

func ago(stamp string, now time.Time) (string, error) {
	if stamp == "" {
		return pum.Timestamp(now), nil
	}
	if !strings.HasPrefix(stamp, "-") {
		return stamp, nil
	}
	age, err := time.ParseDuration(stamp)
	return pum.Timestamp(now.Add(age)), err
}
