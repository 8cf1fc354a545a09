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
// No secret is in it: shown are only numbers, truth values, sizes and versions, and
// those only under keys that do not sound like a secret's. All else is masked: that
// something changed is all that is said.
func Changes(before, after *Values) []Change {
	changes := []Change{}
	differ("", before.User, after.User, &changes)
	return changes
}

func differ(path string, before, after map[string]any, changes *[]Change) {
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
			differ(at, oldTable, nowTable, changes)
		default:
			*changes = append(*changes, Change{at, shown(at, old, was), shown(at, now, is)})
		}
	}
}

// shown returns a value as it may be shown.
func shown(path string, value any, there bool) string {
	switch {
	case !there:
		return ""
	case value == nil:
		return "null"
	case soundsSecret(path):
		return Masked
	}
	switch v := value.(type) {
	case bool:
		return fmt.Sprint(v)
	case float64:
		text, _ := json.Marshal(v) // a number of JSON
		return string(text)
	case string:
		if harmless(v) {
			return v
		}
	}
	return Masked
}

// soundsSecret reports whether a path names something that should not be shown.
func soundsSecret(path string) bool {
	return regexp.MustCompile(`(?i)pass|secret|token|key|cred|auth|cert|pin|salt|hash|user|account|login|license|installation`).MatchString(path)
}

// harmless reports whether a text is empty, a size such as 20Gi or 500m, or a
// version such as 1.2.3-rc.1.
func harmless(text string) bool {
	return regexp.MustCompile(`^(|\d{1,6}(m|k|[KMGT]i?)?|v?\d{1,4}(\.\d{1,4}){1,3}(-[a-z0-9.]{1,12})?)$`).MatchString(text)
}
