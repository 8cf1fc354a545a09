// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/jsonpath"
)

// columns prints what kubectl's custom-columns would: one row for each item
// of a list, or one for the object. kubectl's own printer is not used
// because its package doubles the time the plugin takes to start.
type columns struct {
	headers []string
	paths   []*jsonpath.JSONPath
}

// newColumns reads a specification such as UID:.uid,STATE:.state.
func newColumns(spec string) (*columns, error) {
	c := &columns{}
	for _, column := range strings.Split(spec, ",") {
		header, path, ok := strings.Cut(column, ":")
		if !ok || header == "" || path == "" {
			return nil, fmt.Errorf("want HEADER:PATH,… in custom-columns, have %q", column)
		}
		p := jsonpath.New(header).AllowMissingKeys(true)
		if err := p.Parse(braced(path)); err != nil {
			return nil, err
		}
		c.headers, c.paths = append(c.headers, header), append(c.paths, p)
	}
	return c, nil
}

// braced returns a jsonpath template for a path as people write it: uid,
// .uid and {.uid} are the same.
func braced(path string) string {
	if strings.ContainsAny(path, "{}") {
		return path // a template of its own
	}
	return "{." + strings.TrimPrefix(path, ".") + "}"
}

// PrintObj writes the table.
func (c *columns) PrintObj(object runtime.Object, w io.Writer) error {
	t := &table{header: c.headers}
	items := []any{object.(*unstructured.Unstructured).Object}
	if list, ok := object.(*unstructured.Unstructured).Object["items"].([]any); ok {
		items = list
	}
	for _, item := range items {
		row, err := c.row(item)
		if err != nil {
			return err
		}
		t.rows = append(t.rows, row)
	}
	var b bytes.Buffer
	t.write(&b, View{})
	_, err := w.Write(b.Bytes())
	return err
}

func (c *columns) row(item any) ([]string, error) {
	var row []string
	for _, path := range c.paths {
		results, err := path.FindResults(item)
		if err != nil {
			return nil, err
		}
		row = append(row, cell(results))
	}
	return row, nil
}

// cell writes what a path found, in kubectl's way.
func cell(results [][]reflect.Value) string {
	var values []string
	for _, result := range results {
		for _, value := range result {
			if !value.IsValid() || value.Interface() == nil {
				continue // null
			}
			values = append(values, escape(fmt.Sprint(value.Interface())))
		}
	}
	if len(values) == 0 {
		return "<none>"
	}
	return strings.Join(values, ",")
}
