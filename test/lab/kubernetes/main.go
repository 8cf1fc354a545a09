// SPDX-License-Identifier: Apache-2.0

// Kubernetes is every component of a Kubernetes control plane and node in one
// program, built from their Go modules:
//
//	kubernetes etcd | kube-apiserver | kube-controller-manager |
//	           kube-scheduler | kubelet  [flags of that component]
//
// One program instead of five, because they share nearly all of their code: it
// is compiled and linked once. The same source serves every minor version of
// Kubernetes; which one is chosen by go build -modfile=MINOR.mod.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // the components' own metrics
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "kubernetes: want the name of a component")
		os.Exit(2)
	}
	os.Args = os.Args[1:] // the components read os.Args themselves
	switch os.Args[0] {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllermanager.NewControllerManagerCommand()))
	case "kube-scheduler":
		os.Exit(cli.Run(scheduler.NewSchedulerCommand()))
	case "kubelet":
		os.Exit(cli.Run(newKubeletCommand()))
	default:
		fmt.Fprintf(os.Stderr, "kubernetes: no component %q\n", os.Args[0])
		os.Exit(2)
	}
}

// newKubeletCommand hides that the kubelet's constructor takes a context in
// newer versions and none in older ones.
func newKubeletCommand() *cobra.Command {
	switch constructor := any(kubelet.NewKubeletCommand).(type) {
	case func() *cobra.Command:
		return constructor()
	case func(context.Context) *cobra.Command:
		return constructor(context.Background())
	default:
		panic(fmt.Sprintf("unknown kubelet constructor %T", constructor))
	}
}
