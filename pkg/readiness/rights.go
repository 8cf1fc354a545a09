// SPDX-License-Identifier: Apache-2.0

package readiness

import rbacv1 "k8s.io/api/rbac/v1"

// Rules returns the least permissions in a namespace with which [Observe] and [Watch]
// can read everything.
func Rules() []rbacv1.PolicyRule {
	read := func(group string, resources ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: []string{"list", "watch"}}
	}
	rules := []rbacv1.PolicyRule{
		read("apps", "deployments", "statefulsets", "daemonsets"),
		read("batch", "jobs", "cronjobs"),
		read("", "pods"),
		{APIGroups: []string{""}, Resources: []string{"events", "persistentvolumeclaims"}, Verbs: []string{"list"}},
		{APIGroups: []string{""}, Resources: []string{"pods/log"}, Verbs: []string{"get"}},
	}
	for _, c := range customResources() {
		rules = append(rules, read(c.resource.Group, c.resource.Resource))
	}
	return rules
}
