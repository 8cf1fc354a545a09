// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/podexec"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// withRole is answered, and where something was refused it says what to do: log in again
// after a 401, or what of the rules this account lacks after a 403 by RBAC. What RBAC allows
// was refused by something else, such as an admission policy, and no Role would help.
func (c *cluster) withRole(ctx context.Context, code verdict.ExitCode, err error, rules []rbacv1.PolicyRule) error {
	if c.kept != nil || code != verdict.ExitForbidden || podexec.Denied(err) {
		return answered(code, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if _, who := c.whoAmI(ctx); kube.NotLoggedIn(err) || kube.NotLoggedIn(who) {
		return &exitError{code, err, c.loginHint(errors.Join(err, who))}
	}
	rights := rightsOf(rules)
	c.review(ctx, rights)
	var failed error
	lacking := slices.DeleteFunc(slices.Clone(rights), func(a verdict.Access) bool {
		failed = errors.Join(failed, a.Err)
		return a.Allowed || a.Err != nil
	})
	switch {
	case len(lacking) > 0:
		return &exitError{code, err, c.rightsHint(lacking)}
	case failed != nil:
		return &exitError{code, err, "which rights are missing: " + c.where.TPE("doctor")}
	}
	return &exitError{code, err, "RBAC allows everything that was requested: an admission policy or another authorizer denies it, and its message is all that is known"}
}

// loginHint says that this account has to log in again, and with what it does. The error tells
// whether anything was sent.
func (c *cluster) loginHint(err error) string {
	if plugin := c.config.ExecProvider; plugin != nil && kube.NoCredentials(err) {
		return "the credential plugin " + filepath.Base(plugin.Command) + " of this context gave no credentials; log in again, or use --context"
	}
	return "the API server does not accept " + c.credential(time.Now()) + "; log in again, or use --context"
}

// rightsHint says in a few lines which rights are missing, and how to get the Role.
func (c *cluster) rightsHint(lacking []verdict.Access) string {
	var b strings.Builder
	fmt.Fprintf(&b, "this account lacks rights in namespace %q:\n", c.Namespace)
	for _, rule := range rulesOf(lacking) {
		var resources []string
		for _, r := range rule.Resources {
			resource, sub, _ := strings.Cut(r, "/")
			resources = append(resources, verdict.Access{Group: rule.APIGroups[0], Resource: resource, Subresource: sub}.Name())
		}
		fmt.Fprintf(&b, "  %s: %s\n", strings.Join(rule.Verbs, ", "), strings.Join(resources, ", "))
	}
	b.WriteString("an administrator can grant them: " + c.where.TPE("doctor --role") + " prints the Role")
	return b.String()
}

// unknownUser stands where a user's name is to be filled in.
const unknownUser = "USER"

// user returns the name by which the API server knows this account, or a
// word to be replaced.
func (c *cluster) user(ctx context.Context) string {
	name, err := c.whoAmI(ctx)
	if err != nil || name == "" {
		return unknownUser
	}
	return name
}

// whoAmI asks the API server who this account is. Kubernetes before 1.28 does not tell.
func (c *cluster) whoAmI(ctx context.Context) (string, error) {
	return c.clients.Kube.User(ctx)
}
