// SPDX-License-Identifier: Apache-2.0

package release

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// payloadLimit is the size of the largest release that is read, in bytes, once
// decompressed. A secret has at most a megabyte, but gzip makes a thousand times as
// much of a hostile one. Helm itself has no limit.
const payloadLimit = 64 << 20

// ErrTooLarge is the error of a release that is larger than any real one.
var ErrTooLarge = fmt.Errorf("the release is larger than %d MiB", payloadLimit>>20)

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
	return &limited{unzipped, payloadLimit}, nil
}

// limited is a reader that fails after so many bytes.
type limited struct {
	io.Reader
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if l.left -= n; l.left < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}

// readHead reads what a release says of itself and of its chart. Helm writes that
// first, so that most of a large release is not even decompressed.
func readHead(data []byte) (*payload, error) {
	p := &payload{}
	seen := 0
	err := eachKey(data, func(d *json.Decoder, key string) error {
		switch key {
		case "info":
			seen++
			return d.Decode(&p.Info)
		case "chart":
			seen++
			return within(d, func(key string) error {
				if key != "metadata" {
					return skip(d)
				}
				return until(d.Decode(&p.Chart.Metadata), seen == 2)
			})
		}
		return skip(d)
	})
	if err == nil && (p.Chart.Metadata.Name == "" || p.Chart.Metadata.Version == "") {
		err = errors.New("it names no chart")
	}
	return p, err
}

// readWhole reads a whole release, its values included.
func readWhole(data []byte) (*payload, error) {
	p := &payload{}
	err := eachKey(data, func(d *json.Decoder, key string) error {
		switch key {
		case "info":
			return d.Decode(&p.Info)
		case "chart":
			return d.Decode(&p.Chart)
		case "config":
			return d.Decode(&p.Config)
		}
		return skip(d)
	})
	return p, err
}

// errStop ends eachKey before the end of the object.
var errStop = errors.New("nothing more is wanted")

// until returns errStop once nothing went wrong and there is enough.
func until(err error, enough bool) error {
	if err == nil && enough {
		return errStop
	}
	return err
}

// eachKey calls read with each key of a release, to read the value.
func eachKey(data []byte, read func(d *json.Decoder, key string) error) error {
	text, err := open(data)
	if err != nil {
		return err
	}
	d := json.NewDecoder(text)
	if err := within(d, func(key string) error { return read(d, key) }); err != nil && !errors.Is(err, errStop) {
		return err
	}
	return nil
}

// within calls read with each key of the object that comes next.
func within(d *json.Decoder, read func(key string) error) error {
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return or(err, "want an object")
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if err := read(fmt.Sprint(key)); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// or returns an error, or one of this text if there is none.
func or(err error, otherwise string) error {
	if err != nil {
		return err
	}
	return errors.New(otherwise)
}

// skip reads over the next value.
func skip(d *json.Decoder) error {
	var raw json.RawMessage
	return d.Decode(&raw)
}
