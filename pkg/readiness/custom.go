// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"math"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Custom resources have no guaranteed shape: another version of an operator, or a
// damaged object, may have anything anywhere. These functions take what has the
// expected type and ignore the rest.

func field(u *unstructured.Unstructured, path ...string) any {
	v, _, _ := unstructured.NestedFieldNoCopy(u.Object, path...)
	return v
}

func stringAt(u *unstructured.Unstructured, path ...string) string {
	s, _ := field(u, path...).(string)
	return s
}

// itemsAt returns the objects of a list; false if there is no list. An item that
// is no object is an empty one.
func itemsAt(u *unstructured.Unstructured, path ...string) ([]*unstructured.Unstructured, bool) {
	list, ok := field(u, path...).([]any)
	items := make([]*unstructured.Unstructured, len(list))
	for i := range list {
		object, _ := list[i].(map[string]any)
		items[i] = &unstructured.Unstructured{Object: object}
	}
	return items, ok
}

func isTrueAt(u *unstructured.Unstructured, path ...string) bool {
	b, _ := field(u, path...).(bool)
	return b
}

// countAt returns a number of pods; false if there is none.
func countAt(u *unstructured.Unstructured, path ...string) (int32, bool) {
	n, ok := toInt(field(u, path...))
	if !ok || n < 0 || n > math.MaxInt32 {
		return 0, false
	}
	return int32(n), true
}

func toInt(v any) (int64, bool) {
	switch n := v.(type) {
	case int64:
		return n, true
	case float64:
		if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
			return int64(n), true
		}
	}
	return 0, false
}

// observed says whether the operator's status is for the latest spec, and by the
// step why not. Without status.observedGeneration nothing is proven.
func observed(u *unstructured.Unstructured) (step, bool) {
	status := field(u, "status")
	seen, ok := toInt(field(u, "status", "observedGeneration"))
	switch fields, isObject := status.(map[string]any); {
	case status == nil || isObject && len(fields) == 0:
		return unreconciled, false
	case !ok:
		return step{state: Unknown, doing: "its operator reports no observedGeneration"}, false
	case seen < u.GetGeneration():
		return unseen("its operator"), false
	case seen > u.GetGeneration():
		return step{state: Unknown, doing: "its status is for a newer generation than its spec"}, false
	}
	return step{}, true
}

// unreconciled is the step of a resource that its operator has not looked at yet.
var unreconciled = step{state: Progressing, doing: "waiting for its operator to reconcile it"}

// changedAt returns when an object was last changed, by whomever and in whatever; zero if
// it does not say so. The API server writes that time only if something changed.
func changedAt(u *unstructured.Unstructured) time.Time {
	entries, _ := itemsAt(u, "metadata", "managedFields")
	var last time.Time
	for _, entry := range entries {
		if at, err := time.Parse(time.RFC3339, stringAt(entry, "time")); err == nil && at.After(last) {
			last = at
		}
	}
	return last
}

// A customCondition is one of a custom resource's status.conditions.
type customCondition struct {
	status, reason, message string
	since                   time.Time
}

// conditions returns the status's conditions, the last of each kind: Percona's
// operator appends new ones.
func conditions(u *unstructured.Unstructured) map[string]customCondition {
	list, _ := itemsAt(u, "status", "conditions")
	found := map[string]customCondition{}
	for _, item := range list {
		c := customCondition{status: stringAt(item, "status"), reason: stringAt(item, "reason"), message: stringAt(item, "message")}
		c.since, _ = time.Parse(time.RFC3339, stringAt(item, "lastTransitionTime")) // zero if it cannot be read
		if kind := stringAt(item, "type"); kind != "" {
			found[kind] = c
		}
	}
	return found
}
