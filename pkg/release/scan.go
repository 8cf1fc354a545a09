// SPDX-License-Identifier: Apache-2.0

package release

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits of what is kept of a release. What is not kept is read over a byte at a time,
// whatever its size.
const (
	headLimit   = 256 << 10 // bytes of JSON that say what a release is
	valuesLimit = 4 << 20   // bytes of JSON of values; a secret of Helm's has at most one packed megabyte
	nodeLimit   = 100_000   // keys and values. `{}` takes a hundred times its size in memory
	depthLimit  = 100       // nested tables and lists
)

// A scanner reads JSON once, from the beginning to the end, and keeps only what is
// wanted of it: neither the size of a release nor what it is made of can take more
// memory than the limits allow. encoding/json keeps each text and each skipped value as
// a whole.
type scanner struct {
	in *bufio.Reader

	kept      []byte
	keepLimit int
	keeps     bool
	nodes     int
}

func newScanner(in io.Reader) *scanner { return &scanner{in: bufio.NewReader(in)} }

// members calls read with each key of the object that comes next, to read the value. A
// null has no members.
func (s *scanner) members(read func(key string) error) error {
	c, err := s.next()
	switch {
	case err != nil:
		return err
	case c == 'n':
		return s.literal(c)
	case c != '{':
		return errors.New("want an object")
	}
	for n := 0; ; n++ {
		c, err := s.next()
		if err == nil && c == '}' && n == 0 {
			return nil
		}
		if err == nil && c != '"' {
			err = fmt.Errorf("want a key, have %q", c)
		}
		if err != nil {
			return err
		}
		key, err := s.key()
		if err != nil {
			return err
		}
		if err := read(key); err != nil {
			return err
		}
		if more, err := s.more(); err != nil || !more {
			return err
		}
	}
}

// more reads what comes after a member: a comma, or the end of the object.
func (s *scanner) more() (bool, error) {
	c, err := s.next()
	if err == nil && c != ',' && c != '}' {
		err = fmt.Errorf("want a comma, have %q", c)
	}
	return c == ',', err
}

// fields decodes those members of the object that comes next that are wanted.
func (s *scanner) fields(limit int, wanted map[string]any) error {
	return s.members(func(key string) error {
		if into, ok := wanted[key]; ok {
			return s.decode(limit, into)
		}
		return s.skip()
	})
}

// key reads the rest of a key, and the colon after it.
func (s *scanner) key() (key string, err error) {
	const longest = 64 << 10
	text, err := s.keep(longest, func() error { s.add('"'); return s.text() })
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(text, &key); err != nil {
		return "", err
	}
	if c, err := s.next(); err != nil || c != ':' {
		return "", cmp.Or(err, errors.New("want a colon after a key"))
	}
	return key, nil
}

// decode reads the next value into a Go value, if it has no more bytes than the limit.
func (s *scanner) decode(limit int, into any) error {
	text, err := s.keep(limit, s.skip)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// keep returns the text that read reads.
func (s *scanner) keep(limit int, read func() error) ([]byte, error) {
	s.kept, s.keepLimit, s.keeps, s.nodes = s.kept[:0], limit, true, 0
	defer func() { s.keeps = false }()
	if err := read(); err != nil {
		return nil, err
	}
	if len(s.kept) > limit {
		return nil, &SizeError{What: fmt.Sprintf("%d bytes", limit)}
	}
	return s.kept, nil
}

func (s *scanner) add(c byte) {
	if s.keeps && len(s.kept) <= s.keepLimit {
		s.kept = append(s.kept, c)
	}
}

// skip reads over the next value. Whether it is proper JSON is for json.Unmarshal to
// say, if it is kept.
func (s *scanner) skip() error {
	for depth := 0; ; {
		c, err := s.next()
		if err != nil {
			return err
		}
		switch c {
		case '{', '[':
			s.add(c)
			depth++
		case '}', ']':
			s.add(c)
			depth--
		case '"':
			s.add(c)
			err = s.text()
		case ',', ':':
			s.add(c)
			if depth == 0 {
				return fmt.Errorf("want a value, have %q", c)
			}
		default:
			err = s.literal(c)
		}
		switch {
		case err != nil:
			return err
		case depth < 0:
			return fmt.Errorf("want a value, have %q", c)
		case depth == 0:
			return nil
		}
		if err := s.count(c, depth); err != nil {
			return err
		}
	}
}

// count counts the values that are kept.
func (s *scanner) count(c byte, depth int) error {
	if !s.keeps {
		return nil
	}
	if !strings.ContainsRune(",:]}", rune(c)) {
		s.nodes++
	}
	switch {
	case s.nodes > nodeLimit:
		return &SizeError{What: fmt.Sprintf("%d values", nodeLimit)}
	case depth > depthLimit:
		return &SizeError{What: fmt.Sprintf("%d levels", depthLimit)}
	case len(s.kept) > s.keepLimit:
		return &SizeError{What: fmt.Sprintf("%d bytes", s.keepLimit)}
	}
	return nil
}

// text reads the rest of a text.
func (s *scanner) text() error {
	for escaped := false; ; {
		c, err := s.in.ReadByte()
		if err != nil {
			return cut(err)
		}
		s.add(c)
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			return nil
		}
	}
}

// literal reads the rest of a number, true, false or null.
func (s *scanner) literal(c byte) error {
	const longest = 1 << 10 // no number has as many digits
	for n := 0; n < longest; n++ {
		if !isLiteral(c) {
			if n == 0 {
				return fmt.Errorf("invalid character %q looking for beginning of value", c)
			}
			return s.in.UnreadByte()
		}
		s.add(c)
		var err error
		if c, err = s.in.ReadByte(); err != nil {
			return cut(err)
		}
	}
	return errors.New("a number is too long")
}

func isLiteral(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'
}

// next returns the next byte that is no space.
func (s *scanner) next() (byte, error) {
	for {
		c, err := s.in.ReadByte()
		if err != nil {
			return 0, cut(err)
		}
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c, nil
		}
	}
}

// rest reads what is left, to its checksum.
func (s *scanner) rest() error {
	_, err := io.Copy(io.Discard, s.in)
	return err
}

// cut is the error of JSON that ends early.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
