// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kubejob"
)

// lag is how long kubelets and controllers take at most, as long as they work, until a status has
// what became of the pods. On a busy node a quarter of a minute was seen.
const lag = time.Minute

// judgeCounted is judge for a workload whose status counts its pods. If fewer are ready than the
// status says, it is not ready: the counts are as old as the last work of the controller, which may
// be down or slow while nodes fail and pods are deleted. Where the pods could not be read, the
// status counts.
//
// Which revision the pods have does not matter: what a status says of the latest spec stays true
// while no controller works.
func (a assessor) judgeCounted(o metav1.Object, rule func([]Cause) Workload, own []*corev1.Pod, causes func() []Cause) Workload {
	said := rule(nil)
	w := a.judgeSaid(o, said, rule, own, causes)
	serving := int32(len(filter(own, serves)))
	if !a.current("Pod") || serving >= said.Want || !said.Done() && said.State != AwaitingRestart {
		return w
	}
	w.Ready = min(w.Ready, serving)
	if w.Done() || w.State == AwaitingRestart {
		found := causes()
		if a.current(w.Kind) {
			found = append(found, a.find.behind(said, own)...)
		}
		return w.at(progress(a.doing(w.Kind, own), "%d of %s ready", serving, pods(w.Want)), gravestFirst(found))
	}
	return w
}

// current reports whether a kind is known as it is now: it was read, and nothing of before stands in.
func (a assessor) current(kind string) bool {
	stale := func(g Gap) bool { return g.Kind == kind && g.Stale }
	return (kind != "Pod" || a.Pods != nil) && !slices.ContainsFunc(a.Gaps, stale)
}

// doing says what a workload does whose pods are not ready, although its status says so. For as long
// as a controller takes that is normal: pods change before their status does, at each restart. A
// status that cannot be read now may have changed, too.
func (a assessor) doing(kind string, own []*corev1.Pod) string {
	since, stopping := lateSince(filter(own, isLate)), filter(own, isStopping)
	normal := len(stopping) > 0
	if !since.IsZero() {
		normal = a.find.now.Sub(since) < lag
	}
	if normal || !a.current(kind) {
		return "starting"
	}
	return "not ready, although its status says ready"
}

// lacksPods reports whether the status counts pods that are not there.
func (w Workload) lacksPods() bool {
	return slices.ContainsFunc(w.Causes, func(c Cause) bool { return c.Code == StatusBehind && c.Since.IsZero() })
}

// isLate accepts the pods that are expected to become ready.
func isLate(p *corev1.Pod) bool { return !serves(p) && !isStopping(p) && !hasEnded(p) }

// lateSince returns since when the first of the pods is not ready.
func lateSince(late []*corev1.Pod) time.Time {
	return earliest(late, func(p *corev1.Pod) time.Time { return later(p.CreationTimestamp.Time, notReadySince(p)) })
}

// behind returns the cause of a status that counts pods as ready that are not, if it has done so for
// longer than a controller takes. Pods that are being deleted do not show that: a DaemonSet's
// controller counts them.
func (f finder) behind(said Workload, own []*corev1.Pod) []Cause {
	late := filter(own, isLate)
	since := lateSince(late)
	serving, stopping := int32(len(filter(own, serves))), int32(len(filter(own, isStopping)))
	gone := said.Want - serving - stopping - int32(len(late))
	switch {
	case gone > 0:
		since = time.Time{} // nobody knows since when
	case len(late) == 0 || f.now.Sub(since) < lag:
		return nil
	}
	message := fmt.Sprintf("it says %d of %s ready, and %d of the listed ones are", said.Ready, pods(said.Want), serving)
	return []Cause{Cause{Code: StatusBehind, Object: said.Object(), Message: message, Since: since}.judged(f.now)}
}

// jobBehind returns the cause of a job whose status counts pods as active that have ended or are not
// there, if it has done so for longer than a controller takes. The pods of one that another
// controller manages may be in another cluster.
func (a assessor) jobBehind(j *batchv1.Job, own []*corev1.Pod) []Cause {
	left := int32(len(filter(own, not(hasEnded))))
	since := later(kubejob.TimeOf(j.Status.StartTime), newest(own))
	for _, p := range own {
		for _, c := range containersOf(p) { // one that was never ready is not ready since it began
			if end := c.status.State.Terminated; end != nil {
				since = later(since, end.FinishedAt.Time)
			}
		}
	}
	if !a.current("Pod") || !a.current("Job") || managedBy(j) != "" || left >= j.Status.Active || since.IsZero() || a.find.now.Sub(since) < lag {
		return nil
	}
	message := fmt.Sprintf("it says %s active, and %d of the listed ones are", pods(j.Status.Active), left)
	return []Cause{Cause{Code: StatusBehind, Object: Object{"Job", j.Name}, Message: message, Since: since}.judged(a.find.now)}
}

// podsOfDeployment returns the pods of a Deployment. Those of a ReplicaSet that it adopted, which
// has another name, are found by their labels.
func (a assessor) podsOfDeployment(d *appsv1.Deployment) []*corev1.Pod {
	own := a.pods.byDeployment[d.Name]
	selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
	if err != nil || d.Spec.Selector == nil || selector.Empty() || len(a.adoptable) == 0 {
		return own
	}
	return slices.Concat(own, filter(a.adoptable.withAny(d.Spec.Selector), func(p *corev1.Pod) bool { return selector.Matches(labels.Set(p.Labels)) }))
}

// A label of a pod. The empty one is of all pods.
type label struct{ key, value string }

type podsByLabel map[label][]*corev1.Pod

// withAny returns the pods of that label of a selector which the fewest pods have.
func (p podsByLabel) withAny(selector *metav1.LabelSelector) []*corev1.Pod {
	fewest := p[label{}]
	for key, value := range selector.MatchLabels {
		if pods := p[label{key, value}]; len(pods) < len(fewest) {
			fewest = pods
		}
	}
	return fewest
}

// adoptablePods returns the pods of ReplicaSets that are named after no Deployment that there is, nor
// belong to an Argo Rollout.
func (a assessor) adoptablePods() podsByLabel {
	named := map[string]bool{}
	for _, d := range a.Deployments {
		named[d.Name] = true
	}
	by := podsByLabel{}
	for _, p := range a.Pods {
		c := metav1.GetControllerOf(p)
		if c == nil || c.Kind != "ReplicaSet" || p.Labels["rollouts-pod-template-hash"] != "" {
			continue
		}
		if name, _ := deploymentOf(p, c); named[name] {
			continue
		}
		by[label{}] = append(by[label{}], p)
		for key, value := range p.Labels {
			by[label{key, value}] = append(by[label{key, value}], p)
		}
	}
	return by
}
