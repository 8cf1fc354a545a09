// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// warnings judges what deserves attention although no wait depends on it.
func (v *Verdict) warnings(p *readiness.Assessment) {
	for _, w := range p.Workloads {
		if w.HeldBack() {
			v.heldBack(w)
		}
	}
	v.zero(p.Workloads)
	v.lingering(p)
	for _, c := range p.CronJobs {
		if run := c.Failed(); run != nil {
			v.cronJob(c, run)
		}
	}
}

// heldBack judges a StatefulSet that is ready although its partition keeps old pods.
func (v *Verdict) heldBack(w readiness.Workload) {
	o := w.Object()
	v.find(ExitDone, Finding{
		Code: CodeHeldBack, Level: LevelWarning,
		Summary: fmt.Sprintf("%s: its partition keeps %d of %d pods at the old version", o, w.Want-w.Updated, w.Want),
		Detail:  w.Reason,
		Objects: []Object{o},
		Next:    []string{v.describe(o)},
	})
}

// shippedAtZero are the workloads that the vendor ships without pods, by name;
// * is as in a file name. Their source is actility/thingpark-enterprise-kubernetes,
// values/sizing of every segment: twa.twaDevTaskFc.replicaCount is 0, as ThingPark
// Wireless alone uses it.
var shippedAtZero = []string{"*twa-dev-task-fc"}

// scaledAway reports whether somebody scaled a workload to zero that the vendor ships with
// pods. People do not scale workloads of other kinds.
func scaledAway(w readiness.Workload) bool {
	return w.State == readiness.ScaledToZero && (w.Kind == "Deployment" || w.Kind == "StatefulSet") &&
		!matches(shippedAtZero, w.Name)
}

// zero judges the workloads that are scaled to zero and should not be. Kubernetes calls them
// ready, but they serve nobody.
func (v *Verdict) zero(workloads []readiness.Workload) {
	var objects []Object
	var names []string
	for _, w := range workloads {
		if scaledAway(w) {
			objects, names = append(objects, w.Object()), append(names, w.Object().String())
		}
	}
	if len(objects) == 0 {
		return
	}
	summary := names[0] + " is scaled to zero"
	if n := len(names); n > 1 {
		summary = fmt.Sprintf("%d workloads are scaled to zero: %s", n, atMost(3, names))
	}
	v.find(ExitDone, Finding{
		Code: CodeScaledToZero, Level: LevelWarning,
		Summary: summary,
		Detail:  "no pod is wanted and none runs; the vendor ships only twa-dev-task-fc that way",
		Objects: objects,
		Next:    []string{v.describe(objects[0])},
	})
}

// lingering judges the pods that do not terminate, unless they are reported already: a rollout
// completes without waiting for old pods, but those may still hold volumes and addresses.
func (v *Verdict) lingering(p *readiness.Assessment) {
	var found causeGroups
	known := blocked(p)
	for _, c := range p.Lingering {
		if !known[containerOf(c)] {
			found.add(c, c.Object, false)
		}
	}
	for _, t := range found.list {
		v.find(ExitDone, Finding{
			Code: CodeLingering, Level: LevelWarning, Since: t.since,
			Summary: t.podNames() + " should be gone but does not stop",
			Detail:  t.cause.Message,
			Objects: t.pods.list,
			Next:    []string{v.describe(t.pods.list[0])},
		})
	}
}

// cronJob judges a CronJob by a run that failed or is stuck. Its work is not part
// of the upgrade, but somebody should know.
func (v *Verdict) cronJob(c readiness.CronJob, run *readiness.Job) {
	f := Finding{
		Code: CodeCronJobFailed, Level: LevelWarning, Since: run.FinishedAt,
		Summary: fmt.Sprintf("the last run of CronJob %s failed", c.Name),
		Detail:  fmt.Sprintf("job %s failed at %s: %s", run.Name, run.FinishedAt.UTC().Format(time.RFC3339), run.Reason),
		Objects: []Object{{Kind: "CronJob", Name: c.Name}, run.Object()},
		Next:    []string{v.logs(run)},
	}
	if !run.State.Final() {
		f.Code, f.Since = CodeCronJobStuck, run.StartedAt
		f.Summary = fmt.Sprintf("a run of CronJob %s will not complete by itself", c.Name)
		f.Detail = fmt.Sprintf("job %s: %s", run.Name, run.Reason)
		f.Next = []string{v.describe(run.Object())}
	}
	v.find(ExitDone, f)
}
