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

// A payload is what of a release is looked at. The names are Helm's.
type payload struct {
	Info struct {
		LastDeployed stamp  `json:"last_deployed"`
		Status       string `json:"status"`
		Description  string `json:"description"`
	}
	Chart struct {
		Metadata struct {
			Name       string `json:"name"`
			Version    string `json:"version"`
			AppVersion string `json:"appVersion"`
		} `json:"metadata"`
		Values map[string]any `json:"values"`
	}
	Config map[string]any
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
// base64, gzip unless it is of an early Helm.
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
			return p.readInfo(s)
		case "chart":
			return s.members(func(key string) error {
				if key != "metadata" {
					return s.skip()
				}
				return p.readMetadata(s)
			})
		}
		return s.skip()
	})
	if err == nil && (p.Chart.Metadata.Name == "" || p.Chart.Metadata.Version == "") {
		err = errors.New("it names no chart")
	}
	return p, err
}

func (p *payload) readInfo(s *scanner) error {
	return s.members(func(key string) error {
		switch key {
		case "last_deployed":
			return s.decode(headLimit, &p.Info.LastDeployed)
		case "status":
			return s.decode(headLimit, &p.Info.Status)
		case "description":
			return s.decode(headLimit, &p.Info.Description)
		}
		return s.skip()
	})
}

func (p *payload) readMetadata(s *scanner) error {
	meta := &p.Chart.Metadata
	return s.members(func(key string) error {
		switch key {
		case "name":
			return s.decode(headLimit, &meta.Name)
		case "version":
			return s.decode(headLimit, &meta.Version)
		case "appVersion":
			return s.decode(headLimit, &meta.AppVersion)
		}
		return s.skip()
	})
}

// readValues reads the values of a release: the user's, and the chart's own.
func readValues(data []byte) (*payload, error) {
	p := &payload{}
	err := eachKey(data, func(s *scanner, key string) error {
		switch key {
		case "chart":
			return s.members(func(key string) error {
				if key != "values" {
					return s.skip()
				}
				return s.decode(valuesLimit, &p.Chart.Values)
			})
		case "config":
			return s.decode(valuesLimit, &p.Config)
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

// or returns an error, or one of this text if there is none.
func or(err error, otherwise string) error {
	if err != nil {
		return err
	}
	return errors.New(otherwise)
}
