// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"fmt"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// Clients are the clients for the API server. See [NewClients].
type Clients struct {
	Kube    *Client           // built-in kinds
	Dynamic dynamic.Interface // custom resources
}

// NewClients returns clients that share their connections, ask for protobuf where it
// is served, and do not limit their requests, which are few. The config is not
// changed. Only cmd calls it, once for a command.
func NewClients(config *rest.Config) (Clients, error) {
	clients, err := newClients(rest.CopyConfig(config))
	if err != nil {
		return Clients{}, fmt.Errorf("create a client for %s: %w", config.Host, err)
	}
	return clients, nil
}

// newClients changes the config.
func newClients(config *rest.Config) (Clients, error) {
	config.QPS, config.RateLimiter = -1, nil
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return Clients{}, err
	}
	custom, err := dynamic.NewForConfigAndClient(config, httpClient)
	if err != nil {
		return Clients{}, err
	}
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	builtIn, err := newClient(config, httpClient)
	return Clients{builtIn, custom}, err
}
