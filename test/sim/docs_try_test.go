package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/schema/schematest"
)

func TestTryDocuments(t *testing.T) {
	files, _ := filepath.Glob("cases/*.yaml")
	for _, file := range files {
		if filepath.Base(file) == knownWrong {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			c, err := Load(file)
			if err != nil {
				t.Fatal(err)
			}
			if c.Args[0] != "status" && c.Args[0] != "wait" && c.Args[0] != "pum" || len(c.Steps) > 0 || c.Delay.Duration > 0 {
				t.Skip()
			}
			dir := t.TempDir()
			p, err := c.Play(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			run := func(args ...string) (string, string, int) {
				ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
				defer cancel()
				cmd := exec.CommandContext(ctx, plugin, args...)
				cmd.Env = append(os.Environ(), "KUBECONFIG="+p.Kubeconfig(), "HOME="+dir, "COLUMNS=80", "NO_COLOR=1")
				cmd.Env = append(cmd.Env, c.Env...)
				var out, serr bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &serr
				if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
					t.Fatal(err)
				}
				return out.String(), serr.String(), cmd.ProcessState.ExitCode()
			}
			live, lerr, code := run("status", "-o", "json")
			if live == "" {
				t.Logf("no document, exit %d: %.200s", code, lerr)
			} else if err := schematest.Validate([]byte(live)); err != nil {
				t.Errorf("live: %v\n%s", err, live)
			}
			if strings.Contains(live, ": null") && !strings.Contains(live, "requestBody") {
				t.Errorf("null: %s", live)
			}
			if out, _, c2 := run("pum", "status", "-o", "json"); out != "" {
				if err := schematest.Validate([]byte(out)); err != nil {
					t.Errorf("pum: %v (%d)", err, c2)
				}
			}
			if out, _, c2 := run("releases", "-o", "json"); out != "" {
				if err := schematest.Validate([]byte(out)); err != nil {
					t.Errorf("releases: %v (%d)", err, c2)
				}
			}
			rec := filepath.Join(dir, "x.jsonl")
			_, rerr, rcode := run("record", "--once", rec)
			kept, kerr, kcode := run("status", "-o", "json", "--from", rec)
			if live == "" {
				return
			}
			if rcode != code || kcode != code {
				t.Errorf("live %d, record %d, from %d\n%.300s\n%.300s", code, rcode, kcode, rerr, kerr)
			}
			type doc struct {
				Outcome  string
				Findings []struct{ Code, Summary string }
				Impact   any
			}
			var a, b doc
			_ = json.Unmarshal([]byte(live), &a)
			_ = json.Unmarshal([]byte(kept), &b)
			x, _ := json.Marshal(a)
			y, _ := json.Marshal(b)
			if string(x) != string(y) {
				t.Errorf("live %s\nkept %s", x, y)
			}
			if err := schematest.Validate([]byte(kept)); err != nil {
				t.Errorf("kept: %v", err)
			}
			text, _ := os.ReadFile(rec)
			for line := range bytes.Lines(text) {
				if err := schematest.ValidateAs("recording", line); err != nil {
					t.Errorf("%.200s: %v", line, err)
				}
			}
			xm, _, xc := run("report", "-o", "junit", "--from", rec)
			d := xml.NewDecoder(strings.NewReader(xm))
			failures := 0
			for {
				tok, err := d.Token()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Errorf("junit: %v", err)
					break
				}
				if s, ok := tok.(xml.StartElement); ok && (s.Name.Local == "failure" || s.Name.Local == "error") {
					failures++
				}
			}
			if xc != code || (failures > 0) != (code != 0) {
				t.Errorf("junit: exit %d, want %d, %d failures\n%s", xc, code, failures, xm)
			}
			md, _, mc := run("report", "-o", "markdown", "--from", rec)
			if mc != code || len(md) > 64<<10 || !strings.Contains(strings.ToUpper(md), strings.ToUpper(a.Outcome)) {
				t.Errorf("markdown: exit %d, %d bytes\n%.500s", mc, len(md), md)
			}
		})
	}
}
