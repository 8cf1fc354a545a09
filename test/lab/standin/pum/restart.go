// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"fmt"
	"io"
	"time"
)

// Restart answers the command restart and returns the exit code.
//
// It counts itself first, so that a test learns of a restart whose answer was
// lost. What PUM does on restart is not public; here every entry that is
// aborted or not final begins again and pum-process runs again.
func (s Store) Restart(stdout, stderr io.Writer) (int, error) {
	var restart Restart
	err := s.Update(func(state *State) error {
		restart = state.Restart
		state.restart(time.Now())
		return nil
	})
	if err != nil {
		return 1, err
	}
	time.Sleep(time.Duration(restart.Delay))
	if _, err := fmt.Fprint(stderr, restart.Stderr); err != nil {
		return 1, err
	}
	if _, err := fmt.Fprint(stdout, restart.Text); err != nil {
		return 1, err
	}
	return restart.Exit, nil
}

func (s *State) restart(now time.Time) {
	s.Restarts = append(s.Restarts, Timestamp(now))
	if s.Restart.Ignore {
		return
	}
	s.Run++
	s.Attempts = 0
	for i := range s.Entries {
		if entry := &s.Entries[i]; entry.State == StateAborted || !entry.Final() {
			entry.set(StateInit, now)
			entry.ErrorCounter, entry.IterationCounter = 0, 0
		}
	}
}
