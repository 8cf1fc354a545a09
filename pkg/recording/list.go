// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"
)

// eachItem calls a function with each object of a text that kubectl wrote: a list or objects,
// as YAML or JSON. Only the objects that are wanted by their kind are read as more than text,
// one at a time: lists are large. It reports whether the text was a list, which may be empty.
//
// kubectl cluster-info dump writes lists of one kind, such as a PodList, whose items do not say
// their kind: it is that of the file.
func eachItem(r io.Reader, kindOfFile string, wanted func(kind string) bool, take func(kind string, data []byte) error) (list bool, err error) {
	text := bufio.NewReaderSize(&bounded{r, mostMember}, 64<<10)
	for {
		c, err := text.Peek(1)
		if err != nil {
			return false, ignoreEOF(err)
		}
		if strings.IndexByte(" \t\r\n\xef\xbb\xbf", c[0]) < 0 {
			break
		}
		_, _ = text.Discard(1) // which was peeked
	}
	if c, _ := text.Peek(1); c[0] == '{' {
		return eachJSON(text, kindOfFile, wanted, take)
	}
	y := &yamlItems{text: text, kindOfFile: kindOfFile, wanted: wanted, take: take}
	return y.read()
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// eachJSON reads lists and objects in JSON, one after the other.
func eachJSON(r io.Reader, kindOfFile string, wanted func(string) bool, take func(string, []byte) error) (list bool, err error) {
	d := json.NewDecoder(r)
	for {
		if _, err := d.Token(); err != nil {
			if errors.Is(err, io.EOF) {
				return list, nil
			}
			return list, err
		}
		object := map[string]json.RawMessage{}
		size := 0
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return list, err
			}
			if key == "items" {
				if list, err = true, jsonItems(d, kindOfFile, wanted, take); err != nil {
					return list, err
				}
				continue
			}
			var value json.RawMessage
			if err := d.Decode(&value); err != nil {
				return list, err
			}
			if size += len(value); size > mostItem {
				return list, fmt.Errorf("an object: %w", errTooLarge)
			}
			object[fmt.Sprint(key)] = value
		}
		if _, err := d.Token(); err != nil {
			return list, err
		}
		if err := takeObject(object, wanted, take); err != nil {
			return list, err
		}
	}
}

// takeObject takes an object that is no list.
func takeObject(object map[string]json.RawMessage, wanted func(string) bool, take func(string, []byte) error) error {
	var kind string
	if err := json.Unmarshal(object["kind"], &kind); err != nil || !wanted(kind) {
		return nil //nolint:nilerr // without a kind it is no object
	}
	data, err := json.Marshal(object)
	if err != nil {
		return err
	}
	return take(kind, data)
}

func jsonItems(d *json.Decoder, kindOfFile string, wanted func(string) bool, take func(string, []byte) error) error {
	start, err := d.Token()
	if err != nil || start == nil { // "items": null
		return err
	}
	if start != json.Delim('[') {
		return errors.New("its items are no list")
	}
	for d.More() {
		var item json.RawMessage
		if err := d.Decode(&item); err != nil {
			return err
		}
		if len(item) > mostItem {
			return fmt.Errorf("an object: %w", errTooLarge)
		}
		var named struct{ Kind string }
		if err := json.Unmarshal(item, &named); err != nil {
			return err
		}
		if kind := cmp.Or(named.Kind, kindOfFile); wanted(kind) {
			if err := take(kind, item); err != nil {
				return err
			}
		}
	}
	_, err = d.Token()
	return err
}

// A yamlItems reader splits YAML as kubectl writes it into objects, by lines: the items of a
// list begin with a dash in the column of the first, and documents are apart by "---". Each
// object is then read as YAML.
type yamlItems struct {
	text       *bufio.Reader
	kindOfFile string
	wanted     func(string) bool
	take       func(string, []byte) error

	n      int
	list   bool
	indent int // of the dashes of a list's items; -1 outside of items
	item   bytes.Buffer
	from   int    // the line with which the object begins
	kind   string // of the object
	skip   int    // what is indented deeper is left out; -1 for nothing
}

func (y *yamlItems) read() (bool, error) {
	y.indent, y.skip, y.from = -1, -1, 1
	for {
		line, err := y.line()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = y.end()
			}
			return y.list, err
		}
		if err := y.add(line); err != nil {
			return y.list, err
		}
	}
}

// line reads a line with its break.
func (y *yamlItems) line() ([]byte, error) {
	var line []byte
	for {
		part, err := y.text.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > mostText:
			return nil, fmt.Errorf("line %d: %w", y.n+1, errTooLarge)
		case err == nil, errors.Is(err, io.EOF) && len(line) > 0:
			y.n++
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// add takes a line.
func (y *yamlItems) add(line []byte) error {
	content := bytes.TrimLeft(line, " ")
	column := len(line) - len(content)
	switch {
	case column == 0 && (bytes.HasPrefix(line, []byte("---")) || bytes.HasPrefix(line, []byte("..."))):
		err := y.end()
		y.indent = -1
		return err
	case column == 0 && y.indent < 0 && bytes.HasPrefix(line, []byte("items:")):
		err := y.drop()
		y.list = true
		if len(bytes.TrimSpace(line)) == len("items:") {
			y.indent = column // or deeper: the first dash tells
			y.from = 0
		}
		return err
	}
	if y.indent < 0 {
		return y.keep(line)
	}
	return y.addItem(line, content, column)
}

// addItem takes a line among the items of a list.
func (y *yamlItems) addItem(line, content []byte, column int) error {
	dash := bytes.HasPrefix(content, []byte("- ")) || bytes.Equal(bytes.TrimSpace(content), []byte("-"))
	switch {
	case dash && (y.from == 0 || column == y.indent):
		err := y.end()
		y.indent, y.from = column, y.n
		return errors.Join(err, y.keep(append(append(bytes.Repeat([]byte(" "), column), ' '), content[1:]...)))
	case column <= y.indent && len(bytes.TrimSpace(content)) > 0 && y.from > 0 && !dash:
		err := y.end() // the list's own kind and metadata
		y.indent, y.from = -1, y.n
		return err
	case y.from == 0:
		return nil
	}
	return y.keep(line)
}

// left are the keys of objects that no rule uses and that are most of their text.
var left = []string{
	"managedFields:", "env:", "envFrom:", "command:", "args:", "volumeMounts:", "tolerations:", "securityContext:", "affinity:", "lifecycle:",
}

// keep keeps a line of an object.
func (y *yamlItems) keep(line []byte) error {
	content := bytes.TrimLeft(line, " ")
	column := len(line) - len(content)
	trimmed := bytes.TrimRight(content, " \r\n")
	if y.skip >= 0 {
		if len(trimmed) == 0 || column > y.skip || column == y.skip && bytes.HasPrefix(trimmed, []byte("-")) {
			return nil
		}
		y.skip = -1
	}
	for _, key := range left {
		if string(trimmed) == key {
			y.skip = column
			return nil
		}
	}
	if kind, ok := bytes.CutPrefix(trimmed, []byte("kind: ")); ok && (column == y.column()) {
		y.kind = strings.Trim(string(kind), `"'`)
	}
	if y.item.Len()+len(line) > mostItem {
		return fmt.Errorf("the object from line %d on: %w", y.from, errTooLarge)
	}
	y.item.Write(line)
	return nil
}

// column is where the keys of an object begin.
func (y *yamlItems) column() int {
	if y.indent < 0 {
		return 0
	}
	return y.indent + 2
}

// end reads the object that ends here.
func (y *yamlItems) end() error {
	kind, from := y.kind, y.from
	if y.indent >= 0 && y.item.Len() > 0 {
		kind = cmp.Or(kind, y.kindOfFile)
	}
	text := y.item.Bytes()
	defer func() { _ = y.drop() }()
	if kind == "" || !y.wanted(kind) {
		return nil
	}
	data, err := yaml.YAMLToJSON(text)
	if err != nil {
		return fmt.Errorf("the %s from line %d on: %w", kind, from, err)
	}
	return y.take(kind, data)
}

// drop forgets the object.
func (y *yamlItems) drop() error {
	y.item.Reset()
	y.kind, y.skip = "", -1
	return nil
}
