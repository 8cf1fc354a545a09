// SPDX-License-Identifier: Apache-2.0

package pum

import (
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/podexec"
)

// Rules returns the permissions in a namespace with which PUM can be asked.
func Rules() []rbacv1.PolicyRule { return podexec.Rules() }

// RestartRules returns the permissions with which a restart can be confirmed, too. Without
// that to get jobs, less is known of whether PUM took it.
func RestartRules() []rbacv1.PolicyRule {
	return append(Rules(), rbacv1.PolicyRule{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"get"}})
}
