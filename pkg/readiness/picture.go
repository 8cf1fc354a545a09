// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"cmp"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// A Picture is what was observed of a namespace at one moment.
type Picture struct {
	ObservedAt time.Time
	Workloads  []Workload // by kind, then name
	Jobs       []Job      // by name; those of CronJobs are not among them
	CronJobs   []CronJob  // by name
	Crashes    []Cause    // containers that run again after they ended badly, by pod
	Gaps       []Gap      // by resource
}

// empty reports whether there is nothing in the picture.
func (p Picture) empty() bool {
	return len(p.Workloads)+len(p.Jobs)+len(p.CronJobs) == 0
}

// complete reports whether nothing in the picture is held up, so that there
// are no causes to look for.
func (p Picture) complete() bool {
	return !slices.ContainsFunc(p.Workloads, func(w Workload) bool { return !w.Done() }) &&
		!slices.ContainsFunc(p.Jobs, func(j Job) bool { return j.State != JobComplete })
}

// Objects is what was read of a namespace. A nil list was not read. Assess
// changes nothing in it.
type Objects struct {
	Deployments    []*appsv1.Deployment
	StatefulSets   []*appsv1.StatefulSet
	DaemonSets     []*appsv1.DaemonSet
	Jobs           []*batchv1.Job
	CronJobs       []*batchv1.CronJob
	Pods           []*corev1.Pod
	Kafkas         []*unstructured.Unstructured
	StrimziPodSets []*unstructured.Unstructured
	MongoDBs       []*unstructured.Unstructured

	Events []*corev1.Event                 // tell causes
	Claims []*corev1.PersistentVolumeClaim // tell causes

	Gaps []Gap
}

// Assess applies the rule of each kind to what was read.
func Assess(o Objects, now time.Time) Picture {
	a := assessor{Objects: o, pods: groupByOwner(o.Pods)}
	a.find = finder{events: groupByObject(o.Events), claims: byName(o.Claims), now: now}
	p := Picture{ObservedAt: now, Workloads: a.workloads(), Crashes: crashes(o.Pods), Gaps: slices.Clone(o.Gaps)}
	p.Jobs, p.CronJobs = a.jobs()
	slices.SortFunc(p.Workloads, func(a, b Workload) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(p.Jobs, func(a, b Job) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(p.CronJobs, func(a, b CronJob) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(p.Gaps, func(a, b Gap) int { return cmp.Compare(a.Resource, b.Resource) })
	return p
}

// An assessor finds for each object its pods and causes.
type assessor struct {
	Objects
	pods podsByOwner
	find finder
}

func (a assessor) workloads() []Workload {
	var list []Workload
	for _, d := range a.Deployments {
		rule := func(c []Cause) Workload { return Deployment(d, c) }
		list = append(list, a.judge(rule, a.pods.byDeployment[d.Name], func() []Cause { return a.deploymentCauses(d) }).rolling(d))
	}
	for _, s := range a.StatefulSets {
		pods := a.pods.byUID[s.UID]
		rule := func(c []Cause) Workload { return StatefulSet(s, pods, c) }
		list = append(list, a.judge(rule, pods, func() []Cause { return a.causes("StatefulSet", s, pods) }))
	}
	for _, d := range a.DaemonSets {
		pods := a.pods.byUID[d.UID]
		rule := func(c []Cause) Workload { return DaemonSet(d, c) }
		list = append(list, a.judge(rule, pods, func() []Cause { return a.causes("DaemonSet", d, pods) }))
	}
	for _, k := range a.Kafkas {
		rule := func(c []Cause) Workload { return Kafka(k, a.Pods, c) }
		list = append(list, a.judge(rule, a.kafkaPods(k), func() []Cause { return a.kafkaCauses(k) }))
	}
	for _, s := range a.StrimziPodSets {
		pods := a.pods.byUID[s.GetUID()]
		rule := func(c []Cause) Workload { return StrimziPodSet(s, c) }
		list = append(list, a.judge(rule, pods, func() []Cause { return a.causes("StrimziPodSet", s, pods) }))
	}
	for _, m := range a.MongoDBs {
		rule := func(c []Cause) Workload { return PerconaServerMongoDB(m, c) }
		list = append(list, a.judge(rule, nil, func() []Cause { return mongoCauses(m, a.find.now) }))
	}
	return list
}

// judge applies a rule, first without causes: they are looked for only if the
// workload is held up. What is done, but only between two crashes, is not.
func (a assessor) judge(rule func([]Cause) Workload, pods []*corev1.Pod, causes func() []Cause) Workload {
	w := rule(nil)
	if !w.Done() {
		found := causes()
		gravest(found)
		return rule(found)
	}
	if loops := a.find.unsteady(pods); len(loops) > 0 {
		gravest(loops)
		return w.at(step{state: Progressing, doing: "ready between crashes"}, loops)
	}
	return w
}

// causes returns what is found on a workload's pods and on itself.
func (a assessor) causes(kind string, o metav1.Object, pods []*corev1.Pod) []Cause {
	causes := a.find.onPods(pods, func(*corev1.Pod) bool { return true })
	return append(causes, a.find.onCreation(Object{kind, o.GetName()}, o.GetUID(), pods)...)
}

func (a assessor) deploymentCauses(d *appsv1.Deployment) []Cause {
	pods := a.pods.byDeployment[d.Name]
	return append(a.find.onPods(pods, latest(pods)), deploymentCauses(d, a.find.now)...)
}

func (a assessor) kafkaCauses(k *unstructured.Unstructured) []Cause {
	onPods := a.find.onPods(a.kafkaPods(k), func(*corev1.Pod) bool { return true })
	return append(onPods, kafkaCauses(k, a.find.now)...)
}

// kafkaPods returns a Kafka cluster's pods only if the StrimziPodSets that own
// them are hidden: one trouble is told of one workload.
func (a assessor) kafkaPods(k *unstructured.Unstructured) []*corev1.Pod {
	if len(a.StrimziPodSets) > 0 {
		return nil
	}
	return strimziPods(k, a.Pods)
}

// jobs returns the jobs, and the CronJobs with the last of theirs.
func (a assessor) jobs() ([]Job, []CronJob) {
	var jobs []Job
	last := map[types.UID]*batchv1.Job{}
	for _, j := range a.Jobs {
		c := metav1.GetControllerOf(j)
		switch {
		case c == nil || c.Kind != "CronJob":
			jobs = append(jobs, a.job(j).identified(j))
		case last[c.UID] == nil || j.CreationTimestamp.After(last[c.UID].CreationTimestamp.Time):
			last[c.UID] = j
		}
	}
	var cronJobs []CronJob
	for _, c := range a.CronJobs {
		var run *Job
		if j := last[c.UID]; j != nil {
			run = new(a.job(j))
		}
		cronJobs = append(cronJobs, CronJobOf(c, run))
	}
	return jobs, cronJobs
}

func (a assessor) job(j *batchv1.Job) Job {
	pods := a.pods.byUID[j.UID]
	job := JobOf(j, pods, nil)
	if job.State == JobComplete {
		return job
	}
	causes := a.causes("Job", j, pods)
	gravest(causes)
	return JobOf(j, pods, causes)
}

func byName(claims []*corev1.PersistentVolumeClaim) map[string]*corev1.PersistentVolumeClaim {
	if claims == nil {
		return nil
	}
	m := map[string]*corev1.PersistentVolumeClaim{}
	for _, c := range claims {
		m[c.Name] = c
	}
	return m
}
