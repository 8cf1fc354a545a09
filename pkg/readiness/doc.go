// SPDX-License-Identifier: Apache-2.0

// Package readiness tells how far the workloads and jobs of a namespace are,
// and why they are not further.
//
// A workload is what runs ThingPark Enterprise: Deployments, StatefulSets,
// DaemonSets, and what the Strimzi and Percona operators run for it. Each kind
// has a rule in a file of its own, a pure function from the object, its pods
// and the causes found for it to a [Workload]. The rules follow kubectl rollout
// status where that has an answer, and are stricter where it looks better than
// the truth.
//
// Where something is held up, causes are looked for on its pods, events and
// claims. Each has a grace, in a table, after which it dooms. Causes hold no
// time that no object tells.
//
// [Assess] applies all this to what was read of a namespace. It is pure, so
// that one list and a watch give the same answer. The answer changes with time
// alone, too: a grace ends, a container has run for long enough after it
// crashed. [Observe] lists once.
//
// What could not be read is a [Gap], and a workload whose state is not proven
// is [Unknown]: neither ready nor failed.
package readiness
