// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"runtime"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/metadata"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // the ways to log in that kubectl knows
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/recording"
)

// defaultNamespace is where the vendor's documentation installs ThingPark
// Enterprise.
const defaultNamespace = "thingpark-enterprise"

// defaultPUM is the vendor's name for PUM's Deployment.
const defaultPUM = "pum"

// A cluster is where a command asks, and what it asks with.
type cluster struct {
	output.Place
	where    command.Where      // where commands to copy ask
	config   *rest.Config       // for the version of the API server and for commands in pods
	clock    *kube.Clock        // which learns from all answers
	clients  readiness.Clients  // for all else
	metadata metadata.Interface // for objects without their data

	kept *recording.Kept // the file that is looked at instead, and then all clients are nil
}

// cluster reads the kubeconfig and makes the clients, once for a command. Nothing is asked yet.
func (a *app) cluster() (*cluster, error) {
	if a.kept.path != "" {
		return a.keptCluster()
	}
	loader := a.kube.loader()
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, unreadable(err)
	}
	if len(raw.Clusters) == 0 && a.kube.overrides.ClusterInfo.Server == "" && !inCluster() {
		return nil, fmt.Errorf("no cluster to ask: %s", a.kube.noCluster())
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, unreadable(err)
	}
	config.UserAgent = fmt.Sprintf("kubectl-tpe/%s (%s/%s)", version(), runtime.GOOS, runtime.GOARCH)
	config.WarningHandlerWithContext = rest.NoWarnings{}
	a.clock = &kube.Clock{}
	config.Wrap(a.clock.Wrap)
	config.Wrap(a.silence(config).wrap)
	place, err := a.place(loader, raw)
	if err != nil {
		return nil, unreadable(err)
	}
	c := &cluster{
		Place: place, config: config, clock: a.clock,
		where: command.Where{Namespace: place.Namespace, Context: a.kube.overrides.CurrentContext, Kubeconfig: a.kube.kubeconfig},
	}
	if err := c.checkPlugin(); err != nil {
		return nil, err
	}
	if c.clients, err = readiness.NewClients(config); err != nil {
		return nil, err
	}
	c.metadata, err = metadata.NewForConfig(config)
	return c, err
}

// silence says how long to wait for the first byte of an answer. The API server itself ends
// a request after a minute. Whoever gave a --request-timeout knows better.
func (a *app) silence(config *rest.Config) *silence {
	s := &silence{noted: 2 * time.Second, limit: 30 * time.Second}
	if config.Timeout > 0 {
		s.limit = 0
	}
	if a.errView().Terminal {
		s.say = func(text string) { fmt.Fprintln(a.ErrOut, a.errView().Safe(text)) }
	}
	return s
}

// unreadable is the error of a kubeconfig that is not one, or does not say where to ask.
func unreadable(err error) error { return fmt.Errorf("read the kubeconfig: %w", &maskedError{err}) }

// inCluster reports whether this is a pod with a service account.
func inCluster() bool {
	_, err := rest.InClusterConfig()
	return err == nil
}

// place returns the context and the namespace: that of -n, else that of the
// context, else the default.
func (a *app) place(loader clientcmd.ClientConfig, raw clientcmdapi.Config) (output.Place, error) {
	place := output.Place{Context: raw.CurrentContext, Namespace: defaultNamespace}
	if context := a.kube.overrides.CurrentContext; context != "" {
		place.Context = context
	}
	namespace, given, err := loader.Namespace()
	if err != nil {
		return output.Place{}, err
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
