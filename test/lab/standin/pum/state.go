// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A State is all that the stand-in knows and is told. Tests write it while PUM
// runs; its JSON is their interface.
type State struct {
	Entries []Entry `json:"entries"`
	Answer  Answer  `json:"answer,omitzero"`  // how status answers
	Restart Restart `json:"restart,omitzero"` // how restart answers
	Process Process `json:"process,omitzero"` // how the job pum-process goes
	Unready bool    `json:"unready,omitempty"`

	// Restarts are the times at which restart was run, whatever came of it.
	Restarts []string `json:"restarts,omitempty"`
	// Run counts the runs of pum-process that were asked for, Created the last
	// one that got a job of its own, Attempts how often the job's pod has begun.
	Run      int `json:"run,omitempty"`
	Created  int `json:"created,omitempty"`
	Attempts int `json:"attempts,omitempty"`
}

// Restart is how the command restart answers, and whether it does anything.
type Restart struct {
	Ignore bool     `json:"ignore,omitempty"` // counted, but nothing changes
	Text   string   `json:"text,omitempty"`
	Stderr string   `json:"stderr,omitempty"`
	Delay  Duration `json:"delay,omitempty"` // between the effect and the text
	Exit   int      `json:"exit,omitempty"`
}

// Process is the pace and the fate of the job pum-process.
type Process struct {
	Delay     Duration `json:"delay,omitempty"`     // before the first POST
	Post      Duration `json:"post,omitempty"`      // how long a POST takes
	Pause     Duration `json:"pause,omitempty"`     // between two rounds over the entries
	MaxErrors int      `json:"maxErrors,omitempty"` // an entry with so many errors is aborted; 0: never
	Hold      bool     `json:"hold,omitempty"`      // run, and touch no entry
	Fail      int      `json:"fail,omitempty"`      // so many attempts end with an error, before any entry
	Chatter   Chatter  `json:"chatter,omitzero"`    // lines logged before the first POST
}

// Chatter is a number of numbered log lines, for tests of long logs.
type Chatter struct {
	Lines int      `json:"lines,omitempty"`
	Bytes int      `json:"bytes,omitempty"` // of each line, at least
	Every Duration `json:"every,omitempty"`
}

// entry returns the entry with this uid, or nil.
func (s *State) entry(uid int) *Entry {
	for i := range s.Entries {
		if s.Entries[i].UID == uid {
			return &s.Entries[i]
		}
	}
	return nil
}

// A Duration is a time.Duration, spelled like "1.5s" in JSON.
type Duration time.Duration

// MarshalText spells the duration as time.Duration does.
func (d Duration) MarshalText() ([]byte, error) {
	return []byte(time.Duration(d).String()), nil
}

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// A Position is a place in a text: a number of bytes, or a share like "50%".
// The empty one is no place at all.
type Position string

// In returns the place in a text of so many bytes, and whether there is one.
func (p Position) In(length int) (int, bool, error) {
	if p == "" {
		return 0, false, nil
	}
	digits, percent := strings.CutSuffix(string(p), "%")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 {
		return 0, false, fmt.Errorf("position %q: want a number of bytes, or a share like 50%%", string(p))
	}
	if percent {
		n = length * n / 100
	}
	return min(n, length), true, nil
}
