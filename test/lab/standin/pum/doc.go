// SPDX-License-Identifier: Apache-2.0

// Package pum plays ThingPark's Post Upgrade Manager: what its commands status
// and restart print and do, and how its job pum-process works the entries off.
//
// It is a stand-in. Known, from the vendor's public upgrade procedure and
// audit script: the commands, the twelve keys of an entry, the seven states,
// one sample of two entries. Not known, and assumed here: the white space of the
// output and the quoting of unusual values (hence several dialects and layouts),
// what restart prints and changes, the log of pum-process, how often a request
// is repeated, and when an entry is aborted.
//
// Everything PUM knows and everything a test wants of it is one [State], kept by
// a [Store] in a folder that the pod, the job and the test share. Whoever writes
// it last is obeyed at the next command: a test changes the answer of a running
// PUM, or the state of an entry, by updating the store.
package pum
