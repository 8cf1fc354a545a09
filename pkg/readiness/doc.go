// SPDX-License-Identifier: Apache-2.0

// Package readiness determines the state of the workloads and jobs of a
// namespace, and what blocks them.
//
// A workload is what runs ThingPark Enterprise: Deployments, StatefulSets,
// DaemonSets, and what the Strimzi and Percona operators run for it. Each kind
// has a rule in a file of its own, a pure function from the object, its pods
// and the causes found for it to a [Workload]. The rules follow kubectl rollout
// status where that has an answer, and are stricter where it reports success too
// early.
//
// Where something is blocked, causes are searched for on its pods, events and
// claims. Each has a grace, in a table. A cause that outlasts its grace is permanent: the
// workload will not recover by itself. All times of causes come from objects.
//
// [Assess] applies all this to what was read of a namespace. It is pure, so
// that one list and a watch give the same answer. The answer also changes with
// time alone: a grace ends, a container has run for long enough after a crash.
// [Observe] lists once, [Watch] follows.
//
// What could not be read is a [Gap], and a workload whose state is not proven
// is [Unknown]: neither ready nor failed.
package readiness
