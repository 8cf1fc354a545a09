// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
)

// Values of flags that are wrong before anything is asked. Each is a pflag.Value.

// A commandLine is a command and its arguments. Where the flag is not given it is empty,
// and cannot be given so.
type commandLine []string

// Set reads words between blanks.
func (c *commandLine) Set(value string) error {
	words := strings.Fields(value)
	if len(words) == 0 {
		return errors.New("want a command")
	}
	*c = words
	return nil
}

// String returns what Set was given.
func (c *commandLine) String() string { return strings.Join(*c, " ") }

// Type names the value in help.
func (c *commandLine) Type() string { return "string" }

// A word is a name, which must not be empty.
type word string

// Set reads a word.
func (w *word) Set(value string) error {
	if value = strings.TrimSpace(value); value == "" {
		return errors.New("want a name")
	}
	*w = word(value)
	return nil
}

// String returns what Set was given.
func (w *word) String() string { return string(*w) }

// Type names the value in help.
func (w *word) Type() string { return "string" }

// A stateList is some of PUM's states. A mistyped one would select nothing, which looks like
// good news.
type stateList []string

// Set reads states between commas, in any case, and adds them.
func (l *stateList) Set(value string) error {
	states := strings.Split(strings.ToUpper(value), ",")
	for _, state := range states {
		if !slices.Contains(pum.States(), state) {
			return fmt.Errorf("PUM has no such state; want some of %s", strings.Join(pum.States(), ", "))
		}
	}
	*l = append(*l, states...)
	return nil
}

// String returns what Set was given.
func (l *stateList) String() string { return strings.Join(*l, ",") }

// Type names the value in help.
func (l *stateList) Type() string { return "strings" }

// A positive is how long something may take, which is some time.
type positive time.Duration

// Set reads a duration.
func (s *positive) Set(value string) error {
	d, err := time.ParseDuration(value)
	if err != nil {
		return err
	}
	if d <= 0 {
		return errors.New("want more than 0")
	}
	*s = positive(d)
	return nil
}

// String returns what Set was given.
func (s *positive) String() string { return time.Duration(*s).String() }

// Type names the value in help.
func (s *positive) Type() string { return "duration" }

// A byteLimit is the size of what is read at most.
type byteLimit int

// mostBytes is more than any answer has, and no more than memory should hold.
const mostBytes = 1 << 30

// Set reads a quantity of Kubernetes, such as 64Mi.
func (b *byteLimit) Set(value string) error {
	q, err := resource.ParseQuantity(value)
	if err != nil {
		return err
	}
	if q.Sign() <= 0 || q.CmpInt64(mostBytes) > 0 {
		return fmt.Errorf("want more than 0 and at most %s", byteLimit(mostBytes))
	}
	*b = byteLimit(q.Value())
	return nil
}

// String returns what Set was given.
func (b byteLimit) String() string {
	return resource.NewQuantity(int64(b), resource.BinarySI).String()
}

// Type names the value in help.
func (b *byteLimit) Type() string { return "quantity" }
