// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

// discover answers what is no resource: the version, and which resources there are. Discovery
// is the one of old, which every client knows.
func (s *Server) discover(w http.ResponseWriter, r *http.Request) {
	path := strings.Trim(r.URL.Path, "/")
	var answer any
	switch path {
	case "version":
		if code := s.Access.versionCode(); code != 0 {
			fail(w, statusError(code))
			return
		}
		answer = s.version()
	case "livez", "readyz", "healthz":
		_, _ = w.Write([]byte("ok"))
		return
	case "api":
		answer = metav1.APIVersions{TypeMeta: typeMeta("APIVersions"), Versions: []string{"v1"}}
	case "apis":
		answer = s.groups()
	default:
		var ok bool
		if answer, ok = s.discovered(path); !ok {
			http.Error(w, "404 page not found", http.StatusNotFound)
			return
		}
	}
	w.Header().Set("Content-Type", mediaJSON)
	_ = json.NewEncoder(w).Encode(answer) // whoever asked has gone
}

// discovered returns a group, or the resources of a version.
func (s *Server) discovered(path string) (any, bool) {
	if name, ok := strings.CutPrefix(path, "apis/"); ok && !strings.Contains(name, "/") {
		for _, group := range s.groups().Groups {
			if group.Name == name {
				group.TypeMeta = typeMeta("APIGroup")
				return group, true
			}
		}
		return nil, false
	}
	return s.resources(path)
}

func typeMeta(kind string) metav1.TypeMeta { return metav1.TypeMeta{Kind: kind, APIVersion: "v1"} }

func (s *Server) version() version.Info {
	numbers := strings.SplitN(strings.TrimPrefix(s.options.Version, "v")+"..", ".", 3)
	return version.Info{
		Major: numbers[0], Minor: numbers[1], GitVersion: s.options.Version, GitCommit: "simulated",
		GitTreeState: "clean", GoVersion: "go1.24", Compiler: "gc", Platform: "linux/amd64",
	}
}

// categories are what kubectl get all shows.
func categories(k Kind) []string {
	if slices.Contains([]string{"pods", "services", "deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "cronjobs"}, k.Resource) {
		return []string{"all"}
	}
	return nil
}

// minor returns the number of the version behind "v1.".
func (s *Server) minor() int {
	n, _ := strconv.Atoi(s.version().Minor)
	return n
}

// groups returns the groups of the kinds that are served, and those of reviews.
func (s *Server) groups() metav1.APIGroupList {
	list := metav1.APIGroupList{TypeMeta: typeMeta("APIGroupList")}
	add := func(gv schema.GroupVersion) {
		i := slices.IndexFunc(list.Groups, func(g metav1.APIGroup) bool { return g.Name == gv.Group })
		one := metav1.GroupVersionForDiscovery{GroupVersion: gv.String(), Version: gv.Version}
		switch {
		case gv.Group == "":
		case i < 0:
			list.Groups = append(list.Groups, metav1.APIGroup{Name: gv.Group, Versions: []metav1.GroupVersionForDiscovery{one}, PreferredVersion: one})
		case !slices.Contains(list.Groups[i].Versions, one):
			list.Groups[i].Versions = append(list.Groups[i].Versions, one)
		}
	}
	for _, k := range s.Store.served() {
		add(k.GroupVersion())
	}
	for gv := range reviews {
		add(gv)
	}
	return list
}

// reviews are what can be created although nothing is kept of it.
var reviews = map[schema.GroupVersion][]metav1.APIResource{
	{Group: "authorization.k8s.io", Version: "v1"}: {
		{Name: "selfsubjectaccessreviews", Kind: "SelfSubjectAccessReview", Verbs: []string{"create"}},
	},
	{Group: "authentication.k8s.io", Version: "v1"}: {
		{Name: "selfsubjectreviews", Kind: "SelfSubjectReview", Verbs: []string{"create"}},
	},
}

// resources returns the resources of "api/v1" or "apis/GROUP/VERSION".
func (s *Server) resources(path string) (metav1.APIResourceList, bool) {
	gv, err := schema.ParseGroupVersion(strings.TrimPrefix(strings.TrimPrefix(path, "apis/"), "api/"))
	list := metav1.APIResourceList{TypeMeta: typeMeta("APIResourceList"), GroupVersion: gv.String(), APIResources: reviews[gv]}
	for _, k := range s.Store.served() {
		if k.GroupVersion() == gv {
			list.APIResources = append(list.APIResources, metav1.APIResource{
				Name: k.Resource, SingularName: strings.ToLower(k.Kind), ShortNames: k.Short, Kind: k.Kind, Namespaced: !k.Global,
				Verbs: []string{"get", "list", "watch"}, Categories: categories(k),
			})
		}
		if k.GroupVersion() == gv && k.Kind == "Pod" {
			list.APIResources = append(list.APIResources,
				metav1.APIResource{Name: "pods/log", Kind: "Pod", Namespaced: true, Verbs: []string{"get"}},
				metav1.APIResource{Name: "pods/exec", Kind: "PodExecOptions", Namespaced: true, Verbs: []string{"create", "get"}})
		}
	}
	return list, err == nil && len(list.APIResources) > 0
}
