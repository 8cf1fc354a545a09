// SPDX-License-Identifier: Apache-2.0

// Floor does the least of what a command of the plugin cannot do without, with client-go and
// nothing of the plugin: no program that asks the same of the same cluster is faster, or
// smaller, by much.
//
//	floor deployments NAMESPACE   lists the Deployments
//	floor pum NAMESPACE           runs status in PUM's pod
//	floor status NAMESPACE        and lists meanwhile what status needs
//	floor logs NAMESPACE          reads the log of the job pum-process, with times
//	floor wait NAMESPACE          watches the Deployment late until it is ready, and lists the Deployments once more
//	floor wait-all NAMESPACE      and the other workloads and the pods, too
//
// What is read goes nowhere. Floor says done, for who measures it wants to see that it worked.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	if err := run(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	fmt.Println("done")
}

// A cluster is a namespace, and who asks for what is in it.
type cluster struct {
	config           *rest.Config
	namespace        string
	core, apps, jobs rest.Interface
}

func run(ctx context.Context, what, namespace string) error {
	c, err := newCluster(os.Getenv("KUBECONFIG"), namespace)
	if err != nil {
		return err
	}
	switch what {
	case "deployments":
		return c.list(ctx, c.apps, "deployments", &appsv1.DeploymentList{})
	case "pum":
		return c.pum(ctx, func() {})
	case "status":
		return c.status(ctx)
	case "logs":
		return c.logs(ctx)
	case "wait":
		return c.wait(ctx, func(ctx context.Context) error {
			return c.list(ctx, c.apps, "deployments", &appsv1.DeploymentList{})
		})
	case "wait-all":
		return c.wait(ctx, c.workloads)
	}
	return fmt.Errorf("there is no floor of %s", what)
}

func newCluster(kubeconfig, namespace string) (*cluster, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	connections, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	c := &cluster{config: config, namespace: namespace}
	for _, group := range []struct {
		client *rest.Interface
		path   string
		schema.GroupVersion
		add func(*runtime.Scheme) error
	}{
		{&c.core, "/api", corev1.SchemeGroupVersion, corev1.AddToScheme},
		{&c.apps, "/apis", appsv1.SchemeGroupVersion, appsv1.AddToScheme},
		{&c.jobs, "/apis", batchv1.SchemeGroupVersion, batchv1.AddToScheme},
	} {
		if err := group.add(scheme); err != nil {
			return nil, err
		}
		of := rest.CopyConfig(config)
		of.APIPath, of.GroupVersion = group.path, &group.GroupVersion
		of.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
		if *group.client, err = rest.RESTClientForConfigAndClient(of, connections); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// list reads a list from quorum.
func (c *cluster) list(ctx context.Context, client rest.Interface, resource string, into runtime.Object) error {
	return client.Get().Namespace(c.namespace).Resource(resource).Do(ctx).Into(into)
}

// status runs PUM's command, and lists at the same time.
func (c *cluster) status(ctx context.Context) error {
	tasks, ctx := errgroup.WithContext(ctx)
	found := make(chan struct{})
	tasks.Go(func() error { return c.pum(ctx, func() { close(found) }) })
	<-found
	tasks.Go(func() error { return c.workloads(ctx) })
	tasks.Go(func() error { return c.helm(ctx) })
	return tasks.Wait()
}

// workloads lists all that is, or belongs to, a workload, and its pods.
func (c *cluster) workloads(ctx context.Context) error {
	tasks, ctx := errgroup.WithContext(ctx)
	for _, kind := range []struct {
		client   rest.Interface
		resource string
		into     runtime.Object
	}{
		{c.apps, "deployments", &appsv1.DeploymentList{}},
		{c.apps, "statefulsets", &appsv1.StatefulSetList{}},
		{c.apps, "daemonsets", &appsv1.DaemonSetList{}},
		{c.jobs, "jobs", &batchv1.JobList{}},
		{c.jobs, "cronjobs", &batchv1.CronJobList{}},
		{c.core, "pods", &corev1.PodList{}},
	} {
		tasks.Go(func() error { return c.list(ctx, kind.client, kind.resource, kind.into) })
	}
	for _, resource := range []string{
		"kafka.strimzi.io/v1beta2/%s/kafkas", "kafka.strimzi.io/v1beta2/%s/kafkanodepools",
		"core.strimzi.io/v1beta2/%s/strimzipodsets", "psmdb.percona.com/v1/%s/perconaservermongodbs",
	} {
		path := "/apis/" + fmt.Sprintf(resource, "namespaces/"+c.namespace)
		tasks.Go(func() error {
			_, err := c.core.Get().AbsPath(path).SetHeader("Accept", "application/json").DoRaw(ctx)
			if apierrors.IsNotFound(err) { // not every operator is there, or in this version
				return nil
			}
			return err
		})
	}
	return tasks.Wait()
}

// helm reads the newest revisions of the Helm releases.
func (c *cluster) helm(ctx context.Context) error {
	var revisions metav1.PartialObjectMetadataList
	secrets := c.core.Get().Namespace(c.namespace).Resource("secrets").Param("labelSelector", "owner=helm,status=deployed")
	answer, err := secrets.SetHeader("Accept", "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1").DoRaw(ctx)
	if err != nil {
		return err
	}
	const magic = 4 // before the message, "k8s\x00"
	var message runtime.Unknown
	if err := message.Unmarshal(answer[magic:]); err != nil {
		return err
	}
	if err := revisions.Unmarshal(message.Raw); err != nil {
		return err
	}
	tasks, ctx := errgroup.WithContext(ctx)
	for _, r := range revisions.Items {
		tasks.Go(func() error {
			return c.core.Get().Namespace(c.namespace).Resource("secrets").Name(r.Name).Do(ctx).Into(&corev1.Secret{})
		})
	}
	return tasks.Wait()
}

func (c *cluster) logs(ctx context.Context) error {
	var pods corev1.PodList
	err := c.core.Get().Namespace(c.namespace).Resource("pods").Param("labelSelector", "job-name=pum-process").Do(ctx).Into(&pods)
	if err != nil {
		return err
	}
	for _, pod := range pods.Items {
		log, err := c.core.Get().Namespace(c.namespace).Resource("pods").Name(pod.Name).SubResource("log").Param("timestamps", "true").Stream(ctx)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, log); err != nil {
			return err
		}
	}
	return nil
}

// wait waits until the Deployment late is ready, and then reads once more, from quorum.
func (c *cluster) wait(ctx context.Context, again func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	watch, err := c.apps.Get().Namespace(c.namespace).Resource("deployments").
		Param("watch", "true").Param("fieldSelector", "metadata.name=late").Watch(ctx)
	if err != nil {
		return err
	}
	for event := range watch.ResultChan() {
		if d, ok := event.Object.(*appsv1.Deployment); ok && d.Status.AvailableReplicas > 0 {
			return again(ctx)
		}
	}
	return context.Cause(ctx)
}
