// SPDX-License-Identifier: Apache-2.0

package readiness

import rbacv1 "k8s.io/api/rbac/v1"

// Rules returns the least rights in a namespace with which [Observe] and
// [Watch] see everything.
func Rules() []rbacv1.PolicyRule {
	see := func(group string, resources ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: []string{"list", "watch"}}
	}
	rules := []rbacv1.PolicyRule{
		see("apps", "deployments", "statefulsets", "daemonsets"),
		see("batch", "jobs", "cronjobs"),
		see("", "pods"),
		{APIGroups: []string{""}, Resources: []string{"events", "persistentvolumeclaims"}, Verbs: []string{"list"}},
		{APIGroups: []string{""}, Resources: []string{"pods/log"}, Verbs: []string{"get"}},
	}
	for _, c := range customResources() {
		rules = append(rules, see(c.resource.Group, c.resource.Resource))
	}
	return rules
}
