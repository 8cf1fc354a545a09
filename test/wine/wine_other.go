// SPDX-License-Identifier: Apache-2.0

//go:build !windows

// Package wine tells tests whether they run under Wine.
package wine

// Here reports whether this is Wine: never, where this is not even Windows.
func Here() bool { return false }
