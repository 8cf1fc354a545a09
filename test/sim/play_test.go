// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"context"
	"strings"
	"testing"
	"time"
)

// A step that cannot be done is reported at once, and not only when the play is closed.
func TestABrokenPlayIsReportedAtOnce(t *testing.T) {
	for name, bad := range map[string]State{
		"no such field":      {Objects: "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {colour: red}"},
		"no such object":     {Delete: []string{"Deployment/none"}},
		"no such fault":      {Faults: map[string]string{"list pods": "explode"}},
		"no such time of it": {Faults: map[string]string{"watch pods": "cut soon"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := (&Case{Steps: []Step{{State: bad}, {State: State{Delete: []string{"Deployment/twa"}}}}}).Play(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			select {
			case <-p.Broken().Done():
			case <-time.After(10 * time.Second):
				t.Error("it is not reported")
			}
			cause := context.Cause(p.Broken())
			if err := p.Close(); cause == nil || !strings.Contains(cause.Error(), "step 1: ") || err == nil || !strings.Contains(err.Error(), cause.Error()) {
				t.Errorf("%v, at the end %v", cause, err)
			}
		})
	}
}
