// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/scheme"
)

// keep notes parts of an answer. One that is not there is noted as that: the answers differ
// then, unless it is on neither side.
func (s *Side) keep(q Question, body []byte) {
	if s.kept == nil {
		s.kept = map[string]string{}
	}
	for name, path := range q.Keep {
		var object map[string]any
		_ = json.Unmarshal(body, &object)
		value, _, _ := unstructured.NestedString(object, strings.Split(path, ".")...)
		s.kept[name] = cmp.Or(value, "missing")
	}
}

// normal returns a body as text that is equal if the answers are.
func normal(q Question, contentType string, body []byte) string {
	if strings.HasPrefix(contentType, "application/vnd.kubernetes.protobuf") {
		return decoded(q, body)
	}
	if !strings.HasPrefix(contentType, "application/json") {
		return mask(string(body))
	}
	var lines []string
	decoder := json.NewDecoder(bytes.NewReader(body))
	for decoder.More() {
		var value any
		if err := decoder.Decode(&value); err != nil {
			lines = append(lines, "no JSON: "+err.Error())
			break
		}
		if isMark(value) {
			continue
		}
		lines = append(lines, indented(simplify(q, value)))
	}
	if q.Sorted {
		slices.Sort(lines)
	}
	return strings.Join(lines, "\n")
}

// isMark recognizes a bookmark of no meaning: a server sends one when it likes.
func isMark(value any) bool {
	event, _ := value.(map[string]any)
	if event["type"] != "BOOKMARK" {
		return false
	}
	object, _ := event["object"].(map[string]any)
	annotations, _, _ := unstructured.NestedStringMap(object, "metadata", "annotations")
	return len(annotations) == 0
}

func simplify(q Question, value any) any {
	value = without(value)
	if q.Shape {
		return shape(value)
	}
	return value
}

func indented(value any) string {
	text, err := json.MarshalIndent(value, "", "  ") // keys are in order
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// decoded is the object in a protobuf answer.
func decoded(q Question, body []byte) string {
	object, kind, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	if err != nil {
		return "no protobuf: " + err.Error()
	}
	text, err := json.Marshal(object)
	var value any
	if err == nil {
		err = json.Unmarshal(text, &value)
	}
	if err != nil {
		return err.Error()
	}
	return kind.String() + "\n" + indented(simplify(q, value))
}

// without masks what a server chooses for itself.
func without(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, part := range v {
			text, ok := part.(string)
			switch {
			case ok && (key == "resourceVersion" || key == "continue") && text != "":
				v[key] = "CHOSEN"
			default:
				v[key] = without(part)
			}
		}
		return v
	case []any:
		for i := range v {
			v[i] = without(v[i])
		}
		return v
	case string:
		return mask(v)
	}
	return value
}

// masks are what is chosen within text.
var masks = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`(?i)(resource version: )\d+`), "${1}N"},
	{regexp.MustCompile(`(: N) \(\d+\)`), "$1 (N)"},
	{regexp.MustCompile(`(current: )\d+`), "${1}N"},
	{regexp.MustCompile(`(?m)^(\S+T\S+\.\d*?)0*Z `), "${1}Z "}, // times of a log: the simulated server writes no zeros at the end
	{regexp.MustCompile(`exec \\?"[0-9a-f]+\\?"`), `exec ID`},
	{regexp.MustCompile(`^(\d+[dhms])+$`), "AGE"},
	{regexp.MustCompile(`\((\d+[dhms])+ ago\)`), "(AGE ago)"},
}

func mask(text string) string {
	for _, m := range masks {
		text = m.what.ReplaceAllString(text, m.by)
	}
	return text
}

// shape returns the keys of a value.
func shape(value any) any {
	object, ok := value.(map[string]any)
	if !ok {
		return fmt.Sprintf("%T", value)
	}
	keys := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		keys[key] = shape(object[key])
	}
	return keys
}
