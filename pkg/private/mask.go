// SPDX-License-Identifier: Apache-2.0

// Package private is for what is kept or handed over, such as recordings and reports: it masks
// what may be a secret in their texts, and makes files that nobody but this user can open, by
// their mode, or on Windows by their access control list.
package private

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Masked stands where something was that may be a secret.
const Masked = "***"

// A Pattern finds what may be a secret in a text.
type Pattern struct {
	Name  string         // what it finds
	find  *regexp.Regexp // the last group is replaced
	spare func(found []string) bool
	with  string   // what takes its place; empty for ***
	words []string // without one of which, in lower case, there is none: most texts have none, and that is quick to see
}

// secretKeys are the names of what is a secret. Those of LoRaWAN end in Key: AppKey, NwkSKey.
const secretKeys = `[\w.-]*(?:(?:passw(?:or)?d|passwd|passphrase|pwd|secret|token|(?:api|access|account|private|client|master|signing|encryption|licen[cs]e|apps?|nwks?|int)[-_]?key|credentials?|authorization|cookie|session[-_]?id|signature|client[-_]?assertion|dockercfg|dockerconfig)[\w.-]*|pass)`

// keyWords are what secretKeys have.
var keyWords = []string{"pass", "pwd", "secret", "token", "key", "credential", "authorization", "cookie", "session", "signature", "assertion", "dockerc"}

// Patterns returns what is masked.
func Patterns() []Pattern { return patterns() }

var patterns = sync.OnceValue(func() []Pattern {
	return []Pattern{
		{"private keys in PEM", regexp.MustCompile(`(-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$))`), nil, "", []string{"private key"}},
		{"the last lines of such a key", regexp.MustCompile(`((?:[\w+/=]{16,}\s+)?[\w+/=]+\s+)-----END [A-Z0-9 ]*PRIVATE KEY`), nil, Masked + "\n", []string{"private key"}},
		{"objects that the API server refuses, with their environment and arguments", regexp.MustCompile(`(?i)\binvalid value: "?(?:[\w.*&\[\]]+)?(\{.*…|\{.*\}|\{.*)`), nil, "", []string{"invalid value"}},
		{"user and password in an address", regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://([^/\s"'<>@]*)@`), nil, "", []string{"://"}},
		{"user and password before a host", regexp.MustCompile(`[\w.-]+:([^\s:/@"'\\{}\[\],]+)@[\w(.-]+`), isDigest, "", []string{"@"}},
		{"HTTP credentials", regexp.MustCompile(`(?i)\b(?:bearer|basic|authorization["']?\s*[:=]\s*["']?[\w-]+)\s+([\w+/=.~-]{6,})`), isProse, "", []string{"bearer", "basic", "authorization"}},
		{"JSON Web Tokens", regexp.MustCompile(`\b(eyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?)`), nil, "", []string{"eyj"}},
		{"PEM and JSON in base64", regexp.MustCompile(`\b(LS0tLS1CRUdJTi[\w+/=]+|ey[JA][\w+/=]{38,})`), nil, "", []string{"ls0tls1", "eyj", "eya"}},
		{"access keys of clouds and code hosts", regexp.MustCompile(`\b((?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_\w{20,}|github_pat_\w{20,}|gl[a-z]{2,6}-[\w-]{16,}|xox[abprs]-[\w-]{10,}|AIza[\w-]{30,}|ya29\.[\w-]{20,}|sk_live_\w{16,}|hvs\.[\w-]{20,}|npm_\w{30,}|SG\.[\w-]{16,}\.[\w-]{16,})`), nil, "", []string{"akia", "asia", "gh", "gl", "xox", "aiza", "ya29", "sk_live", "hvs.", "npm_", "sg."}},
		{"addresses of webhooks", regexp.MustCompile(`(?:hooks\.slack\.com/\w+|discord(?:app)?\.com/api/webhooks|webhook\.office\.com/\w+)/([^\s"'<>]+)`), nil, "", []string{"hook"}},
		{"values of variables with names such as password, secret, token", regexp.MustCompile(`(?i)\bname["'\\]*\s*:\s*["'\\]*` + secretKeys + `["'\\]*,?\s*["'\\]*value["'\\]*\s*:\s*["'\\]*((?:[^"'\\\n]|\\+[^"'\\\n])+)`), nil, "", keyWords},
		{"values in quotes of keys such as password, secret, token, authorization", regexp.MustCompile(`(?i)\b` + secretKeys + `["']?\s*` + sign + `\s*"((?:[^"\\\n]|\\.)+)`), nil, "", keyWords},
		{"the same in single quotes", regexp.MustCompile(`(?i)\b` + secretKeys + `["']?\s*` + sign + `\s*'((?:[^'\\\n]|\\.)+)`), nil, "", keyWords},
		{"the same in quotes inside of quotes", regexp.MustCompile(`(?i)\b` + secretKeys + `(?:\\+["'])?\s*` + sign + `\s*\\+["']((?:[^"'\\\n]|\\+[^"'\\\n])+)`), nil, "", keyWords},
		{"values of the same keys behind an equals sign, as in queries", regexp.MustCompile(`(?i)\b` + secretKeys + `(?:=|%3D)([^\s&"'<>;,\\%]+)`), nil, "", keyWords},
		{"the same with blanks around the sign, or behind an arrow", regexp.MustCompile(`(?i)\b` + secretKeys + `[ \t]*(?:=>|->|=)[ \t]*([^\s&"'<>;,\\=]+)`), isProse, "", keyWords},
		{"values of the same keys behind a colon, unless they are a word", regexp.MustCompile(`(?i)(?:^|[\s"'{},;&?(\[])` + secretKeys + `[ \t]*:\s*([^\s"'<>;,\\{}\[\]]+)`), isProse, "", keyWords},
		{"the same in XML", regexp.MustCompile(`(?i)<(?:\w+:)?` + secretKeys + `(?:\s[^<>]*)?>([^<>]+)</`), nil, "", keyWords},
		{"what registries call auth", regexp.MustCompile(`"auth\\*"\s*:\s*\\*"([^"\\]+)`), nil, "", []string{"auth"}},
		{"options such as --password VALUE", regexp.MustCompile(`(?i)--?` + secretKeys + `\s+([^\s"'-][^\s"']*)`), isProse, "", keyWords},
		{"options such as -u USER:PASSWORD", regexp.MustCompile(`(?:\s-u\s*|\s--user[ =])["']?[^\s:"']+:([^\s"']+)`), isNumber, "", []string{"-u"}},
		{"-pPASSWORD of MariaDB and MongoDB", regexp.MustCompile(`\b(?:mysql|mariadb|mongo)[\w-]*\s(?:[^\n|;&]*\s)?-p([^\s"'-][^\s"']*)`), nil, "", []string{" -p"}},
		{"signatures in queries", regexp.MustCompile(`(?i)[?&](?:sig|X-Amz-Signature|X-Amz-Credential|X-Amz-Security-Token|code|auth)=([^\s&"'<>]+)`), nil, "", []string{"="}},
		{"user and password in an address, with a slash in the password", regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://([^/\s"'<>@:]*:[^\s"'<>@]+)@`), isPort, "", []string{"://"}},
		{"numbers of keys such as password, secret, token", regexp.MustCompile(`(?i)\b` + secretKeys + `(?:\\*["'])?\s*[:=]\s*(\d{4,})\b`), nil, "0", keyWords},
		{"lists of the same keys", regexp.MustCompile(`(?i)\b` + secretKeys + `["']?\s*[:=]\s*\[([^\]\n]+)\]`), nil, `"***"`, keyWords},
		{"passwords in a sentence, or of a database's user", regexp.MustCompile(`(?i)\b(?:passw(?:or)?d\s+['"]|with password\s+|requirepass\s+|identified\s+(?:by|with\s+\S+\s+(?:by|as))\s+(?:password\s+)?["'\\]+)([^\s&"'<>;,\\]+)`), nil, "", []string{"pass", "identified"}},
	}
})

// sign is what stands between a key and a value in quotes.
const sign = `(?:=>|->|[:=])`

// isNumber accepts a user and a group by number, as in -u 1000:1000.
func isNumber(found []string) bool { return strings.Trim(found[len(found)-1], "0123456789") == "" }

// isDigest accepts the tag and the digest of an image, which look like a password.
func isDigest(found []string) bool {
	return strings.Contains(found[0], "@sha256") || strings.Contains(found[0], "@sha512")
}

// isPort accepts an address with a port and an @ behind it, or the digest of an image.
func isPort(found []string) bool {
	_, password, _ := strings.Cut(found[1], ":")
	port, _, _ := strings.Cut(password, "/")
	return isDigest(found) || strings.Trim(port, "0123456789") == ""
}

// isProse accepts a value that is a word of a sentence, such as "token: unexpected status".
// A password is asked for more strictly.
func isProse(found []string) bool {
	value := found[len(found)-1]
	if strings.Contains(strings.ToLower(found[0]), "passw") {
		return false
	}
	return len(value) < 24 && strings.Trim(value, "abcdefghijklmnopqrstuvwxyz.") == ""
}

// Mask returns a text with [Masked] in place of what may be a secret.
func Mask(text string) string {
	lower := strings.ToLower(text)
	for _, p := range patterns() {
		if slices.ContainsFunc(p.words, func(word string) bool { return strings.Contains(lower, word) }) {
			text = p.mask(text)
		}
	}
	return text
}

// Lines masks a log that comes line by line, and private keys that span several lines. The zero value
// is ready to use.
type Lines struct {
	key int // how many more lines may be of a private key
}

// mostKey is more lines than a private key has.
const mostKey = 200

// Mask returns a line with [Masked] in place of what may be a secret.
func (l *Lines) Mask(line string) string {
	masked := Mask(line)
	const begin, private, end = "-----BEGIN ", "PRIVATE KEY", "-----END "
	switch i := strings.LastIndex(line, begin); {
	case i >= 0 && strings.Contains(line[i:], private) && !strings.Contains(line[i:], end):
		l.key = mostKey
	case strings.Contains(line, end):
		l.key = 0
	case l.key > 0:
		l.key--
		return Masked
	}
	return masked
}

// mask replaces the last group of each match.
func (p *Pattern) mask(text string) string {
	matches := p.find.FindAllStringSubmatchIndex(text, -1)
	if matches == nil {
		return text
	}
	var b strings.Builder
	end := 0
	for _, m := range matches {
		from, to := m[len(m)-2], m[len(m)-1]
		if from < 0 || p.spare != nil && p.spare([]string{text[m[0]:m[1]], text[from:to]}) {
			continue
		}
		b.WriteString(text[end:from])
		b.WriteString(cmp.Or(p.with, Masked))
		end = to
	}
	b.WriteString(text[end:])
	return b.String()
}
