// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
)

// pum runs status in the first of PUM's pods, and calls found when it knows which that is. The
// connection for it is opened meanwhile, as each way to the API server may be long.
func (c *cluster) pum(ctx context.Context, found func()) error {
	var pods corev1.PodList
	var conn *tls.Conn
	tasks, finding := errgroup.WithContext(ctx)
	tasks.Go(func() error {
		return c.apps.Get().Namespace(c.namespace).Resource("deployments").Name("pum").Do(finding).Into(&appsv1.Deployment{})
	})
	tasks.Go(func() error {
		return c.core.Get().Namespace(c.namespace).Resource("pods").Param("labelSelector", "app.kubernetes.io/name=pum").Do(finding).Into(&pods)
	})
	opening := make(chan error, 1)
	go func() {
		var err error
		conn, err = c.open(ctx)
		opening <- err
	}()
	err := tasks.Wait()
	found()
	if err == nil {
		err = <-opening
	}
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if len(pods.Items) == 0 {
		return fmt.Errorf("there is no pod of PUM in %s", c.namespace)
	}
	u := c.core.Get().Namespace(c.namespace).Resource("pods").Name(pods.Items[0].Name).SubResource("exec").
		Param("command", "status").Param("stdout", "true").Param("stderr", "true").URL()
	return drain(ctx, conn, u)
}

// open opens a connection for HTTP/1.1, which WebSockets need.
func (c *cluster) open(ctx context.Context) (*tls.Conn, error) {
	secrets, err := rest.TLSConfigFor(c.config)
	if err != nil {
		return nil, err
	}
	secrets.NextProtos = []string{"http/1.1"}
	dialer := &tls.Dialer{Config: secrets}
	conn, err := dialer.DialContext(ctx, "tcp", c.core.Get().URL().Host)
	if err != nil {
		return nil, err
	}
	return conn.(*tls.Conn), nil
}

// drain reads what a command prints until its status comes
// (k8s.io/apimachinery/pkg/util/remotecommand: the first byte of a message is its channel).
func drain(ctx context.Context, conn net.Conn, u *url.URL) error {
	const status = 3
	dialer := websocket.Dialer{
		Subprotocols:      []string{"v5.channel.k8s.io"},
		NetDialTLSContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil },
	}
	u.Scheme = "wss"
	socket, answer, err := dialer.DialContext(ctx, u.String(), nil)
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	for {
		_, message, err := socket.ReadMessage()
		if err != nil {
			return err
		}
		if len(message) == 0 || message[0] != status {
			continue
		}
		if end := string(message[1:]); !strings.Contains(end, `"Success"`) {
			return fmt.Errorf("status ended with %s", end)
		}
		return nil
	}
}
