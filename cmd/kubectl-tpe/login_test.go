// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// readers are the commands that ask an API server.
func readers() [][]string {
	return [][]string{
		{"status"}, {"pum", "restart", "--yes"}, {"rollback-plan", "--backups"}, {"values", "--dir=/nonexistent/d"}, {"wait", "--timeout=0"}, {"pum", "status"}, {"releases"}, {"values", "tpe"}, {"rollback-plan"}, {"logs"},
		{"preflight", "--to=8.0.0", "--from-release=7.3.6"}, {"doctor"}, {"doctor", "--role"},
	}
}

// Who is not logged in is told so, by each command, with the way to log in, and is not sent
// to an administrator for a Role.
func TestNotLoggedIn(t *testing.T) {
	for _, args := range readers() {
		code, stdout, stderr := runWith(t, &api{answers: []answer{{"", 401, ""}}}, withToken, args...)
		if code != int(verdict.ExitForbidden) {
			t.Errorf("%v: exit code %d\n%s%s", args, code, stdout, stderr)
		}
		if !strings.Contains(stdout+stderr, "log in again") || args[0] != "wait" && !strings.Contains(stdout+stderr, "the token of this context") {
			t.Errorf("%v does not say to log in:\n%s%s", args, stdout, stderr)
		}
		if strings.Contains(stdout+stderr, "kind: Role") || strings.Contains(stdout+stderr, "--role") || strings.Contains(stdout+stderr, "t0ken") {
			t.Errorf("%v speaks of a Role, or shows the token:\n%s%s", args, stdout, stderr)
		}
	}
}

// A credential plugin that fails has no session any more.
func TestACredentialPluginFails(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	plugin := user(`{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: '` + self + `', env: [{name: ` + failing + `, value: 'yes'}]}}`)
	for _, args := range readers() {
		code, stdout, stderr := runWith(t, &api{}, plugin, args...)
		if code != int(verdict.ExitForbidden) || !strings.Contains(stdout+stderr, "log in again") || args[0] != "wait" && !strings.Contains(stdout+stderr, "the credential plugin "+filepath.Base(self)) {
			t.Errorf("%v: exit code %d\n%s%s", args, code, stdout, stderr)
		}
	}
}

// rbac is an API server that refuses some resources, and says so of them when it is asked.
type rbac struct {
	api
	user string
	deny *regexp.Regexp // VERB RESOURCE
}

func (s *rbac) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case strings.HasSuffix(r.URL.Path, "/selfsubjectreviews"):
		_, _ = w.Write([]byte(`{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1","status":{"userInfo":{"username":"` + s.user + `"}}}`))
	case strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews"):
		body, _ := io.ReadAll(r.Body) // the client wrote it
		scheme := runtime.NewScheme()
		must(authorizationv1.AddToScheme(scheme))
		var review authorizationv1.SelfSubjectAccessReview
		_, _, err := serializer.NewCodecFactory(scheme).UniversalDeserializer().Decode(body, nil, &review)
		must(err)
		a := review.Spec.ResourceAttributes
		review.Status.Allowed = !s.deny.MatchString(strings.TrimSuffix(a.Verb+" "+a.Resource+"/"+a.Subresource, "/"))
		review.TypeMeta = metav1.TypeMeta{Kind: "SelfSubjectAccessReview", APIVersion: "authorization.k8s.io/v1"}
		_ = json.NewEncoder(w).Encode(review) // a client that has gone needs none
	default:
		s.api.ServeHTTP(w, r)
	}
}

func TestWhatIsMissingIsSaidInAFewLines(t *testing.T) {
	server := &rbac{user: "op", deny: regexp.MustCompile("secrets|pods/exec"), api: api{answers: []answer{{"", 403, ""}}}}
	for args, want := range map[string]string{
		"releases":      "this account lacks rights in namespace \"tpe\":\n  get, list: secrets\nan administrator can grant them: kubectl tpe doctor --role -n tpe",
		"values tpe":    "this account lacks rights in namespace \"tpe\":\n  get, list: secrets\nan administrator can grant them: kubectl tpe doctor --role -n tpe",
		"rollback-plan": "this account lacks rights in namespace \"tpe\":\n  get, list: secrets\nan administrator can grant them: kubectl tpe doctor --role -n tpe",
		"status":        "pods/exec\nan administrator can grant them: kubectl tpe doctor --role -n tpe",
		"logs":          "RBAC allows everything that was requested: an admission policy or another authorizer denies it",
	} {
		code, stdout, stderr := runWith(t, server, withToken, strings.Fields(args)...)
		if code != int(verdict.ExitForbidden) || !strings.Contains(stderr, "hint: "+want) && !strings.Contains(stderr, want) || strings.Contains(stderr, "kind: Role") {
			t.Errorf("%s: exit code %d\n%s%s", args, code, stdout, stderr)
		}
		if n := strings.Count(stderr, "\n"); n > 8 {
			t.Errorf("%s: %d lines\n%s", args, n, stderr)
		}
	}
}

// The Role has each resource once, and no right that this account has.
func TestTheRoleHoldsWhatIsMissingOnce(t *testing.T) {
	tests := []struct {
		user    string
		deny    string
		rules   []rbacv1.PolicyRule
		subject rbacv1.Subject
	}{
		{"op", "secrets", []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get", "list"}}},
			rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "User", Name: "op"}},
		{"system:serviceaccount:ci:runner", "secrets", []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get", "list"}}},
			rbacv1.Subject{Kind: "ServiceAccount", Namespace: "ci", Name: "runner"}},
		{"system:serviceaccount:odd", ".", nil, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "User", Name: "system:serviceaccount:odd"}},
	}
	for _, tt := range tests {
		server := &rbac{user: tt.user, deny: regexp.MustCompile(tt.deny), api: api{answers: []answer{{"", 403, ""}}}}
		code, stdout, stderr := runWith(t, server, withToken, "doctor", "--role")
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		first, second, _ := strings.Cut(stdout, "---\n")
		var role rbacv1.Role
		var binding rbacv1.RoleBinding
		if err := yaml.UnmarshalStrict([]byte(first), &role); err != nil {
			t.Fatal(err)
		}
		if err := yaml.UnmarshalStrict([]byte(second), &binding); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.rules, role.Rules); tt.rules != nil && diff != "" {
			t.Errorf("%s: %s", tt.user, diff)
		}
		if diff := cmp.Diff([]rbacv1.Subject{tt.subject}, binding.Subjects); diff != "" {
			t.Errorf("%s: %s", tt.user, diff)
		}
		var seen []string
		for _, rule := range role.Rules {
			for _, resource := range rule.Resources {
				seen = append(seen, rule.APIGroups[0]+"/"+resource)
			}
		}
		slices.Sort(seen)
		if len(slices.Compact(slices.Clone(seen))) != len(seen) {
			t.Errorf("%s: a resource is there twice: %v", tt.user, seen)
		}
	}
}

// What Kubernetes' version is may be a secret, or nonsense. The rest is checked all the same.
func TestDoctorWithoutAVersion(t *testing.T) {
	for _, version := range []answer{
		{"/version", 403, ""},
		{"/version", 404, ""},
		{"/version", 500, "oops"},
		{"/version", 200, "<html>"},
		{"/version", 200, `{"gitVersion":"v0.0.0-master+$Format:%H$","minor":""}`},
		{"/version", 200, `{"gitVersion":"","major":"","minor":""}`},
	} {
		server := &rbac{user: "op", deny: regexp.MustCompile("^$"), api: api{answers: []answer{version, {"/apis", 200, `{"kind":"APIGroupList","apiVersion":"v1","groups":[]}`}}}}
		code, stdout, stderr := runWith(t, server, withToken, "doctor")
		if !strings.Contains(stdout, "rights: status") || !strings.Contains(stdout, "version is unknown") && !strings.Contains(stdout, "version  is") {
			t.Errorf("%v: exit code %d\n%s%s", version, code, stdout, stderr)
		}
	}
}

func TestVersions(t *testing.T) {
	for text, want := range map[string]int{
		"v1.33.1": 33, "v1.27.3-eks-a5565ad": 27, "v1.29.1+k3s2": 29, "1.30.0": 30, "v1.28+": 28,
		"v0.0.0-master+$Format:%H$": 0, "": 0, "v2.1.0": 0, "latest": 0,
	} {
		server := &api{answers: []answer{{"/version", 200, `{"gitVersion":"` + text + `"}`}}}
		_, stdout, _ := runWith(t, server, withToken, "preflight", "--to=8.0.0", "--from-release=7.3.6", "-o", "json")
		known := strings.Contains(stdout, `"summary": "1.`)
		if known != (want > 0) {
			t.Errorf("%q: %s", text, stdout)
		}
	}
}

func TestHelmsListNeedsAHome(t *testing.T) {
	for _, name := range []string{"HOME", "HELM_REPOSITORY_CONFIG", "HELM_CONFIG_HOME", "XDG_CONFIG_HOME", "APPDATA"} {
		t.Setenv(name, "")
		_ = os.Unsetenv(name) // t.Setenv puts it back
	}
	if file := helmRepositories(); file != "" {
		t.Errorf("without a home: %s", file)
	}
	if name, err := helmRepository(); name != "" || err == nil {
		t.Errorf("%q, %v", name, err)
	}
}
