// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// refused is answered, and where something was forbidden it offers the Role
// with which it would not have been.
func (c *cluster) refused(ctx context.Context, code verdict.ExitCode, err error, rules []rbacv1.PolicyRule) error {
	if code != verdict.ExitForbidden {
		return answered(code, err)
	}
	role, failed := output.Role(c.Namespace, c.user(ctx), rules)
	if failed != nil {
		return answered(code, err) // the error that led here is what the user has to know
	}
	return &exitError{code, err, "this Role would do; an administrator can give it to " + c.Command("kubectl apply -f -") + "\n\n" + role}
}

// unknownUser stands where a user's name is to be filled in.
const unknownUser = "USER"

// user returns the name by which the API server knows this account, or a
// word to be replaced.
func (c *cluster) user(ctx context.Context) string {
	client, err := kube.New(c.config)
	if err != nil {
		return unknownUser
	}
	name, err := client.User(ctx)
	if err != nil || name == "" {
		return unknownUser
	}
	return name
}
