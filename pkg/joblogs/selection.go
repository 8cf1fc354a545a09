// SPDX-License-Identifier: Apache-2.0

package joblogs

import (
	"fmt"
	"math"
	"strconv"
)

// A Selection says which attempts to read. Its zero value is all. It is a
// pflag.Value.
type Selection struct{ name string }

// PreviousAttempt is the attempt before the last one.
func PreviousAttempt() Selection { return Selection{"previous"} }

// Set reads all, last or a number.
func (s *Selection) Set(value string) error {
	if n, err := strconv.Atoi(value); value != "all" && value != "last" && (err != nil || n < 1) {
		return fmt.Errorf("want all, last or the number of an attempt")
	}
	s.name = value
	return nil
}

// String returns what Set was given.
func (s *Selection) String() string {
	if s.name == "" {
		return "all"
	}
	return s.name
}

// Type names the value in help.
func (s *Selection) Type() string { return "attempt" }

// of returns the first and the last attempt that are meant when there were so
// many. Without an end attempts to come are meant, too.
func (s *Selection) of(begun int) (first, last int) {
	switch s.name {
	case "", "all":
		return 1, math.MaxInt
	case "last":
		return max(1, begun), math.MaxInt
	case "previous":
		return begun - 1, begun - 1
	}
	n, _ := strconv.Atoi(s.name) // as Set has seen
	return n, n
}
