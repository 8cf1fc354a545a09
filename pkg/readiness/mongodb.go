// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// PerconaServerMongoDB assesses a MongoDB cluster of Percona's operator by its
// status.state, and by whether all members in status.size are ready, given the
// StatefulSets of its namespace; nil if they were not read.
//
// The status stays as it was when the operator does not run: the StatefulSets of the members
// have to say ready, too.
//
// The states are "" (not reconciled yet), initializing, stopping, paused, ready and
// error (Percona: docs/cr-statuses.md). The operator retries after an error, so that
// the cluster has failed only after a grace. With an error it leaves
// observedGeneration as it was (updateStatus): the error may be of the latest spec.
// Older operators set no observedGeneration: then the state has to do, but a status
// with fewer members than the spec asks for belongs to an older spec.
//
// spec.pause counts at once; the state follows when the operator reconciles.
func PerconaServerMongoDB(m *unstructured.Unstructured, sets []*appsv1.StatefulSet, causes []Cause) Workload {
	w := Workload{Kind: "PerconaServerMongoDB", Name: m.GetName(), Strategy: stringAt(m, "spec", "updateStrategy")}
	size, _ := countAt(m, "status", "size")
	asked := membersAsked(m)
	w.Want = max(size, asked)
	w.Ready, _ = countAt(m, "status", "ready")
	state := stringAt(m, "status", "state")
	s := progress(state, "%d of %s ready", w.Ready, pods(w.Want))
	s.since = mongoSince(m)
	if serve := membersReady(m, sets); sets != nil && serve < w.Ready {
		w.Ready = serve
		s = progress(state, "%d of %s ready", w.Ready, pods(w.Want))
	}
	if isTrueAt(m, "spec", "pause") {
		s.state, s.doing = Paused, "paused"
		return w.at(s, causes)
	}
	if field(m, "status", "observedGeneration") != nil {
		if step, ok := observed(m); !ok && (state != "error" || !isUnseen(m)) {
			return w.at(step, nil)
		}
	}
	w.Updated = w.Ready
	return w.at(mongoStep(m, w, s, size < asked), causes)
}

// mongoStep is the step of a cluster in the state that the operator reports.
func mongoStep(m *unstructured.Unstructured, w Workload, s step, behind bool) step {
	switch state := stringAt(m, "status", "state"); state {
	case "ready":
		switch {
		case w.Want == 0:
			return step{state: Unknown, doing: "its operator reports ready, but no members"}
		case behind:
			return unseen("its operator")
		case w.Ready < w.Want:
			s.doing = "starting"
		default:
			return mongosStep(m)
		}
	case "":
		return unreconciled
	case "error":
		s.detail = clean(stringAt(m, "status", "message"))
	case "initializing", "stopping":
	case "paused":
		s.doing = "starting after a pause"
	default:
		return step{state: Unknown, doing: fmt.Sprintf("its operator reports %q, an unknown state", clean(state))}
	}
	return s
}

// mongosStep is the step of a cluster whose replica sets are ready. The operator
// reports its routers, mongos, as ready if all that exist are (mongosStatus).
func mongosStep(m *unstructured.Unstructured) step {
	if !isTrueAt(m, "spec", "sharding", "enabled") {
		return step{state: Ready}
	}
	want, _ := countAt(m, "spec", "sharding", "mongos", "size")
	ready, _ := countAt(m, "status", "mongos", "ready")
	if ready < want {
		return progress("starting", "%d of %d mongos ready", ready, want)
	}
	return step{state: Ready}
}

// replicaSets returns the replica sets that the spec asks for, with sharding that of the
// config servers, too. Its name is always the same (ConfigReplSetName).
func replicaSets(m *unstructured.Unstructured) []*unstructured.Unstructured {
	sets, _ := itemsAt(m, "spec", "replsets")
	if isTrueAt(m, "spec", "sharding", "enabled") {
		servers, _ := field(m, "spec", "sharding", "configsvrReplSet").(map[string]any)
		sets = append(sets, &unstructured.Unstructured{Object: servers})
	}
	return sets
}

// membersReady returns how many members are ready by their StatefulSets, which have the
// name of the cluster and the replica set, and a suffix for arbiters and others (naming:
// MongodStatefulSetName). The routers are taken from the status.
func membersReady(m *unstructured.Unstructured, sets []*appsv1.StatefulSet) int32 {
	var names []string
	for _, set := range replicaSets(m) {
		names = append(names, m.GetName()+"-"+cmp.Or(stringAt(set, "name"), "cfg"))
	}
	n, _ := countAt(m, "status", "mongos", "ready")
	for _, s := range sets {
		if slices.ContainsFunc(names, func(name string) bool { return s.Name == name || strings.HasPrefix(s.Name, name+"-") }) {
			n = sum(n, s.Status.ReadyReplicas)
		}
	}
	return n
}

// membersAsked returns the least number of members that the spec asks for:
// those of its replica sets, arbiters included. The operator may add to them for safety.
func membersAsked(m *unstructured.Unstructured) int32 {
	var n int32
	for _, set := range replicaSets(m) {
		size, _ := countAt(set, "size")
		n = sum(n, size)
		if isTrueAt(set, "arbiter", "enabled") {
			size, _ = countAt(set, "arbiter", "size")
			n = sum(n, size)
		}
	}
	return n
}

// mongoSince returns since when a cluster has been in its state; zero if that is not
// known. Its condition says so as long as it is the last one. From 1.19 on the operator
// keeps one of each state, with the time when the cluster was in it for the first time
// (AddCondition). An error, which is what counts, is not older than the last change of the
// object: the operator repeats it without changing anything.
func mongoSince(m *unstructured.Unstructured) time.Time {
	state := stringAt(m, "status", "state")
	var since time.Time
	if list, _ := itemsAt(m, "status", "conditions"); len(list) > 0 && stringAt(list[len(list)-1], "type") == state {
		since = conditions(m)[state].since
	}
	if changed := changedAt(m); state == "error" && changed.After(since) {
		return changed
	}
	return since
}

// mongoCauses returns the cause in the operator's status.
func mongoCauses(m *unstructured.Unstructured, now time.Time) []Cause {
	if stringAt(m, "status", "state") != "error" {
		return nil
	}
	c := Cause{
		Code: OperatorError, Object: Object{"PerconaServerMongoDB", m.GetName()}, Reason: "error",
		Message: stringAt(m, "status", "message"), Since: mongoSince(m),
	}
	if c.Since.IsZero() { // as in what kubectl get prints without --show-managed-fields
		c.Message = joinedBy("; ", c.Message, "since when is unknown without its managedFields")
	}
	return []Cause{c.judged(now)}
}
