// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"
)

// A column is one of a table that kubectl shows.
type column struct {
	name string
	of   func(o *unstructured.Unstructured) string
}

// columns returns those between the name and the age: the first that Kubernetes'
// pkg/printers/internalversion/printers.go has for the kind.
func columns(kind string) []column {
	switch kind {
	case "Pod":
		return []column{{"Ready", podReady}, {"Status", podStatus}, {"Restarts", podRestarts}}
	case "Deployment":
		return []column{{"Ready", outOf("status.readyReplicas", "spec.replicas")}, {"Up-to-date", number("status.updatedReplicas")}, {"Available", number("status.availableReplicas")}}
	case "StatefulSet":
		return []column{{"Ready", outOf("status.readyReplicas", "spec.replicas")}}
	case "ReplicaSet":
		return []column{{"Desired", number("spec.replicas")}, {"Current", number("status.replicas")}, {"Ready", number("status.readyReplicas")}}
	case "DaemonSet":
		return []column{{"Desired", number("status.desiredNumberScheduled")}, {"Current", number("status.currentNumberScheduled")}, {"Ready", number("status.numberReady")}}
	case "Job":
		return []column{{"Completions", outOf("status.succeeded", "spec.completions")}}
	case "Secret":
		return []column{{"Type", text("type")}}
	case "Namespace", "PersistentVolumeClaim":
		return []column{{"Status", text("status.phase")}}
	case "StrimziPodSet":
		return []column{{"Pods", number("status.pods")}, {"Ready pods", number("status.readyPods")}, {"Current pods", number("status.currentPods")}}
	case "PerconaServerMongoDB":
		return []column{{"Status", text("status.state")}}
	case "Event":
		return []column{{"Type", text("type")}, {"Reason", text("reason")}, {"Object", text("involvedObject.name")}, {"Message", text("message")}}
	}
	return nil
}

func text(path string) func(*unstructured.Unstructured) string {
	return func(o *unstructured.Unstructured) string { return fieldsOf{o}.Get(path) }
}

func number(path string) func(*unstructured.Unstructured) string {
	return func(o *unstructured.Unstructured) string {
		if value := (fieldsOf{o}).Get(path); value != "" {
			return value
		}
		return "0"
	}
}

func outOf(have, want string) func(*unstructured.Unstructured) string {
	return func(o *unstructured.Unstructured) string { return number(have)(o) + "/" + number(want)(o) }
}

// statuses returns those of a pod's containers.
func statuses(o *unstructured.Unstructured) []map[string]any {
	list, _, _ := unstructured.NestedSlice(o.Object, "status", "containerStatuses")
	var all []map[string]any
	for _, item := range list {
		if status, ok := item.(map[string]any); ok {
			all = append(all, status)
		}
	}
	return all
}

func podReady(o *unstructured.Unstructured) string {
	ready := 0
	for _, s := range statuses(o) {
		if s["ready"] == true {
			ready++
		}
	}
	all, _, _ := unstructured.NestedSlice(o.Object, "spec", "containers")
	return fmt.Sprintf("%d/%d", ready, len(all))
}

func podStatus(o *unstructured.Unstructured) string {
	if o.GetDeletionTimestamp() != nil {
		return "Terminating"
	}
	for _, s := range statuses(o) {
		for _, state := range []string{"waiting", "terminated"} {
			if reason, ok, _ := unstructured.NestedString(s, "state", state, "reason"); ok {
				return reason
			}
		}
	}
	return fieldsOf{o}.Get("status.phase")
}

func podRestarts(o *unstructured.Unstructured) string {
	var sum int64
	for _, s := range statuses(o) {
		n, _, _ := unstructured.NestedInt64(s, "restartCount")
		sum += n
	}
	return fmt.Sprint(sum)
}

// includes returns how much of an object comes with its row.
func includes(r *http.Request) metav1.IncludeObjectPolicy {
	if policy := r.URL.Query().Get("includeObject"); policy != "" {
		return metav1.IncludeObjectPolicy(policy)
	}
	return metav1.IncludeMetadata
}

// table returns objects as kubectl shows them.
func table(kind Kind, meta metav1.ListMeta, objects []*unstructured.Unstructured, include metav1.IncludeObjectPolicy) (*metav1.Table, error) {
	t := &metav1.Table{ListMeta: meta, Rows: []metav1.TableRow{}}
	t.Kind, t.APIVersion = "Table", "meta.k8s.io/v1"
	middle := columns(kind.Kind)
	t.ColumnDefinitions = []metav1.TableColumnDefinition{{Name: "Name", Type: "string", Format: "name"}}
	for _, c := range middle {
		t.ColumnDefinitions = append(t.ColumnDefinitions, metav1.TableColumnDefinition{Name: c.name, Type: "string"})
	}
	t.ColumnDefinitions = append(t.ColumnDefinitions, metav1.TableColumnDefinition{Name: "Age", Type: "string"})
	for _, o := range objects {
		row := metav1.TableRow{Cells: []any{o.GetName()}}
		for _, c := range middle {
			row.Cells = append(row.Cells, c.of(o))
		}
		row.Cells = append(row.Cells, duration.HumanDuration(time.Since(o.GetCreationTimestamp().Time)))
		switch include {
		case metav1.IncludeObject:
			row.Object = runtime.RawExtension{Object: o}
		case metav1.IncludeMetadata:
			p, err := partial(o)
			if err != nil {
				return nil, err
			}
			row.Object = runtime.RawExtension{Object: p}
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}
