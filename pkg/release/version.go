// SPDX-License-Identifier: Apache-2.0

package release

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// A Version is a release of ThingPark Enterprise, such as 7.3.4c.
type Version struct {
	Major, Minor, Fix int
	Letter            string // of a hotfix, or none
}

// versionPattern is compiled once, and only if needed: each start of the plugin reads all known releases.
var versionPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})([a-z]?)$`)
})

// ParseVersion reads a version as the vendor writes it, with or without the v of
// its tag.
func ParseVersion(text string) (Version, error) {
	m := versionPattern().FindStringSubmatch(text)
	if m == nil {
		return Version{}, fmt.Errorf("want a release such as 8.0.0 or 7.3.4c, have %q", text)
	}
	n := func(i int) int { n, _ := strconv.Atoi(m[i]); return n } // up to four digits
	return Version{n(1), n(2), n(3), m[4]}, nil
}

func (v Version) String() string {
	return fmt.Sprintf("%d.%d.%d%s", v.Major, v.Minor, v.Fix, v.Letter)
}

// Line returns the line of releases that a version belongs to, such as 7.3.
// Releases of one line are fixes of each other.
func (v Version) Line() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// Compare orders versions by age.
func (v Version) Compare(o Version) int {
	return cmp.Or(cmp.Compare(v.Major, o.Major), cmp.Compare(v.Minor, o.Minor),
		cmp.Compare(v.Fix, o.Fix), strings.Compare(v.Letter, o.Letter))
}

// Span names some releases in a few words: as a range where there are many.
// They are in order.
func Span(releases []string) string {
	switch n := len(releases); n {
	case 0:
		return "no known release"
	case 1:
		return releases[0]
	case 2:
		return releases[0] + " and " + releases[1]
	default:
		return releases[0] + " to " + releases[n-1]
	}
}
