// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/cli-runtime/pkg/printers"
	"sigs.k8s.io/yaml"
)

// A Format says how an answer is written. Its zero value is the screen for
// people. It is a pflag.Value, so that a wrong one is refused before anything
// is asked.
type Format struct {
	name     string
	template string // of jsonpath and custom-columns
}

// Formats are the names of all formats, as -o takes them. The last two take
// a template after an equals sign.
func Formats() []string {
	return []string{"wide", "json", "yaml", "name", "jsonpath", "custom-columns"}
}

// Set reads what was given with -o.
func (f *Format) Set(value string) error {
	name, template, found := strings.Cut(value, "=")
	next := Format{name, template}
	switch name {
	case "wide", "json", "yaml", "name":
		if found {
			return fmt.Errorf("%s takes no template", name)
		}
	case "jsonpath", "custom-columns":
		if template == "" {
			return fmt.Errorf("want a template, as in %s=…", name)
		}
		if _, err := next.printer(); err != nil {
			return err
		}
	default:
		return fmt.Errorf("want one of wide, json, yaml, name, jsonpath=…, custom-columns=…")
	}
	*f = next
	return nil
}

// String returns what Set was given.
func (f *Format) String() string {
	if f.template == "" {
		return f.name
	}
	return f.name + "=" + f.template
}

// Type names the value in help.
func (f *Format) Type() string { return "format" }

// Screen reports whether the format is for people.
func (f *Format) Screen() bool { return f.name == "" || f.name == "wide" }

// Wide reports whether a screen shows all it can.
func (f *Format) Wide() bool { return f.name == "wide" }

// printer returns what prints the formats with a template.
func (f *Format) printer() (printers.ResourcePrinter, error) {
	if f.name == "custom-columns" {
		return newColumns(f.template)
	}
	printer, err := printers.NewJSONPathPrinter(f.template)
	if err != nil {
		return nil, err
	}
	printer.AllowMissingKeys(true)
	return printer, nil
}

// A Document is an answer that can be written in every format.
type Document interface {
	names() []string // as -o name writes them
	show(s *screen)  // for people
}

// Write writes a document. On a terminal no character of it can do harm.
func Write(w io.Writer, f *Format, doc Document, v View) error {
	text, err := f.text(doc, v)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// text returns a document as it is written.
func (f *Format) text(doc Document, v View) ([]byte, error) {
	if f.Screen() {
		return render(doc, f, v), nil
	}
	var b bytes.Buffer
	if err := f.print(&b, doc); err != nil {
		return nil, err
	}
	if v.Terminal && f.name != "json" && f.name != "yaml" {
		return []byte(Safe(b.String())), nil
	}
	return b.Bytes(), nil
}

func (f *Format) print(w io.Writer, doc Document) error {
	switch f.name {
	case "name":
		_, err := io.WriteString(w, strings.Join(append(doc.names(), ""), "\n"))
		return err
	case "json":
		return writeJSON(w, doc)
	case "yaml":
		return writeYAML(w, doc)
	}
	printer, err := f.printer()
	if err != nil {
		return err
	}
	// As kubectl does with what it gets: numbers stay whole numbers.
	data, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	object := &unstructured.Unstructured{}
	if err := utiljson.Unmarshal(data, &object.Object); err != nil {
		return err
	}
	return printer.PrintObj(object, w)
}

// writeJSON writes a document as kubectl does. What does not print is
// escaped as JSON allows: the text is the same to every reader, and harmless
// on a terminal.
func writeJSON(w io.Writer, doc any) error {
	return writeQuoted(w, doc, func(r rune) string {
		if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
			return fmt.Sprintf(`\u%04x\u%04x`, high, low)
		}
		return fmt.Sprintf(`\u%04x`, r)
	})
}

// writeYAML writes a document as kubectl does. YAML leaves some characters
// bare that turn or hide text on a terminal; a document with such is written
// as JSON with YAML's escapes, which is YAML as well.
func writeYAML(w io.Writer, doc any) error {
	data, err := yaml.Marshal(doc)
	if err != nil {
		return err
	}
	if bytes.IndexFunc(data, unprintableInText) >= 0 {
		return writeQuoted(w, doc, func(r rune) string { return fmt.Sprintf(`\U%08x`, r) })
	}
	_, err = w.Write(data)
	return err
}

// writeQuoted writes a document as JSON, with escapes for what does not
// print. Such characters can only be in its strings.
func writeQuoted(w io.Writer, doc any, escape func(rune) string) error {
	var plain, quoted bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "    ")
	if err := encoder.Encode(doc); err != nil {
		return err
	}
	for _, r := range plain.String() {
		if unprintableInText(r) {
			quoted.WriteString(escape(r))
		} else {
			quoted.WriteRune(r)
		}
	}
	_, err := w.Write(quoted.Bytes())
	return err
}
