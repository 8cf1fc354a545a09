// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A lister reads the entries below the header, in whatever layout they stand:
//
//	uid: 2          - uid: 2        {                 [
//	scope: 'ALL'      scope: 'ALL'    uid: 2,           {
//	                                  scope: 'ALL'        uid: 2,
//	uid: 4          - uid: 4        }                     scope: 'ALL'
//	…               …               …                   }, …
//
// Blank lines, indentation, and --- before an entry carry no meaning.
type lister struct {
	scanner
	builder
	declared int    // entries that the header announces
	begun    int    // entries that the text has
	surplus  int    // where the first entry too many begins
	open     bool   // the last entry has no brackets: more keys may follow
	end      string // the key with which all entries before the last end, or ""
	ignored  string // text behind the list
}

// readAs reads the text after its header in one dialect. A header that announces more
// entries than such a text has if they have all keys does not make us reserve more.
func readAs(d Dialect, text string, h header, limit int) reading {
	l := &lister{
		scanner:  scanner{text: text, pos: h.end, dialect: d},
		builder:  newBuilder(min(h.declared, len(text)/entryWeight), limit),
		declared: h.declared,
	}
	f := l.list()
	if f == nil || l.begun > l.declared {
		f = l.checkEnd()
	}
	whole := len(l.entries)
	if f != nil && l.unfinished() != nil {
		whole--
	}
	return reading{
		dialect: d, entries: l.entries, whole: min(whole, l.declared),
		neutral: !l.ambiguous, raws: l.raws, ignored: l.ignored, err: f,
	}
}

// list reads all entries.
func (l *lister) list() *fault {
	l.skipSpace()
	if l.peek() == '[' && !strings.HasPrefix(l.text[l.pos:], "[Object: null prototype] {") {
		l.pos++
		return l.array()
	}
	for !l.eof() {
		start, read := l.pos, l.line
		if l.eatObject() {
			read = l.object
		}
		if f := read(); f != nil {
			return l.ignore(start, f)
		}
		l.skipSpace()
	}
	return nil
}

// ignoredBytes is how much text behind a list is ignored.
const ignoredBytes = 16 << 10

// ignore steps over the rest of the text if the list is whole before it: as its count
// proves, what follows is not PUM's, but a warning or what kubectl or a shell says. It
// returns the fault, by which the rest was noticed, if the list is not, or if the rest
// could be more of it. A list of none proves nothing.
func (l *lister) ignore(start int, f *fault) *fault {
	rest := l.text[start:]
	if l.declared == 0 || l.begun != l.declared || l.unfinished() != nil || len(rest) > ignoredBytes {
		return f
	}
	if line := start - l.column(start); strings.Trim(l.text[line:start], " \t\r") != "" {
		return f
	}
	ahead := scanner{text: l.text, pos: start, dialect: l.dialect}
	if _, none := ahead.key(); none == nil && l.open {
		if ahead.skipBlanks(); strings.IndexByte("'\"`{[", ahead.peek()) >= 0 {
			return f // a key that is new, and cut
		}
	}
	for line := range strings.Lines(rest) {
		if _, isHeader := parseHeader(line); isHeader || leadingKey(line) >= 0 {
			return f
		}
	}
	l.ignored, l.pos = strings.TrimSpace(printed(rest)), len(l.text)
	return nil
}

// array reads entries in brackets, after the opening one.
func (l *lister) array() *fault {
	for {
		l.skipSpace()
		switch {
		case l.eat("]"):
			if l.skipSpace(); !l.eof() {
				return l.ignore(l.pos, l.want("nothing after the list"))
			}
			return nil
		case strings.HasPrefix(l.text[l.pos:], "... "):
			return l.want("all entries, but PUM left some out")
		case !l.eatObject():
			return l.want("an entry in { }")
		}
		if f := l.object(); f != nil {
			return f
		}
		if f := l.comma(']'); f != nil {
			return f
		}
	}
}

// eatObject steps over the opening bracket of an entry, if one is at hand, and over the words
// before it by which util.inspect tells the class: "RowDataPacket {" of a database's driver,
// "[Object: null prototype] {".
func (l *lister) eatObject() bool {
	if l.eat("{") {
		return true
	}
	line, _, _ := strings.Cut(l.text[l.pos:], "\n")
	class, _, ok := strings.Cut(line, " {")
	if !ok || !isClass(class) {
		return false
	}
	l.pos += len(class) + len(" {")
	return true
}

// isClass reports whether util.inspect may print this before the bracket of an object.
func isClass(words string) bool {
	if inner, ok := strings.CutSuffix(words, ": null prototype]"); ok {
		words, ok = strings.CutPrefix(inner, "[")
		return ok && isClass(words)
	}
	for n := range len(words) {
		if c := words[n]; !isKeyByte(c) || c == '-' {
			return false
		}
	}
	return words != ""
}

// object reads one entry in brackets, after the opening one.
func (l *lister) object() *fault {
	for first := true; ; first = false {
		l.skipSpace()
		if !first && l.eat("}") {
			l.open = false
			return nil
		}
		at := l.pos
		key, f := l.key()
		if f == nil && first {
			f = l.begin(key, at)
		}
		if f != nil {
			return f
		}
		l.skipSpace()
		v, f := l.member(key)
		if f != nil {
			return f
		}
		if err := l.set(key, v); err != nil {
			return &fault{at: at, err: err}
		}
	}
}

// member reads the value of a key in brackets, and the comma after it.
func (l *lister) member(key string) (value, *fault) {
	start := l.pos
	v, f := l.value()
	if f == nil {
		if f = l.comma('}'); f == nil {
			return v, nil
		}
	}
	if key == keys[keyUID] {
		return value{}, f
	}
	if raw, ok := l.rawMember(start); ok && l.comma('}') == nil {
		return raw, nil
	}
	return value{}, f
}

// comma steps over the comma after a member, which only the last may lack.
func (l *lister) comma(closer byte) *fault {
	if l.skipSpace(); l.eat(",") || l.peek() == closer {
		return nil
	}
	return l.want("a comma or " + string(closer))
}

// line reads a key and its value, which have a line of their own.
func (l *lister) line() *fault {
	if l.eat("---") {
		l.open = false
		return l.endLine()
	}
	bullet := l.atBullet()
	if bullet {
		l.pos++
		l.skipBlanks()
	}
	at := l.pos
	key, f := l.key()
	if f == nil && (key == keys[keyUID] || bullet || !l.open) {
		f = l.begin(key, at)
	}
	if f != nil {
		return f
	}
	v, f := l.lineValue(key, at)
	if f != nil {
		return f
	}
	if err := l.set(key, v); err != nil {
		return &fault{at: at, err: err}
	}
	return nil
}

// lineValue reads the rest of the line of the key that begins at an offset,
// and the lines after it that belong to it.
func (l *lister) lineValue(key string, at int) (v value, f *fault) {
	l.skipBlanks()
	start := l.pos
	if l.dialect == DialectYAML && l.peek() == '\n' {
		v, f = l.block(l.column(at))
	} else {
		v, f = l.value()
	}
	if f == nil {
		if f = l.endLine(); f == nil {
			return v, nil
		}
	}
	if l.eof() || l.has(keys[keyIterationCounter]) && l.begun == l.declared && !slices.Contains(keys[:], key) {
		return value{}, f // it was cut, or may be somebody else's line, such as error: …
	}
	if raw, ok := l.rawLine(start, l.column(at)); ok && key != keys[keyUID] {
		return raw, nil
	}
	return value{}, f
}

// begin begins an entry, whose first key this must be.
func (l *lister) begin(key string, at int) *fault {
	if key != keys[keyUID] {
		return &fault{at: at, err: errors.New("want the key uid, with which an entry begins")}
	}
	switch {
	case l.begun == 1:
		l.end = l.lastKey
	case l.end != l.lastKey:
		l.end = ""
	}
	if l.begun == l.declared {
		l.surplus = at
	}
	if l.begun++; l.begun > l.declared {
		l.entries = l.entries[:l.declared] // those too many are only counted
	}
	l.open = true
	if err := l.add(); err != nil {
		return &fault{at: at, err: err}
	}
	return nil
}

// checkEnd says what is missing or too much at the end of the text.
func (l *lister) checkEnd() *fault {
	switch {
	case l.begun > l.declared:
		return &fault{at: l.surplus, err: fmt.Errorf("got %d entries, the header announces %d", l.begun, l.declared)}
	case l.begun < l.declared:
		return l.cut("the text ends here")
	}
	return l.unfinished()
}

// unfinished says why the last entry, if no bracket closes it, may lack its
// last keys: a cut between two lines leaves no other trace. Such an entry is
// whole only if it has the last key that PUM documents, and the key with
// which all other entries of the text end, should PUM have a new one. What
// can still be lost unseen is a new key that some entries have and some not.
func (l *lister) unfinished() *fault {
	if !l.open {
		return nil
	}
	for _, key := range []string{keys[keyIterationCounter], l.end} {
		if key != "" && !l.has(key) {
			return l.cut("the last one has no " + key)
		}
	}
	return nil
}

func (l *lister) cut(how string) *fault {
	return &fault{at: l.pos, cut: true, err: errors.New(how)}
}
