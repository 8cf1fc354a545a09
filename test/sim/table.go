// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/client-go/util/jsonpath"
)

// columns are those that kubectl shows between the name and the age: the first that Kubernetes'
// pkg/printers/internalversion/printers.go has for a kind, as JSONPath.
var columns = map[string][][2]string{
	"Pod":                   {{"Ready"}, {"Status", "{.status.containerStatuses[*].state.*.reason}"}, {"Restarts", "{.status.containerStatuses[*].restartCount}"}},
	"Deployment":            {{"Ready", "{.status.readyReplicas}/{.spec.replicas}"}, {"Up-to-date", "{.status.updatedReplicas}"}, {"Available", "{.status.availableReplicas}"}},
	"StatefulSet":           {{"Ready", "{.status.readyReplicas}/{.spec.replicas}"}},
	"ReplicaSet":            {{"Desired", "{.spec.replicas}"}, {"Current", "{.status.replicas}"}, {"Ready", "{.status.readyReplicas}"}},
	"DaemonSet":             {{"Desired", "{.status.desiredNumberScheduled}"}, {"Current", "{.status.currentNumberScheduled}"}, {"Ready", "{.status.numberReady}"}},
	"Job":                   {{"Completions", "{.status.succeeded}/{.spec.completions}"}},
	"Secret":                {{"Type", "{.type}"}},
	"Namespace":             {{"Status", "{.status.phase}"}},
	"PersistentVolumeClaim": {{"Status", "{.status.phase}"}},
	"StrimziPodSet":         {{"Pods", "{.status.pods}"}, {"Ready pods", "{.status.readyPods}"}, {"Current pods", "{.status.currentPods}"}},
	"PerconaServerMongoDB":  {{"Status", "{.status.state}"}},
	"Event":                 {{"Type", "{.type}"}, {"Reason", "{.reason}"}, {"Object", "{.involvedObject.name}"}, {"Message", "{.message}"}},
}

// cell returns what an object has in a column.
func cell(o *unstructured.Unstructured, column [2]string) string {
	switch {
	case column[0] == "Ready" && o.GetKind() == "Pod":
		return podReady(o)
	case column[0] == "Status" && o.GetDeletionTimestamp() != nil:
		return "Terminating"
	}
	var b strings.Builder
	path := jsonpath.New(column[0]).AllowMissingKeys(true)
	if err := path.Parse(column[1]); err != nil {
		return err.Error()
	}
	if err := path.Execute(&b, o.Object); err != nil {
		return err.Error()
	}
	text := b.String()
	switch {
	case column[0] == "Status":
		return cmp.Or(text, fieldsOf{o}.Get("status.phase"))
	case strings.HasPrefix(text, "/"):
		return "0" + text
	}
	return cmp.Or(text, "0")
}

func podReady(o *unstructured.Unstructured) string {
	list, _, _ := unstructured.NestedSlice(o.Object, "status", "containerStatuses")
	ready := 0
	for _, item := range list {
		if status, ok := item.(map[string]any); ok && status["ready"] == true {
			ready++
		}
	}
	all, _, _ := unstructured.NestedSlice(o.Object, "spec", "containers")
	return fmt.Sprintf("%d/%d", ready, len(all))
}

// table returns objects as kubectl shows them.
func table(kind Kind, meta metav1.ListMeta, objects []*unstructured.Unstructured, include metav1.IncludeObjectPolicy) (*metav1.Table, error) {
	t := &metav1.Table{ListMeta: meta, Rows: []metav1.TableRow{}}
	t.Kind, t.APIVersion = "Table", "meta.k8s.io/v1"
	middle := columns[kind.Kind]
	t.ColumnDefinitions = []metav1.TableColumnDefinition{{Name: "Name", Type: "string", Format: "name"}}
	for _, c := range middle {
		t.ColumnDefinitions = append(t.ColumnDefinitions, metav1.TableColumnDefinition{Name: c[0], Type: "string"})
	}
	t.ColumnDefinitions = append(t.ColumnDefinitions, metav1.TableColumnDefinition{Name: "Age", Type: "string"})
	for _, o := range objects {
		row := metav1.TableRow{Cells: []any{o.GetName()}}
		for _, c := range middle {
			row.Cells = append(row.Cells, cell(o, c))
		}
		row.Cells = append(row.Cells, duration.HumanDuration(time.Since(o.GetCreationTimestamp().Time)))
		switch include {
		case metav1.IncludeObject:
			row.Object = runtime.RawExtension{Object: o}
		case metav1.IncludeMetadata, "":
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
