// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	v1 "k8s.io/client-go/kubernetes/typed/apps/v1"
)

// A Latency is how long a program took to end after the API server had the last
// change it waited for, in ascending order.
type Latency struct {
	Program Program
	Took    []time.Duration
}

// Median and Worst of the runs.
func (l Latency) Median() time.Duration { return l.Took[len(l.Took)/2] }
func (l Latency) Worst() time.Duration  { return l.Took[len(l.Took)-1] }

// waiting are the programs that wait for a Deployment of the name late: ours, what
// users have, and the floors of ours; the last is the one that reads as much.
func waiting(namespace string) []Program {
	n := "-n=" + namespace
	return []Program{
		plugin(0, "wait", n, "--for=workloads", "--timeout=1m"),
		kubectl("rollout", "status", n, "deployment/late", "--timeout=1m"),
		kubectl("wait", n, "--for=condition=Available", "deployment/late", "--timeout=1m"),
		{[]string{"helmwait", namespace, "late"}, []int{0}},
		*floor("wait", namespace),
		*floor("wait-all", namespace),
	}
}

// latencies measures programs in turns. Nobody but us may write the Deployment's
// status: the controller manager must not run.
func (m meter) latencies(ctx context.Context, client kubernetes.Interface, namespace string, runs int) ([]Latency, error) {
	deployments := client.AppsV1().Deployments(namespace)
	var all []Latency
	for _, p := range waiting(namespace) {
		all = append(all, Latency{Program: p})
	}
	for range runs {
		for i := range all {
			took, err := m.latency(ctx, deployments, all[i].Program)
			if err != nil {
				return nil, err
			}
			all[i].Took = append(all[i].Took, took)
		}
	}
	for _, l := range all {
		slices.Sort(l.Took)
	}
	return all, nil
}

// latency makes the Deployment not ready, starts a program that waits, makes
// the Deployment ready, and returns how long after that the program ended.
func (m meter) latency(ctx context.Context, deployments v1.DeploymentInterface, p Program) (time.Duration, error) {
	if err := setReady(ctx, deployments, 0); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, m.find(p.Args[0]), p.Args[1:]...)
	cmd.Env = m.env()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	// All have their watch by then: they need less than a second to start.
	time.Sleep(2 * time.Second)
	if err := setReady(ctx, deployments, 1); err != nil {
		return 0, err
	}
	changed := time.Now()
	if err := cmd.Wait(); err != nil {
		return 0, fmt.Errorf("%s: %w", p, err)
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
		Conditions: []appsv1.DeploymentCondition{
			{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionFalse},
			{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: "NewReplicaSetAvailable"},
		},
	}
	if n > 0 {
		d.Status.Conditions[0].Status = corev1.ConditionTrue
	}
	_, err = deployments.UpdateStatus(ctx, d, metav1.UpdateOptions{})
	return err
}
