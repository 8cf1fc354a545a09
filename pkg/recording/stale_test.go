// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// A kind that could not be read is a gap in a recording, too, with the objects that stood in.
func TestStaleKindsAreKept(t *testing.T) {
	since := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	gap := Gap{Kind: "Deployment", Resource: "deployments.apps", Verb: "list", Reason: readiness.ReadFailed, Error: &Error{Message: "500"}, Since: since, Stale: true}
	s := &state{kinds: readiness.KeptKinds(), tells: func(readiness.Kept) string { return "another file" }, moment: &Moment{Kinds: []string{"Deployment", "Pod"}, Gaps: []Gap{gap}}, objects: map[Ref]*object{
		{Kind: "Deployment", Name: "twa"}: {data: []byte(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"twa"}}`)},
	}}
	o, err := s.read()
	if err != nil || len(o.Deployments) != 1 {
		t.Fatalf("%+v, %v", o.Deployments, err)
	}
	for _, g := range o.Gaps {
		if g.Kind == "Deployment" && g.Stale && g.Since.Equal(since) && g.Reason == readiness.ReadFailed {
			return
		}
	}
	t.Errorf("no gap: %+v", o.Gaps)
}
