// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// A Self is the pod in the observed namespace in which this command runs. It is zero
// elsewhere.
type Self struct {
	Pod string
}

// PluginName is the label app.kubernetes.io/name of the jobs that run this plugin, as those in
// packaging/kubernetes have it.
const PluginName = "kubectl-tpe"

// jobs judges the jobs. One that still runs is part of an upgrade that is
// not over.
func (v *Verdict) jobs(s *Snapshot) {
	for _, j := range s.Assessment.Jobs {
		if s.uncounted[j.Name] != "" {
			v.uncountedJob(s, &j)
			continue
		}
		f := Finding{Since: j.FinishedAt, Detail: j.Reason, Objects: []Object{j.Object()}}
		failedBefore := s.failedBefore(j)
		switch {
		case j.State == readiness.JobComplete:
		case failedBefore != "":
			f.Code, f.Level = CodeJobFormerly, LevelWarning
			f.Summary = fmt.Sprintf("job %s failed before this upgrade, at %s", j.Name, timeText(j.FinishedAt))
			f.Detail = strings.TrimPrefix(j.Reason+"; "+failedBefore, "; ")
			f.Next = []string{v.logs(&j), v.kubectl("delete job", j.Name)}
			v.find(ExitDone, f)
		case j.State == readiness.JobFailed:
			v.failedJob(&j)
		case j.State == readiness.JobSuspended:
			f.Code, f.Level = CodeJobSuspended, LevelWarning
			f.Summary = "job " + j.Name + " is suspended and will not continue until it is resumed"
			v.find(ExitPending, f)
		default:
			v.runningJob(j, f)
		}
	}
}

// goneJobs notes the failures of jobs that were deleted since, as with ttlSecondsAfterFinished. That
// is no success, but whether somebody made up for it is unknown.
func (v *Verdict) goneJobs(failures []Finding) {
	for _, f := range failures {
		f.Code, f.Level = CodeJobGone, LevelWarning
		f.Summary = "job " + f.Objects[0].Name + " failed, and was deleted since"
		f.Next = nil // its log is gone, too
		v.find(ExitDone, f)
	}
}

// failedJob notes that a job failed.
func (v *Verdict) failedJob(j *readiness.Job) {
	v.find(ExitFailed, Finding{
		Code: CodeJobFailed, Level: LevelError, Since: j.FinishedAt,
		Summary: "job " + j.Name + " failed permanently",
		Detail:  j.Reason,
		Objects: []Object{j.Object()},
		Next:    []string{v.logs(j)},
	})
}

// runningJob judges a job that runs, or cannot start.
func (v *Verdict) runningJob(j readiness.Job, f Finding) {
	switch {
	case !j.CannotRecover():
		v.hold(ExitPending)
	case explained(j.Causes):
		v.hold(ExitFailed)
	default:
		f.Code, f.Level = CodeJobFailed, LevelError
		f.Summary = "job " + j.Name + " will not complete by itself"
		f.Next = []string{v.describe(f.Objects[0])}
		v.find(ExitFailed, f)
	}
}

// standings returns why the outcome does not depend on some jobs, by their names. A job counts
// if anything shows that it is part of ThingPark Enterprise:
//
//   - it is PUM's, or has the name of one of its components;
//   - it belongs to one of the four Helm releases, as they are named here, or to the release of
//     PUM or of a known workload;
//   - it is a hook of Helm, which need not say of which release;
//   - its chart, its image or its owner is the vendor's or one of the vendor's operators'.
//
// What Helm installs, other than hooks, has the name of its release
// (helm.sh/helm: pkg/action/validate.go). So a job without any of these was not installed with
// ThingPark Enterprise.
func (s *Snapshot) standings() map[string]readiness.Uncounted {
	found := map[string]readiness.Uncounted{}
	if s.Assessment == nil {
		return found
	}
	releases := s.releaseNames()
	podsKnown := readiness.Unread(s.Assessment.Gaps, "Pod") == nil
	for _, j := range s.Assessment.Jobs {
		switch {
		case s.Self.runs(j, podsKnown):
			found[j.Name] = readiness.UncountedSelf
		case j.Name == pum.ProcessJob:
		case j.Origin.App == PluginName, !partOfTPE(j, releases):
			found[j.Name] = readiness.UncountedOther
		}
	}
	return found
}

// runs reports whether a job runs this command: it owns this pod. If the account cannot read
// pods, the pod's name must be the job's and five more characters, as its controller names pods
// (kubernetes: pkg/controller/job/job_controller.go).
func (s Self) runs(j readiness.Job, podsKnown bool) bool {
	if s.Pod == "" {
		return false
	}
	suffix, named := strings.CutPrefix(s.Pod, j.Name+"-")
	return slices.Contains(j.Pods, s.Pod) || !podsKnown && named && len(suffix) == 5
}

// releaseNames returns the names of the Helm releases of ThingPark Enterprise: those that the
// vendor's guide gives, those that were found by their charts, and, for accounts that cannot
// read Helm's secrets, those of its workloads.
func (s *Snapshot) releaseNames() map[string]bool {
	names := map[string]bool{}
	for _, p := range release.Parts() {
		names[p.Name] = true
	}
	if s.Releases != nil {
		for _, r := range s.Releases.Items {
			names[r.Name] = true
		}
	}
	for _, w := range s.Assessment.Workloads {
		if w.Release != "" && (w.Kind == "Deployment" && w.Name == s.PUM || knownName(w.Name)) {
			names[w.Release] = true
		}
	}
	return names
}

// components are what the names of the vendor's workloads and jobs begin with. Their sources
// are actility/thingpark-enterprise-kubernetes: values/sizing, container-manifest.txt and
// scripts/generate-audit-report.sh. A name may begin with tpe- or thingpark-, too.
var components = []string{
	"cups-server", "db-manager", "kafka-cluster", "locsolver", "lrc", "mariadb-galera", "mongo-replicaset", "node-red", "nssa", "post-upgrade",
	"pum", "shellinabox", "smp-tpe", "sql-proxy", "task-notif-ws", "tp-backup", "tp-dx", "tp-gui", "tpdx", "tpe", "tpx-flow", "thingpark",
	"twa", "wireless-pki", "wlogger", "zookeeper",
}

func knownName(name string) bool {
	return slices.ContainsFunc(components, func(c string) bool { return name == c || strings.HasPrefix(name, c+"-") })
}

// vendorImages are what the images of ThingPark Enterprise have in their paths, also in a
// mirror of the vendor's registry.
var vendorImages = []string{"repository.thingpark.com/", "/thingpark-kubernetes/"}

// operatorGroups are the API groups of the operators that ThingPark Enterprise brings.
var operatorGroups = []string{"*.strimzi.io", "psmdb.percona.com"}

func partOfTPE(j readiness.Job, releases map[string]bool) bool {
	return knownName(j.Name) || releases[j.Release] || j.Origin.Hook && j.Release == "" ||
		slices.ContainsFunc(release.Parts(), func(p release.Part) bool { return strings.HasPrefix(j.Origin.Chart, p.Chart+"-") }) ||
		slices.ContainsFunc(j.Origin.Images, func(image string) bool {
			return slices.ContainsFunc(vendorImages, func(part string) bool { return strings.Contains(image, part) })
		}) ||
		slices.ContainsFunc(j.Origin.Owners, func(group string) bool { return matches(operatorGroups, group) })
}

// uncountedJob explains why the outcome does not depend on a job, unless the job is complete.
func (v *Verdict) uncountedJob(s *Snapshot, j *readiness.Job) {
	f := Finding{Level: LevelInfo, Since: j.StartedAt, Detail: j.Reason, Objects: []Object{j.Object()}}
	switch {
	case j.State == readiness.JobComplete:
		return
	case s.uncounted[j.Name] == readiness.UncountedSelf:
		f.Code, f.Since = CodeOwnJob, j.StartedAt
		f.Summary = fmt.Sprintf("job %s runs this command, which does not wait for itself", j.Name)
		f.Detail = "this is its pod " + s.Self.Pod
	case j.CannotRecover():
		f.Code, f.Level, f.Since, f.Next = CodeOtherJobFailed, LevelWarning, j.FinishedAt, []string{v.describe(f.Objects[0])}
		f.Summary = fmt.Sprintf("job %s will not complete by itself; nothing shows that it is part of ThingPark Enterprise", j.Name)
		if j.State == readiness.JobFailed {
			f.Summary = fmt.Sprintf("job %s failed permanently; nothing shows that it is part of ThingPark Enterprise", j.Name)
			f.Next = []string{v.logs(j)}
		}
		if before := s.failedBefore(*j); before != "" {
			f.Level, f.Detail = LevelInfo, strings.TrimPrefix(j.Reason+"; "+before, "; ")
		}
	default:
		f.Code = CodeOtherJob
		f.Summary = fmt.Sprintf("job %s is not over, and nothing waits for it: nothing shows that it is part of ThingPark Enterprise", j.Name)
	}
	v.find(ExitDone, f)
}

// Jobs returns the jobs, with those marked on which the verdict does not depend.
func (v *Verdict) Jobs(all []readiness.Job) []readiness.Job {
	jobs := append([]readiness.Job{}, all...)
	for i := range jobs {
		jobs[i].Uncounted = v.uncounted[jobs[i].Name]
	}
	return jobs
}

// waitsForUs reports whether Helm waits for this command: it runs in a hook of a release that
// Helm is working on. Such a release cannot change before this command ends.
func (s *Snapshot) waitsForUs(r *release.Release) bool {
	return release.Pending(r.Status) && s.Assessment != nil && slices.ContainsFunc(s.Assessment.Hooks(), func(h readiness.Hook) bool {
		return h.Release == r.Name && (s.uncounted[h.Name] == readiness.UncountedSelf || h.Kind == "Pod" && h.Name == s.Self.Pod)
	})
}

// hookedRelease notes a release whose Helm waits for this command.
func (v *Verdict) hookedRelease(r *release.Release, f Finding) {
	f.Code, f.Level = CodeOwnRelease, LevelInfo
	f.Summary = fmt.Sprintf("release %s is %s: Helm waits for the hook that runs this command", r.Name, r.Status)
	f.Detail = "its outcome is known only after the last hook, and is not part of this one"
	f.Next = []string{v.where.Helm("status", r.Name)}
	v.find(ExitDone, f)
}
