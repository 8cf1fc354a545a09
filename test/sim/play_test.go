// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
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

// A handler that panics breaks what is played: the client sees a connection that ends, as it does
// at times without any mistake.
func TestAPanicOfTheServerIsReported(t *testing.T) {
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			s, err := Start(t.TempDir(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			s.listed = func(*http.Request, Kind, int64) { panic("a mistake") }
			config, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig())
			if err != nil {
				t.Fatal(err)
			}
			if protocol == "HTTP/1.1" {
				config.NextProtos = []string{"http/1.1"}
			}
			client, err := rest.HTTPClientFor(config)
			if err != nil {
				t.Fatal(err)
			}
			if response, err := client.Get(config.Host + "/api/v1/namespaces/a/pods"); err == nil {
				t.Errorf("%s answers %s", response.Proto, response.Status)
				_ = response.Body.Close()
			}
			select {
			case <-s.Broken().Done():
			case <-time.After(10 * time.Second):
			}
			if err := s.Close(); err == nil || !strings.Contains(err.Error(), "panic serving") || !strings.Contains(err.Error(), "a mistake") {
				t.Errorf("at the end: %v", err)
			}
		})
	}
}
