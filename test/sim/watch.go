// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/streaming"
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
	query       // its revision is that up to which all was told
	told   bool // the columns of a table
	out    http.ResponseWriter
	events streaming.Encoder
}

// watch tells of each change, until the client goes or the time that it named is over.
func (s *Server) watch(w http.ResponseWriter, r *http.Request, asked request, kind Kind) {
	q, err := s.query(r, asked, kind)
	if err != nil {
		fail(w, err)
		return
	}
	info := q.serializer()
	media := q.media
	if media == mediaProtobuf {
		media += ";stream=watch"
	}
	w.Header().Set("Content-Type", media)
	w.WriteHeader(http.StatusOK)
	flush(w)
	stream := streaming.NewEncoder(info.StreamSerializer.NewFrameWriter(w), info.StreamSerializer.Serializer)
	(&watcher{Server: s, query: q, out: w, events: stream}).run(r.Context())
}

// run tells what there is, unless the client knows, and then each change.
func (o *watcher) run(ctx context.Context) {
	if !o.begin() {
		return
	}
	end := time.After(longestWatch)
	if o.TimeoutSeconds != nil && *o.TimeoutSeconds > 0 {
		end = time.After(time.Duration(*o.TimeoutSeconds) * time.Second)
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
			if o.AllowWatchBookmarks && !o.bookmark(nil) {
				return
			}
		case <-end:
			if o.AllowWatchBookmarks {
				o.bookmark(nil)
			}
			return
		case <-ctx.Done():
			return
		}
	}
}

// begin tells of the objects that there are: with sendInitialEvents, or where that says
// nothing and there is no revision to begin at.
func (o *watcher) begin() bool {
	initial := o.SendInitialEvents != nil && *o.SendInitialEvents
	if !initial && o.revision > 0 {
		return true
	}
	v := o.Store.now(o.kind, o.namespace)
	switch {
	case o.SendInitialEvents != nil && !initial:
		v.objects = nil
	case o.ResourceVersion == "0":
		v = o.Store.cached(o.kind, o.namespace)
	}
	for _, object := range v.objects {
		if o.selects(object) && !o.tell(watch.Added, object) {
			return false
		}
	}
	o.revision = v.revision
	if initial && o.AllowWatchBookmarks {
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
