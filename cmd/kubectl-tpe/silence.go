// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long a command waits for an API server that says nothing.
type patience struct {
	noted time.Duration // after which a person is told who is waited for
	limit time.Duration // after which a request fails that got no first byte; 0 for never
}

// defaultPatience: the API server itself ends a request after a minute, a person gives up sooner.
var defaultPatience = patience{noted: 2 * time.Second, limit: 25 * time.Second}

// A silence is an API server, or what is before it, that says nothing: a name that does not
// resolve, a proxy or a server that takes connections and no more. By itself client-go waits for
// minutes, and says in the end that a connection was closed.
type silence struct {
	patience
	proxy  func(*http.Request) (*url.URL, error) // through which a request goes; nil for none
	plugin string                                // the program that makes the credentials, if there is one

	answered   atomic.Bool
	served     atomic.Bool             // an API server answered, whatever it said: no login page and no proxy
	broke      atomic.Bool             // a connection broke on which a request was sent
	last       atomic.Pointer[pending] // the newest request without an answer
	retryAfter sync.Map                // by path, the status of an answer with Retry-After, after which client-go tries again
}

// wrap returns a transport that gives up in time.
func (s *silence) wrap(next http.RoundTripper) http.RoundTripper { return &patient{s, next} }

// tell says once who is waited for, unless there is an answer by then.
func (s *silence) tell(say func(text string)) {
	var look func()
	look = func() {
		switch what := s.waiting(); {
		case s.answered.Load():
		case what == "": // nothing was asked yet
			time.AfterFunc(s.noted, look)
		default:
			say("waiting for " + what)
		}
	}
	time.AfterFunc(s.noted, look)
}

// auditID is a header of every answer of an API server (k8s.io/apiserver/pkg/apis/audit,
// HeaderAuditID).
const auditID = "Audit-Id"

// waiting says what is waited for, as long as nothing was ever answered.
func (s *silence) waiting() string {
	switch last := s.last.Load(); {
	case s.answered.Load():
		return ""
	case last != nil && s.broke.Load(): // the newest request may just have begun
		return "an answer from " + last.from() + ": it took a request, and the connection broke"
	case last != nil:
		return "an answer from " + last.from() + ": " + *last.stage.Load()
	case s.plugin != "":
		return "the credential plugin " + s.plugin + " of this context"
	}
	return ""
}

// reached reports whether the API server ever answered, or took a request before the connection
// broke.
func (c *cluster) reached() bool {
	return c != nil && c.silence != nil && (c.silence.served.Load() || c.silence.broke.Load())
}

// unanswered says, behind an error, what is waited for, as long as nothing was ever answered.
func (c *cluster) unanswered() string {
	if c == nil {
		return ""
	}
	if what := c.silence.waiting(); what != "" {
		return "; still waiting for " + what
	}
	return ""
}

type patient struct {
	*silence
	next http.RoundTripper
}

// A pending is a request that was not answered yet.
type pending struct {
	address string
	proxy   string // that it goes through, without who logs in there; empty for none
	stage   atomic.Pointer[string]
	sent    atomic.Bool // over a connection that was made, with TLS
}

func (p *pending) reach(words string) { p.stage.Store(&words) }

// from says who should answer.
func (p *pending) from() string {
	if p.proxy != "" {
		return p.address + " through the proxy " + p.proxy
	}
	return p.address
}

// trace notes how far the request comes: name, connection, TLS, answer.
func (p *pending) trace() *httptrace.ClientTrace {
	p.reach("no connection was made")
	return &httptrace.ClientTrace{
		DNSStart:     func(info httptrace.DNSStartInfo) { p.reach("the name " + info.Host + " was not resolved") },
		ConnectStart: func(_, address string) { p.reach("no connection to " + address + " was made") },
		ConnectDone: func(_, _ string, err error) {
			if err == nil && p.proxy != "" {
				p.reach("the proxy took the connection, and opened none to the API server")
			}
		},
		TLSHandshakeStart: func() { p.reach("it took the connection, and the TLS handshake did not end") },
		GotConn: func(httptrace.GotConnInfo) {
			p.reach("it took the connection, and did not answer the request")
			p.sent.Store(true)
		},
	}
}

// A SilentError is the error of a request that was not answered in time.
type SilentError struct {
	From  string // the address, and the proxy if there is one
	Stage string // how far the request came
	After time.Duration
	cause error
}

func (e *SilentError) Error() string {
	return fmt.Sprintf("no answer from %s within %s: %s", e.From, e.After, e.Stage)
}

// Unwrap returns what ended the request, if that was not its own limit.
func (e *SilentError) Unwrap() error { return e.cause }

// errLimit is what ends a request at its limit.
var errLimit = errors.New("no first byte in time")

// RoundTrip sends a request, and waits only so long for the first byte of its answer.
func (p *patient) RoundTrip(request *http.Request) (*http.Response, error) {
	if mayBeSilent(request.URL.Path) {
		return p.next.RoundTrip(request)
	}
	sent := time.Now()
	asked := p.ask(request)
	p.last.Store(asked)
	ctx, cancel := context.WithCancelCause(httptrace.WithClientTrace(request.Context(), asked.trace()))
	if p.limit > 0 {
		end := time.AfterFunc(p.limit, func() { cancel(errLimit) })
		defer end.Stop()
	}
	response, err := p.next.RoundTrip(request.WithContext(ctx))
	if err != nil {
		if asked.sent.Load() && ctx.Err() == nil {
			p.broke.Store(true)
		}
		switch {
		case errors.Is(context.Cause(ctx), errLimit):
			err = &SilentError{From: asked.from(), Stage: *asked.stage.Load(), After: p.limit}
		case errors.Is(request.Context().Err(), context.DeadlineExceeded):
			err = p.late(request, asked, sent, err)
		case asked.proxy != "":
			err = fmt.Errorf("through the proxy %s: %w", asked.proxy, err)
		}
		cancel(nil)
		return nil, err
	}
	p.answered.Store(true)
	if err := wrongAddress(request, response); err != nil {
		_ = response.Body.Close() // nothing more is read
		cancel(nil)
		return nil, err
	}
	p.noteRetryAfter(request, response)
	if response.Header.Get(auditID) != "" {
		p.served.Store(true)
	}
	response.Body = &endingBody{response.Body, cancel}
	return response, nil
}

// late is the error of a request that was not answered before it had to end.
func (p *patient) late(request *http.Request, asked *pending, sent time.Time, err error) error {
	if status, ok := p.retryAfter.Load(request.URL.Path); ok {
		return fmt.Errorf("%s keeps asking to try again later, with %q: %w", asked.from(), status, err)
	}
	return &SilentError{asked.from(), *asked.stage.Load(), time.Since(sent).Round(time.Second / 10), err}
}

// noteRetryAfter notes whether the answer asks to try again later.
func (p *patient) noteRetryAfter(request *http.Request, response *http.Response) {
	if response.Header.Get("Retry-After") != "" && response.StatusCode >= http.StatusTooManyRequests {
		p.retryAfter.Store(request.URL.Path, response.Status)
	} else {
		p.retryAfter.Delete(request.URL.Path)
	}
}

// ask returns a request as one that has no answer yet.
func (p *patient) ask(request *http.Request) *pending {
	asked := &pending{address: request.URL.Scheme + "://" + request.URL.Host}
	if p.proxy != nil {
		if proxy, err := p.proxy(request); err == nil && proxy != nil {
			asked.proxy = proxy.Scheme + "://" + proxy.Host
		}
	}
	return asked
}

// mayBeSilent reports whether a request may be unanswered for long: the log of a container
// that prints nothing has no first byte, and a command has a time limit of its own.
func mayBeSilent(path string) bool {
	return strings.HasSuffix(path, "/log") || strings.HasSuffix(path, "/exec")
}

// WrappedRoundTripper lets client-go find the transport below.
func (p *patient) WrappedRoundTripper() http.RoundTripper { return p.next }

// An endingBody ends the context of its request with itself.
type endingBody struct {
	io.ReadCloser
	end context.CancelCauseFunc
}

func (b *endingBody) Close() error {
	defer b.end(nil)
	return b.ReadCloser.Close()
}
