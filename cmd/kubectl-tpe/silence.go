// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"
)

// A silence is an API server, or a proxy before it, that takes connections and says
// nothing. By itself client-go waits for minutes, and says in the end that a connection was
// closed.
type silence struct {
	say   func(text string) // tells a person who is waited for; nil if there is none
	noted time.Duration     // after which that is said, once, if nothing was ever answered
	limit time.Duration     // after which a request fails that got no first byte; 0 for never

	answered, said atomic.Bool
}

// wrap returns a transport that gives up in time.
func (s *silence) wrap(next http.RoundTripper) http.RoundTripper { return &patient{s, next} }

type patient struct {
	*silence
	next http.RoundTripper
}

// A SilentError is the error of a request that was not answered in time.
type SilentError struct {
	Address string
	Stage   string
	Limit   time.Duration
}

func (e *SilentError) Error() string {
	return fmt.Sprintf("no answer from %s within %s: %s", e.Address, e.Limit, e.Stage)
}

// RoundTrip sends a request, and waits only so long for the first byte of its answer.
func (p *patient) RoundTrip(request *http.Request) (*http.Response, error) {
	if mayBeSilent(request.URL.Path) {
		return p.next.RoundTrip(request)
	}
	var stage atomic.Pointer[string]
	reach := func(words string) { stage.Store(&words) }
	reach("no connection was made")
	ctx, cancel := context.WithCancelCause(httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				reach("it took the connection and said nothing more")
			}
		},
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err == nil {
				reach("it took the connection, and did not answer the request")
			}
		},
		GotConn: func(httptrace.GotConnInfo) { reach("it did not answer the request") },
	}))
	address := request.URL.Scheme + "://" + request.URL.Host
	if p.say != nil && !p.answered.Load() {
		note := time.AfterFunc(p.noted, func() {
			if !p.answered.Load() && p.said.CompareAndSwap(false, true) {
				p.say("waiting for an answer from " + address)
			}
		})
		defer note.Stop()
	}
	if p.limit > 0 {
		end := time.AfterFunc(p.limit, func() { cancel(&SilentError{address, *stage.Load(), p.limit}) })
		defer end.Stop()
	}
	response, err := p.next.RoundTrip(request.WithContext(ctx))
	if err != nil {
		if silent := (*SilentError)(nil); errors.As(context.Cause(ctx), &silent) {
			err = silent
		}
		cancel(nil)
		return nil, err
	}
	p.answered.Store(true)
	response.Body = &endingBody{response.Body, cancel}
	return response, nil
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
