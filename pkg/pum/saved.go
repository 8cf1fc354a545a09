// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"errors"
	"fmt"
	"io"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// ReadSaved reads the output of PUM's status command that was saved before,
// such as pum-status.txt of the vendor's audit archive. It reads no more than
// limit bytes. A text that begins with a byte order mark may be UTF-16, which
// is what PowerShell writes.
//
// The error is ErrNoAnswer if the output is cut or larger than the limit, and
// a *SyntaxError if it could not be understood.
func ReadSaved(r io.Reader, limit int) (Answer, error) {
	r = transform.NewReader(r, unicode.BOMOverride(transform.Nop))
	text, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return Answer{}, err
	}
	list, err := ParseLimit(text, limit)
	var incomplete *IncompleteError
	switch {
	case errors.As(err, &incomplete), errors.Is(err, ErrTooLarge):
		return Answer{}, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	case err != nil:
		return Answer{}, err
	}
	return Answer{
		Source:  Source{Dialect: list.Dialect, Declared: list.Declared, Parsed: len(list.Entries)},
		Entries: list.Entries,
	}, nil
}
