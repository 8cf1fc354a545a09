// SPDX-License-Identifier: Apache-2.0

package upgrade

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	rel "github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/test/sim"
)

// A Still is the upgrade without a server: what would be observed at any moment of it. It is the
// same each time.
type Still struct {
	upgrade  *Upgrade
	progress pum.Progress
	kinds    []readiness.Kept
	made     map[string]objectsByKind // by what they are of, and its stage
}

// objectsByKind are objects for which the plugin asks.
type objectsByKind map[string][]metav1.Object

// NewStill returns the upgrade that begins at a time, so many times as fast as it is written. A
// seed other than 0 makes it another one, in which each workload and each entry takes longer or
// shorter, and entry 8 is not aborted.
func NewStill(began time.Time, speed float64, seed uint64) (*Still, error) {
	u := &Upgrade{speed: speed, began: began}
	if err := yaml.UnmarshalStrict(script, &u.script); err != nil {
		return nil, fmt.Errorf("upgrade.yaml: %w", err)
	}
	u.schedule()
	if seed != 0 {
		u.vary(rand.New(rand.NewPCG(seed, seed))) //nolint:gosec
	}
	return &Still{upgrade: u, kinds: readiness.KeptKinds(), made: map[string]objectsByKind{}}, nil
}

func (u *Upgrade) vary(random *rand.Rand) {
	by := func(d time.Duration) time.Duration { return time.Duration(float64(d) * (0.5 + 2.5*random.Float64())) }
	for _, r := range u.script.Releases {
		for i := range r.Workloads {
			r.Workloads[i].Pace.Duration = by(r.Workloads[i].Pace.Duration)
		}
	}
	for i := range u.script.Entries {
		e := &u.script.Entries[i]
		if len(e.Again) > 0 {
			e.States = e.Again
		}
		stretch := by(time.Second)
		for j := range e.States {
			if e.States[j].At.Duration > 0 {
				e.States[j].At.Duration = time.Duration(float64(e.States[j].At.Duration) * stretch.Seconds())
			}
		}
	}
}

// Observe returns what is observed at a moment of the play, and learns how the entries move. The
// moments go forward.
func (s *Still) Observe(now time.Duration) (verdict.Snapshot, error) {
	u := s.upgrade
	at := u.time(now)
	snapshot := verdict.Snapshot{ObservedAt: at, Where: command.Where{Namespace: sim.Namespace}, PUM: "pum", Releases: u.releases(now)}
	objects, err := s.observed(now)
	if err != nil {
		return snapshot, err
	}
	assessment := readiness.Assess(objects, at)
	snapshot.Assessment = &assessment
	text, err := u.entries(now)
	if err != nil {
		return snapshot, err
	}
	answer, err := pum.ReadSaved(strings.NewReader(text), pum.DefaultLimit)
	if err != nil {
		return snapshot, err
	}
	s.progress.Observe(at, answer.Entries)
	snapshot.Answer, snapshot.Movements = &answer, map[int64]pum.Movement{}
	for _, e := range answer.Entries {
		snapshot.Movements[e.UID] = s.progress.Of(e.UID)
	}
	return snapshot, nil
}

// observed returns the objects for which the plugin asks. Those of a rollout are made once for
// each of its stages, since there are many.
func (s *Still) observed(now time.Duration) (readiness.Objects, error) {
	u := s.upgrade
	found := objectsByKind{}
	var errs []error
	add := func(key string, made func() []m) {
		all, err := s.made[key], error(nil)
		if all == nil || key == "" {
			all, err = s.decoded(made())
			s.made[key] = all
		}
		for kind, objects := range all {
			found[kind] = append(found[kind], objects...)
		}
		errs = append(errs, err)
	}
	for _, r := range u.script.Releases {
		for _, w := range r.Workloads {
			of := rollout{Upgrade: u, workload: w, release: r, now: now}
			key := fmt.Sprint(w.Kind, w.Name, of.stage())
			if w.Kind == "Kafka" || w.Kind == "PerconaServerMongoDB" {
				key = "" // follows others
			}
			add(key, of.objects)
		}
		for i := range r.Jobs {
			begin, end := r.hook(i)
			add(fmt.Sprint(r.Jobs[i], phase(begin, end, now)), func() []m { return u.hookJob(r, i, now) })
		}
	}
	for _, name := range u.script.CronJobs {
		add(name, func() []m { return []m{u.cronJob(name)} })
	}
	if begin := u.script.Process.At.Duration; now >= begin {
		end := begin + 500*time.Millisecond
		for _, e := range u.script.Entries {
			for _, m := range u.history(e, nil) {
				end = max(end, m.at+500*time.Millisecond)
			}
		}
		add(fmt.Sprint(processJob, phase(begin, end, now)), func() []m { return u.job(processJob, processPod(0), processJob, begin, end, now) })
	}
	var objects readiness.Objects
	for i := range s.kinds {
		if all := found[s.kinds[i].Kind]; all != nil {
			s.kinds[i].Set(&objects, all)
		}
	}
	return objects, errors.Join(errs...)
}

// decoded returns objects, but those for which nobody asks.
func (s *Still) decoded(all []m) (objectsByKind, error) {
	objects := objectsByKind{}
	for _, o := range all {
		kind := readiness.KeptKind(s.kinds, fmt.Sprint(o["kind"]))
		if kind == nil {
			continue
		}
		text, err := json.Marshal(o)
		if err != nil {
			return nil, err
		}
		object, err := kind.Decode(text)
		if err != nil {
			return nil, err
		}
		object.SetNamespace(sim.Namespace)
		objects[kind.Kind] = append(objects[kind.Kind], object)
	}
	return objects, nil
}

// releases returns the Helm releases.
func (u *Upgrade) releases(now time.Duration) *verdict.Releases {
	var r verdict.Releases
	for _, one := range u.script.Releases {
		item := rel.Release{
			Name: one.Name, Chart: one.Chart, Version: one.Versions[0], AppVersion: u.script.From,
			Status: rel.StatusDeployed, Revision: 1, UpdatedAt: u.time(longAgo), Said: "Upgrade complete",
		}
		if now >= one.At.Duration {
			item.Version, item.AppVersion, item.Revision, item.UpdatedAt = one.Versions[1], u.script.To, 2, u.time(one.At.Duration)
			if now < one.At.Duration+preparing {
				item.Status, item.Said = "pending-upgrade", "Preparing upgrade"
			}
		}
		item.BegunAt = item.UpdatedAt
		r.Items = append(r.Items, item)
	}
	r.Consistency = rel.Compare(r.Items, nil, u.time(now))
	return &r
}
