// SPDX-License-Identifier: Apache-2.0

// Package podexec finds the pod of a Deployment, runs a command in it, and knows whether
// it ran.
//
// # Which pod
//
// A ready one of the Deployment's current spec, or none. Pods of an older spec would
// answer for the release before; while the rollout is why there is no pod, the error is
// ErrRolling.
//
// # Whether it ran
//
// That has three answers: it did, it did not, it is not known (Ran). An end of the stream
// with success is no proof: a container runtime that dies while the command runs ends it
// so, and half of the output is missing. Nor is an exit code, as each runtime has its own
// for an executable that is not there. That a command did not run is known if the API
// server refused the request, if there was no connection, or if the runtime names the
// executable and says that it was not found.
//
// # By which protocol
//
// WebSocket, and SPDY where that does not work, or where the account has the permission for
// that alone. Who refuses is found out by an access review: RBAC, which a Role
// mends, or an admission policy, which is a PolicyError.
package podexec
