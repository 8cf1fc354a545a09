// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"errors"
	"fmt"
	"io"
)

// What a file may hold at most. An audit archive of an installation has a few hundred members
// and a few hundred megabytes; a recording of a day some tens.
const (
	mostBytes   = 8 << 30   // unpacked, in all
	mostMembers = 100_000   // of an archive
	mostLine    = 16 << 20  // of a recording; PUM's answer is one
	mostText    = 1 << 20   // a line of a list
	mostItem    = 8 << 20   // an object; etcd takes 1.5 MiB of one
	mostMember  = 512 << 20 // of a list
	mostKept    = 256 << 20 // of all objects, as they are kept in memory
	mostObjects = 200_000
)

var errTooLarge = errors.New("it is larger than any that was ever written")

// A bounded reader ends with an error where another goes on for too long.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("%w: more than %d bytes", errTooLarge, int64(mostBytes))
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
