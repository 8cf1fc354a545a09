// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// Deployment assesses a Deployment, given the causes found for it.
//
// The rule is that of kubectl rollout status, in the order of a rollout: the
// spec is observed, all wanted pods are updated, no other pods are left, and
// all wanted pods are available. Pods that are being deleted are in none of
// the counts: a Deployment does not wait for them.
//
// It differs from kubectl in three ways. A Deployment that was scaled down is
// not done before the surplus pods are gone. Nil replicas are 1, as the API
// server sets them. An exceeded progress deadline is a cause that is never
// permanent, because such rollouts do complete (kubernetes#49637).
func Deployment(d *appsv1.Deployment, causes []Cause) Workload {
	st := d.Status
	w := Workload{
		Kind: "Deployment", Name: d.Name, Strategy: string(d.Spec.Strategy.Type),
		Want: replicas(d.Spec.Replicas), Ready: st.ReadyReplicas, Updated: st.UpdatedReplicas,
	}
	if st.ObservedGeneration < d.Generation {
		return w.at(unseen("the controller"), nil)
	}
	s := deploymentStep(d, w)
	if s.state != Progressing {
		return w.at(s, nil)
	}
	s.since = conditionSince(d, appsv1.DeploymentAvailable, corev1.ConditionFalse)
	if d.Spec.Paused {
		s.state, s.doing = Paused, "paused while "+s.doing
		s.since = conditionSince(d, appsv1.DeploymentProgressing, corev1.ConditionUnknown)
	}
	return w.at(s, causes)
}

func deploymentStep(d *appsv1.Deployment, w Workload) step {
	switch st := d.Status; {
	case st.UpdatedReplicas < w.Want:
		return progress("rolling out", "%d of %s updated", st.UpdatedReplicas, pods(w.Want))
	case st.Replicas > st.UpdatedReplicas:
		return progress("rolling out", "%s terminating", counted(st.Replicas-st.UpdatedReplicas, "old pod"))
	case st.UpdatedReplicas > w.Want:
		return progress("scaling down", "%s too many", pods(st.UpdatedReplicas-w.Want))
	case st.AvailableReplicas < w.Want:
		return progress("starting", "%d of %s available", st.AvailableReplicas, pods(w.Want))
	}
	s := finished(w.Want)
	if d.Spec.Paused {
		s.detail = "paused: a later change will not roll out"
	}
	return s
}

// deploymentCauses returns the causes in a Deployment's own conditions.
func deploymentCauses(d *appsv1.Deployment, now time.Time) []Cause {
	var causes []Cause
	for _, c := range d.Status.Conditions {
		cause := Cause{Object: Object{"Deployment", d.Name}, Reason: c.Reason, Message: c.Message, Since: c.LastTransitionTime.Time}
		switch {
		case c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue:
			cause.Code = createCode(c.Message)
		case c.Type == appsv1.DeploymentProgressing && c.Reason == "ProgressDeadlineExceeded":
			cause.Code = ProgressDeadline
		default:
			continue
		}
		causes = append(causes, cause.judged(now))
	}
	return causes
}

// conditionSince returns since when a condition has had the status.
func conditionSince(d *appsv1.Deployment, kind appsv1.DeploymentConditionType, status corev1.ConditionStatus) time.Time {
	for _, c := range d.Status.Conditions {
		if c.Type == kind && c.Status == status {
			return c.LastTransitionTime.Time
		}
	}
	return time.Time{}
}

// rollingOut reports whether a Deployment rolls out its latest spec: the spec is not observed
// yet, or does not have all its pods yet, and the progress deadline is not exceeded. A pod that
// is lost after all were available starts no rollout (kubernetes:
// pkg/controller/deployment/progress.go).
func rollingOut(d *appsv1.Deployment) bool {
	if d.Spec.Paused {
		return false
	}
	if d.Status.ObservedGeneration < d.Generation {
		return true
	}
	short := d.Status.UpdatedReplicas < replicas(d.Spec.Replicas)
	for _, c := range d.Status.Conditions {
		switch {
		case c.Type != appsv1.DeploymentProgressing:
		case c.Reason == "ProgressDeadlineExceeded":
			return false
		case c.Reason == "NewReplicaSetAvailable":
			return short
		default:
			return true
		}
	}
	return short
}
