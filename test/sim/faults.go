// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Faults are requests that get another answer than they should. The zero value has none.
//
// A request is named by verb and resource, such as "list kafkas", or by its path, such as
// "/apis/metrics.k8s.io". "*" is every one that has no fault of its own. What becomes of it:
//
//   - "500", or "500 WORDS": an error of the API server. 429 and 503 say to try again in a second,
//     and "429/600" in 600.
//   - "hang": no answer.
//   - "drop": the connection ends without an answer.
//   - "html": the page of a load balancer.
//   - "silent": a watch that begins and says nothing.
//   - "cut 2s": a watch that ends after that time.
type Faults struct {
	lock    sync.Mutex
	faults  map[string]string
	changed chan struct{} // closed when they change
}

// Set replaces all faults. Watches that are open and have one now end.
func (f *Faults) Set(faults map[string]string) error {
	for name, what := range faults {
		word, rest, _ := strings.Cut(what, " ")
		code, _, _ := strings.Cut(word, "/")
		_, notCode := strconv.Atoi(code)
		_, notTime := time.ParseDuration(rest)
		known := word == "hang" || word == "drop" || word == "html" || word == "silent" || word == "cut" && notTime == nil
		if !known && notCode != nil {
			return fmt.Errorf("%s: there is no fault %q", name, what)
		}
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	f.faults = faults
	if f.changed != nil {
		close(f.changed)
	}
	f.changed = make(chan struct{})
	return nil
}

// of returns the fault of a request, and a channel that is closed when faults change. No Faults
// has none.
func (f *Faults) of(name string) (string, <-chan struct{}) {
	if f == nil {
		return "", nil
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	if f.changed == nil {
		f.changed = make(chan struct{})
	}
	what, ok := f.faults[name]
	if !ok {
		what = f.faults["*"]
	}
	return what, f.changed
}

// meet answers a request that has a fault. For one without it returns the request, which ends when
// it gets one.
func (f *Faults) meet(w http.ResponseWriter, r *http.Request, name string) (*http.Request, context.CancelFunc) {
	what, changed := f.of(name)
	word, rest, _ := strings.Cut(what, " ")
	switch word {
	case "":
		ctx, cancel := context.WithCancel(r.Context())
		go f.endWith(ctx, cancel, name, changed)
		return r.WithContext(ctx), cancel
	case "cut":
		d, _ := time.ParseDuration(rest) // which Set has checked
		ctx, cancel := context.WithTimeout(r.Context(), d)
		return r.WithContext(ctx), cancel
	case "drop":
		panic(http.ErrAbortHandler) // net/http ends the connection, and logs nothing
	case "html":
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><body>The service is under maintenance</body></html>"))
	case "silent":
		w.Header().Set("Content-Type", mediaJSON)
		flush(w)
		<-r.Context().Done()
	case "hang":
		<-r.Context().Done()
	default:
		failWith(w, word, rest)
	}
	return nil, nil
}

// endWith ends a request when it gets a fault.
func (f *Faults) endWith(ctx context.Context, cancel context.CancelFunc, name string, changed <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		var what string
		if what, changed = f.of(name); what != "" {
			cancel()
			return
		}
	}
}

// failWith answers with the API server's error of a code.
func failWith(w http.ResponseWriter, code, words string) {
	code, after, _ := strings.Cut(code, "/")
	number, _ := strconv.Atoi(code) // which Set has checked
	err := statusError(number)
	err.ErrStatus.Message = cmp.Or(words, err.ErrStatus.Message)
	if number == http.StatusTooManyRequests || number == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", cmp.Or(after, "1"))
	}
	fail(w, err)
}
