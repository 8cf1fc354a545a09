// SPDX-License-Identifier: Apache-2.0

// Package verdict turns what was observed of an upgrade into what it means:
// one outcome with one exit code, and the findings that led to them.
//
// It is pure. The same snapshot gives the same verdict, whatever prints it and however often.
// Errors are part of the snapshot: that something could not be read is a fact like any other.
//
// A verdict never reports better than it knows: an unknown state is not final, an empty list is
// not success, what this account is not authorized to read is neither ready nor failed, and if
// several facts apply, the gravest decides.
package verdict
