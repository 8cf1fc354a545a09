// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"os"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// serviceAccountNamespace has the namespace of the pod in which this runs, unless the pod has
// no token of its ServiceAccount.
const serviceAccountNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// self returns the pod of a namespace in which this command runs; nothing if it runs elsewhere.
// A pod has KUBERNETES_SERVICE_HOST in its environment whatever its spec says, and its host
// name is its name, unless its spec says otherwise or it uses the network of its node: then
// POD_NAME and POD_NAMESPACE may say so, as in packaging/kubernetes.
func self(namespace string) verdict.Self {
	if os.Getenv("KUBERNETES_SERVICE_HOST") == "" {
		return verdict.Self{}
	}
	own := os.Getenv("POD_NAMESPACE") // client-go, too, prefers it
	if own == "" {
		text, _ := os.ReadFile(serviceAccountNamespace)
		own = strings.TrimSpace(string(text))
	}
	if own != "" && own != namespace {
		return verdict.Self{}
	}
	host, _ := os.Hostname()
	host, _, _ = strings.Cut(host, ".") // setHostnameAsFQDN
	return verdict.Self{Pod: cmp.Or(os.Getenv("POD_NAME"), host)}
}
