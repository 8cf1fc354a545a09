// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"regexp"
	"strings"
	"time"
)

// A grace is how long a cause may last before it counts as permanent: as one that
// does not go away by itself. It allows for a registry that refuses for a moment, a
// node that is being added (minutes), a volume whose node died (attached elsewhere
// after six minutes), applications that crash until their database is there (the
// kubelet's back-off grows to five minutes). A cause whose code has no grace in
// causeKinds is never permanent.
const (
	atOnce  time.Duration = 1 // only a change of the spec helps
	soon                  = time.Minute
	minutes               = 5 * time.Minute
	long                  = 10 * time.Minute
	never   time.Duration = 1<<63 - 1
)

// isPermanent reports whether the grace is over. Without a time to count from, only what
// needs a change of the spec is permanent.
func (c Cause) isPermanent(now time.Time) bool {
	switch c.Grace {
	case 0, never:
		return false
	case atOnce:
		return true
	}
	return !c.Since.IsZero() && now.Sub(c.Since) >= c.Grace
}

// grace returns the grace of the cause: that of its code, unless its reason or message
// says more.
func (c Cause) grace() time.Duration {
	switch {
	case c.Reason == "SchedulingGated": // on purpose
		return never
	case c.Reason == "InvalidResourceException" && c.Code == OperatorError: // Strimzi: the resource must be changed
		return atOnce
	case c.Code == ImagePull:
		return pullGrace(c.Reason, strings.ReplaceAll(c.Brief, c.Image, ""))
	case c.Code == ConfigMissing:
		return configGrace(c.Message)
	case c.Code == ConfigRefused && isTransient(c.Message):
		return minutes
	}
	return causeKinds[c.Code].grace
}

// configGrace: an operator may create a config map or secret minutes after the pods
// that need it, as Strimzi's does. One that exists has all its keys.
func configGrace(message string) time.Duration {
	if containsAny(message, "couldn't find key", "key:") && !isTransient(message) {
		return soon
	}
	return minutes
}

// isTransient reports whether an error is one of the kubelet's own caches, which
// fill up by themselves.
func isTransient(message string) bool {
	return containsAny(message, "timed out waiting", "failed to sync", "not registered", "services have not yet been read", "context deadline exceeded")
}

// pullGrace distinguishes registries that are busy or not reachable from answers that
// stay the same until someone acts: 401, 403, "not found". The brief message is
// without the image and addresses, which may hold any word.
func pullGrace(reason, brief string) time.Duration {
	m := strings.ToLower(brief)
	status := ""
	if found := httpStatus.FindStringSubmatch(m); found != nil {
		status = found[1]
	}
	switch {
	case reason == "InvalidImageName":
		return atOnce
	case reason == "RegistryUnavailable" || status == "429" || status == "408" || strings.HasPrefix(status, "5") || containsAny(m, transientPulls...):
		return long
	case reason == "ErrImageNeverPull" || reason == "SignatureValidationFailed" || status != "" || containsAny(m, permanentPulls...):
		return soon
	}
	return minutes
}

// httpStatus finds the code of an answer that is an error.
var httpStatus = regexp.MustCompile(`(?:^|: |status(?: ?code)?:? )([45]\d\d)\b`)

// transientPulls are words of a registry that is busy, or that cannot be reached at
// the moment.
var transientPulls = []string{
	"qps exceeded", "toomanyrequests", "too many requests", "rate limit", "resource exhausted",
	"internal server error", "bad gateway", "service unavailable", "service temporarily unavailable", "gateway timeout", "gateway time-out",
	"timeout", "timed out", "deadline exceeded", "context canceled", "request canceled", "transport is closing",
	"connection refused", "connection reset", "connection closed", "closed network connection", "broken pipe",
	"no route to host", "network is unreachable", "host is unreachable", "no such host", "server misbehaving", "name resolution",
	"eof", "short read", "unexpected commit digest", "no space left on device", "too many open files",
}

// permanentPulls are words of an answer that stays the same until someone acts.
var permanentPulls = []string{
	"unauthorized", "authentication required", "authorization failed", "no basic auth credentials", "invalid username", "token has expired",
	"forbidden", "denied", "not found", "manifest unknown", "name unknown", "name not known", "no match for platform", "no matching manifest",
	"does not exist", "no such image", "not present with pull policy", "invalid reference format", "signature",
	"x509", "server gave http response to https client",
}
