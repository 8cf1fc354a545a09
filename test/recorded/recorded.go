// SPDX-License-Identifier: Apache-2.0

// Package recorded holds recordings of scenarios of the lab, for tests that need the real thing
// and no cluster. The plugin makes them:
//
//	go run -C test/lab . load SCENARIO --wait
//	go run -C test/lab . shell
//	kubectl tpe record --once ../recorded/testdata/NAME.jsonl
package recorded

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/recording"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

//go:embed testdata/*.jsonl
var files embed.FS

// Names returns the names of all recordings.
func Names() ([]string, error) {
	entries, err := files.ReadDir("testdata")
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".jsonl"))
	}
	return names, err
}

// Text returns a recording as it is in its file.
func Text(name string) ([]byte, error) { return files.ReadFile("testdata/" + name + ".jsonl") }

// Objects returns the objects of a recording, and when it was made.
func Objects(name string) (readiness.Objects, time.Time, error) {
	s, err := Snapshot(name)
	if err != nil || s.Assessment == nil {
		return readiness.Objects{}, s.ObservedAt, err
	}
	return s.Assessment.Objects, s.ObservedAt, nil
}

// Snapshot returns what the plugin observed where a recording was made, as if it asked that
// cluster.
func Snapshot(name string) (verdict.Snapshot, error) {
	text, err := Text(name)
	if err != nil {
		return verdict.Snapshot{}, err
	}
	dir, err := os.MkdirTemp("", "recorded")
	if err != nil {
		return verdict.Snapshot{}, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system removes it some day
	file := filepath.Join(dir, name+".jsonl")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return verdict.Snapshot{}, err
	}
	kept, err := recording.Open(file, "", recording.At{})
	if err != nil {
		return verdict.Snapshot{}, fmt.Errorf("recording %s: %w", name, err)
	}
	s, err := kept.Snapshot("")
	s.Where, s.Kept = command.Where{Namespace: kept.Namespace}, nil
	return s, err
}
