// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"context"
	"errors"
	"fmt"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Rules returns the least rights in a namespace with which PUM can be asked.
//
// To run a command takes two verbs: get for WebSocket, create for SPDY, and
// from Kubernetes 1.35 on create for both (kubernetes#78741).
func Rules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"get"}},
		{APIGroups: []string{"apps"}, Resources: []string{"replicasets"}, Verbs: []string{"list"}},
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}},
		{APIGroups: []string{""}, Resources: []string{"pods/exec"}, Verbs: []string{"get", "create"}},
	}
}

// MayExec asks the API server whether this account may run commands in pods.
// The error is nil if it may, and forbidden (apierrors.IsForbidden), naming
// the first verb that is missing, if it may not.
func (r *PodRunner) MayExec(ctx context.Context) error {
	for _, verb := range []string{"get", "create"} {
		allowed, err := r.Client.May(ctx, &authorizationv1.ResourceAttributes{
			Namespace: r.Namespace, Verb: verb, Resource: "pods", Subresource: "exec",
		})
		if err != nil {
			return fmt.Errorf("ask for the right to %s pods/exec: %w", verb, err)
		}
		if !allowed {
			return apierrors.NewForbidden(schema.GroupResource{Resource: "pods/exec"}, "",
				errors.New("this account may not "+verb+" pods/exec in namespace "+r.Namespace))
		}
	}
	return nil
}
