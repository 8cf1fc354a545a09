// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// etcd holds the cluster's objects. A lab is not worth waiting for a disk: after
// a crash of the machine it may have to be recreated.
func (m *machine) etcd() component {
	client := fmt.Sprintf("http://127.0.0.1:%d", m.settings.Ports.Etcd)
	const peer = "http://127.0.0.1:0" // etcd wants one, even when alone
	return component{"etcd", []string{
		m.programs.Kubernetes, "etcd",
		"--name=lab",
		"--data-dir=" + m.path("etcd"),
		"--unsafe-no-fsync",
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=lab=" + peer,
	}}
}

// Compact makes etcd forget every revision but the newest. A watch that wants
// to go on from an older one gets 410, unless an API server remembers it: one
// that was started since does not.
func (n *Node) Compact(ctx context.Context) error {
	var newest struct {
		Header struct {
			Revision string `json:"revision"`
		} `json:"header"`
	}
	if err := n.askEtcd(ctx, "range", `{"key": "AA=="}`, &newest); err != nil {
		return err
	}
	request := fmt.Sprintf(`{"revision": %q, "physical": true}`, newest.Header.Revision)
	return n.askEtcd(ctx, "compaction", request, &struct{}{})
}

// askEtcd sends a request of etcd's JSON gateway.
func (n *Node) askEtcd(ctx context.Context, method, request string, answer any) error {
	s, err := n.readSettings()
	if err != nil {
		return err
	}
	url := fmt.Sprintf("http://127.0.0.1:%d/v3/kv/%s", s.Ports.Etcd, method)
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(request))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(post)
	if err != nil {
		return fmt.Errorf("ask etcd: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("ask etcd: %s: %s", url, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(answer)
}
