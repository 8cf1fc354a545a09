// SPDX-License-Identifier: Apache-2.0

package upgrade

import (
	"fmt"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-tpe/kubectl-tpe/test/sim"
)

// An entry is one of PUM's, with the states through which it goes.
type entry struct {
	UID         int     `json:"uid"`
	Scope       string  `json:"scope"`
	RequestID   string  `json:"requestID"`
	RequestPath string  `json:"requestPath"`
	Max         int     `json:"max"`
	States      []state `json:"states"`
	Again       []state `json:"again"`
}

// A state begins some time after the job pum-process, or after a restart.
type state struct {
	At        metav1.Duration `json:"at"`
	State     string          `json:"state"`
	Done      int             `json:"done"`
	Remaining int             `json:"remaining"`
	Error     string          `json:"error"`
}

// A moment is a state at a time of the play.
type moment struct {
	state
	entry entry
	at    time.Duration
	run   int // of the job, from 0
}

// history returns the states through which an entry has gone.
func (u *Upgrade) history(e entry, restarts []time.Duration) []moment {
	var all []moment
	for _, s := range e.States {
		all = append(all, moment{s, e, u.script.Process.At.Duration + s.At.Duration, 0})
	}
	for i, restart := range restarts {
		for _, s := range e.Again {
			all = append(all, moment{s, e, restart + s.At.Duration, i + 1})
		}
	}
	return all
}

// runs returns when the job pum-process was begun.
func (u *Upgrade) runs() (begins, restarts []time.Duration) {
	u.lock.Lock()
	defer u.lock.Unlock()
	restarts = slices.Clone(u.restarts)
	return append([]time.Duration{u.script.Process.At.Duration}, restarts...), restarts
}

// playProcess makes the job pum-process and its log what they are at a moment.
func (u *Upgrade) playProcess(now time.Duration) error {
	begins, restarts := u.runs()
	run := len(begins) - 1
	if now < begins[0] {
		return nil
	}
	var events []moment
	end := begins[run]
	for _, e := range u.script.Entries {
		for _, m := range u.history(e, restarts) {
			if m.at <= now && m.at >= begins[0] && m.State != "INIT" {
				events = append(events, m)
			}
			if m.run == run {
				end = max(end, m.at)
			}
		}
	}
	slices.SortStableFunc(events, func(a, b moment) int { return int(a.at - b.at) })
	for _, m := range events[min(u.logged, len(events)):] {
		of := sim.LogOf{Pod: processPod(m.run), Container: processJob}
		u.Logs.Append(of, u.when(m.at).Time, m.line(u.when(m.at).Time))
	}
	u.logged = len(events)
	return u.set(processJob, u.run1(run, begins[run], end+500*time.Millisecond, now)...)
}

const processJob = "pum-process"

func processPod(run int) string { return processJob + "-" + hash(fmt.Sprint(processJob, run), 5) }

// run1 returns one run of the job: another object each time, as PUM has it.
func (u *Upgrade) run1(run int, begin, end, now time.Duration) []runtime.Object {
	objects := u.job(processJob, begin, end, now)
	job, pod := objects[0].(*batchv1.Job), objects[1].(*corev1.Pod)
	job.UID = uid("Job", fmt.Sprint(processJob, "-", run))
	pod.Name, pod.UID, pod.OwnerReferences[0].UID = processPod(run), uid("Pod", processPod(run)), job.UID
	return objects
}

// line is what the job logs of a state.
func (m moment) line(at time.Time) string {
	level := "info"
	if m.Error != "" {
		level = "error"
	}
	what := m.State + " " + m.response()
	if m.State == "IN_PROGRESS" {
		what = fmt.Sprintf("POST %s { \"max\" : %d }", m.entry.RequestPath, m.entry.Max)
	}
	return fmt.Sprintf("%s %s: %s: %s\n", at.UTC().Format("2006-01-02T15:04:05.000Z"), level, m.entry.RequestID, what)
}

// response is the last response of the service that PUM asks.
func (s state) response() string {
	if s.Error != "" {
		return fmt.Sprintf(`{"status":500,"message":%q}`, s.Error)
	}
	status, message := 200, "OK"
	if s.Remaining > 0 {
		status, message = 250, "Unknown"
	}
	return fmt.Sprintf(`{"status":%d,"message":%q,"data":{"countOnly":false,"result":{"done":%d,"remaining":%d}}}`, status, message, s.Done, s.Remaining)
}

// entries returns what PUM prints at a moment. Before its job begins that is what was there
// before the upgrade.
func (u *Upgrade) entries(now time.Duration) (string, error) {
	_, restarts := u.runs()
	var printed []map[string]any
	for _, e := range u.script.Entries {
		var past []moment
		for _, m := range u.history(e, restarts) {
			if m.at <= now {
				past = append(past, m)
			}
		}
		if len(past) > 0 {
			printed = append(printed, u.print(e, past))
		}
	}
	return sim.Print(printed, time.Now())
}

// print returns an entry with the keys of PUM.
func (u *Upgrade) print(e entry, past []moment) map[string]any {
	const layout = "2006-01-02T15:04:05.000Z"
	last := past[len(past)-1]
	var response any
	errors, iterations := 0, 0
	for _, m := range past {
		switch {
		case m.State == "INIT":
			errors = 0
		case m.Error != "":
			errors++
			response = m.response()
		case m.State != "SKIPPED" && m.State != "IN_PROGRESS":
			iterations++
			response = m.response()
		}
	}
	at := func(d time.Duration) string {
		return u.began.Add(time.Duration(float64(d) / u.speed)).UTC().Format(layout)
	}
	return map[string]any{
		"uid": e.UID, "creationTimestamp": at(past[0].at), "scope": e.Scope, "requestID": e.RequestID, "requestPath": e.RequestPath,
		"requestBody": fmt.Sprintf(`{ "max" : %d }`, e.Max), "state": last.State, "stateTimestamp": at(last.at),
		"lastResponse": response, "errorCounter": errors, "iterationCounter": iterations,
	}
}

// exec answers a command in PUM's pod, as the image of 8.0 does.
func (u *Upgrade) exec(c sim.Command) sim.Result {
	now := u.now()
	line := strings.Join(c.Args, " ")
	switch {
	case c.Container == "pum" && (line == "status" || line == "/nodejs/bin/node app.js display"):
		text, err := u.entries(now)
		if err != nil {
			return sim.Result{Error: err.Error()}
		}
		return sim.Result{Stdout: text}
	case c.Container == "pum" && line == "restart":
		u.lock.Lock()
		u.restarts = append(u.restarts, now)
		u.lock.Unlock()
		return sim.Result{}
	}
	return sim.NotFound("containerd", c.Args)
}

// job returns a job and its pod, which begin and end at some time. Before there is the job of
// the upgrade before.
func (u *Upgrade) job(name string, begin, end, now time.Duration) []runtime.Object {
	generation := "now"
	if now < begin {
		generation, begin, end = "before", longAgo, longAgo+time.Minute
	}
	j := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{
		Name: name, UID: uid("Job", name+"-"+generation), CreationTimestamp: u.when(begin), Generation: 1,
		Labels: map[string]string{"app.kubernetes.io/name": name},
	}}
	j.Kind, j.APIVersion = "Job", "batch/v1"
	labels := map[string]string{"batch.kubernetes.io/job-name": name, "job-name": name}
	j.Spec = batchv1.JobSpec{Completions: new(int32(1)), Parallelism: new(int32(1)), BackoffLimit: new(int32(6))}
	j.Spec.Template.Labels, j.Spec.Template.Spec.RestartPolicy = labels, corev1.RestartPolicyNever
	j.Spec.Template.Spec.Containers = []corev1.Container{{Name: name, Image: "registry.invalid/" + name + ":" + u.script.To}}
	j.Status.StartTime = new(u.when(begin))
	s := rollout{Upgrade: u, workload: workload{Kind: "Job", Name: name}}
	p := s.pod(name+"-"+hash(name+generation, 5), u.script.To, labels, "Job", name)
	p.CreationTimestamp, p.OwnerReferences[0].UID, p.Spec.RestartPolicy = u.when(begin), j.UID, corev1.RestartPolicyNever
	s.running(p, begin, begin, now < end)
	if now < end {
		j.Status.Active, j.Status.Ready = 1, new(int32(1))
		return []runtime.Object{j, p}
	}
	p.Status.Phase, p.Status.ContainerStatuses[0].Started = corev1.PodSucceeded, new(false)
	p.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		Reason: "Completed", StartedAt: u.when(begin), FinishedAt: u.when(end),
	}}
	j.Status.Succeeded, j.Status.CompletionTime = 1, new(u.when(end))
	j.Status.Conditions = []batchv1.JobCondition{{
		Type: batchv1.JobComplete, Status: corev1.ConditionTrue, Reason: "CompletionsReached", LastTransitionTime: u.when(end), LastProbeTime: u.when(end),
	}}
	return []runtime.Object{j, p}
}

// cronJob returns one that ran last night.
func (u *Upgrade) cronJob(name string) runtime.Object {
	c := &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Name: name, UID: uid("CronJob", name), CreationTimestamp: u.when(longAgo), Generation: 1}}
	c.Kind, c.APIVersion = "CronJob", "batch/v1"
	c.Spec.Schedule = "30 2 * * *"
	c.Status.LastScheduleTime, c.Status.LastSuccessfulTime = new(u.when(-8*time.Hour)), new(u.when(-8*time.Hour+time.Minute))
	return c
}
