// SPDX-License-Identifier: Apache-2.0

package recorded

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// Add puts an object where it belongs. That of a kind for which nobody asks is an error.
func Add(o *readiness.Objects, u *unstructured.Unstructured) error {
	switch u.GetKind() {
	case "Deployment":
		return convert(u, &o.Deployments)
	case "StatefulSet":
		return convert(u, &o.StatefulSets)
	case "DaemonSet":
		return convert(u, &o.DaemonSets)
	case "Job":
		return convert(u, &o.Jobs)
	case "CronJob":
		return convert(u, &o.CronJobs)
	case "Pod":
		return convert(u, &o.Pods)
	case "Event":
		return convert(u, &o.Events)
	case "PersistentVolumeClaim":
		return convert(u, &o.Claims)
	case "Kafka":
		o.Kafkas = append(o.Kafkas, u)
	case "KafkaNodePool":
		o.KafkaNodePools = append(o.KafkaNodePools, u)
	case "StrimziPodSet":
		o.StrimziPodSets = append(o.StrimziPodSets, u)
	case "PerconaServerMongoDB":
		o.MongoDBs = append(o.MongoDBs, u)
	default:
		return fmt.Errorf("nobody asks for a %s", u.GetKind())
	}
	return nil
}

// convert reads a built-in object strictly enough: what it does not know is
// not what readiness looks at.
func convert[T any](u *unstructured.Unstructured, into *[]*T) error {
	object := new(T)
	err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, object)
	*into = append(*into, object)
	return err
}
