// SPDX-License-Identifier: Apache-2.0

package release

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// The vendor's files, as they are in its repository.
func TestPublicManifests(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/versions.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var read []Manifest
	for _, file := range archive.Files {
		m, err := ReadManifest(bytes.NewReader(file.Data))
		if err != nil {
			t.Errorf("%s: %v", file.Name, err)
		}
		if file.Name == "rc" { // a release candidate: read, and not public as a release
			if m.Versions[3] != "2.0.0-rc.14" {
				t.Errorf("the pre-release is %q", m.Versions[3])
			}
			continue
		}
		m.Release = file.Name
		read = append(read, m)
	}
	known := Known()
	for i := range known {
		if known[i].Source == "" {
			t.Errorf("%s has no source", known[i].Release)
		}
		known[i].Source = ""
	}
	if diff := cmp.Diff(read, known); diff != "" {
		t.Errorf("manifests (-files +known):\n%s", diff)
	}
}

func TestKnownReleasesAreInOrder(t *testing.T) {
	var last Version
	for _, m := range Known() {
		v, err := ParseVersion(m.Release)
		if err != nil {
			t.Fatal(err)
		}
		if v.Compare(last) <= 0 || v.String() != m.Release {
			t.Errorf("%s after %s", m.Release, last)
		}
		last = v
	}
	if !slices.IsSortedFunc(supports(), func(a, b Support) int { return a.Since.Compare(b.Since) }) {
		t.Error("the supported versions of Kubernetes are not in order")
	}
}

const whole = `THINGPARK_DATA_CONTROLLERS_VERSION=2.2.1
THINGPARK_DATA_VERSION=2.2.2
THINGPARK_APPLICATION_CONTROLLERS_VERSION=2.2.0
THINGPARK_ENTERPRISE_VERSION=2.0.0
`

// utf16le returns a text as Windows' PowerShell writes it with >.
func utf16le(text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return string(b)
}

func swappedBytes(text string) string {
	b := []byte(text)
	for i := 0; i+1 < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return string(b)
}

func TestReadManifest(t *testing.T) {
	instead := func(old, new string) string { return strings.Replace(whole, old, new, 1) }
	tests := []struct{ name, in, want string }{
		{"as it is", whole, ""},
		{"without the last line break", strings.TrimSpace(whole), ""},
		{"from Windows", strings.ReplaceAll(whole, "\n", "\r\n"), ""},
		{"the former third key", instead("_APPLICATION_", "_ENTERPRISE_"), ""},
		{"in another order", "THINGPARK_DATA_VERSION=2.2.2\n" + instead("THINGPARK_DATA_VERSION=2.2.2\n", ""), ""},
		{"a pre-release", instead("2.0.0", "2.0.0-rc.14"), ""},

		{"a comment", "# 8.0\n" + whole, ""},
		{"comments behind values", strings.ReplaceAll(whole, "\n", " # of 8.0\n"), ""},
		{"quotes", instead("2.2.2", `"2.2.2"`), ""},
		{"other quotes", instead("2.2.2", `'2.2.2'`), ""},
		{"quotes and a comment", instead("2.2.2", `"2.2.2" # x`), ""},
		{"blank lines", "\n \t\n" + whole + "\n\n", ""},
		{"blanks and tabs around words", strings.ReplaceAll(strings.ReplaceAll(whole, "=", "\t= "), "\n", " \t \n"), ""},
		{"from an old Mac", strings.ReplaceAll(whole, "\n", "\r"), ""},
		{"exported", "export " + whole, ""},
		{"a byte order mark", "\ufeff" + whole, ""},
		{"UTF-16", utf16le("\ufeff" + strings.ReplaceAll(whole, "\n", "\r\n")), ""},
		{"UTF-16, the other way", swappedBytes(utf16le("\ufeff" + whole)), ""},
		{"UTF-16 without a mark", utf16le(whole), ""},
		{"UTF-16, the other way, without a mark", swappedBytes(utf16le(whole)), ""},

		{"UTF-16 with half a character", utf16le(whole) + "\n", ""},
		{"as much as is read", whole + "#" + strings.Repeat(" ", manifestLimit-len(whole)-1), ""},

		{"more than is read", whole + "#" + strings.Repeat(" ", manifestLimit-len(whole)), "line 1: want a Release Manifest, the file VERSIONS; this file has more than 64 kB"},
		{"a line as long as is quoted", strings.Repeat("A", 40), `line 1: want KEY=VALUE, have "` + strings.Repeat("A", 40) + `"`},
		{"a version as long as may be", instead("2.0.0", "2.0.0-"+strings.Repeat("1", 58)), ""},
		{"a version that is longer", instead("2.0.0", "2.0.0-"+strings.Repeat("1", 59)), `line 4: want a version such as 1.2.3 or 1.2.3-rc.1, have "2.0.0-1111111111111111111111111111111111" and so on`},
		{"empty", "", "line 1: the file ends without THINGPARK_DATA_CONTROLLERS_VERSION"},
		{"cut between lines", instead("THINGPARK_ENTERPRISE_VERSION=2.0.0\n", ""), "line 4: the file ends without THINGPARK_ENTERPRISE_VERSION"},
		{"cut in a line", whole[:len(whole)-4], `line 4: want a version such as 1.2.3 or 1.2.3-rc.1, have "2."`},
		{"a web page", "<!DOCTYPE html>\n", `line 1: want KEY=VALUE, have "<!DOCTYPE html>"`},
		{"a command", instead("2.2.2", "$(reboot)"), `line 2: want a version such as 1.2.3 or 1.2.3-rc.1, have "$(reboot)"`},
		{"a command after a version", instead("2.2.2", "2.2.2;reboot"), `line 2: want a version such as 1.2.3 or 1.2.3-rc.1, have "2.2.2;reboot"`},
		{"another key", whole + "PATH=1.2.3\n", `line 5: no chart has the key "PATH"`},
		{"twice", whole + whole, "line 5: THINGPARK_DATA_CONTROLLERS_VERSION is there twice"},
		{"the former key and the new one", whole + "THINGPARK_ENTERPRISE_CONTROLLERS_VERSION=1.0.0\n", "line 5: THINGPARK_ENTERPRISE_CONTROLLERS_VERSION is there twice"},
		{"ThingPark Wireless", instead("THINGPARK_ENTERPRISE_", "THINGPARK_WIRELESS_"), "line 4: this is a Release Manifest of ThingPark Wireless, which is another product"},
		{"a terminal's escape", "\x1b[2J\n" + whole, `line 1: want KEY=VALUE, have "\x1b[2J"`},
		{"a long line", strings.Repeat("A", 1<<10), `line 1: want KEY=VALUE, have "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" and so on`},
		{"a long version", instead("2.0.0", "2.0.0-"+strings.Repeat("1", 1<<10)), `line 4: want a version such as 1.2.3 or 1.2.3-rc.1, have "2.0.0-1111111111111111111111111111111111" and so on`},
		{"many lines", strings.Repeat("\n", 1<<20), "line 1: want a Release Manifest, the file VERSIONS; this file has more than 64 kB"},
		{"one quote", instead("2.2.2", `"2.2.2`), `line 2: want a version such as 1.2.3 or 1.2.3-rc.1, have "\"2.2.2"`},
		{"a comment that is none", instead("2.2.2", "2.2.2#x"), `line 2: want a version such as 1.2.3 or 1.2.3-rc.1, have "2.2.2#x"`},
		{"a byte order mark in the middle", instead("THINGPARK_DATA_V", "\ufeffTHINGPARK_DATA_V"), `line 2: no chart has the key "\ufeffTHINGPARK_DATA_VERSION"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := ReadManifest(strings.NewReader(tt.in))
			if err == nil {
				if tt.want != "" || slices.Contains(m.Versions[:], "") || m.Versions[0] != "2.2.1" {
					t.Fatalf("read as %v, want the error %q", m.Versions, tt.want)
				}
				return
			}
			if syntax := (*SyntaxError)(nil); !errors.As(err, &syntax) || err.Error() != tt.want {
				t.Errorf("error %q, want %q", err, tt.want)
			}
			if m != (Manifest{}) {
				t.Errorf("part of a manifest beside the error: %v", m)
			}
		})
	}
	if _, err := ReadManifest(iotest.ErrReader(errors.New("no disk"))); err == nil || err.Error() != "no disk" {
		t.Errorf("error %v, want that of the reader", err)
	}
}
