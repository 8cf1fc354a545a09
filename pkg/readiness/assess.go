// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"cmp"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// An Assessment is what was observed of a namespace at one moment.
type Assessment struct {
	ObservedAt time.Time
	Workloads  []Workload // by kind, then name
	Jobs       []Job      // by name; those of CronJobs are not among them
	CronJobs   []CronJob  // by name
	Crashes    []Cause    // containers that run again after they failed, by pod
	Lingering  []Cause    // pods that do not terminate, by pod
	Gaps       []Gap      // by resource

	Objects Objects // from which all this was derived; they are not changed any more

	HookPods []Hook // pods without a controller that Helm waits for; see Hooks
}

// empty reports whether there is nothing in the assessment.
func (a Assessment) empty() bool {
	return len(a.Workloads)+len(a.Jobs)+len(a.CronJobs) == 0
}

// complete reports whether everything in the assessment is done, so that no causes have to
// be searched for.
func (a Assessment) complete() bool {
	return !slices.ContainsFunc(a.Workloads, func(w Workload) bool { return !w.Done() }) &&
		!slices.ContainsFunc(a.Jobs, func(j Job) bool { return j.State != JobComplete })
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
	KafkaNodePools []*unstructured.Unstructured // how many nodes Kafka should have
	StrimziPodSets []*unstructured.Unstructured
	MongoDBs       []*unstructured.Unstructured

	Events []*corev1.Event                 // for causes
	Claims []*corev1.PersistentVolumeClaim // for causes
	Logs   map[ContainerName][]string      // the last lines of crashed containers

	Gaps []Gap
}

// Assess applies the rule of each kind to what was read.
func Assess(o Objects, now time.Time) Assessment {
	s := assessor{Objects: o, pods: groupByOwner(o.Pods), find: newFinder(o, now)}
	s.adoptable = s.adoptablePods()
	a := Assessment{
		ObservedAt: now, Workloads: s.workloads(), Gaps: slices.Clone(o.Gaps), Objects: o,
		Crashes: crashes(o.Pods), Lingering: s.find.lingering(o.Pods),
	}
	a.Jobs, a.CronJobs = s.jobs()
	a.HookPods = s.hookPods()
	slices.SortFunc(a.Workloads, func(a, b Workload) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(a.Jobs, func(a, b Job) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(a.CronJobs, func(a, b CronJob) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(a.Gaps, func(a, b Gap) int { return cmp.Compare(a.Resource, b.Resource) })
	a.addLogs(o.Logs)
	return a
}

// An assessor finds for each object its pods and causes.
type assessor struct {
	Objects
	pods      podsByOwner
	adoptable podsByLabel // maybe adopted, by a Deployment of another name
	find      finder
}

func (a assessor) workloads() []Workload {
	return append(a.builtInWorkloads(), a.customWorkloads()...)
}

func (a assessor) builtInWorkloads() []Workload {
	var list []Workload
	for _, d := range a.Deployments {
		pods := a.podsOfDeployment(d)
		rule := func(c []Cause) Workload { return Deployment(d, c) }
		w := a.judgeCounted(d, rule, pods, func() []Cause {
			isLatest := latest(d.Status.UpdatedReplicas, pods, appsv1.DefaultDeploymentUniqueLabelKey)
			return append(a.find.onPods(pods, isLatest), deploymentCauses(d, a.find.now)...)
		})
		w.Rolling, w.Release = rollingOut(d), helmRelease(d)
		list = append(list, w)
	}
	for _, s := range a.StatefulSets {
		pods := a.pods.byUID[s.UID]
		rule := func(c []Cause) Workload { return StatefulSet(s, a.deletesOld(s), pods, c) }
		w := a.judgeCounted(s, rule, pods, func() []Cause {
			return append(a.find.statefulSetCauses(s, pods), a.find.onCreation("StatefulSet", s, pods)...)
		})
		w.Release = helmRelease(s)
		list = append(list, w)
	}
	for _, d := range a.DaemonSets {
		pods := a.pods.byUID[d.UID]
		rule := func(c []Cause) Workload { return DaemonSet(d, c) }
		list = append(list, a.judgeCounted(d, rule, pods, func() []Cause {
			return append(a.find.daemonSetCauses(d, pods), a.find.onCreation("DaemonSet", d, pods)...)
		}))
	}
	return list
}

func (a assessor) customWorkloads() []Workload {
	var list []Workload
	for _, k := range a.Kafkas {
		pods := a.kafkaPods(k)
		rule := func(c []Cause) Workload { return Kafka(k, a.Objects, c) }
		list = append(list, a.judge(k, rule, pods, func() []Cause {
			return append(a.find.onPods(pods, every), kafkaCauses(k, a.Objects, a.find.now)...)
		}))
	}
	for _, s := range a.StrimziPodSets {
		pods := a.pods.byUID[s.GetUID()]
		if a.Pods != nil && pods == nil {
			pods = []*corev1.Pod{} // read, and none
		}
		rule := func(c []Cause) Workload { return StrimziPodSet(s, pods, c) }
		list = append(list, a.judge(s, rule, pods, func() []Cause {
			return append(a.find.onPods(pods, listedBy(s)), a.find.onCreation("StrimziPodSet", s, pods)...)
		}))
	}
	for _, m := range a.MongoDBs {
		rule := func(c []Cause) Workload { return PerconaServerMongoDB(m, a.Objects, c) }
		list = append(list, a.judge(m, rule, nil, func() []Cause { return mongoCauses(m, a.find.now) }))
	}
	return list
}

// judge applies a rule, first without causes: they are searched for only if the
// workload is not done. A workload that is ready only between two crashes is not
// done, nor is one with a pod that cannot run, nor one that is being deleted.
func (a assessor) judge(o metav1.Object, rule func([]Cause) Workload, pods []*corev1.Pod, causes func() []Cause) Workload {
	return a.judgeSaid(o, rule(nil), rule, pods, causes)
}

// judgeSaid is judge with what the rule says without causes.
func (a assessor) judgeSaid(o metav1.Object, w Workload, rule func([]Cause) Workload, pods []*corev1.Pod, causes func() []Cause) Workload {
	if at := o.GetDeletionTimestamp(); at != nil {
		return w.at(step{state: Progressing, doing: beingDeleted(o), since: at.Time}, nil)
	}
	if !w.Done() {
		return rule(gravestFirst(causes()))
	}
	if !a.current("Pod") {
		return w // the status is newer than what is known of the pods
	}
	if loops := a.find.unsteady(pods); len(loops) > 0 {
		return w.at(step{state: Progressing, doing: "ready between crashes"}, gravestFirst(loops))
	}
	if broken := a.find.broken(pods); len(broken) > 0 {
		return w.at(step{state: Progressing, doing: a.doing(w.Kind, pods)}, gravestFirst(broken))
	}
	return w
}

// beingDeleted says that an object is being deleted, and which finalizers it waits for: it
// stays, with the status that it had, until they are gone.
func beingDeleted(o metav1.Object) string {
	doing := "being deleted"
	if finalizers := o.GetFinalizers(); len(finalizers) > 0 {
		doing += ", waiting for " + clean(strings.Join(finalizers, ", "))
	}
	return doing
}

// lingering returns the pods that do not terminate, whatever the state of their workloads: a
// rollout completes without waiting for them (kubernetes#110171).
func (f finder) lingering(pods []*corev1.Pod) []Cause {
	var causes []Cause
	for _, p := range filter(pods, isStopping) {
		for _, c := range f.stopping(p) {
			if c.Code == StuckStopping {
				causes = append(causes, c)
			}
		}
	}
	slices.SortFunc(causes, func(a, b Cause) int { return cmp.Compare(a.Pod, b.Pod) })
	return causes
}

// broken returns the causes found on pods of a workload whose status says ready: its
// controller may have stopped updating it. What is normal while a pod starts does
// not count.
func (f finder) broken(pods []*corev1.Pod) []Cause {
	var causes []Cause
	for _, p := range pods {
		if serves(p) || isStopping(p) || hasEnded(p) {
			continue
		}
		for _, c := range f.onContainers(p) {
			if causeKinds[c.Code].grace > 0 {
				causes = append(causes, c)
			}
		}
	}
	return causes
}

func every(*corev1.Pod) bool { return true }

// deletesOld reports whether an operator deletes the old pods of a StatefulSet:
// Percona's does not with the updateStrategy OnDelete.
func (a assessor) deletesOld(s *appsv1.StatefulSet) bool {
	c := metav1.GetControllerOf(s)
	return c != nil && !slices.ContainsFunc(a.MongoDBs, func(m *unstructured.Unstructured) bool {
		return m.GetUID() == c.UID && stringAt(m, "spec", "updateStrategy") == string(appsv1.OnDeleteStatefulSetStrategyType)
	})
}

// kafkaPods returns those of a Kafka cluster's pods whose StrimziPodSets are
// hidden: each problem is reported for one workload.
func (a assessor) kafkaPods(k *unstructured.Unstructured) []*corev1.Pod {
	return filter(strimziPods(k, a.Pods), func(p *corev1.Pod) bool {
		owner := metav1.GetControllerOf(p).UID
		return !slices.ContainsFunc(a.StrimziPodSets, func(s *unstructured.Unstructured) bool { return s.GetUID() == owner })
	})
}

// jobs returns the jobs of the installation, and the CronJobs with their runs,
// which do not count among these.
func (a assessor) jobs() ([]Job, []CronJob) {
	var jobs []Job
	runs := map[types.UID][]run{}
	for _, j := range a.Jobs {
		if owner, byHand, ok := cronJobOf(j); ok {
			runs[owner] = append(runs[owner], run{a.job(j), byHand})
			continue
		}
		jobs = append(jobs, a.existing(j))
	}
	var cronJobs []CronJob
	for _, c := range a.CronJobs {
		cronJobs = append(cronJobs, assessCronJob(c, runs[c.UID]))
	}
	return jobs, cronJobs
}

// existing assesses a job. One that is being deleted may soon be replaced, as Helm replaces its
// hooks: how the old one ended says nothing about the new one.
func (a assessor) existing(j *batchv1.Job) Job {
	job := a.job(j)
	if j.DeletionTimestamp != nil {
		job.State, job.Reason, job.Causes, job.FinishedAt = JobFinishing, beingDeleted(j), nil, time.Time{}
	}
	return job
}

func (a assessor) job(j *batchv1.Job) Job {
	pods := a.pods.byUID[j.UID]
	job := JobOf(j, pods, nil)
	if job.State == JobComplete {
		return job
	}
	return JobOf(j, pods, gravestFirst(slices.Concat(
		a.find.onPods(pods, every), a.find.onCreation("Job", j, pods), a.find.held(j, pods), a.jobBehind(j, pods))))
}
