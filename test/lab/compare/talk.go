// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/remotecommand"
)

// A Talk is what a program has with a server through client-go, and returns as text how it
// went.
type Talk struct {
	Name string
	As   string // see Question
	With func(ctx context.Context, config *rest.Config, namespace string) string
}

// Talk has each of these talks with both servers, and returns how they differ.
func (p *Pair) Talk(ctx context.Context, talks []Talk) (map[string]string, error) {
	differences := map[string]string{}
	for _, talk := range talks {
		var answers [2]Answer
		for i, side := range []*Side{p.Real, p.Simulated} {
			config, err := side.Config(cmp.Or(talk.As, "admin"))
			if err != nil {
				return nil, err
			}
			answers[i] = Answer{Body: mask(talk.With(ctx, config, p.Namespace))}
		}
		differences[talk.Name] = Difference(Question{}, answers[0], answers[1])
	}
	return differences, nil
}

// Talks returns all talks with a server of a minor version of Kubernetes. Before 1.30 it
// does not speak the WebSocket protocol of client-go.
func Talks(minor string) []Talk {
	talks := []Talk{
		{"client: informer", "", informer},
		{"client: protobuf", "", protobuf},
		{"client: watch as protobuf", "", watchProtobuf},
		{"client: expired watch", "", expiredWatch},
		{"client: pages", "", pages},
		{"client: kinds", "", kinds},
		{"client: not found", "", refused(func(ctx context.Context, c kubernetes.Interface, namespace string) error {
			_, err := c.CoreV1().Pods(namespace).Get(ctx, "none", metav1.GetOptions{})
			return err
		})},
		{"client: forbidden", "reader", refused(func(ctx context.Context, c kubernetes.Interface, namespace string) error {
			_, err := c.CoreV1().Secrets(namespace).List(ctx, metav1.ListOptions{})
			return err
		})},
		{"client: unauthorized", "stranger", refused(func(ctx context.Context, c kubernetes.Interface, namespace string) error {
			_, err := c.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
			return err
		})},
		{"client: log of a container that is not there", "", refused(func(ctx context.Context, c kubernetes.Interface, namespace string) error {
			_, err := c.CoreV1().Pods(namespace).GetLogs("talker", &corev1.PodLogOptions{Container: "none"}).DoRaw(ctx)
			return err
		})},
	}
	talks = append(talks, commands("SPDY")...)
	if n, _ := strconv.Atoi(strings.TrimPrefix(minor, "1.")); n >= 30 {
		talks = append(talks, commands("WebSocket")...)
	}
	return talks
}

// Said are the commands that the container pum knows, and what they do, on both sides.
var Said = map[string]struct {
	Out, Err string
	Exit     int
}{
	"/voice say out err 0": {"out", "err", 0},
	"/voice say out  0":    {"out", "", 0},
	"/voice say  err 7":    {"", "err", 7},
	"/voice say  err 255":  {"", "err", 255},
}

// commands are talks about commands.
func commands(protocol string) []Talk {
	var talks []Talk
	run := func(name, who, pod, container, line string) {
		talks = append(talks, Talk{protocol + ": " + name, who, func(ctx context.Context, config *rest.Config, namespace string) string {
			stdout, stderr, err := execute(ctx, config, protocol, namespace, pod, container, strings.Split(line, " "))
			return fmt.Sprintf("stdout %q\nstderr %q\nerror %T: %v", stdout, stderr, err, err)
		}})
	}
	run("both streams", "", "talker", "pum", "/voice say out err 0")
	run("one stream", "", "lone", "pum", "/voice say out  0")
	run("the only container", "", "lone", "", "/voice say out  0")
	run("exit code", "", "talker", "pum", "/voice say  err 7")
	run("exit code 255", "", "talker", "pum", "/voice say  err 255")
	run("no such command", "", "talker", "pum", "none at all")
	run("no such path", "", "talker", "pum", "/none at all")
	run("no such container", "", "talker", "none", "/voice say out  0")
	run("a container that nobody named", "", "talker", "", "/voice say out  0")
	run("no such pod", "", "none", "pum", "/voice say out  0")
	run("no node", "", "waiting", "pum", "/voice say out  0")
	run("no image", "", "imageless", "pum", "/voice say out  0")
	run("over", "", "over", "pum", "/voice say out  0")
	run("forbidden", "reader", "talker", "pum", "/voice say out  0")
	run("unauthorized", "stranger", "talker", "pum", "/voice say out  0")
	return talks
}

// execute runs a command as kubectl does, over one of two protocols.
func execute(ctx context.Context, config *rest.Config, protocol, namespace, pod, container string, command []string) (string, string, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return "", "", err
	}
	address := client.CoreV1().RESTClient().Post().Namespace(namespace).Resource("pods").Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: container, Command: command, Stdout: true, Stderr: true}, scheme.ParameterCodec).URL()
	var executor remotecommand.Executor
	if protocol == "SPDY" {
		executor, err = remotecommand.NewSPDYExecutor(config, http.MethodPost, address)
	} else {
		executor, err = remotecommand.NewWebSocketExecutor(config, http.MethodGet, address.String())
	}
	if err != nil {
		return "", "", err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &stdout, Stderr: &stderr})
	return stdout.String(), stderr.String(), err
}

// refused tells what client-go makes of an error.
func refused(ask func(context.Context, kubernetes.Interface, string) error) func(context.Context, *rest.Config, string) string {
	return func(ctx context.Context, config *rest.Config, namespace string) string {
		client, err := kubernetes.NewForConfig(config)
		if err != nil {
			return err.Error()
		}
		err = ask(ctx, client, namespace)
		return fmt.Sprintf("%v\nreason %q code %d", err, apierrors.ReasonForError(err), codeOf(err))
	}
}

func codeOf(err error) int32 {
	status, ok := err.(apierrors.APIStatus)
	if !ok {
		return 0
	}
	return status.Status().Code
}

// informer fills a cache as controllers do, with a streaming list where the server has it.
func informer(ctx context.Context, config *rest.Config, namespace string) string {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err.Error()
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace))
	store := factory.Core().V1().ConfigMaps().Informer()
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), store.HasSynced) {
		return "never in sync"
	}
	names := store.GetStore().ListKeys()
	slices.Sort(names)
	return strings.Join(names, "\n")
}

func asProtobuf(config *rest.Config) (kubernetes.Interface, error) {
	config = rest.CopyConfig(config)
	config.ContentType = runtime.ContentTypeProtobuf
	return kubernetes.NewForConfig(config)
}

func protobuf(ctx context.Context, config *rest.Config, namespace string) string {
	client, err := asProtobuf(config)
	if err != nil {
		return err.Error()
	}
	list, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err.Error()
	}
	var lines []string
	for _, pod := range list.Items {
		lines = append(lines, fmt.Sprint(pod.Name, " ", pod.Status.Phase, " ", pod.Spec.Containers))
	}
	return strings.Join(lines, "\n")
}

func watchProtobuf(ctx context.Context, config *rest.Config, namespace string) string {
	client, err := asProtobuf(config)
	if err != nil {
		return err.Error()
	}
	return told(ctx, client, namespace, metav1.ListOptions{TimeoutSeconds: new(int64(1))})
}

func expiredWatch(ctx context.Context, config *rest.Config, namespace string) string {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err.Error()
	}
	return told(ctx, client, namespace, metav1.ListOptions{TimeoutSeconds: new(int64(1)), ResourceVersion: "1"})
}

// told returns what a watch tells, in any order.
func told(ctx context.Context, client kubernetes.Interface, namespace string, options metav1.ListOptions) string {
	watcher, err := client.CoreV1().ConfigMaps(namespace).Watch(ctx, options)
	if err != nil {
		return err.Error()
	}
	defer watcher.Stop()
	var lines []string
	for event := range watcher.ResultChan() {
		switch object := event.Object.(type) {
		case *corev1.ConfigMap:
			lines = append(lines, fmt.Sprint(event.Type, " ", object.Name, " ", object.Data))
		default:
			err := apierrors.FromObject(object)
			lines = append(lines, fmt.Sprint(event.Type, " ", err, " ", apierrors.ReasonForError(err)))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func pages(ctx context.Context, config *rest.Config, namespace string) string {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err.Error()
	}
	var lines []string
	options := metav1.ListOptions{Limit: 2}
	for {
		list, err := client.CoreV1().ConfigMaps(namespace).List(ctx, options)
		if err != nil {
			return err.Error()
		}
		line := fmt.Sprint("more: ", list.Continue != "")
		if list.RemainingItemCount != nil {
			line += fmt.Sprint(" remaining: ", *list.RemainingItemCount)
		}
		for _, item := range list.Items {
			line += " " + item.Name
		}
		lines = append(lines, line)
		if options.Continue = list.Continue; list.Continue == "" {
			return strings.Join(lines, "\n")
		}
	}
}

// kinds finds resources as kubectl does.
func kinds(_ context.Context, config *rest.Config, _ string) string {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err.Error()
	}
	groups, err := restmapper.GetAPIGroupResources(client.Discovery())
	if err != nil {
		return err.Error()
	}
	mapper := restmapper.NewDiscoveryRESTMapper(groups)
	var lines []string
	for _, gk := range []schema.GroupKind{
		{Kind: "Pod"}, {Kind: "Namespace"}, {Group: "apps", Kind: "Deployment"}, {Group: "batch", Kind: "CronJob"}, {Group: "gadgets.example.com", Kind: "Gadget"},
	} {
		mapping, err := mapper.RESTMapping(gk)
		if err != nil {
			lines = append(lines, fmt.Sprint(gk, ": ", err, " ", meta.IsNoMatchError(err)))
			continue
		}
		lines = append(lines, fmt.Sprint(gk, ": ", mapping.Resource, " ", mapping.Scope.Name()))
	}
	return strings.Join(lines, "\n")
}
