// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// fill makes a namespace with so many Deployments, each with two pods. They are
// objects only: no controller and no kubelet takes them up. All are ready but
// one, whose name is late.
func fill(ctx context.Context, client kubernetes.Interface, namespace string, deployments int) error {
	if err := create(ctx, client, namespace); err != nil {
		return err
	}
	tasks, ctx := errgroup.WithContext(ctx)
	tasks.SetLimit(32)
	for i := range deployments {
		tasks.Go(func() error {
			if i == 0 {
				return one(ctx, client, namespace, "late", 2, false)
			}
			return one(ctx, client, namespace, fmt.Sprintf("w-%04d", i), 2, true)
		})
	}
	if err := tasks.Wait(); err != nil {
		return fmt.Errorf("fill namespace %s: %w", namespace, err)
	}
	return nil
}

// create creates a namespace, and the account without which there are no pods, which a
// controller would make.
func create(ctx context.Context, client kubernetes.Interface, namespace string) error {
	_, err := client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("fill namespace %s: %w", namespace, err)
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	if _, err := client.CoreV1().ServiceAccounts(namespace).Create(ctx, account, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("fill namespace %s: %w", namespace, err)
	}
	return nil
}

// one makes a Deployment and what its controllers and the kubelet would make of it.
func one(ctx context.Context, client kubernetes.Interface, namespace, name string, replicas int32, ready bool) error {
	d, err := client.AppsV1().Deployments(namespace).Create(ctx, deployment(name, replicas), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	rs, err := client.AppsV1().ReplicaSets(namespace).Create(ctx, &appsv1.ReplicaSet{
		ObjectMeta: owned(d, name+"-5d4f8c7b9d", d, "Deployment"),
		Spec:       appsv1.ReplicaSetSpec{Replicas: d.Spec.Replicas, Selector: d.Spec.Selector, Template: d.Spec.Template},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	pods := client.CoreV1().Pods(namespace)
	for i := range replicas {
		pod := &corev1.Pod{ObjectMeta: owned(d, fmt.Sprintf("%s-x2k9%d", rs.Name, i), rs, "ReplicaSet"), Spec: d.Spec.Template.Spec}
		if pod, err = pods.Create(ctx, pod, metav1.CreateOptions{}); err != nil {
			return err
		}
		if !ready {
			continue
		}
		pod.Status.Phase = corev1.PodRunning
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		if _, err := pods.UpdateStatus(ctx, pod, metav1.UpdateOptions{}); err != nil {
			return err
		}
	}
	if !ready {
		return nil
	}
	d.Status = appsv1.DeploymentStatus{
		ObservedGeneration: d.Generation, Replicas: replicas, UpdatedReplicas: replicas, ReadyReplicas: replicas, AvailableReplicas: replicas,
	}
	_, err = client.AppsV1().Deployments(namespace).UpdateStatus(ctx, d, metav1.UpdateOptions{})
	return err
}

// owned returns the metadata of what belongs to a Deployment.
func owned(d *appsv1.Deployment, name string, owner metav1.Object, kind string) metav1.ObjectMeta {
	ref := metav1.NewControllerRef(owner, appsv1.SchemeGroupVersion.WithKind(kind))
	return metav1.ObjectMeta{Name: name, Labels: d.Spec.Selector.MatchLabels, OwnerReferences: []metav1.OwnerReference{*ref}}
}

// deployment is one as small charts have it.
func deployment(name string, replicas int32) *appsv1.Deployment {
	labels := map[string]string{"app.kubernetes.io/name": name, "app.kubernetes.io/instance": "tpe"}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: name, Image: "lab.invalid/" + name + ":1"}}},
			},
		},
	}
}
