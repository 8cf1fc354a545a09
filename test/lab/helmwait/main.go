// SPDX-License-Identifier: Apache-2.0

// Helmwait waits for a Deployment as helm --wait does, with Helm's own code: it is
// what kubectl tpe wait is measured against. It is a module of its own, for nothing
// else needs what Helm needs.
//
//	helmwait NAMESPACE DEPLOYMENT
package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/kube"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

func main() {
	if err := wait(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	fmt.Println("ready")
}

func wait(namespace, name string) error {
	flags := genericclioptions.NewConfigFlags(true)
	flags.Namespace = &namespace
	client := kube.New(flags)
	client.Namespace = namespace
	waiter, err := client.GetWaiter(kube.StatusWatcherStrategy)
	if err != nil {
		return err
	}
	manifest := fmt.Sprintf("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: %s, namespace: %s}\n", name, namespace)
	resources, err := client.Build(strings.NewReader(manifest), false)
	if err != nil {
		return err
	}
	return waiter.Wait(resources, time.Minute)
}
