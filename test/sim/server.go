// SPDX-License-Identifier: Apache-2.0

// Package sim is a simulated cluster: a server on loopback that answers as a Kubernetes
// API server does, as far as the plugin and kubectl can see, filled from files and played
// along a script. It needs no root, no container and no cluster, on any system.
//
// It is a tool of tests and of the demo, and no judge: what a real API server answers is
// in the documentation of Kubernetes, and test/lab has one to compare with. There are no
// controllers: nothing happens that a case or a play does not say. It cannot be written to.
package sim

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Namespace is the one that the kubeconfig names, and to which objects belong that say no
// other.
const Namespace = "thingpark-enterprise"

// Options are what a server can be besides what it is by default.
type Options struct {
	Version          string // such as "v1.33.4", the default
	NoStreamingLists bool   // sendInitialEvents is refused, as it was before 1.32
	Serve            []Kind // kinds to serve although there is no object of them
	Exec             Exec   // runs commands; by default no container has any

	Delay time.Duration // before each answer
}

// A Server answers as an API server does, over TLS and with HTTP/2, whoever has the token
// in its kubeconfig.
type Server struct {
	Store  *Store
	Access *Access
	Faults *Faults
	Logs   *Logs

	options    Options
	listed     func(r *http.Request, kind Kind, revision int64) // may be nil; hears of each list that is answered
	token      string
	kubeconfig string
	http       *http.Server
	end        context.CancelFunc

	broken context.Context
	breaks context.CancelCauseFunc
}

// Start starts a server and writes its kubeconfig into a folder.
func Start(dir string, options Options) (*Server, error) {
	if options.Version == "" {
		options.Version = "v1.33.4"
	}
	kinds := append([]Kind{}, options.Serve...)
	for _, k := range Kinds() {
		if k.builtin {
			kinds = append(kinds, k)
		}
	}
	s := &Server{
		Store: NewStore(kinds), Access: &Access{User: "operator"}, Faults: &Faults{}, Logs: &Logs{},
		options: options, token: newToken(), kubeconfig: filepath.Join(dir, "kubeconfig"),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	certificate, authority, err := newCertificate()
	if err == nil {
		err = s.writeKubeconfig("https://"+listener.Addr().String(), authority)
	}
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	var alive context.Context
	alive, s.end = context.WithCancel(context.Background())
	s.broken, s.breaks = context.WithCancelCause(context.Background())
	s.http = &http.Server{
		Handler: s, ErrorLog: log.New(panics{s.Break}, "", 0), ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:   &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		BaseContext: func(net.Listener) context.Context { return alive },
	}
	go func() { _ = s.http.ServeTLS(listener, "", "") }()
	return s, nil
}

// A panics takes the log of an http.Server, and hears of handlers that panicked, which nothing
// else tells (net/http and golang.org/x/net/http2 write "panic serving"). All else is of clients
// that have gone.
type panics struct{ hear func(error) }

func (p panics) Write(text []byte) (int, error) {
	if bytes.Contains(text, []byte(": panic serving ")) {
		p.hear(fmt.Errorf("the simulated server panicked: %s", text))
	}
	return len(text), nil
}

// Kubeconfig returns the file with which to ask the server.
func (s *Server) Kubeconfig() string { return s.kubeconfig }

// Break notes that what is played on the server cannot go on. The first error stays.
func (s *Server) Break(err error) { s.breaks(err) }

// Broken returns a context that ends when what is played cannot go on, or the server panicked,
// with the error as its cause.
func (s *Server) Broken() context.Context { return s.broken }

// Close ends the server and all that is connected to it. It returns why what was played could not
// go on, if it could not.
func (s *Server) Close() error {
	s.end()
	return errors.Join(context.Cause(s.broken), s.http.Close())
}

// A request is what the address of one asks for.
type request struct {
	schema.GroupVersionResource
	Namespace   string
	Name        string
	Subresource string
	Verb        string
}

// parse reads an address below /api/v1 or /apis/GROUP/VERSION.
func parse(r *http.Request) (q request, ok bool) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case parts[0] == "api" && len(parts) > 2:
		q.Version, parts = parts[1], parts[2:]
	case parts[0] == "apis" && len(parts) > 3:
		q.Group, q.Version, parts = parts[1], parts[2], parts[3:]
	default:
		return q, false
	}
	if parts[0] == "namespaces" && len(parts) > 2 {
		q.Namespace, parts = parts[1], parts[2:]
	}
	parts = append(parts, "", "", "")
	q.Resource, q.Name, q.Subresource = parts[0], parts[1], parts[2]
	q.Verb = map[string]string{
		http.MethodGet: "get", http.MethodHead: "get", http.MethodPost: "create", http.MethodPut: "update",
		http.MethodPatch: "patch", http.MethodDelete: "delete",
	}[r.Method]
	switch {
	case q.Verb != "get" || q.Name != "":
	case isTrue(r.URL.Query().Get("watch")):
		q.Verb = "watch"
	default:
		q.Verb = "list"
	}
	return q, true
}

func isTrue(text string) bool { return text == "true" || text == "1" }

// ServeHTTP answers one request. The header Date is net/http's. Audit-Id is in every answer of an
// API server (k8s.io/apiserver/pkg/endpoints/filters, WithAuditInit).
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Audit-Id", rand.Text())
	select {
	case <-r.Context().Done():
		return
	case <-time.After(s.options.Delay):
	}
	if s.Access.unknown() || r.Header.Get("Authorization") != "Bearer "+s.token {
		fail(w, apierrors.NewUnauthorized("Unauthorized"))
		return
	}
	q, ok := parse(r)
	name := r.URL.Path
	if ok {
		name = q.Verb + " " + withSub(q.Resource, q.Subresource)
	}
	r, done := s.Faults.meet(w, r, name)
	if r == nil {
		return
	}
	defer done()
	switch {
	case !ok:
		s.discover(w, r)
	case q.Verb == "create" && strings.HasPrefix(q.Resource, "selfsubject"):
		s.review(w, r, q)
	default:
		s.serve(w, r, q)
	}
}

// serve answers what is asked about objects.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, q request) {
	err := s.Access.check(q)
	if q.Subresource == "exec" && s.minor() >= 35 && err == nil {
		q.Verb = "create" // asked for whatever the request is, since 1.35
		if s.Access.check(q) != nil {
			err = apierrors.NewForbidden(schema.GroupResource{Resource: q.Resource}, q.Name, errors.New("")) // without a reason
		}
	}
	if err != nil {
		fail(w, err)
		return
	}
	kind, ok := s.Store.kind(q.GroupVersionResource)
	switch {
	case !ok && s.Store.serves(q.GroupVersion()), q.Subresource != "" && q.Subresource != "exec" && q.Subresource != "log":
		fail(w, notServed())
	case !ok:
		http.Error(w, "404 page not found", http.StatusNotFound)
	case q.Resource == "pods" && q.Subresource == "exec":
		s.exec(w, r, q, kind)
	case q.Verb != "get" && q.Verb != "list" && q.Verb != "watch":
		fail(w, apierrors.NewMethodNotSupported(kind.GroupResource(), q.Verb))
	case q.Resource == "pods" && q.Subresource == "log":
		s.log(w, r, q, kind)
	case q.Verb == "watch":
		s.watch(w, r, q, kind)
	case q.Verb == "list":
		s.list(w, r, q, kind)
	default:
		s.get(w, r, q, kind)
	}
}

// notServed is the error for a resource that nobody serves in a group that is served.
func notServed() error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusNotFound, Reason: metav1.StatusReasonNotFound,
		Details: &metav1.StatusDetails{}, Message: "the server could not find the requested resource",
	}}
}

// fail answers with an error, as JSON whatever was asked for: every client reads that.
func fail(w http.ResponseWriter, err error) {
	var known apierrors.APIStatus
	if !errors.As(err, &known) {
		known = apierrors.NewInternalError(err)
	}
	status := known.Status()
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(int(status.Code))
	_ = json.NewEncoder(w).Encode(status)
}
