// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A jsonReader walks over a text of JSON once and checks it on the way. It
// makes no copies: encoding/json, which reads each response twice and
// allocates for each of its fields, would take most of the time of Parse.
type jsonReader struct {
	text string
	pos  int
}

// maxDepth bounds the nesting of JSON and of objects that are turned into it.
const maxDepth = 64

// isJSON reports whether the text is JSON.
func isJSON(text string) bool {
	r := jsonReader{text: text}
	return r.skip(0) && r.atEnd()
}

// isNumber reports whether the text is a number of JSON.
func isNumber(text string) bool {
	r := jsonReader{text: text}
	return r.number() && r.pos == len(text)
}

func (r *jsonReader) space() {
	for ; r.pos < len(r.text); r.pos++ {
		switch r.text[r.pos] {
		case ' ', '\t', '\r', '\n':
		default:
			return
		}
	}
}

func (r *jsonReader) atEnd() bool {
	r.space()
	return r.pos == len(r.text)
}

// eat steps over blanks and the token, if it is at hand.
func (r *jsonReader) eat(token string) bool {
	r.space()
	if !strings.HasPrefix(r.text[r.pos:], token) {
		return false
	}
	r.pos += len(token)
	return true
}

// skip steps over a value, false if it is none.
func (r *jsonReader) skip(depth int) bool {
	r.space()
	if r.pos == len(r.text) || depth > maxDepth {
		return false
	}
	switch r.text[r.pos] {
	case '{':
		return r.members(func(string) bool { return r.skip(depth + 1) })
	case '[':
		return r.elements(depth)
	case '"':
		_, ok := r.quoted()
		return ok
	}
	return r.number() || r.eat("null") || r.eat("true") || r.eat("false")
}

// members reads an object. Visit must read the value of each key, whose
// escapes are kept.
func (r *jsonReader) members(visit func(key string) bool) bool {
	if !r.eat("{") {
		return false
	}
	if r.eat("}") {
		return true
	}
	for {
		r.space()
		key, ok := r.quoted()
		if !ok || !r.eat(":") || !visit(key) {
			return false
		}
		if !r.eat(",") {
			return r.eat("}")
		}
	}
}

func (r *jsonReader) elements(depth int) bool {
	if r.eat("["); r.eat("]") {
		return true
	}
	for r.skip(depth + 1) {
		if !r.eat(",") {
			return r.eat("]")
		}
	}
	return false
}

// quoted reads a string and returns what stands between its quotes.
func (r *jsonReader) quoted() (string, bool) {
	if r.pos == len(r.text) || r.text[r.pos] != '"' {
		return "", false
	}
	for start := r.pos + 1; ; {
		r.pos++
		if r.pos >= len(r.text) {
			return "", false
		}
		switch c := r.text[r.pos]; {
		case c == '"':
			r.pos++
			return r.text[start : r.pos-1], true
		case c < ' ' || c == '\\' && !r.escape():
			return "", false
		}
	}
}

// escape steps to the last byte of an escape.
func (r *jsonReader) escape() bool {
	rest := r.text[r.pos+1:]
	if rest == "" {
		return false
	}
	if rest[0] != 'u' {
		r.pos++
		return strings.IndexByte(`"\/bfnrt`, rest[0]) >= 0
	}
	if len(rest) < 5 {
		return false
	}
	r.pos += 5
	return strings.Trim(rest[1:5], "0123456789abcdefABCDEF") == ""
}

// number reads a number.
func (r *jsonReader) number() bool {
	start := r.pos
	r.oneOf("-")
	if !r.oneOf("0") && !r.digits() {
		r.pos = start
		return false
	}
	if r.oneOf(".") && !r.digits() {
		return false
	}
	if r.oneOf("eE") {
		r.oneOf("+-")
		return r.digits()
	}
	return true
}

// oneOf steps over one of the bytes.
func (r *jsonReader) oneOf(bytes string) bool {
	if r.pos == len(r.text) || strings.IndexByte(bytes, r.text[r.pos]) < 0 {
		return false
	}
	r.pos++
	return true
}

// digits steps over one digit or more.
func (r *jsonReader) digits() bool {
	start := r.pos
	for r.pos < len(r.text) && r.text[r.pos] >= '0' && r.text[r.pos] <= '9' {
		r.pos++
	}
	return r.pos > start
}

// integer reads a value into n if it is an integer, else steps over it.
func (r *jsonReader) integer(n **int64) bool {
	r.space()
	start := r.pos
	if !r.skip(0) {
		return false
	}
	*n = nil
	if i, err := strconv.ParseInt(r.text[start:r.pos], 10, 64); err == nil {
		*n = &i
	}
	return true
}

// string reads a value into text if it is a string, else steps over it.
func (r *jsonReader) string(text **string) bool {
	r.space()
	start := r.pos
	if !r.skip(0) {
		return false
	}
	*text = nil
	if r.text[start] != '"' {
		return true
	}
	decoded := r.text[start+1 : r.pos-1]
	if strings.IndexByte(decoded, '\\') >= 0 || !utf8.ValidString(decoded) {
		if json.Unmarshal([]byte(r.text[start:r.pos]), &decoded) != nil {
			return false
		}
	}
	*text = &decoded
	return true
}

// appendJSONText appends text as a string of JSON, with as few escapes as
// JSON.stringify.
func appendJSONText(b []byte, text string) []byte {
	b = append(b, '"')
	for _, r := range text {
		switch n := strings.IndexRune("\"\\\b\f\n\r\t", r); {
		case n >= 0:
			b = append(b, '\\', `"\bfnrt`[n])
		case r < ' ':
			b = append(b, '\\', 'u', '0', '0', "01"[r>>4], "0123456789abcdef"[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
