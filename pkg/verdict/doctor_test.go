// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"fmt"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
)

// healthy returns a doctor that finds nothing.
func healthy() *Doctor {
	now := time.Date(2026, 3, 14, 22, 0, 0, 0, time.UTC)
	right := func(resource, verb string) Access {
		return Access{Resource: resource, Verb: verb, Namespaced: true, Allowed: true}
	}
	return &Doctor{
		ObservedAt: now, Where: command.Where{Namespace: "tpe"}, Client: "v1", Server: "v1.33.0", Dated: true, User: "op",
		Credential: "the token", Expires: now.Add(48 * time.Hour),
		Needs: []Need{
			{Command: "status", Rights: []Access{right("pods", "list"), right("jobs", "list")}, Optional: []Access{right("kafkas", "list")}},
			{Command: "logs", Rights: []Access{right("pods", "list")}},
		},
		Kinds:     []Served{{Resource: "kafkas", Served: true}},
		WebSocket: Try{Command: []string{"status"}}, SPDY: Try{Command: []string{"status"}},
	}
}

func TestDoctor(t *testing.T) {
	broken := fmt.Errorf("%w: bad handshake", pum.ErrNoAnswer)
	tests := []struct {
		name   string
		change func(*Doctor)
		check  string
		want   string
		code   ExitCode
	}{
		{"well", func(*Doctor) {}, "pum", "ok: answers the command status", ExitDone},
		{"no server", func(d *Doctor) { d.ServerErr = errors.New("refused") }, "server", "unknown: refused", ExitError},
		{"a version that may not be asked for", func(d *Doctor) { d.Server, d.VersionErr = "", errForbidden }, "server", "unknown: Kubernetes' version is unknown (" + errForbidden.Error() + "), kubectl tpe v1", ExitDone},
		{"a version that nobody asked for", func(d *Doctor) { d.Server = "" }, "server", "unknown: Kubernetes' version was not asked for, kubectl tpe v1", ExitDone},
		{"and the rest is checked", func(d *Doctor) { d.Server, d.VersionErr = "", errForbidden }, "pum", "ok: answers the command status", ExitDone},
		{"not logged in", func(d *Doctor) { d.LoginBy, d.LoginErr = "the token of this context", apierrors.NewUnauthorized("no") }, "login", "failed: the API server does not accept the token of this context: log in again (no)", ExitForbidden},
		{"nobody knows who this is", func(d *Doctor) { d.User = "" }, "login", "warning: the API server does not say who this account is; Kubernetes before 1.28 cannot", ExitDone},
		{"expired", func(d *Doctor) { d.Expires = d.ObservedAt.Add(-time.Hour) }, "credentials", "failed: the token expired at 2026-03-14T21:00:00Z: log in again", ExitFailed},
		{"expires now", func(d *Doctor) { d.Expires = d.ObservedAt }, "credentials", "failed: the token expired at 2026-03-14T22:00:00Z: log in again", ExitFailed},
		{"valid for twelve hours", func(d *Doctor) { d.Expires = d.ObservedAt.Add(12 * time.Hour) }, "credentials", "ok: the token is valid until 2026-03-15T10:00:00Z", ExitDone},
		{"about to expire", func(d *Doctor) { d.Expires = d.ObservedAt.Add(time.Hour) }, "credentials", "warning: the token expires in 1h0m0s: log in again before an upgrade", ExitDone},
		{"nothing expires", func(d *Doctor) { d.Credential = "" }, "credentials", "ok: no expiry is known", ExitDone},
		{"two hours ahead", func(d *Doctor) { d.Skew = 2 * time.Hour }, "clock", "warning: this machine's clock is 2h0m0s ahead of the API server's: ages use the API server's clock, but certificates and tokens may be refused; set the clock, for example by NTP", ExitDone},
		{"two hours behind", func(d *Doctor) { d.Skew = -2 * time.Hour }, "clock", "warning: this machine's clock is 2h0m0s behind the API server's: ages use the API server's clock, but certificates and tokens may be refused; set the clock, for example by NTP", ExitDone},
		{"half a minute off", func(d *Doctor) { d.Skew = 30 * time.Second }, "clock", "warning: this machine's clock is 30s ahead of the API server's: ages use the API server's clock, but certificates and tokens may be refused; set the clock, for example by NTP", ExitDone},
		{"ten seconds off", func(d *Doctor) { d.Skew = 10 * time.Second }, "clock", "warning: this machine's clock is 10s ahead of the API server's: ages use the API server's clock, but certificates and tokens may be refused; set the clock, for example by NTP", ExitDone},
		{"a second off", func(d *Doctor) { d.Skew = time.Second }, "clock", "ok: the same as the API server's", ExitDone},
		{"no date", func(d *Doctor) { d.Dated = false }, "clock", "warning: the API server does not say what time it is: ages use this machine's clock", ExitDone},
		{"all rights", func(*Doctor) {}, "rights: status", "ok: all 3", ExitDone},
		{"all kinds", func(*Doctor) {}, "kinds", "ok: the API server has kafkas", ExitDone},
		{"a right missing", func(d *Doctor) { d.Needs[0].Rights[1].Allowed = false }, "rights: status", "failed: this account cannot list jobs", ExitForbidden},
		{"of another command", func(d *Doctor) { d.Needs[0].Rights[1].Allowed = false }, "rights: logs", "ok: all 1", ExitForbidden},
		{"a right that adds", func(d *Doctor) { d.Needs[0].Optional[0].Allowed = false }, "rights: status", "warning: this account cannot list kafkas: that stays unknown", ExitDone},
		{"rights not answered", func(d *Doctor) { d.Needs[1].Rights[0] = Access{Err: errors.New("refused")} }, "rights: logs", "unknown: refused", ExitError},
		{"a kind not served", func(d *Doctor) { d.Kinds[0].Served = false }, "kinds", "warning: the API server does not have kafkas: are the operators installed?", ExitDone},
		{"create on pods/exec alone, and SPDY works", func(d *Doctor) {
			d.Needs[1].Rights = append(d.Needs[1].Rights, Access{Resource: "pods", Subresource: "exec", Verb: "get", Namespaced: true})
			d.WebSocket = Try{Err: errForbidden}
		}, "rights: logs", "ok: all 2", ExitDone},
		{"no verb on pods/exec, and nothing works", func(d *Doctor) {
			d.Needs[1].Rights = append(d.Needs[1].Rights, Access{Resource: "pods", Subresource: "exec", Verb: "create", Namespaced: true})
			d.WebSocket, d.SPDY = Try{Err: errForbidden}, Try{Err: errForbidden}
		}, "rights: logs", "failed: this account cannot create pods/exec", ExitForbidden},
		{"WebSocket broken", func(d *Doctor) { d.WebSocket = Try{Err: broken} }, "websocket", "warning: PUM's pod can be reached only the other way: " + broken.Error(), ExitDone},
		{"SPDY broken", func(d *Doctor) { d.SPDY = Try{Err: broken} }, "spdy", "warning: PUM's pod can be reached only the other way: " + broken.Error(), ExitDone},
		{"and still the command is known", func(d *Doctor) { d.WebSocket = Try{Err: broken} }, "pum", "ok: answers the command status", ExitDone},
		{"both broken", func(d *Doctor) { d.WebSocket, d.SPDY = Try{Err: broken}, Try{Err: broken} }, "websocket", "failed: " + broken.Error(), ExitNoAnswer},
		{"no command fits", func(d *Doctor) {
			err := fmt.Errorf("%w: %w", pum.ErrNoAnswer, &pum.UnansweredError{})
			d.WebSocket, d.SPDY = Try{Err: err}, Try{Err: err}
		}, "pum", "failed: it answers none of the known commands; --pum-command names another", ExitNoAnswer},
		{"no PUM", func(d *Doctor) { d.WebSocket, d.SPDY = Try{Err: errNotFound}, Try{Err: errNotFound} }, "spdy", "unknown: " + errNotFound.Error(), ExitNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := healthy()
			tt.change(d)
			list := d.Judge("")
			c := check(t, list, tt.check)
			if got := string(c.Result) + ": " + c.Summary; got != tt.want || list.ExitCode != tt.code {
				t.Errorf("exit code %d, %s\nwant %d, %s", list.ExitCode, got, tt.code, tt.want)
			}
		})
	}
}
