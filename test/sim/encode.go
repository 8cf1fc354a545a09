// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	mediaJSON     = "application/json"
	mediaProtobuf = "application/vnd.kubernetes.protobuf"
)

// A form is how a client wants objects.
type form struct {
	media    string // mediaJSON or mediaProtobuf
	as       string // "PartialObjectMetadata", "Table", or empty for objects as they are
	includes metav1.IncludeObjectPolicy
}

// wanted returns the first form of those that a request accepts in which there can be an
// answer.
func wanted(r *http.Request, kind Kind) (form, error) {
	accept := r.Header.Get("Accept")
	for _, clause := range strings.Split(accept, ",") {
		media, parameters, err := mime.ParseMediaType(strings.TrimSpace(clause))
		if err != nil {
			continue
		}
		f := form{media, strings.TrimSuffix(parameters["as"], "List"), metav1.IncludeObjectPolicy(r.URL.Query().Get("includeObject"))}
		if media == "*/*" || media == "application/*" {
			f.media = mediaJSON
		}
		switch {
		case f.media == mediaJSON && (f.as == "" || f.as == "PartialObjectMetadata" || f.as == "Table"):
			return f, nil
		case f.media == mediaProtobuf && (f.as == "" && kind.builtin || f.as == "PartialObjectMetadata"):
			return f, nil
		}
	}
	if accept == "" {
		return form{media: mediaJSON}, nil
	}
	return form{}, &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusNotAcceptable, Reason: metav1.StatusReasonNotAcceptable,
		Details: &metav1.StatusDetails{},
		Message: "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf",
	}}
}

// object returns an object in a form.
func (f form) object(kind Kind, o *unstructured.Unstructured) (runtime.Object, error) {
	switch {
	case f.as == "Table":
		return f.list(kind, metav1.ListMeta{ResourceVersion: o.GetResourceVersion()}, []*unstructured.Unstructured{o})
	case f.as == "PartialObjectMetadata":
		return partial(o)
	case f.media == mediaProtobuf:
		return typed(o)
	}
	return o, nil
}

// partial returns the metadata of an object.
func partial(o *unstructured.Unstructured) (*metav1.PartialObjectMetadata, error) {
	p := &metav1.PartialObjectMetadata{}
	err := runtime.DefaultUnstructuredConverter.FromUnstructured(map[string]any{"metadata": o.Object["metadata"]}, p)
	p.SetGroupVersionKind(metav1.SchemeGroupVersion.WithKind("PartialObjectMetadata"))
	p.APIVersion = "meta.k8s.io/v1"
	return p, err
}

// typed returns an object of Kubernetes' own kinds as its type.
func typed(o *unstructured.Unstructured) (runtime.Object, error) {
	t, err := scheme.New(o.GroupVersionKind())
	if err == nil {
		err = runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, t)
	}
	return t, err
}

// list returns a list of objects in a form.
func (f form) list(kind Kind, meta metav1.ListMeta, objects []*unstructured.Unstructured) (runtime.Object, error) {
	switch {
	case f.as == "Table":
		return table(kind, meta, objects, f.includes)
	case f.as == "PartialObjectMetadata":
		list := &metav1.PartialObjectMetadataList{ListMeta: meta, Items: []metav1.PartialObjectMetadata{}}
		list.APIVersion, list.Kind = "meta.k8s.io/v1", "PartialObjectMetadataList"
		for _, o := range objects {
			p, err := partial(o)
			if err != nil {
				return nil, err
			}
			list.Items = append(list.Items, *p)
		}
		return list, nil
	case f.media == mediaProtobuf:
		return typedList(kind, meta, objects)
	}
	return untypedList(kind, meta, objects)
}

// untypedList has objects as they are. Those of Kubernetes' own kinds do not say their kind
// in a list, those of custom resource definitions do.
func untypedList(kind Kind, meta metav1.ListMeta, objects []*unstructured.Unstructured) (runtime.Object, error) {
	head, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&meta)
	if err != nil {
		return nil, err
	}
	list := &unstructured.UnstructuredList{Object: map[string]any{"metadata": head}}
	list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	for _, o := range objects {
		if kind.builtin {
			o = &unstructured.Unstructured{Object: maps.Clone(o.Object)}
			unstructured.RemoveNestedField(o.Object, "apiVersion")
			unstructured.RemoveNestedField(o.Object, "kind")
		}
		list.Items = append(list.Items, *o)
	}
	return list, nil
}

// typedList goes through JSON, for which the type of the list knows that of its items.
func typedList(kind Kind, meta metav1.ListMeta, objects []*unstructured.Unstructured) (runtime.Object, error) {
	untyped, err := untypedList(kind, meta, objects)
	if err != nil {
		return nil, err
	}
	list, err := scheme.New(kind.GroupVersion().WithKind(kind.Kind + "List"))
	if err != nil {
		return nil, err
	}
	text, err := untyped.(*unstructured.UnstructuredList).MarshalJSON()
	if err != nil {
		return nil, err
	}
	return list, json.Unmarshal(text, list)
}

// serializer returns what writes a form, and what frames its events in a watch.
func (f form) serializer() runtime.SerializerInfo {
	info, _ := runtime.SerializerInfoForMediaType(codecs.SupportedMediaTypes(), f.media)
	return info
}

// write writes an answer.
func (f form) write(w http.ResponseWriter, code int, object runtime.Object) {
	w.Header().Set("Content-Type", f.media)
	w.WriteHeader(code)
	_ = f.encode(w, object) // whoever asked has gone
}

func (f form) encode(w io.Writer, object runtime.Object) error {
	return f.serializer().Serializer.Encode(object, w)
}

// answer writes an object as the request accepts it.
func answer(w http.ResponseWriter, r *http.Request, code int, builtin bool, object runtime.Object) {
	f, err := wanted(r, Kind{GroupVersionKind: schema.GroupVersionKind{}, builtin: builtin})
	if err != nil {
		fail(w, err)
		return
	}
	f.as = ""
	f.write(w, code, object)
}
