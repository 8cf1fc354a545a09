// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Result is how a command ended.
type Result struct {
	Exit           int // 128 and the number of a signal that killed it
	Stdout, Stderr []byte
	Took           time.Duration
	Ended          time.Time
	Hung           bool     // it ran until its deadline, and was killed
	Left           []string // processes it left behind, and files that are not whole
	Memory         int64    // bytes that it had in memory at most
	Unchecked      error    // why what is checked afterwards is not so
	Changed        bool     // the terminal is not as it was
	Restarts       int      // how often PUM was restarted meanwhile
	Idle           []string // what should have been broken or done and was not

	// What is true at the end, as far as it is known.
	EntriesDone   bool
	WorkloadsDone bool
}

// Output is what the command said on both streams, without what a terminal does
// with it.
func (r Result) Output() string {
	return escapes.ReplaceAllString(string(r.Stdout)+string(r.Stderr), "")
}

var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]|\r`)

// Problems says what is wrong with a result: what the fault wants, and what
// holds for every one.
func (f Fault) Problems(r Result) []string {
	var problems []string
	note := func(wrong bool, format string, args ...any) {
		if wrong {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	note(r.Hung, "it hangs: still there after %s", f.Deadline())
	note(!r.Hung && !slices.Contains(f.Exit, r.Exit), "exit code %d, want %d", r.Exit, f.Exit)
	for _, says := range f.Says {
		note(!pattern(says).MatchString(r.Output()), "it does not say %s", says)
	}
	note(f.Never != "" && pattern(f.Never).MatchString(r.Output()), "it says %s", f.Never)
	note(r.Exit == 0 && f.claims(r), "FALSE SUCCESS: exit code 0, and it is not over")
	note(r.Restarts > 1, "PUM WAS RESTARTED %d TIMES", r.Restarts)
	note(!slices.Contains(f.restarts(), r.Restarts), "PUM was restarted %d times, want %d", r.Restarts, f.restarts())
	note(!r.Hung && crash.MatchString(r.Output()), "IT CRASHED, or says so")
	note(library.MatchString(r.Output()), "a line is a library's, not ours")
	note(r.Changed, "the terminal is not as it was")
	note(!f.Terminal && bytes.ContainsRune(append(r.Stdout, r.Stderr...), '\x1b'), "an escape sequence off a terminal")
	note(f.Terminal && !restored(r.Stdout), "the cursor or the screen is not as it was")
	note(len(r.Left) > 0, "it left behind: %s", strings.Join(r.Left, ", "))
	note(r.Memory > mostMemory, "it took %d MB of memory", r.Memory>>20)
	note(r.Unchecked != nil, "afterwards: %v", r.Unchecked)
	note(len(r.Idle) > 0, "nothing was broken: %s", strings.Join(r.Idle, ", "))
	if err := f.document(r); err != nil {
		problems = append(problems, err.Error())
	}
	return problems
}

// mostMemory is what the plugin needs at most, whatever it is sent or given.
const mostMemory = 512 << 20

var (
	crash   = regexp.MustCompile(`(?m)^panic:|^fatal error:|^goroutine \d+|\.go:\d+ \+0x|runtime error|unexpected fault`)
	library = regexp.MustCompile(`(?m)^[IWEF]\d{4} \d\d:\d\d:\d\d|^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d `)
)

// pattern is a regular expression for the lines of an output.
func pattern(text string) *regexp.Regexp { return regexp.MustCompile("(?m)" + text) }

func (f Fault) restarts() []int {
	if len(f.Restarts) == 0 {
		return []int{0}
	}
	return f.Restarts
}

// claims reports whether exit code 0 says something that is not true.
func (f Fault) claims(r Result) bool {
	words := strings.Fields(f.Run)
	has := func(word string) bool { return slices.Contains(words, word) }
	entries := !has("--for=workloads")
	workloads := !has("--for=entries") && !has("pum")
	switch {
	case has("restart") && !has("--wait"), has("--dry-run"), has("--from"): // a file is what it was made
		return false
	case !has("status") && !has("wait") && !has("--wait") && !has("record") && !has("report"):
		return false
	}
	return entries && !r.EntriesDone || workloads && !r.WorkloadsDone
}

// restored reports whether a terminal that was sent this shows its cursor, and
// the screen that it showed before.
func restored(sent []byte) bool {
	return bytes.LastIndex(sent, []byte("\x1b[?25l")) <= bytes.LastIndex(sent, []byte("\x1b[?25h")) &&
		!bytes.Contains(sent, []byte("\x1b[?1049h"))
}

// document checks that what is to be read by programs can be, and that it has the
// exit code of the process.
func (f Fault) document(r Result) error {
	if f.Terminal || !strings.Contains(f.Run, "-o json") || strings.ContainsAny(f.Run, ">|") || len(r.Stdout) == 0 || r.Exit >= 128 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(r.Stdout))
	var last struct{ ExitCode *int }
	for {
		err := decoder.Decode(&last)
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("standard output is no JSON: %w", err)
		}
	}
	if last.ExitCode != nil && *last.ExitCode != r.Exit {
		return fmt.Errorf("the document has exit code %d, and the process %d", *last.ExitCode, r.Exit)
	}
	return nil
}
