// SPDX-License-Identifier: Apache-2.0

package podexec

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/net/proxy"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"
)

// A command needs a connection of its own. Far away from the API server, to
// open one takes as long as to find the pod that the command is for; so both
// are done at once.

// freshness is for how long a connection that was opened early is used: an API
// server ends one on which it is asked nothing, after some thirty seconds.
const freshness = 5 * time.Second

// A preconnect is a connection to the API server that may be opened by the time
// one is needed.
type preconnect struct {
	cancel context.CancelFunc
	opened chan *openConn // receives the connection if there is one, and is closed then
}

// An openConn is an open connection, TLS and all.
type openConn struct {
	net.Conn
	at time.Time
}

// startPreconnect starts to open a connection. If that fails, or there is a proxy, there is no
// connection and no error: the ordinary connection then works, or says why not.
func startPreconnect(ctx context.Context, config *rest.Config, server *url.URL) *preconnect {
	ctx, cancel := context.WithCancel(ctx)
	a := &preconnect{cancel, make(chan *openConn, 1)}
	go func() {
		defer close(a.opened)
		if conn, err := dial(ctx, config, server); err == nil {
			a.opened <- &openConn{conn, time.Now()}
		}
	}()
	return a
}

// take returns the connection, once, or nil if none can be used.
func (a *preconnect) take(ctx context.Context) *openConn {
	if a == nil {
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case t := <-a.opened:
		if t != nil && time.Since(t.at) > freshness {
			_ = t.Close()
			return nil
		}
		return t
	}
}

// drop closes the connection unless it was taken.
func (a *preconnect) drop() {
	if a == nil {
		return
	}
	a.cancel()
	go func() {
		if t := <-a.opened; t != nil {
			_ = t.Close()
		}
	}()
}

// dial opens a connection to a server as client-go would, for HTTP/1.1.
func dial(ctx context.Context, config *rest.Config, server *url.URL) (net.Conn, error) {
	settings, err := config.TransportConfig()
	if err != nil {
		return nil, err
	}
	if err := direct(settings, server); err != nil {
		return nil, err
	}
	connect := (&net.Dialer{Timeout: 30 * time.Second}).DialContext
	if settings.DialHolder != nil {
		connect = settings.DialHolder.Dial
	}
	conn, err := connect(ctx, "tcp", address(server))
	if err != nil || server.Scheme != "https" {
		return conn, err
	}
	secrets, err := transport.TLSConfigFor(settings)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	if secrets == nil {
		secrets = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if secrets.NextProtos = []string{"http/1.1"}; secrets.ServerName == "" {
		secrets.ServerName = server.Hostname()
	}
	secure := tls.Client(conn, secrets)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

// address returns where to connect to for a URL.
func address(u *url.URL) string {
	port := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port))
}

// direct returns an error if a server is reached through a proxy.
func direct(settings *transport.Config, server *url.URL) error {
	find := settings.Proxy
	if find == nil {
		find = utilnet.NewProxierWithNoProxyCIDR(http.ProxyFromEnvironment)
	}
	if via, err := find(&http.Request{URL: server}); err != nil || via != nil {
		return errors.Join(err, errors.New("there is a proxy"))
	}
	return nil
}

// client-go's WebSockets open their connections themselves, unless their config has a proxy.
// This is the scheme of a pretended proxy, which is the connection in the request's context.
const preconnectScheme = "preconnect"

type connKey struct{}

// registerDialer makes the scheme known.
var registerDialer = sync.OnceFunc(func() {
	proxy.RegisterDialerType(preconnectScheme, func(*url.URL, proxy.Dialer) (proxy.Dialer, error) { return connDialer{}, nil })
})

// over returns the context, config and URL of a WebSocket over an open
// connection. The URL has no TLS, for the connection has.
func (t *openConn) over(ctx context.Context, config *rest.Config, u *url.URL) (context.Context, *rest.Config, *url.URL) {
	registerDialer()
	config = rest.CopyConfig(config)
	config.Proxy = func(*http.Request) (*url.URL, error) { return &url.URL{Scheme: preconnectScheme}, nil }
	plain := *u
	plain.Scheme = "http"
	return context.WithValue(ctx, connKey{}, t), config, &plain
}

type connDialer struct{}

// Dial is there because a proxy.Dialer has it.
func (d connDialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialContext returns the connection in the context.
func (connDialer) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	if t, ok := ctx.Value(connKey{}).(*openConn); ok {
		context.AfterFunc(ctx, func() { _ = t.Close() }) // nothing else ends a wait for an answer on it
		return t, nil
	}
	return nil, errors.New("there is no open connection")
}
