// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Lines is a proxy to an API server that ends each log after a number of
// lines: by turns as if the log ended there, and as a connection breaks, in
// the middle of the next line.
type Lines struct {
	server *http.Server
	cuts   atomic.Int64
}

// LinesToServer returns a proxy to the server of a kubeconfig's current
// context, and writes a kubeconfig that leads through it.
func LinesToServer(kubeconfig, through string, lines int) (*Lines, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, err
	}
	upstream, err := url.Parse(config.Host)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &Lines{}
	l.server = &http.Server{Handler: &httputil.ReverseProxy{
		Transport:     transport,
		FlushInterval: -1,
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(upstream) },
		ModifyResponse: func(r *http.Response) error {
			if strings.HasSuffix(r.Request.URL.Path, "/log") {
				r.Body = &cut{ReadCloser: r.Body, left: lines, cuts: &l.cuts}
			}
			return nil
		},
	}}
	go func() { _ = l.server.Serve(listener) }()
	return l, clientcmd.WriteToFile(plain("http://"+listener.Addr().String()), through)
}

// Close ends the proxy.
func (l *Lines) Close() error { return l.server.Close() }

// Cuts returns how many logs were cut.
func (l *Lines) Cuts() int { return int(l.cuts.Load()) }

// A cut is a log that ends after a number of lines.
type cut struct {
	io.ReadCloser
	left int
	cuts *atomic.Int64
	end  error
}

func (c *cut) Read(b []byte) (int, error) {
	if c.end != nil {
		return 0, c.end
	}
	n, err := c.ReadCloser.Read(b)
	for i := 0; i < n; {
		end := bytes.IndexByte(b[i:n], '\n')
		if end < 0 {
			break
		}
		if i, c.left = i+end+1, c.left-1; c.left > 0 {
			continue
		}
		c.end = io.EOF
		if c.cuts.Add(1)%2 == 0 {
			c.end = io.ErrUnexpectedEOF
			i = min(n, i+40) // behind the stamp of the next line
		}
		return i, nil
	}
	return n, err
}
