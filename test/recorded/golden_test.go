// SPDX-License-Identifier: Apache-2.0

package recorded

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/schema/schematest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestScreens shows every scenario of the lab in every form, at the moment when
// it was recorded.
func TestScreens(t *testing.T) {
	names, err := Names()
	if err != nil || len(names) == 0 {
		t.Fatalf("%d recordings: %v", len(names), err)
	}
	for _, name := range names {
		for _, format := range []string{"table", "wide", "json"} {
			t.Run(name+"/"+format, func(t *testing.T) { golden(t, name+"."+format, screen(t, name, format)) })
		}
	}
}

// screen returns the answer of status.
func screen(t *testing.T, name, format string) []byte {
	t.Helper()
	s, err := Snapshot(name)
	if err != nil {
		t.Fatal(err)
	}
	var f output.Format
	view := output.View{Now: s.ObservedAt}
	switch format {
	case "table":
		view.Width = 80
	default:
		if err := f.Set(format); err != nil {
			t.Fatal(err)
		}
	}
	place := output.Place{Context: "lab", Namespace: s.Namespace}
	var b bytes.Buffer
	if err := output.Write(&b, &f, output.NewStatus(place, s, verdict.Judge(s)), view); err != nil {
		t.Fatal(err)
	}
	if format == "json" {
		if err := schematest.Validate(b.Bytes()); err != nil {
			t.Error(err)
		}
	}
	return b.Bytes()
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
