// SPDX-License-Identifier: Apache-2.0

package podexec

import (
	"errors"
	"net/http"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/httpstream" //nolint:staticcheck // the deprecated type is that of spdy.Upgrader
	"k8s.io/client-go/transport/spdy"
)

// errNoStatus is the error of a command whose connection ended before its status came.
var errNoStatus = errors.New("the connection ended before the command's status came")

// A statusWatcher knows whether the status of a command came: by the protocols v4 and v5 there
// is one on the error stream even of a command that succeeds
// (k8s.io/cri-streaming/pkg/streaming/remotecommand, v4WriteStatusFunc). client-go takes an
// error stream that ends without any for success, and so a connection that was cut
// (k8s.io/client-go/tools/remotecommand, watchErrorStream).
type statusWatcher struct {
	spdy.Upgrader
	came atomic.Bool
}

func (w *statusWatcher) NewConnection(r *http.Response) (httpstream.Connection, error) {
	connection, err := w.Upgrader.NewConnection(r)
	if err != nil {
		return nil, err
	}
	return &watchedConnection{connection, w}, nil
}

type watchedConnection struct {
	httpstream.Connection
	watcher *statusWatcher
}

func (c *watchedConnection) CreateStream(headers http.Header) (httpstream.Stream, error) {
	stream, err := c.Connection.CreateStream(headers)
	if err != nil || headers.Get(corev1.StreamType) != corev1.StreamTypeError {
		return stream, err
	}
	return &errorStream{stream, c.watcher}, nil
}

// RemoveStreams removes the streams as the connection knows them.
func (c *watchedConnection) RemoveStreams(streams ...httpstream.Stream) {
	for i, s := range streams {
		if e, ok := s.(*errorStream); ok {
			streams[i] = e.Stream
		}
	}
	c.Connection.RemoveStreams(streams...)
}

type errorStream struct {
	httpstream.Stream
	watcher *statusWatcher
}

func (s *errorStream) Read(p []byte) (int, error) {
	n, err := s.Stream.Read(p)
	if n > 0 {
		s.watcher.came.Store(true)
	}
	return n, err
}
