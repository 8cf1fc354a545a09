// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
)

func TestGravest(t *testing.T) {
	tests := []struct {
		codes []ExitCode
		want  ExitCode
	}{
		{nil, 0}, {[]ExitCode{0, 0}, 0}, {[]ExitCode{0, 9}, 9}, {[]ExitCode{8, 9}, 8}, {[]ExitCode{8, 124}, 124}, {[]ExitCode{124, 7}, 7},
		{[]ExitCode{7, 3}, 3}, {[]ExitCode{3, 1}, 1}, {[]ExitCode{1, 5}, 5}, {[]ExitCode{5, 6}, 6}, {[]ExitCode{6, 4}, 4}, {[]ExitCode{4, 2}, 2}, {[]ExitCode{0, 130, 2}, 130},
	}
	for _, tt := range tests {
		if got := Gravest(tt.codes...); got != tt.want {
			t.Errorf("Gravest(%v) = %d, want %d", tt.codes, got, tt.want)
		}
	}
}

// unaskedVerdicts are those of installations that could not be asked.
func unaskedVerdicts() []Verdict {
	where := command.Where{Namespace: "tpe", Context: "eu"}
	return []Verdict{
		NamespacesUnknown(where, errors.New("no route to host")), NoInstallation(where, "pum"),
		ContextUnusable(where, errors.New("no such user")), GivenUp(where, time.Minute),
	}
}

// What could not be asked is never done, and says what to do, in the same context.
func TestUnasked(t *testing.T) {
	deployments := schema.GroupResource{Group: "apps", Resource: "deployments"}
	where := command.Where{Namespace: "tpe", Context: "eu"}
	verdicts := append(unaskedVerdicts(),
		NamespacesUnknown(where, apierrors.NewForbidden(deployments, "", errors.New("no"))),
		NamespacesUnknown(where, apierrors.NewUnauthorized("no")))
	want := []ExitCode{ExitError, ExitNotFound, ExitError, ExitError, ExitForbidden, ExitForbidden}
	for i, v := range verdicts {
		f := v.Findings[0]
		if v.ExitCode != want[i] || v.Outcome != OutcomeUnknown || f.Level != LevelError || f.Detail == "" {
			t.Errorf("%s: code %d, %s", f.Code, v.ExitCode, v.Outcome)
		}
		for _, next := range f.Next {
			if !strings.Contains(next, "explain") && !strings.Contains(next, "--context=eu") {
				t.Errorf("%s leads elsewhere", next)
			}
		}
	}
	if v := NotHeardYet(); v.ExitCode != ExitPending || v.Outcome != OutcomeUnknown {
		t.Errorf("not heard yet: %+v", v)
	}
}
