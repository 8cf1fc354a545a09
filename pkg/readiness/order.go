// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"cmp"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What tells what came first: which job this is, since when it is there, and whether a
// Deployment is still on its way.

// identified returns the job with what tells it from others of its name.
func (j Job) identified(o *batchv1.Job) Job {
	j.UID, j.CreatedAt, j.Release = o.UID, o.CreationTimestamp.Time, helmRelease(o)
	return j
}

// helmRelease returns the Helm release that an object belongs to. Helm annotates what it
// keeps (helm.sh/helm: pkg/action/validate.go); a hook has only the labels of its chart.
func helmRelease(o metav1.Object) string {
	return cmp.Or(o.GetAnnotations()["meta.helm.sh/release-name"], o.GetLabels()["app.kubernetes.io/instance"], o.GetLabels()["release"])
}

// rolling returns the workload of a Deployment with whether that rolls out.
func (w Workload) rolling(d *appsv1.Deployment) Workload {
	w.Rolling = RollingOut(d)
	return w
}

// RollingOut reports whether a Deployment is on its way to its latest spec and may get
// there: that is not observed yet, or has not all its pods yet, and the progress deadline
// is not exceeded. A pod that is lost once all were available does not make it roll out
// (kubernetes: pkg/controller/deployment/progress.go).
func RollingOut(d *appsv1.Deployment) bool {
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
