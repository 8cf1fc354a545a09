// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"bufio"
	"io"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// ReadSaved reads the output of PUM's status command that was saved before,
// such as pum-status.txt of the vendor's audit archive. It reads no more than
// limit bytes. The text may be UTF-16, which is what PowerShell writes, with a byte order
// mark or, as some editors leave it, without.
//
// The error is that of Parse.
func ReadSaved(r io.Reader, limit int) (Answer, error) {
	begin := bufio.NewReader(r)
	r = transform.NewReader(begin, unicode.BOMOverride(withoutMark(begin)))
	text, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return Answer{}, err
	}
	return Parse(text, limit)
}

// withoutMark returns what decodes a text without a byte order mark. PUM's begins with
// ASCII, of which every other byte in UTF-16 is zero.
func withoutMark(r *bufio.Reader) transform.Transformer {
	begin, _ := r.Peek(2) // the next read returns the error
	switch {
	case len(begin) < 2:
	case begin[0] == 0 && begin[1] != 0:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder()
	case begin[0] != 0 && begin[1] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder()
	}
	return transform.Nop
}
