// SPDX-License-Identifier: Apache-2.0

package release

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"
)

// unpackedLimit is the size of the largest release that is read, in bytes, once it is
// unpacked. A secret has at most a megabyte, of which gzip makes a thousand times as much
// if it is hostile, and ten times as much if it is Helm's. Helm itself has no limit.
const unpackedLimit = 32 << 20

// A SizeError is the error of a release that has more than any real one.
type SizeError struct{ What string }

func (e *SizeError) Error() string {
	return "it has more than " + e.What + ", which no real release has"
}

// A payload is what is read of a release.
type payload struct {
	deployed            stamp
	status, description string

	chart, version, appVersion string

	user, defaults map[string]any // values: the user's, and the chart's own
}

// A stamp is a time that Helm wrote, which may be an empty text.
type stamp struct{ time.Time }

func (s *stamp) UnmarshalJSON(data []byte) error {
	if string(data) == `""` || string(data) == "null" {
		return nil
	}
	return s.Time.UnmarshalJSON(data)
}

// open returns the JSON in the key release of a secret, as Helm's driver reads it:
// base64, and gzip unless an early Helm wrote it.
func open(data []byte) (io.Reader, error) {
	text := bufio.NewReader(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(data)))
	magic, _ := text.Peek(3)
	if !bytes.Equal(magic, []byte{0x1f, 0x8b, 0x08}) {
		return text, nil
	}
	unzipped, err := gzip.NewReader(text)
	if err != nil {
		return nil, err
	}
	return &limited{unzipped, unpackedLimit}, nil
}

// limited is a reader that fails after so many bytes.
type limited struct {
	io.Reader
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if l.left -= n; l.left < 0 {
		return 0, &SizeError{fmt.Sprintf("%d MiB", unpackedLimit>>20)}
	}
	return n, err
}

// readHead reads what a release says of itself and of its chart, and nothing more. It
// reads to the end all the same: only there is the checksum of the whole.
func readHead(data []byte) (*payload, error) {
	p := &payload{}
	err := eachKey(data, func(s *scanner, key string) error {
		switch key {
		case "info":
			return s.fields(headLimit, map[string]any{"last_deployed": &p.deployed, "status": &p.status, "description": &p.description})
		case "chart":
			return s.members(func(key string) error {
				if key != "metadata" {
					return s.skip()
				}
				return s.fields(headLimit, map[string]any{"name": &p.chart, "version": &p.version, "appVersion": &p.appVersion})
			})
		}
		return s.skip()
	})
	if err == nil && (p.chart == "" || p.version == "") {
		err = errors.New("it names no chart")
	}
	return p, err
}

// readValues reads the values of a release: the user's, and the chart's own.
func readValues(data []byte) (*payload, error) {
	p := &payload{}
	err := eachKey(data, func(s *scanner, key string) error {
		switch key {
		case "chart":
			return s.fields(valuesLimit, map[string]any{"values": &p.defaults})
		case "config":
			return s.decode(valuesLimit, &p.user)
		}
		return s.skip()
	})
	return p, err
}

// eachKey calls read with each key of a release, to read the value, and reads to the end.
func eachKey(data []byte, read func(s *scanner, key string) error) error {
	text, err := open(data)
	if err != nil {
		return err
	}
	s := newScanner(text)
	if err := s.members(func(key string) error { return read(s, key) }); err != nil {
		return err
	}
	return s.rest()
}
