// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"reflect"
	"slices"
	"testing"

	"k8s.io/client-go/rest"
)

// Observe and Watch read the kinds of one table. Each list that Assess takes is filled by one
// line of it, and Rules lets an account list and watch it.
func TestEveryKindIsInTheTable(t *testing.T) {
	clients, err := NewClients(&rest.Config{Host: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	filled := map[string]int{}
	for _, k := range kinds(clients, "tpe", nil) {
		if k.list == nil || k.watch == nil {
			t.Errorf("%s can be listed %v, watched %v", k.name, k.list != nil, k.watch != nil)
		}
		var o Objects
		k.keep(&o, []any{})
		for i, field := range reflect.VisibleFields(reflect.TypeFor[Objects]()) {
			if !reflect.ValueOf(o).Field(i).IsZero() {
				filled[field.Name]++
			}
		}
		allowed := false
		for _, r := range Rules() {
			allowed = allowed || slices.Contains(r.APIGroups, k.resource.Group) && slices.Contains(r.Resources, k.resource.Resource) &&
				slices.Contains(r.Verbs, "list") && slices.Contains(r.Verbs, "watch")
		}
		if !allowed {
			t.Errorf("Rules does not let an account list and watch %s", k.resource)
		}
	}
	evidence := []string{"Events", "Claims", "Logs", "Gaps"} // read only where something is held up, or made by us
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Objects]()) {
		if want := 1; !slices.Contains(evidence, field.Name) && filled[field.Name] != want {
			t.Errorf("%d kinds fill Objects.%s, want %d", filled[field.Name], field.Name, want)
		}
	}
}
