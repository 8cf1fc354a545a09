// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// viewFlags are the flags of all commands that say how answers look.
type viewFlags struct {
	color      colorMode
	accessible bool
}

func (f *viewFlags) add(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	flags.Var(&f.color, "color", "auto, always or never; auto heeds NO_COLOR and FORCE_COLOR")
	flags.BoolVar(&f.accessible, "accessible", false, "plain words in ASCII, without colors, and nothing that is redrawn")
	completeFixed(cmd, "color", colorModes())
}

// A colorMode says when to use colors. It is a pflag.Value.
type colorMode string

func colorModes() []string { return []string{"auto", "always", "never"} }

// Set reads what was given with --color.
func (m *colorMode) Set(value string) error {
	if !slices.Contains(colorModes(), value) {
		return fmt.Errorf("want auto, always or never")
	}
	*m = colorMode(value)
	return nil
}

// String returns what Set was given.
func (m *colorMode) String() string { return string(*m) }

// Type names the value in help.
func (m *colorMode) Type() string { return "when" }

// colors reports whether to use colors. What the flag says goes before the
// environment, and NO_COLOR before FORCE_COLOR.
func (f *viewFlags) colors(terminal bool) bool {
	force := os.Getenv("FORCE_COLOR")
	switch {
	case f.color == "always", f.color == "never":
		return f.color == "always"
	case os.Getenv("NO_COLOR") != "", f.accessible:
		return false
	case force != "" && force != "0":
		return true
	}
	return terminal && !dumb()
}

// dumb reports whether the terminal knows nothing but text.
func dumb() bool { return os.Getenv("TERM") == "dumb" }

// inUTF8 reports whether a terminal shows more than ASCII, as far as the locale says (POSIX,
// Base Definitions, 8.2). Where nothing does, it is taken to. Windows has no locale of this kind,
// and its console takes all of Unicode.
func inUTF8(system string, getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(getenv(name)); locale != "" {
			return system == "windows" || strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
		}
	}
	return true
}

// isTerminal reports whether a person sits at the other end of a stream.
func isTerminal(stream any) bool {
	file := fileOf(stream)
	return file != nil && term.IsTerminal(int(file.Fd()))
}

// fileOf returns the file of a stream, nil if it has none.
func fileOf(of any) *os.File {
	switch s := of.(type) {
	case *os.File:
		return s
	case *stream:
		return s.File
	}
	return nil
}

// view says how standard output is looked at, errView standard error. Off a
// terminal nothing is cut.
func (a *app) view() output.View    { return a.viewOf(a.Out) }
func (a *app) errView() output.View { return a.viewOf(a.ErrOut) }

func (a *app) viewOf(stream any) output.View {
	terminal := isTerminal(stream)
	v := output.View{Now: a.time(), Terminal: terminal, ASCII: a.look.accessible, Color: a.look.colors(terminal)}
	if !terminal {
		return v
	}
	v.ASCII = v.ASCII || dumb()
	v.Redraw = !v.ASCII
	v.ASCII = v.ASCII || !inUTF8(runtime.GOOS, os.Getenv)
	if v.Redraw {
		v.Signals = signals(os.Getenv)
	}
	v.Continue = `\`
	if runtime.GOOS == "windows" {
		v.Continue = "`" // as PowerShell has it
	}
	if width, height, err := term.GetSize(int(fileOf(stream).Fd())); err == nil {
		v.Width, v.Height = width, height
	}
	return v
}

// failOn is the flag that says which findings fail an upgrade that is done.
// It is a pflag.Value.
type failOn struct{ level verdict.Level }

func (f *failOn) add(cmd *cobra.Command) {
	cmd.Flags().Var(f, "fail-on", "error, or warning: done with warnings is exit code 9")
	completeFixed(cmd, "fail-on", []string{string(verdict.LevelError), string(verdict.LevelWarning)})
}

// Set reads what was given with --fail-on.
func (f *failOn) Set(value string) error {
	if value != string(verdict.LevelError) && value != string(verdict.LevelWarning) {
		return fmt.Errorf("want error or warning")
	}
	f.level = verdict.Level(value)
	return nil
}

// String returns what Set was given.
func (f *failOn) String() string { return string(f.level) }

// Type names the value in help.
func (f *failOn) Type() string { return "level" }

// judge returns the verdict of a snapshot, as strict as was asked for.
func (a *app) judge(s verdict.Snapshot) verdict.Verdict {
	return verdict.Judge(s).FailOn(a.failOn.level)
}
