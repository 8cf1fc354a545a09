// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/metadata"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // the ways to log in that kubectl knows
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
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
	silence  *silence           // which knows who does not answer
	clients  kube.Clients       // for all else
	metadata metadata.Interface // for objects without their data

	kept *recording.Kept // the file that is looked at instead, and then all clients are nil
}

// cluster reads the kubeconfig and makes the clients, once for a command. Nothing is asked yet.
// With --from it reads the file, as long as ctx allows.
func (a *app) cluster(ctx context.Context) (*cluster, error) {
	if a.kept.path != "" {
		return a.keptCluster(ctx)
	}
	loader := a.kube.loader()
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, unreadable(err)
	}
	if len(raw.Clusters) == 0 && a.kube.overrides.ClusterInfo.Server == "" && !inCluster() {
		return nil, fmt.Errorf("no cluster to ask: %s", a.kube.noCluster())
	}
	if err := a.kube.checkContext(&raw); err != nil {
		return nil, err
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, unreadable(err)
	}
	config.UserAgent = fmt.Sprintf("kubectl-tpe/%s (%s/%s)", version(), runtime.GOOS, runtime.GOARCH)
	config.WarningHandlerWithContext = rest.NoWarnings{}
	a.clock = &kube.Clock{}
	config.Wrap(a.clock.Wrap)
	silence := a.silence(config)
	config.Wrap(silence.wrap)
	place, err := a.place(loader, raw)
	if err != nil {
		return nil, unreadable(err)
	}
	c := &cluster{
		Place: place, config: config, clock: a.clock, silence: silence,
		where: command.Where{Namespace: place.Namespace, Context: a.kube.overrides.CurrentContext, Kubeconfig: a.kube.kubeconfig},
	}
	if err := c.checkPlugin(); err != nil {
		return nil, err
	}
	if c.clients, err = kube.NewClients(config); err != nil {
		return nil, err
	}
	c.metadata, err = metadata.NewForConfig(config)
	a.asking(c)
	return c, err
}

// silence returns what waits for the first byte of an answer, and tells a person who is waited
// for. Whoever gave a --request-timeout knows better how long.
func (a *app) silence(config *rest.Config) *silence {
	s := &silence{patience: a.patience, proxy: config.Proxy}
	if s.proxy == nil {
		s.proxy = utilnet.NewProxierWithNoProxyCIDR(http.ProxyFromEnvironment) // as client-go does
	}
	if config.Timeout > 0 {
		s.limit = 0
	}
	if plugin := config.ExecProvider; plugin != nil && plugin.InteractiveMode != clientcmdapi.AlwaysExecInteractiveMode {
		s.plugin = filepath.Base(plugin.Command)
	}
	if view := a.errView(); view.Redraw && a.notice != nil {
		s.tell(func(text string) { a.notice.instead(noticeLine(a.errView(), text)) })
	} else if view.Terminal {
		s.tell(func(text string) { fmt.Fprintln(a.ErrOut, a.errView().Line(text)) })
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
