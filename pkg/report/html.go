// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/a-h/templ"
)

//go:embed style.css
var style string

// policy forbids everything but the style that is in the page, whose hash it has: no request,
// no script, no form, no frame (CSP Level 3).
func policy() string {
	hash := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'; base-uri 'none'; form-action 'none'"
}

// A document is what is written in each format: one report, or a list of them.
type document interface {
	page() templ.Component // that needs nothing else
	markdown(w io.Writer) error
	junit(w io.Writer) error
}

func write(d document, w io.Writer, f Format) error {
	switch f {
	case Markdown:
		return d.markdown(w)
	case JUnit:
		return d.junit(w)
	}
	return d.page().Render(context.Background(), w)
}

func lines(all []string) string { return strings.Join(all, "\n") }

func (f finding) tone() tone {
	switch f.level {
	case "error":
		return toneBad
	case "warning":
		return toneWeak
	}
	return toneBusy
}

// worst is the worst that users felt of a service.
func (s service) worst() tone {
	switch {
	case s.down != "" || s.now.tone == toneBad:
		return toneBad
	case s.degraded != "" || s.now.tone == toneWeak:
		return toneWeak
	case s.unseen != "" || s.now.tone == toneUnseen:
		return toneUnseen
	}
	return toneGood
}

func (h helmRelease) tone() tone {
	switch {
	case h.deployed:
		return toneGood
	case strings.HasPrefix(h.status, "pending") || h.status == "uninstalling":
		return toneBusy
	}
	return toneBad
}

// shownAtOnce is how long a list may be that is shown whole.
const shownAtOnce = 60

// most returns the entries that are shown at once: all of few, else those that need attention;
// or the others.
func (e *entries) most(first bool) []entry {
	n := len(e.items)
	if n > shownAtOnce {
		n = 0
		for n < len(e.items) && e.items[n].attention {
			n++
		}
	}
	if first {
		return e.items[:n]
	}
	return e.items[n:]
}

func (e *entries) rest() string {
	if n := len(e.most(false)); n > 0 {
		return fmt.Sprintf("%d that PUM processed or skipped", n)
	}
	return ""
}

func (r *Report) unready() []workload {
	n := 0
	for n < len(r.workloads) && !r.workloads[n].done {
		n++
	}
	return r.workloads[:n]
}

func (r *Report) ready() []workload { return r.workloads[len(r.unready()):] }

func (r *Report) workloadsSummary() string {
	return fmt.Sprintf("%d of %d ready", len(r.ready()), len(r.workloads))
}

func (r *Report) restOfWorkloads() string {
	if n := len(r.ready()); n > 0 {
		return fmt.Sprintf("%d that are ready", n)
	}
	return ""
}
