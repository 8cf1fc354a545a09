// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// A lines reader reads a recording line by line.
type lines struct {
	r    *bufio.Reader
	n    int   // of the last line
	cut  error // why there is no more, if that is no end
	line []byte
	head Head
}

// plain returns what is in a file that may be compressed.
func plain(r io.Reader) (*bufio.Reader, error) {
	begin := bufio.NewReaderSize(r, 64<<10)
	if magic, _ := begin.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return decoded(bufio.NewReaderSize(&bounded{begin, mostBytes}, 64<<10)), nil
	}
	unpacked, err := gzip.NewReader(begin)
	if err != nil {
		return nil, fmt.Errorf("decompress it: %w", err)
	}
	return decoded(bufio.NewReaderSize(&bounded{unpacked, mostBytes}, 256<<10)), nil
}

// decoded returns a text with a byte order mark in UTF-8, and without the mark: PowerShell writes
// UTF-16. Any other text stays as it is.
func decoded(r *bufio.Reader) *bufio.Reader {
	switch begin, _ := r.Peek(3); { // the next read returns the error
	case bytes.HasPrefix(begin, []byte("\xff\xfe")), bytes.HasPrefix(begin, []byte("\xfe\xff")), bytes.HasPrefix(begin, []byte("\xef\xbb\xbf")):
		return bufio.NewReaderSize(transform.NewReader(r, unicode.BOMOverride(transform.Nop)), 64<<10)
	}
	return r
}

// next reads a line, without its line break. It is false at the end: of the file, or of what
// can be read of it, and cut says why.
func (l *lines) next() ([]byte, bool) {
	if l.cut != nil {
		return nil, false
	}
	l.line = l.line[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		l.line = append(l.line, part...)
		switch {
		case len(l.line) > mostLine:
			l.cut = fmt.Errorf("line %d: %w", l.n+1, errTooLarge)
			return nil, false
		case err == nil:
			l.n++
			return l.line[:len(l.line)-1], true
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(l.line) == 0:
			return nil, false
		case errors.Is(err, io.EOF):
			l.cut = fmt.Errorf("line %d is not whole", l.n+1)
			return nil, false
		default:
			l.cut = fmt.Errorf("behind line %d: %w", l.n, err)
			return nil, false
		}
	}
}

// damaged notes that nothing is read from the last line on.
func (l *lines) damaged(err error) { l.cut = fmt.Errorf("line %d is damaged: %w", l.n, err) }

// readHead reads the first line.
func (l *lines) readHead() (Head, error) {
	var h Head
	text, ok := l.next()
	if !ok {
		if l.cut != nil {
			return h, fmt.Errorf("it has no head: %w", l.cut)
		}
		return h, errors.New("it is empty")
	}
	if err := json.Unmarshal(text, &h); err != nil {
		return h, fmt.Errorf("its head is damaged: %w", err)
	}
	if h.Kind != kind {
		return h, fmt.Errorf("its first line has the kind %q, want %q", h.Kind, kind)
	}
	if h.APIVersion != apiVersion {
		return h, fmt.Errorf("it has the version %q, which this version of kubectl tpe does not know; it knows %q", h.APIVersion, apiVersion)
	}
	return h, nil
}

// each calls a function with each line behind the head, until that returns false. A line that
// cannot be read ends it, as the end of the file does.
func (l *lines) each(take func(*Line) (bool, error)) error {
	for {
		text, ok := l.next()
		if !ok {
			return nil
		}
		line := &Line{}
		if err := json.Unmarshal(text, line); err != nil {
			l.damaged(err)
			return nil
		}
		if line.At.IsZero() && isRecording(text) { // as where two files were joined
			l.cut = fmt.Errorf("another recording begins with line %d", l.n)
			return nil
		}
		if goOn, err := take(line); err != nil || !goOn {
			return err
		}
	}
}
