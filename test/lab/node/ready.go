// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// patience is how long a lab may take for one step on a machine that is busy
// with other things. On one that is not, a lab takes a tenth of it in all.
const patience = 2 * time.Minute

// client speaks to the lab's API server as its administrator.
func (n *Node) client() (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", n.Kubeconfig())
	if err != nil {
		return nil, err
	}
	config.Timeout = 5 * time.Second
	config.QPS = -1 // asked often while it starts
	return kubernetes.NewForConfig(config)
}

// waitForAPI waits until the API server says that it is ready.
func (m *machine) waitForAPI(ctx context.Context) error {
	client, err := m.client()
	if err != nil {
		return err
	}
	return m.wait(ctx, "the API server", func() bool {
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error() == nil
	}, m.etcd(), m.apiServer())
}

// waitForNode waits until the node is Ready, has shown a sign of life since the
// given time, and pods can be created.
func (m *machine) waitForNode(ctx context.Context, since time.Time) error {
	client, err := m.client()
	if err != nil {
		return err
	}
	return m.wait(ctx, "the node", func() bool {
		return nodeReady(ctx, client, since) && podsAllowed(ctx, client)
	}, m.components()...)
}

func nodeReady(ctx context.Context, client kubernetes.Interface, since time.Time) bool {
	lease, err := client.CoordinationV1().Leases(corev1.NamespaceNodeLease).Get(ctx, nodeName, metav1.GetOptions{})
	if err != nil || lease.Spec.RenewTime == nil || lease.Spec.RenewTime.Time.Before(since) {
		return false
	}
	node, err := client.CoreV1().Nodes().Get(ctx, nodeName, metav1.GetOptions{})
	if err != nil {
		return false
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// podsAllowed reports whether what every pod needs is there: its service account
// and the certificate that is mounted into it.
func podsAllowed(ctx context.Context, client kubernetes.Interface) bool {
	_, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
	if err != nil {
		return false
	}
	_, err = client.CoreV1().ConfigMaps("default").Get(ctx, "kube-root-ca.crt", metav1.GetOptions{})
	return err == nil
}

// wait waits until ready, unless one of the components that it takes ends.
func (m *machine) wait(ctx context.Context, what string, ready func() bool, needs ...component) error {
	return waitFor(ctx, patience, what, func() (bool, error) {
		if ready() {
			return true, nil
		}
		for _, c := range needs {
			if running, err := m.runs(c); err != nil {
				return false, err
			} else if !running {
				return false, fmt.Errorf("%s ended: %s", c.name, m.lastLine(c))
			}
		}
		return false, nil
	})
}

// lastLine is the end of a component's log, and where there is more.
func (m *machine) lastLine(c component) string {
	text, err := os.ReadFile(m.log(c))
	if err != nil {
		return err.Error()
	}
	text = bytes.TrimSpace(text)
	return fmt.Sprintf("%s (%s)", text[bytes.LastIndexByte(text, '\n')+1:], m.log(c))
}
