// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/test/wine"
)

// Whatever numbers the system has: writing to a pipe that nobody reads, and reading from a
// connection that the other side broke.
func TestErrorsOfTheSystem(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	defer w.Close()
	_, err = w.WriteString("x")
	if !readerGone(err) {
		t.Errorf("a closed pipe: %v", err)
	}
	if err := written(verdict.ExitDone, err); err != nil {
		t.Errorf("a reader that has gone makes %v", err)
	}
	if readerGone(io.EOF) || connectionReset(io.EOF) {
		t.Error("the end of a file counts as a failed connection")
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close() //nolint:errcheck
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.(*net.TCPConn).SetLinger(0); err != nil { // so that Close resets
		t.Fatal(err)
	}
	_ = server.Close()
	_, err = client.Read(make([]byte, 1))
	if wine.Here() && errors.Is(err, io.EOF) { // it ends a connection before it resets it
		return
	}
	if !connectionReset(err) || !brokeOff(err) {
		t.Errorf("a connection that was reset: %v", err)
	}
}
