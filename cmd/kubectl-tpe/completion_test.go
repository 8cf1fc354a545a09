// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

// kubectl on Windows looks for a program beside a plugin's, which no script can be.
func TestCompletionThroughKubectlIsRefusedOnWindows(t *testing.T) {
	_, err := linkCompleter("windows")
	if err == nil || !strings.Contains(err.Error(), "kubectl-tpe completion powershell") {
		t.Errorf("got %v, want what to use there", err)
	}
}
