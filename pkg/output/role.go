// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"hash/fnv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// Role returns a Role with the rules, and a RoleBinding that gives it to a
// user or a ServiceAccount, as YAML that kubectl apply takes. Its name says which user and rules, so
// that it adds to others of its kind and replaces none.
func Role(namespace, user string, rules []rbacv1.PolicyRule) (string, error) {
	hash := fnv.New32a()
	fmt.Fprint(hash, user, rules)
	return grant(fmt.Sprintf("kubectl-tpe-%08x", hash.Sum32()), namespace, subject(user), rules)
}

// ServiceAccountRole returns a Role with the rules, a RoleBinding that gives it to a
// ServiceAccount, and, if that is in the same namespace, the ServiceAccount itself, as YAML that
// kubectl apply takes. Only a Role for the same ServiceAccount has the same name.
func ServiceAccountRole(namespace string, account types.NamespacedName, rules []rbacv1.PolicyRule) (string, error) {
	name := roleName
	if account.Namespace != namespace {
		name += ":" + account.Namespace
	}
	if account.Name != roleName {
		name += ":" + account.Name
	}
	who := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: account.Namespace, Name: account.Name}
	role, err := grant(name, namespace, who, rules)
	if err != nil || account.Namespace != namespace {
		return role, err
	}
	text, err := yaml.Marshal(corev1.ServiceAccount{
		TypeMeta:   metav1.TypeMeta{APIVersion: corev1.SchemeGroupVersion.String(), Kind: rbacv1.ServiceAccountKind},
		ObjectMeta: metav1.ObjectMeta{Name: account.Name, Namespace: namespace},
	})
	return string(text) + "---\n" + role, err
}

// roleName is what the names of Roles begin with, and the name of the ServiceAccount in
// packaging/kubernetes.
const roleName = "kubectl-tpe"

// grant returns a Role and its RoleBinding.
func grant(name, namespace string, who rbacv1.Subject, rules []rbacv1.PolicyRule) (string, error) {
	meta := metav1.ObjectMeta{Name: name, Namespace: namespace}
	role := rbacv1.Role{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "Role"},
		ObjectMeta: meta,
		Rules:      rules,
	}
	binding := rbacv1.RoleBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "RoleBinding"},
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		Subjects:   []rbacv1.Subject{who},
	}
	first, err := yaml.Marshal(role)
	if err != nil {
		return "", err
	}
	second, err := yaml.Marshal(binding)
	return string(first) + "---\n" + string(second), err
}

// subject returns who is meant by a name by which the API server knows an account.
func subject(user string) rbacv1.Subject {
	if name, ok := strings.CutPrefix(user, "system:serviceaccount:"); ok {
		if namespace, account, ok := strings.Cut(name, ":"); ok && namespace != "" && account != "" {
			return rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: account}
		}
	}
	return rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}
}
