// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"cmp"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// A Gap is a resource that could not be read: its objects are unknown, or those that were read before
// stand in.
type Gap struct {
	Kind     string    // such as StrimziPodSet
	Resource string    // such as strimzipodsets.core.strimzi.io
	Verb     string    // the one that failed
	Reason   GapReason // why it failed
	Err      error     // what the API server said
	Since    time.Time // since when it fails, by the clock of ages; zero if it was tried once
	Stale    bool      // the objects that were read before stand in
}

// A GapReason says why a resource could not be read.
type GapReason string

const (
	NotServed  GapReason = "NotServed" // the API server does not know the resource
	Forbidden  GapReason = "Forbidden" // the account is not authorized to read it
	ReadFailed GapReason = "Failed"    // any other error
	NotKept    GapReason = "NotKept"   // the file in which the cluster is kept does not have it
)

// Shown reports whether the objects of a kind are known: they were read, now or before.
func Shown(gaps []Gap, kind string) bool {
	return !slices.ContainsFunc(gaps, func(g Gap) bool { return g.Kind == kind && !g.Stale })
}

// Keeping returns the assessment with the objects that an earlier one has of kinds that could not be
// read now: their gaps are stale, and say since when. Nothing is kept of a kind that was refused.
func (a *Assessment) Keeping(before *Assessment) *Assessment {
	lacks := func(g Gap) bool { return g.Reason == ReadFailed && !g.Stale }
	if before == nil || !slices.ContainsFunc(a.Gaps, lacks) {
		return a
	}
	o, found := a.Objects, false
	o.Gaps = slices.Clone(a.Gaps)
	for i := range o.Gaps {
		g := &o.Gaps[i]
		if !lacks(*g) {
			continue
		}
		g.Since = cmp.Or(g.Since, a.ObservedAt)
		if was := slices.IndexFunc(before.Gaps, func(was Gap) bool { return was.Kind == g.Kind && was.Reason == ReadFailed }); was >= 0 {
			g.Since = cmp.Or(before.Gaps[was].Since, g.Since)
		}
		k := KeptKind(KeptKinds(), g.Kind)
		if objects := k.List(&before.Objects); objects != nil {
			k.Set(&o, objects)
			g.Stale, found = true, true
		}
	}
	kept := *a
	if found {
		kept = Assess(o, a.ObservedAt)
	}
	kept.Gaps = o.Gaps
	return &kept
}

// Unread returns why one of these kinds could not be read, or nil if all were. Without
// it, an empty list does not prove that there is nothing.
func Unread(gaps []Gap, kinds ...string) error {
	for _, g := range gaps {
		if slices.Contains(kinds, g.Kind) {
			return g.Err
		}
	}
	return nil
}

func newGap(kind, resource string, err error) Gap {
	g := Gap{Kind: kind, Resource: resource, Verb: "list", Reason: ReadFailed, Err: err}
	switch {
	case apierrors.IsNotFound(err):
		g.Reason = NotServed
	case apierrors.IsForbidden(err):
		g.Reason = Forbidden
	}
	return g
}
