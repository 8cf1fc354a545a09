// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// A Gap is a resource that could not be read: nothing is known of its objects.
type Gap struct {
	Kind     string    // such as StrimziPodSet
	Resource string    // such as strimzipodsets.core.strimzi.io
	Verb     string    // the one that failed
	Reason   GapReason // why it failed
	Err      error     // what the API server said
}

// A GapReason says why a resource could not be read.
type GapReason string

const (
	NotServed  GapReason = "NotServed" // the API server does not know the resource
	Forbidden  GapReason = "Forbidden" // the account is not authorized to read it
	ReadFailed GapReason = "Failed"    // any other error
	NotKept    GapReason = "NotKept"   // the file in which the cluster is kept does not have it
)

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
