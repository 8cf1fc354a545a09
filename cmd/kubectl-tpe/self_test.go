// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
	"testing"
)

func TestSelf(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ = strings.Cut(host, ".")
	for name, tt := range map[string]struct {
		environment map[string]string
		want        string
	}{
		"in a pod":                   {map[string]string{"KUBERNETES_SERVICE_HOST": "10.0.0.1", "POD_NAMESPACE": "tpe", "POD_NAME": "wait-abcde"}, "wait-abcde"},
		"by its host name":           {map[string]string{"KUBERNETES_SERVICE_HOST": "10.0.0.1", "POD_NAMESPACE": "tpe"}, host},
		"in a pod of another":        {map[string]string{"KUBERNETES_SERVICE_HOST": "10.0.0.1", "POD_NAMESPACE": "ci", "POD_NAME": "wait-abcde"}, ""},
		"on a machine that says so":  {map[string]string{"POD_NAMESPACE": "tpe", "POD_NAME": "wait-abcde"}, ""},
		"in a pod without its token": {map[string]string{"KUBERNETES_SERVICE_HOST": "10.0.0.1", "POD_NAME": "wait-abcde"}, "wait-abcde"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, key := range []string{"KUBERNETES_SERVICE_HOST", "POD_NAMESPACE", "POD_NAME"} {
				t.Setenv(key, tt.environment[key])
			}
			if got := self("tpe").Pod; got != tt.want {
				t.Errorf("pod %q, want %q", got, tt.want)
			}
		})
	}
}
