// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// junit writes the report for a pipeline: a suite for the verdict, and one each for workloads,
// jobs, entries and releases. What is not good is a failure, what is not known an error. The
// file has neither exactly if the exit code is 0. It follows junit-10.xsd of Jenkins' xUnit
// plugin, whose testsuites have no count of skipped ones.
func (r *Report) junit(w io.Writer) error { return writeSuites(w, r.title, r.took, r.suites()) }

// suites are the suites, each of the time that the report is about.
func (r *Report) suites() []junit.Testsuite {
	all := []junit.Testsuite{r.verdictSuite(), r.workloadSuite(), r.jobSuite(), r.entrySuite(), r.releaseSuite()}
	for i := range all {
		all[i].Time = seconds(r.took)
		all[i].SetTimestamp(r.at)
	}
	return all
}

func writeSuites(w io.Writer, name string, took time.Duration, suites []junit.Testsuite) error {
	all := junit.Testsuites{Name: name, Time: seconds(took)}
	for i, s := range suites {
		s.ID = i
		all.AddSuite(s)
	}
	all.Skipped = 0
	if _, err := io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"); err != nil {
		return err
	}
	return all.WriteXML(w)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// verdictSuite has the verdict itself: whatever the other suites hold, a verdict that is not 0
// fails.
func (r *Report) verdictSuite() junit.Testsuite {
	s := junit.Testsuite{Name: "verdict"}
	for _, f := range r.facts {
		s.AddProperty(f.name, f.value)
	}
	c := junit.Testcase{Name: "the upgrade is over and good", Classname: "tpe.verdict", Time: seconds(r.took)}
	if r.exitCode != verdict.ExitDone {
		c.Failure, c.Error = result(r.outcome.tone, r.word, cmp.Or(r.gravest, r.ended, r.headline), r.findingText())
	}
	s.AddTestcase(c)
	return s
}

// findingText are all findings with what to do.
func (r *Report) findingText() string {
	var b strings.Builder
	if r.ended != "" {
		fmt.Fprintf(&b, "%s\n", r.ended)
	}
	for _, f := range r.findings {
		b.WriteString(f.text())
	}
	return b.String()
}

func (f finding) text() string {
	text := fmt.Sprintf("%s %s: %s\n", strings.ToUpper(f.level), f.code, f.summary)
	for _, line := range append([]string{f.detail}, f.next...) {
		if line != "" {
			text += "  " + line + "\n"
		}
	}
	return text
}

// about are the findings about an object.
func (r *Report) about(kind, name string) string {
	var b strings.Builder
	for _, f := range r.findings {
		if f.level != string(verdict.LevelInfo) && strings.Contains(", "+f.objects+",", ", "+kind+" "+name+",") {
			b.WriteString(f.text())
		}
	}
	return b.String()
}

// result is a failure, or an error where nothing is known.
func result(t tone, kind, message, data string) (failure, err *junit.Result) {
	found := &junit.Result{Message: message, Type: kind, Data: data}
	if t == toneUnseen {
		return nil, found
	}
	return found, nil
}

// unknownCase stands for a part that could not be read.
func unknownCase(part string) junit.Testcase {
	return junit.Testcase{
		Name: part + " could be read", Classname: "tpe." + part,
		Error: &junit.Result{Message: part + " are unknown", Type: "unknown"},
	}
}

func (r *Report) workloadSuite() junit.Testsuite {
	s := junit.Testsuite{Name: "workloads"}
	if r.workloads == nil && r.asked.Workloads() {
		s.AddTestcase(unknownCase(s.Name))
	}
	for _, w := range r.workloads {
		c := junit.Testcase{Name: w.kind + "/" + w.name, Classname: "tpe.workloads", Time: seconds(w.lasted)}
		if !w.done {
			c.Failure, c.Error = result(w.state.tone, w.state.word, w.ready+" ready: "+w.reason, r.about(w.kind, w.name))
		}
		s.AddTestcase(c)
	}
	return s
}

func (r *Report) jobSuite() junit.Testsuite {
	s := junit.Testsuite{Name: "jobs"}
	if r.jobs == nil && r.asked.Workloads() {
		s.AddTestcase(unknownCase(s.Name))
	}
	for _, j := range r.jobs {
		c := junit.Testcase{Name: j.name, Classname: "tpe.jobs", Time: seconds(j.lasted)}
		if j.state.tone != toneGood {
			message := strings.TrimPrefix(j.attempts+" attempts: "+j.reason, "0 attempts: ")
			if j.uncounted || j.formerly(r) {
				c.Skipped = &junit.Result{Message: message}
			} else {
				c.Failure, c.Error = result(j.state.tone, j.state.word, message, r.about("Job", j.name))
			}
		}
		s.AddTestcase(c)
	}
	return s
}

// formerly reports whether a job failed before this upgrade, which is a warning.
func (j job) formerly(r *Report) bool {
	for _, f := range r.findings {
		if f.code == string(verdict.CodeJobFormerly) && f.objects == "Job "+j.name {
			return true
		}
	}
	return false
}

func (r *Report) entrySuite() junit.Testsuite {
	s := junit.Testsuite{Name: "entries"}
	if r.entries == nil {
		if r.asked.Entries() {
			s.AddTestcase(unknownCase(s.Name))
		}
		return s
	}
	for _, e := range r.entries.items {
		c := junit.Testcase{Name: strings.TrimSpace(e.uid + " " + e.request), Classname: "tpe.entries", Time: seconds(e.lasted)}
		switch {
		case e.state.word == string(pum.StateSkipped):
			c.Skipped = &junit.Result{Message: "PUM never applies it on this system"}
		case e.attention:
			c.Failure, c.Error = result(e.state.tone, e.state.word, e.message(), r.about("Entry", e.uid))
		}
		s.AddTestcase(c)
	}
	return s
}

// message says how an entry is that is not well.
func (e entry) message() string {
	text := e.state.word
	for _, part := range []struct{ value, of string }{{e.iterations, " iterations"}, {e.errors, " errors"}, {e.remaining, " remaining"}} {
		if part.value != "" {
			text += ", " + part.value + part.of
		}
	}
	if e.said != "" {
		text += ": " + e.said
	}
	return text
}

// releaseSuite has the Helm releases. That they may not be read is no failure of the upgrade.
func (r *Report) releaseSuite() junit.Testsuite {
	s := junit.Testsuite{Name: "releases"}
	for _, h := range r.releases {
		c := junit.Testcase{Name: strings.TrimSpace(h.name + " " + h.version), Classname: "tpe.releases"}
		about := r.about("Release", h.name)
		switch {
		case r.exitCode == verdict.ExitDone || h.deployed && !h.odd:
		case h.version == "" || h.want == "":
			c.Error = &junit.Result{Message: h.status + ", in no known Release Manifest", Type: h.status, Data: about}
		default:
			c.Failure = &junit.Result{Message: fmt.Sprintf("%s, version %s, the Release Manifest has %s", h.status, h.version, h.want), Type: h.status, Data: about}
		}
		s.AddTestcase(c)
	}
	return s
}
