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
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// What is wrong with a text that should be a list of objects. What was read before the error is not
// the whole list.
var (
	errNoList = errors.New("it has no list and no object in YAML or JSON, as kubectl get -o yaml writes them")
	errNoText = errors.New("it is not text")
	errCut    = errors.New("it is truncated: the end of its list is missing")
	errPart   = errors.New("it is one page of a list, and the other pages are missing: kubectl get -o yaml writes the whole list")
	errRow    = errors.New("its items are on one line; kubectl writes them one below the other")
	errMeta   = errors.New("it has only the metadata of objects; kubectl get -o yaml writes them whole")
	errMore   = errors.New("items follow the end of its list: something else was written into it")
	errDump   = errors.New("it is what kubectl cluster-info dump writes to stdout, with logs among the lists: give a folder with --output-directory")
)

// logsBegin is how kubectl cluster-info dump begins the log of a container.
const logsBegin = "==== START logs for container"

// eachItem calls a function with each object of a text that kubectl wrote: a list or objects,
// as YAML or JSON, in UTF-8 or with a byte order mark. Only the objects that are wanted by their
// kind are read as more than text, one at a time: lists are large. It reports whether the text was
// a list, which may be empty. A text with neither a list nor an object is an error, unless it is empty.
//
// kubectl cluster-info dump writes lists of one kind, such as a PodList, whose items do not say
// their kind: it is that of the file.
func eachItem(r io.Reader, kindOfFile string, wanted func(kind string) bool, take func(kind string, data []byte) error) (list bool, err error) {
	text := decoded(bufio.NewReaderSize(&bounded{r, mostMember}, 64<<10))
	for {
		c, err := text.Peek(1)
		if err != nil {
			return false, ignoreEOF(err)
		}
		if strings.IndexByte(" \t\r\n", c[0]) < 0 {
			break
		}
		_, _ = text.Discard(1) // which was peeked
	}
	if c, _ := text.Peek(1); c[0] == '{' {
		list, err = eachJSON(text, kindOfFile, wanted, take)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errCut
		}
		return list, err
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
	found := false
	for {
		if _, err := d.Token(); err != nil {
			switch rest, _ := io.ReadAll(io.LimitReader(d.Buffered(), 256)); {
			case errors.Is(err, io.EOF) && found:
				return list, nil
			case errors.Is(err, io.EOF):
				return list, errNoList
			case bytes.HasPrefix(bytes.TrimSpace(rest), []byte(logsBegin)):
				return list, errDump
			}
			return list, err
		}
		object, items, err := jsonObject(d, kindOfFile, wanted, take)
		if list = list || items; err != nil {
			return list, err
		}
		found = found || items || object["kind"] != nil
		if items {
			err = wholeList(object)
		} else {
			err = takeObject(object, wanted, take)
		}
		if err != nil {
			return list, err
		}
	}
}

// jsonObject reads an object but for its items, which are taken.
func jsonObject(d *json.Decoder, kindOfFile string, wanted func(string) bool, take func(string, []byte) error) (object map[string]json.RawMessage, items bool, err error) {
	object = map[string]json.RawMessage{}
	size := 0
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, items, err
		}
		if key == "items" {
			items = true
			if err := jsonItems(d, cmp.Or(kindOfList(object), kindOfFile), wanted, take); err != nil {
				return nil, items, err
			}
			continue
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, items, err
		}
		if size += len(value); size > mostItem {
			return nil, items, fmt.Errorf("an object: %w", errTooLarge)
		}
		object[fmt.Sprint(key)] = value
	}
	_, err = d.Token()
	return object, items, err
}

// kindOfList is the kind of the items of a list such as a PodList, which the API server writes
// before them.
func kindOfList(list map[string]json.RawMessage) string {
	var kind string
	_ = json.Unmarshal(list["kind"], &kind) // else it is unknown
	items, _ := strings.CutSuffix(kind, "List")
	return items
}

// wholeList returns an error if a list is one page of several.
func wholeList(list map[string]json.RawMessage) error {
	var metadata struct{ Continue string }
	if err := json.Unmarshal(list["metadata"], &metadata); err == nil && metadata.Continue != "" {
		return errPart
	}
	return nil
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
		if named.Kind == "PartialObjectMetadata" {
			return errMeta
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
	found  bool   // there was a list or an object
	open   bool   // the end of the list is not read yet, where kubectl writes its kind
	top    string // the last key at the beginning of a line
	indent int    // of the dashes of a list's items; -1 outside of items
	item   bytes.Buffer
	from   int    // the line with which the object begins
	kind   string // of the object
	skip   int    // what is indented deeper than this column is left out; -1 if nothing is
	times  bool   // but the times in it are kept
}

func (y *yamlItems) read() (bool, error) {
	y.indent, y.skip, y.from = -1, -1, 1
	for {
		line, err := y.line()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.Join(y.end(), y.endList())
			}
			if err == nil && !y.found {
				err = errNoList
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
			if y.n++; bytes.IndexByte(line, 0) >= 0 {
				return nil, errNoText
			}
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// endList returns an error if the end of a list is missing.
func (y *yamlItems) endList() error {
	if y.open {
		return errCut
	}
	return nil
}

// add takes a line.
func (y *yamlItems) add(line []byte) error {
	content := bytes.TrimLeft(line, " ")
	column := len(line) - len(content)
	switch {
	case column == 0 && bytes.HasPrefix(line, []byte(logsBegin)):
		return errDump
	case column == 0 && (bytes.HasPrefix(line, []byte("---")) || bytes.HasPrefix(line, []byte("..."))):
		err := errors.Join(y.end(), y.endList())
		y.indent, y.top = -1, ""
		return err
	case column == 0 && y.indent < 0 && y.list && bytes.HasPrefix(line, []byte("- ")):
		return errMore
	case column == 0 && y.indent < 0 && bytes.HasPrefix(line, []byte("items:")):
		return y.beginList(string(bytes.TrimSpace(line[len("items:"):])))
	}
	if y.indent < 0 {
		return y.keep(line)
	}
	return y.addItem(line, content, column)
}

// beginList takes the line with which the items of a list begin.
func (y *yamlItems) beginList(behind string) error {
	err := y.endList()
	known := y.kind != ""
	y.drop()
	y.list, y.found = true, true
	switch behind {
	case "":
		y.indent, y.from, y.open = 0, 0, !known // or deeper: the first dash tells
	case "[]", "null", "~":
	default:
		err = errors.Join(err, errRow)
	}
	return err
}

// addItem takes a line among the items of a list.
func (y *yamlItems) addItem(line, content []byte, column int) error {
	dash := bytes.HasPrefix(content, []byte("- ")) || bytes.Equal(bytes.TrimSpace(content), []byte("-"))
	switch {
	case dash && (y.from == 0 || column == y.indent):
		err := y.end()
		y.indent, y.from = column, y.n
		return errors.Join(err, y.keep(append(append(bytes.Repeat([]byte(" "), column), ' '), content[1:]...)))
	case column <= y.indent && len(bytes.TrimSpace(content)) > 0 && !dash:
		err := y.end() // the list's own kind and metadata
		y.indent, y.from = -1, y.n
		return errors.Join(err, y.keep(line))
	case y.from == 0:
		return nil
	}
	return y.keep(line)
}

const managedFields = "managedFields:"

// left are the keys of objects that no rule uses and that are most of their text.
var left = []string{
	managedFields, "env:", "envFrom:", "command:", "args:", "volumeMounts:", "tolerations:", "securityContext:", "affinity:", "lifecycle:",
}

// keep keeps a line of an object.
func (y *yamlItems) keep(line []byte) error {
	content := bytes.TrimLeft(line, " ")
	column := len(line) - len(content)
	trimmed := bytes.TrimRight(content, " \r\n")
	if y.skip >= 0 {
		if len(trimmed) == 0 || column > y.skip || column == y.skip && bytes.HasPrefix(trimmed, []byte("-")) {
			return y.keepTime(trimmed)
		}
		y.skip = -1
	}
	if slices.Contains(left, string(trimmed)) {
		if y.skip, y.times = column, string(trimmed) == managedFields; !y.times {
			return nil
		}
	}
	if kind, ok := bytes.CutPrefix(trimmed, []byte("kind: ")); ok && (column == y.column()) {
		y.kind = strings.Trim(string(kind), `"'`)
		y.found, y.open = true, y.open && y.indent >= 0
	}
	if err := y.keepTop(trimmed, column); err != nil {
		return err
	}
	return y.write(line)
}

// keepTime keeps the times of managedFields, of which a rule uses the last one. No name of a field
// looks like one, for they begin with "f:".
func (y *yamlItems) keepTime(trimmed []byte) error {
	at, ok := bytes.CutPrefix(bytes.TrimPrefix(trimmed, []byte("- ")), []byte("time: "))
	if !ok || !y.times {
		return nil
	}
	changed, err := time.Parse(time.RFC3339, strings.Trim(string(at), `"'`))
	if err != nil {
		return nil //nolint:nilerr // it is no time
	}
	return y.write(fmt.Appendf(nil, "%*s- {time: %q}\n", y.skip, "", changed.Format(time.RFC3339)))
}

// write adds a line to the object.
func (y *yamlItems) write(line []byte) error {
	if y.item.Len()+len(line) > mostItem {
		return fmt.Errorf("the object from line %d on: %w", y.from, errTooLarge)
	}
	y.item.Write(line)
	return nil
}

// keepTop takes a line outside of the items of a list, which may say that the list has more pages.
func (y *yamlItems) keepTop(line []byte, column int) error {
	if y.indent >= 0 || !y.list {
		return nil
	}
	if column == 0 {
		y.top = string(line)
	}
	if next, ok := bytes.CutPrefix(line, []byte("continue: ")); ok && column == 2 && y.top == "metadata:" && string(next) != `""` {
		return errPart
	}
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
	defer y.drop()
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
func (y *yamlItems) drop() {
	y.item.Reset()
	y.kind, y.skip = "", -1
}
