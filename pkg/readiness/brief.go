// SPDX-License-Identifier: Apache-2.0

package readiness

import "strings"

// These shorten messages of Kubernetes to the words that a person would search for.

// briefMount keeps the name of the volume, and why it cannot be mounted: of a
// command that failed, its output.
func briefMount(message string) string {
	_, rest, ok := strings.Cut(message, ` failed for volume "`)
	if !ok {
		return rootError(message)
	}
	volume, why, _ := strings.Cut(rest, `" : `)
	return joined(`volume "`+volume+`"`, rootError(afterAny(why, "Output: ")))
}

// briefConfig keeps what is missing, or not allowed.
func briefConfig(message string) string {
	if _, rest, ok := strings.Cut(message, ` failed for volume "`); ok {
		_, why, _ := strings.Cut(rest, `" : `)
		return rootError(why)
	}
	return rootError(message)
}

// briefProbe keeps the code of an HTTP probe, and of others the reason.
func briefProbe(message string) string {
	_, m, _ := strings.Cut(message, ": ") // "Readiness probe failed: "
	if code, ok := strings.CutPrefix(m, "HTTP probe failed with statuscode: "); ok {
		return "HTTP " + code
	}
	m = rootError(m)
	for _, where := range []string{"dial tcp: ", "connect: "} {
		m = strings.TrimPrefix(m, where) // the pod itself
	}
	return m
}

// briefSchedule omits that preemption would not help.
func briefSchedule(message string) string {
	for _, tail := range []string{" no new claims to deallocate", " preemption:"} {
		message, _, _ = strings.Cut(message, tail)
	}
	return strings.TrimRight(message, "., ")
}

// briefQuota begins where the quota is named.
func briefQuota(message string) string {
	return message[max(0, strings.Index(message, "exceeded quota")):]
}

// briefCreate omits which pod cannot be created.
func briefCreate(message string) string {
	return rootError(afterAny(message, "is forbidden: ", "failed error: "))
}
