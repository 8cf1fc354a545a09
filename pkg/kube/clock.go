// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"net/http"
	"sync"
	"time"
)

// A Clock tells the API server's time, by which the objects of a cluster are dated. It
// learns it from the header Date of all answers that pass its [Clock.Wrap]. Before the first,
// and as long as nothing contradicts it, this machine's time is right.
//
// An answer was dated between its question and its arrival, and the header has whole
// seconds: each answer says in which range the difference is, and all together how small
// that is. If two contradict each other, a clock was set meanwhile; then the later counts.
//
// The zero value is ready for use. All methods may be called at the same time, and on nil.
type Clock struct {
	lock        sync.Mutex
	known       bool
	least, most time.Duration // by which the API server's clock is ahead of this machine's
}

// Now returns the API server's time.
func (c *Clock) Now() time.Time { return c.At(time.Now()) }

// At returns the API server's time at a time of this machine. As that comes from
// [time.Now], the order of two times stays what it was if both are turned at once.
func (c *Clock) At(local time.Time) time.Time { return local.Add(c.Ahead()) }

// Ahead returns by how much the API server's clock is ahead of this machine's: nothing, as
// far as that can be, else the middle of what can.
func (c *Clock) Ahead() time.Duration {
	if c == nil {
		return 0
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	if !c.known || c.least <= 0 && c.most >= 0 {
		return 0
	}
	return c.least + (c.most-c.least)/2
}

// Wrap returns a transport from whose answers the clock learns. It is a
// transport.WrapperFunc of client-go; see rest.Config.Wrap.
func (c *Clock) Wrap(next http.RoundTripper) http.RoundTripper { return &datedTransport{next, c} }

// learn takes in that the API server said what time it is, between two times of this machine.
func (c *Clock) learn(date, sent, received time.Time) {
	if c == nil {
		return
	}
	const whole = time.Second // what the header leaves out
	least, most := date.Sub(received.Round(0)), date.Add(whole).Sub(sent.Round(0))
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.known && least <= c.most && most >= c.least {
		least, most = max(least, c.least), min(most, c.most)
	}
	c.known, c.least, c.most = true, least, most
}

// A datedTransport tells a clock what the answers say.
type datedTransport struct {
	next  http.RoundTripper
	clock *Clock
}

// RoundTrip asks, and notes the date of the answer.
func (t *datedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	sent := time.Now()
	response, err := t.next.RoundTrip(request)
	if err != nil {
		return response, err
	}
	if response.StatusCode == http.StatusSwitchingProtocols {
		return response, nil // the answer to a command, which comes from a node as it is, by the node's clock
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		t.clock.learn(date, sent, time.Now())
	}
	return response, nil
}

// WrappedRoundTripper returns what asks: client-go looks there for more than RoundTrip.
func (t *datedTransport) WrappedRoundTripper() http.RoundTripper { return t.next }
