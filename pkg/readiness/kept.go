// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A Kept is a kind of object that is read, and may be kept in a file: what is assessed, and
// what may hold causes.
type Kept struct {
	Kind       string // such as Deployment
	APIVersion string // such as apps/v1; empty for custom resources, whose objects say it
	Resource   string // such as deployments.apps

	// Evidence reports whether the kind is only searched for causes.
	Evidence bool

	version string // of a custom resource, the likeliest

	make func() metav1.Object
	set  func(*Objects, []metav1.Object)
	get  func(*Objects) []metav1.Object
}

// kept makes the kind of a list of Objects.
func kept[T any, P interface {
	*T
	metav1.Object
}](kind string, resource schema.GroupVersionResource, into func(*Objects) *[]*T) Kept {
	return Kept{
		Kind: kind, APIVersion: resource.GroupVersion().String(), Resource: resource.GroupResource().String(),
		make: func() metav1.Object { return P(new(T)) },
		set: func(o *Objects, objects []metav1.Object) {
			list := make([]*T, len(objects))
			for i, object := range objects {
				list[i] = (*T)(object.(P))
			}
			*into(o) = list
		},
		get: func(o *Objects) []metav1.Object {
			list := *into(o)
			if list == nil {
				return nil
			}
			objects := make([]metav1.Object, len(list))
			for i, object := range list {
				objects[i] = P(object)
			}
			return objects
		},
	}
}

// Decode reads an object of the kind from JSON. What no rule uses is left out of it.
func (k *Kept) Decode(data []byte) (metav1.Object, error) {
	object := k.make()
	if err := json.Unmarshal(data, object); err != nil {
		return nil, fmt.Errorf("read a %s: %w", k.Kind, err)
	}
	strip(object)
	return object, nil
}

// Set stores objects that Decode returned. Without any it records that they were read and
// that there are none.
func (k *Kept) Set(o *Objects, objects []metav1.Object) { k.set(o, objects) }

// List returns the objects of the kind; nil if they were not read.
func (k *Kept) List(o *Objects) []metav1.Object { return k.get(o) }

// KeptKind returns the kind with a name: such as Deployment, deployment, deployments or
// deployments.apps. It is nil if no kind has the name.
func KeptKind(kinds []Kept, name string) *Kept {
	name = strings.ToLower(name)
	i := slices.IndexFunc(kinds, func(k Kept) bool {
		resource, _, _ := strings.Cut(k.Resource, ".")
		return name == strings.ToLower(k.Kind) || name == resource || name == k.Resource
	})
	if i < 0 {
		return nil
	}
	return &kinds[i]
}

// NotKeptGap returns the gap for a kind that a file does not have. The error says which file
// has it.
func (k *Kept) NotKeptGap(err error) Gap {
	return Gap{Kind: k.Kind, Resource: k.Resource, Verb: "list", Reason: NotKept, Err: err}
}
