// SPDX-License-Identifier: Apache-2.0

package podexec

import (
	"errors"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"k8s.io/client-go/util/exec"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
)

// Ran says whether a command ran in its pod.
type Ran string

// The answers. Each container runtime reports a missing executable in its own way: containerd
// with an error instead of an exit code, CRI-O with exit code 255 or 1, docker with 126, krun
// and early youki with 0 (runc#3073, crun#1688, youki#953). So no exit code proves it, and no
// words but those that name the executable.
const (
	RanUnknown Ran = ""    // nothing that came back tells
	RanYes     Ran = "yes" // it printed something
	RanNot     Ran = "no"  // the request was refused or not sent, or the executable is not there
)

// ran says whether the command of an output ran, from what came back. A wrong RanNot could
// cause a command to be sent twice, or reported as not sent: if it is not certain, it is unknown.
func ran(out Output, err error) Ran {
	switch {
	case notSent(err), notFound(out, err):
		return RanNot
	case len(out.Stdout) > 0:
		return RanYes
	}
	return RanUnknown
}

// notSent reports whether the request did not come as far as the pod's node: there was no
// connection or login, or the API server itself refused. Its errors from 500 on may be about the
// node's answer, and so come too late to tell.
func notSent(err error) bool {
	if status := refusal(err); status != nil {
		code := status.ErrStatus.Code
		return code >= http.StatusBadRequest && code < http.StatusInternalServerError
	}
	var dial *net.OpError
	return kube.NotLoggedIn(err) || errors.As(err, &dial) && dial.Op == "dial"
}

// notFoundWords are those by which runtimes say that an executable is not there: runc,
// crun, youki and gVisor, Kata, krun.
var notFoundWords = regexp.MustCompile(`(?i)not found|no such file or directory|\bENOENT\b`)

// notFoundCodes are the exit codes that come with them.
var notFoundCodes = []int{1, 126, 127, 128, 255}

// notFound reports whether the container's runtime says that the executable is not there.
// An error without an exit code is the runtime's own. With an exit code, the words come
// where a command prints, and count only if they are all there is.
func notFound(out Output, err error) bool {
	if err == nil || len(out.Command) == 0 {
		return false
	}
	text := err.Error()
	if exit := (exec.CodeExitError{}); errors.As(err, &exit) {
		text = strings.TrimSpace(string(out.Stdout) + string(out.Stderr)) // docker's words come on standard output
		if !slices.Contains(notFoundCodes, exit.Code) || strings.Contains(text, "\n") {
			return false
		}
	}
	return notFoundWords.MatchString(text) && namesExecutable(text, out.Command[0])
}

// namesExecutable reports whether a text names an executable: in quotes, or by its path. A
// word alone may be any word.
func namesExecutable(text, name string) bool {
	around := "[\"'`\\\\]"
	if strings.HasPrefix(name, "/") {
		around = `(?:[^\w./-]|^|$)`
	}
	return regexp.MustCompile(around + regexp.QuoteMeta(name) + around).MatchString(text)
}
