// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// A state is what the calls for the mutants of one package know from the call for its coverage.
type state struct {
	Dir     string        // of the package, unchanged
	Files   []string      // its files, without tests
	Changes []change      // a change is switched on by its index plus one
	Took    time.Duration // by its tests without a change
	Used    time.Duration // of the processor, by them
}

// A change is one that gremlins makes.
type change struct {
	File   string
	Offset int    // of the operator
	To     string // the other operator
	// Invalid changes do not compile.
	Invalid bool `json:",omitempty"`
}

func kept(name string) string { return filepath.Join(os.Getenv("MUTANTS"), name) }

func (s *state) save() error {
	text, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(kept("state.json"), text, 0o600)
}

func load() (*state, error) {
	text, err := os.ReadFile(kept("state.json"))
	if err != nil {
		return nil, err
	}
	s := new(state)
	return s, json.Unmarshal(text, s)
}
