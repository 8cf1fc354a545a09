// SPDX-License-Identifier: Apache-2.0

package podexec

import rbacv1 "k8s.io/api/rbac/v1"

// Rules returns the permissions in a namespace with which a command can be run in a
// Deployment's pod, whatever lies between.
//
// To run a command takes two verbs: get for WebSocket, create for SPDY, and
// from Kubernetes 1.35 on create for both (kubernetes#78741). One of the two may do.
func Rules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"get"}},
		{APIGroups: []string{"apps"}, Resources: []string{"replicasets"}, Verbs: []string{"list"}},
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}},
		{APIGroups: []string{""}, Resources: []string{"pods/exec"}, Verbs: []string{"get", "create"}},
	}
}
