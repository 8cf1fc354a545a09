// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"fmt"
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
	w, said := a.judge(o, rule, own, causes), rule(nil)
	serving := int32(len(filter(own, serves)))
	if a.Pods == nil || serving >= said.Want || !said.Done() && said.State != AwaitingRestart {
		return w
	}
	w.Ready = min(w.Ready, serving)
	if w.Done() || w.State == AwaitingRestart {
		found := append(causes(), a.find.behind(said, own)...)
		return w.at(progress("not ready, although its status says ready", "%d of %s ready", serving, pods(w.Want)), gravestFirst(found))
	}
	return w
}

// behind returns the cause of a status that counts pods as ready that are not, if it has done so for
// longer than a controller takes. Pods that are being deleted do not show that: a DaemonSet's
// controller counts them.
func (f finder) behind(said Workload, own []*corev1.Pod) []Cause {
	late := filter(own, func(p *corev1.Pod) bool { return !serves(p) && !isStopping(p) && !hasEnded(p) })
	since := earliest(late, func(p *corev1.Pod) time.Time { return later(p.CreationTimestamp.Time, notReadySince(p)) })
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
	if a.Pods == nil || managedBy(j) != "" || left >= j.Status.Active || since.IsZero() || a.find.now.Sub(since) < lag {
		return nil
	}
	message := fmt.Sprintf("it says %s active, and %d of the listed ones are", pods(j.Status.Active), left)
	return []Cause{Cause{Code: StatusBehind, Object: Object{"Job", j.Name}, Message: message, Since: since}.judged(a.find.now)}
}

// podsOfDeployment returns the pods of a Deployment. Those of a ReplicaSet that it adopted, which
// has another name, are found by their labels.
func (a assessor) podsOfDeployment(d *appsv1.Deployment) []*corev1.Pod {
	if found := a.pods.byDeployment[d.Name]; len(found) > 0 {
		return found
	}
	selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
	if err != nil || selector.Empty() {
		return nil
	}
	return filter(a.Pods, func(p *corev1.Pod) bool {
		c := metav1.GetControllerOf(p)
		return c != nil && c.Kind == "ReplicaSet" && selector.Matches(labels.Set(p.Labels))
	})
}
