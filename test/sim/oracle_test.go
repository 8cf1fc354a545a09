// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/observe"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// An oracle knows what a wait that ends was told: which lists, at which revision of the
// store, and which answer of PUM. It compares no times, only orders: of readings and reports,
// of revisions, and of changes of the world. So it is right on a busy machine, too.
type oracle struct {
	lock     sync.Mutex
	readings []*reading
	answers  map[*pum.Answer]int // how many changes there were when PUM was asked
	said     []string            // the last reports
	not      int                 // how many readings had begun when the wait last reported that all is not done
}

// A reading is one call of the function that reads the workloads from quorum.
type reading struct {
	number     int
	assessment *readiness.Assessment
	revisions  map[string]int64 // of the lists that were answered, by kind
	wrong      string           // what was asked that is no read from quorum
}

// readingHeader is the header of a request with the number of its reading.
const readingHeader = "Reading"

type readingKey struct{}

// labeled adds to each request the number of its reading.
type labeled struct{ http.RoundTripper }

func (l labeled) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(readingHeader, fmt.Sprint(r.Context().Value(readingKey{})))
	return l.RoundTripper.RoundTrip(r)
}

// begin begins a reading.
func (o *oracle) begin(ctx context.Context) (context.Context, *reading) {
	o.lock.Lock()
	defer o.lock.Unlock()
	r := &reading{number: len(o.readings), revisions: map[string]int64{}}
	o.readings = append(o.readings, r)
	return context.WithValue(ctx, readingKey{}, r.number), r
}

// end ends a reading, with what it returns.
func (o *oracle) end(r *reading, a *readiness.Assessment) {
	o.lock.Lock()
	defer o.lock.Unlock()
	r.assessment = a
}

// listed notes the answer to a list that is part of a reading.
func (o *oracle) listed(r *http.Request, kind Kind, revision int64) {
	number, err := strconv.Atoi(r.Header.Get(readingHeader))
	if err != nil {
		return // it is a watch's
	}
	o.lock.Lock()
	defer o.lock.Unlock()
	of := o.readings[number]
	of.revisions[kind.Kind] = revision
	if r.URL.Query().Get("resourceVersion") != "" {
		of.wrong = r.URL.String()
	}
}

// answered notes how many changes there were when PUM was asked.
func (o *oracle) answered(a *pum.Answer, began int) {
	o.lock.Lock()
	defer o.lock.Unlock()
	if o.answers == nil {
		o.answers = map[*pum.Answer]int{}
	}
	o.answers[a] = began
}

// reported notes a report of the wait. What could not be asked yet is not known not to be done.
func (o *oracle) reported(r observe.Report) {
	o.lock.Lock()
	defer o.lock.Unlock()
	code := r.Verdict.ExitCode
	unknown := code == verdict.ExitError || code == verdict.ExitNoAnswer && r.Snapshot.Assessment == nil ||
		r.Snapshot.UnconfirmedErr != nil // it looks done, and could not be read again yet
	if code != verdict.ExitDone && !unknown {
		o.not = len(o.readings)
	}
	o.said = append(o.said, fmt.Sprintf("after %d readings: exit code %d, over %v, not %d, unconfirmed %v; %v", len(o.readings), code, r.Over, o.not, r.Snapshot.UnconfirmedErr, summaries(r)))
	o.said = o.said[max(0, len(o.said)-10):]
}

func summaries(r observe.Report) (all []string) {
	for _, f := range r.Verdict.Findings {
		all = append(all, f.Summary)
	}
	return all
}

// judge tells how the wait ended, and what was wrong with that. It reads the store itself.
func (s *stage) judge(last observe.Report, stable time.Duration) (string, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if !last.Over || last.Verdict.ExitCode != verdict.ExitDone {
		return "wrong", fmt.Errorf("exit code %d, over %v; %v\n%s", last.Verdict.ExitCode, last.Over, last.Verdict.Findings, s.tell())
	}
	if wrong := s.oracle.differences(s, last, stable); len(wrong) > 0 {
		return "wrong", fmt.Errorf("FALSE SUCCESS: %s\n%s", strings.Join(wrong, "; "), s.tell())
	}
	if s.calm && stable == 0 {
		return "after the last change", nil
	}
	return "when all was good for a while", nil
}

// differences holds the end of a wait against the store: by an independent reading, all was
// good at the revisions at which the wait was answered, and what is not good any more has
// changed since. PUM was asked after the last change of the job that was read.
func (o *oracle) differences(s *stage, last observe.Report, stable time.Duration) (wrong []string) {
	o.lock.Lock()
	defer o.lock.Unlock()
	i := slices.IndexFunc(o.readings, func(r *reading) bool { return r.assessment == last.Snapshot.Assessment })
	if i < 0 {
		return []string{"it ended on what a watch told"}
	}
	of := o.readings[i]
	if of.wrong != "" {
		wrong = append(wrong, "it asked a cache: "+of.wrong)
	}
	needed := 1
	if stable > 0 {
		needed = 2
	}
	if i+1-o.not < needed {
		wrong = append(wrong, fmt.Sprintf("only %d readings began after it reported that all is not done", i+1-o.not))
	}
	for _, kind := range []string{"Deployment", "StatefulSet", "Job"} {
		wrong = append(wrong, s.differ(kind, of.revisions[kind])...)
	}
	asked, known := o.answers[last.Snapshot.Answer]
	if job := s.jobAt(of.revisions["Job"]); !known || asked < job {
		wrong = append(wrong, fmt.Sprintf("PUM was asked after change %d, and its job changed with change %d", asked, job))
	}
	return wrong
}

// differ compares what was there of a kind at a revision, and what is there now.
func (s *stage) differ(name string, revision int64) (wrong []string) {
	kind := builtin()[slices.IndexFunc(builtin(), func(k Kind) bool { return k.Kind == name })]
	then, err := s.server.Store.at(kind, Namespace, revision)
	if err != nil {
		return []string{fmt.Sprintf("%s was not read: %v", name, err)}
	}
	for _, o := range then.objects {
		if !isGood(o) {
			wrong = append(wrong, fmt.Sprintf("%s %s was not good at revision %d, which was read", name, o.GetName(), revision))
		}
	}
	for _, o := range s.server.Store.now(kind, Namespace).objects {
		if changed, err := strconv.ParseInt(o.GetResourceVersion(), 10, 64); err != nil || !isGood(o) && changed <= revision {
			wrong = append(wrong, fmt.Sprintf("%s %s is not good since revision %s, and revision %d was read", name, o.GetName(), o.GetResourceVersion(), revision))
		}
	}
	return wrong
}

// isGood reports whether an object has all that it wants, as the documentation of Kubernetes
// has it; the plugin's rules are not asked.
func isGood(o *unstructured.Unstructured) bool {
	number := func(fields ...string) int64 {
		n, _, _ := unstructured.NestedInt64(o.Object, fields...)
		return n
	}
	if o.GetKind() == "Job" {
		return number("status", "succeeded") == 1
	}
	want := number("spec", "replicas")
	return number("status", "observedGeneration") == o.GetGeneration() &&
		number("status", "updatedReplicas") == want && number("status", "readyReplicas") == want && number("status", "replicas") == want
}

// jobAt returns the change by which the job became what it was at a revision.
func (s *stage) jobAt(revision int64) int {
	kind := builtin()[slices.IndexFunc(builtin(), func(k Kind) bool { return k.Kind == "Job" })]
	then, err := s.server.Store.at(kind, Namespace, revision)
	if err != nil || len(then.objects) != 1 {
		return len(s.history)
	}
	job := then.objects[0]
	return slices.IndexFunc(s.history, func(w world) bool {
		return fmt.Sprintf("job-%d", w.made) == string(job.GetUID()) && (w.job == "complete") == isGood(job)
	})
}

func (s *stage) tell() string {
	var b strings.Builder
	for i, w := range s.history {
		fmt.Fprintf(&b, "change %d: %+v job %s %d entries %v\n", i, w.workloads, w.job, w.made, w.entries)
	}
	for _, r := range s.oracle.readings {
		fmt.Fprintf(&b, "reading %d: %v\n", r.number, r.revisions)
	}
	return b.String() + strings.Join(s.oracle.said, "\n")
}
