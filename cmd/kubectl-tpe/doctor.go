// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/joblogs"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/podexec"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

func newDoctorCmd(a *app) *cobra.Command {
	var format output.Format
	var flags pumFlags
	var role bool
	var account serviceAccount
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check whether this account on this machine can use each command",
		Long: `Check whether this account on this machine can use each command: the API server,
the login, the clock, the rights that each command needs, the kinds that are
served, and the two protocols to PUM's pod, WebSocket and SPDY. PUM is asked for
its entries, which changes nothing.

With --role it prints only the smallest Role that adds what is missing, and the
RoleBinding that grants it to this account. With --service-account it prints the
Role for all commands, and grants it to that ServiceAccount instead.

Exit codes:
  0  each command can be used
  3  the clock is wrong, or the credentials have expired
  4  not authenticated or not authorized
  5  PUM's pod cannot be reached
  9  with warnings, and --fail-on=warning was given`,
		Example: `  # Before an upgrade
  kubectl tpe doctor

  # What is missing, for an administrator to apply
  kubectl tpe doctor --role >role.yaml

  # For a Job in the cluster
  kubectl tpe doctor --role --service-account=kubectl-tpe | kubectl apply -f -`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if account.Name != "" && !role {
				return errors.New("--service-account: is for --role")
			}
			c, err := a.cluster(cmd.Context())
			if err != nil {
				return answered(verdict.ExitError, err)
			}
			switch {
			case account.Name != "":
				return a.roleOf(c, account)
			case role:
				return a.missingRole(cmd.Context(), c)
			}
			return a.doctor(cmd.Context(), c, &format, flags)
		},
	}
	addOutputFlag(cmd, &format)
	a.failOn.add(cmd)
	cmd.Flags().BoolVar(&role, "role", false, "print only the Role that is missing")
	cmd.Flags().Var(&account, "service-account", "with --role: the ServiceAccount that gets it, as NAME or NAMESPACE:NAME")
	cmd.MarkFlagsMutuallyExclusive("role", "output")
	flags.add(cmd)
	return cmd
}

// needs are the rights that each command needs. Those to read the operators' kinds, and what only
// shows causes, are optional.
func needs() []verdict.Need {
	status := need("status, wait", readiness.Rules(), "deployments", "statefulsets", "pods", "jobs")
	status.Rights = append(status.Rights, rightsOf(pum.Rules())...)
	status.Optional = append(status.Optional, rightsOf(release.Rules())...)
	return []verdict.Need{
		status,
		need("pum status, pum restart", pum.RestartRules(), "deployments", "replicasets", "pods", "pods/exec"),
		need("logs", joblogs.Rules(), "jobs", "pods", "pods/log"),
		{Command: "releases, values, rollback-plan", Rights: rightsOf(release.Rules())},
	}
}

// need are the rights that a command needs. Without those to vital resources it cannot answer.
func need(command string, rules []rbacv1.PolicyRule, vital ...string) verdict.Need {
	n := verdict.Need{Command: command}
	for _, a := range rightsOf(rules) {
		if slices.Contains(vital, resourceOf(a)) {
			n.Rights = append(n.Rights, a)
		} else {
			n.Optional = append(n.Optional, a)
		}
	}
	return n
}

// resourceOf names a resource as a Role does.
func resourceOf(a verdict.Access) string {
	return strings.TrimSuffix(a.Resource+"/"+a.Subresource, "/")
}

// reviewNeeds asks which of the rights this account has. The same one is asked for
// once.
func (c *cluster) reviewNeeds(ctx context.Context, needs []verdict.Need) {
	all := distinct(needs, func(verdict.Access) bool { return true })
	answers := slices.Clone(all)
	c.review(ctx, answers)
	each(needs, func(a *verdict.Access) { *a = answers[slices.Index(all, *a)] })
}

// distinct returns each of the rights once, of those that are wanted.
func distinct(needs []verdict.Need, wanted func(verdict.Access) bool) []verdict.Access {
	var all []verdict.Access
	each(needs, func(a *verdict.Access) {
		if wanted(*a) && !slices.Contains(all, *a) {
			all = append(all, *a)
		}
	})
	return all
}

// each calls do with each right.
func each(needs []verdict.Need, do func(*verdict.Access)) {
	for _, n := range needs {
		for _, rights := range [][]verdict.Access{n.Rights, n.Optional} {
			for i := range rights {
				do(&rights[i])
			}
		}
	}
}

// doctor checks everything once and writes the checklist.
func (a *app) doctor(ctx context.Context, c *cluster, format *output.Format, flags pumFlags) error {
	d := &verdict.Doctor{ObservedAt: a.time(), Where: c.where, Client: version(), Needs: needs()}
	d.Credential, d.Expires = c.expiry()
	d.LoginBy = c.credential(a.now())
	server, err := a.server(ctx, c)
	switch {
	case kube.NotLoggedIn(err):
		d.LoginErr = err
	case err != nil:
		d.ServerErr = err
	default:
		d.Server, d.Skew, d.Dated = server.version, server.skew, server.dated
		d.VersionErr = server.versionErr
		if d.LoginErr = c.login(ctx, d); d.LoginErr == nil {
			c.examine(ctx, d, flags)
		}
	}
	if ctx.Err() != nil {
		return answered(verdict.ExitInterrupted, ctx.Err())
	}
	list := d.Judge(a.failOn.level)
	return written(list.ExitCode, output.Write(a.Out, format, output.NewDoctor(c.Place, d.ObservedAt, list), a.view()))
}

// login asks who this account is. The error is that the API server does not accept its
// credentials.
func (c *cluster) login(ctx context.Context, d *verdict.Doctor) (err error) {
	d.User, err = c.whoAmI(ctx)
	switch {
	case err == nil:
		return nil
	case kube.NotLoggedIn(err):
		return err
	case kube.NotLoggedIn(d.VersionErr):
		return d.VersionErr
	}
	return nil // Kubernetes before 1.28 does not tell
}

// examine asks an API server that can be reached, everything at once.
func (c *cluster) examine(ctx context.Context, d *verdict.Doctor, flags pumFlags) {
	var all sync.WaitGroup
	all.Go(func() { c.reviewNeeds(ctx, d.Needs) })
	all.Go(func() { d.Kinds = c.served(ctx) })
	all.Go(func() { d.WebSocket = c.try(ctx, flags, podexec.WebSocket) })
	all.Go(func() { d.SPDY = c.try(ctx, flags, podexec.SPDY) })
	all.Wait()
}

// try asks PUM for its entries by one protocol.
func (c *cluster) try(ctx context.Context, flags pumFlags, way podexec.Transport) verdict.Try {
	runner := flags.runner(c)
	runner.Transport = way
	answer, err := flags.ask(ctx, flags.client(runner))
	if err != nil {
		return verdict.Try{Err: err}
	}
	return verdict.Try{Command: answer.Source.Command}
}

// served asks which of the operators' kinds the API server serves.
func (c *cluster) served(ctx context.Context) []verdict.Served {
	groups, err := c.clients.Kube.Groups(ctx)
	if err != nil {
		return []verdict.Served{{Err: err}}
	}
	var all []verdict.Served
	for _, rule := range readiness.Rules() {
		group := rule.APIGroups[0]
		named := slices.ContainsFunc(all, func(s verdict.Served) bool { return strings.HasSuffix(s.Resource, "."+group) })
		if strings.Contains(group, ".") && !named { // one kind stands for its group
			s := verdict.Served{Resource: rule.Resources[0] + "." + group}
			for _, g := range groups.Groups {
				s.Served = s.Served || g.Name == group
			}
			all = append(all, s)
		}
	}
	return all
}

// A serviceAccount is what --service-account takes, as kubectl create rolebinding does. It is a
// pflag.Value.
type serviceAccount types.NamespacedName

// Set reads NAME or NAMESPACE:NAME.
func (s *serviceAccount) Set(value string) error {
	namespace, name, ok := strings.Cut(value, ":")
	if !ok {
		namespace, name = "", value
	} else if problems := validation.IsDNS1123Label(namespace); problems != nil {
		return fmt.Errorf("namespace %q: %s", namespace, problems[0])
	}
	if problems := validation.IsDNS1123Subdomain(name); problems != nil {
		return fmt.Errorf("name %q: %s", name, problems[0])
	}
	*s = serviceAccount{Namespace: namespace, Name: name}
	return nil
}

// String returns what Set was given.
func (s *serviceAccount) String() string {
	return strings.TrimPrefix(s.Namespace+":"+s.Name, ":")
}

// Type names the value in help.
func (s *serviceAccount) Type() string { return "name" }

// roleOf prints the Role for all commands. The API server is not asked: only a ServiceAccount
// itself can ask what it lacks.
func (a *app) roleOf(c *cluster, account serviceAccount) error {
	account.Namespace = cmp.Or(account.Namespace, c.Namespace)
	all := distinct(needs(), func(verdict.Access) bool { return true })
	role, err := output.ServiceAccountRole(c.Namespace, types.NamespacedName(account), rulesOf(all))
	if err != nil {
		return answered(verdict.ExitError, err)
	}
	_, err = fmt.Fprint(a.Out, role)
	return written(verdict.ExitDone, err)
}

// missingRole prints the Role that adds what this account lacks.
func (a *app) missingRole(ctx context.Context, c *cluster) error {
	needs := needs()
	c.reviewNeeds(ctx, needs)
	var failed error
	lacking := distinct(needs, func(a verdict.Access) bool {
		failed = cmp.Or(failed, a.Err)
		return a.Err == nil && !a.Allowed
	})
	switch {
	case kube.NotLoggedIn(failed):
		return &exitError{verdict.ExitForbidden, failed, c.loginHint(failed)}
	case failed != nil:
		return answered(verdict.Classify(failed), fmt.Errorf("ask for the rights of this account: %w", failed))
	case len(lacking) == 0:
		fmt.Fprintln(a.ErrOut, "no right is missing")
		return nil
	}
	role, err := output.Role(c.Namespace, c.user(ctx), rulesOf(lacking))
	if err != nil {
		return answered(verdict.ExitError, err)
	}
	_, err = fmt.Fprint(a.Out, role)
	return written(verdict.ExitDone, err)
}

// rulesOf returns the fewest rules for some rights: resources of a group with the same
// verbs share one.
func rulesOf(rights []verdict.Access) []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	for _, a := range rights {
		resource := resourceOf(a)
		i := slices.IndexFunc(rules, func(r rbacv1.PolicyRule) bool { return r.APIGroups[0] == a.Group && r.Resources[0] == resource })
		if i < 0 {
			rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{a.Group}, Resources: []string{resource}})
			i = len(rules) - 1
		}
		if !slices.Contains(rules[i].Verbs, a.Verb) {
			rules[i].Verbs = append(rules[i].Verbs, a.Verb)
			slices.Sort(rules[i].Verbs)
		}
	}
	var merged []rbacv1.PolicyRule
	for _, r := range rules {
		i := slices.IndexFunc(merged, func(m rbacv1.PolicyRule) bool {
			return m.APIGroups[0] == r.APIGroups[0] && slices.Equal(m.Verbs, r.Verbs)
		})
		if i < 0 {
			merged = append(merged, r)
			continue
		}
		merged[i].Resources = append(merged[i].Resources, r.Resources...)
	}
	return merged
}
