// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// A Claim is what of a PersistentVolumeClaim matters before an upgrade.
type Claim struct {
	Name     string
	Phase    string
	Deleting bool   // it goes with the last pod that uses it
	Unused   bool   // no pod uses it, as far as the pods are known
	Waits    bool   // it gets its volume with its first pod, as its StorageClass wants
	Resize   string // what is left to do of a resize, or went wrong
}

// Claims returns what of claims matters. The pods are nil if they are not known: then any
// claim may be used. The events tell which claims wait for a first pod
// (WaitForFirstConsumer, kubernetes/kubernetes pkg/controller/volume/persistentvolume).
func Claims(claims []corev1.PersistentVolumeClaim, pods *corev1.PodList, events []corev1.Event) []Claim {
	var used []string
	if pods != nil {
		for i := range pods.Items {
			used = append(used, claimsOf(&pods.Items[i])...)
		}
	}
	var all []Claim
	for i := range claims {
		c := &claims[i]
		all = append(all, Claim{
			Name: c.Name, Phase: string(c.Status.Phase), Deleting: c.DeletionTimestamp != nil, Resize: resize(c),
			Unused: pods != nil && !slices.Contains(used, c.Name),
			Waits: slices.ContainsFunc(events, func(e corev1.Event) bool {
				return e.InvolvedObject.Kind == "PersistentVolumeClaim" && e.InvolvedObject.Name == c.Name &&
					(e.InvolvedObject.UID == "" || e.InvolvedObject.UID == c.UID) && e.Reason == "WaitForFirstConsumer"
			}),
		})
	}
	return all
}

// claimsOf returns the claims that a pod uses, unless it is over.
func claimsOf(pod *corev1.Pod) []string {
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return nil
	}
	var names []string
	for _, v := range pod.Spec.Volumes {
		switch {
		case v.PersistentVolumeClaim != nil:
			names = append(names, v.PersistentVolumeClaim.ClaimName)
		case v.Ephemeral != nil:
			names = append(names, pod.Name+"-"+v.Name)
		}
	}
	return names
}

// resize says what is left of a resize. A claim says so by conditions, newer versions of
// Kubernetes by a status for each resource, too; and until a resize has begun at all by its
// size alone.
func resize(c *corev1.PersistentVolumeClaim) string {
	for _, condition := range c.Status.Conditions {
		if condition.Status != corev1.ConditionTrue {
			continue
		}
		switch condition.Type {
		case corev1.PersistentVolumeClaimFileSystemResizePending:
			return "its volume was resized and its file system was not: that takes a restart of its pod (FileSystemResizePending)"
		case corev1.PersistentVolumeClaimResizing:
			return "its volume is being resized (Resizing)"
		case corev1.PersistentVolumeClaimControllerResizeError, corev1.PersistentVolumeClaimNodeResizeError:
			return fmt.Sprintf("its resize failed: %s (%s)", cmp.Or(condition.Message, condition.Reason, "Kubernetes gives no further details"), condition.Type)
		}
	}
	if status := c.Status.AllocatedResourceStatuses[corev1.ResourceStorage]; status != "" {
		return fmt.Sprintf("its resize is not complete (%s)", status)
	}
	want, have := c.Spec.Resources.Requests[corev1.ResourceStorage], c.Status.Capacity[corev1.ResourceStorage]
	if c.Status.Phase == corev1.ClaimBound && !have.IsZero() && want.Cmp(have) > 0 {
		return fmt.Sprintf("it has %s and asks for %s", &have, &want)
	}
	return ""
}

// claims checks that every claim in use is bound, stays, and has the size that it requests.
// A claim that no pod uses blocks nothing: one that waits for its first pod is fine.
func (p *Preflight) claims() Check {
	if p.ClaimsErr != nil {
		return unknown(p.ClaimsErr)
	}
	bad, odd, waiting, bound := sortClaims(p.Claims)
	switch {
	case len(bad) > 0:
		return fail(few(append(bad, odd...)), p.Kubectl("get persistentvolumeclaims"))
	case len(odd) > 0:
		return warn(few(odd), p.Kubectl("describe persistentvolumeclaims"))
	}
	text := fmt.Sprintf("%d bound", bound)
	if len(waiting) > 0 {
		text += ", waiting for a first pod: " + strings.Join(waiting, ", ")
	}
	return ok(text)
}

// sortClaims tells those that block an upgrade, and why, from those that may, those that
// wait for a first pod and those that are bound.
func sortClaims(claims []Claim) (bad, odd, waiting []string, bound int) {
	for _, c := range claims {
		switch {
		case c.Deleting:
			bad = append(bad, c.Name+" is deleted as soon as its pod restarts")
		case c.Phase == string(corev1.ClaimBound) && c.Resize != "":
			odd = append(odd, c.Name+": "+c.Resize)
		case c.Phase == string(corev1.ClaimBound):
			bound++
		case c.Phase == string(corev1.ClaimPending) && c.Unused && c.Waits:
			waiting = append(waiting, c.Name)
		case c.Phase == string(corev1.ClaimPending) && c.Unused:
			odd = append(odd, c.Name+" is Pending, and no pod uses it")
		default:
			bad = append(bad, c.Name+" is "+cmp.Or(c.Phase, "without a phase"))
		}
	}
	return bad, odd, waiting, bound
}
