// SPDX-License-Identifier: Apache-2.0

package upgrade

import (
	"fmt"
	"hash/fnv"
	"maps"
	"strings"
	"time"
)

// m and l are objects and lists of JSON.
type (
	m = map[string]any
	l = []any
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
	unseen = 1
	first  = 2

	longest = 100 // a stage that no rollout comes to

	// attention is how long a controller takes to see a new spec.
	attention = tick
)

// stage returns how far the rollout is.
func (s rollout) stage() int {
	switch since := s.now - s.At.Duration; {
	case since < 0:
		return 0
	case since < attention:
		return unseen
	default:
		return min(longest, first+int((since-attention)/s.Pace.Duration))
	}
}

// begins returns when a stage begins.
func (s rollout) begins(stage int) time.Duration {
	switch stage {
	case 0:
		return longAgo
	case unseen:
		return s.At.Duration
	}
	return s.At.Duration + attention + time.Duration(stage-first)*s.Pace.Duration
}

// last returns the stage in which the rollout is over.
func (s rollout) last() int {
	if s.Kind == "Deployment" {
		return first + 3*s.Replicas
	}
	return first + 4*s.Replicas
}

// spec returns the generation of the spec, that which its controller has seen, and the version.
func (s rollout) spec() (generation, observed int, version string) {
	switch s.stage() {
	case 0:
		return 1, 1, s.script.From
	case unseen:
		return 2, 1, s.script.To
	}
	return 2, 2, s.script.To
}

// A life is that of a pod: it is made in a stage, starts in the next, and is ready after that,
// or always was; in the last stage it stops.
type life struct {
	name       string
	generation int
	made, last int
}

// lives returns all pods that the rollout has, in the end. A Deployment makes one pod more,
// and an old one stops once that is ready. The pods of all others keep their names: from the
// last to the first each stops, and then is made again.
func (s rollout) lives() []life {
	var all []life
	for i := range s.Replicas {
		if s.Kind == "Deployment" {
			changes := first + 3*i
			all = append(all,
				life{s.set(1) + "-" + hash(fmt.Sprint(s.Name, "old", i), 5), 1, 0, changes + 2},
				life{s.set(2) + "-" + hash(fmt.Sprint(s.Name, "new", i), 5), 2, changes, longest})
			continue
		}
		name, changes := fmt.Sprintf("%s-%d", s.Name, i), first+4*(s.Replicas-1-i)
		all = append(all, life{name, 1, 0, changes}, life{name, 2, changes + 1, longest})
	}
	return all
}

func (p life) exists(stage int) bool { return p.made <= stage && stage <= p.last }
func (p life) stops(stage int) bool  { return stage == p.last && p.last < longest }
func (p life) ready(stage int) bool {
	return p.exists(stage) && !p.stops(stage) && (p.made == 0 || stage >= p.made+2)
}

// count returns how many pods of a generation there are, and how many are ready; those that
// stop do not count.
func (s rollout) count(generation int) (all, ready int) {
	for _, p := range s.lives() {
		if p.generation == generation && p.exists(s.stage()) && !p.stops(s.stage()) {
			all++
		}
		if p.generation == generation && p.ready(s.stage()) {
			ready++
		}
	}
	return all, ready
}

// set returns the name of a ReplicaSet or ControllerRevision of a generation.
func (s rollout) set(generation int) string {
	return s.Name + "-" + hash(fmt.Sprint(s.Name, generation), 10)
}

// hash returns a few letters that stand for a text, the same each time. They are the last ones, for
// the first ones of texts that end otherwise are often the same.
func hash(text string, n int) string {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(text))
	return fmt.Sprintf("%016x", sum.Sum64())[16-n:]
}

var apiVersions = map[string]string{
	"Kafka": "kafka.strimzi.io/v1beta2", "StrimziPodSet": "core.strimzi.io/v1beta2", "PerconaServerMongoDB": "psmdb.percona.com/v1",
	"StatefulSet": "apps/v1", "ReplicaSet": "apps/v1", "Deployment": "apps/v1", "Job": "batch/v1", "CronJob": "batch/v1",
	"Pod": "v1", "PersistentVolumeClaim": "v1", "Namespace": "v1",
}

func uid(kind, name string) string { return "u-" + kind + "-" + name }

// owner returns the references of what a controller has made.
func owner(kind, name string) l {
	return l{m{"apiVersion": apiVersions[kind], "kind": kind, "name": name, "uid": uid(kind, name), "controller": true, "blockOwnerDeletion": true}}
}

// object returns an object with this metadata and other parts.
func object(kind, name string, meta, parts m) m {
	o := m{"apiVersion": apiVersions[kind], "kind": kind, "metadata": m{"name": name, "uid": uid(kind, name)}}
	maps.Copy(o["metadata"].(m), meta)
	maps.Copy(o, parts)
	return o
}

func (s rollout) labels(more ...string) m {
	all := m{"app.kubernetes.io/name": s.Name, "app.kubernetes.io/instance": s.release.Name}
	if s.Kind == "StrimziPodSet" {
		maps.Copy(all, m{"strimzi.io/cluster": "kafka-cluster", "strimzi.io/kind": "Kafka", "strimzi.io/name": s.Name, "strimzi.io/controller-name": s.Name})
	}
	for i := 0; i < len(more); i += 2 {
		all[more[i]] = more[i+1]
	}
	return all
}

// workload returns the object of the workload itself.
func (s rollout) object(spec, status m) m {
	generation, observed, version := s.spec()
	meta := m{"generation": generation, "creationTimestamp": s.when(longAgo), "labels": s.labels("app.kubernetes.io/version", version)}
	if kind, name, ok := strings.Cut(s.Owner, "/"); ok {
		meta["ownerReferences"] = owner(kind, name)
	}
	if s.Kind == "Deployment" {
		meta["annotations"] = m{"deployment.kubernetes.io/revision": fmt.Sprint(observed)}
	}
	return object(s.Kind, s.Name, meta, m{"spec": spec, "status": status})
}

func (s rollout) container(generation int) m {
	version := []string{s.script.From, s.script.To}[generation-1]
	return m{"name": s.Name, "image": "registry.invalid/" + s.Name + ":" + version}
}

// template is the selector and the template of the pods.
func (s rollout) template(spec m, labels m) m {
	generation, _, _ := s.spec()
	spec["selector"] = m{"matchLabels": labels}
	spec["template"] = m{"metadata": m{"labels": labels}, "spec": m{"containers": l{s.container(generation)}}}
	return spec
}

// objects returns the workload and all that belongs to it.
func (s rollout) objects() []m {
	switch s.Kind {
	case "Kafka":
		return []m{s.kafka()}
	case "PerconaServerMongoDB":
		return []m{s.mongoDB()}
	case "Deployment":
		return append(s.deployment(), s.pods("ReplicaSet")...)
	case "StatefulSet":
		return append(append(s.claims(), s.statefulSet()), s.pods(s.Kind)...)
	}
	return append(append(s.claims(), s.podSet()), s.pods(s.Kind)...)
}

// pods returns the pods that there are.
func (s rollout) pods(controller string) []m {
	var all []m
	for _, p := range s.lives() {
		if !p.exists(s.stage()) {
			continue
		}
		name, labels, annotations := s.Name, s.labels("controller-revision-hash", s.set(p.generation)), m{}
		switch controller {
		case "ReplicaSet":
			name = s.set(p.generation)
			labels = s.labels("pod-template-hash", hash(name, 10))
		case "StrimziPodSet":
			labels, annotations = s.labels(), m{"strimzi.io/revision": s.set(p.generation)}
		}
		meta := m{
			"uid": uid("Pod", fmt.Sprint(p.name, "-", p.generation)), "creationTimestamp": s.when(s.begins(p.made)),
			"labels": labels, "annotations": annotations, "ownerReferences": owner(controller, name),
		}
		if p.stops(s.stage()) {
			meta["deletionTimestamp"], meta["deletionGracePeriodSeconds"] = s.when(s.begins(p.last)+30*time.Second), 30
		}
		spec := m{"nodeName": "node-1", "restartPolicy": "Always", "containers": l{s.container(p.generation)}}
		all = append(all, object("Pod", p.name, meta, m{"spec": spec, "status": s.podStatus(p)}))
	}
	return all
}

// podStatus is that of a pod which is being made, starts, or is ready; one that stops still is.
func (s rollout) podStatus(p life) m {
	stage := s.stage()
	ready, made := p.made == 0 || stage >= p.made+2, s.when(s.begins(p.made))
	container := s.container(p.generation)
	maps.Copy(container, m{"ready": ready, "restartCount": 0, "imageID": "sha256:" + hash(fmt.Sprint(container["image"]), 16)})
	phase, since := "Pending", made
	if p.made > 0 && stage == p.made {
		container["started"], container["state"] = false, m{"waiting": m{"reason": "ContainerCreating"}}
	} else {
		started := longAgo
		if p.made > 0 {
			started = s.begins(p.made + 1)
		}
		phase, since = "Running", s.when(started)
		container["started"], container["state"] = true, m{"running": m{"startedAt": since}}
		if p.made > 0 && ready {
			since = s.when(s.begins(p.made + 2))
		}
	}
	condition := map[bool]m{true: {"status": "True"}, false: {"status": "False", "reason": "ContainersNotReady"}}[ready]
	conditions := l{m{"type": "PodScheduled", "status": "True", "lastTransitionTime": made}, m{"type": "Initialized", "status": "True", "lastTransitionTime": made}}
	for _, kind := range []string{"Ready", "ContainersReady"} {
		one := m{"type": kind, "lastTransitionTime": since}
		maps.Copy(one, condition)
		conditions = append(conditions, one)
	}
	return m{"phase": phase, "startTime": made, "conditions": conditions, "containerStatuses": l{container}}
}
