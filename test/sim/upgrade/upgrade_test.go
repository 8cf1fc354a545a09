// SPDX-License-Identifier: Apache-2.0

package upgrade

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/test/sim"
)

// At each moment a workload's status tells as many pods, and as many that are ready, as there
// are; the rollout is never that of both versions at the end, and never done in its middle.
func TestStatusIsThatOfThePods(t *testing.T) {
	u := read(t)
	workloads := 0
	for _, r := range u.script.Releases {
		for _, w := range r.Workloads {
			workloads++
			for now := -tick; now < 20*time.Second; now += tick {
				s := rollout{Upgrade: u, workload: w, release: r, now: now}
				checkStatus(t, s, s.objects())
			}
		}
	}
	if workloads != 42 {
		t.Errorf("%d workloads, want the 42 that are known", workloads)
	}
}

// read returns an upgrade without a server.
func read(t *testing.T) *Upgrade {
	t.Helper()
	u := &Upgrade{speed: 1, began: time.Now()}
	if err := yaml.UnmarshalStrict(script, &u.script); err != nil {
		t.Fatal(err)
	}
	u.schedule()
	return u
}

func checkStatus(t *testing.T, s rollout, objects []m) {
	t.Helper()
	var status, meta m
	ready, updated, stopping := 0, 0, 0
	names := map[string]bool{}
	for _, o := range objects {
		name := fmt.Sprint(o["kind"], " ", o["metadata"].(m)["name"])
		if names[name] {
			t.Errorf("there are two of %s", name)
		}
		names[name] = true
		switch o["kind"] {
		case s.Kind:
			status, meta = o["status"].(m), o["metadata"].(m)
		case "Pod":
			pod, status := o["metadata"].(m), o["status"].(m)["containerStatuses"].(l)[0].(m)
			switch {
			case pod["deletionTimestamp"] != nil:
				stopping++
			case status["ready"] == true:
				ready++
			}
			if status["image"] == "registry.invalid/"+s.Name+":"+s.script.To {
				updated++
			}
		}
	}
	if s.Kind == "Kafka" || s.Kind == "PerconaServerMongoDB" {
		return
	}
	readyKey, updatedKey := "readyReplicas", "updatedReplicas"
	if s.Kind == "StrimziPodSet" {
		readyKey, updatedKey = "readyPods", "currentPods"
	}
	if status[readyKey] != ready {
		t.Errorf("%s %s at %s: %s is %v, and %d pods are ready", s.Kind, s.Name, s.now, readyKey, status[readyKey], ready)
	}
	seen := meta["generation"] == 2 && status["observedGeneration"] == 2
	if seen && status[updatedKey] != updated {
		t.Errorf("%s %s at %s: %s is %v, and %d pods are of the new version", s.Kind, s.Name, s.now, updatedKey, status[updatedKey], updated)
	}
	if over := s.now > 18*time.Second; over && (updated != s.Replicas || stopping != 0 || ready != s.Replicas) {
		t.Errorf("%s %s at %s: %d of %d updated, %d ready", s.Kind, s.Name, s.now, updated, s.Replicas, ready)
	}
}

// No object has a key that its kind has not.
func TestObjectsAreOfTheirKinds(t *testing.T) {
	u := read(t)
	for _, now := range []time.Duration{-tick, 4 * time.Second, 5 * time.Second, 20 * time.Second} {
		all := u.job("a", "a-1", "a", 0, 4500*time.Millisecond, now)
		for _, r := range u.script.Releases {
			for _, w := range r.Workloads {
				all = append(all, rollout{Upgrade: u, workload: w, release: r, now: now}.objects()...)
			}
		}
		for _, o := range append(all, u.cronJob("a")) {
			text, err := json.Marshal(o)
			if err == nil {
				_, err = sim.Objects(string(text), u.began)
			}
			if err != nil {
				t.Errorf("at %s: %v\n%s", now, err, text)
			}
		}
	}
}
