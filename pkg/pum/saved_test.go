// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"
)

func TestReadSaved(t *testing.T) {
	windows := strings.ReplaceAll(one, "\n", "\r\n")
	for _, tt := range []struct {
		name   string
		endian unicode.Endianness
		mark   unicode.BOMPolicy
	}{
		{"as PowerShell writes it", unicode.LittleEndian, unicode.UseBOM},
		{"the other way round", unicode.BigEndian, unicode.UseBOM},
		{"without a mark", unicode.LittleEndian, unicode.IgnoreBOM},
		{"the other way round, without a mark", unicode.BigEndian, unicode.IgnoreBOM},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text, err := unicode.UTF16(tt.endian, tt.mark).NewEncoder().String(windows)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := ReadSaved(strings.NewReader(text), DefaultLimit)
			if err != nil || len(answer.Entries) != 1 || *answer.Entries[0].RequestID != "RDTP-1" {
				t.Errorf("ReadSaved(%q) = %+v, %v, want one entry", text[:20], answer, err)
			}
		})
	}
	for name, text := range map[string]string{
		"a mark of UTF-8": "\ufeff" + windows,
		"kubectl before":  "Defaulted container \"pum\" out of: pum, proxy\nUnable to use a TTY - input is not a terminal or the right kind of file\n" + one,
		"a shell before":  "op@host:~$ kubectl exec deploy/pum -- status\r\n" + windows,
		"kubectl behind":  windows + "command terminated with exit code 1\r\n",
	} {
		answer, err := ReadSaved(strings.NewReader(text), DefaultLimit)
		if err != nil || len(answer.Entries) != 1 || (answer.Ignored != "") != (name == "kubectl behind") {
			t.Errorf("%s: %+v, %v, want one entry", name, answer, err)
		}
	}
	if _, err := ReadSaved(strings.NewReader(one), len(one)); err != nil {
		t.Errorf("as much as the limit: %v", err)
	}
	if _, err := ReadSaved(strings.NewReader(one), len(one)-1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("more than the limit: %v", err)
	}
	if _, err := ReadSaved(strings.NewReader("\xff\xfe1"), DefaultLimit); err == nil {
		t.Error("half a character was taken for an answer")
	}
}
