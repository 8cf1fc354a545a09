// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"io"
	"net"
	"testing"
	"time"
)

// An echo server answers with what it is sent.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c) }()
		}
	}()
	return listener.Addr().String()
}

func dial(t *testing.T, p *Proxy) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// say sends a word and returns how long the answer took.
func say(c net.Conn) (time.Duration, error) {
	start := time.Now()
	if _, err := c.Write([]byte("word")); err != nil {
		return 0, err
	}
	_, err := io.ReadFull(c, make([]byte, 4))
	return time.Since(start), err
}

func TestProxy(t *testing.T) {
	p, err := New(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	first := dial(t, p)
	if _, err := say(first); err != nil {
		t.Fatalf("through a new proxy: %v", err)
	}
	if err := p.Cut(); err != nil {
		t.Fatal(err)
	}
	if _, err := say(first); err == nil {
		t.Error("a connection lived on after Cut")
	}
	second := dial(t, p)
	if _, err := say(second); err != nil {
		t.Errorf("after Cut: %v", err)
	}
	if err := p.Delay(30 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if took, err := say(dial(t, p)); err != nil || took < 60*time.Millisecond {
		t.Errorf("with a delay of 30 ms each way an answer took %s, error %v", took, err)
	}
	p.Close()
	if err := p.Cut(); err != nil {
		t.Fatal(err)
	}
	if c, err := net.Dial("tcp", p.Address()); err == nil {
		_ = c.Close()
		t.Error("a closed proxy took a connection")
	}
}
