// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A Rule is what a gateway does to some of the requests.
type Rule struct {
	// Of is a regular expression for what is asked, such as
	// "GET /api/v1/namespaces/x/pods?watch=true", with a space and the protocol
	// after it where one is to be upgraded to: websocket, or spdy/3.1.
	Of string `json:"of"`

	First int `json:"first,omitempty"` // so many such requests are let through before
	Times int `json:"times,omitempty"` // so many are treated then; 0: all
	Every int `json:"every,omitempty"` // of those only every so many

	Delay metav1.Duration `json:"delay,omitzero"` // before anything else is done

	// One of these, or none.
	Strip  bool   `json:"strip,omitempty"`  // it arrives without its upgrade, as through many a proxy
	Break  bool   `json:"break,omitempty"`  // the connection ends without an answer
	Status int    `json:"status,omitempty"` // the answer, instead of the API server's
	Body   string `json:"body,omitempty"`   // what it has; with an API server's text for its status if there is none

	Lose bool `json:"lose,omitempty"` // it arrives, and 502 comes in place of the API server's answer

	RetryAfter int `json:"retryAfter,omitempty"` // seconds, that the answer asks to wait

	// How far the API server's answer comes, and what comes of an upgraded
	// connection: so many bytes, or for so long. Then the connection breaks.
	Cut   *int            `json:"cut,omitempty"`
	Lasts metav1.Duration `json:"lasts,omitzero"`

	// After so long nothing of the answer comes any more, and the connection stays.
	Quiet metav1.Duration `json:"quiet,omitzero"`
}

// A book counts what was asked, and what became of it.
type book struct {
	lock  sync.Mutex
	rules []ruled
	past  []ruled // that hold no more
	asked []string
}

// ruled is a rule, and how often it was for a request.
type ruled struct {
	Rule
	of     *regexp.Regexp
	met    int // requests that it is for
	obeyed int // of these, the ones that were treated
}

func newBook(rules []Rule) (*book, error) {
	b := &book{}
	for _, r := range rules {
		of, err := regexp.Compile(r.Of)
		if err != nil {
			return nil, fmt.Errorf("a rule of a gateway: %w", err)
		}
		b.rules = append(b.rules, ruled{Rule: r, of: of})
	}
	return b, nil
}

// find notes a request, and returns the first rule that is to be obeyed.
func (b *book) find(r *http.Request) *Rule {
	what := strings.TrimSpace(r.Method + " " + r.URL.RequestURI() + " " + strings.ToLower(r.Header.Get("Upgrade")))
	b.lock.Lock()
	defer b.lock.Unlock()
	b.asked = append(b.asked, what)
	for i := range b.rules {
		rule := &b.rules[i]
		if !rule.of.MatchString(what) {
			continue
		}
		rule.met++
		nth := rule.met - rule.First
		if nth < 1 || rule.Times > 0 && nth > rule.Times || rule.Every > 1 && nth%rule.Every != 0 {
			continue
		}
		rule.obeyed++
		return &rule.Rule
	}
	return nil
}

// treat does to a request what the rule says, and reports whether that was its
// end: else it goes on to the API server.
func (r *Rule) treat(w http.ResponseWriter, request *http.Request) bool {
	select {
	case <-request.Context().Done():
		return true
	case <-time.After(r.Delay.Duration):
	}
	switch {
	case r.Break:
		panic(http.ErrAbortHandler) // so that the server breaks the connection
	case r.Status != 0:
		r.answer(w)
		return true
	case r.Strip:
		request.Header.Del("Upgrade")
		request.Header.Del("Connection")
	}
	return false
}

// answer answers in place of the API server.
func (r *Rule) answer(w http.ResponseWriter) {
	body := r.Body
	if body == "" {
		said := apierrors.NewGenericServerResponse(r.Status, "", schema.GroupResource{}, "", "the lab's gateway says so", r.RetryAfter, false).Status()
		said.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
		text, _ := json.Marshal(said) // has nothing that cannot be written
		body = string(text)
	}
	if strings.HasPrefix(body, "{") {
		w.Header().Set("Content-Type", "application/json")
	}
	if r.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(r.RetryAfter))
	}
	w.WriteHeader(r.Status)
	_, _ = io.WriteString(w, body) // who does not wait for it does not want it
}

// limit limits how far an answer comes.
func (r *Rule) limit(response *http.Response) {
	if r.Quiet.Duration > 0 {
		response.Body = &silenced{response.Body, time.Now().Add(r.Quiet.Duration), response.Request.Context()}
	}
	if r.Cut == nil && r.Lasts.Duration == 0 {
		return
	}
	body := response.Body
	l := &limited{ReadCloser: body, left: -1}
	if r.Cut != nil {
		l.left = *r.Cut
	}
	if r.Lasts.Duration > 0 {
		l.timer = time.AfterFunc(r.Lasts.Duration, func() { _ = body.Close() })
	}
	if upgraded, ok := body.(io.ReadWriteCloser); ok {
		response.Body = struct {
			*limited
			io.Writer
		}{l, upgraded}
		return
	}
	response.Body = l
}

// errCut is how a connection ends that is cut.
var errCut = errors.New("the lab's gateway cut the connection")

// limited is an answer that is cut after a number of bytes, unless that is
// negative, or when its timer closes it.
type limited struct {
	io.ReadCloser
	left  int
	timer *time.Timer
}

func (l *limited) Read(b []byte) (int, error) {
	if l.left == 0 {
		return 0, errCut
	}
	if l.left > 0 && len(b) > l.left {
		b = b[:l.left]
	}
	n, err := l.ReadCloser.Read(b)
	if l.left > 0 {
		l.left -= n
	}
	return n, err
}

func (l *limited) Close() error {
	if l.timer != nil {
		l.timer.Stop()
	}
	return l.ReadCloser.Close()
}

// silenced is an answer of which nothing comes after a time.
type silenced struct {
	io.ReadCloser
	at    time.Time
	asker context.Context // of whom nobody waits any more when it ends
}

func (s *silenced) Read(b []byte) (int, error) {
	n, err := s.ReadCloser.Read(b)
	if err == nil && time.Now().After(s.at) {
		<-s.asker.Done()
		return 0, s.asker.Err()
	}
	return n, err
}
