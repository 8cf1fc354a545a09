// SPDX-License-Identifier: Apache-2.0

package upgrade

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// A rollout is that of one workload at a moment. It goes in stages: at first there is the old
// spec, in stage 1 its controller has not seen the new one, in stage 2 the first pod changes.
// From then on each is as long as the workload's pace.
type rollout struct {
	*Upgrade
	workload
	release release
	now     time.Duration
}

const (
	unseen = 1 // the stage in which the controller has not seen the new spec
	first  = 2 // the stage in which the first pod changes
)

// attention is how long a controller takes to see a new spec.
const attention = tick

// stage returns how far the rollout is, at most so far.
func (s rollout) stage(last int) int {
	switch since := s.now - s.at; {
	case since < 0:
		return 0
	case since < attention:
		return unseen
	default:
		return min(last, first+int((since-attention)/s.Pace.Duration))
	}
}

// begins returns when a stage begins.
func (s rollout) begins(stage int) time.Duration {
	switch stage {
	case 0:
		return longAgo
	case unseen:
		return s.at
	}
	return s.at + attention + time.Duration(stage-first)*s.Pace.Duration
}

// versions returns the generation, the one that was observed, and the version of the labels.
func (s rollout) versions(stage int) (generation, observed int64, version string) {
	switch stage {
	case 0:
		return 1, 1, s.script.From
	case unseen:
		return 2, 1, s.script.To
	}
	return 2, 2, s.script.To
}

func uid(kind, name string) types.UID { return types.UID("u-" + kind + "-" + name) }

// hash returns a few letters that stand for a text, the same each time.
func hash(text string, n int) string {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(text))
	return fmt.Sprintf("%016x", sum.Sum64())[:n]
}

// owned returns the reference to a controller.
func owned(apiVersion, kind, name string) []metav1.OwnerReference {
	return []metav1.OwnerReference{{
		APIVersion: apiVersion, Kind: kind, Name: name, UID: uid(kind, name), Controller: new(true), BlockOwnerDeletion: new(true),
	}}
}

// meta returns the metadata of the workload.
func (s rollout) meta(stage int) metav1.ObjectMeta {
	generation, _, version := s.versions(stage)
	m := metav1.ObjectMeta{
		Name: s.Name, UID: uid(s.Kind, s.Name), Generation: generation, CreationTimestamp: s.when(longAgo), Labels: s.labels(),
	}
	if kind, name, ok := strings.Cut(s.Owner, "/"); ok {
		m.OwnerReferences = owned(apiVersions[kind], kind, name)
		return m
	}
	m.Annotations = map[string]string{"meta.helm.sh/release-name": s.release.Name}
	m.Labels["app.kubernetes.io/managed-by"] = "Helm"
	m.Labels["app.kubernetes.io/version"] = version
	return m
}

var apiVersions = map[string]string{
	"Kafka": "kafka.strimzi.io/v1beta2", "StrimziPodSet": "core.strimzi.io/v1beta2", "PerconaServerMongoDB": "psmdb.percona.com/v1",
	"StatefulSet": "apps/v1", "ReplicaSet": "apps/v1", "Deployment": "apps/v1", "Job": "batch/v1",
}

func (s rollout) labels() map[string]string {
	all := map[string]string{"app.kubernetes.io/name": s.Name, "app.kubernetes.io/instance": s.release.Name}
	if s.Kind == "StrimziPodSet" {
		all["strimzi.io/cluster"], all["strimzi.io/kind"], all["strimzi.io/name"] = "kafka-cluster", "Kafka", s.Name
	}
	return all
}

func with(labels map[string]string, key, value string) map[string]string {
	labels[key] = value
	return labels
}

func (s rollout) template(version string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: s.labels()},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: s.Name, Image: s.image(version)}}},
	}
}

func (s rollout) image(version string) string { return "registry.invalid/" + s.Name + ":" + version }

// deployment rolls as the Deployment controller does with a surge of one pod and none
// unavailable: a new pod is made, starts and is ready, then an old one goes.
func (s rollout) deployment() []runtime.Object {
	const steps = 3
	stage := s.stage(first + steps*s.Replicas)
	generation, observed, version := s.versions(stage)
	revision := fmt.Sprint(observed)
	d := &appsv1.Deployment{ObjectMeta: s.meta(stage)}
	d.Kind, d.APIVersion = s.Kind, "apps/v1"
	d.Spec = appsv1.DeploymentSpec{
		Replicas: new(int32(s.Replicas)), Selector: &metav1.LabelSelector{MatchLabels: s.labels()}, Template: s.template(version),
		Strategy: appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType}, ProgressDeadlineSeconds: new(int32(600)),
	}
	if d.Annotations == nil {
		d.Annotations = map[string]string{}
	}
	d.Annotations["deployment.kubernetes.io/revision"] = revision
	old, current := s.replicaSet(1), s.replicaSet(2)
	var pods []runtime.Object
	ready := s.Replicas
	for i := range s.Replicas {
		changes := first + steps*i
		if stage <= changes+steps-1 || stage == 0 {
			p := s.pod(old.Name+"-"+hash(s.Name+fmt.Sprint("old", i), 5), s.script.From, with(s.labels(), "pod-template-hash", hash(old.Name, 10)), "ReplicaSet", old.Name)
			s.lives(p, longAgo, longAgo, changes+2, stage)
			pods = append(pods, p)
		}
		if stage >= changes {
			p := s.pod(current.Name+"-"+hash(s.Name+fmt.Sprint("new", i), 5), s.script.To, with(s.labels(), "pod-template-hash", hash(current.Name, 10)), "ReplicaSet", current.Name)
			s.grows(p, changes, stage)
			pods = append(pods, p)
			current.Status.Replicas++
			if stage >= changes+2 {
				current.Status.ReadyReplicas++
			}
		}
	}
	old.Status.Replicas = int32(s.Replicas) - current.Status.ReadyReplicas
	old.Status.ReadyReplicas = old.Status.Replicas
	updated := current.Status.Replicas
	if observed == 1 {
		updated = int32(s.Replicas)
	}
	d.Status = appsv1.DeploymentStatus{
		ObservedGeneration: observed, Replicas: old.Status.Replicas + current.Status.Replicas, UpdatedReplicas: updated,
		ReadyReplicas: int32(ready), AvailableReplicas: int32(ready), UnavailableReplicas: current.Status.Replicas - current.Status.ReadyReplicas,
	}
	d.Status.Conditions = s.deploymentConditions(stage == 0 || stage == unseen || stage == first+steps*s.Replicas, stage)
	sets := []*appsv1.ReplicaSet{old}
	if generation == 2 && observed == 2 {
		sets = append(sets, current)
	}
	objects := append([]runtime.Object{d}, pods...)
	for _, set := range sets {
		set.Spec.Replicas = new(set.Status.Replicas)
		set.Status.AvailableReplicas = set.Status.ReadyReplicas
		objects = append(objects, set)
	}
	return objects
}

func (s rollout) deploymentConditions(over bool, stage int) []appsv1.DeploymentCondition {
	reason := "ReplicaSetUpdated"
	if over {
		reason = "NewReplicaSetAvailable"
	}
	return []appsv1.DeploymentCondition{
		{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue, Reason: "MinimumReplicasAvailable", LastTransitionTime: s.when(longAgo), LastUpdateTime: s.when(longAgo)},
		{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: reason, LastTransitionTime: s.when(longAgo), LastUpdateTime: s.when(s.begins(stage))},
	}
}

func (s rollout) replicaSet(revision int) *appsv1.ReplicaSet {
	version, at := s.script.From, longAgo
	if revision == 2 {
		version, at = s.script.To, s.begins(first)
	}
	name := s.Name + "-" + hash(s.Name+version, 10)
	labels := with(s.labels(), "pod-template-hash", hash(name, 10))
	r := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{
		Name: name, UID: uid("ReplicaSet", name), CreationTimestamp: s.when(at), Labels: labels, Generation: 1,
		Annotations:     map[string]string{"deployment.kubernetes.io/revision": fmt.Sprint(revision)},
		OwnerReferences: owned("apps/v1", "Deployment", s.Name),
	}}
	r.Kind, r.APIVersion = "ReplicaSet", "apps/v1"
	r.Spec.Selector, r.Spec.Template = &metav1.LabelSelector{MatchLabels: labels}, s.template(version)
	r.Status.ObservedGeneration = 1
	return r
}

// An ordinal is a pod that keeps its name, in a set that rolls from the last to the first: it
// goes, is made, starts and is ready.
type ordinal struct {
	pod            *corev1.Pod
	updated, ready bool
}

const ordinalSteps = 4

// ordinals returns the pods of such a set, and how far it is.
func (s rollout) ordinals(revisionLabel string, more map[string]string) ([]ordinal, int) {
	stage := s.stage(first + ordinalSteps*s.Replicas)
	var all []ordinal
	for i := range s.Replicas {
		changes := first + ordinalSteps*(s.Replicas-1-i)
		labels := s.labels()
		for key, value := range more {
			labels[key] = value
		}
		name := fmt.Sprintf("%s-%d", s.Name, i)
		if stage <= changes {
			p := s.pod(name, s.script.From, with(labels, revisionLabel, s.revision(1)), s.Kind, s.Name)
			s.lives(p, longAgo, longAgo, changes, stage)
			all = append(all, ordinal{p, false, stage < changes})
			continue
		}
		p := s.pod(name, s.script.To, with(labels, revisionLabel, s.revision(2)), s.Kind, s.Name)
		s.grows(p, changes+1, stage)
		all = append(all, ordinal{p, true, stage >= changes+3})
	}
	return all, stage
}

func (s rollout) revision(generation int64) string {
	return s.Name + "-" + hash(fmt.Sprint(s.Name, generation), 10)
}

// statefulSet rolls as the StatefulSet controller does, or as Percona's operator does with
// one whose pods it deletes itself.
func (s rollout) statefulSet() []runtime.Object {
	pods, stage := s.ordinals(appsv1.StatefulSetRevisionLabel, nil)
	_, observed, version := s.versions(stage)
	set := &appsv1.StatefulSet{ObjectMeta: s.meta(stage)}
	set.Kind, set.APIVersion = s.Kind, "apps/v1"
	set.Spec = appsv1.StatefulSetSpec{
		Replicas: new(int32(s.Replicas)), ServiceName: s.Name, PodManagementPolicy: appsv1.OrderedReadyPodManagement,
		Selector: &metav1.LabelSelector{MatchLabels: s.labels()}, Template: s.template(version),
		UpdateStrategy: appsv1.StatefulSetUpdateStrategy{Type: appsv1.RollingUpdateStatefulSetStrategyType},
	}
	if s.Owner != "" {
		set.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType
	}
	status := &set.Status
	status.ObservedGeneration, status.Replicas = observed, int32(s.Replicas)
	status.CurrentRevision, status.UpdateRevision = s.revision(1), s.revision(observed)
	objects := []runtime.Object{set}
	for i, p := range pods {
		if p.ready {
			status.ReadyReplicas++
		}
		if p.updated {
			status.UpdatedReplicas++
		}
		objects = append(objects, p.pod, s.claim(i))
	}
	status.CurrentReplicas = status.Replicas - status.UpdatedReplicas
	if observed == 1 {
		status.UpdatedReplicas = status.Replicas
	}
	if stage == first+ordinalSteps*s.Replicas {
		status.CurrentRevision, status.CurrentReplicas = status.UpdateRevision, status.Replicas
	}
	status.AvailableReplicas = status.ReadyReplicas
	return objects
}

func (s rollout) claim(i int) *corev1.PersistentVolumeClaim {
	name := fmt.Sprintf("data-%s-%d", s.Name, i)
	c := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
		Name: name, UID: uid("PersistentVolumeClaim", name), CreationTimestamp: s.when(longAgo), Labels: s.labels(),
	}}
	c.Kind, c.APIVersion = "PersistentVolumeClaim", "v1"
	c.Spec.AccessModes, c.Spec.VolumeName = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, name
	c.Status.Phase = corev1.ClaimBound
	return c
}
