// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// An Answer is how the command status answers. The zero value answers well.
type Answer struct {
	Format

	Text      string `json:"text,omitempty"`      // instead of the entries, word for word
	Announced *int   `json:"announced,omitempty"` // the number in the header, instead of the true one
	More      int    `json:"more,omitempty"`      // so many made-up processed entries follow the true ones
	Noise     string `json:"noise,omitempty"`     // before the header

	Stderr      string `json:"stderr,omitempty"`
	StderrBytes int    `json:"stderrBytes,omitempty"` // so many bytes of warnings after that

	Delay   Duration `json:"delay,omitempty"`   // before the first byte
	Cut     Position `json:"cut,omitempty"`     // what comes after is not written
	PauseAt Position `json:"pauseAt,omitempty"` // where to stop for a while
	Pause   Duration `json:"pause,omitempty"`
	Endless bool     `json:"endless,omitempty"` // entries follow for ever
	Exit    int      `json:"exit,omitempty"`
}

// Check returns an error if the answer cannot be given.
func (s State) Check() error {
	text, err := s.Answer.text(s.Entries)
	if err != nil {
		return err
	}
	if _, _, err := s.Answer.Cut.In(len(text)); err != nil {
		return err
	}
	_, _, err = s.Answer.PauseAt.In(len(text))
	return err
}

// Print answers the command status and returns the exit code.
func (s State) Print(stdout, stderr io.Writer) (int, error) {
	a := s.Answer
	text, err := a.text(s.Entries)
	if err != nil {
		return 1, err
	}
	time.Sleep(time.Duration(a.Delay))
	if err := a.warn(stderr); err != nil {
		return 1, err
	}
	if err := a.write(stdout, text); err != nil {
		return 1, err
	}
	for uid := 1; a.Endless; uid++ {
		more, err := a.Render(0, madeUp(uid, 1))
		if err != nil {
			return 1, err
		}
		_, more, _ = strings.Cut(more, "\n") // the header
		if _, err := io.WriteString(stdout, more); err != nil {
			return 1, err
		}
	}
	return a.Exit, nil
}

func (a Answer) text(entries []Entry) (string, error) {
	text := a.Text
	if text == "" {
		entries = append(entries[:len(entries):len(entries)], madeUp(1000, a.More)...)
		announced := len(entries)
		if a.Announced != nil {
			announced = *a.Announced
		}
		var err error
		if text, err = a.Render(announced, entries); err != nil {
			return "", err
		}
	}
	return a.Noise + text, nil
}

// madeUp returns n processed entries.
func madeUp(uid, n int) []Entry {
	stamp := "2022-06-27T14:05:11.000Z"
	response := `{"status":200,"message":"OK","data":{"countOnly":false,"max":10,"result":{"done":6,"remaining":0}}}`
	entries := make([]Entry, n)
	for i := range entries {
		entries[i] = Entry{
			UID: uid + i, CreationTimestamp: stamp, Scope: "ALL", ServiceID: "TWA",
			RequestID:   fmt.Sprintf("LAB-%d-made-up", uid+i),
			RequestPath: "/thingpark/wireless/rest/systems/demons/madeUp", RequestBody: `{ "max" : 10 }`,
			State: StateProcessed, StateTimestamp: &stamp, LastResponse: &response, IterationCounter: 1,
		}
	}
	return entries
}

func (a Answer) warn(stderr io.Writer) error {
	const line = "(node:1) Warning: the stand-in was told to warn at length\n"
	filler := strings.Repeat(line, a.StderrBytes/len(line)+1)[:a.StderrBytes]
	_, err := io.WriteString(stderr, a.Stderr+filler)
	return err
}

// write writes the text as far as the cut, with the pause where it belongs.
func (a Answer) write(stdout io.Writer, text string) error {
	cut, isCut, err := a.Cut.In(len(text))
	if err != nil {
		return err
	}
	pause, _, err := a.PauseAt.In(len(text))
	if err != nil {
		return err
	}
	if isCut {
		text = text[:cut]
	}
	pause = min(pause, len(text))
	if _, err := io.WriteString(stdout, text[:pause]); err != nil {
		return err
	}
	time.Sleep(time.Duration(a.Pause))
	_, err = io.WriteString(stdout, text[pause:])
	return err
}
