// SPDX-License-Identifier: Apache-2.0

package private

import "testing"

// Who may open a file, as its access control list has it.
func TestAccessControlLists(t *testing.T) {
	const me, other = "S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002"
	mine := func(account string) bool { return account == me }
	for list, others := range map[string]bool{
		listFor(me):            false,
		listFor(other):         true,
		"D:P":                  false, // nobody may
		"":                     true,
		"D:NO_ACCESS_CONTROL":  true,
		"D:PNO_ACCESS_CONTROL": true,
		"D:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;FA;;;" + me + ")": false, // as in a home
		"D:(A;;FA;;;S-1-5-18)(A;;FA;;;S-1-5-32-544)":             false,
		"D:(A;;FA;;;" + me + ")(A;;FA;;;WD)":                     true, // everyone
		"D:(A;;FA;;;" + me + ")(A;;0x1200a9;;;BU)":               true, // users
		"D:(A;ID;FR;;;AU)":                                       true, // whoever is logged in
		"D:(D;;FA;;;WD)(A;;FA;;;" + me + ")":                     false,
		"D:(OD;;FA;;;WD)(XD;;FA;;;AN)":                           false,
		"D:(OA;;FR;;;WD)":                                        true,
		`D:(XA;;FX;;;WD;(@User.Title=="PM"))`:                    true,
		"D:(A;;FA)":                                              true,
		"O:" + me + "D:(A;;FA;;;" + me + ")":                     true, // that is no list alone
	} {
		if got := othersMay(list, mine); got != others {
			t.Errorf("%s: others may %v, want %v", list, got, others)
		}
	}
}

// The list that a new file has is protected, and for one account.
func TestTheListOfANewFile(t *testing.T) {
	if got, want := listFor("S-1-5-21-1-2-3-1001"), "D:P(A;;FA;;;S-1-5-21-1-2-3-1001)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
