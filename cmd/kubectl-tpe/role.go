// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	authenticationv1 "k8s.io/api/authentication/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

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
	kube, err := kubernetes.NewForConfig(c.config)
	if err != nil {
		return unknownUser
	}
	review, err := kube.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil || review.Status.UserInfo.Username == "" {
		return unknownUser // Kubernetes before 1.28 does not tell
	}
	return review.Status.UserInfo.Username
}
