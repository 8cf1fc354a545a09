// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"github.com/kubectl-tpe/kubectl-tpe/test/sim"
)

const namespace = "compared"

// epoch is when all was made and said.
var epoch = time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)

// simulated starts a simulated server with the objects.
func simulated(t *testing.T) *Simulated {
	t.Helper()
	rules := []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}}
	s, err := NewSimulated(t.TempDir(), "1.34", rules)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	c := &Copy{Namespace: namespace}
	s.Store.Apply(placed(c.Objects())...)
	for _, line := range []string{"line 1\n", "line 2\n", "line 3\n"} {
		s.Logs.Append(sim.LogOf{Pod: "lone", Container: "pum"}, epoch, line)
	}
	return s
}

// placed puts objects into the namespace, and makes the container of the pod lone run.
func placed(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	for _, o := range objects {
		o.SetNamespace(namespace)
		o.SetCreationTimestamp(metav1.NewTime(epoch))
		if o.GetName() == "lone" {
			o.Object["spec"].(map[string]any)["nodeName"] = "node-1"
			o.Object["status"] = map[string]any{"phase": "Running", "containerStatuses": []any{
				map[string]any{"name": "pum", "state": map[string]any{"running": map[string]any{}}},
			}}
		}
	}
	return objects
}

// asked are some of the questions, or all, and what they need.
func asked(t *testing.T, names []string) []Step {
	t.Helper()
	steps, err := Steps()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(steps, func(s Step) bool {
		return len(names) > 0 && s.Name != "" && len(s.Keep) == 0 && !slices.Contains(names, s.Name)
	})
}

// run compares two simulated servers, of which one may be broken, and returns differences only.
func run(t *testing.T, breaks func(http.RoundTripper) http.RoundTripper, names ...string) map[string]string {
	t.Helper()
	one, other := simulated(t), simulated(t)
	config := func(who string) (*rest.Config, error) {
		c, err := other.Config(who)
		if err == nil && breaks != nil {
			c.Wrap(breaks)
		}
		return c, err
	}
	pair := Pair{Namespace: namespace, Real: &Side{Config: one.Config}, Simulated: &Side{Config: config}}
	pair.Change = func(_ context.Context, step Step) error {
		for _, s := range []*Simulated{one, other} {
			if step.Delete != "" {
				if err := s.Store.Delete(namespace, step.Delete); err != nil {
					return err
				}
			}
			s.Store.Apply(placed(Documents(step.Apply))...)
		}
		return nil
	}
	differences, err := pair.Run(t.Context(), asked(t, names))
	if err != nil {
		t.Fatal(err)
	}
	for name, difference := range differences {
		if difference == "" {
			delete(differences, name)
		}
	}
	return differences
}

func TestEqualServersDoNotDiffer(t *testing.T) {
	t.Parallel()
	for name, difference := range run(t, nil) {
		t.Errorf("%s:\n%s", name, difference)
	}
}

// TestDifferencesAreNoticed breaks a server in the ways that one may be wrong.
func TestDifferencesAreNoticed(t *testing.T) {
	t.Parallel()
	for _, fault := range []struct {
		name     string
		breaks   func(http.RoundTripper) http.RoundTripper
		noticers []string // questions that must notice, among others
	}{
		{"field selectors are ignored", asks(func(q url.Values) { q.Del("fieldSelector") }), []string{"list with a name", "watch a name from then", "list with a field that cannot be"}},
		{"label selectors are ignored", asks(func(q url.Values) { q.Del("labelSelector") }), []string{"list with a label", "watch a label from then"}},
		{"limits are ignored", asks(func(q url.Values) { q.Del("limit") }), []string{"page"}},
		{"watches begin now", asks(func(q url.Values) {
			if q.Has("watch") {
				q.Del("resourceVersion")
			}
		}), []string{"watch from then", "watch from long ago"}},
		{"streaming lists have no bookmarks", asks(func(q url.Values) { q.Del("allowWatchBookmarks") }), []string{"streaming list"}},
		{"404 instead of 403", answers(func(r *http.Response, body string) string {
			if r.StatusCode == http.StatusForbidden {
				r.StatusCode = http.StatusNotFound
			}
			return body
		}), []string{"denied list", "denied get"}},
		{"another reason", says(`"reason":"Forbidden"`, `"reason":"NotFound"`), []string{"denied list"}},
		{"another media type", answers(func(r *http.Response, body string) string {
			r.Header.Set("Content-Type", "text/plain")
			return body
		}), []string{"get"}},
		{"another message", says("not found", "lost"), []string{"get what is not there"}},
		{"events of another type", says(`"type":"ADDED"`, `"type":"MODIFIED"`), []string{"watch from then"}},
		{"events in another order", answers(func(r *http.Response, body string) string {
			if !strings.Contains(r.Request.URL.RawQuery, "watch") {
				return body
			}
			lines := strings.SplitAfter(body, "\n")
			slices.Reverse(lines)
			return strings.Join(lines, "")
		}), []string{"watch from then"}},
		{"a field is left out", says(`"color":"red"`, `"colour":"red"`), []string{"list", "get", "table with objects", "metadata"}},
		{"logs from the beginning", asks(func(q url.Values) { q.Del("tailLines") }), []string{"last lines of a log"}},
		{"logs of any length", asks(func(q url.Values) { q.Del("limitBytes") }), []string{"few bytes of a log"}},
	} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			differences := run(t, fault.breaks, fault.noticers...)
			for _, name := range fault.noticers {
				if differences[name] == "" {
					t.Errorf("%q noticed nothing", name)
				}
			}
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// asks changes what is asked for.
func asks(change func(url.Values)) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			query := r.URL.Query()
			change(query)
			r.URL.RawQuery = query.Encode()
			return next.RoundTrip(r)
		})
	}
}

// answers changes what is answered.
func answers(change func(r *http.Response, body string) string) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			if err != nil {
				return nil, err
			}
			body, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			response.Body = io.NopCloser(bytes.NewReader([]byte(change(response, string(body)))))
			return response, err
		})
	}
}

// says changes words of an answer.
func says(old, with string) func(http.RoundTripper) http.RoundTripper {
	return answers(func(_ *http.Response, body string) string { return strings.ReplaceAll(body, old, with) })
}
