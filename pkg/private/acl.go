// SPDX-License-Identifier: Apache-2.0

package private

import "strings"

// The functions here are about access control lists as Windows writes them
// (learn.microsoft.com/windows/win32/secauthz/security-descriptor-string-format). They are in
// no file for Windows alone, so that their tests run everywhere.

// listFor is the list of a file that one account has for itself. P protects it: nothing is
// inherited from the folder.
func listFor(account string) string { return "D:P(A;;FA;;;" + account + ")" }

// administrators may do all to all files, whatever their lists say, as root may elsewhere: SYSTEM
// and Administrators, by their abbreviations and numbers. Windows gives both a file in a home.
var administrators = map[string]bool{"SY": true, "S-1-5-18": true, "BA": true, "S-1-5-32-544": true}

// othersMay reports whether a list lets an account do anything that is neither mine nor an
// administrator's. Without a list everybody may do everything, and what is not understood may
// be for anybody.
func othersMay(list string, mine func(account string) bool) bool {
	entries, ok := strings.CutPrefix(list, "D:")
	if !ok || strings.Contains(entries, "NO_ACCESS_CONTROL") {
		return true
	}
	for _, entry := range strings.Split(entries, "(")[1:] {
		fields := strings.Split(strings.TrimSuffix(entry, ")"), ";") // type; flags; rights; two for objects; account
		if len(fields) < 6 {
			return true
		}
		kind, account := fields[0], fields[5]
		denies := kind == "D" || kind == "OD" || kind == "XD"
		if !denies && !administrators[account] && !mine(account) {
			return true
		}
	}
	return false
}
