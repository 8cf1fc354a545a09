// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// PerconaServerMongoDB tells how far a MongoDB cluster of Percona's operator
// is: status.state, with all members counted by status.size ready.
//
// The states are "" (not looked at yet), initializing, stopping, paused, ready
// and error (Percona: docs/cr-statuses.md). The operator goes on trying after
// an error, so that one dooms the cluster only after a grace. Older operators
// note no observedGeneration: then the state has to do.
func PerconaServerMongoDB(m *unstructured.Unstructured, causes []Cause) Workload {
	w := Workload{Kind: "PerconaServerMongoDB", Name: m.GetName(), Strategy: stringAt(m, "spec", "updateStrategy")}
	w.Want, _ = countAt(m, "status", "size")
	w.Ready, _ = countAt(m, "status", "ready")
	if field(m, "status", "observedGeneration") != nil {
		if step, ok := observed(m); !ok {
			return w.at(step, nil)
		}
	}
	w.Updated = w.Ready
	state := stringAt(m, "status", "state")
	s := progress(state, "%d of %s ready", w.Ready, pods(w.Want))
	s.since = conditions(m)[state].since
	switch state {
	case "ready":
		switch {
		case w.Want == 0:
			s = step{state: Unknown, doing: "its operator says ready, but counts no members"}
		case w.Ready < w.Want:
			s.doing = "starting"
		default:
			s = step{state: Ready}
		}
	case "":
		s.doing, s.detail = "waiting for its operator to look at it", ""
	case "error":
		s.detail = clean(stringAt(m, "status", "message"))
	case "initializing", "stopping":
	case "paused":
		s.state = Paused
	default:
		s = step{state: Unknown, doing: fmt.Sprintf("its operator says %q, a state not known here", clean(state))}
	}
	return w.at(s, causes)
}

// mongoCauses is the cause that the operator's status tells.
func mongoCauses(m *unstructured.Unstructured, now time.Time) []Cause {
	if stringAt(m, "status", "state") != "error" {
		return nil
	}
	c := Cause{
		Code: OperatorError, Object: Object{"PerconaServerMongoDB", m.GetName()}, Reason: "error",
		Message: stringAt(m, "status", "message"), Since: conditions(m)["error"].since,
	}
	return []Cause{c.judged(now)}
}
