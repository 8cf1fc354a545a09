// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/private"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// A keeper decides what of a text is kept.
type keeper struct{ values bool }

// newKeeper returns what masks secrets, or with values nothing.
func newKeeper(values bool) *keeper { return &keeper{values} }

// text masks what may be a secret.
func (k *keeper) text(text string) string {
	if k.values {
		return text
	}
	return private.Mask(text)
}

// annotations are those that rules use, or that say which Helm release an object is of. All
// others are left out: kubectl's last-applied-configuration among them.
var annotations = []string{
	"deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation", "kubectl.kubernetes.io/default-container",
	"cronjob.kubernetes.io/instantiate", "helm.sh/hook", "volume.kubernetes.io/selected-node", "meta.helm.sh/release-name", "meta.helm.sh/release-namespace",
	"strimzi.io/kraft", "strimzi.io/node-pools", "strimzi.io/pause-reconciliation", "strimzi.io/revision",
}

// specs are the keys of custom resources' specs that rules use, at any depth.
var specs = []string{
	"replicas", "size", "pause", "updateStrategy", "sharding", "enabled", "mongos", "configsvrReplSet", "replsets", "arbiter", "nonvoting", "hidden",
	"name", "roles", "kafka", "zookeeper", "pods", "metadata", "labels", "annotations", "version", "metadataVersion", "entityOperator", "topicOperator", "userOperator",
}

// object returns the JSON of an object of a kind, without what nobody needs or nobody may see.
// It has been stripped before: see readiness. There are no environment, commands, arguments or
// pod templates left in it.
func (k *keeper) object(of readiness.Kept, object any) (json.RawMessage, error) {
	data, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, err
	}
	if of.APIVersion != "" {
		fields["apiVersion"] = of.APIVersion
	} else {
		trimCustom(fields)
	}
	fields["kind"] = of.Kind
	if metadata, ok := fields["metadata"].(map[string]any); ok {
		trimMetadata(metadata)
	}
	return json.Marshal(k.value(fields))
}

func trimMetadata(metadata map[string]any) {
	for _, key := range []string{"selfLink", "generateName"} {
		delete(metadata, key)
	}
	trimManagedFields(metadata)
	trimAnnotations(metadata)
}

// trimManagedFields leaves the times of changes: a rule uses the last one. What is not custom has none.
func trimManagedFields(metadata map[string]any) {
	entries, _ := metadata["managedFields"].([]any)
	delete(metadata, "managedFields")
	var times []any
	for _, entry := range entries {
		if fields, ok := entry.(map[string]any); ok && fields["time"] != nil {
			times = append(times, map[string]any{"time": fields["time"]})
		}
	}
	if times != nil {
		metadata["managedFields"] = times
	}
}

func trimAnnotations(metadata map[string]any) {
	all, ok := metadata["annotations"].(map[string]any)
	if !ok {
		return
	}
	for key := range all {
		if !slices.Contains(annotations, key) {
			delete(all, key)
		}
	}
	if len(all) == 0 {
		delete(metadata, "annotations")
	}
}

// trimCustom leaves of a custom resource its metadata, what rules use of its spec, and its
// status without certificates and addresses.
func trimCustom(fields map[string]any) {
	for key := range fields {
		switch key {
		case "apiVersion", "kind", "metadata", "status":
		case "spec":
			fields[key] = trimSpec(fields[key])
		default:
			delete(fields, key)
		}
	}
	if status, ok := fields["status"].(map[string]any); ok {
		delete(status, "listeners")
	}
}

func trimSpec(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key := range value {
			switch {
			case !slices.Contains(specs, key):
				delete(value, key)
			case key == "labels": // of pods, as they are
			case key == "metadata":
				if metadata, ok := value[key].(map[string]any); ok {
					trimMetadata(metadata)
				}
			default:
				value[key] = trimSpec(value[key])
			}
		}
	case []any:
		for i := range value {
			value[i] = trimSpec(value[i])
		}
	}
	return value
}

// value masks all texts in a value.
func (k *keeper) value(value any) any {
	switch value := value.(type) {
	case string:
		return k.text(value)
	case map[string]any:
		for key := range value {
			value[key] = k.value(value[key])
		}
	case []any:
		for i := range value {
			value[i] = k.value(value[i])
		}
	}
	return value
}

// texts masks lines, and secrets that span several of them.
func (k *keeper) texts(lines []string) []string {
	if len(lines) == 0 {
		return nil
	}
	return strings.Split(k.text(strings.Join(lines, "\n")), "\n")
}
