// SPDX-License-Identifier: Apache-2.0

package private

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/kubectl-tpe/kubectl-tpe/test/wine"
)

// What Windows makes of the list for a new file: protected, and with one entry, for this user.
func TestTheListIsProtected(t *testing.T) {
	list, _, err := ownerOnly()
	if err != nil {
		t.Fatal(err)
	}
	mineAlone(t, list)
}

// mineAlone fails a test if a list is not protected, or has not one entry, for this user.
func mineAlone(t *testing.T, list *windows.SECURITY_DESCRIPTOR) {
	t.Helper()
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		t.Fatal(err)
	}
	control, _, err := list.Control()
	if err != nil || control&windows.SE_DACL_PROTECTED == 0 {
		t.Errorf("%s inherits: %x, %v", list, control, err)
	}
	entries, _, err := list.DACL()
	if err != nil || entries == nil || entries.AceCount != 1 {
		t.Errorf("%s has not one entry: %+v, %v", list, entries, err)
	}
	if othersMay(list.String(), func(account string) bool { return sameAccount(account, user.User.Sid) }) {
		t.Errorf("%s lets others", list)
	}
}

// What a file has once it is there: that list, until it is given another. Wine keeps no list: it
// makes the file's mode of it, and of that one that has SYSTEM, too, and is not protected. What
// others may is in both.
func TestTheListOfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !Is(f) {
		t.Error("others can open it")
	}
	if found, err := windows.GetSecurityInfo(windows.Handle(f.Fd()), windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION); err != nil {
		t.Error(err)
	} else if !wine.Here() {
		mineAlone(t, found)
	}
	own, _, err := ownerOnly()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		list    string
		private bool
	}{{"D:P(A;;FA;;;WD)", false}, {own.String(), true}, {own.String() + "(A;;FR;;;WD)", false}} {
		giveList(t, path, tt.list)
		if found, err := windows.GetSecurityInfo(windows.Handle(f.Fd()), windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION); Is(f) != tt.private {
			t.Errorf("with the list %s, read as %s, %v, it is private: %v, want %v", tt.list, found, err, !tt.private, tt.private)
		}
	}
	if _, err := Create(path); !os.IsExist(err) {
		t.Errorf("over a file: %v", err)
	}
}

// giveList gives a file another access control list, and nothing from its folder.
func giveList(t *testing.T, path, list string) {
	t.Helper()
	given, err := windows.SecurityDescriptorFromString(list)
	if err != nil {
		t.Fatal(err)
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		t.Fatal(err)
	}
	const all = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	handle, err := windows.CreateFile(name, windows.WRITE_DAC, all, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(handle) //nolint:errcheck // nothing is written to it
	if err := windows.SetKernelObjectSecurity(handle, windows.DACL_SECURITY_INFORMATION, given); err != nil {
		t.Fatal(err)
	}
}
