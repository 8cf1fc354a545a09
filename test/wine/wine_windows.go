// SPDX-License-Identifier: Apache-2.0

// Package wine tells tests whether they run under Wine.
package wine

import "golang.org/x/sys/windows"

// Here reports whether this is Wine instead of Windows: its ntdll says so. What it lacks is listed
// in run.sh; a test that is less strict there says in how far.
func Here() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
}
