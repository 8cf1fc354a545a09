// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/private"
)

// clean returns text in which everything prints, without what may be a secret, and of a bounded
// length.
func clean(text string, most int) string {
	const utfMax = 4
	if len(text) > utfMax*most {
		text = strings.ToValidUTF8(text[:utfMax*most], "") + "…" // by which an address is known that ends there
	}
	text = output.Line(private.Mask(text))
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

// lasting is a duration as a sentence has it: as exact as matters.
func lasting(d time.Duration) string {
	d = d.Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", s)
	case d < 10*time.Minute && s > 0:
		return fmt.Sprintf("%d min %d s", m, s)
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	case m == 0:
		return fmt.Sprintf("%d h", h)
	}
	return fmt.Sprintf("%d h %d min", h, m)
}

// moment is a time with its date.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// clock is a time of a day.
func clock(t time.Time) string { return t.UTC().Format("15:04:05") }

// between is a time from one moment to another.
func between(from, to time.Time) string {
	const day = "2006-01-02"
	if from.UTC().Format(day) == to.UTC().Format(day) {
		return from.UTC().Format(day+" 15:04:05") + " to " + clock(to) + " UTC"
	}
	return from.UTC().Format(day+" 15:04:05") + " to " + moment(to)
}
