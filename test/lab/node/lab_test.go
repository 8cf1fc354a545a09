// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/build"
)

// upOnly makes this test program bring the lab of that name up, and do nothing
// else: a test can then kill it half-way.
const upOnly = "KUBECTL_TPE_LAB_TEST_UP"

// lastThread makes this test program lose its first thread and live on in others
// for a moment, as one with open files does that is being killed.
const lastThread = "KUBECTL_TPE_LAB_TEST_LAST_THREAD"

func init() {
	if os.Getenv(lastThread) == "" {
		return
	}
	runtime.LockOSThread()
	time.AfterFunc(300*time.Millisecond, func() { os.Exit(0) })
	_, _, _ = syscall.Syscall(syscall.SYS_EXIT, 0, 0, 0)
}

func TestMain(m *testing.M) {
	if name := os.Getenv(upOnly); name != "" {
		if err := bringUp(name); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func bringUp(name string) error {
	builder, err := build.New(os.Stderr)
	if err != nil {
		return err
	}
	n, err := New(name, "", builder, os.Stderr)
	if err != nil {
		return err
	}
	return n.Up(context.Background())
}

// newLab is a lab that is down, before the test and after it.
func newLab(t *testing.T, name string) *Node {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("a lab needs root on Linux")
	}
	builder, err := build.New(t.Output())
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(name, "", builder, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	down(t, n)
	t.Cleanup(func() {
		if err := n.Down(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return n
}

func up(t *testing.T, n *Node) {
	t.Helper()
	if err := n.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func down(t *testing.T, n *Node) {
	t.Helper()
	if err := n.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// killedUp brings the lab up in a process of its own, and kills that as soon as a
// process of this name runs.
func killedUp(t *testing.T, n *Node, program string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), upOnly+"="+n.Name)
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for len(running(t, n, program)) == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatalf("up was over before it could be killed: %v", err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("up was over before it could be killed")
	}
}

// running are the lab's processes of a program, pods left out.
func running(t *testing.T, n *Node, program string) []process {
	t.Helper()
	inits, err := n.inits()
	if err != nil {
		t.Fatal(err)
	}
	all, err := processes()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(p process) bool {
		return len(inits) == 0 || p.namespace != inits[0].namespace || filepath.Base(p.arguments[0]) != program
	})
}

// killEverything kills each process of the lab but its process 1, pods included.
func killEverything(t *testing.T, n *Node) {
	t.Helper()
	for _, program := range []string{"kubernetes", "containerd", "containerd-shim-runc-v2"} {
		found := running(t, n, program)
		if len(found) == 0 {
			t.Fatalf("no %s runs", program)
		}
		for _, p := range found {
			if err := p.signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func clientOf(t *testing.T, n *Node) *kubernetes.Clientset {
	t.Helper()
	client, err := n.client()
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// runPods makes a deployment of this name and waits until its pods are ready.
func runPods(t *testing.T, n *Node, name string, replicas int32) {
	t.Helper()
	labels := map[string]string{"app": name}
	none := int64(0)
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					TerminationGracePeriodSeconds: &none,
					Containers: []corev1.Container{{
						Name: "pause", Image: pauseImage, ImagePullPolicy: corev1.PullNever,
					}},
				},
			},
		},
	}
	client := clientOf(t, n).AppsV1().Deployments("default")
	if _, err := client.Create(t.Context(), deployment, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	waitForPods(t, n, name, replicas)
}

func waitForPods(t *testing.T, n *Node, name string, replicas int32) {
	t.Helper()
	client := clientOf(t, n).AppsV1().Deployments("default")
	err := waitFor(t.Context(), patience, "the pods of "+name, func() (bool, error) {
		now, err := client.Get(t.Context(), name, metav1.GetOptions{})
		return err == nil && now.Status.ReadyReplicas == replicas, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
