// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/streaming"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	bookmarkEvery = time.Minute

	// longestWatch is how long a watch lasts that names no time. An API server takes 30
	// to 60 minutes.
	longestWatch = 30 * time.Minute
)

// A watcher tells one client of changes.
type watcher struct {
	*Server
	form
	kind      Kind
	namespace string
	selects   func(*unstructured.Unstructured) bool
	revision  int64 // up to which all was told
	bookmarks bool
	told      bool // the columns of a table
	out       http.ResponseWriter
	events    streaming.Encoder
}

// watch tells of each change, until the client goes or the time that it named is over.
func (s *Server) watch(w http.ResponseWriter, r *http.Request, q request, kind Kind) {
	query := r.URL.Query()
	f, err := wanted(r, kind)
	if err != nil {
		fail(w, err)
		return
	}
	selects, err := selector(kind, query)
	if err != nil {
		fail(w, err)
		return
	}
	initial, err := s.checkInitial(kind, query)
	if err != nil {
		fail(w, err)
		return
	}
	revision, err := parseRevision(query.Get("resourceVersion"))
	if err != nil {
		fail(w, err)
		return
	}
	info := f.serializer()
	w.Header().Set("Content-Type", f.media+streamParameter(f.media))
	w.WriteHeader(http.StatusOK)
	one := &watcher{
		Server: s, form: f, kind: kind, namespace: q.Namespace, selects: selects, revision: revision,
		bookmarks: isTrue(query.Get("allowWatchBookmarks")), out: w,
		events: streaming.NewEncoder(info.StreamSerializer.NewFrameWriter(w), info.StreamSerializer.Serializer),
	}
	flush(w)
	one.run(r, initial, timeLeft(query))
}

// streamParameter is what says that a protobuf answer is of many.
func streamParameter(media string) string {
	if media == mediaProtobuf {
		return ";stream=watch"
	}
	return ""
}

func timeLeft(query url.Values) <-chan time.Time {
	if seconds, _ := strconv.Atoi(query.Get("timeoutSeconds")); seconds > 0 {
		return time.After(time.Duration(seconds) * time.Second)
	}
	return time.After(longestWatch)
}

// checkInitial tells whether a watch begins with what there is and a bookmark, as a
// streaming list does. Options.NoStreamingLists refuses it.
func (s *Server) checkInitial(kind Kind, query url.Values) (bool, error) {
	text, match := query.Get("sendInitialEvents"), query.Get("resourceVersionMatch")
	asked := query.Has("sendInitialEvents")
	why := ""
	path := field.NewPath("sendInitialEvents")
	switch {
	case asked && s.options.NoStreamingLists:
		why = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"
	case asked && match != string(metav1.ResourceVersionMatchNotOlderThan):
		why, path = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan", field.NewPath("resourceVersionMatch")
	case !asked && match != "":
		why, path = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided", field.NewPath("resourceVersionMatch")
	}
	if why != "" {
		return false, apierrors.NewInvalid(metav1.SchemeGroupVersion.WithKind("ListOptions").GroupKind(), "", field.ErrorList{field.Forbidden(path, why)})
	}
	return isTrue(text), nil
}

// run tells what there is, unless the client knows, and then each change.
func (o *watcher) run(r *http.Request, initial bool, end <-chan time.Time) {
	if !o.begin(initial, r.URL.Query()) {
		return
	}
	tick := time.NewTicker(bookmarkEvery)
	defer tick.Stop()
	for {
		changes, revision, next, err := o.Store.since(o.kind, o.namespace, o.revision)
		if err != nil {
			o.refuse(err)
			return
		}
		for _, c := range changes {
			if event, object, ok := c.event(o.selects); ok && !o.tell(event, object) {
				return
			}
		}
		if o.revision = revision; len(changes) > 0 {
			flush(o.out)
		}
		select {
		case <-next:
		case <-tick.C:
			if o.bookmarks && !o.bookmark(nil) {
				return
			}
		case <-end:
			if o.bookmarks {
				o.bookmark(nil)
			}
			return
		case <-r.Context().Done():
			return
		}
	}
}

// begin tells of the objects that there are, if that is what the client asked for: with
// sendInitialEvents, or without it by no revision or 0.
func (o *watcher) begin(initial bool, query url.Values) bool {
	if !initial && o.revision > 0 {
		return true
	}
	v := o.Store.now(o.kind, o.namespace)
	switch {
	case query.Has("sendInitialEvents") && !initial:
		v.objects = nil
	case query.Get("resourceVersion") == "0":
		v = o.Store.cached(o.kind, o.namespace)
	}
	for _, object := range v.objects {
		if o.selects(object) && !o.tell(watch.Added, object) {
			return false
		}
	}
	o.revision = v.revision
	if initial && o.bookmarks {
		return o.bookmark(map[string]string{metav1.InitialEventsAnnotationKey: "true"})
	}
	flush(o.out)
	return true
}

// bookmark tells that the client knows all up to a revision.
func (o *watcher) bookmark(annotations map[string]string) bool {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(o.kind.GroupVersionKind)
	object.SetResourceVersion(strconv.FormatInt(o.revision, 10))
	object.SetAnnotations(annotations)
	told := o.tell(watch.Bookmark, object)
	flush(o.out)
	return told
}

// tell writes one event. It is false if the client has gone.
func (o *watcher) tell(event watch.EventType, object *unstructured.Unstructured) bool {
	shown, err := o.object(o.kind, object)
	if t, ok := shown.(*metav1.Table); ok && err == nil {
		if o.told {
			t.ColumnDefinitions = nil
		}
		o.told = true
	}
	return err == nil && o.send(event, shown) == nil
}

func (o *watcher) send(event watch.EventType, object runtime.Object) error {
	raw, err := runtime.Encode(o.serializer().Serializer, object)
	if err != nil {
		return err
	}
	return o.events.Encode(&metav1.WatchEvent{Type: string(event), Object: runtime.RawExtension{Raw: raw}})
}

// refuse ends the watch with an error, of which the client hears in an event.
func (o *watcher) refuse(err error) {
	var known apierrors.APIStatus
	if errors.As(err, &known) {
		status := known.Status()
		status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
		_ = o.send(watch.Error, &status)
		flush(o.out)
	}
}
