// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/podexec"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
)

// A Doctor is all that was observed of this account and this machine.
type Doctor struct {
	ObservedAt    time.Time
	command.Where        // where commands to copy ask
	Client        string // version of the plugin

	Server     string        // version of the API server
	ServerErr  error         // why it did not answer
	VersionErr error         // why its version is unknown, though it answered
	Skew       time.Duration // of this machine's clock, ahead of the API server's
	Dated      bool          // whether the API server said what time it is

	User       string // as the API server knows this account; empty if it does not tell
	LoginBy    string // what this account logs in with
	LoginErr   error  // why that is not accepted; nil if it is
	Credential string // what expires, or nothing that is known
	Expires    time.Time

	Needs []Need
	Kinds []Served

	WebSocket Try
	SPDY      Try
}

// A Need is what a command asks for.
type Need struct {
	Command  string
	Rights   []Access // without which it cannot answer
	Optional []Access // without which it knows less
}

// Served is a kind, and whether the API server has it.
type Served struct {
	Resource string
	Served   bool
	Err      error
}

// A Try is a way to PUM's pod that was tried with a command that only reads.
type Try struct {
	Command []string // that PUM answered; nil if none
	Err     error
}

// skewNoted is by how much the clocks may differ: ages are by the API server's, but a
// certificate or a token is valid by each one's own.
const skewNoted = 10 * time.Second

// expiresSoon is how long a credential should be valid: an upgrade takes hours.
const expiresSoon = 12 * time.Hour

// Judge returns whether each command can be used, check by check. Without an API
// server that accepts the login there is nothing else to check.
func (d *Doctor) Judge(failOn Level) Checklist {
	server, login, credentials := d.server().named("server"), d.login().named("login"), d.credential().named("credentials")
	switch {
	case d.ServerErr != nil:
		return conclude([]Check{unknown(d.ServerErr, d.Everywhere().Kubectl("cluster-info")).named("server"), credentials}, failOn)
	case d.LoginErr != nil:
		return conclude([]Check{server, login, credentials}, failOn)
	}
	checks := []Check{server, login, credentials, d.clock().named("clock")}
	for _, n := range d.Needs {
		checks = append(checks, d.rights(n).named("rights: "+n.Command))
	}
	checks = append(checks, d.kinds().named("kinds"), d.way(d.WebSocket, d.SPDY).named("websocket"), d.way(d.SPDY, d.WebSocket).named("spdy"), d.command().named("pum"))
	return conclude(checks, failOn)
}

// server says which versions meet. That of Kubernetes may be kept from this account, or be
// none in a build of somebody's own: that is no failure of the account.
func (d *Doctor) server() Check {
	switch {
	case d.Server == "" && d.VersionErr == nil:
		return Check{Result: CheckUnknown, Summary: "Kubernetes' version was not asked for, kubectl tpe " + d.Client}
	case d.VersionErr != nil:
		return Check{
			Result: CheckUnknown, code: ExitWarnings,
			Summary: fmt.Sprintf("Kubernetes' version is unknown (%v), kubectl tpe %s", d.VersionErr, d.Client),
		}
	}
	return ok(fmt.Sprintf("Kubernetes %s, kubectl tpe %s", d.Server, d.Client))
}

func (d *Doctor) login() Check {
	if d.LoginErr != nil {
		c := fail(fmt.Sprintf("the API server does not accept %s: log in again (%v)", d.LoginBy, d.LoginErr))
		c.code = ExitForbidden
		return c
	}
	if d.User == "" {
		return warn("the API server does not say who this account is; Kubernetes before 1.28 cannot")
	}
	return ok("as " + d.User)
}

func (d *Doctor) credential() Check {
	left := d.Expires.Sub(d.ObservedAt).Round(time.Minute)
	switch {
	case d.Credential == "":
		return ok("no expiry is known")
	case left <= 0:
		return fail(fmt.Sprintf("%s expired at %s: log in again", d.Credential, d.Expires.UTC().Format(time.RFC3339)))
	case left < expiresSoon:
		return warn(fmt.Sprintf("%s expires in %s: log in again before an upgrade", d.Credential, left))
	}
	return ok(fmt.Sprintf("%s is valid until %s", d.Credential, d.Expires.UTC().Format(time.RFC3339)))
}

func (d *Doctor) clock() Check {
	skew, word := d.Skew.Round(time.Second), "ahead of"
	if skew < 0 {
		skew, word = -skew, "behind"
	}
	text := fmt.Sprintf("this machine's clock is %s %s the API server's", skew, word)
	switch {
	case !d.Dated:
		return warn("the API server does not say what time it is: ages use this machine's clock")
	case skew >= skewNoted:
		return warn(text + ": ages use the API server's clock, but certificates and tokens may be refused; set the clock, for example by NTP")
	}
	return ok("the same as the API server's")
}

// rights checks what a command asks for.
func (d *Doctor) rights(n Need) Check {
	lacking, err := missing(d.needed(n.Rights))
	less, _ := missing(n.Optional)
	role := d.TPE("doctor --role")
	switch {
	case len(lacking) > 0:
		c := fail("this account cannot "+strings.Join(lacking, ", "), role)
		c.code = ExitForbidden
		return c
	case err != nil:
		return unknown(err)
	case len(less) > 0:
		return warn("this account cannot "+strings.Join(less, ", ")+": that stays unknown", role)
	}
	return ok(fmt.Sprintf("all %d", len(n.Rights)+len(n.Optional)))
}

// needed returns the rights without which a command cannot answer. Of the verbs on pods/exec
// that are those that the API server asks for: where PUM answered, it wants no other.
func (d *Doctor) needed(rights []Access) []Access {
	if d.WebSocket.Command == nil && d.SPDY.Command == nil {
		return rights
	}
	return slices.DeleteFunc(slices.Clone(rights), func(a Access) bool { return a.Resource == "pods" && a.Subresource == "exec" })
}

// kinds checks which of the operators' kinds are there.
func (d *Doctor) kinds() Check {
	var served, absent []string
	for _, k := range d.Kinds {
		switch {
		case k.Err != nil:
			return unknown(k.Err)
		case k.Served:
			served = append(served, k.Resource)
		default:
			absent = append(absent, k.Resource)
		}
	}
	if len(absent) > 0 {
		return warn("the API server does not have "+strings.Join(absent, ", ")+": are the operators installed?", d.Everywhere().Kubectl("get crds"))
	}
	return ok("the API server has " + strings.Join(served, ", "))
}

// way checks one way to PUM's pod. One of the two is enough.
func (d *Doctor) way(t, other Try) Check {
	switch {
	case t.Err == nil:
		return ok("PUM's pod can be reached")
	case other.Err == nil:
		return warn("PUM's pod can be reached only the other way: " + t.Err.Error())
	}
	c := unknown(t.Err, d.TPE("pum status"))
	if c.code == ExitNoAnswer {
		c.Result = CheckFailed
	}
	return c
}

// command checks which spelling of PUM's command works.
func (d *Doctor) command() Check {
	for _, t := range []Try{d.WebSocket, d.SPDY} {
		if t.Command != nil {
			return ok("answers the command " + strings.Join(t.Command, " "))
		}
	}
	lost := (*podexec.LostError)(nil)
	if none := (*pum.UnansweredError)(nil); errors.As(d.WebSocket.Err, &none) && !errors.As(d.WebSocket.Err, &lost) {
		c := fail("it answers none of the known commands; --pum-command names another")
		c.code = ExitNoAnswer
		return c
	}
	c := unknown(errors.New("it was not asked"))
	c.code = ExitDone // why is said above
	return c
}
