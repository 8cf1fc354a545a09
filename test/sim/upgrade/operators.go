// SPDX-License-Identifier: Apache-2.0

package upgrade

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// custom returns an object of an operator's kind.
func (s rollout) custom(stage int, spec, status map[string]any) *unstructured.Unstructured {
	o := named(apiVersions[s.Kind], s.Kind, s.Name)
	meta := s.meta(stage)
	if content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&meta); err == nil {
		o.Object["metadata"] = content
	}
	o.Object["spec"], o.Object["status"] = spec, status
	return o
}

// podSet rolls as Strimzi's operator does, which makes the pods itself.
func (s rollout) podSet() []runtime.Object {
	pods, stage := s.ordinals("strimzi.io/revision", nil)
	_, observed, _ := s.versions(stage)
	var templates []any
	var ready, current int64
	var objects []runtime.Object
	for i, p := range pods {
		p.pod.Annotations = map[string]string{"strimzi.io/revision": p.pod.Labels["strimzi.io/revision"]}
		delete(p.pod.Labels, "strimzi.io/revision")
		templates = append(templates, map[string]any{"metadata": map[string]any{
			"name": p.pod.Name, "annotations": map[string]any{"strimzi.io/revision": s.revision(observed)},
		}})
		if p.ready {
			ready++
		}
		if p.updated || observed == 1 {
			current++
		}
		objects = append(objects, p.pod, s.claim(i))
	}
	return append(objects, s.custom(stage,
		map[string]any{"pods": templates, "selector": map[string]any{"matchLabels": map[string]any{"strimzi.io/cluster": "kafka-cluster"}}},
		map[string]any{"observedGeneration": observed, "pods": int64(s.Replicas), "readyPods": ready, "currentPods": current},
	))
}

// sets returns the rollouts of what the operator has made for this workload.
func (s rollout) sets() []rollout {
	var all []rollout
	for _, w := range s.release.Workloads {
		if w.Owner == s.Kind+"/"+s.Name && w.Kind != "Deployment" {
			all = append(all, rollout{s.Upgrade, w, s.release, s.now})
		}
	}
	return all
}

// over returns when all of them have rolled.
func over(sets []rollout) time.Duration {
	var last time.Duration
	for _, set := range sets {
		last = max(last, set.begins(first+ordinalSteps*set.Replicas))
	}
	return last
}

// kafka is reconciled once its sets have rolled: only then does Strimzi's operator note which
// generation it has seen.
func (s rollout) kafka() []runtime.Object {
	sets := s.sets()
	stage, observed, since := 0, int64(1), longAgo
	if s.now >= s.at {
		stage = unseen
	}
	if end := over(sets); s.now >= end {
		stage, observed, since = first, 2, end
	}
	replicas := map[string]any{}
	for _, set := range sets {
		part := "kafka"
		if set.Name != s.Name+"-kafka" {
			part = "zookeeper"
		}
		replicas[part] = map[string]any{"replicas": int64(set.Replicas)}
	}
	return []runtime.Object{s.custom(stage, replicas, map[string]any{
		"observedGeneration": observed,
		"conditions":         []any{map[string]any{"type": "Ready", "status": "True", "lastTransitionTime": s.when(since).UTC().Format(time.RFC3339)}},
	})}
}

// mongoDB is initializing while one of its members is not ready.
func (s rollout) mongoDB() []runtime.Object {
	var size, ready int64
	sets := s.sets()
	for _, set := range sets {
		pods, _ := set.ordinals("", nil)
		size += int64(len(pods))
		ready += int64(len(slices.DeleteFunc(pods, func(o ordinal) bool { return !o.ready })))
	}
	stage, observed, state, since := 0, int64(1), "ready", longAgo
	switch {
	case s.now < s.at:
	case s.now < s.begins(first):
		stage = unseen
	case s.now < over(sets):
		stage, observed, state, since = first, 2, "initializing", s.begins(first)
	default:
		stage, observed, since = first, 2, over(sets)
	}
	return []runtime.Object{s.custom(stage,
		map[string]any{"updateStrategy": "SmartUpdate", "replsets": []any{map[string]any{"name": "rs0", "size": size}}},
		map[string]any{
			"observedGeneration": observed, "state": state, "size": size, "ready": ready,
			"conditions": []any{map[string]any{"type": state, "status": "True", "lastTransitionTime": s.when(since).UTC().Format(time.RFC3339)}},
		},
	)}
}
