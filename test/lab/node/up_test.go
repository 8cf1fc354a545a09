// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"strings"
	"syscall"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// TestUp is one story of one lab, because a lab takes ten seconds and more to
// come up.
func TestUp(t *testing.T) {
	n := newLab(t, "test-up")
	killedUp(t, n, "containerd")
	up(t, n)
	runPods(t, n, "old", 2)

	t.Run("twice", func(t *testing.T) { testUpTwice(t, n) })
	t.Run("users", func(t *testing.T) { testUsers(t, n) })
	t.Run("another version", func(t *testing.T) { testAnotherVersion(t, n) })
	t.Run("side by side", func(t *testing.T) { testSideBySide(t, n) })
	t.Run("stop and start", func(t *testing.T) { testStopAndStart(t, n) })

	repairs := map[string]func(*testing.T){
		"etcd":                    func(t *testing.T) { killComponent(t, n, "etcd") },
		"kube-apiserver":          func(t *testing.T) { killComponent(t, n, "kube-apiserver") },
		"kube-controller-manager": func(t *testing.T) { killComponent(t, n, "kube-controller-manager") },
		"containerd":              func(t *testing.T) { killComponent(t, n, "containerd") },
		"kubelet":                 func(t *testing.T) { killComponent(t, n, "kubelet") },
		"a shim":                  func(t *testing.T) { killShim(t, n) },
		"everything":              func(t *testing.T) { killEverything(t, n) },
		"init":                    func(t *testing.T) { killInit(t, n) },
	}
	for name, kill := range repairs {
		t.Run("repairs "+name, func(t *testing.T) {
			kill(t)
			up(t, n)
			runPods(t, n, "new-"+strings.ReplaceAll(name, " ", "-"), 1)
			waitForPods(t, n, "old", 2)
		})
	}
}

func testUpTwice(t *testing.T, n *Node) {
	var log bytes.Buffer
	again := *n
	again.log = &log
	start := time.Now()
	up(t, &again)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("a second up took %s, want it to be at once", took)
	}
	if want := "nothing to do"; !strings.Contains(log.String(), want) {
		t.Errorf("a second up says %q, want %q", log.String(), want)
	}
}

func testUsers(t *testing.T, n *Node) {
	path, err := n.UserKubeconfig("nobody", "visitors")
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	review := &authenticationv1.SelfSubjectReview{}
	review, err = client.AuthenticationV1().SelfSubjectReviews().Create(t.Context(), review, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if user := review.Status.UserInfo; user.Username != "nobody" || user.Groups[0] != "visitors" {
		t.Errorf("user is %q of %q, want nobody of visitors", user.Username, user.Groups)
	}
	if _, err := client.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("a user without rights lists pods: %v, want forbidden", err)
	}
}

func testAnotherVersion(t *testing.T, n *Node) {
	other := *n
	other.minor = "1.36"
	if _, err := other.settled(t.Context()); err == nil {
		t.Error("a lab of 1.33 is given for one of 1.36")
	}
}

func testSideBySide(t *testing.T, n *Node) {
	other := newLab(t, "test-other")
	before := takeSnapshot(t, other)
	upWithPods(t, other)
	if pods, err := clientOf(t, n).AppsV1().Deployments("default").Get(t.Context(), "pods", metav1.GetOptions{}); err == nil {
		t.Errorf("a deployment of another lab is in this one: %s", pods.UID)
	}
	downWithAll(t, other, before)
	if err := n.Ready(t.Context()); err != nil {
		t.Errorf("after another lab went down: %v", err)
	}
}

func testStopAndStart(t *testing.T, n *Node) {
	if err := n.Stop(t.Context(), "kubelet"); err != nil {
		t.Fatal(err)
	}
	if pid := pidOf(t, n, "kubelet"); pid != 0 {
		t.Errorf("a kubelet that was stopped runs as %d", pid)
	}
	if err := n.Start(t.Context(), "kubelet"); err != nil {
		t.Fatal(err)
	}
	if pidOf(t, n, "kubelet") == 0 {
		t.Error("a kubelet that was started does not run")
	}
	if err := n.Stop(t.Context(), "kubelte"); err == nil {
		t.Error("a component that does not exist was stopped")
	}
}

func killComponent(t *testing.T, n *Node, name string) {
	t.Helper()
	if err := n.Kill(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	if pid := pidOf(t, n, name); pid != 0 {
		t.Fatalf("%s runs as %d after it was killed", name, pid)
	}
}

func killShim(t *testing.T, n *Node) {
	t.Helper()
	if err := running(t, n, "containerd-shim-runc-v2")[0].signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func killInit(t *testing.T, n *Node) {
	t.Helper()
	if err := n.killAll(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func pidOf(t *testing.T, n *Node, name string) int {
	t.Helper()
	components, err := n.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range components {
		if c.Name == name {
			return c.PID
		}
	}
	t.Fatalf("no component %q in %v", name, components)
	return 0
}
