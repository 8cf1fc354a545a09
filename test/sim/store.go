// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// A Store holds objects, and each change of them until Compact forgets it, as etcd
// does. Objects in it are never changed, only replaced.
type Store struct {
	lock     sync.Mutex
	revision int64
	oldest   int64 // changes up to here are forgotten
	objects  map[key]*unstructured.Unstructured
	kinds    []Kind
	changes  []change
	changed  chan struct{}                      // closed with the next change
	stale    map[key]*unstructured.Unstructured // what resourceVersion=0 gets, if it is not objects
}

type key struct {
	group, kind, namespace, name string
}

func keyOf(o *unstructured.Unstructured) key {
	gvk := o.GroupVersionKind()
	return key{gvk.Group, gvk.Kind, o.GetNamespace(), o.GetName()}
}

// A change is of one object; one of before and after may be nil.
type change struct {
	revision      int64
	key           key
	before, after *unstructured.Unstructured
}

// NewStore returns a store that serves these kinds.
func NewStore(kinds []Kind) *Store {
	return &Store{revision: 1000, oldest: 1000, objects: map[key]*unstructured.Unstructured{}, kinds: kinds, changed: make(chan struct{})}
}

// Apply puts objects into the store, in place of those with the same name. What is not
// given is filled in: uid "u-KIND-NAME", a creationTimestamp an hour ago or that of the
// object before.
func (s *Store) Apply(objects ...*unstructured.Unstructured) {
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, o := range objects {
		o = o.DeepCopy()
		s.serve(kindOf(o.GroupVersionKind()))
		s.fill(o)
		s.replace(keyOf(o), o)
	}
	s.signal()
}

// fill fills in what an API server would have.
func (s *Store) fill(o *unstructured.Unstructured) {
	before := s.objects[keyOf(o)]
	if o.GetUID() == "" {
		o.SetUID(uidOf(o))
	}
	if o.GetCreationTimestamp().Time.IsZero() {
		created := metav1.NewTime(time.Now().Add(-time.Hour))
		if before != nil && before.GetUID() == o.GetUID() {
			created = before.GetCreationTimestamp()
		}
		o.SetCreationTimestamp(created)
	}
}

// replace puts an object in the place of another, which is deleted before if it is not the
// same. It is no change if it is the same in all.
func (s *Store) replace(k key, o *unstructured.Unstructured) {
	if before := s.objects[k]; before != nil {
		o.SetResourceVersion(before.GetResourceVersion())
		if reflect.DeepEqual(before.Object, o.Object) {
			return
		}
		if before.GetUID() != o.GetUID() {
			s.put(k, nil)
		}
	}
	s.put(k, o)
}

// put notes a change; after is nil if the object is removed.
func (s *Store) put(k key, after *unstructured.Unstructured) {
	s.revision++
	before := s.objects[k]
	if after == nil {
		delete(s.objects, k)
	} else {
		after.SetResourceVersion(strconv.FormatInt(s.revision, 10))
		s.objects[k] = after
	}
	s.changes = append(s.changes, change{s.revision, k, before, after})
}

// Delete removes objects, each "KIND/NAME" or "KIND/NAMESPACE/NAME".
func (s *Store) Delete(namespace string, names ...string) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, name := range names {
		kind, rest, _ := strings.Cut(name, "/")
		k, ok := s.find(kind, namespace, rest)
		if !ok {
			return fmt.Errorf("there is no %s to delete", name)
		}
		s.put(k, nil)
	}
	s.signal()
	return nil
}

// uidOf returns the uid of an object that says none.
func uidOf(o *unstructured.Unstructured) types.UID {
	return types.UID("u-" + o.GetKind() + "-" + o.GetName())
}

func (s *Store) find(kind, namespace, name string) (key, bool) {
	for k := range s.objects {
		if k.kind == kind && k.name == name && (k.namespace == namespace || k.namespace == "") {
			return k, true
		}
	}
	return key{}, false
}

// Compact forgets all changes so far: a watch or a continue token from before is 410
// Gone.
func (s *Store) Compact() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.oldest, s.changes = s.revision, nil
}

// FallBehind makes lists with resourceVersion=0 have these objects from now on, and
// watches tell nothing more, as an API server whose cache no longer hears of etcd.
func (s *Store) FallBehind(objects ...*unstructured.Unstructured) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.stale = maps.Clone(s.objects)
	for _, o := range objects {
		o = o.DeepCopy()
		s.fill(o)
		o.SetResourceVersion(strconv.FormatInt(s.oldest, 10))
		s.stale[keyOf(o)] = o
	}
}

// signal wakes whoever waits for a change.
func (s *Store) signal() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// serve makes a kind known.
func (s *Store) serve(k Kind) {
	if !slices.ContainsFunc(s.kinds, func(known Kind) bool { return known.GroupVersionKind == k.GroupVersionKind }) {
		s.kinds = append(s.kinds, k)
	}
}

// served returns the kinds that are served.
func (s *Store) served() []Kind {
	s.lock.Lock()
	defer s.lock.Unlock()
	return slices.Clone(s.kinds)
}

// serves reports whether a kind of a group is served, in any version.
func (s *Store) serves(gv schema.GroupVersion) bool {
	return slices.ContainsFunc(s.served(), func(k Kind) bool { return k.Group == gv.Group })
}

// kind returns the kind of a resource that is served.
func (s *Store) kind(resource schema.GroupVersionResource) (Kind, bool) {
	for _, k := range s.served() {
		if k.Resource == resource.Resource && k.GroupVersion() == resource.GroupVersion() {
			return k, true
		}
	}
	return Kind{}, false
}

// A view is the objects of a kind at a revision, in order.
type view struct {
	revision int64
	objects  []*unstructured.Unstructured
}

// now returns the latest objects of a kind.
func (s *Store) now(k Kind, namespace string) view {
	s.lock.Lock()
	defer s.lock.Unlock()
	return view{s.revision, pick(s.objects, k, namespace)}
}

// cached returns the objects of a kind as the API server's cache has them.
func (s *Store) cached(k Kind, namespace string) view {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.stale != nil {
		return view{s.oldest, pick(s.stale, k, namespace)}
	}
	return view{s.revision, pick(s.objects, k, namespace)}
}

// at returns the objects of a kind as they were at a revision.
func (s *Store) at(k Kind, namespace string, revision int64) (view, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if revision < s.oldest {
		return view{}, expired(revision, s.oldest)
	}
	then := maps.Clone(s.objects)
	for i := len(s.changes) - 1; i >= 0 && s.changes[i].revision > revision; i-- {
		if c := s.changes[i]; c.before == nil {
			delete(then, c.key)
		} else {
			then[c.key] = c.before
		}
	}
	return view{revision, pick(then, k, namespace)}, nil
}

// expired is the error for a revision that is forgotten.
func expired(revision, oldest int64) error {
	return apierrors.NewResourceExpired(fmt.Sprintf("too old resource version: %d (%d)", revision, oldest))
}

// pick returns the objects of a kind in a namespace, or in all.
func pick(objects map[key]*unstructured.Unstructured, k Kind, namespace string) []*unstructured.Unstructured {
	var picked []*unstructured.Unstructured
	for at, o := range objects {
		if at.group == k.Group && at.kind == k.Kind && (namespace == "" || at.namespace == namespace) {
			picked = append(picked, o)
		}
	}
	slices.SortFunc(picked, func(a, b *unstructured.Unstructured) int { return strings.Compare(path(a), path(b)) })
	return picked
}

// path is where etcd has an object, as far as order goes.
func path(o *unstructured.Unstructured) string { return o.GetNamespace() + "/" + o.GetName() }

// since returns the changes of a kind after a revision, the revision up to which that
// is all, and what is closed with the next change.
func (s *Store) since(k Kind, namespace string, revision int64) ([]change, int64, <-chan struct{}, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.stale != nil {
		return nil, revision, nil, nil
	}
	if revision < s.oldest {
		return nil, 0, nil, expired(revision, s.oldest)
	}
	var found []change
	first, _ := slices.BinarySearchFunc(s.changes, revision+1, func(c change, r int64) int { return int(c.revision - r) })
	for _, c := range s.changes[first:] {
		if c.key.group == k.Group && c.key.kind == k.Kind && (namespace == "" || c.key.namespace == namespace) {
			found = append(found, c)
		}
	}
	return found, max(revision, s.revision), s.changed, nil
}

// event returns what a watch with a selector tells of a change; false if nothing.
func (c change) event(selects func(*unstructured.Unstructured) bool) (watch.EventType, *unstructured.Unstructured, bool) {
	was := c.before != nil && selects(c.before)
	is := c.after != nil && selects(c.after)
	switch {
	case is && was:
		return watch.Modified, c.after, true
	case is:
		return watch.Added, c.after, true
	case was:
		gone := c.before.DeepCopy()
		gone.SetResourceVersion(strconv.FormatInt(c.revision, 10))
		return watch.Deleted, gone, true
	}
	return "", nil, false
}
