// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// Whatever is missing, the Role that is printed adds that and nothing else.
func TestRoleAddsWhatIsMissing(t *testing.T) {
	var all []verdict.Access
	each(needs(), func(a *verdict.Access) { all = append(all, *a) })
	for i := range all {
		got := rightsOf(rulesOf(all[i : i+1]))
		if len(got) != 1 || got[0] != all[i] {
			t.Errorf("for %s: %v", all[i], got)
		}
	}
	want := map[verdict.Access]bool{}
	var once []verdict.Access
	for _, a := range all {
		if !want[a] {
			once = append(once, a)
		}
		want[a] = true
	}
	rules := rulesOf(once)
	got := map[verdict.Access]bool{}
	for _, a := range rightsOf(rules) {
		if got[a] || !want[a] {
			t.Errorf("%s is there twice or was not missing", a)
		}
		got[a] = true
	}
	if len(got) != len(want) || len(rules) > 13 {
		t.Errorf("%d rights of %d, in %d rules", len(got), len(want), len(rules))
	}
}

// The rights in the documentation are those that the commands declare. With -update
// they are written.
func TestDocumentedRights(t *testing.T) {
	file := filepath.Join(docs, "rights.md")
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rights, table := rightsTable(needs())
	role, err := output.Role(defaultNamespace, unknownUser, rulesOf(rights))
	if err != nil {
		t.Fatal(err)
	}
	role = regexp.MustCompile("kubectl-tpe-[0-9a-f]{8}").ReplaceAllString(role, "kubectl-tpe")
	want, err := replaceBetween(string(got), "rights", table)
	if err != nil {
		t.Fatal(err)
	}
	if want, err = replaceBetween(want, "role", "```yaml\n"+role+"```\n"); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s (-want +got); make golden rewrites it:\n%s", file, diff)
	}
}

// rightsTable returns each right once, and a table of which command needs it.
func rightsTable(needs []verdict.Need) (rights []verdict.Access, table string) {
	head, line := "| right |", "|---|"
	for _, n := range needs {
		head, line = head+" "+n.Command+" |", line+"---|"
	}
	each(needs, func(a *verdict.Access) {
		if !slices.Contains(rights, *a) {
			rights = append(rights, *a)
		}
	})
	table = head + "\n" + line + "\n"
	for _, a := range rights {
		table += "| `" + a.String() + "` |"
		for _, n := range needs {
			word := ""
			switch {
			case slices.Contains(n.Rights, a):
				word = " needs"
			case slices.Contains(n.Optional, a):
				word = " uses"
			}
			table += word + " |"
		}
		table += "\n"
	}
	return rights, table
}

func TestTokenExpiry(t *testing.T) {
	token := func(claims string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".x"
	}
	for text, want := range map[string]int64{
		token(`{"exp":1773522000}`): 1773522000, token(`{"exp":1773522000}`) + "\n": 1773522000,
		token(`{}`): 0, token(`{"exp":"soon"}`): 0, token(`{"exp":-1}`): 0, "a.%.c": 0, "opaque": 0, "": 0,
	} {
		got := tokenExpiry(text)
		if want == 0 != got.IsZero() || want != 0 && !got.Equal(time.Unix(want, 0)) {
			t.Errorf("%s: %s", fmt.Sprintf("%.40q", text), got)
		}
	}
}
