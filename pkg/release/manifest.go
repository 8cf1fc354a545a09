// SPDX-License-Identifier: Apache-2.0

package release

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
)

// A Manifest says in which versions the four charts belong together.
type Manifest struct {
	Release  string    // of ThingPark Enterprise, or the file that it was read from
	Versions [4]string // of the charts, in the order of Parts
	Source   string
}

// A SyntaxError is a line that does not belong in a Release Manifest.
type SyntaxError struct {
	Line int
	Why  string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Why) }

// manifestLimit is how much of a manifest is read, in bytes. All public ones have
// less than 200; what is beyond is comments, in two bytes a character.
const manifestLimit = 64 << 10

// ReadManifest reads a Release Manifest: four lines KEY=VALUE, one for each part.
// The vendor's guide evaluates it in a shell. This does not, and takes no value
// that is not a version.
//
// What editors and shells make of such a file is taken: a byte order mark, UTF-16, CRLF,
// blank lines, comments, the word export, quotes, blanks around words.
//
// It returns a whole manifest or an error, which is a *SyntaxError unless it is
// the reader's own.
func ReadManifest(r io.Reader) (Manifest, error) {
	text, err := io.ReadAll(io.LimitReader(r, manifestLimit+1))
	switch {
	case err != nil:
		return Manifest{}, err
	case len(text) > manifestLimit:
		return Manifest{}, &SyntaxError{1, fmt.Sprintf("want a Release Manifest, the file VERSIONS; this file has more than %d kB", manifestLimit>>10)}
	}
	plain := decoded(text)
	var m Manifest
	n := 0
	for line := range strings.Lines(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(plain)) {
		n++
		if why := m.take(line); why != "" {
			return Manifest{}, &SyntaxError{n, why}
		}
	}
	for i, version := range m.Versions {
		if version == "" {
			return Manifest{}, &SyntaxError{n + 1, "the file ends without " + Parts()[i].Key}
		}
	}
	return m, nil
}

// decoded returns a text in UTF-8, without its byte order mark. Without one, text that is
// ASCII in two bytes a character is known by its zeros.
func decoded(text []byte) string {
	zero := func(i int) bool { return len(text) > i && text[i] == 0 }
	switch {
	case bytes.HasPrefix(text, []byte("\xef\xbb\xbf")):
		return string(text[3:])
	case bytes.HasPrefix(text, []byte("\xff\xfe")), zero(1) && !zero(0):
		return wide(text, binary.LittleEndian)
	case bytes.HasPrefix(text, []byte("\xfe\xff")), zero(0) && !zero(1):
		return wide(text, binary.BigEndian)
	}
	return string(text)
}

// wide decodes UTF-16.
func wide(text []byte, order binary.ByteOrder) string {
	var units []uint16
	for i := 0; i+1 < len(text); i += 2 {
		units = append(units, order.Uint16(text[i:]))
	}
	return strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff")
}

// take reads one line into the manifest, or says why it does not belong there.
func (m *Manifest) take(line string) (why string) {
	line = strings.TrimSpace(line)
	if line == "" || strings.HasPrefix(line, "#") {
		return ""
	}
	if rest, ok := strings.CutPrefix(line, "export"); ok && strings.TrimLeft(rest, " \t") != rest {
		line = strings.TrimSpace(rest)
	}
	key, value, ok := strings.Cut(line, "=")
	if !ok {
		return fmt.Sprintf("want KEY=VALUE, have %s", quoted(line))
	}
	key, value = strings.TrimSpace(key), bare(value)
	i := slices.IndexFunc(Parts(), func(p Part) bool {
		return p.Key == key || key == formerKey && p.Chart == Parts()[2].Chart
	})
	switch {
	case key == "THINGPARK_WIRELESS_VERSION":
		return "this is a Release Manifest of ThingPark Wireless, which is another product"
	case i < 0:
		return fmt.Sprintf("no chart has the key %s", quoted(key))
	case m.Versions[i] != "":
		return key + " is there twice"
	case !isChartVersion(value):
		return fmt.Sprintf("want a version such as 1.2.3 or 1.2.3-rc.1, have %s", quoted(value))
	}
	m.Versions[i] = value
	return ""
}

// bare returns a value without the comment behind it, the blanks around it and the quotes
// around that.
func bare(value string) string {
	if at := strings.IndexByte(value, '#'); at > 0 && strings.TrimRight(value[:at], " \t") != value[:at] {
		value = value[:at]
	}
	value = strings.TrimSpace(value)
	for _, quote := range []string{`"`, `'`} {
		if inner, ok := strings.CutPrefix(value, quote); ok && strings.HasSuffix(inner, quote) {
			return strings.TrimSpace(strings.TrimSuffix(inner, quote))
		}
	}
	return value
}

// isChartVersion reports whether a text is a semantic version of usual length.
func isChartVersion(text string) bool {
	return len(text) <= 64 &&
		regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`).MatchString(text)
}

// quoted returns the beginning of a text in quotes, with all escaped that does not
// print.
func quoted(text string) string {
	const most = 40
	if len(text) > most {
		return fmt.Sprintf("%q and so on", strings.ToValidUTF8(text[:most], ""))
	}
	return fmt.Sprintf("%q", text)
}
