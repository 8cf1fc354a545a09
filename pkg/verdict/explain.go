// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	_ "embed"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed explain.yaml
var explainFile []byte

// A Topic is a kind of words in answers, and what each means.
type Topic struct {
	Topic        string        `json:"topic"`
	Explanations []Explanation `json:"explanations"`
}

// An Explanation says what a word means.
type Explanation struct {
	Word   string   `json:"word"`   // as answers have it, such as TPE111 or ABORTED
	Name   string   `json:"name"`   // of an exit code
	Brief  string   `json:"brief"`  // what it means, for a line in a table
	Means  string   `json:"means"`  // the same in full sentences
	Causes []string `json:"causes"` // what usually leads to it
	Do     []string `json:"do"`     // what to do about it
}

// Topics returns all explanations, in the order in which they are shown.
func Topics() ([]Topic, error) {
	var topics []Topic
	err := yaml.UnmarshalStrict(explainFile, &topics)
	return topics, err
}

// Explain returns the explanations of a word, in upper or lower case: more than one if several
// topics have the word, none if none has. In the name of a check such as "rights: logs", of
// which each command has one, the first word counts.
func Explain(word string) ([]Topic, error) {
	word, _, _ = strings.Cut(word, ":")
	word = strings.TrimSpace(word)
	topics, err := Topics()
	var found []Topic
	for _, t := range topics {
		for _, e := range t.Explanations {
			if word != "" && (strings.EqualFold(word, e.Word) || strings.EqualFold(word, e.Name)) {
				found = append(found, Topic{t.Topic, []Explanation{e}})
			}
		}
	}
	return found, err
}
