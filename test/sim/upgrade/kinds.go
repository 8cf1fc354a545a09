// SPDX-License-Identifier: Apache-2.0

package upgrade

import (
	"fmt"
	"time"
)

// deployment is as the Deployment controller has it, with its ReplicaSets: a surge of one pod, and
// none unavailable.
func (s rollout) deployment() []m {
	_, observed, _ := s.spec()
	old, _ := s.count(1)
	made, ready := s.count(2)
	updated, reason := made, "ReplicaSetUpdated"
	if observed == 1 {
		updated = s.Replicas
	}
	if stage := s.stage(); stage < first || stage >= s.last() {
		reason = "NewReplicaSetAvailable"
	}
	all := []m{s.object(
		s.template(m{"replicas": s.Replicas, "progressDeadlineSeconds": 600, "strategy": m{"type": "RollingUpdate"}}, s.labels()),
		m{
			"observedGeneration": observed, "replicas": old + made, "updatedReplicas": updated, "unavailableReplicas": made - ready,
			"readyReplicas": old + ready, "availableReplicas": old + ready,
			"conditions": l{
				m{"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable", "lastTransitionTime": s.when(longAgo), "lastUpdateTime": s.when(longAgo)},
				m{"type": "Progressing", "status": "True", "reason": reason, "lastTransitionTime": s.when(longAgo), "lastUpdateTime": s.when(s.begins(s.stage()))},
			},
		},
	)}
	for generation := 1; generation <= observed; generation++ {
		name := s.set(generation)
		pods, ready := s.count(generation)
		labels := s.labels("pod-template-hash", hash(name, 10))
		all = append(all, object("ReplicaSet", name, m{
			"generation": 1, "creationTimestamp": s.when(s.begins([]int{0, first}[generation-1])), "labels": labels,
			"annotations": m{"deployment.kubernetes.io/revision": fmt.Sprint(generation)}, "ownerReferences": owner("Deployment", s.Name),
		}, m{
			"spec":   s.template(m{"replicas": pods}, labels),
			"status": m{"observedGeneration": 1, "replicas": pods, "readyReplicas": ready, "availableReplicas": ready},
		}))
	}
	return all
}

// statefulSet is as the StatefulSet controller has it, or one whose pods Percona's operator
// deletes itself.
func (s rollout) statefulSet() m {
	_, observed, _ := s.spec()
	_, before := s.count(1)
	updated, ready := s.count(2)
	current, revision := s.Replicas-updated, s.set(1)
	switch {
	case s.stage() >= s.last():
		current, revision = s.Replicas, s.set(2)
	case observed == 1:
		updated = s.Replicas
	}
	strategy := "RollingUpdate"
	if s.Owner != "" {
		strategy = "OnDelete"
	}
	return s.object(
		s.template(m{"replicas": s.Replicas, "serviceName": s.Name, "podManagementPolicy": "OrderedReady", "updateStrategy": m{"type": strategy}}, s.labels()),
		m{
			"observedGeneration": observed, "replicas": s.Replicas, "readyReplicas": before + ready, "availableReplicas": before + ready,
			"currentReplicas": current, "updatedReplicas": updated, "currentRevision": revision, "updateRevision": s.set(observed),
		},
	)
}

func (s rollout) claims() []m {
	var all []m
	for i := range s.Replicas {
		name := fmt.Sprintf("data-%s-%d", s.Name, i)
		all = append(all, object("PersistentVolumeClaim", name, m{"creationTimestamp": s.when(longAgo), "labels": s.labels()}, m{
			"spec": m{"accessModes": l{"ReadWriteOnce"}, "volumeName": name}, "status": m{"phase": "Bound"},
		}))
	}
	return all
}

// podSet is as Strimzi's operator has it, which makes the pods itself.
func (s rollout) podSet() m {
	_, observed, _ := s.spec()
	_, before := s.count(1)
	updated, ready := s.count(2)
	if observed == 1 {
		updated = s.Replicas
	}
	var pods l
	for i := range s.Replicas {
		pods = append(pods, m{"metadata": m{"name": fmt.Sprintf("%s-%d", s.Name, i), "annotations": m{"strimzi.io/revision": s.set(observed)}}})
	}
	return s.object(
		m{"pods": pods, "selector": m{"matchLabels": m{"strimzi.io/name": s.Name}}},
		m{"observedGeneration": observed, "pods": s.Replicas, "readyPods": before + ready, "currentPods": updated},
	)
}

// parts returns the rollouts of what the operator has made for this workload, and when they
// are over.
func (s rollout) parts() (all []rollout, over time.Duration) {
	for _, w := range s.release.Workloads {
		if w.Owner == s.Kind+"/"+s.Name && w.Kind != "Deployment" {
			part := rollout{s.Upgrade, w, s.release, s.now}
			all, over = append(all, part), max(over, part.begins(part.last()))
		}
	}
	return all, over
}

func (s rollout) condition(kind string, since time.Duration) l {
	return l{m{"type": kind, "status": "True", "lastTransitionTime": s.when(since)}}
}

// kafka is reconciled once its sets have rolled: only then does Strimzi's operator note which
// generation it has seen.
func (s rollout) kafka() m {
	parts, over := s.parts()
	spec := m{}
	for _, part := range parts {
		spec[part.Name[len(s.Name)+1:]] = m{"replicas": part.Replicas}
	}
	if s.now < over {
		return s.object(spec, m{"observedGeneration": 1, "conditions": s.condition("Ready", longAgo)})
	}
	return s.object(spec, m{"observedGeneration": 2, "conditions": s.condition("Ready", over)})
}

// mongoDB is initializing while its members roll.
func (s rollout) mongoDB() m {
	_, observed, _ := s.spec()
	size, ready := 0, 0
	parts, over := s.parts()
	for _, part := range parts {
		_, before := part.count(1)
		_, after := part.count(2)
		size, ready = size+part.Replicas, ready+before+after
	}
	state, since := "ready", longAgo
	switch {
	case s.now >= over:
		since = over
	case observed == 2:
		state, since = "initializing", s.begins(first)
	}
	return s.object(
		m{"updateStrategy": "SmartUpdate", "replsets": l{m{"name": "rs0", "size": size}}},
		m{"observedGeneration": observed, "state": state, "size": size, "ready": ready, "conditions": s.condition(state, since)},
	)
}

// job returns a job and its pod, which begin and end at some time.
func (u *Upgrade) job(name, pod, id string, begin, end, now time.Duration) []m {
	labels := m{"batch.kubernetes.io/job-name": name, "job-name": name}
	container := m{"name": name, "image": "registry.invalid/" + name + ":" + u.script.To}
	template := m{"metadata": m{"labels": labels}, "spec": m{"restartPolicy": "Never", "containers": l{container}}}
	began, ended := u.when(begin), u.when(end)
	status := m{"startTime": began, "active": 1, "ready": 1}
	phase, state, ready := "Running", m{"running": m{"startedAt": began}}, "True"
	if now >= end {
		status = m{"startTime": began, "succeeded": 1, "completionTime": ended, "conditions": l{
			m{"type": "Complete", "status": "True", "reason": "CompletionsReached", "lastTransitionTime": ended, "lastProbeTime": ended},
		}}
		phase, state, ready = "Succeeded", m{"terminated": m{"reason": "Completed", "exitCode": 0, "startedAt": began, "finishedAt": ended}}, "False"
	}
	j := object("Job", name, m{"uid": uid("Job", id), "generation": 1, "creationTimestamp": began, "labels": labels}, m{
		"spec": m{"completions": 1, "parallelism": 1, "backoffLimit": 6, "template": template}, "status": status,
	})
	owners := owner("Job", name)
	owners[0].(m)["uid"] = uid("Job", id)
	p := object("Pod", pod, m{"creationTimestamp": began, "labels": labels, "ownerReferences": owners}, m{
		"spec": m{"nodeName": "node-1", "restartPolicy": "Never", "containers": l{container}},
		"status": m{"phase": phase, "startTime": began, "conditions": l{m{"type": "Ready", "status": ready, "lastTransitionTime": began}}, "containerStatuses": l{m{
			"name": name, "image": container["image"], "imageID": "sha256:1", "ready": now < end, "restartCount": 0, "state": state,
		}}},
	})
	return []m{j, p}
}

// cronJob returns one that ran last night.
func (u *Upgrade) cronJob(name string) m {
	return object("CronJob", name, m{"creationTimestamp": u.when(longAgo), "generation": 1}, m{
		"spec":   m{"schedule": "30 2 * * *"},
		"status": m{"lastScheduleTime": u.when(-8 * time.Hour), "lastSuccessfulTime": u.when(-8*time.Hour + time.Minute)},
	})
}
