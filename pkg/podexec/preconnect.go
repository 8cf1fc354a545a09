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

// freshness is for how long a connection that was opened ahead is used: an API
// server ends one on which it is asked nothing, after some thirty seconds.
const freshness = 5 * time.Second

// An ahead is a connection to the API server that may be opened by the time
// one is needed.
type ahead struct {
	cancel context.CancelFunc
	opened chan *tunnel // one, or none if there is none; then closed
}

// A tunnel is an open connection, TLS and all.
type tunnel struct {
	net.Conn
	at time.Time
}

// openAhead starts to open a connection. It comes to nothing, and nobody is
// told, if that fails or if there is a proxy on the way: whoever opens one the
// ordinary way then knows how, or says why not.
func openAhead(ctx context.Context, config *rest.Config, server *url.URL) *ahead {
	ctx, cancel := context.WithCancel(ctx)
	a := &ahead{cancel, make(chan *tunnel, 1)}
	go func() {
		defer close(a.opened)
		if conn, err := dial(ctx, config, server); err == nil {
			a.opened <- &tunnel{conn, time.Now()}
		}
	}()
	return a
}

// take returns the connection, once, or nil if there is none that can be used.
func (a *ahead) take(ctx context.Context) *tunnel {
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
func (a *ahead) drop() {
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

// direct returns an error if the way to a server leads through a proxy.
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

// client-go's WebSockets open their connections themselves, unless they are
// told of a proxy. This is the scheme of one that is none, but the connection
// in the context of the request.
const tunnelScheme = "tunnel"

type tunnelKey struct{}

// registerTunnel makes the scheme known.
var registerTunnel = sync.OnceFunc(func() {
	proxy.RegisterDialerType(tunnelScheme, func(*url.URL, proxy.Dialer) (proxy.Dialer, error) { return tunnelDialer{}, nil })
})

// through returns the context, config and URL of a WebSocket that is spoken
// through a tunnel. The URL has no TLS, for the tunnel has.
func (t *tunnel) through(ctx context.Context, config *rest.Config, u *url.URL) (context.Context, *rest.Config, *url.URL) {
	registerTunnel()
	config = rest.CopyConfig(config)
	config.Proxy = func(*http.Request) (*url.URL, error) { return &url.URL{Scheme: tunnelScheme}, nil }
	plain := *u
	plain.Scheme = "http"
	return context.WithValue(ctx, tunnelKey{}, t), config, &plain
}

type tunnelDialer struct{}

// Dial is there because a proxy.Dialer has it.
func (d tunnelDialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialContext returns the connection in the context.
func (tunnelDialer) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	if t, ok := ctx.Value(tunnelKey{}).(*tunnel); ok {
		context.AfterFunc(ctx, func() { _ = t.Close() }) // nothing else ends a wait for an answer on it
		return t, nil
	}
	return nil, errors.New("there is no connection to speak through")
}
