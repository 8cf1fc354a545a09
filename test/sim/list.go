// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

// get answers with one object. resourceVersion=0 is from the cache.
func (s *Server) get(w http.ResponseWriter, r *http.Request, q request, kind Kind) {
	f, err := wanted(r, kind)
	if err != nil {
		fail(w, err)
		return
	}
	v := s.Store.now(kind, q.Namespace)
	if r.URL.Query().Get("resourceVersion") == "0" {
		v = s.Store.cached(kind, q.Namespace)
	}
	i := slices.IndexFunc(v.objects, func(o *unstructured.Unstructured) bool { return o.GetName() == q.Name })
	if i < 0 {
		fail(w, apierrors.NewNotFound(kind.GroupResource(), q.Name))
		return
	}
	object, err := f.object(kind, v.objects[i])
	if err != nil {
		fail(w, err)
		return
	}
	f.write(w, http.StatusOK, object)
}

// A token says where a list goes on.
type token struct {
	Revision int64  `json:"rv"`
	After    string `json:"after"`
}

// list answers with all objects that the selectors select, or with a page of them.
func (s *Server) list(w http.ResponseWriter, r *http.Request, q request, kind Kind) {
	f, err := wanted(r, kind)
	if err != nil {
		fail(w, err)
		return
	}
	query := r.URL.Query()
	selects, err := selector(kind, query)
	if err != nil {
		fail(w, err)
		return
	}
	v, after, err := s.read(kind, q.Namespace, query)
	if err != nil {
		fail(w, err)
		return
	}
	objects := slices.DeleteFunc(v.objects, func(o *unstructured.Unstructured) bool { return !selects(o) || path(o) <= after })
	meta := metav1.ListMeta{ResourceVersion: strconv.FormatInt(v.revision, 10)}
	limit, _ := strconv.Atoi(query.Get("limit"))
	if fromCache := query.Get("resourceVersion") == "0"; limit > 0 && limit < len(objects) && !fromCache {
		meta.Continue = token{v.revision, path(objects[limit-1])}.String()
		if query.Get("labelSelector")+query.Get("fieldSelector") == "" {
			meta.RemainingItemCount = new(int64(len(objects) - limit))
		}
		objects = objects[:limit]
	}
	answer, err := f.list(kind, meta, objects)
	if err != nil {
		fail(w, err)
		return
	}
	f.write(w, http.StatusOK, answer)
}

func (t token) String() string {
	text, _ := json.Marshal(t)
	return base64.RawURLEncoding.EncodeToString(text)
}

// read returns the objects to list, and behind which to begin, by the rules of
// https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions.
func (s *Server) read(kind Kind, namespace string, query url.Values) (v view, after string, err error) {
	if text := query.Get("continue"); text != "" {
		var t token
		data, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || json.Unmarshal(data, &t) != nil {
			return v, "", apierrors.NewBadRequest("continue key is not valid")
		}
		v, err = s.Store.at(kind, namespace, t.Revision)
		return v, t.After, err
	}
	match := query.Get("resourceVersionMatch")
	revision, err := parseRevision(query.Get("resourceVersion"))
	switch {
	case err != nil:
		return v, "", err
	case match != "" && query.Get("resourceVersion") == "":
		return v, "", apierrors.NewBadRequest("resourceVersionMatch is forbidden unless resourceVersion is provided")
	case query.Get("resourceVersion") == "":
		return s.Store.now(kind, namespace), "", nil
	case match == string(metav1.ResourceVersionMatchExact):
		v, err = s.Store.at(kind, namespace, revision)
		return v, "", err
	}
	v = s.Store.cached(kind, namespace)
	if revision > v.revision {
		return v, "", tooLarge(revision, v.revision)
	}
	return v, "", nil
}

// tooLarge is the error for a revision that the server has not come to.
func tooLarge(revision, now int64) error {
	err := apierrors.NewTimeoutError(fmt.Sprintf("Too large resource version: %d, current: %d", revision, now), 1)
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: metav1.CauseTypeResourceVersionTooLarge, Message: "Too large resource version"}}
	return err
}

func parseRevision(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	revision, err := strconv.ParseInt(text, 10, 64)
	if err != nil || revision < 0 {
		return 0, apierrors.NewBadRequest("invalid resource version " + strconv.Quote(text))
	}
	return revision, nil
}

// selector returns what a request selects by labels and fields.
func selector(kind Kind, query url.Values) (func(*unstructured.Unstructured) bool, error) {
	byLabel, err := labels.Parse(query.Get("labelSelector"))
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	byField, err := fields.ParseSelector(query.Get("fieldSelector"))
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	for _, requirement := range byField.Requirements() {
		if !slices.Contains(selectable(kind), requirement.Field) {
			return nil, apierrors.NewBadRequest("field label not supported: " + requirement.Field)
		}
	}
	return func(o *unstructured.Unstructured) bool {
		return byLabel.Matches(labels.Set(o.GetLabels())) && byField.Matches(fieldsOf{o})
	}, nil
}

// selectable returns the fields by which objects of a kind can be selected, those of
// pkg/apis/*/v1/conversion.go in Kubernetes that somebody asks for.
func selectable(kind Kind) []string {
	all := []string{"metadata.name", "metadata.namespace"}
	return append(all, map[string][]string{
		"Pod": {"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "status.phase", "status.podIP", "status.nominatedNodeName"},
		"Event": {"involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
			"involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type"},
		"Secret":     {"type"},
		"Namespace":  {"status.phase"},
		"Job":        {"status.successful"},
		"ReplicaSet": {"status.replicas"},
	}[kind.Kind]...)
}

// fieldsOf are the fields of an object, by their path.
type fieldsOf struct{ *unstructured.Unstructured }

func (f fieldsOf) Has(string) bool { return true }

func (f fieldsOf) Get(field string) string {
	if field == "status.successful" {
		field = "status.succeeded"
	}
	value, ok, _ := unstructured.NestedFieldNoCopy(f.Object, strings.Split(field, ".")...)
	if !ok || value == nil {
		return ""
	}
	return fmt.Sprint(value)
}
