// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	v1 "k8s.io/client-go/kubernetes/typed/apps/v1"
)

// A Latency is how long programs took to end after the API server had the last
// change they waited for, in ascending order.
type Latency []time.Duration

// Median and Worst of the runs.
func (l Latency) Median() time.Duration { return l[len(l)/2] }
func (l Latency) Worst() time.Duration  { return l[len(l)-1] }

// latencies measures two programs in turns that wait for a Deployment. Nobody
// but us may write its status: the controller manager must not run.
func (m meter) latencies(ctx context.Context, client kubernetes.Interface, namespace string, runs int) (ours, theirs Latency, err error) {
	deployments := client.AppsV1().Deployments(namespace)
	for range runs {
		for _, side := range []struct {
			args []string
			into *Latency
		}{
			{[]string{"kubectl-tpe", "wait", "-n=" + namespace, "--for=workloads", "--timeout=1m"}, &ours},
			{[]string{"kubectl", "rollout", "status", "-n=" + namespace, "deployment/late", "--timeout=1m"}, &theirs},
		} {
			took, err := m.latency(ctx, deployments, side.args)
			if err != nil {
				return nil, nil, err
			}
			*side.into = append(*side.into, took)
		}
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	return ours, theirs, nil
}

// latency makes the Deployment not ready, starts a program that waits, makes
// the Deployment ready, and returns how long after that the program ended.
func (m meter) latency(ctx context.Context, deployments v1.DeploymentInterface, args []string) (time.Duration, error) {
	if err := setReady(ctx, deployments, 0); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, m.find(args[0]), args[1:]...)
	cmd.Env = m.env
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	// Both have their watch by then: they need less than a second to start.
	time.Sleep(2 * time.Second)
	if err := setReady(ctx, deployments, 1); err != nil {
		return 0, err
	}
	changed := time.Now()
	if err := cmd.Wait(); err != nil {
		return 0, fmt.Errorf("%v: %w", args, err)
	}
	return time.Since(changed), nil
}

func setReady(ctx context.Context, deployments v1.DeploymentInterface, n int32) error {
	d, err := deployments.Get(ctx, "late", metav1.GetOptions{})
	if err != nil {
		return err
	}
	d.Status = appsv1.DeploymentStatus{
		ObservedGeneration: d.Generation, Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: n, AvailableReplicas: n,
	}
	_, err = deployments.UpdateStatus(ctx, d, metav1.UpdateOptions{})
	return err
}
