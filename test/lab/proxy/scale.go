// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"fmt"
	"io"
	"net"
	"sync/atomic"
)

// A Scale passes connections on to an API server, and weighs what goes over them.
type Scale struct {
	listener net.Listener
	server   string
	bytes    atomic.Int64
}

// Weigh returns a scale before the server of a kubeconfig's current context, and
// writes a kubeconfig that leads over it.
func Weigh(kubeconfig, through string) (*Scale, error) {
	s := &Scale{}
	err := redirect(kubeconfig, through, func(server string) (_ string, err error) {
		s.server = server
		if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return "", fmt.Errorf("weigh: %w", err)
		}
		go s.serve()
		return s.listener.Addr().String(), nil
	})
	return s, err
}

// Bytes returns how many went over it so far, both ways.
func (s *Scale) Bytes() int64 { return s.bytes.Load() }

// Close takes no new connections.
func (s *Scale) Close() error { return s.listener.Close() }

func (s *Scale) serve() {
	for {
		client, err := s.listener.Accept()
		if err != nil {
			return
		}
		go s.pass(client)
	}
}

// pass passes one connection on, until either side ends it.
func (s *Scale) pass(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", s.server)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	ended := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			_, _ = io.Copy(io.MultiWriter(s, way[0]), way[1]) // however it ends
			ended <- struct{}{}
		}()
	}
	<-ended
}

// Write weighs what is passed on.
func (s *Scale) Write(b []byte) (int, error) {
	s.bytes.Add(int64(len(b)))
	return len(b), nil
}
