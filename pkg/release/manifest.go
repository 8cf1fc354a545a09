// SPDX-License-Identifier: Apache-2.0

package release

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
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
// less than 200.
const manifestLimit = 4 << 10

// ReadManifest reads a Release Manifest: four lines KEY=VALUE, one for each part.
// The vendor's guide evaluates it in a shell. This does not, and takes no value
// that is not a version.
//
// It returns a whole manifest or an error, which is a *SyntaxError unless it is
// the reader's own.
func ReadManifest(r io.Reader) (Manifest, error) {
	text, err := io.ReadAll(io.LimitReader(r, manifestLimit))
	if err != nil {
		return Manifest{}, err
	}
	var m Manifest
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		if why := m.take(strings.TrimRight(line, "\r\n")); why != "" {
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

// take reads one line into the manifest, or says why it does not belong there.
// As each key may come once, a file that is too large is found out at its fifth
// line, or at a line that is too long.
func (m *Manifest) take(line string) (why string) {
	key, value, ok := strings.Cut(line, "=")
	if !ok {
		return fmt.Sprintf("want KEY=VALUE, have %s", quoted(line))
	}
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
		return fmt.Sprintf("%q and so on", text[:most])
	}
	return fmt.Sprintf("%q", text)
}
