// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package console

// AcceptSequences does nothing, nor does restore.
func AcceptSequences() (restore func()) { return func() {} }
