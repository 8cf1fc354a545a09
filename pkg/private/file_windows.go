// SPDX-License-Identifier: Apache-2.0

package private

import (
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Create creates a file that nobody but this user can open, from the moment on at which it
// is there. It is an error if there is a file already. A mode says nothing on Windows; the access
// control list does, and is protected so that the folder's is not inherited. Administrators can
// take the file over, as root can elsewhere.
func Create(path string) (*os.File, error) {
	list, _, err := ownerOnly()
	if err != nil {
		return nil, &fs.PathError{Op: "create", Path: path, Err: err}
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, &fs.PathError{Op: "create", Path: path, Err: err}
	}
	attributes := windows.SecurityAttributes{SecurityDescriptor: list}
	attributes.Length = uint32(unsafe.Sizeof(attributes))
	handle, err := windows.CreateFile(name, windows.GENERIC_READ|windows.GENERIC_WRITE|windows.READ_CONTROL,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_DELETE, &attributes, windows.CREATE_NEW, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "create", Path: path, Err: err}
	}
	return os.NewFile(uintptr(handle), path), nil
}

// Is reports whether nobody but this user can open a file, and who administers the machine. A
// file system without access control lists, such as FAT, creates files as if there were no list.
func Is(f *os.File) bool {
	_, user, err := ownerOnly()
	if err != nil {
		return false
	}
	found, err := windows.GetSecurityInfo(windows.Handle(f.Fd()), windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return false
	}
	entries, _, err := found.DACL()
	return err == nil && entries != nil && !othersMay(found.String(), func(account string) bool { return sameAccount(account, user) })
}

// sameAccount reports whether the text of an access control list means a user. Some accounts have
// an abbreviation there.
func sameAccount(text string, user *windows.SID) bool {
	if text == user.String() {
		return true
	}
	named, err := windows.SecurityDescriptorFromString("O:" + text)
	if err != nil {
		return false
	}
	owner, _, err := named.Owner()
	return err == nil && owner.Equals(user)
}

// ownerOnly returns an access control list for this user alone, and who that is.
func ownerOnly() (*windows.SECURITY_DESCRIPTOR, *windows.SID, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, nil, err
	}
	list, err := windows.SecurityDescriptorFromString(listFor(user.User.Sid.String()))
	return list, user.User.Sid, err
}
