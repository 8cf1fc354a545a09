// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// masked stands where something was that may be a secret.
const masked = "***"

// A Pattern finds what may be a secret in a text.
type Pattern struct {
	Name  string         // what it finds
	find  *regexp.Regexp // the last group is replaced
	spare func(found []string) bool
	with  string   // what takes its place; empty for ***
	words []string // without one of which, in lower case, there is none: most texts have none, and that is quick to see
}

// secretKeys are the names of what is a secret.
const secretKeys = `[\w.-]*(?:passw(?:or)?d|passwd|passphrase|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?|authorization|cookie|session[-_]?id|signature|client[-_]?assertion)[\w.-]*`

// keyWords are what secretKeys have.
var keyWords = []string{"passw", "passphrase", "pwd", "secret", "token", "key", "credential", "authorization", "cookie", "session", "signature", "assertion"}

// Patterns returns what is masked in every text of a recording.
func Patterns() []Pattern {
	return []Pattern{
		{"private keys in PEM", regexp.MustCompile(`(-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$))`), nil, "", []string{"private key"}},
		{"user and password in an address", regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://([^/\s"'<>@]*)@`), nil, "", []string{"://"}},
		{"user and password before a host", regexp.MustCompile(`[\w.-]+:([^\s:/@"'\\{}\[\],]+)@[\w(.-]+`), isDigest, "", []string{"@"}},
		{"HTTP credentials", regexp.MustCompile(`(?i)\b(?:bearer|basic)\s+([\w+/=.~-]{6,})`), isProse, "", []string{"bearer", "basic"}},
		{"JSON Web Tokens", regexp.MustCompile(`\b(eyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?)`), nil, "", []string{"eyj"}},
		{"access keys of clouds and code hosts", regexp.MustCompile(`\b((?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,})`), nil, "", []string{"akia", "asia", "gh", "glpat", "xox"}},
		{"values in quotes of keys such as password, secret, token, authorization", regexp.MustCompile(`(?i)\b` + secretKeys + `["']?\s*[:=]\s*"((?:[^"\\\n]|\\.)+)`), nil, "", keyWords},
		{"the same in single quotes", regexp.MustCompile(`(?i)\b` + secretKeys + `["']?\s*[:=]\s*'((?:[^'\\\n]|\\.)+)`), nil, "", keyWords},
		{"the same in quotes inside of quotes", regexp.MustCompile(`(?i)\b` + secretKeys + `(?:\\+["'])?\s*[:=]\s*\\+["']((?:[^"'\\\n]|\\+[^"'\\\n])+)`), nil, "", keyWords},
		{"values of the same keys behind an equals sign, as in queries", regexp.MustCompile(`(?i)\b` + secretKeys + `=([^\s&"'<>;,\\]+)`), nil, "", keyWords},
		{"values of the same keys behind a colon, unless they are a word", regexp.MustCompile(`(?i)(?:^|[\s"'{},;&?(\[])` + secretKeys + `:\s*([^\s"'<>;,\\{}\[\]]+)`), isProse, "", keyWords},
		{"options such as --password VALUE", regexp.MustCompile(`(?i)--?` + secretKeys + `\s+([^\s"'-][^\s"']*)`), isProse, "", keyWords},
		{"signatures in queries", regexp.MustCompile(`(?i)[?&](?:sig|X-Amz-Signature|X-Amz-Credential|X-Amz-Security-Token|code|auth)=([^\s&"'<>]+)`), nil, "", []string{"="}},
		{"user and password in an address, with a slash in the password", regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://([^/\s"'<>@:]*:[^\s"'<>@]+)@`), isPort, "", []string{"://"}},
		{"numbers of keys such as password, secret, token", regexp.MustCompile(`(?i)\b` + secretKeys + `(?:\\*["'])?\s*[:=]\s*(\d{4,})\b`), nil, "0", keyWords},
		{"lists of the same keys", regexp.MustCompile(`(?i)\b` + secretKeys + `["']?\s*[:=]\s*\[([^\]\n]+)\]`), nil, `"***"`, keyWords},
		{"passwords behind pass=, or in a sentence", regexp.MustCompile(`(?i)\b(?:pass=|passw(?:or)?d\s+['"]|with password\s+)([^\s&"'<>;,\\]+)`), nil, "", []string{"pass"}},
	}
}

// isDigest accepts the tag and the digest of an image, which look like a password.
func isDigest(found []string) bool {
	return strings.Contains(found[0], "@sha256") || strings.Contains(found[0], "@sha512")
}

// isPort accepts an address with a port and an @ behind it, or the digest of an image.
func isPort(found []string) bool {
	_, password, _ := strings.Cut(found[1], ":")
	port, _, _ := strings.Cut(password, "/")
	return isDigest(found) || strings.Trim(port, "0123456789") == ""
}

// isProse accepts a value that is a word of a sentence, such as "token: unexpected status".
// A password is asked for more strictly.
func isProse(found []string) bool {
	value := found[len(found)-1]
	if strings.Contains(strings.ToLower(found[0]), "passw") {
		return false
	}
	return len(value) < 24 && strings.Trim(value, "abcdefghijklmnopqrstuvwxyz.") == ""
}

// A keeper decides what of a text is kept.
type keeper struct{ patterns []Pattern }

// newKeeper returns what masks secrets, or with values nothing.
func newKeeper(values bool) *keeper {
	if values {
		return &keeper{}
	}
	return &keeper{Patterns()}
}

// text masks what may be a secret.
func (k *keeper) text(text string) string {
	if len(k.patterns) == 0 {
		return text
	}
	lower := strings.ToLower(text)
	for _, p := range k.patterns {
		if slices.ContainsFunc(p.words, func(word string) bool { return strings.Contains(lower, word) }) {
			text = p.mask(text)
		}
	}
	return text
}

// mask replaces the last group of each match.
func (p *Pattern) mask(text string) string {
	matches := p.find.FindAllStringSubmatchIndex(text, -1)
	if matches == nil {
		return text
	}
	var b strings.Builder
	end := 0
	for _, m := range matches {
		from, to := m[len(m)-2], m[len(m)-1]
		if from < 0 || p.spare != nil && p.spare([]string{text[m[0]:m[1]], text[from:to]}) {
			continue
		}
		b.WriteString(text[end:from])
		b.WriteString(cmp.Or(p.with, masked))
		end = to
	}
	b.WriteString(text[end:])
	return b.String()
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
	"replicas", "size", "pause", "updateStrategy", "sharding", "enabled", "mongos", "configsvrReplSet", "replsets", "arbiter",
	"name", "roles", "kafka", "zookeeper", "pods", "metadata", "labels", "annotations", "version", "metadataVersion",
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
	for _, key := range []string{"managedFields", "selfLink", "generateName"} {
		delete(metadata, key)
	}
	trimAnnotations(metadata)
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

// texts masks all lines.
func (k *keeper) texts(lines []string) []string {
	kept := make([]string, len(lines))
	for i, line := range lines {
		kept[i] = k.text(line)
	}
	return kept
}
