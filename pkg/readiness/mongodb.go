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
// status.state, and by whether all members in status.size are ready, given what was read
// of its namespace.
//
// The status stays as it was when the operator does not run: the StatefulSets of the members
// and routers have to say ready, too.
//
// The states are "" (not reconciled yet), initializing, stopping, paused, ready and
// error (Percona: docs/cr-statuses.md). The operator retries after an error, so that
// the cluster has failed only after a grace. With an error it leaves
// observedGeneration as it was (updateStatus): the error may be of the latest spec.
// Older operators set no observedGeneration: then the state has to do, but a status
// with fewer members than the spec asks for belongs to an older spec.
//
// spec.pause counts at once; the state follows when the operator reconciles.
func PerconaServerMongoDB(m *unstructured.Unstructured, o Objects, causes []Cause) Workload {
	w := Workload{Kind: "PerconaServerMongoDB", Name: m.GetName(), Strategy: stringAt(m, "spec", "updateStrategy")}
	size, _ := countAt(m, "status", "size")
	asked := membersAsked(m)
	w.Want = max(size, asked)
	w.Ready, _ = countAt(m, "status", "ready")
	state := stringAt(m, "status", "state")
	s := progress(state, "%d of %s ready", w.Ready, pods(w.Want))
	s.since = mongoSince(m)
	members := mongoSets(m, o)
	if serve := members.ready(m); o.StatefulSets != nil && serve < w.Ready {
		w.Ready = serve
		s = progress(state, "%d of %s ready", w.Ready, pods(w.Want))
	}
	if len(members.missing) > 0 {
		s.detail += ", " + members.missed()
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
	return w.at(mongoStep(m, w, s, size < asked, members), causes)
}

// mongoStep is the step of a cluster in the state that the operator reports.
func mongoStep(m *unstructured.Unstructured, w Workload, s step, behind bool, members memberSets) step {
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
			return mongosStep(m, members)
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
func mongosStep(m *unstructured.Unstructured, members memberSets) step {
	if !isTrueAt(m, "spec", "sharding", "enabled") {
		return step{state: Ready}
	}
	want, _ := countAt(m, "spec", "sharding", "mongos", "size")
	if ready := members.mongosReady(m); ready < want {
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

// memberSets are the StatefulSets of a MongoDB cluster.
type memberSets struct {
	members []*appsv1.StatefulSet
	mongos  *appsv1.StatefulSet // of the routers; nil if there is none, as with old operators, where it is a Deployment
	missing []string            // those of replica sets and routers that should be there

	mongosGone bool // that of the routers is missing
}

// mongoSets finds the StatefulSets of a MongoDB cluster, which have the name of the cluster and
// the replica set, and a suffix for arbiters and others (naming: MongodStatefulSetName).
func mongoSets(m *unstructured.Unstructured, o Objects) memberSets {
	var found memberSets
	if o.StatefulSets == nil {
		return found
	}
	for _, set := range replicaSets(m) {
		name := m.GetName() + "-" + cmp.Or(stringAt(set, "name"), "cfg")
		there := false
		for _, s := range o.StatefulSets {
			if there = there || s.Name == name; s.Name == name || strings.HasPrefix(s.Name, name+"-") {
				found.members = append(found.members, s)
			}
		}
		if size, _ := countAt(set, "size"); size > 0 && !there {
			found.missing = append(found.missing, name)
		}
	}
	routers := m.GetName() + "-mongos"
	if i := slices.IndexFunc(o.StatefulSets, func(s *appsv1.StatefulSet) bool { return s.Name == routers }); i >= 0 {
		found.mongos = o.StatefulSets[i]
	} else if size, _ := countAt(m, "spec", "sharding", "mongos", "size"); isTrueAt(m, "spec", "sharding", "enabled") && size > 0 && o.Deployments != nil &&
		!slices.ContainsFunc(o.Deployments, func(d *appsv1.Deployment) bool { return d.Name == routers }) {
		found.missing, found.mongosGone = append(found.missing, routers), true
	}
	return found
}

// missed says which StatefulSets are missing.
func (s *memberSets) missed() string {
	if len(s.missing) == 1 {
		return "StatefulSet " + s.missing[0] + " is missing"
	}
	return "StatefulSets " + strings.Join(s.missing, ", ") + " are missing"
}

// ready returns how many members and routers are ready.
func (s *memberSets) ready(m *unstructured.Unstructured) int32 {
	n := s.mongosReady(m)
	for _, set := range s.members {
		n = sum(n, set.Status.ReadyReplicas)
	}
	return n
}

// mongosReady returns how many routers are ready, by the status and by their StatefulSet.
func (s *memberSets) mongosReady(m *unstructured.Unstructured) int32 {
	n, _ := countAt(m, "status", "mongos", "ready")
	switch {
	case s.mongos != nil:
		return min(n, s.mongos.Status.ReadyReplicas)
	case s.mongosGone:
		return 0
	}
	return n
}

// membersAsked returns the least number of members that the spec asks for:
// those of its replica sets, with arbiters and others. The operator may add to them for safety.
func membersAsked(m *unstructured.Unstructured) int32 {
	var n int32
	for _, set := range replicaSets(m) {
		size, _ := countAt(set, "size")
		n = sum(n, size)
		for _, more := range []string{"arbiter", "nonvoting", "hidden"} {
			if isTrueAt(set, more, "enabled") {
				size, _ = countAt(set, more, "size")
				n = sum(n, size)
			}
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
