// SPDX-License-Identifier: Apache-2.0

// Package kube asks the API server for the few of Kubernetes' own kinds that the plugin
// looks at. client-go's clientset knows every kind of every version, and a program that
// links it is half as large again.
package kube

import (
	"context"
	"net/http"
	"net/url"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/gentype"
	"k8s.io/client-go/rest"
)

// A Client asks an API server, with client-go's own generic clients.
type Client struct {
	core, apps, batch, authentication, authorization rest.Interface

	parameters runtime.ParameterCodec
}

// newClient returns a client that shares connections.
func newClient(config *rest.Config, client *http.Client) (*Client, error) {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	c := &Client{parameters: runtime.NewParameterCodec(scheme)}
	codecs := serializer.NewCodecFactory(scheme)
	for _, group := range []struct {
		into    *rest.Interface
		version schema.GroupVersion
		path    string
		add     func(*runtime.Scheme) error
	}{
		{&c.core, corev1.SchemeGroupVersion, "/api", corev1.AddToScheme},
		{&c.apps, appsv1.SchemeGroupVersion, "/apis", appsv1.AddToScheme},
		{&c.batch, batchv1.SchemeGroupVersion, "/apis", batchv1.AddToScheme},
		{&c.authentication, authenticationv1.SchemeGroupVersion, "/apis", authenticationv1.AddToScheme},
		{&c.authorization, authorizationv1.SchemeGroupVersion, "/apis", authorizationv1.AddToScheme},
	} {
		if err := group.add(scheme); err != nil {
			return nil, err
		}
		config := rest.CopyConfig(config)
		config.APIPath, config.GroupVersion = group.path, &group.version
		config.NegotiatedSerializer = rest.CodecFactoryForGeneratedClient(scheme, codecs).WithoutConversion()
		var err error
		if *group.into, err = rest.RESTClientForConfigAndClient(config, client); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// object and objects are what a kind and its list are pointers to.
type object[T any] interface {
	*T
	runtime.Object
	metav1.Object
}

type objects[L any] interface {
	*L
	runtime.Object
}

// kind returns what asks for a resource of a group.
func kind[O, M any, T object[O], L objects[M]](c *Client, group rest.Interface, resource, namespace string) *gentype.ClientWithList[T, L] {
	return gentype.NewClientWithList(resource, group, c.parameters, namespace, func() T { return new(O) }, func() L { return new(M) })
}

// Namespaces returns the client of a kind, as do those that follow.
func (c *Client) Namespaces() *gentype.ClientWithList[*corev1.Namespace, *corev1.NamespaceList] {
	return kind[corev1.Namespace, corev1.NamespaceList](c, c.core, "namespaces", "")
}

func (c *Client) Pods(namespace string) *gentype.ClientWithList[*corev1.Pod, *corev1.PodList] {
	return kind[corev1.Pod, corev1.PodList](c, c.core, "pods", namespace)
}

func (c *Client) Events(namespace string) *gentype.ClientWithList[*corev1.Event, *corev1.EventList] {
	return kind[corev1.Event, corev1.EventList](c, c.core, "events", namespace)
}

func (c *Client) Secrets(namespace string) *gentype.ClientWithList[*corev1.Secret, *corev1.SecretList] {
	return kind[corev1.Secret, corev1.SecretList](c, c.core, "secrets", namespace)
}

func (c *Client) PersistentVolumeClaims(namespace string) *gentype.ClientWithList[*corev1.PersistentVolumeClaim, *corev1.PersistentVolumeClaimList] {
	return kind[corev1.PersistentVolumeClaim, corev1.PersistentVolumeClaimList](c, c.core, "persistentvolumeclaims", namespace)
}

func (c *Client) Deployments(namespace string) *gentype.ClientWithList[*appsv1.Deployment, *appsv1.DeploymentList] {
	return kind[appsv1.Deployment, appsv1.DeploymentList](c, c.apps, "deployments", namespace)
}

func (c *Client) ReplicaSets(namespace string) *gentype.ClientWithList[*appsv1.ReplicaSet, *appsv1.ReplicaSetList] {
	return kind[appsv1.ReplicaSet, appsv1.ReplicaSetList](c, c.apps, "replicasets", namespace)
}

func (c *Client) StatefulSets(namespace string) *gentype.ClientWithList[*appsv1.StatefulSet, *appsv1.StatefulSetList] {
	return kind[appsv1.StatefulSet, appsv1.StatefulSetList](c, c.apps, "statefulsets", namespace)
}

func (c *Client) DaemonSets(namespace string) *gentype.ClientWithList[*appsv1.DaemonSet, *appsv1.DaemonSetList] {
	return kind[appsv1.DaemonSet, appsv1.DaemonSetList](c, c.apps, "daemonsets", namespace)
}

func (c *Client) Jobs(namespace string) *gentype.ClientWithList[*batchv1.Job, *batchv1.JobList] {
	return kind[batchv1.Job, batchv1.JobList](c, c.batch, "jobs", namespace)
}

func (c *Client) CronJobs(namespace string) *gentype.ClientWithList[*batchv1.CronJob, *batchv1.CronJobList] {
	return kind[batchv1.CronJob, batchv1.CronJobList](c, c.batch, "cronjobs", namespace)
}

// May asks whether this account has a right.
func (c *Client) May(ctx context.Context, right *authorizationv1.ResourceAttributes) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: right}}
	err := c.authorization.Post().Resource("selfsubjectaccessreviews").Body(review).Do(ctx).Into(review)
	return review.Status.Allowed, err
}

// User asks who this account is. Kubernetes before 1.28 does not tell.
func (c *Client) User(ctx context.Context) (string, error) {
	review := &authenticationv1.SelfSubjectReview{}
	err := c.authentication.Post().Resource("selfsubjectreviews").Body(review).Do(ctx).Into(review)
	return review.Status.UserInfo.Username, err
}

// Groups asks which groups the API server has, besides that of Kubernetes' core.
func (c *Client) Groups(ctx context.Context) (*metav1.APIGroupList, error) {
	groups := &metav1.APIGroupList{}
	err := c.core.Get().AbsPath("/apis").Do(ctx).Into(groups)
	return groups, err
}

// Versions asks in which versions the API server has a group, the one that it prefers first. It is
// not found where no resource of the group is served.
func (c *Client) Versions(ctx context.Context, group string) ([]string, error) {
	found := &metav1.APIGroup{}
	if err := c.core.Get().AbsPath("/apis", group).Do(ctx).Into(found); err != nil {
		return nil, err
	}
	versions := []string{found.PreferredVersion.Version}
	for _, v := range found.Versions {
		if v.Version != found.PreferredVersion.Version {
			versions = append(versions, v.Version)
		}
	}
	return versions, nil
}

// Log returns the request for the log of a container.
func (c *Client) Log(namespace, pod string, options *corev1.PodLogOptions) *rest.Request {
	return c.core.Get().Namespace(namespace).Resource("pods").Name(pod).SubResource("log").VersionedParams(options, c.parameters)
}

// Exec returns the address at which a command runs in a container.
func (c *Client) Exec(namespace, pod string, options *corev1.PodExecOptions) *url.URL {
	return c.core.Post().Namespace(namespace).Resource("pods").Name(pod).SubResource("exec").VersionedParams(options, c.parameters).URL()
}

// URL returns the address of Kubernetes' core.
func (c *Client) URL() *url.URL { return c.core.Get().URL() }
