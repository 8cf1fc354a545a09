// SPDX-License-Identifier: Apache-2.0

package tpe

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// The programs of pods that do more than idle.
const (
	programPUM        = "pum"
	programController = "controller"
)

// A renderer turns the inventory into objects.
type renderer struct {
	scenario  Scenario
	release   string // of ThingPark Enterprise; not always the scenario's
	inventory Inventory
	namespace string
	dir       string // on the node, for volumes
}

// objects are those of a release in the order of their creation: claims and
// custom resources before what needs them.
func (r renderer) objects() ([]*unstructured.Unstructured, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	var first, others []*unstructured.Unstructured
	for _, w := range r.inventory.Select(r.scenario.Set, r.scenario.Also...) {
		storage, object, err := r.workload(w)
		if err != nil {
			return nil, fmt.Errorf("render %s %s: %w", w.Kind, w.Name, err)
		}
		first = append(first, storage...)
		if w.Kind == "Kafka" || w.Kind == "PerconaServerMongoDB" {
			first = append(first, object)
		} else {
			others = append(others, object)
		}
	}
	extras, err := r.extras()
	if err != nil {
		return nil, err
	}
	for _, object := range r.scenario.Objects {
		var u unstructured.Unstructured
		if err := json.Unmarshal(object, &u.Object); err != nil {
			return nil, fmt.Errorf("scenario %s: object: %w", r.scenario.Name, err)
		}
		u.SetNamespace(r.namespace)
		extras = append(extras, &u)
	}
	return slices.Concat(first, extras, others), nil
}

// check refuses changes of workloads that are not there.
func (r renderer) check() error {
	workloads := r.inventory.Select(r.scenario.Set, r.scenario.Also...)
	for name := range r.scenario.Workloads {
		if !slices.ContainsFunc(workloads, func(w Workload) bool { return w.Name == name }) {
			return fmt.Errorf("scenario %s: the set %s has no workload %q", r.scenario.Name, r.scenario.Set, name)
		}
	}
	for _, name := range r.scenario.Also {
		if !slices.ContainsFunc(workloads, func(w Workload) bool { return w.Name == name }) {
			return fmt.Errorf("scenario %s: the inventory has no workload %q", r.scenario.Name, name)
		}
	}
	for _, release := range r.inventory.Releases {
		if _, ok := release.Versions[r.release]; !ok {
			return fmt.Errorf("scenario %s: release %q of ThingPark Enterprise is not in the inventory", r.scenario.Name, r.release)
		}
	}
	return nil
}

// workload is the object of a workload, and its claims and volumes.
func (r renderer) workload(w Workload) (storage []*unstructured.Unstructured, u *unstructured.Unstructured, err error) {
	change := r.scenario.Workloads[w.Name]
	if change.Replicas != nil {
		w.Replicas = *change.Replicas
	}
	object, err := r.object(w)
	if err != nil {
		return nil, nil, err
	}
	if len(change.Patch) > 0 {
		if object, err = patched(object, change.Patch); err != nil {
			return nil, nil, err
		}
	}
	if u, err = r.finish(w, object); err != nil {
		return nil, nil, err
	}
	storage, err = r.storage(w, !change.Unbound)
	return storage, u, err
}

func (r renderer) object(w Workload) (any, error) {
	template := r.podTemplate(w)
	selector := &metav1.LabelSelector{MatchLabels: labels(w)}
	switch w.Kind {
	case "Deployment":
		return &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: &w.Replicas, Selector: selector, Template: template}}, nil
	case "StatefulSet":
		return &appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{
			Replicas: &w.Replicas, Selector: selector, Template: template, ServiceName: w.Name,
			UpdateStrategy:       appsv1.StatefulSetUpdateStrategy{Type: appsv1.StatefulSetUpdateStrategyType(w.Update)},
			VolumeClaimTemplates: claims(w),
		}}, nil
	case "Job":
		return &batchv1.Job{Spec: batchv1.JobSpec{Template: template}}, nil
	case "CronJob":
		return &batchv1.CronJob{Spec: batchv1.CronJobSpec{
			Schedule:          "30 2 * * *", // of the backup, in the vendor's sample values
			ConcurrencyPolicy: batchv1.ForbidConcurrent,
			JobTemplate:       batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: template}},
		}}, nil
	case "StrimziPodSet":
		return r.podSet(w, template)
	case "Kafka":
		return r.kafka(w), nil
	case "PerconaServerMongoDB":
		return r.mongoDB(w), nil
	default:
		return nil, fmt.Errorf("the stand-in does not know this kind")
	}
}

// apiVersions are those of the kinds that are rendered.
func apiVersion(kind string) string {
	switch kind {
	case "Deployment", "StatefulSet":
		return "apps/v1"
	case "Job", "CronJob":
		return "batch/v1"
	case "Kafka":
		return "kafka.strimzi.io/v1beta2"
	case "StrimziPodSet":
		return "core.strimzi.io/v1beta2"
	case "PerconaServerMongoDB":
		return "psmdb.percona.com/v1"
	case "PodDisruptionBudget":
		return "policy/v1"
	case "Role", "RoleBinding":
		return "rbac.authorization.k8s.io/v1"
	default:
		return "v1"
	}
}

// finish gives an object its name, labels and annotations, as Helm or an
// operator would.
func (r renderer) finish(w Workload, object any) (*unstructured.Unstructured, error) {
	u, err := r.named(w.Kind, w.Name, object)
	if err != nil {
		return nil, err
	}
	u.SetLabels(labels(w))
	if w.Owner != "" {
		return u, nil // owner references need the owner's uid: see cluster.apply
	}
	chart, err := r.chart(w.Release)
	if err != nil {
		return nil, err
	}
	u.SetLabels(merge(labels(w), map[string]string{"helm.sh/chart": chart, "app.kubernetes.io/version": r.release}))
	u.SetAnnotations(merge(u.GetAnnotations(), map[string]string{
		"meta.helm.sh/release-name":      w.Release,
		"meta.helm.sh/release-namespace": r.namespace,
	}))
	return u, nil
}

func (r renderer) chart(name string) (string, error) {
	for _, release := range r.inventory.Releases {
		if release.Name == name {
			return release.Chart + "-" + release.Versions[r.release], nil
		}
	}
	return "", fmt.Errorf("no Helm release %q in the inventory", name)
}

// named turns an object of any type into one that can be applied: without a
// status and without fields that the API server sets.
func (r renderer) named(kind, name string, object any) (*unstructured.Unstructured, error) {
	content, ok := object.(map[string]any)
	if !ok {
		var err error
		if content, err = runtime.DefaultUnstructuredConverter.ToUnstructured(object); err != nil {
			return nil, err
		}
	}
	u := &unstructured.Unstructured{Object: content}
	delete(u.Object, "status")
	u.SetAPIVersion(apiVersion(kind))
	u.SetKind(kind)
	u.SetName(name)
	if kind != "PersistentVolume" {
		u.SetNamespace(r.namespace)
	}
	dropNulls(u.Object)
	return u, nil
}

// dropNulls removes the empty creation times of templates.
func dropNulls(value any) {
	switch v := value.(type) {
	case map[string]any:
		maps.DeleteFunc(v, func(_ string, field any) bool { return field == nil })
		for _, field := range v {
			dropNulls(field)
		}
	case []any:
		for _, item := range v {
			dropNulls(item)
		}
	}
}

// patched merges a patch into an object: strategically if its type is one of
// Kubernetes' own, so that containers are found by their names.
func patched(object any, patch json.RawMessage) (any, error) {
	if content, ok := object.(map[string]any); ok {
		var changes map[string]any
		if err := json.Unmarshal(patch, &changes); err != nil {
			return nil, fmt.Errorf("patch: %w", err)
		}
		mergeInto(content, changes)
		return content, nil
	}
	before, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	after, err := strategicpatch.StrategicMergePatch(before, patch, object)
	if err != nil {
		return nil, fmt.Errorf("patch: %w", err)
	}
	var content map[string]any
	return content, json.Unmarshal(after, &content)
}

// mergeInto is a JSON merge patch without removals.
func mergeInto(content, changes map[string]any) {
	for key, change := range changes {
		old, wasMap := content[key].(map[string]any)
		if inner, isMap := change.(map[string]any); isMap && wasMap {
			mergeInto(old, inner)
		} else {
			content[key] = change
		}
	}
}

func merge(a, b map[string]string) map[string]string {
	merged := maps.Clone(a)
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, b)
	return merged
}
