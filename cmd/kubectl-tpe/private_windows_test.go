// SPDX-License-Identifier: Apache-2.0

package main

import "golang.org/x/sys/windows"

// openToAll lets everybody read a file.
func openToAll(path string) error {
	all, err := windows.SecurityDescriptorFromString("D:(A;;FA;;;WD)")
	if err != nil {
		return err
	}
	list, _, err := all.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION, nil, nil, list, nil)
}
