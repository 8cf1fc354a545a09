// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
)

// Gravest returns the exit code that decides among those of several installations, in the same
// order as within one. ExitInterrupted comes first: an interrupted command knows nothing. Without
// any code it is ExitDone.
func Gravest(codes ...ExitCode) ExitCode {
	gravest := ExitDone
	for _, code := range codes {
		if code == ExitInterrupted {
			return code
		}
		gravest = graver(gravest, code)
	}
	return gravest
}

// NamespacesUnknown is the verdict where it is unknown in which namespaces ThingPark
// Enterprise is installed, because of an error.
func NamespacesUnknown(where command.Where, err error) Verdict {
	f := Finding{
		Code: CodeNamespacesUnknown, Level: LevelError,
		Summary: "it is unknown in which namespaces ThingPark Enterprise is installed",
		Detail:  err.Error(),
	}
	code := Classify(err)
	switch {
	case kube.NotLoggedIn(err):
		f.Summary += ": not authenticated"
		f.Detail += "; log in again"
	case code == ExitForbidden:
		f.Summary = "this account cannot list deployments in all namespaces"
		f.Next = []string{where.Everywhere().TPE("status -n <namespace>")}
	default:
		code = ExitError
	}
	return unasked(where, code, f)
}

// NoInstallation is the verdict where no namespace has a Deployment of PUM's name.
func NoInstallation(where command.Where, pum string) Verdict {
	return unasked(where, ExitNotFound, Finding{
		Code: CodeNoInstallation, Level: LevelError,
		Summary: "no namespace has ThingPark Enterprise",
		Detail:  fmt.Sprintf("no namespace has a Deployment %s; --pum-deployment says if it has another name", pum),
		Next:    []string{where.Everywhere().Kubectl("get deployments --all-namespaces")},
	})
}

// ContextUnusable is the verdict where a context of the kubeconfig leads to no API server.
func ContextUnusable(where command.Where, err error) Verdict {
	return unasked(where, ExitError, Finding{
		Code: CodeContextUnusable, Level: LevelError,
		Summary: "this context cannot be used",
		Detail:  err.Error(),
		Next:    []string{where.Everywhere().TPE("doctor")},
	})
}

// GivenUp is the verdict where there was neither an answer nor an error in time: a credential
// plugin that hangs knows no deadline.
func GivenUp(where command.Where, after time.Duration) Verdict {
	return unasked(where, ExitError, Finding{
		Code: CodeGivenUp, Level: LevelError,
		Summary: fmt.Sprintf("no answer within %s", after),
		Detail:  "the others are shown without it; a credential plugin that waits for a login may hold it up",
		Next:    []string{where.TPE("doctor")},
	})
}

// NotHeardYet is the verdict of an installation that was asked and has not answered yet.
func NotHeardYet() Verdict {
	return Verdict{Outcome: ExitError.outcome(), ExitCode: ExitPending}
}

func unasked(where command.Where, code ExitCode, f Finding) Verdict {
	v := Verdict{where: where}
	v.find(code, f)
	v.Outcome = v.ExitCode.outcome()
	return v
}
