// SPDX-License-Identifier: Apache-2.0

// Package joblogs reads the logs of a job from its first attempt to its end.
//
// An attempt is a pod of the job, or a restart of its containers where the
// restart policy is OnFailure. [Describe] puts the attempts in order, those whose
// pods are gone among them. Each has a run of each of its containers, and
// each run a log, which the node keeps for a while: that of the last run of
// a container and of the one before.
//
// # What a node promises of a log, and what not
//
// The kubelet stamps each line with the nanosecond in which it was written.
// It can be asked for the last lines, or for all since a second; not for a
// place. The stamps of lines on standard output and standard error may be
// out of order by microseconds. The kubelet reads one file: when the file
// grew to its limit, 10 MiB by default, the node rotates it and begins
// another, and what was rotated cannot be asked for. A connection may end
// at any byte, and its end does not tell whether the log ended.
//
// So a log is read until its container ended and another question brought
// nothing new. After a lost connection the place to go on is found by the
// last line's stamp, the number of lines that have it, and its first bytes. If
// that line is not there any more, it is said that lines may be missing, and
// between which times; what was read of a line that was cut stays half a line.
// A reader that is interrupted tells its place as a [Position], from which
// another one goes on.
//
// # Whose logs are read
//
// Those of the containers that do the job's work, see package kubejob, and
// any other that is asked for. Runs are read one after the other; what runs
// at once in several pods is followed at once. A job that is followed and is
// replaced by one of its name is read as a new one; if it is removed, its
// conditions, events and pods tell how it ended, as far as they were seen.
//
// # What it does not do
//
// It does not read the files that a node rotated, and cannot notice lines
// that a kubelet leaves out within one connection: that kubelets before
// Kubernetes 1.29 may do so is said of a log that grew large while it was
// followed. It knows nothing of
// ThingPark Enterprise.
package joblogs
