// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"go/scanner"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// try answers for the mutant in dir.
func try(dir string) (int, error) {
	s, err := load()
	if err != nil {
		return failed, err
	}
	c, err := s.find(dir)
	if err != nil {
		return failed, err
	}
	test, number := kept("test"), 1+slices.IndexFunc(s.Changes, func(known change) bool {
		return known.File == c.File && known.Offset == c.Offset && known.To == c.To
	})
	if number == 0 {
		test = kept(fmt.Sprintf("test-%d", os.Getpid()))
		defer os.Remove(test) //nolint:errcheck // a file of a temporary folder
		if goCommand(dir, "test", "-c", "-vet=off", "-ldflags=-s -w", "-o", test).Run() != nil {
			return s.log(c, notViable, "")
		}
	} else if s.Changes[number-1].Invalid {
		return s.log(c, notViable, "")
	}
	if by, fails := s.twice(test, dir, number); fails {
		return s.log(c, killed, by)
	}
	return s.log(c, lived, "")
}

// log keeps, for whoever reads it, what became of a mutant and which test noticed it.
func (s *state) log(c change, result int, by string) (int, error) {
	f, err := os.OpenFile(kept("log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return failed, err
	}
	defer f.Close()
	source, err := os.ReadFile(filepath.Join(s.Dir, c.File))
	if err != nil {
		return failed, err
	}
	what := []string{lived: "LIVED", killed: "KILLED", notViable: "NOT VIABLE"}[result]
	_, err = fmt.Fprintf(f, "%s %s:%d %s %s\n", what, c.File, 1+bytes.Count(source[:c.Offset], []byte("\n")), c.To, by)
	return result, err
}

// find tells which operator gremlins has changed in dir. It compares tokens, because gremlins formats
// the file that it writes.
func (s *state) find(dir string) (change, error) {
	for _, name := range s.Files {
		was, err := os.ReadFile(filepath.Join(s.Dir, name))
		if err != nil {
			return change{}, err
		}
		is, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return change{}, err
		}
		if bytes.Equal(was, is) {
			continue
		}
		before, after := tokens(was), tokens(is)
		for i := range min(len(before), len(after)) {
			if before[i].tok != after[i].tok {
				return change{File: name, Offset: before[i].offset, To: after[i].tok.String()}, nil
			}
		}
	}
	return change{}, fmt.Errorf("%s: nothing has changed", dir)
}

type at struct {
	tok    token.Token
	offset int
}

func tokens(source []byte) []at {
	var s scanner.Scanner
	set := token.NewFileSet()
	file := set.AddFile("", -1, len(source))
	s.Init(file, source, nil, 0)
	var all []at
	for {
		pos, tok, _ := s.Scan()
		if tok == token.EOF {
			return all
		}
		all = append(all, at{tok, file.Offset(pos)})
	}
}

var (
	failing = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)
	dying   = regexp.MustCompile(`(?m)^(?:panic|fatal error): .*`) // such as that the tests do not end
)

// twice tells whether a test fails two times in a row, and which one did. A test that does
// not end and uses the processor needs no second time.
func (s *state) twice(test, dir string, number int) (string, bool) {
	by, which := "", "-test.run=."
	for range 2 {
		cmd := binary(test, dir, number, time.Second+3*s.Used, which, "-test.short", "-test.failfast", "-test.timeout="+(30*time.Second+10*s.Took).String())
		out, err := cmd.CombinedOutput()
		if err == nil {
			return "", false
		}
		if cmd.ProcessState.ExitCode() < 0 {
			return cmd.ProcessState.String(), true
		}
		if m := failing.FindSubmatch(out); m != nil {
			by = string(m[1])
			which = "-test.run=^" + by + "$"
		} else if by == "" {
			by = string(dying.Find(out))
		}
	}
	return by, true
}

// binary is the binary of a package's tests, run in the package's folder as go test does, with
// a limit for the processor's time and for the memory.
func binary(test, dir string, number int, limit time.Duration, args ...string) *exec.Cmd {
	limited := fmt.Sprintf(`ulimit -t %d; ulimit -v 3000000; exec "$0" "$@"`, int(limit.Seconds()))
	cmd := exec.Command("sh", append([]string{"-c", limited, test}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), fmt.Sprintf("MUTANT=%d", number))
	return cmd
}
