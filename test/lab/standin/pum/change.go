// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"fmt"

	"sigs.k8s.io/yaml"
)

// Replace replaces the keys of the state that a YAML text has; the others stay.
// A state that could not be answered is refused.
func (s *State) Replace(text []byte) error {
	var given map[string]any
	if err := yaml.Unmarshal(text, &given); err != nil {
		return fmt.Errorf("state of pum: %w", err)
	}
	all, err := s.keys()
	if err != nil {
		return err
	}
	for key, value := range given {
		all[key] = value
	}
	merged, err := yaml.Marshal(all)
	if err != nil {
		return err
	}
	var next State
	if err := yaml.UnmarshalStrict(merged, &next); err != nil {
		return fmt.Errorf("state of pum: %w", err)
	}
	if err := next.Check(); err != nil {
		return fmt.Errorf("state of pum: %w", err)
	}
	*s = next
	return nil
}

func (s *State) keys() (map[string]any, error) {
	text, err := yaml.Marshal(s)
	if err != nil {
		return nil, err
	}
	var all map[string]any
	return all, yaml.Unmarshal(text, &all)
}

// Change changes the keys of an entry that a YAML text has.
func (s *State) Change(uid int, text []byte) error {
	entry := s.entry(uid)
	if entry == nil {
		return fmt.Errorf("no entry has uid %d", uid)
	}
	next := *entry
	if err := yaml.UnmarshalStrict(text, &next); err != nil {
		return fmt.Errorf("entry %d: %w", uid, err)
	}
	*entry = next
	return s.Check()
}
