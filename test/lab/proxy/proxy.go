// SPDX-License-Identifier: Apache-2.0

// Package proxy makes the way to the API server break, crawl and end, as it
// does between an operator and a cluster.
package proxy

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"k8s.io/client-go/tools/clientcmd"
)

// A Proxy passes connections on to one address. It may be told what to do by
// several at a time.
type Proxy struct {
	tcp *toxiproxy.Proxy

	lock sync.Mutex // of what follows
	open bool
}

// New returns a proxy on loopback that passes connections on to an address, and
// passes everything until it is told otherwise.
func New(upstream string) (*Proxy, error) {
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := toxiproxy.NewProxy(server, "lab", "127.0.0.1:0", upstream)
	if err := p.Start(); err != nil {
		return nil, fmt.Errorf("start a proxy to %s: %w", upstream, err)
	}
	return &Proxy{tcp: p, open: true}, nil
}

// ToServer returns a proxy to the server of a kubeconfig's current context, and
// writes a kubeconfig that leads through it.
func ToServer(kubeconfig, through string) (p *Proxy, err error) {
	err = redirect(kubeconfig, through, func(server string) (string, error) {
		if p, err = New(server); err != nil {
			return "", err
		}
		return p.Address(), nil
	})
	return p, err
}

// redirect writes a kubeconfig as another, but that its current context leads to
// where start listens on behalf of the server.
func redirect(kubeconfig, through string, start func(server string) (address string, err error)) error {
	config, err := clientcmd.LoadFromFile(kubeconfig)
	if err != nil {
		return fmt.Errorf("start a proxy: %w", err)
	}
	cluster := config.Clusters[config.Contexts[config.CurrentContext].Cluster]
	server, err := url.Parse(cluster.Server)
	if err != nil {
		return fmt.Errorf("start a proxy: %s: %w", kubeconfig, err)
	}
	if server.Host, err = start(server.Host); err != nil {
		return err
	}
	cluster.Server = server.String()
	return clientcmd.WriteToFile(*config, through)
}

// Address is where the proxy listens.
func (p *Proxy) Address() string { return p.tcp.Listen }

// Close ends every connection; new ones are refused from here on.
func (p *Proxy) Close() {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.tcp.Stop()
	p.open = false
}

// Open takes connections again after Close.
func (p *Proxy) Open() error {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.open = true
	return p.tcp.Start()
}

// Cut ends every connection; new ones are taken if they were before.
func (p *Proxy) Cut() error {
	p.lock.Lock()
	defer p.lock.Unlock()
	if !p.open {
		return nil
	}
	p.tcp.Stop()
	// Whoever asks for a port where nobody listens may get it as his own, and
	// keep it for a moment.
	err := p.tcp.Start()
	for tries := 0; err != nil && tries < 100; tries++ {
		time.Sleep(50 * time.Millisecond)
		err = p.tcp.Start()
	}
	return err
}

// CutEvery cuts again and again until the context ends. It returns how often.
func (p *Proxy) CutEvery(ctx context.Context, pause time.Duration) (int, error) {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for cuts := 0; ; cuts++ {
		select {
		case <-ctx.Done():
			return cuts, nil
		case <-ticker.C:
		}
		if err := p.Cut(); err != nil {
			return cuts, err
		}
	}
}

// Delay holds back everything by so much, each way.
func (p *Proxy) Delay(each time.Duration) error {
	for _, stream := range []string{"upstream", "downstream"} {
		toxic := fmt.Sprintf(`{"name": %q, "type": "latency", "stream": %[1]q, "attributes": {"latency": %d}}`, stream, each.Milliseconds())
		if _, err := p.tcp.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			return fmt.Errorf("delay connections by %s: %w", each, err)
		}
	}
	return nil
}

// Stall holds back everything from then on, as a machine does that has lost its power:
// the connections stay, and nothing comes.
func (p *Proxy) Stall() error {
	for _, stream := range []string{"upstream", "downstream"} {
		toxic := fmt.Sprintf(`{"name": "stall-%s", "type": "timeout", "stream": %[1]q, "attributes": {"timeout": 0}}`, stream)
		if _, err := p.tcp.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			return fmt.Errorf("stall connections: %w", err)
		}
	}
	return nil
}
