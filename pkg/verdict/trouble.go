// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// A trouble is one cause, with all workloads, jobs and pods that share it.
type trouble struct {
	cause  readiness.Cause // of the first pod
	images bool            // not all are about the same image
	fails  bool            // whether it is why something failed
	since  time.Time
	latest time.Time
	owners objects
	pods   objects
}

// troubles are in the order in which they were found.
type troubles struct {
	list []*trouble
	by   map[shared]*trouble
}

// shared is what causes of one trouble have in common.
type shared struct {
	code  Code
	group string
}

// objects are in the order in which they were found, each once.
type objects struct {
	list []Object
	has  map[Object]bool
}

func (o *objects) add(object Object) {
	if o.has[object] {
		return
	}
	if o.has == nil {
		o.has = map[Object]bool{}
	}
	o.has[object] = true
	o.list = append(o.list, object)
}

// troubles judges the causes for which workloads and jobs are held up: one
// finding for all pods that share one, however many. What every pod that starts
// goes through is one only once it lasts.
func (v *Verdict) troubles(p *readiness.Assessment) {
	var found troubles
	for _, w := range p.Workloads {
		for _, c := range w.Causes {
			if c.Reportable(p.ObservedAt) {
				found.add(c, Object{Kind: w.Kind, Name: w.Name}, w.State == readiness.Failed)
			}
		}
	}
	for _, j := range p.Jobs {
		for _, c := range j.Causes {
			if !j.State.Final() && c.Reportable(p.ObservedAt) {
				found.add(c, Object{Kind: "Job", Name: j.Name}, j.Doomed())
			}
		}
	}
	for _, t := range found.list {
		code, level := ExitPending, LevelWarning
		if t.fails {
			code, level = ExitFailed, LevelError
		}
		v.find(code, Finding{
			Code: troubleCode(t.cause.Code), Level: level, Since: t.since,
			Summary: t.subject() + ": " + t.words(),
			Detail:  t.detail(),
			Objects: slices.Concat(t.owners.list, t.pods.list),
			Next:    v.after(t),
		})
	}
}

// add adds a cause to the trouble that it is part of, or begins one.
func (all *troubles) add(c readiness.Cause, owner Object, failed bool) {
	key := shared{troubleCode(c.Code), c.Group}
	t := all.by[key]
	if t == nil {
		if all.by == nil {
			all.by = map[shared]*trouble{}
		}
		t = &trouble{cause: c}
		all.by[key], all.list = t, append(all.list, t)
	}
	t.images = t.images || c.Image != t.cause.Image
	t.fails = t.fails || failed && c.Dooms
	if t.since.IsZero() || !c.Since.IsZero() && c.Since.Before(t.since) {
		t.since = c.Since
	}
	if c.Since.After(t.latest) {
		t.latest = c.Since
	}
	if len(t.cause.Log) == 0 {
		t.cause.Log = c.Log // it is read once for each trouble
	}
	t.owners.add(owner)
	if c.Pod != "" {
		t.pods.add(Object{Kind: "Pod", Name: c.Pod})
	}
}

// subject names what the trouble is of.
func (t *trouble) subject() string {
	owners := t.owners.list[0].Kind + " " + t.owners.list[0].Name
	if n := len(t.owners.list); n > 1 {
		owners = fmt.Sprintf("%d workloads", n)
	}
	switch n := len(t.pods.list); {
	case n == 1 && len(t.owners.list) == 1:
		return "pod " + t.pods.list[0].Name
	case n > 0:
		return fmt.Sprintf("%s of %s", t.of(), owners)
	}
	return owners
}

// words says what the trouble is. What several pods share leaves out their
// names and restarts, which the subject stands for, and their images, unless it
// is one.
func (t *trouble) words() string {
	if len(t.pods.list) < 2 || t.cause.Image != "" && !t.images {
		return t.cause.Summary()
	}
	return cmp.Or(t.cause.Group, t.cause.Summary())
}

// detail is what Kubernetes says of it, and what the container wrote last.
func (t *trouble) detail() string {
	c := t.cause
	detail := cmp.Or(c.Message, c.Reason, "Kubernetes gives no further details")
	if c.Image != "" && !strings.Contains(detail, c.Image) {
		detail = c.Image + ": " + detail
	}
	if n := len(t.cause.Log); n > 0 {
		detail += "; its last words: " + t.cause.Log[n-1]
	}
	return detail
}

// after returns the commands that tell more of a trouble.
func (v *Verdict) after(t *trouble) []string {
	look, c := v.look(t.cause.Object), t.cause
	switch {
	case c.Code == readiness.OldRevision:
		return []string{v.deletePods(t.pods.list)}
	case c.Container == "" || c.Code.Logs() == readiness.NoLogs:
		return []string{look}
	case c.Code.Logs() == readiness.PreviousLogs:
		return []string{v.kubectl("logs", "--previous", c.Pod, "-c", c.Container), look}
	}
	return []string{v.kubectl("logs", c.Pod, "-c", c.Container), look}
}

// deletePods returns the command that deletes pods, so that they are replaced.
func (v *Verdict) deletePods(pods []Object) string {
	words := []string{"delete", "pod"}
	for _, p := range pods {
		words = append(words, p.Name)
	}
	return v.kubectl(words...)
}

// look returns the command that shows an object and its events.
func (v *Verdict) look(o Object) string {
	return v.kubectl("describe", strings.ToLower(o.Kind), o.Name)
}

// troubleCode returns the code of the finding for a cause.
func troubleCode(code readiness.Code) Code {
	return cmp.Or(Code(code.Finding()), CodeHeldUp)
}

// recent is how long a crash is worth a word: an upgrade is looked at on the
// day it happens.
const recent = 24 * time.Hour

// crashes judges the containers that run again after they ended badly. One
// that took more memory than it may will do so again; others may have waited
// for what was not there yet.
func (v *Verdict) crashes(p *readiness.Assessment) {
	var found troubles
	told := held(p)
	for _, c := range p.Crashes {
		if p.ObservedAt.Sub(c.Since) <= recent && !told[container{c.Pod, c.Container}] {
			found.add(c, c.Object, false)
		}
	}
	for _, t := range found.list {
		f := Finding{
			Code: CodeCrashed, Level: LevelInfo, Since: t.latest,
			Summary: fmt.Sprintf("container %s of %s ended badly, and runs again", t.cause.Container, t.of()),
			Detail:  fmt.Sprintf("%s, %s", cmp.Or(t.cause.Reason, "ended"), t.cause.Message),
			Objects: t.pods.list,
			Next:    []string{v.kubectl("logs", "--previous", t.pods.list[0].Name, "-c", t.cause.Container)},
		}
		if t.cause.Code == readiness.OOMKilled {
			f.Code, f.Level = CodeOutOfMemory, LevelWarning
			f.Summary = fmt.Sprintf("container %s of %s was killed for its memory, and runs again", t.cause.Container, t.of())
		}
		v.find(ExitDone, f)
	}
}

// of names the pods of a trouble.
func (t *trouble) of() string {
	if len(t.pods.list) == 1 {
		return "pod " + t.pods.list[0].Name
	}
	return fmt.Sprintf("%d pods", len(t.pods.list))
}

type container struct{ pod, name string }

// held returns the containers for which something is held up.
func held(p *readiness.Assessment) map[container]bool {
	found := map[container]bool{}
	for _, w := range p.Workloads {
		for _, c := range w.Causes {
			found[container{c.Pod, c.Container}] = true
		}
	}
	for _, j := range p.Jobs {
		for _, c := range j.Causes {
			found[container{c.Pod, c.Container}] = true
		}
	}
	return found
}
