// SPDX-License-Identifier: Apache-2.0

// Package compare asks two API servers the same, and says where their answers differ: the
// simulated one (test/sim) must not answer otherwise than a real one does.
//
// Both hold the same objects, for those of the real one are copied: what a request does not
// say of itself must be equal in all, the bodies too. Left out is what each server
// chooses for itself: resource versions, continue tokens, ages, identifiers of containers.
// Differences that are meant are in known.yaml, each with its reason.
package compare
