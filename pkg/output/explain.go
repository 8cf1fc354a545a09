// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// WriteWords writes all words that can be explained, with what each means in
// a few words.
func WriteWords(w io.Writer, topics []verdict.Topic, v View) error {
	var b bytes.Buffer
	for i, topic := range topics {
		if i > 0 {
			b.WriteString("\n")
		}
		t := &table{header: []string{strings.ToUpper(topic.Topic), "MEANS"}}
		for _, e := range topic.Explanations {
			t.add(e.Word, e.Brief)
		}
		t.write(&b, v)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// WriteExplanations writes explanations in full.
func WriteExplanations(w io.Writer, topics []verdict.Topic, v View) error {
	s := screen{view: v}
	for i, topic := range topics {
		for _, e := range topic.Explanations {
			if i > 0 {
				s.line("")
			}
			s.explanation(topic.Topic, e)
		}
	}
	_, err := w.Write(s.Bytes())
	return err
}

func (s *screen) explanation(topic string, e verdict.Explanation) {
	s.hang("", s.wrap(fmt.Sprintf("%s (%s): %s", e.Word, topic, e.Brief), 0))
	s.line("")
	s.hang("", s.wrap(e.Means, 0))
	s.bullets("CAUSES", e.Causes)
	s.bullets("TO DO", e.Do)
}

func (s *screen) bullets(title string, items []string) {
	if len(items) == 0 {
		return
	}
	s.line("")
	s.line("%s", title)
	for _, item := range items {
		s.hang("- ", s.wrap(item, 2))
	}
}
