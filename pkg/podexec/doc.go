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
// There are three answers: it did, it did not, or it is not known (Ran). A stream that ends
// with success proves nothing: so does one whose container runtime dies while the command runs,
// with half of the output missing. Nor does an exit code: each runtime has its own for a missing
// executable. A command did not run if the API server refused the request, if there was no
// connection, or if the runtime names the executable and says that it was not found.
//
// # By which protocol
//
// WebSocket, and SPDY if that does not work or if the account has only the permission for
// SPDY. An access review shows who refuses: RBAC, for which a Role helps, or an admission policy,
// which is a PolicyError.
package podexec
