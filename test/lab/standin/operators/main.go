// SPDX-License-Identifier: Apache-2.0

// Operators plays, for all namespaces of a lab, the operators that the stand-in
// of ThingPark Enterprise needs to be alive: Strimzi's, which makes the pods of
// StrimziPodSets and reports on Kafka; Percona's, which restarts MongoDB's pods
// one by one and reports on them; and whatever it is that runs the job
// pum-process again when PUM is told to restart.
//
// It reads everything once a second, and keeps nothing.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// The folder that holds a folder for each namespace, with PUM's store in it.
const storesDir = "/var/lib/tpe"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	operators, err := connect()
	if err != nil {
		fmt.Fprintf(os.Stderr, "operators: %v\n", err)
		os.Exit(1)
	}
	for ctx.Err() == nil {
		operators.look(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// operators are the clients through which the operators act.
type operators struct {
	typed   kubernetes.Interface
	dynamic dynamic.Interface
	stores  string
	now     func() time.Time
}

func connect() (operators, error) {
	config, err := rest.InClusterConfig()
	if err != nil {
		return operators{}, err
	}
	config.QPS = -1
	config.Timeout = 10 * time.Second
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return operators{}, err
	}
	objects, err := dynamic.NewForConfig(config)
	return operators{typed, objects, storesDir, time.Now}, err
}

// look does once what there is to do. What fails is tried again the next time.
func (o operators) look(ctx context.Context) {
	for name, do := range map[string]func(context.Context) error{
		"strimzi": o.strimzi, "percona": o.percona, "pum": o.pum,
	} {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		}
	}
}

// owned reports whether an object is owned by another.
func owned(object metav1.Object, owner *unstructured.Unstructured) bool {
	for _, reference := range object.GetOwnerReferences() {
		if reference.UID == owner.GetUID() {
			return true
		}
	}
	return false
}
