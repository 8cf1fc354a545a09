// SPDX-License-Identifier: Apache-2.0

package tpe

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A Recording is what a namespace held at a moment. The plugin's tests read it
// back: see test/recorded.
type Recording struct {
	RecordedAt time.Time `json:"recordedAt"`
	Namespace  string    `json:"namespace"`
	Command    []string  `json:"command,omitempty"` // that PUM answered to
	Answer     string    `json:"answer,omitempty"`  // PUM's text
	Error      string    `json:"error,omitempty"`   // of the plugin, where PUM did not answer
	ExitCode   int       `json:"exitCode,omitempty"`

	Releases json.RawMessage `json:"releases,omitempty"` // as the plugin lists them

	Objects []*unstructured.Unstructured `json:"objects,omitempty"`
}

// recorded are the resources that tell how far a namespace is.
var recorded = []schema.GroupVersionResource{
	{Group: "apps", Version: "v1", Resource: "deployments"},
	{Group: "apps", Version: "v1", Resource: "statefulsets"},
	{Group: "apps", Version: "v1", Resource: "daemonsets"},
	{Group: "kafka.strimzi.io", Version: "v1beta2", Resource: "kafkas"},
	{Group: "core.strimzi.io", Version: "v1beta2", Resource: "strimzipodsets"},
	{Group: "psmdb.percona.com", Version: "v1", Resource: "perconaservermongodbs"},
	{Group: "batch", Version: "v1", Resource: "jobs"},
	{Group: "batch", Version: "v1", Resource: "cronjobs"},
	{Version: "v1", Resource: "pods"},
	{Version: "v1", Resource: "persistentvolumeclaims"},
	{Version: "v1", Resource: "events"},
}

// Record returns the objects of a namespace that tell how far it is, without
// what nobody looks at.
func Record(ctx context.Context, kubeconfig, namespace string) (Recording, error) {
	c, err := connect(kubeconfig)
	if err != nil {
		return Recording{}, err
	}
	r := Recording{RecordedAt: time.Now().UTC().Truncate(time.Second), Namespace: namespace}
	for _, resource := range recorded {
		options := metav1.ListOptions{}
		if resource.Resource == "events" {
			options.FieldSelector = "type=Warning"
		}
		list, err := c.dynamic.Resource(resource).Namespace(namespace).List(ctx, options)
		if err != nil {
			return Recording{}, fmt.Errorf("record %s: %w", resource.Resource, err)
		}
		for i := range list.Items {
			trim(list.Items[i].Object)
			r.Objects = append(r.Objects, &list.Items[i])
		}
	}
	return r, nil
}

// trim removes what says nothing about how far an object is.
func trim(value any) {
	nobodyLooks := []string{
		"managedFields", "template", "volumeClaimTemplates", "env", "volumeMounts", "resources", "tolerations", "securityContext",
		"terminationMessagePath", "terminationMessagePolicy", "dnsPolicy", "schedulerName", "enableServiceLinks", "imagePullPolicy",
		"podIP", "podIPs", "hostIP", "hostIPs", "containerID", "imageID", "serviceAccount", "serviceAccountName", "preemptionPolicy",
		"automountServiceAccountToken", "priority", "qosClass", "resourceVersion", "command", "args", "allocatedResources", "user",
		"httpGet", "generateName", "hostPath",
	}
	switch value := value.(type) {
	case map[string]any:
		for key, child := range value {
			if slices.Contains(nobodyLooks, key) {
				delete(value, key)
			} else {
				trim(child)
			}
		}
	case []any:
		for _, item := range value {
			trim(item)
		}
	}
}
