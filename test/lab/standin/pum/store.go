// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// A Store keeps a State in a folder. Several processes may use it at once, in
// containers and outside: an update holds a lock on the folder and replaces the
// file as a whole, so that a reader never sees half of it, and what was written
// stays written when a process or a container runtime is killed.
type Store struct {
	Dir string
}

// Init makes the folder and puts a first state there, over what there was.
func (s Store) Init(state State) error {
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return fmt.Errorf("store of pum: %w", err)
	}
	return s.locked(func() error { return s.write(state) })
}

// Read returns the state.
func (s Store) Read() (State, error) {
	var state State
	text, err := os.ReadFile(s.path())
	if err != nil {
		return State{}, fmt.Errorf("store of pum: %w", err)
	}
	if err := json.Unmarshal(text, &state); err != nil {
		return State{}, fmt.Errorf("store of pum: %s: %w", s.path(), err)
	}
	return state, nil
}

// Update changes the state while nobody else can. An error of change is
// returned as it is, and nothing is written.
func (s Store) Update(change func(*State) error) error {
	return s.locked(func() error {
		state, err := s.Read()
		if err != nil {
			return err
		}
		if err := change(&state); err != nil {
			return err
		}
		return s.write(state)
	})
}

func (s Store) path() string {
	return filepath.Join(s.Dir, "state.json")
}

func (s Store) write(state State) error {
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return fmt.Errorf("store of pum: %w", err)
	}
	next := s.path() + ".next"
	if err := os.WriteFile(next, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("store of pum: %w", err)
	}
	if err := os.Rename(next, s.path()); err != nil {
		return fmt.Errorf("store of pum: %w", err)
	}
	return nil
}

// locked runs a function while this process alone has the lock. The kernel
// frees the lock of a process that dies.
func (s Store) locked(do func() error) error {
	lock, err := os.OpenFile(filepath.Join(s.Dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return fmt.Errorf("store of pum: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("store of pum: lock %s: %w", lock.Name(), err)
	}
	return do()
}
