// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Faults are what a gateway does to HTTP on its way.
type Faults struct {
	Kubernetes  string        // the version that the API server says it is, such as 1.26
	Clock       time.Duration // added to the time that the API server says it is
	NoWebSocket bool          // requests for WebSocket arrive without their upgrade, as through many a proxy
}

// Gateway starts an HTTP proxy to the server of a kubeconfig, which speaks for the
// kubeconfig's user, and writes a kubeconfig that leads through it. It ends with close.
func Gateway(kubeconfig, through string, faults Faults) (close func() error, err error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("start a gateway: %w", err)
	}
	config.NextProtos = []string{"http/1.1"} // HTTP/2 has no upgrades
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, fmt.Errorf("start a gateway: %w", err)
	}
	target, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, fmt.Errorf("start a gateway: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a gateway: %w", err)
	}
	server := &http.Server{Handler: &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			if faults.NoWebSocket && strings.EqualFold(r.In.Header.Get("Upgrade"), "websocket") {
				r.Out.Header.Del("Upgrade")
				r.Out.Header.Del("Connection")
			}
			if faults.Kubernetes != "" && r.In.URL.Path == "/version" {
				r.Out.Header.Del("Accept-Encoding")
			}
		},
		ModifyResponse: faults.change,
	}, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // until it is closed
	return server.Close, writeKubeconfig(through, "http://"+listener.Addr().String())
}

// change changes what the API server answers.
func (f Faults) change(response *http.Response) error {
	if f.Clock != 0 {
		response.Header.Set("Date", time.Now().Add(f.Clock).UTC().Format(http.TimeFormat))
	}
	if f.Kubernetes == "" || response.Request.URL.Path != "/version" {
		return nil
	}
	major, minor, _ := strings.Cut(f.Kubernetes, ".")
	text, err := json.Marshal(map[string]string{"major": major, "minor": minor, "gitVersion": "v" + f.Kubernetes + ".0"})
	if err != nil {
		return err
	}
	_ = response.Body.Close() // nothing of it is wanted
	response.Body = io.NopCloser(bytes.NewReader(text))
	response.ContentLength = int64(len(text))
	response.Header.Set("Content-Length", fmt.Sprint(len(text)))
	return nil
}

func writeKubeconfig(file, server string) error {
	const name = "lab"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: server}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name}
	config.CurrentContext = name
	return clientcmd.WriteToFile(*config, file)
}
