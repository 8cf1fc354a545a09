// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/recording"
)

// FromRecording makes a case of a recording, which plays what happened in it from now on. All
// times in it are moved. ReplicaSets are not in recordings: those of PUM are made of its pods.
// Speed is how many times faster it is played.
func FromRecording(path string, speed float64) (*Case, error) {
	c := &Case{Name: path}
	m := &moments{speed: speed, there: map[string]bool{}, deployments: map[string]*unstructured.Unstructured{}}
	head, err := recording.Each(path, m.take)
	if err != nil {
		return nil, err
	}
	if len(m.states) == 0 {
		return nil, fmt.Errorf("%s: no moment is whole in it", path)
	}
	c.State = m.states[0].State
	if !m.there["Deployment/twa"] {
		c.Delete = append(c.Delete, "Deployment/twa") // which a case usually has
	}
	if c.PUM == nil {
		c.PUM = &PUM{Output: Output{Exit: 1, Stderr: "not in the recording"}}
	}
	c.PUM.None = true // its objects are in the recording
	c.Steps, c.Kubernetes = m.states[1:], head.Server
	return c, nil
}

// moments collects the states between the moments of a recording.
type moments struct {
	speed float64
	shift time.Duration // of all times
	last  time.Time
	there map[string]bool

	deployments map[string]*unstructured.Unstructured

	state  State
	texts  []string
	states []Step
}

var stamps = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`)

// moved moves all times in a text. They keep their digits: an Event's has six, or it is none.
func (m *moments) moved(text string) string {
	return stamps.ReplaceAllStringFunc(text, func(stamp string) string {
		t, err := time.Parse(time.RFC3339, stamp)
		if err != nil {
			return stamp
		}
		layout := time.RFC3339
		if _, digits, ok := strings.Cut(strings.TrimSuffix(stamp, "Z"), "."); ok {
			layout = "2006-01-02T15:04:05." + strings.Repeat("0", len(digits)) + "Z"
		}
		return t.Add(m.shift).Format(layout)
	})
}

func (m *moments) take(l *recording.Line) error {
	if m.shift == 0 {
		m.shift, m.last = time.Since(l.At).Truncate(time.Second), l.At
	}
	switch {
	case l.Object != nil:
		return m.object(l.Object)
	case l.Gone != nil:
		m.state.Delete = append(m.state.Delete, l.Gone.Kind+"/"+l.Gone.Name)
	case l.Answer != nil && !l.Answer.Same && l.Answer.Error == nil:
		m.state.PUM = &PUM{Output: Output{Stdout: m.moved(l.Answer.Text), Stderr: l.Answer.Stderr, Exit: l.Answer.ExitCode}}
	case l.Answer != nil && l.Answer.Error != nil && l.Answer.Error.Code == http.StatusForbidden:
		m.state.Deny = []string{"get pods/exec", "create pods/exec"}
	case l.Releases != nil:
		for _, r := range l.Releases.Items {
			if r.Revision > 0 {
				m.state.Helm = append(m.state.Helm, HelmRevision{
					Name: r.Name, Chart: r.Chart, Version: r.Version, App: r.AppVersion, Revision: r.Revision, Status: r.Status,
					Description: r.Said, Ago: l.At.Sub(r.UpdatedAt).String(),
				})
			}
		}
	case l.Moment != nil:
		m.state.Objects = strings.Join(m.texts, "\n---\n")
		after := time.Duration(float64(l.At.Sub(m.last)) / m.speed)
		m.states = append(m.states, Step{After: metav1.Duration{Duration: after}, State: m.state})
		m.last, m.state, m.texts = l.At, State{}, nil
	}
	return nil
}

// object takes an object.
func (m *moments) object(data []byte) error {
	o := &unstructured.Unstructured{}
	if err := o.UnmarshalJSON(data); err != nil {
		return err
	}
	m.there[o.GetKind()+"/"+o.GetName()] = true
	m.texts = append(m.texts, m.moved(string(data)))
	owner := metav1.GetControllerOf(o)
	switch {
	case o.GetKind() == "Deployment":
		m.deployments[o.GetName()] = o
	case o.GetKind() == "Pod" && owner != nil && owner.Kind == "ReplicaSet":
		return m.replicaSet(owner, o)
	}
	return nil
}

// replicaSet adds the ReplicaSet of a pod, as far as is looked at: it has the template of its
// Deployment if the pod has the image of that.
func (m *moments) replicaSet(owner *metav1.OwnerReference, pod *unstructured.Unstructured) error {
	d := m.deployments[strings.TrimSuffix(owner.Name, "-"+pod.GetLabels()["pod-template-hash"])]
	if d == nil {
		return nil
	}
	template, _, _ := unstructured.NestedMap(d.Object, "spec", "template") // which may be none
	revision := d.GetAnnotations()["deployment.kubernetes.io/revision"]
	if image(pod.Object, "spec") != image(d.Object, "spec", "template", "spec") {
		template, revision = map[string]any{}, "0"
	}
	set := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": map[string]any{"template": template}}}
	set.SetName(owner.Name)
	set.SetUID(owner.UID)
	set.SetLabels(pod.GetLabels())
	set.SetAnnotations(map[string]string{"deployment.kubernetes.io/revision": revision})
	yes := true
	set.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: d.GetName(), UID: d.GetUID(), Controller: &yes}})
	text, err := set.MarshalJSON()
	m.texts = append(m.texts, string(text))
	return err
}

// image returns that of the first container.
func image(object map[string]any, path ...string) string {
	containers, _, _ := unstructured.NestedSlice(object, append(path, "containers")...) // which may be none
	if len(containers) == 0 {
		return ""
	}
	first, _ := containers[0].(map[string]any)
	text, _ := first["image"].(string)
	return text
}
