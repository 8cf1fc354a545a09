// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"k8s.io/client-go/rest"
)

// A Question is one request, with what to make of its answer.
type Question struct {
	Name   string `json:"name"`
	As     string `json:"as"`     // admin, reader, stranger (a wrong token); admin where absent
	Method string `json:"method"` // GET where absent

	// Path is what is asked for. {ns} is the namespace, {NAME} what an earlier question kept.
	Path   string `json:"path"`
	Accept string `json:"accept"` // application/json where absent
	Body   string `json:"body"`

	// Keep names parts of the answer for the paths of later questions.
	Keep map[string]string `json:"keep"`

	Sorted bool `json:"sorted"` // events may come in any order
	Shape  bool `json:"shape"`  // values differ, keys do not
	Known  bool `json:"known"`  // of a list of resources, those that both have
}

// A Side is a server that is asked.
type Side struct {
	// Config returns how somebody asks the server.
	Config func(who string) (*rest.Config, error)

	kept map[string]string
}

// An Answer is what a server said, without what it chose for itself.
type Answer struct {
	Code int
	Type string // of the content
	Body string
}

func (a Answer) String() string { return fmt.Sprintf("%d %s\n%s", a.Code, a.Type, a.Body) }

// Ask asks a side one question.
func (s *Side) Ask(ctx context.Context, namespace string, q Question) (Answer, error) {
	config, err := s.Config(cmp.Or(q.As, "admin"))
	if err != nil {
		return Answer{}, err
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return Answer{}, err
	}
	defer client.CloseIdleConnections()
	address := strings.TrimSuffix(config.Host, "/") + s.fill(q.Path, namespace)
	request, err := http.NewRequestWithContext(ctx, cmp.Or(q.Method, http.MethodGet), address, strings.NewReader(s.fill(q.Body, namespace)))
	if err != nil {
		return Answer{}, err
	}
	request.Header.Set("Accept", cmp.Or(q.Accept, "application/json"))
	if q.Body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 8<<20))
	if err != nil {
		return Answer{}, fmt.Errorf("%s: %w", q.Name, err)
	}
	s.keep(q, body)
	contentType := response.Header.Get("Content-Type")
	return Answer{response.StatusCode, contentType, normal(q, contentType, body)}, nil
}

// fill puts in what was kept.
func (s *Side) fill(text, namespace string) string {
	text = strings.ReplaceAll(text, "{ns}", namespace)
	for name, value := range s.kept {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}
