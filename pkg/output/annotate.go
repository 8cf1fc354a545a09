// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// Annotations say for which CI system lines of a job's log are marked as errors and warnings.
// It is a pflag.Value.
type Annotations string

const (
	// GitHubAnnotations are workflow commands. GitHub shows ten of each level in a step
	// (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands).
	GitHubAnnotations Annotations = "github"

	// GitLabAnnotations are lines as GitLab's runner itself writes them.
	GitLabAnnotations Annotations = "gitlab"
)

// AnnotationSystems are all systems, as --annotate takes them.
func AnnotationSystems() []string {
	return []string{string(GitHubAnnotations), string(GitLabAnnotations)}
}

// Set reads what was given with --annotate.
func (a *Annotations) Set(value string) error {
	if !slices.Contains(AnnotationSystems(), value) {
		return fmt.Errorf("want one of --annotate=github and --annotate=gitlab")
	}
	*a = Annotations(value)
	return nil
}

// String returns what Set was given.
func (a *Annotations) String() string { return string(*a) }

// Type names the value in help.
func (a *Annotations) Type() string { return "system" }

// Status writes an annotation for each finding, the gravest first; and if none of them is an
// error although the exit code is not one of success, one that says what is missing.
func (a Annotations) Status(w io.Writer, doc *Status) error {
	worst := verdict.LevelInfo
	for _, f := range doc.Findings {
		if f.Level != verdict.LevelInfo && worst != verdict.LevelError {
			worst = f.Level
		}
		text := f.Summary + "\n" + f.Detail
		for _, next := range f.Next {
			text += "\n" + next
		}
		if err := a.write(w, f.Level, string(f.Code), text); err != nil {
			return err
		}
	}
	switch doc.ExitCode {
	case verdict.ExitDone, verdict.ExitWarnings, verdict.ExitTimeout, verdict.ExitInterrupted: // the last two come with an error
		return nil
	}
	if worst == verdict.LevelError {
		return nil
	}
	return a.write(w, verdict.LevelError, "", fmt.Sprintf("%s: %s", doc.word(), headline(doc)))
}

// Error writes an annotation for an error.
func (a Annotations) Error(w io.Writer, text string) error {
	return a.write(w, verdict.LevelError, "", text)
}

// write writes one annotation. The first line of its text is the most important.
func (a Annotations) write(w io.Writer, level verdict.Level, code, text string) error {
	title := strings.TrimSpace("kubectl tpe " + code)
	var line string
	switch a {
	case GitHubAnnotations:
		command := map[verdict.Level]string{verdict.LevelError: "error", verdict.LevelWarning: "warning"}[level]
		if command == "" {
			command = "notice"
		}
		line = fmt.Sprintf("::%s title=%s::%s\n", command, githubProperty(title), githubData(text))
	case GitLabAnnotations:
		first, _, _ := strings.Cut(text, "\n")
		paint := map[verdict.Level]string{verdict.LevelError: "\x1b[31;1mERROR: ", verdict.LevelWarning: "\x1b[0;33mWARNING: "}[level]
		if paint == "" {
			paint = "\x1b[0;36mINFO: "
		}
		line = paint + escape(title+": "+first) + "\x1b[0;m\n"
	default:
		return nil
	}
	_, err := io.WriteString(w, line)
	return err
}

// githubData escapes the text of a workflow command as @actions/core does (actions/toolkit:
// packages/core/src/command.ts), line by line, after what does not print. See [Inert] for ##[.
func githubData(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.NewReplacer("%", "%25", "##[", `##\u005b`).Replace(escape(line))
	}
	return strings.Join(lines, "%0A")
}

// githubProperty escapes a property of a workflow command.
func githubProperty(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(githubData(text))
}

// Inert returns a writer of text in which GitHub's runner finds no workflow command: it looks
// for them in each line of standard output and of standard error. Such a
// line begins with :: after spaces, or has ##[ anywhere (actions/runner:
// src/Runner.Common/ActionCommand.cs). The character that makes it one is written as JSON may
// write it, so that a document stays what it is.
func Inert(w io.Writer) io.Writer { return &inert{out: w, begin: true} }

type inert struct {
	out    io.Writer
	begin  bool // nothing but spaces and colors in this line so far
	color  bool // in an escape sequence
	hashes int  // just written
}

// Write writes text.
func (w *inert) Write(p []byte) (int, error) {
	out := make([]byte, 0, len(p)+16)
	for _, b := range p {
		out = append(out, w.next(b)...)
	}
	if _, err := w.out.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// next returns what to write for a byte.
func (w *inert) next(b byte) string {
	text := string([]byte{b})
	hashes := w.hashes
	if w.hashes = 0; b == '#' {
		w.hashes = hashes + 1
	}
	switch {
	case b == '\n', b == '\r':
		w.begin, w.color = true, false
	case b == 0x1b:
		w.color = true
	case w.color:
		w.color = b < 0x40 || b > 0x7e || b == '['
	case b == ' ', b == '\t':
	case b == ':' && w.begin:
		w.begin, text = false, `\u003a`
	case b == '[' && hashes >= 2:
		w.begin, text = false, `\u005b`
	default:
		w.begin = false
	}
	return text
}
