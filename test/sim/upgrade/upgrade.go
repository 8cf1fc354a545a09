// SPDX-License-Identifier: Apache-2.0

// Package upgrade plays an upgrade of ThingPark Enterprise on a simulated cluster: every
// workload that is known, from the first Helm release to the last post-upgrade request.
// upgrade.yaml says what there is and when; how each kind goes through its rollout, as its
// controller or operator would have it, is a pure function of time.
package upgrade

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/test/sim"
)

//go:embed upgrade.yaml
var script []byte

// A plan is what upgrade.yaml says.
type plan struct {
	From     string    `json:"from"`
	To       string    `json:"to"`
	Releases []release `json:"releases"`
	CronJobs []string  `json:"cronJobs"`
	Process  struct {
		At metav1.Duration `json:"at"`
	} `json:"process"`
	Entries []entry `json:"entries"`
}

// A release is one of Helm's.
type release struct {
	Name      string          `json:"name"`
	Chart     string          `json:"chart"`
	Versions  [2]string       `json:"versions"`
	At        metav1.Duration `json:"at"`
	Workloads []workload      `json:"workloads"`
	Jobs      []string        `json:"jobs"`
}

// A workload is what an upgrade rolls.
type workload struct {
	Kind     string          `json:"kind"`
	Name     string          `json:"name"`
	Replicas int             `json:"replicas"`
	Owner    string          `json:"owner"` // KIND/NAME, if an operator made it
	Pace     metav1.Duration `json:"pace"`
	At       metav1.Duration `json:"at"` // when its spec changes
}

// An Upgrade is one that is played on a server.
type Upgrade struct {
	*sim.Server

	script  plan
	began   time.Time
	speed   float64
	stop    context.CancelFunc
	applied map[string][]string // by what made them: the objects that are there
	stages  map[string]int      // by the same: how far it was when they were made

	lock     sync.Mutex
	restarts []time.Duration // when PUM's restart was run
	logged   int             // how many changes of entries are in the log
}

const tick = 100 * time.Millisecond

// Start starts a server and plays the upgrade on it, so many times as fast as it is written,
// which takes about 20 seconds. The kubeconfig is written into a folder.
func Start(dir string, speed float64) (*Upgrade, error) {
	u := &Upgrade{speed: speed, applied: map[string][]string{}, stages: map[string]int{}, began: time.Now()}
	if err := yaml.UnmarshalStrict(script, &u.script); err != nil {
		return nil, fmt.Errorf("upgrade.yaml: %w", err)
	}
	u.schedule()
	var err error
	if u.Server, err = sim.Start(dir, sim.Options{Exec: u.exec}); err != nil {
		return nil, err
	}
	var ctx context.Context
	ctx, u.stop = context.WithCancel(context.Background())
	if err := u.prepare(); err != nil {
		return nil, errors.Join(err, u.Close())
	}
	go u.run(ctx)
	return u, nil
}

// schedule fills in when each workload begins, one shortly after the other.
func (u *Upgrade) schedule() {
	const helm, next = 400 * time.Millisecond, 60 * time.Millisecond
	for _, r := range u.script.Releases {
		for i := range r.Workloads {
			w := &r.Workloads[i]
			w.At.Duration = cmp.Or(w.At.Duration, r.At.Duration+helm+time.Duration(i)*next)
			w.Pace.Duration = cmp.Or(w.Pace.Duration, 500*time.Millisecond)
		}
	}
}

// run plays until the upgrade is closed.
func (u *Upgrade) run(ctx context.Context) {
	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		if err := u.play(u.now()); err != nil {
			u.Break(err)
			return
		}
	}
}

// Close ends the play, and returns what went wrong with it.
func (u *Upgrade) Close() error {
	u.stop()
	return u.Server.Close()
}

// now is how far the play is.
func (u *Upgrade) now() time.Duration { return time.Duration(float64(time.Since(u.began)) * u.speed) }

// time returns when a moment of the play is. What was before the upgrade was so long ago.
func (u *Upgrade) time(at time.Duration) time.Time {
	if at > 0 {
		at = time.Duration(float64(at) / u.speed)
	}
	return u.began.Add(at).UTC()
}

// when is the same as Kubernetes has it, in whole seconds.
func (u *Upgrade) when(at time.Duration) string { return u.time(at).Format(time.RFC3339) }

// longAgo is before the upgrade.
const longAgo = -720 * time.Hour

// play makes the cluster what it is at a moment.
func (u *Upgrade) play(now time.Duration) error {
	for _, r := range u.script.Releases {
		if err := u.playRelease(r, now); err != nil {
			return err
		}
	}
	return u.playProcess(now)
}

// prepare makes the cluster what it is before the upgrade.
func (u *Upgrade) prepare() error {
	all := []m{object("Namespace", sim.Namespace, m{}, m{"status": m{"phase": "Active"}})}
	for _, name := range u.script.CronJobs {
		all = append(all, u.cronJob(name))
	}
	return errors.Join(u.set("all", all...), u.play(-1))
}

// playRelease makes what a Helm release has.
func (u *Upgrade) playRelease(r release, now time.Duration) error {
	if !u.past("helm/"+r.Name, phase(r.At.Duration, r.At.Duration+preparing, now)) {
		secrets, err := u.helm(r, now)
		if err == nil {
			err = u.set("helm/"+r.Name, secrets...)
		}
		if err != nil {
			return err
		}
	}
	for _, w := range r.Workloads {
		s := rollout{Upgrade: u, workload: w, release: r, now: now}
		if u.past(w.Kind+"/"+w.Name, s.stage()) {
			continue
		}
		if err := u.set(w.Kind+"/"+w.Name, s.objects()...); err != nil {
			return err
		}
	}
	for i, job := range r.Jobs {
		begin, end := r.hook(i)
		if u.past("job/"+job, phase(begin, end, now)) {
			continue
		}
		if err := u.set("job/"+job, u.hookJob(r, i, now)...); err != nil {
			return err
		}
	}
	return nil
}

// hook returns when a job of a release begins and ends.
func (r release) hook(i int) (begin, end time.Duration) {
	begin = r.At.Duration + time.Duration(i)*300*time.Millisecond
	return begin, begin + 3*time.Second
}

// hookJob returns a job of a release: that of the upgrade before, until it begins.
func (u *Upgrade) hookJob(r release, i int, now time.Duration) []m {
	job := r.Jobs[i]
	begin, end := r.hook(i)
	id := job + "-now"
	if now < begin {
		begin, end, id = longAgo, longAgo+time.Minute, job+"-before"
	}
	return u.job(job, job+"-"+hash(id, 5), id, begin, end, now)
}

// past reports whether the objects of something have been made for a stage.
func (u *Upgrade) past(what string, stage int) bool {
	before, ok := u.stages[what]
	u.stages[what] = stage
	return ok && before == stage
}

// phase is how far something is that begins and ends.
func phase(begin, end, now time.Duration) int {
	switch {
	case now < begin:
		return 0
	case now < end:
		return 1
	}
	return 2
}

// set makes objects what there is of something: those that are not among them any more are
// deleted.
func (u *Upgrade) set(what string, objects ...m) error {
	var names []string
	var all []*unstructured.Unstructured
	for _, o := range objects {
		one := &unstructured.Unstructured{}
		text, err := json.Marshal(o)
		if err == nil {
			err = one.UnmarshalJSON(text)
		}
		if err != nil {
			return err
		}
		if one.GetKind() != "Namespace" {
			one.SetNamespace(sim.Namespace)
		}
		all, names = append(all, one), append(names, one.GetKind()+"/"+one.GetName())
	}
	u.Store.Apply(all...)
	gone := slices.DeleteFunc(u.applied[what], func(name string) bool { return slices.Contains(names, name) })
	u.applied[what] = names
	return u.Store.Delete(sim.Namespace, gone...)
}

// preparing is how long an upgrade is pending for Helm.
const preparing = 900 * time.Millisecond

// helm returns the revisions of a release: its upgrade is pending for a moment, and then it
// takes the place of the one before.
func (u *Upgrade) helm(r release, now time.Duration) ([]m, error) {
	first := sim.HelmRevision{Name: r.Name, Chart: r.Chart, Version: r.Versions[0], App: u.script.From, Revision: 1, Status: "deployed"}
	second := sim.HelmRevision{Name: r.Name, Chart: r.Chart, Version: r.Versions[1], App: u.script.To, Revision: 2, Status: "deployed"}
	revisions := []sim.HelmRevision{first, second}
	switch {
	case now < r.At.Duration:
		revisions = revisions[:1]
	case now < r.At.Duration+preparing:
		revisions[1].Status, revisions[1].Description = "pending-upgrade", "Preparing upgrade"
	default:
		revisions[0].Status = "superseded"
	}
	var secrets []m
	for i, revision := range revisions {
		secret, err := revision.Secret(u.time([]time.Duration{longAgo, r.At.Duration}[i]))
		if err != nil {
			return nil, err
		}
		secrets = append(secrets, secret.Object)
	}
	return secrets, nil
}
