// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Access is who asks, and what that account may do. The zero value may do all.
type Access struct {
	User string

	lock         sync.Mutex
	rules        []rbacv1.PolicyRule // what is allowed; nil for all
	deny         []string
	policy       map[string]string
	unauthorized bool
	version      int
}

// Allow allows what these rules say and nothing else, as a Role would.
func (a *Access) Allow(rules []rbacv1.PolicyRule) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.rules = rules
}

// Deny refuses each "VERB RESOURCE", such as "get pods/exec", that is allowed otherwise: by
// RBAC, or in these words by an admission policy, of which reviews of access know nothing.
// "VERB RESOURCE in all namespaces" refuses what does not name a namespace.
func (a *Access) Deny(rights []string, policy map[string]string) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.deny, a.policy = rights, policy
}

// Unauthorize makes every answer a 401, as when credentials have expired.
func (a *Access) Unauthorize(yes bool) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.unauthorized = yes
}

// FailVersion makes an HTTP status code the answer of /version; 0 undoes it.
func (a *Access) FailVersion(code int) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.version = code
}

func (a *Access) versionCode() int {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.version
}

// statusError is an error of the API server of which only the code is known.
func statusError(code int) *apierrors.StatusError {
	return apierrors.NewGenericServerResponse(code, "get", schema.GroupResource{}, "", http.StatusText(code), 0, false)
}

func (a *Access) unknown() bool {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.unauthorized
}

// check returns the error for a request that is not allowed.
func (a *Access) check(q request) error {
	resource := schema.GroupResource{Group: q.Group, Resource: q.Resource}
	if !a.allowed(q) {
		where := "at the cluster scope"
		if q.Namespace != "" {
			where = fmt.Sprintf("in the namespace %q", q.Namespace)
		}
		return apierrors.NewForbidden(resource, q.Name, fmt.Errorf("User %q cannot %s resource %q in API group %q %s", //nolint:staticcheck // in Kubernetes' words
			a.User, q.Verb, withSub(q.Resource, q.Subresource), q.Group, where))
	}
	a.lock.Lock()
	defer a.lock.Unlock()
	if words, ok := a.policy[q.Verb+" "+withSub(q.Resource, q.Subresource)]; ok {
		err := apierrors.NewForbidden(resource, q.Name, errors.New(""))
		err.ErrStatus.Message = words
		return err
	}
	return nil
}

// allowed is what RBAC says.
func (a *Access) allowed(q request) bool {
	a.lock.Lock()
	defer a.lock.Unlock()
	resource := withSub(q.Resource, q.Subresource)
	right := q.Verb + " " + resource
	if _, ok := a.policy[right]; !ok && slices.Contains(a.deny, right) {
		return false
	}
	if q.Namespace == "" && slices.Contains(a.deny, right+" in all namespaces") {
		return false
	}
	return a.rules == nil || slices.ContainsFunc(a.rules, func(r rbacv1.PolicyRule) bool {
		return has(r.Verbs, q.Verb) && has(r.APIGroups, q.Group) && (has(r.Resources, resource) ||
			q.Subresource != "" && slices.Contains(r.Resources, "*/"+q.Subresource)) &&
			(len(r.ResourceNames) == 0 || slices.Contains(r.ResourceNames, q.Name))
	})
}

func has(list []string, item string) bool {
	return slices.Contains(list, item) || slices.Contains(list, "*")
}

func withSub(resource, sub string) string {
	if sub != "" {
		return resource + "/" + sub
	}
	return resource
}

// review answers what an account asks about itself.
func (s *Server) review(w http.ResponseWriter, r *http.Request, q request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		fail(w, apierrors.NewBadRequest(err.Error()))
		return
	}
	object, gvk, err := codecs.UniversalDeserializer().Decode(body, nil, nil)
	if err != nil {
		fail(w, apierrors.NewBadRequest(err.Error()))
		return
	}
	switch review := object.(type) {
	case *authorizationv1.SelfSubjectAccessReview:
		if asked := review.Spec.ResourceAttributes; asked != nil {
			review.Status.Allowed = s.Access.allowed(request{
				GroupVersionResource: schema.GroupVersionResource{Group: asked.Group, Resource: asked.Resource},
				Namespace:            asked.Namespace, Name: asked.Name, Subresource: asked.Subresource, Verb: asked.Verb,
			})
		}
	case *authenticationv1.SelfSubjectReview:
		review.Status.UserInfo = authenticationv1.UserInfo{Username: s.Access.User, Groups: []string{"system:authenticated"}}
	default:
		http.Error(w, "404 page not found", http.StatusNotFound)
		return
	}
	object.GetObjectKind().SetGroupVersionKind(*gvk)
	answer(w, r, http.StatusCreated, true, object)
}
