// SPDX-License-Identifier: Apache-2.0

// Package verdict turns what was observed of an upgrade into what it means:
// one outcome with one exit code, and the findings that led to them.
//
// It is pure. The same snapshot gives the same verdict, whatever prints it
// and however often. Whoever observes puts errors into the snapshot instead
// of stopping: what could not be asked is as much a fact as what could.
//
// A verdict never reports better than it knows: an unknown state is not final, an
// empty list is not success, what this account is not authorized to read is neither
// ready nor failed, and of several facts the gravest decides.
package verdict
