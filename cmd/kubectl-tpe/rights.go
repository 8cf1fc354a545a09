// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// rightsOf returns the rights of some rules, one by one.
func rightsOf(rules []rbacv1.PolicyRule) []verdict.Access {
	var all []verdict.Access
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, name := range rule.Resources {
				resource, sub, _ := strings.Cut(name, "/")
				for _, verb := range rule.Verbs {
					all = append(all, verdict.Access{Group: group, Resource: resource, Subresource: sub, Verb: verb, Namespaced: true})
				}
			}
		}
	}
	return all
}

// review asks the API server which of the rights this account has, and fills that in. One that
// did not answer in time is not asked for the rest, which would take as long again and again.
func (c *cluster) review(ctx context.Context, rights []verdict.Access) {
	var wait sync.WaitGroup
	var silent atomic.Pointer[SilentError]
	free := make(chan struct{}, 8)
	for i := range rights {
		free <- struct{}{}
		wait.Go(func() {
			defer func() { <-free }()
			if err := silent.Load(); err != nil {
				rights[i].Err = err
				return
			}
			rights[i].Allowed, rights[i].Err = c.may(ctx, rights[i])
			if err := (*SilentError)(nil); errors.As(rights[i].Err, &err) {
				silent.Store(err)
			}
		})
	}
	wait.Wait()
}

func (c *cluster) may(ctx context.Context, a verdict.Access) (bool, error) {
	attributes := &authorizationv1.ResourceAttributes{Group: a.Group, Resource: a.Resource, Subresource: a.Subresource, Verb: a.Verb}
	if a.Namespaced {
		attributes.Namespace = c.Namespace
	}
	return c.clients.Kube.May(ctx, attributes)
}

// upgradeRights are what helm upgrade does in the namespace, by the kinds that charts
// are made of, and what the operators' custom resource definitions take.
func upgradeRights() []verdict.Access {
	verbs := []string{"get", "create", "patch", "delete"}
	of := func(group string, resources ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
	}
	return append(rightsOf([]rbacv1.PolicyRule{
		of("", "secrets", "configmaps", "services", "serviceaccounts", "persistentvolumeclaims"),
		of("apps", "deployments", "statefulsets"),
		of("batch", "jobs", "cronjobs"),
		of("networking.k8s.io", "ingresses"),
		of("policy", "poddisruptionbudgets"),
		of("rbac.authorization.k8s.io", "roles", "rolebindings"),
		of("kafka.strimzi.io", "kafkas"),
		of("psmdb.percona.com", "perconaservermongodbs"),
	}), verdict.Access{Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions", Verb: "patch"})
}
