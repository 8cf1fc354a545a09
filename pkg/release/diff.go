// SPDX-License-Identifier: Apache-2.0

package release

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// A Change is a value that differs between two revisions. Before or After is empty
// where the value is not there.
type Change struct {
	Path   string `json:"path"` // such as twa.twaDev.replicaCount
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Masked stands where a value may be a secret.
const Masked = "******"

// Changes returns what differs between the user's values of two revisions, by path.
//
// Without secrets only what is known to be harmless is shown: truth values, and below a few
// keys, such as replicas and memory, what looks as it should there. All else is masked, of
// whatever type it is and however its key is called: that it changed is all that is said.
func Changes(before, after *Values, secrets bool) []Change {
	d := differ{secrets: secrets, changes: []Change{}}
	d.tables("", before.User, after.User)
	return d.changes
}

type differ struct {
	secrets bool
	changes []Change
}

func (d *differ) tables(path string, before, after map[string]any) {
	keys := maps.Clone(before)
	if keys == nil {
		keys = map[string]any{}
	}
	maps.Copy(keys, after)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		at := strings.TrimPrefix(path+"."+key, ".")
		old, was := before[key]
		now, is := after[key]
		oldTable, _ := old.(map[string]any)
		nowTable, _ := now.(map[string]any)
		switch {
		case was && is && reflect.DeepEqual(old, now):
		case (oldTable != nil || !was) && (nowTable != nil || !is):
			d.tables(at, oldTable, nowTable)
		default:
			d.changes = append(d.changes, Change{at, d.shown(at, key, old, was), d.shown(at, key, now, is)})
		}
	}
}

// shown returns a value as it may be shown.
func (d *differ) shown(path, key string, value any, there bool) string {
	text, _ := json.Marshal(value) // a value of JSON
	truth, isTruth := value.(bool)
	switch {
	case !there:
		return ""
	case value == nil, d.secrets:
		return string(text)
	case isTruth:
		return fmt.Sprint(truth)
	case soundsSecret(path), !harmless(key, strings.Trim(string(text), `"`)):
		return Masked
	}
	return strings.Trim(string(text), `"`)
}

// soundsSecret reports whether a path names something that should not be shown, whatever
// its last key is.
func soundsSecret(path string) bool {
	return regexp.MustCompile(`(?i)pass|pwd|secret|token|key|cred|auth|cert|pin|salt|hash|user|account|login|license|installation`).MatchString(path)
}

// harmless reports whether a value, number or text, is known to be harmless below this key,
// such as a count, a size or a version.
func harmless(key, value string) bool {
	switch key {
	case "replicas", "replicaCount", "minReplicas", "maxReplicas", "minAvailable", "maxUnavailable":
		return regexp.MustCompile(`^\d{1,4}%?$`).MatchString(value)
	case "cpu", "memory", "storage", "ephemeral-storage", "size":
		return regexp.MustCompile(`^\d{1,6}(\.\d{1,3})?(m|k|[KMGT]i?)?$`).MatchString(value)
	case "tag", "version":
		return regexp.MustCompile(`^v?\d{1,4}(\.\d{1,4}){1,3}(-[a-z0-9.]{1,12})?$`).MatchString(value)
	}
	return false
}
