// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"strings"
	"unicode"
)

// clean makes one line of any text, without what a terminal would obey, and
// not longer than a message may be. Messages hold what containers wrote.
func clean(s string) string {
	const most = 1000 // runes
	var b strings.Builder
	n, space := 0, false
	for _, r := range s {
		if unicode.IsSpace(r) {
			space = n > 0
			continue
		}
		if !unicode.IsPrint(r) {
			continue
		}
		if n >= most {
			b.WriteRune('…')
			break
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// lastPart returns what follows the last ": ". Go programs, as Kubernetes and
// its container runtimes are, put the root of a trouble there.
func lastPart(s string) string {
	if i := strings.LastIndex(s, ": "); i >= 0 {
		return s[i+2:]
	}
	return s
}

// afterAny returns what follows the first of the marks found in s, or s.
func afterAny(s string, marks ...string) string {
	for _, m := range marks {
		if _, after, ok := strings.Cut(s, m); ok {
			return after
		}
	}
	return s
}

// joined joins two texts with ": " if both are there.
func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ": " + b
}

// imageSummary shortens the message about an image that cannot be pulled to
// the registry and the root of the trouble. The image leads the message.
// ErrImagePull and ImagePullBackOff are the same trouble by turns.
func imageSummary(reason, message string) string {
	if reason == "ErrImagePull" {
		reason = "ImagePullBackOff"
	}
	image, rest, _ := strings.Cut(message, ": ")
	root := lastPart(rest)
	if reason != "ImagePullBackOff" || strings.HasPrefix(root, "Back-off pulling") {
		return reason + " " + image
	}
	return reason + " " + joined(registry(image), root)
}

// registry returns the registry of an image, as container runtimes read it.
func registry(image string) string {
	host, _, ok := strings.Cut(image, "/")
	if ok && (strings.ContainsAny(host, ".:") || host == "localhost") {
		return host
	}
	return "docker.io"
}

// probeSummary shortens the kubelet's message about a probe that failed.
func probeSummary(message string) string {
	_, m, _ := strings.Cut(message, ": ") // "Readiness probe failed: "
	if code, ok := strings.CutPrefix(m, "HTTP probe failed with statuscode: "); ok {
		return "HTTP " + code
	}
	if strings.HasPrefix(m, "Get \"") || strings.HasPrefix(m, "dial tcp ") {
		return lastPart(m)
	}
	return m
}
