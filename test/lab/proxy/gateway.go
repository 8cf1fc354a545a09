// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Faults are what a gateway does to HTTP on its way.
type Faults struct {
	Kubernetes  string        // the version that the API server says it is, such as 1.26
	Clock       time.Duration // added to the time that the API server says it is, and to all times in what it says
	NoWebSocket bool          // requests for WebSocket arrive without their upgrade, as through many a proxy
	Rules       []Rule        // of which the first that is for a request is obeyed
	Lists       bool          // see [Gate.Readings]; where one may come from a cache, that never hears of a change
}

// A Gate is an HTTP proxy to an API server, which speaks for the user of a
// kubeconfig: whoever comes through it is that user.
type Gate struct {
	faults   Faults
	book     *book
	listings listings
	server   *httptest.Server
}

// Gateway starts a gate to the server of a kubeconfig, and writes a kubeconfig that
// leads through it.
func Gateway(kubeconfig, through string, faults Faults) (*Gate, error) {
	if faults.NoWebSocket {
		faults.Rules = append(faults.Rules, Rule{Of: " websocket$", Strip: true})
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("start a gateway: %w", err)
	}
	config.NextProtos = []string{"http/1.1"} // HTTP/2 has no upgrades
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, fmt.Errorf("start a gateway: %w", err)
	}
	target, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, fmt.Errorf("start a gateway: %w", err)
	}
	book, err := newBook(faults.Rules)
	if err != nil {
		return nil, err
	}
	g := &Gate{faults: faults, book: book}
	g.server = httptest.NewUnstartedServer(g.handler(&httputil.ReverseProxy{
		Transport:      transport,
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: g.change,
		ErrorLog:       log.New(io.Discard, "", 0),
	}))
	g.server.EnableHTTP2 = true
	g.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	g.server.StartTLS()
	return g, g.writeKubeconfig(kubeconfig, through)
}

// Close ends the gate and its connections.
func (g *Gate) Close() {
	g.server.CloseClientConnections()
	g.server.Close()
}

// Asked returns how many requests of this form came, see [Rule].
func (g *Gate) Asked(of *regexp.Regexp) int {
	g.book.lock.Lock()
	defer g.book.lock.Unlock()
	n := 0
	for _, what := range g.book.asked {
		if of.MatchString(what) {
			n++
		}
	}
	return n
}

// Rule puts these rules in the place of those before.
func (g *Gate) Rule(rules []Rule) error {
	next, err := newBook(rules)
	if err != nil {
		return err
	}
	g.book.lock.Lock()
	defer g.book.lock.Unlock()
	g.book.rules, g.book.past = next.rules, append(g.book.past, g.book.rules...)
	return nil
}

// Obeyed returns how many requests were treated by rules with this expression.
func (g *Gate) Obeyed(of string) int {
	g.book.lock.Lock()
	defer g.book.lock.Unlock()
	n := 0
	for _, r := range append(slices.Clone(g.book.past), g.book.rules...) {
		if r.Of == of {
			n += r.obeyed
		}
	}
	return n
}

// Idle returns the rules that no request was treated by: what they break was not
// broken.
func (g *Gate) Idle() []string {
	g.book.lock.Lock()
	defer g.book.lock.Unlock()
	var idle []string
	for _, r := range append(slices.Clone(g.book.past), g.book.rules...) {
		if r.obeyed == 0 {
			idle = append(idle, r.Of)
		}
	}
	return idle
}

// obeying is the key of the rule of a request.
type obeying struct{}

// handler treats requests as the rules say, and hands on what is left.
func (g *Gate) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rule := g.book.find(r)
		if rule != nil && rule.treat(w, r) {
			return
		}
		if g.faults.Lists && g.listings.old(w, r) {
			return
		}
		r.Header.Del("Authorization") // the gate has its own
		reads := g.faults.Clock != 0 || g.faults.Lists
		if reads && r.Header.Get("Upgrade") == "" {
			r.Header.Set("Accept", "application/json") // in which times and items are found
		}
		if g.faults.Kubernetes != "" || reads {
			r.Header.Del("Accept-Encoding")
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), obeying{}, rule)))
	})
}

// change changes what the API server answers.
func (g *Gate) change(response *http.Response) error {
	if g.faults.Lists {
		if err := g.listings.keep(response); err != nil {
			return err
		}
	}
	if rule, _ := response.Request.Context().Value(obeying{}).(*Rule); rule != nil {
		if rule.Lose {
			time.Sleep(time.Second) // the API server does meanwhile what it was asked
			return errCut
		}
		rule.limit(response)
	}
	if g.faults.Clock != 0 && response.StatusCode != http.StatusSwitchingProtocols {
		response.Header.Set("Date", time.Now().Add(g.faults.Clock).UTC().Format(http.TimeFormat))
		response.Body = newShifted(response.Body, g.faults.Clock)
	}
	if g.faults.Kubernetes == "" || response.Request.URL.Path != "/version" {
		return nil
	}
	major, minor, _ := strings.Cut(g.faults.Kubernetes, ".")
	text, err := json.Marshal(map[string]string{"major": major, "minor": minor, "gitVersion": "v" + g.faults.Kubernetes + ".0"})
	if err != nil {
		return err
	}
	_ = response.Body.Close() // nothing of it is wanted
	response.Body = io.NopCloser(bytes.NewReader(text))
	response.ContentLength = int64(len(text))
	response.Header.Set("Content-Length", fmt.Sprint(len(text)))
	return nil
}

// writeKubeconfig writes a kubeconfig as another, but that its current context leads to the gate.
func (g *Gate) writeKubeconfig(from, file string) error {
	config, err := clientcmd.LoadFromFile(from)
	if err != nil {
		return fmt.Errorf("start a gateway: %w", err)
	}
	config.Clusters["gate"] = &clientcmdapi.Cluster{
		Server:                   g.server.URL,
		CertificateAuthorityData: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: g.server.Certificate().Raw}),
	}
	config.AuthInfos["gate"] = &clientcmdapi.AuthInfo{Token: "anything"} // else kubectl asks for a name
	config.Contexts[config.CurrentContext] = &clientcmdapi.Context{Cluster: "gate", AuthInfo: "gate"}
	return clientcmd.WriteToFile(*config, file)
}

// plain returns a kubeconfig for a server that asks nobody who he is.
func plain(server string) clientcmdapi.Config {
	return clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{"lab": {Server: server}},
		Contexts:       map[string]*clientcmdapi.Context{"lab": {Cluster: "lab"}},
		CurrentContext: "lab",
	}
}
