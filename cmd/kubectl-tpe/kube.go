// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"runtime"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // the ways to log in that kubectl knows
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
)

// defaultNamespace is where the vendor's documentation installs ThingPark
// Enterprise.
const defaultNamespace = "thingpark-enterprise"

// defaultPUM is the vendor's name for PUM's Deployment.
const defaultPUM = "pum"

// A cluster is where a command asks.
type cluster struct {
	output.Place
	config *rest.Config
}

// cluster reads the kubeconfig. Nothing is asked yet.
func (a *app) cluster() (*cluster, error) {
	loader := a.kube.loader()
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	if len(raw.Clusters) == 0 && a.kube.overrides.ClusterInfo.Server == "" && !inCluster() {
		return nil, errors.New("no cluster to ask: there is no kubeconfig; set KUBECONFIG or use --kubeconfig")
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	config.UserAgent = fmt.Sprintf("kubectl-tpe/%s (%s/%s)", version(), runtime.GOOS, runtime.GOARCH)
	config.WarningHandlerWithContext = rest.NoWarnings{}
	a.clock = &kube.Clock{}
	config.Wrap(a.clock.Wrap)
	place, err := a.place(loader, raw)
	return &cluster{place, config}, err
}

// inCluster reports whether this is a pod with a service account.
func inCluster() bool {
	_, err := rest.InClusterConfig()
	return err == nil
}

// place returns the context and the namespace: that of -n, else that of the
// context, else the default.
func (a *app) place(loader clientcmd.ClientConfig, raw clientcmdapi.Config) (output.Place, error) {
	place := output.Place{
		Context: raw.CurrentContext, Namespace: defaultNamespace,
		Given: output.Given{Context: a.kube.overrides.CurrentContext, Kubeconfig: a.kube.kubeconfig},
	}
	if context := a.kube.overrides.CurrentContext; context != "" {
		place.Context = context
	}
	namespace, given, err := loader.Namespace()
	if err != nil {
		return output.Place{}, fmt.Errorf("read the kubeconfig: %w", err)
	}
	set := given || namespace != metav1.NamespaceDefault
	if context := raw.Contexts[place.Context]; context != nil {
		set = given || context.Namespace != ""
	}
	if set {
		place.Namespace = namespace
	}
	return place, nil
}

// protobuf returns the configuration for built-in kinds: protobuf is smaller
// and faster to read than JSON.
func (c *cluster) protobuf() *rest.Config {
	config := rest.CopyConfig(c.config)
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	config.ContentType = "application/vnd.kubernetes.protobuf"
	return config
}
