// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"reflect"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
)

// Observe and Watch read the kinds of one table. Each list that Assess takes is filled by one
// line of it, and Rules lets an account list and watch it.
func TestEveryKindIsInTheTable(t *testing.T) {
	clients, err := kube.NewClients(&rest.Config{Host: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	filled := map[string]int{}
	for _, k := range kinds(clients, "tpe", nil) {
		if k.list == nil || k.watch == nil {
			t.Errorf("%s can be listed %v, watched %v", k.Kind, k.list != nil, k.watch != nil)
		}
		var o Objects
		k.set(&o, nil)
		for i, field := range reflect.VisibleFields(reflect.TypeFor[Objects]()) {
			if !reflect.ValueOf(o).Field(i).IsZero() {
				filled[field.Name]++
			}
		}
		allowed, resource := false, schema.ParseGroupResource(k.Resource)
		for _, r := range Rules() {
			allowed = allowed || slices.Contains(r.APIGroups, resource.Group) && slices.Contains(r.Resources, resource.Resource) &&
				slices.Contains(r.Verbs, "list") && slices.Contains(r.Verbs, "watch")
		}
		if !allowed {
			t.Errorf("Rules does not let an account list and watch %s", k.Resource)
		}
	}
	evidence := []string{"Events", "Claims", "Logs", "Gaps"} // read only where something is held up, or made by us
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Objects]()) {
		if want := 1; !slices.Contains(evidence, field.Name) && filled[field.Name] != want {
			t.Errorf("%d kinds fill Objects.%s, want %d", filled[field.Name], field.Name, want)
		}
	}
}

// Assess judges an object of each list: a kind that is read and judged by nobody costs a right
// and says nothing. Pods and node pools count only for what they belong to.
func TestEveryKindIsAssessed(t *testing.T) {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Objects]()) {
		if slices.Contains([]string{"Pods", "KafkaNodePools", "Events", "Claims", "Logs", "Gaps"}, field.Name) {
			continue
		}
		var o Objects
		item := reflect.New(field.Type.Elem().Elem())
		if u, ok := item.Interface().(*unstructured.Unstructured); ok {
			u.Object = map[string]any{}
		}
		item.Interface().(metav1.Object).SetName("x")
		list := reflect.ValueOf(&o).Elem().FieldByIndex(field.Index)
		list.Set(reflect.Append(list, item))
		if a := Assess(o, now); len(a.Workloads)+len(a.Jobs)+len(a.CronJobs) != 1 {
			t.Errorf("Assess does not judge what is in Objects.%s", field.Name)
		}
	}
}
