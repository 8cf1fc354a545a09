// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// A job counts if anything shows that it is part of ThingPark Enterprise: one that does and
// fails must not be a mere warning.
func TestWhichJobsCount(t *testing.T) {
	origin := func(o readiness.Origin) readiness.Job { return readiness.Job{Name: "x", Origin: o} }
	of := func(r string) readiness.Job { return readiness.Job{Name: "x", Release: r} }
	named := func(n string) readiness.Job { return readiness.Job{Name: n} }
	image := func(i string) readiness.Job { return origin(readiness.Origin{Images: []string{"busybox", i}}) }
	renamed := func(s *Snapshot) { s.Releases = &Releases{Items: []release.Release{{Name: "prod"}}} }
	pumOf := func(r string) func(*Snapshot) {
		return func(s *Snapshot) {
			s.PUM = "post-upgrades"
			s.Assessment.Workloads = []readiness.Workload{{Kind: "Deployment", Name: s.PUM, Release: r, State: readiness.Ready}}
		}
	}
	known := func(s *Snapshot) {
		s.Assessment.Workloads = []readiness.Workload{{Kind: "StatefulSet", Name: "lrc", Release: "prod", State: readiness.Ready}}
	}
	strange := func(s *Snapshot) {
		s.Assessment.Workloads = []readiness.Workload{{Kind: "Deployment", Name: "grafana", Release: "prod", State: readiness.Ready}}
	}
	for name, tt := range map[string]struct {
		job   readiness.Job
		also  func(*Snapshot)
		count bool
	}{
		"PUM's":                                  {named("pum-process"), nil, true},
		"a known name":                           {named("twa-upgrade-7"), nil, true},
		"the vendor's validation":                {named("thingpark-enteprise-validate-requirements"), nil, true},
		"the same letters, another name":         {named("twapping"), nil, false},
		"no sign of any":                         {named("x"), nil, false},
		"one of the four releases":               {of("tpe-data"), nil, true},
		"another release":                        {of("cert-manager"), nil, false},
		"a release found by its chart":           {of("prod"), renamed, true},
		"PUM's release, which cannot be read":    {of("prod"), pumOf("prod"), true},
		"the release of a known workload":        {of("prod"), known, true},
		"the release of an unknown workload":     {of("prod"), strange, false},
		"neither has a release":                  {of(""), pumOf(""), false},
		"a hook of nobody knows which":           {origin(readiness.Origin{Hook: true}), nil, true},
		"a hook of another release":              {readiness.Job{Name: "x", Release: "cert-manager", Origin: readiness.Origin{Hook: true}}, nil, false},
		"one of the four charts":                 {origin(readiness.Origin{Chart: "thingpark-data-2.2.2"}), nil, true},
		"another chart":                          {origin(readiness.Origin{Chart: "cert-manager-v1.16.1"}), nil, false},
		"the vendor's registry":                  {image("repository.thingpark.com/percona:1"), nil, true},
		"a mirror of it":                         {image("mirror.example.com/tpe/thingpark-kubernetes/twa-sql:1"), nil, true},
		"another image":                          {image("quay.io/jetstack/cert-manager-startupapicheck:v1"), nil, false},
		"Strimzi's":                              {origin(readiness.Origin{Owners: []string{"kafka.strimzi.io"}}), nil, true},
		"Percona's":                              {origin(readiness.Origin{Owners: []string{"psmdb.percona.com"}}), nil, true},
		"another operator's":                     {origin(readiness.Origin{Owners: []string{"cert-manager.io"}}), nil, false},
		"another run of this plugin, as a hook":  {readiness.Job{Name: "tpe-wait", Release: "tpe", Origin: readiness.Origin{App: PluginName, Hook: true}}, nil, false},
		"something else that is called as it is": {readiness.Job{Name: "pum-process", Origin: readiness.Origin{App: PluginName}}, nil, true},
	} {
		for _, state := range []readiness.JobState{readiness.JobFailed, readiness.JobRunning, readiness.JobSuspended, readiness.JobPending} {
			tt.job.State = state
			s := Snapshot{ObservedAt: midday, Goal: GoalWorkloads, Assessment: withJobs(workloads(readiness.Ready), tt.job)}
			if tt.also != nil {
				tt.also(&s)
			}
			v := Judge(s)
			want := ExitDone
			switch {
			case tt.count && state == readiness.JobFailed:
				want = ExitFailed
			case tt.count:
				want = ExitPending
			}
			if v.ExitCode != want {
				t.Errorf("%s, %s: exit code %d, want %d", name, state, v.ExitCode, want)
			}
			if !tt.count && (len(v.Findings) != 1 || len(v.Moving) != 0 || v.Jobs(s.Assessment.Jobs)[0].Uncounted != readiness.UncountedOther) {
				t.Errorf("%s, %s: %d findings, moving %v; want one finding, and nothing to wait for", name, state, len(v.Findings), v.Moving)
			}
		}
	}
}

// A job that cannot start and is not part of ThingPark Enterprise is a warning, not the cause
// of its pods.
func TestBlockedJobOfOthers(t *testing.T) {
	job := readiness.Job{Name: "x", State: readiness.JobRunning, Causes: []readiness.Cause{{Code: readiness.ImagePull, Permanent: true}}}
	v := Judge(Snapshot{ObservedAt: midday, Goal: GoalWorkloads, Assessment: withJobs(workloads(readiness.Ready), job)})
	if v.ExitCode != ExitDone || len(v.Findings) != 1 || v.Findings[0].Code != CodeOtherJobFailed || v.Findings[0].Level != LevelWarning {
		t.Errorf("exit code %d, findings %v", v.ExitCode, v.Findings)
	}
	if f := v.Findings[0]; !strings.Contains(f.Summary, "will not complete by itself") || f.Next[0] != "kubectl describe job x" {
		t.Errorf("%s; next %v", f.Summary, f.Next)
	}
	job.State, job.Causes, job.Pods = readiness.JobFailed, nil, []string{"x-1"}
	v = Judge(Snapshot{ObservedAt: midday, Goal: GoalWorkloads, Assessment: withJobs(workloads(readiness.Ready), job)})
	if f := v.Findings[0]; !strings.Contains(f.Summary, "failed permanently") || f.Next[0] != "kubectl tpe logs --attempt=last --job=x" {
		t.Errorf("%s; next %v", f.Summary, f.Next)
	}
}

// A command that shows a log is offered only if there may be one: with the restart policy OnFailure
// the pods of a job that failed are deleted.
func TestLogsOfAJobWithoutPods(t *testing.T) {
	const logs, describe = "kubectl tpe logs --attempt=last --job=x", "kubectl describe job x"
	failed := readiness.Job{Name: "x", Release: "tpe", State: readiness.JobFailed}
	with := failed
	with.Pods = []string{"x-1"}
	for want, assessment := range map[string]*readiness.Assessment{
		logs:     withJobs(workloads(readiness.Ready), with),
		describe: withJobs(workloads(readiness.Ready), failed),
	} {
		v := Judge(Snapshot{ObservedAt: midday, Goal: GoalWorkloads, Assessment: assessment})
		if v.ExitCode != ExitFailed || v.Findings[0].Next[0] != want {
			t.Errorf("exit code %d, next %q, want %q", v.ExitCode, v.Findings[0].Next, want)
		}
	}
	v := Judge(Snapshot{ObservedAt: midday, Goal: GoalWorkloads, Assessment: withGap(withJobs(workloads(readiness.Ready), failed), "Pod", readiness.Forbidden)})
	if i := slices.IndexFunc(v.Findings, func(f Finding) bool { return f.Code == CodeJobFailed }); i < 0 || v.Findings[i].Next[0] != logs {
		t.Errorf("pods are unknown: %+v", v.Findings)
	}
}

// An aborted entry offers the log of PUM's job as long as there may be one.
func TestLogsOfPUMsJob(t *testing.T) {
	const logs = "kubectl tpe logs --attempt=last"
	with := readiness.Job{Name: pum.ProcessJob, State: readiness.JobComplete, Pods: []string{"pum-process-1"}}
	for _, tt := range []struct {
		name       string
		assessment *readiness.Assessment
		want       bool
	}{
		{"a job", withJobs(workloads(readiness.Ready), with), true},
		{"a job without pods", withJobs(workloads(readiness.Ready), readiness.Job{Name: pum.ProcessJob, State: readiness.JobComplete}), false},
		{"the next attempt is to come", withJobs(workloads(readiness.Ready), readiness.Job{Name: pum.ProcessJob, State: readiness.JobRunning}), false},
		{"none", workloads(readiness.Ready), false},
		{"jobs are unknown", withGap(workloads(readiness.Ready), "Job", readiness.Forbidden), true},
		{"workloads are unknown", nil, true},
	} {
		v := Judge(Snapshot{ObservedAt: midday, Assessment: tt.assessment, Answer: entries(pum.StateAborted)})
		i := slices.IndexFunc(v.Findings, func(f Finding) bool { return f.Code == CodeEntryAborted })
		if i < 0 || slices.Contains(v.Findings[i].Next, logs) != tt.want {
			t.Errorf("%s: %+v", tt.name, v.Findings)
		}
	}
}

// An old failure of other software is no warning.
func TestJobOfOthersFailedBefore(t *testing.T) {
	job := readiness.Job{Name: "x", State: readiness.JobFailed, FinishedAt: midday.Add(-48 * time.Hour)}
	v := Judge(Snapshot{ObservedAt: midday, Goal: GoalWorkloads, Assessment: withJobs(workloads(readiness.Ready), job), Releases: helm(time.Hour)})
	if v.Findings[0].Code != CodeOtherJobFailed || v.Findings[0].Level != LevelInfo {
		t.Errorf("findings %v", v.Findings)
	}
}

// A wait in a job of the namespace does not wait for that job, and no other is taken for it.
func TestOwnJob(t *testing.T) {
	job := func(name string, pods ...string) readiness.Job {
		return readiness.Job{Name: name, State: readiness.JobRunning, Pods: pods, Release: "tpe"}
	}
	noPods := readiness.Gap{Kind: "Pod", Resource: "pods", Reason: readiness.ReadFailed, Err: errForbidden}
	for name, tt := range map[string]struct {
		self string
		job  readiness.Job
		gaps []readiness.Gap
		own  bool
	}{
		"its pod":                          {"check-abcde", job("check", "check-zzzzz", "check-abcde"), nil, true},
		"a pod that is named by hand":      {"runner", job("check", "runner"), nil, true},
		"another pod":                      {"check-abcde", job("check", "check-zzzzz"), nil, false},
		"no pod":                           {"", job("check", "check-abcde"), nil, false},
		"pods are hidden, its name":        {"check-abcde", job("check"), []readiness.Gap{noPods}, true},
		"pods are hidden, a longer name":   {"check-6d5f7c8b9-abcde", job("check"), []readiness.Gap{noPods}, false},
		"pods are hidden, a job's own pod": {"check", job("check"), []readiness.Gap{noPods}, false},
	} {
		p := withJobs(workloads(readiness.Ready), tt.job)
		p.Gaps = tt.gaps
		s := Snapshot{ObservedAt: midday, Goal: GoalWorkloads, Assessment: p, Self: Self{Pod: tt.self}}
		v := Judge(s)
		if got := v.Jobs(p.Jobs)[0].Uncounted == readiness.UncountedSelf; got != tt.own {
			t.Errorf("%s: own %v, want %v", name, got, tt.own)
		}
		if got := len(v.Moving) == 0; got != tt.own {
			t.Errorf("%s: moving %v", name, v.Moving)
		}
		if tt.gaps == nil && (v.ExitCode == ExitDone) != tt.own {
			t.Errorf("%s: exit code %d", name, v.ExitCode)
		}
	}
}

// Helm waits for its hook, and the hook must not wait for Helm. For any other release and in
// any other job it does.
func TestOwnRelease(t *testing.T) {
	hook := readiness.Job{Name: "tpe-wait", State: readiness.JobRunning, Pods: []string{"tpe-wait-abcde"}, Release: "tpe", Origin: readiness.Origin{Hook: true}}
	noHook, otherHook := hook, hook
	noHook.Origin.Hook = false
	otherHook.Release = "tpe-data"
	for name, tt := range map[string]struct {
		self   string
		job    readiness.Job
		status string
		ago    time.Duration
		want   ExitCode
		code   Code
	}{
		"its own":                    {"tpe-wait-abcde", hook, release.StatusPendingUpgrade, time.Minute, ExitDone, CodeOwnRelease},
		"at installation":            {"tpe-wait-abcde", hook, release.StatusPendingInstall, time.Minute, ExitDone, CodeOwnRelease},
		"for hours":                  {"tpe-wait-abcde", hook, release.StatusPendingUpgrade, 3 * time.Hour, ExitDone, CodeOwnRelease},
		"a failed one stays failed":  {"tpe-wait-abcde", hook, release.StatusFailed, time.Minute, ExitFailed, CodeReleaseFailed},
		"in another pod":             {"other-abcde", hook, release.StatusPendingUpgrade, time.Minute, ExitPending, CodeReleasePending},
		"in no hook":                 {"tpe-wait-abcde", noHook, release.StatusPendingUpgrade, time.Minute, ExitPending, CodeReleasePending},
		"in a hook of another chart": {"tpe-wait-abcde", otherHook, release.StatusPendingUpgrade, time.Minute, ExitPending, CodeReleasePending},
	} {
		r := helm(4*time.Hour, 4*time.Hour, 4*time.Hour, tt.ago)
		for i := range r.Items {
			if r.Items[i].Name == "tpe" {
				r.Items[i].Status = tt.status
			}
		}
		v := Judge(Snapshot{ObservedAt: midday, Goal: GoalAll, Assessment: withJobs(workloads(readiness.Ready), tt.job),
			Answer: entries(pum.StateProcessed), Releases: r, Self: Self{Pod: tt.self}})
		found := false
		for _, f := range v.Findings {
			found = found || f.Code == tt.code
		}
		if v.ExitCode != tt.want || !found {
			t.Errorf("%s: exit code %d, want %d with %s; findings %v", name, v.ExitCode, tt.want, tt.code, v.Findings)
		}
		if tt.want == ExitDone && len(v.Moving) != 0 {
			t.Errorf("%s: moving %v", name, v.Moving)
		}
	}
}
