// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An At says which moment of a recording is meant. Its zero value is the last, or, to play it,
// the first. It is a pflag.Value.
type At struct{ text string }

// Given reports whether a moment was given.
func (a At) Given() bool { return a.text != "" }

// Set reads a time of day such as 14:05 or 14:05:30, by the local clock; a time such as
// 2026-01-31T10:00:00Z; a time from the beginning on, such as 3m; or a share, such as 50%.
func (a *At) Set(text string) error {
	if _, err := (At{text}).in(time.Unix(0, 0), time.Unix(1<<40, 0)); err != nil && !errors.Is(err, errOutside) {
		return err
	}
	a.text = text
	return nil
}

// String returns what Set was given.
func (a *At) String() string { return a.text }

// Type names the value in help.
func (a *At) Type() string { return "moment" }

// refuse returns an error if a moment is asked for where there is only one.
func (a At) refuse() error {
	if !a.Given() {
		return nil
	}
	return errors.New("it is no recording, and holds one moment: --at is for recordings")
}

var errOutside = errors.New("outside of the recording")

// in returns the time that is meant in a recording.
func (a At) in(begins, ends time.Time) (time.Time, error) {
	at, err := a.time(begins, ends)
	switch {
	case err != nil:
		return at, err
	case at.Before(begins) && !at.Before(begins.Truncate(time.Second)):
		return begins, nil
	case at.Before(begins), at.After(ends.Add(time.Second)):
		return at, fmt.Errorf("--at %s means %s and is %w, which is from %s to %s", a.text, stamp(at), errOutside, stamp(begins), stamp(ends))
	}
	return at, nil
}

func (a At) time(begins, ends time.Time) (time.Time, error) {
	if share, ok := strings.CutSuffix(a.text, "%"); ok {
		if percent, err := strconv.ParseFloat(share, 64); err == nil && percent >= 0 && percent <= 100 {
			return begins.Add(time.Duration(float64(ends.Sub(begins)) * percent / 100)), nil
		}
	}
	if d, err := time.ParseDuration(a.text); err == nil && d >= 0 {
		return begins.Add(d), nil
	}
	if t, err := time.Parse(time.RFC3339, a.text); err == nil {
		return t, nil
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if clock, err := time.Parse(layout, a.text); err == nil {
			local := begins.Local()
			t := time.Date(local.Year(), local.Month(), local.Day(), clock.Hour(), clock.Minute(), clock.Second(), 0, time.Local)
			switch {
			case t.Before(begins.Truncate(time.Minute)):
				t = t.AddDate(0, 0, 1)
			case t.Before(begins) && layout == "15:04": // the minute in which it begins
				t = begins
			}
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("want a time such as 14:05, 2026-01-31T10:00:00Z, 3m from the beginning, or 50%%")
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 MST") }
