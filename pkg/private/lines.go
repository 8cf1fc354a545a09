// SPDX-License-Identifier: Apache-2.0

package private

import (
	"regexp"
	"strings"
)

// Lines masks a log that comes line by line. What is no secret in one line may be in several.
type Lines struct {
	key    int    // lines of a private key that may follow
	before string // the line before, if the value of a key is in the next
	more   bool   // the line before goes on
}

// mostKey is more lines than a private key has.
const mostKey = 200

// opened and openedName are the ends of a line whose value is in the next.
var (
	opened     = regexp.MustCompile(`(?i)` + secretKeys + `["'\\]*\s*[:=]\s*(?:[|>][-+\d]*)?\s*$`)
	openedName = regexp.MustCompile(`(?i)^name["'\\]*\s*:\s*["'\\]*` + secretKeys + `["'\\]*,?\s*$`)
)

// Mask returns a line with [Masked] in place of what may be a secret. With more the line goes on in
// the next: the word that is cut is masked in both.
func (l *Lines) Mask(line string, more bool) string {
	const begin, private, end = "-----BEGIN ", "PRIVATE KEY", "-----END "
	masked := l.afterBefore(line)
	masked = cutWords(masked, l.more, more)
	l.more = more
	switch i := strings.LastIndex(line, begin); {
	case i >= 0 && strings.Contains(line[i:], private) && !strings.Contains(line[i:], end):
		l.key = mostKey
	case strings.Contains(line, end):
		if l.key > 0 && i < 0 {
			masked = Mask(line[strings.LastIndex(line, end):])
			if strings.Index(line, end) > 0 {
				masked = Masked + masked
			}
		}
		l.key = 0
	case l.key > 0:
		l.key--
		return Masked
	}
	return masked
}

// afterBefore masks a line, together with the key that is in the line before.
func (l *Lines) afterBefore(line string) string {
	masked := Mask(line)
	before := l.before
	l.before = ""
	const most = 1 << 10
	if len(line) <= most && opens(escapes.ReplaceAllString(line, "")) {
		l.before = line
	}
	if before == "" {
		return masked
	}
	both := Mask(before + "\n" + line)
	if rest, ok := strings.CutPrefix(both, Mask(before)+"\n"); ok {
		return rest
	}
	if _, rest, ok := strings.Cut(both, "\n"); ok {
		return rest
	}
	return Masked
}

// opens reports whether the value of a key is in the next line.
func opens(line string) bool {
	line = strings.TrimRight(line, " \t\r\n")
	if i := strings.LastIndex(asciiLower(line), "name"); i >= 0 && openedName.MatchString(line[i:]) {
		return true
	}
	return line != "" && strings.Contains(":=|>-+0123456789", line[len(line)-1:]) && opened.MatchString(line)
}

// cutWords masks the first and the last word of a part of a line.
func cutWords(text string, first, last bool) string {
	const longest = 4 << 10 // of what may be a secret, such as a JSON Web Token
	if first {
		begin := text[:min(len(text), longest)]
		if i := strings.IndexAny(begin, " \t"); i >= 0 {
			begin = begin[:i]
		}
		if begin != "" {
			text = Masked + strings.ToValidUTF8(text[len(begin):], "")
		}
	}
	if last {
		from := max(0, len(text)-longest)
		from += 1 + strings.LastIndexAny(text[from:], " \t")
		text = strings.ToValidUTF8(text[:from], "") + Masked
	}
	return text
}
