// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Logs are what containers printed.
type Logs struct {
	lock    sync.Mutex
	lines   map[LogOf][]logLine
	changed chan struct{} // closed with the next line
}

// LogOf names a log: that of a container, or of the run of it before.
type LogOf struct {
	Pod, Container string
	Previous       bool
}

type logLine struct {
	at   time.Time
	text string
}

// Append adds what a container prints at a time. The last line may have no end.
func (l *Logs) Append(of LogOf, at time.Time, text string) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.lines == nil {
		l.lines = map[LogOf][]logLine{}
	}
	for line := range strings.Lines(text) {
		l.lines[of] = append(l.lines[of], logLine{at, line})
	}
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// from returns the lines of a log behind the first few, and what is closed with the next.
func (l *Logs) from(of LogOf, n int) ([]logLine, <-chan struct{}) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	all := l.lines[of]
	return all[min(n, len(all)):], l.changed
}

// logOptions are those of corev1.PodLogOptions.
type logOptions struct {
	follow, timestamps bool
	since              time.Time
	tail, limit        int // less than 0 for all
}

// readLogOptions reads the options for the log of a pod, with the errors of
// ValidatePodLogOptions in pkg/apis/core/validation of Kubernetes.
func readLogOptions(query url.Values, pod string) (logOptions, error) {
	o := logOptions{follow: isTrue(query.Get("follow")), timestamps: isTrue(query.Get("timestamps")), tail: -1, limit: -1}
	var wrong field.ErrorList
	var broken error
	number := func(name string, least int64) int {
		text := query.Get(name)
		if text == "" {
			return -1
		}
		n, err := strconv.ParseInt(text, 10, 64)
		switch {
		case err != nil:
			broken = apierrors.NewBadRequest(err.Error())
		case n < least && least == 0:
			wrong = append(wrong, field.Invalid(field.NewPath(name), n, "must be greater than or equal to 0"))
		case n < least:
			wrong = append(wrong, field.Invalid(field.NewPath(name), n, "must be greater than 0"))
		}
		return int(n)
	}
	o.tail, o.limit = number("tailLines", 0), number("limitBytes", 1)
	if seconds := number("sinceSeconds", 1); seconds >= 0 {
		o.since = time.Now().Add(-time.Duration(seconds) * time.Second)
	}
	if text := query.Get("sinceTime"); text != "" {
		if query.Has("sinceSeconds") {
			wrong = append(wrong, field.Forbidden(field.NewPath(""), "at most one of `sinceTime` or `sinceSeconds` may be specified"))
		}
		since, err := time.Parse(time.RFC3339, text)
		if o.since = since; err != nil {
			broken = apierrors.NewBadRequest(err.Error())
		}
	}
	if broken == nil && len(wrong) > 0 {
		broken = apierrors.NewInvalid(corev1.SchemeGroupVersion.WithKind("PodLogOptions").GroupKind(), pod, wrong)
	}
	return o, broken
}

// log answers with the log of a container, and while it is followed goes on until the
// container ends.
func (s *Server) log(w http.ResponseWriter, r *http.Request, q request, kind Kind) {
	options, err := readLogOptions(r.URL.Query(), q.Name)
	if err != nil {
		fail(w, err)
		return
	}
	pod, err := s.pod(kind, q)
	if err != nil {
		fail(w, err)
		return
	}
	of := LogOf{Pod: q.Name, Previous: isTrue(r.URL.Query().Get("previous"))}
	of.Container, err = container(pod, r.URL.Query().Get("container"))
	if err == nil && pod.Spec.NodeName == "" {
		return // as long as the pod has no node there is nothing, and no error
	}
	if err == nil {
		err = hasLog(pod, of)
	}
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	running := s.runs(kind, q, of)
	lines, more := s.Logs.from(of, 0) // what is there when the answer begins
	n := len(lines)
	if options.tail >= 0 {
		lines = lines[max(0, n-options.tail):]
	}
	w.WriteHeader(http.StatusOK)
	for options.write(w, lines) && options.follow && running {
		flush(w)
		select {
		case <-more:
		case <-time.After(100 * time.Millisecond): // the container may have ended
		case <-r.Context().Done():
			return
		}
		running = s.runs(kind, q, of)
		lines, more = s.Logs.from(of, n)
		n += len(lines)
	}
}

// hasLog returns the error for a run of a container that has none, as validateContainerLogStatus
// in pkg/kubelet/kubelet_pods.go of Kubernetes.
func hasLog(pod *corev1.Pod, of LogOf) error {
	status, what := statusOf(pod, of.Container), fmt.Sprintf("container %q in pod %q", of.Container, of.Pod)
	switch {
	case status == nil:
		return apierrors.NewBadRequest(what + " is not available")
	case of.Previous && status.LastTerminationState.Terminated == nil:
		return apierrors.NewBadRequest("previous terminated " + what + " not found")
	case of.Previous, status.State.Running != nil, status.State.Terminated != nil, status.LastTerminationState.Terminated != nil:
		return nil
	case status.State.Waiting == nil:
		return apierrors.NewBadRequest(what + " is waiting to start - no logs yet")
	}
	reason := status.State.Waiting.Reason
	switch reason {
	case "ErrImagePull":
		reason = "image can't be pulled"
	case "ImagePullBackOff":
		reason = "trying and failing to pull image"
	}
	return apierrors.NewBadRequest(what + " is waiting to start: " + reason)
}

// runs reports whether a container may print more.
func (s *Server) runs(kind Kind, q request, of LogOf) bool {
	pod, err := s.pod(kind, q)
	if err != nil || of.Previous {
		return false
	}
	status := statusOf(pod, of.Container)
	return status != nil && status.State.Running != nil
}

// write writes lines as they were asked for. It is false if nothing more is to come.
func (o *logOptions) write(w io.Writer, lines []logLine) bool {
	for _, line := range lines {
		if line.at.Before(o.since) {
			continue
		}
		text := line.text
		if o.timestamps {
			text = line.at.UTC().Format("2006-01-02T15:04:05.000000000Z07:00") + " " + text
		}
		if o.limit >= 0 {
			text = text[:min(len(text), o.limit)]
			o.limit -= len(text)
		}
		if _, err := io.WriteString(w, text); err != nil || o.limit == 0 {
			return false
		}
	}
	return true
}

func flush(w http.ResponseWriter) {
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}
