// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// byName finds claims by their names. It is nil if they were not read.
func byName(claims []*corev1.PersistentVolumeClaim) map[string]*corev1.PersistentVolumeClaim {
	if claims == nil {
		return nil
	}
	m := map[string]*corev1.PersistentVolumeClaim{}
	for _, c := range claims {
		m[c.Name] = c
	}
	return m
}

// onClaims returns the causes found on the claims of a pod that has no node.
func (f finder) onClaims(p *corev1.Pod) []Cause {
	if f.claims == nil {
		return nil
	}
	c := podCondition(p, corev1.PodScheduled)
	blamed := c != nil && strings.Contains(c.Message, "unbound immediate PersistentVolumeClaims")
	var causes []Cause
	for _, v := range p.Spec.Volumes {
		if name := claimName(p, v); name != "" {
			causes = append(causes, f.onClaim(p, name, blamed)...)
		}
	}
	return causes
}

// ClaimNotFound is the reason of the cause of a claim that does not exist.
const ClaimNotFound = "NotFound"

// onClaim returns the cause found on a claim. It may rightly be Pending until its
// pod is scheduled (WaitForFirstConsumer). It is a cause if the scheduler blames
// it, if a node was selected for it, or if there is a warning about it.
func (f finder) onClaim(p *corev1.Pod, name string, blamed bool) []Cause {
	c := Cause{Code: ClaimPending, Object: Object{"PersistentVolumeClaim", name}, Pod: p.Name}
	claim := f.claims[name]
	if claim == nil {
		c.Reason, c.Message = ClaimNotFound, "it does not exist"
		if s := podCondition(p, corev1.PodScheduled); s != nil && s.Status == corev1.ConditionFalse {
			c.Since = s.LastTransitionTime.Time
		}
		return []Cause{c.judged(f.now)}
	}
	c.Reason = string(claim.Status.Phase)
	w := f.warningsOf(claim)
	switch e := w.latest; {
	case claim.Status.Phase == corev1.ClaimLost:
		c.Code = ClaimLost
	case claim.Status.Phase != corev1.ClaimPending:
		return nil
	case e != nil:
		c.Reason, c.Message, c.Since = e.Reason, e.Message, w.first
	case blamed:
		c.Since = claim.CreationTimestamp.Time // a claim begins as Pending
	case claim.Annotations["volume.kubernetes.io/selected-node"] == "":
		return nil
	}
	return []Cause{c.judged(f.now)}
}

// warnings are the warning events of an object: the latest, and when the first was
// seen.
type warnings struct {
	latest *corev1.Event
	first  time.Time
}

// warningsOf returns the warnings about a claim, which many pods may share.
func (f finder) warningsOf(claim *corev1.PersistentVolumeClaim) warnings {
	if w, ok := f.warned[claim.Name]; ok {
		return w
	}
	events := f.events.about(Object{"PersistentVolumeClaim", claim.Name}, claim.UID, isWarning)
	w := warnings{latestEvent(events), firstOf(events)}
	if f.warned != nil {
		f.warned[claim.Name] = w
	}
	return w
}

// claimName returns the name of a volume's claim, or "".
func claimName(p *corev1.Pod, v corev1.Volume) string {
	switch {
	case v.PersistentVolumeClaim != nil:
		return v.PersistentVolumeClaim.ClaimName
	case v.Ephemeral != nil:
		return p.Name + "-" + v.Name // kubernetes: generic ephemeral volumes
	}
	return ""
}

func isWarning(e *corev1.Event) bool { return e.Type == corev1.EventTypeWarning }
