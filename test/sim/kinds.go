// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// A Kind is a kind of objects that a server knows.
type Kind struct {
	schema.GroupVersionKind
	Resource string   // the plural
	Short    []string // what kubectl takes for it
	Global   bool     // not in a namespace

	builtin bool // of Kubernetes' own: always served, as protobuf too
}

// GroupResource names the kind as errors and rules do.
func (k Kind) GroupResource() schema.GroupResource {
	return schema.GroupResource{Group: k.Group, Resource: k.Resource}
}

// Kinds returns Kubernetes' own kinds, which are always served, and those of the
// operators, which are served as their custom resource definitions are: if there is an
// object of them, or Options.Serve says so.
func Kinds() []Kind {
	core, apps, batch := corev1.SchemeGroupVersion, appsv1.SchemeGroupVersion, batchv1.SchemeGroupVersion
	kinds := []Kind{
		{GroupVersionKind: core.WithKind("Namespace"), Resource: "namespaces", Short: []string{"ns"}, Global: true},
		{GroupVersionKind: core.WithKind("Node"), Resource: "nodes", Short: []string{"no"}, Global: true},
		{GroupVersionKind: core.WithKind("Pod"), Resource: "pods", Short: []string{"po"}},
		{GroupVersionKind: core.WithKind("Event"), Resource: "events", Short: []string{"ev"}},
		{GroupVersionKind: core.WithKind("Secret"), Resource: "secrets"},
		{GroupVersionKind: core.WithKind("ConfigMap"), Resource: "configmaps", Short: []string{"cm"}},
		{GroupVersionKind: core.WithKind("Service"), Resource: "services", Short: []string{"svc"}},
		{GroupVersionKind: core.WithKind("PersistentVolumeClaim"), Resource: "persistentvolumeclaims", Short: []string{"pvc"}},
		{GroupVersionKind: core.WithKind("ResourceQuota"), Resource: "resourcequotas", Short: []string{"quota"}},
		{GroupVersionKind: apps.WithKind("Deployment"), Resource: "deployments", Short: []string{"deploy"}},
		{GroupVersionKind: apps.WithKind("ReplicaSet"), Resource: "replicasets", Short: []string{"rs"}},
		{GroupVersionKind: apps.WithKind("StatefulSet"), Resource: "statefulsets", Short: []string{"sts"}},
		{GroupVersionKind: apps.WithKind("DaemonSet"), Resource: "daemonsets", Short: []string{"ds"}},
		{GroupVersionKind: apps.WithKind("ControllerRevision"), Resource: "controllerrevisions"},
		{GroupVersionKind: batch.WithKind("Job"), Resource: "jobs"},
		{GroupVersionKind: batch.WithKind("CronJob"), Resource: "cronjobs", Short: []string{"cj"}},
	}
	for i := range kinds {
		kinds[i].builtin = true
	}
	custom := func(group, version, kind, resource string, short ...string) Kind {
		return Kind{GroupVersionKind: schema.GroupVersionKind{Group: group, Version: version, Kind: kind}, Resource: resource, Short: short}
	}
	return append(kinds,
		custom("kafka.strimzi.io", "v1beta2", "Kafka", "kafkas", "k"),
		custom("kafka.strimzi.io", "v1beta2", "KafkaNodePool", "kafkanodepools", "knp"),
		custom("core.strimzi.io", "v1beta2", "StrimziPodSet", "strimzipodsets", "sps"),
		custom("psmdb.percona.com", "v1", "PerconaServerMongoDB", "perconaservermongodbs", "psmdb"),
	)
}

// kindOf returns the kind of an object: one that is known, that in another version, or
// one of its own.
func kindOf(gvk schema.GroupVersionKind) Kind {
	for _, k := range Kinds() {
		if k.Group == gvk.Group && k.Kind == gvk.Kind {
			k.Version = gvk.Version
			return k
		}
	}
	return Kind{GroupVersionKind: gvk, Resource: strings.ToLower(gvk.Kind) + "s"}
}

// scheme has the kinds that can be protobuf.
var scheme = func() *runtime.Scheme {
	s := runtime.NewScheme()
	metav1.AddToGroupVersion(s, schema.GroupVersion{Version: "v1"})
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, rbacv1.AddToScheme,
		authenticationv1.AddToScheme, authorizationv1.AddToScheme,
	} {
		utilruntime.Must(add(s))
	}
	return s
}()

var codecs = serializer.NewCodecFactory(scheme)
