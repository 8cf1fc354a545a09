// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"hash/fnv"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// Role returns a Role with the rules, and a RoleBinding that gives it to a
// user or a ServiceAccount, as YAML that kubectl apply takes. Its name says which user and rules, so
// that it adds to others of its kind and replaces none.
func Role(namespace, user string, rules []rbacv1.PolicyRule) (string, error) {
	hash := fnv.New32a()
	fmt.Fprint(hash, user, rules)
	name := fmt.Sprintf("kubectl-tpe-%08x", hash.Sum32())
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
		Subjects:   []rbacv1.Subject{subject(user)},
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
