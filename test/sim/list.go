// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	listscheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
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

// A query is what a list or a watch asks for.
type query struct {
	internalversion.ListOptions
	form
	kind      Kind
	namespace string
	revision  int64
}

// query reads what is asked for, and checks it, as an API server does.
func (s *Server) query(r *http.Request, q request, kind Kind) (query, error) {
	f, err := wanted(r, kind)
	if err != nil {
		return query{}, err
	}
	all := query{form: f, kind: kind, namespace: q.Namespace}
	options, streaming := &all.ListOptions, !s.options.NoStreamingLists
	if err := listscheme.ParameterCodec.DecodeParameters(r.URL.Query(), metav1.SchemeGroupVersion, options); err != nil {
		return query{}, apierrors.NewBadRequest(err.Error())
	}
	internalversion.SetListOptionsDefaults(options, streaming)
	if problems := validation.ValidateListOptions(options, streaming); len(problems) > 0 {
		return query{}, apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: "ListOptions"}, "", problems)
	}
	if options.FieldSelector != nil {
		for _, requirement := range options.FieldSelector.Requirements() {
			if !slices.Contains(selectable(kind), requirement.Field) {
				return query{}, apierrors.NewBadRequest("field label not supported: " + requirement.Field)
			}
		}
	}
	if options.ResourceVersion != "" {
		if all.revision, err = strconv.ParseInt(options.ResourceVersion, 10, 64); err != nil || all.revision < 0 {
			return query{}, apierrors.NewBadRequest("invalid resource version " + strconv.Quote(options.ResourceVersion))
		}
	}
	return all, nil
}

// selects reports whether an object is one that is asked for.
func (q query) selects(o *unstructured.Unstructured) bool {
	return (q.LabelSelector == nil || q.LabelSelector.Matches(labels.Set(o.GetLabels()))) &&
		(q.FieldSelector == nil || q.FieldSelector.Matches(fieldsOf{o}))
}

// list answers with all objects that are asked for, or with a page of them.
func (s *Server) list(w http.ResponseWriter, r *http.Request, asked request, kind Kind) {
	q, err := s.query(r, asked, kind)
	if err != nil {
		fail(w, err)
		return
	}
	v, after, err := s.read(q)
	if err != nil {
		fail(w, err)
		return
	}
	objects := slices.DeleteFunc(v.objects, func(o *unstructured.Unstructured) bool { return !q.selects(o) || path(o) <= after })
	meta := metav1.ListMeta{ResourceVersion: strconv.FormatInt(v.revision, 10)}
	if limit := int(q.Limit); limit > 0 && limit < len(objects) && q.ResourceVersion != "0" {
		meta.Continue = token{v.revision, path(objects[limit-1])}.String()
		if query := r.URL.Query(); query.Get("labelSelector")+query.Get("fieldSelector") == "" {
			meta.RemainingItemCount = new(int64(len(objects) - limit))
		}
		objects = objects[:limit]
	}
	answer, err := q.list(kind, meta, objects)
	if err != nil {
		fail(w, err)
		return
	}
	if s.listed != nil {
		s.listed(r, kind, v.revision)
	}
	q.write(w, http.StatusOK, answer)
}

func (t token) String() string {
	text, _ := json.Marshal(t)
	return base64.RawURLEncoding.EncodeToString(text)
}

// read returns the objects to list, and behind which to begin, by the rules of
// https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions.
func (s *Server) read(q query) (v view, after string, err error) {
	switch {
	case q.Continue != "":
		var t token
		data, err := base64.RawURLEncoding.DecodeString(q.Continue)
		if err == nil {
			err = json.Unmarshal(data, &t)
		}
		if err != nil {
			return v, "", apierrors.NewBadRequest("invalid continue token: continue key is not valid: " + err.Error())
		}
		v, err = s.Store.at(q.kind, q.namespace, t.Revision)
		return v, t.After, err
	case q.ResourceVersion == "":
		return s.Store.now(q.kind, q.namespace), "", nil
	case q.ResourceVersionMatch == metav1.ResourceVersionMatchExact:
		v, err = s.Store.at(q.kind, q.namespace, q.revision)
		return v, "", err
	}
	if v = s.Store.cached(q.kind, q.namespace); q.revision > v.revision {
		err = tooLarge(q.revision, v.revision)
	}
	return v, "", err
}

// tooLarge is the error for a revision that the server has not come to.
func tooLarge(revision, now int64) error {
	err := apierrors.NewTimeoutError(fmt.Sprintf("Too large resource version: %d, current: %d", revision, now), 1)
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: metav1.CauseTypeResourceVersionTooLarge, Message: "Too large resource version"}}
	return err
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
