// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strconv"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
)

// signals returns what a terminal is known to understand beside text, by what it says of itself
// in the environment. Within tmux or screen that is said by another terminal, which may not be
// told.
//
// Who knows what: learn.microsoft.com/windows/terminal/tutorials/progress-bar-sequences,
// conemu.github.io/en/AnsiEscapeCodes.html, iterm2.com/documentation-escape-codes.html,
// wezterm.org/escape-sequences.html, sw.kovidgoyal.net/kitty/desktop-notifications.
func signals(env func(string) string) (s output.Signals) {
	name, program := env("TERM"), env("TERM_PROGRAM")
	for _, prefix := range []string{"xterm", "rxvt", "alacritty", "foot", "wezterm", "tmux", "screen", "st-"} {
		s.Title = s.Title || strings.HasPrefix(name, prefix)
	}
	if env("TMUX") != "" || strings.HasPrefix(name, "screen") || strings.HasPrefix(name, "tmux") {
		return s
	}
	windows := env("WT_SESSION") != "" || env("ConEmuANSI") == "ON"
	s.Title = s.Title || windows
	vte, _ := strconv.Atoi(env("VTE_VERSION"))
	switch program {
	case "WezTerm", "ghostty":
		s.Taskbar, s.Notify = true, output.NotifyOSC9
	case "iTerm.app": // an older one takes OSC 9;4 for a notification
		s.Taskbar, s.Notify = since(env("TERM_PROGRAM_VERSION"), 3, 6, 6), output.NotifyOSC9
	case "mintty":
		s.Taskbar = true
	}
	switch {
	case windows, vte >= 8000:
		s.Taskbar = true
	case name == "xterm-kitty":
		s.Notify = output.NotifyOSC9
	case strings.HasPrefix(name, "rxvt"), strings.HasPrefix(name, "foot"):
		s.Notify = output.NotifyRXVT
	}
	return s
}

// since reports whether a version is at least another.
func since(version string, least ...int) bool {
	parts := strings.Split(version, ".")
	for i, want := range least {
		have := 0
		if i < len(parts) {
			have, _ = strconv.Atoi(parts[i])
		}
		if have != want {
			return have > want
		}
	}
	return true
}
