// SPDX-License-Identifier: Apache-2.0

// Helmlist does what helm list does to find the latest revisions in a namespace, with
// Helm's own storage driver: it is what kubectl tpe releases is measured against.
//
//	helmlist KUBECONFIG NAMESPACE
package main

import (
	"fmt"
	"os"

	helm "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage"
	"helm.sh/helm/v4/pkg/storage/driver"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	if err := list(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func list(kubeconfig, namespace string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	all, err := storage.Init(driver.NewSecrets(client.CoreV1().Secrets(namespace))).ListReleases()
	if err != nil {
		return err
	}
	latest := map[string]*helm.Release{}
	for _, one := range all {
		r := one.(*helm.Release)
		if l := latest[r.Name]; l == nil || l.Version < r.Version {
			latest[r.Name] = r
		}
	}
	for name, r := range latest {
		fmt.Println(name, r.Version, r.Chart.Metadata.Name, r.Chart.Metadata.Version, r.Info.Status)
	}
	return nil
}
