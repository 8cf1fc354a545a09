// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
)

// Annotations of flags.
const (
	kubectlFlag       = "kubectl-tpe_kubectl"  // it is one of kubectl's own, for which an empty value means not given
	mayBeBelow0       = "kubectl-tpe_negative" // negative values mean something
	needsAnother      = "kubectl-tpe_needs"    // it means nothing without the flag named
	ofOneInstallation = "kubectl-tpe_one"      // it is about one installation: where to ask, or what to keep of it
)

// markFlag annotates a flag.
func markFlag(flags *pflag.FlagSet, flag, annotation string, values ...string) {
	must(flags.SetAnnotation(flag, annotation, values))
}

// checkFlags refuses what the types of flags let through: empty values, as of a variable that a
// script did not set, which would count as no flag at all; values less than 0; and flags that
// mean nothing without another.
func checkFlags(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		if err != nil {
			return
		}
		if why := wrongValue(f); why != "" {
			err = wrongFlag(f, why)
		}
		if other := f.Annotations[needsAnother]; err == nil && len(other) > 0 && !flags.Changed(other[0]) {
			err = fmt.Errorf("--%s is for --%s", f.Name, other[0])
		}
	})
	return err
}

// wrongFlag is the error of a flag's value, in the words of pflag.
func wrongFlag(f *pflag.Flag, why string) error {
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	value := f.Value.String()
	if list, ok := f.Value.(pflag.SliceValue); ok {
		value = strings.Join(list.GetSlice(), ",")
	}
	return fmt.Errorf("invalid argument %q for %q flag: %s", value, name, why)
}

// wrongValue says what is wrong with the value of a flag that was given, or nothing.
func wrongValue(f *pflag.Flag) string {
	_, kubectls := f.Annotations[kubectlFlag]
	_, negative := f.Annotations[mayBeBelow0]
	text := f.Value.String()
	if list, ok := f.Value.(pflag.SliceValue); ok && !kubectls {
		if given := list.GetSlice(); len(given) == 0 || slices.Contains(given, "") {
			return "want comma-separated values"
		}
		return ""
	}
	below0 := false
	switch f.Value.Type() {
	case "duration":
		d, err := time.ParseDuration(text)
		below0 = err == nil && d < 0
	case "int", "int64", "float64", "Level":
		n, err := strconv.ParseFloat(text, 64)
		below0 = err == nil && n < 0
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return "want a number"
		}
	}
	switch {
	case text == "" && !kubectls:
		return "want a value"
	case below0 && !negative:
		return "want no less than 0"
	}
	return ""
}

// Values of flags that are wrong before anything is asked. Each is a pflag.Value.

// A commandLine is a command and its arguments. It is empty only if the flag is not given.
type commandLine []string

// Set reads words between blanks. No shell removes quotes.
func (c *commandLine) Set(value string) error {
	words := strings.Fields(value)
	if len(words) == 0 {
		return errors.New("want a command")
	}
	if strings.ContainsAny(value, `'"`) {
		return errors.New("want words between blanks, without quotes: no shell interprets them")
	}
	*c = words
	return nil
}

// String returns what Set was given.
func (c *commandLine) String() string { return strings.Join(*c, " ") }

// Type names the value in help.
func (c *commandLine) Type() string { return "string" }

// An objectName is the name of an object of Kubernetes, such as a Deployment. One that Kubernetes
// does not allow is refused before anything is asked.
type objectName string

// Set reads a name.
func (n *objectName) Set(value string) error {
	value = strings.TrimSpace(value)
	if value == "" || len(validation.IsDNS1123Subdomain(value)) > 0 {
		return errors.New("want a name, of lower case letters, digits, '-' and '.'")
	}
	*n = objectName(value)
	return nil
}

// String returns what Set was given.
func (n *objectName) String() string { return string(*n) }

// Type names the value in help.
func (n *objectName) Type() string { return "string" }

// A containerName is the name of a container.
type containerName string

// Set reads a name.
func (n *containerName) Set(value string) error {
	value = strings.TrimSpace(value)
	if value == "" || len(validation.IsDNS1123Label(value)) > 0 {
		return errors.New("want a name, of lower case letters, digits and '-'")
	}
	*n = containerName(value)
	return nil
}

// String returns what Set was given.
func (n *containerName) String() string { return string(*n) }

// Type names the value in help.
func (n *containerName) Type() string { return "string" }

// A stateList is some of PUM's states. A mistyped one is refused: it would select nothing, which
// looks like good news.
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

// A positive is how long something may take: more than 0.
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

// A byteLimit is how many bytes are read at most.
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
