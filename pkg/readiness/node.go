// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// A node that does not answer is recognized by its pods: few accounts that can read
// workloads can read nodes.

// nodeLost reports whether the pod's node does not answer, by evidence of its
// own: the node controller, which takes readiness from the pods of such a node,
// said so in a status or an event about the pod (kubernetes: pkg/controller/
// util/node, MarkPodsNotReady), or it did so to all pods of the node.
func (f finder) nodeLost(p *corev1.Pod) bool {
	if p.Spec.NodeName == "" || serves(p) {
		return false
	}
	ready := podCondition(p, corev1.PodReady)
	if p.Status.Reason == "NodeLost" || ready != nil && ready.Reason == "NodeLost" {
		return true
	}
	if ready == nil || !cutOff(p) {
		return false
	}
	// The event follows the change of the status.
	e := latestEvent(f.events.about(Object{"Pod", p.Name}, p.UID, reasons("NodeNotReady")))
	return e != nil && !lastSeen(e).Before(ready.LastTransitionTime.Add(-time.Minute)) || f.lost[p.Spec.NodeName]
}

// lostNodes returns the nodes of which all pods whose containers are ready, more
// than one, are not ready themselves.
func lostNodes(pods []*corev1.Pod) map[string]bool {
	count, off := map[string]int{}, map[string]int{}
	for _, p := range pods {
		if p.Spec.NodeName == "" || p.Status.Phase != corev1.PodRunning || !containersReady(p) {
			continue
		}
		count[p.Spec.NodeName]++
		if cutOff(p) {
			off[p.Spec.NodeName]++
		}
	}
	lost := map[string]bool{}
	for node, n := range off {
		lost[node] = n > 1 && n == count[node]
	}
	return lost
}

// cutOff reports whether a pod is not ready without a reason, though its
// containers are.
func cutOff(p *corev1.Pod) bool {
	ready := podCondition(p, corev1.PodReady)
	return ready != nil && ready.Status != corev1.ConditionTrue && (ready.Reason == "" || ready.Reason == "NodeLost") &&
		len(p.Spec.ReadinessGates) == 0 && containersReady(p)
}

// containersReady reports whether all containers of a pod are ready. The
// condition may be missing.
func containersReady(p *corev1.Pod) bool {
	if c := podCondition(p, corev1.ContainersReady); c != nil {
		return c.Status == corev1.ConditionTrue
	}
	for i := range p.Status.ContainerStatuses {
		if !p.Status.ContainerStatuses[i].Ready {
			return false
		}
	}
	return len(p.Status.ContainerStatuses) > 0
}

// provision is how long the cluster autoscaler and Karpenter wait for a node.
const provision = 15 * time.Minute

// room says who makes room for a pod that the scheduler found no node for, and
// whether to expect it; "" if there is no word of it.
//
// The scheduler nominates a node whose pods it preempts. The cluster autoscaler
// says TriggeredScaleUp once, and then waits for the node
// (--max-node-provision-time); Karpenter says Nominated for as long as it waits
// for the node. Either revokes it with an event of another reason.
func (f finder) room(p *corev1.Pod) (words string, comes bool) {
	if p.Status.NominatedNodeName != "" {
		return "the scheduler preempts other pods on node " + p.Status.NominatedNodeName, true
	}
	e := latestEvent(f.events.about(Object{"Pod", p.Name}, p.UID, isScaling))
	if e == nil || f.now.Sub(lastSeen(e)) > provision {
		return "", false
	}
	switch e.Reason {
	case "TriggeredScaleUp":
		return "the cluster autoscaler adds a node", true
	case "Nominated":
		return "Karpenter adds a node", true
	}
	return "no node is added: " + afterAny(clean(e.Message), "scale-up: ", "Failed to schedule pod, "), false
}

// isScaling accepts autoscalers' events about a pod without a node.
func isScaling(e *corev1.Event) bool {
	switch e.Reason {
	case "TriggeredScaleUp", "NotTriggerScaleUp", "FailedScaleUp", "Nominated":
		return true
	case "FailedScheduling":
		return strings.Contains(e.Source.Component+e.ReportingController, "karpenter")
	}
	return false
}

// hasNoNode reports whether the scheduler has found no node for a pod.
func hasNoNode(p *corev1.Pod) bool {
	c := podCondition(p, corev1.PodScheduled)
	return p.Spec.NodeName == "" && c != nil && c.Status == corev1.ConditionFalse
}
