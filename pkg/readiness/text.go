// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const (
	longestMessage = 1000 // runes
	longestText    = 5000 // runes that are read
	longestBrief   = 240  // runes
	longestName    = 253  // bytes that Kubernetes allows for one; an image's may be a little longer
)

// clean makes one line of any text, without control characters, and not longer than a
// message may be. Messages contain what containers wrote.
func clean(s string) string { return cleanTo(s, longestMessage) }

// cleanTo is clean with a limit of its own.
func cleanTo(s string, most int) string {
	if isClean(s, most) {
		return s
	}
	var runes []rune
	space := false
	for _, r := range s {
		if unicode.IsSpace(r) {
			space = len(runes) > 0
			continue
		}
		if !unicode.IsPrint(r) {
			continue
		}
		if space {
			runes, space = append(runes, ' '), false
		}
		if runes = append(runes, r); len(runes) > most {
			return strings.TrimRight(string(runes[:most]), " ") + "…"
		}
	}
	return string(runes)
}

// middleCut cuts the middle out of a long text: a sentence begins with what matters, a
// chain of errors ends with it.
func middleCut(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	head := most * 3 / 5
	return strings.TrimSpace(string(runes[:head])) + " … " + strings.TrimSpace(string(runes[len(runes)-(most-head-3):]))
}

// isClean reports whether a text is clean already, as most are.
func isClean(s string, most int) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' ') {
			return false
		}
	}
	return len(s) <= most
}

// joined joins two texts with ": " if both are there.
func joined(a, b string) string { return joinedBy(": ", a, b) }

// sentence joins two texts with ", " if both are there.
func sentence(a, b string) string { return joinedBy(", ", a, b) }

func joinedBy(separator, a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + separator + b
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

// wrappers are what Kubernetes, container runtimes and registries' clients put around
// the root of an error: parts between ": " that are the same whatever went wrong. The
// words are those of kubelet, containerd, CRI-O (containers/image), runc and Docker. A
// part that is not here is kept: rather too much than too little.
var wrappers = map[string]bool{
	"rpc error": true, "Error": true, "Error response from daemon": true, "Internal error occurred": true, "unexpected status": true,
	"ErrImagePull": true, "failed to authorize": true, "failed to do request": true, "failed to copy": true,
	"httpReadSeeker": true, "failed open": true, "unable to retrieve auth token": true, "unable to pull image or OCI artifact": true, "pull image err": true,
	"failed to create containerd task": true, "failed to create shim task": true, "failed to create task for container": true,
	"OCI runtime create failed": true, "OCI runtime start failed": true, "OCI runtime exec failed": true, "exec failed": true,
	"runc create failed": true, "runc did not terminate successfully": true, "container create failed": true, "crun": true, "runc": true,
	"unable to start container process": true, "error during container init": true, "starting container process caused": true,
	"failed to generate spec": true, "failed to exec in container": true,
	"Failed to create pod sandbox": true, "Failed create pod sandbox": true, "failed to start sandbox container task": true,
	"Error creating": true, "failed to call webhook": true,
}

// wrapped are the beginnings of such parts that go on with the name of the
// image, pod, container or address.
var wrapped = []string{
	"Back-off pulling image", "Failed to pull image", "failed to pull image", "failed to pull and unpack image", "failed to resolve reference", "failed to resolve image",
	"initializing source ", "reading manifest ", "Error reading manifest ", "pinging container registry ", "error pinging docker registry ",
	"unexpected status code http", "unexpected status from ", `Get "`, "Get http", `Head "`, "Head http", `Post "`, "Post http",
	`failed to start containerd task "`, `failed to start container "`, `failed to generate container "`, `failed to start exec "`,
	`failed to create containerd task for sandbox "`, `failed to setup network for sandbox "`, `failed to set up sandbox container "`, "networkPlugin cni failed to set up pod ",
	"container_linux.go:", "process_linux.go:", "standard_init_linux.go:",
}

func isWrapper(part string) bool {
	return wrappers[part] || slices.ContainsFunc(wrapped, func(w string) bool { return strings.HasPrefix(part, w) })
}

// rootError returns the parts of an error's text that say what is wrong, or "" if none
// does. What differs between pods that share the error is omitted: addresses of
// connections, and the ids of pods and containers.
func rootError(message string) string {
	message, _, _ = strings.Cut(quoted(message), ` (pod: "`) // the kubelet's name for it
	var kept []string
	for part := range strings.SplitSeq(message, ": ") {
		part = strings.TrimSpace(part)
		if _, desc, ok := strings.Cut(part, " desc = "); ok && strings.HasPrefix(part, "code = ") {
			part = desc
		}
		part = shared(part)
		if part == "" || isWrapper(strings.TrimPrefix(part, "[")) || len(kept) > 0 && kept[len(kept)-1] == part {
			continue
		}
		kept = append(kept, part)
	}
	if n := len(kept); n > 1 && kept[n-1] == "unknown" { // gRPC's code, which containerd ends its errors with
		kept = kept[:n-1]
	}
	return strings.Join(kept, ": ")
}

// quoted returns the message of a line of a runtime's log, which older ones
// give instead of an error, or the text itself.
func quoted(text string) string {
	at := strings.Index(text, ` msg="`)
	if at < 0 || !strings.Contains(text[:at], "level=") {
		return text
	}
	text = text[at+len(" msg="):]
	if prefix, err := strconv.QuotedPrefix(text); err == nil {
		if message, err := strconv.Unquote(prefix); err == nil {
			return message
		}
	}
	return text
}

// shared returns a part of an error's text without what only one pod has.
func shared(part string) string {
	for _, verb := range []string{"dial tcp", "dial udp", "read tcp", "read udp", "write tcp", "write udp"} {
		if strings.HasPrefix(part, verb+" ") {
			return verb
		}
	}
	if rest, ok := strings.CutPrefix(part, "lookup "); ok {
		host, _, _ := strings.Cut(rest, " on ")
		return "lookup " + host
	}
	part, _, _ = strings.Cut(part, " container=")
	part, _, _ = strings.Cut(part, ". You may increase the limit")
	return withoutIDs(part)
}

// withoutIDs replaces the ids of containers and layers, 64 hexadecimal digits,
// and those of objects, in brackets.
func withoutIDs(s string) string {
	if len(s) < 36 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		n := 0
		for i+n < len(s) && isHex(s[i+n]) {
			n++
		}
		switch {
		case n == 64:
			b.WriteString("…")
		case n > 0:
			b.WriteString(s[i : i+n])
		case s[i] == '(' && i+37 < len(s) && s[i+37] == ')' && isUID(s[i+1:i+37]):
			n = 38
		default:
			n = 1
			b.WriteByte(s[i])
		}
		i += n
	}
	return b.String()
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' }

func isUID(s string) bool {
	for i := range len(s) {
		if !isHex(s[i]) && s[i] != '-' {
			return false
		}
	}
	return true
}

// registry returns the registry of an image, as container runtimes read it.
func registry(image string) string {
	host, _, ok := strings.Cut(image, "/")
	if ok && (strings.ContainsAny(host, ".:") || host == "localhost") {
		return host
	}
	return "docker.io"
}

// containsAny reports whether one of the words is in the text.
func containsAny(text string, words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

// withoutName replaces a pod's name in a text by a star, where it is not part
// of a longer name: names of claims begin or end with it.
func withoutName(text, name string) string {
	if name == "" {
		return text
	}
	isWord := func(c byte) bool { return isHex(c) || 'g' <= c && c <= 'z' || c == '.' }
	var b strings.Builder
	for {
		at := strings.Index(text, name)
		if at < 0 {
			break
		}
		end := at + len(name)
		b.WriteString(text[:at])
		if at > 0 && isWord(text[at-1]) || end < len(text) && isWord(text[end]) && text[end] != '.' {
			b.WriteString(name)
		} else {
			b.WriteByte('*')
		}
		text = text[end:]
	}
	return b.String() + text
}
