// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"
)

func TestReadSaved(t *testing.T) {
	windows := strings.ReplaceAll(one, "\n", "\r\n")
	for _, tt := range []struct {
		name   string
		endian unicode.Endianness
	}{{"as PowerShell writes it", unicode.LittleEndian}, {"the other way round", unicode.BigEndian}} {
		t.Run(tt.name, func(t *testing.T) {
			text, err := unicode.UTF16(tt.endian, unicode.UseBOM).NewEncoder().String(windows)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := ReadSaved(strings.NewReader(text), DefaultLimit)
			if err != nil || len(answer.Entries) != 1 || *answer.Entries[0].RequestID != "RDTP-1" {
				t.Errorf("ReadSaved(%q) = %+v, %v, want one entry", text[:20], answer, err)
			}
		})
	}
	if _, err := ReadSaved(strings.NewReader("\xff\xfe1"), DefaultLimit); err == nil {
		t.Error("half a character was taken for an answer")
	}
}
