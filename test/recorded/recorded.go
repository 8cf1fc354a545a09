// SPDX-License-Identifier: Apache-2.0

// Package recorded holds what namespaces of the lab held at a moment, for tests
// that need the real thing and no cluster. test/lab records them:
//
//	go run -C test/lab . load SCENARIO --wait
//	go run -C test/lab . record ../recorded/testdata/NAME.jsonl
package recorded

import (
	"bufio"
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/podexec"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

//go:embed testdata/*.jsonl
var files embed.FS

// Names returns the names of all recordings.
func Names() ([]string, error) {
	entries, err := files.ReadDir("testdata")
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".jsonl"))
	}
	return names, err
}

// A head is the first line of a recording. The others are objects.
type head struct {
	RecordedAt time.Time `json:"recordedAt"`
	Namespace  string    `json:"namespace"`
	Command    []string  `json:"command"`
	Answer     string    `json:"answer"`
	Error      string    `json:"error"`
	ExitCode   int       `json:"exitCode"`

	Releases []release.Release `json:"releases"`
}

// Objects returns the objects of a recording, and when it was made.
func Objects(name string) (readiness.Objects, time.Time, error) {
	h, objects, err := open(name)
	return objects, h.RecordedAt, err
}

// open reads a recording.
func open(name string) (h head, objects readiness.Objects, err error) {
	text, err := files.ReadFile("testdata/" + name + ".jsonl")
	if err != nil {
		return h, objects, err
	}
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	if err := json.Unmarshal(first, &h); err != nil {
		return h, objects, fmt.Errorf("recording %s: %w", name, err)
	}
	if objects, err = read(rest); err != nil {
		err = fmt.Errorf("recording %s: %w", name, err)
	}
	return h, objects, err
}

// Snapshot returns what the plugin observes where a recording was made, as it
// would have been in the vendor's namespace.
func Snapshot(name string) (verdict.Snapshot, error) {
	h, objects, err := open(name)
	if err != nil {
		return verdict.Snapshot{}, err
	}
	s := verdict.Snapshot{ObservedAt: h.RecordedAt, Where: command.Where{Namespace: h.Namespace}}
	assessment := readiness.Assess(objects, h.RecordedAt)
	s.Assessment = &assessment
	s.Answer, s.AnswerErr = h.answer(objects)
	s.Releases = &verdict.Releases{Items: h.Releases}
	if len(h.Releases) > 0 {
		s.Releases.Consistency = release.Compare(h.Releases, nil, h.RecordedAt)
	}
	return s, nil
}

// answer returns what PUM answered, or why it did not.
func (h head) answer(objects readiness.Objects) (*pum.Answer, error) {
	switch verdict.ExitCode(h.ExitCode) {
	case verdict.ExitNoAnswer:
		why := errors.New(strings.TrimPrefix(h.Error, pum.ErrNoAnswer.Error()+": "))
		if strings.HasPrefix(why.Error(), "no ready pod ") {
			why = &podexec.NoPodError{Deployment: "pum", Pod: podOfPUM(objects), Err: why}
		}
		return nil, fmt.Errorf("%w: %w", pum.ErrNoAnswer, why)
	case verdict.ExitForbidden:
		return nil, forbidden{apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "pum", errors.New("")), h.Error}
	}
	answer, err := pum.ReadSaved(strings.NewReader(h.Answer), pum.DefaultLimit)
	if cut := (*pum.IncompleteError)(nil); errors.As(err, &cut) {
		return nil, fmt.Errorf("%w: %w", pum.ErrNoAnswer, err) // as when it came
	}
	if err != nil {
		return nil, err
	}
	answer.Source.Command, answer.Source.Container, answer.Source.Pod = h.Command, "pum", podOfPUM(objects)
	return &answer, nil
}

// podOfPUM returns the name of the pod that PUM runs in.
func podOfPUM(objects readiness.Objects) string {
	for _, p := range objects.Pods {
		if strings.HasPrefix(p.Name, "pum-") && !strings.HasPrefix(p.Name, pum.ProcessJob) {
			return p.Name
		}
	}
	return ""
}

// forbidden is an error of the API server, in the words that were recorded.
type forbidden struct {
	error
	words string
}

func (f forbidden) Error() string { return f.words }
func (f forbidden) Unwrap() error { return f.error }

// read reads objects, a line each.
func read(text []byte) (readiness.Objects, error) {
	var o readiness.Objects
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		u := &unstructured.Unstructured{}
		if err := u.UnmarshalJSON(lines.Bytes()); err != nil {
			return o, err
		}
		if err := Add(&o, u); err != nil {
			return o, err
		}
	}
	return o, lines.Err()
}

// Add puts an object where it belongs. That of a kind for which nobody asks is an error.
func Add(o *readiness.Objects, u *unstructured.Unstructured) error {
	switch u.GetKind() {
	case "Deployment":
		return convert(u, &o.Deployments)
	case "StatefulSet":
		return convert(u, &o.StatefulSets)
	case "DaemonSet":
		return convert(u, &o.DaemonSets)
	case "Job":
		return convert(u, &o.Jobs)
	case "CronJob":
		return convert(u, &o.CronJobs)
	case "Pod":
		return convert(u, &o.Pods)
	case "Event":
		return convert(u, &o.Events)
	case "PersistentVolumeClaim":
		return convert(u, &o.Claims)
	case "Kafka":
		o.Kafkas = append(o.Kafkas, u)
	case "KafkaNodePool":
		o.KafkaNodePools = append(o.KafkaNodePools, u)
	case "StrimziPodSet":
		o.StrimziPodSets = append(o.StrimziPodSets, u)
	case "PerconaServerMongoDB":
		o.MongoDBs = append(o.MongoDBs, u)
	default:
		return fmt.Errorf("nobody asks for a %s", u.GetKind())
	}
	return nil
}

// convert reads a built-in object strictly enough: what it does not know is
// not what readiness looks at.
func convert[T any](u *unstructured.Unstructured, into *[]*T) error {
	object := new(T)
	err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, object)
	*into = append(*into, object)
	return err
}
