// SPDX-License-Identifier: Apache-2.0

package tpe

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Operator is the user with the rights that the vendor's prerequisites give to
// an "application operator": ClusterRole admin in the namespace, and all verbs on
// two of the three groups of custom resources. StrimziPodSets are not among them.
const Operator = "operator"

// ingressService has the name that the vendor's installation guide uses.
const ingressService = "tpe-controllers-ingress-nginx-controller"

// extras are the objects of a namespace that run no pods.
func (r renderer) extras() ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	add := func(kind, name string, object any) error {
		u, err := r.named(kind, name, object)
		all = append(all, u)
		return err
	}
	one := intstr.FromInt32(1)
	lrc := r.inventory.Workloads[slices.IndexFunc(r.inventory.Workloads, func(w Workload) bool { return w.Name == "lrc" })]
	subject := []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: Operator}}
	for _, err := range []error{
		add("PodDisruptionBudget", "lrc", &policyv1.PodDisruptionBudget{Spec: policyv1.PodDisruptionBudgetSpec{
			MinAvailable: &one, Selector: &metav1.LabelSelector{MatchLabels: labels(lrc)},
		}}),
		add("Service", ingressService, &corev1.Service{Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeLoadBalancer, Ports: []corev1.ServicePort{{Name: "https", Port: 443, TargetPort: intstr.FromInt32(8080)}},
			Selector: map[string]string{"app.kubernetes.io/name": ingressService},
		}}),
		add("RoleBinding", "tpe-operator-admin", &rbacv1.RoleBinding{
			Subjects: subject, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "admin"},
		}),
		add("Role", "tpe-operator", &rbacv1.Role{Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{"kafka.strimzi.io", "psmdb.percona.com"}, Resources: []string{"*"}, Verbs: []string{"*"},
		}}}),
		add("RoleBinding", "tpe-operator", &rbacv1.RoleBinding{
			Subjects: subject, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "tpe-operator"},
		}),
	} {
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
