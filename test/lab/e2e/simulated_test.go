// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/compare"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/image"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/node"
)

// TestSimulatedServer holds what the simulated API server says against the lab's, about the
// same objects.
func TestSimulatedServer(t *testing.T) {
	t.Parallel()
	s := openSuite(t)
	s.whole.RLock()
	defer s.whole.RUnlock()
	g := s.compared(t)
	steps, err := compare.Steps()
	check(t, err)
	differences, err := g.pair.Run(t.Context(), steps)
	check(t, err)
	talked, err := g.pair.Talk(t.Context(), compare.Talks(s.node.Minor()))
	check(t, err)
	maps.Copy(differences, talked)
	known, err := compare.KnownDifferences(s.node.Minor())
	check(t, err)
	for _, name := range slices.Sorted(maps.Keys(differences)) {
		k, meant := known[name]
		switch difference := differences[name]; {
		case difference != "" && !meant:
			t.Errorf("%s: the simulated server (+) answers otherwise than the real one (-):\n%s", name, difference)
		case difference == "" && meant && !k.Mostly:
			t.Errorf("%s: the servers answer alike, but known.yaml says otherwise: %s", name, k.Reason)
		}
		delete(known, name)
	}
	for name := range known {
		t.Errorf("known.yaml is about %q, which nothing is named", name)
	}
}

// A comparison is two servers with the same objects.
type comparison struct {
	namespace string
	admin     *rest.Config
	typed     kubernetes.Interface
	copy      *compare.Copy
	pair      compare.Pair
}

// compared makes a namespace, and a simulated server with what is in it.
func (s *suite) compared(t *testing.T) *comparison {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	g := &comparison{namespace: "e2e-simulated"}
	var err error
	g.admin, err = clientcmd.BuildConfigFromFlags("", s.node.Kubeconfig())
	check(t, err)
	g.typed, err = kubernetes.NewForConfig(g.admin)
	check(t, err)
	simulated, err := compare.NewSimulated(t.TempDir(), s.node.Minor(), g.rules())
	check(t, err)
	t.Cleanup(func() { check(t, simulated.Close()) })
	g.copy, err = compare.NewCopy(g.admin, g.namespace, simulated.Server)
	check(t, err)
	t.Cleanup(func() { s.forget(g.namespace) })
	check(t, s.importVoice(ctx, t.TempDir()))
	check(t, g.make(ctx))
	check(t, g.settle(ctx))
	check(t, g.copy.All(ctx))
	g.pair = compare.Pair{
		Namespace: g.namespace, Change: g.copy.Change,
		Real: &compare.Side{Config: askReal(s.node)}, Simulated: &compare.Side{Config: simulated.Config},
	}
	return g
}

// importVoice gives the node the image that the pods run.
func (s *suite) importVoice(ctx context.Context, dir string) error {
	program := filepath.Join(dir, "voice")
	if err := s.node.Compile(ctx, "compare/voice", program); err != nil {
		return err
	}
	content, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	return s.node.Import(ctx, image.Image{
		Names: []string{"lab.invalid/voice:1"}, Files: []image.File{{Path: "/voice", Mode: 0o755, Content: content}},
		Config: image.Config{Entrypoint: []string{"/voice"}, Env: []string{"PATH=/usr/bin:/bin"}},
	})
}

// rules are what the reader may.
func (g *comparison) rules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods", "configmaps"}, Verbs: []string{"get", "list", "watch"}}}
}

// make makes the objects, and gives the reader its rights.
func (g *comparison) make(ctx context.Context) error {
	_, err := g.typed.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: g.namespace}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	meta := metav1.ObjectMeta{Name: compare.Reader}
	role := &rbacv1.Role{ObjectMeta: meta, Rules: g.rules()}
	if _, err = g.typed.RbacV1().Roles(g.namespace).Create(ctx, role, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: compare.Reader},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: compare.Reader}},
	}
	if _, err = g.typed.RbacV1().RoleBindings(g.namespace).Create(ctx, binding, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	for _, o := range g.copy.Objects() {
		if _, err := g.copy.Make(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// settle waits until nothing changes any more by itself: pods run, or have ended, one has
// been started a second time, and controllers have said what they see.
func (g *comparison) settle(ctx context.Context) error {
	if err := g.until(ctx, func(pods map[string]corev1.ContainerStatus) bool {
		return pods["lone"].Ready && pods["talker"].Ready && pods["again"].Ready && pods["over"].State.Terminated != nil &&
			pods["imageless"].State.Waiting != nil && pods["imageless"].State.Waiting.Reason == "ErrImageNeverPull"
	}); err != nil {
		return err
	}
	if err := compare.End(ctx, g.admin, g.namespace, "again"); err != nil {
		return err
	}
	if err := g.until(ctx, func(pods map[string]corev1.ContainerStatus) bool {
		return pods["again"].RestartCount == 1 && pods["again"].Ready
	}); err != nil {
		return err
	}
	_, err := g.typed.CoreV1().ConfigMaps(g.namespace).Get(ctx, "kube-root-ca.crt", metav1.GetOptions{})
	time.Sleep(2 * time.Second) // of a log since 1 s ago, the lines are older
	return err
}

// until waits until something is true of the pods' containers.
func (g *comparison) until(ctx context.Context, ok func(map[string]corev1.ContainerStatus) bool) error {
	var seen map[string]corev1.ContainerStatus
	err := wait.PollUntilContextCancel(ctx, 200*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		list, err := g.typed.CoreV1().Pods(g.namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		seen = map[string]corev1.ContainerStatus{}
		for _, pod := range list.Items {
			if len(pod.Status.ContainerStatuses) > 0 {
				seen[pod.Name] = pod.Status.ContainerStatuses[0]
			}
		}
		return ok(seen), nil
	})
	if err != nil {
		return fmt.Errorf("the pods never came to be as they should, last %+v: %w", seen, err)
	}
	return nil
}

// askReal tells how each of those who ask does so of a lab.
func askReal(n *node.Node) func(string) (*rest.Config, error) {
	return func(who string) (*rest.Config, error) {
		if who == compare.Reader {
			path, err := n.UserKubeconfig(compare.Reader)
			if err != nil {
				return nil, err
			}
			return clientcmd.BuildConfigFromFlags("", path)
		}
		config, err := clientcmd.BuildConfigFromFlags("", n.Kubeconfig())
		if err == nil && who == compare.Stranger {
			config = rest.AnonymousClientConfig(config)
			config.BearerToken = "wrong"
		}
		return config, err
	}
}
