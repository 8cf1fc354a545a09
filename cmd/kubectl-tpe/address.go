// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// wrongAddress returns an error if what answered at an address is no API server that was asked
// right. The answer can still be read otherwise.
func wrongAddress(request *http.Request, response *http.Response) error {
	switch {
	case response.StatusCode == http.StatusBadRequest && request.URL.Scheme == "http":
		return wantsTLS(request, begin(response))
	case response.StatusCode == http.StatusNotFound:
		return otherServer(request, response, begin(response))
	}
	return nil
}

// begin reads the beginning of an answer, and leaves it to be read again.
func begin(response *http.Response) []byte {
	text, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10)) // who reads on gets the error
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(text), response.Body), response.Body}
	return text
}

// wantsTLS returns an error if a server with TLS was asked without it. Its answer is a 400 with a
// text (of net/http and of nginx), which client-go does not show.
func wantsTLS(request *http.Request, text []byte) error {
	if bytes.Contains(text, []byte("HTTPS server")) || bytes.Contains(text, []byte("HTTPS port")) {
		return fmt.Errorf("%s is an HTTPS server: its address in the kubeconfig or in --server has to begin with https://", request.URL.Host)
	}
	return nil
}

// always are the paths of what every API server serves, below its address. Of other groups, one that
// does not serve them says 404 without a Status (k8s.io/apiserver/pkg/server, NotFoundHandler).
var always = regexp.MustCompile(`^(.*?)/(?:api/v1/|apis$|apis/(?:apps|batch|authorization\.k8s\.io)/v1/)`)

// otherServer returns an error if a 404 of what every API server serves is no Status of
// Kubernetes: nothing is missing, but something else answers at this address. client-go does not
// tell the two apart.
func otherServer(request *http.Request, response *http.Response, text []byte) error {
	var said metav1.TypeMeta
	if bytes.HasPrefix(text, []byte("k8s\x00")) || json.Unmarshal(text, &said) == nil && said.Kind == "Status" {
		return nil
	}
	below := always.FindStringSubmatch(request.URL.Path)
	if below == nil {
		return nil
	}
	return fmt.Errorf("%s://%s%s does not answer as a Kubernetes API server (%s): check its address in the kubeconfig or in --server",
		request.URL.Scheme, request.URL.Host, below[1], response.Status)
}
