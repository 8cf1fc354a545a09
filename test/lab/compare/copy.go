// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"bytes"
	"context"
	_ "embed" // objects
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/test/sim"
)

// A Copy keeps a simulated server equal to a namespace of a real one.
type Copy struct {
	Namespace string
	Store     *sim.Store
	Logs      *sim.Logs

	objects dynamic.Interface
	typed   kubernetes.Interface
}

// NewCopy returns a copy that is empty as yet.
func NewCopy(config *rest.Config, namespace string, server *sim.Server) (*Copy, error) {
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	typed, err := kubernetes.NewForConfig(config)
	return &Copy{namespace, server.Store, server.Logs, objects, typed}, err
}

func kindFor(gvk schema.GroupVersionKind) (sim.Kind, error) {
	for _, k := range sim.Kinds() {
		if k.GroupVersionKind == gvk {
			return k, nil
		}
	}
	return sim.Kind{}, fmt.Errorf("the simulated server has no kind %s", gvk)
}

func (c *Copy) of(k sim.Kind) dynamic.ResourceInterface {
	resource := c.objects.Resource(k.GroupVersion().WithResource(k.Resource))
	if k.Global {
		return resource
	}
	return resource.Namespace(c.Namespace)
}

// All copies the namespace and what is in it, and the logs of its pods.
func (c *Copy) All(ctx context.Context) error {
	namespace, err := c.objects.Resource(corev1.SchemeGroupVersion.WithResource("namespaces")).Get(ctx, c.Namespace, metav1.GetOptions{})
	if err != nil {
		return err
	}
	c.Store.Apply(namespace)
	for _, k := range sim.Kinds() {
		if k.Global || strings.Contains(k.Group, ".") { // of the cluster, or an operator's
			continue
		}
		list, err := c.of(k).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for i := range list.Items {
			c.Store.Apply(&list.Items[i])
		}
	}
	pods, err := c.typed.CoreV1().Pods(c.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range pods.Items {
		for _, status := range pods.Items[i].Status.ContainerStatuses {
			if status.State.Running != nil || status.State.Terminated != nil {
				err = c.log(ctx, sim.LogOf{Pod: pods.Items[i].Name, Container: status.Name})
			}
			if err == nil && status.LastTerminationState.Terminated != nil {
				err = c.log(ctx, sim.LogOf{Pod: pods.Items[i].Name, Container: status.Name, Previous: true})
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// log copies the log of a container, with the times of its lines.
func (c *Copy) log(ctx context.Context, of sim.LogOf) error {
	options := &corev1.PodLogOptions{Container: of.Container, Previous: of.Previous, Timestamps: true}
	text, err := c.typed.CoreV1().Pods(c.Namespace).GetLogs(of.Pod, options).DoRaw(ctx)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(text) {
		stamp, rest, _ := strings.Cut(string(line), " ")
		at, err := time.Parse(time.RFC3339Nano, stamp)
		if err != nil {
			return err
		}
		c.Logs.Append(of, at, rest)
	}
	return nil
}

// Change makes a change on the real server, and what became of it on the simulated one.
func (c *Copy) Change(ctx context.Context, step Step) error {
	if step.Delete != "" {
		kind, name, _ := strings.Cut(step.Delete, "/")
		k, err := kindFor(corev1.SchemeGroupVersion.WithKind(kind))
		if err != nil {
			return err
		}
		if err := c.of(k).Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
			return err
		}
		return c.Store.Delete(c.Namespace, step.Delete)
	}
	for _, o := range Documents(step.Apply) {
		made, err := c.Make(ctx, o)
		if err != nil {
			return err
		}
		c.Store.Apply(made)
	}
	return nil
}

// Make makes an object of the real server be so, its status too.
func (c *Copy) Make(ctx context.Context, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	k, err := kindFor(o.GroupVersionKind())
	if err != nil {
		return nil, err
	}
	text, err := o.MarshalJSON()
	if err != nil {
		return nil, err
	}
	force := metav1.PatchOptions{FieldManager: "compare", Force: new(true)}
	made, err := c.of(k).Patch(ctx, o.GetName(), types.ApplyPatchType, text, force)
	if _, ok := o.Object["status"]; ok && err == nil {
		made, err = c.of(k).Patch(ctx, o.GetName(), types.ApplyPatchType, text, force, "status")
	}
	if err != nil {
		return nil, fmt.Errorf("make %s %s: %w", o.GetKind(), o.GetName(), err)
	}
	return made, nil
}

// Documents reads YAML documents that are part of this package.
func Documents(text string) []*unstructured.Unstructured {
	var all []*unstructured.Unstructured
	for _, document := range strings.Split("\n"+text, "\n---\n") {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &o.Object); err != nil {
			panic(err)
		}
		if len(o.Object) > 0 {
			all = append(all, o)
		}
	}
	return all
}

//go:embed objects.yaml
var objectsFile string

// Objects returns what both servers hold.
func (c *Copy) Objects() []*unstructured.Unstructured {
	return Documents(strings.ReplaceAll(objectsFile, "{ns}", c.Namespace))
}
