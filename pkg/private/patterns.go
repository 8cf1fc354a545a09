// SPDX-License-Identifier: Apache-2.0

package private

import (
	"regexp"
	"strings"
	"sync"
)

// A Pattern finds what may be a secret in a text.
type Pattern struct {
	Name     string         // what it finds
	find     *regexp.Regexp // the last group is replaced; of a key it is in small letters
	words    []string       // of which one is in what it finds, in lower case
	place    place          // where it begins, seen from the word
	before   string         // one of these characters is before it; ^ is the beginning
	unsigned bool           // of a key: there need be no sign behind
	spare    func(found []string) bool
	with     string // what takes its place; empty for ***
}

// secretKeys are the names of what is a secret. Those of LoRaWAN end in Key: AppKey, NwkSKey.
const secretKeys = `[\w.-]*(?:(?:passw(?:or)?[dt]|passwd|passphrase|passcode|pwd|secret|token|kennwort|mot[_-]?de[_-]?passe|contrasena|` +
	`(?:api|access|account|private|client|master|signing|encryption|licen[cs]e|apps?|nwks?|int|enc|mc|lrc|root|shared|session|security|ssh|storage|auth|authentication|subscription)[-_]?key|` +
	`credentials?|authorization|cookie|session[-_]?id|signature|client[-_]?assertion|dockercfg|dockerconfig|activation[-_]?code)[\w.-]*|pass|mdp|psk|hmac|jwt|bearer|_auth|\bpw|[_.-]pw|otp|csrf|xsrf|salt|kek)`

// keyWords are what secretKeys have.
var keyWords = []string{
	"pass", "pwd", "secret", "token", "key", "credential", "authorization", "cookie", "session", "signature", "assertion", "dockerc",
	"kennwort", "mot", "contrase", "mdp", "psk", "hmac", "jwt", "bearer", "_auth", "pw", "otp", "csrf", "xsrf", "salt", "kek", "activation",
}

// tokens are the formats of tokens, as scanners of secrets such as gitleaks know them.
const tokens = `(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}|gh[pousr]_\w{20,}|github_pat_\w{20,}|gl[a-z]{2,6}-[\w.-]{16,}|GR1348941[\w-]{20,}|xox[abeoprs](?:\.xox[bp])?-\d[\w-]{9,}|xapp-\d-[\w-]{10,}|` +
	`AIza[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}|[srp]k_(?:live|test|prod)_\w{10,}|whsec_[\w+/=]{20,}|hv[sbr]\.[\w-]{20,}|npm_\w{30,}|NpmToken\.[\w-]{30,}|SG\.[\w-]{16,}\.[\w-]{16,}|` +
	`sk-(?:ant|proj|svcacct|admin|or)-[\w-]{20,}|sk-\w*T3BlbkFJ\w+|dckr_(?:pat|oat)_[\w-]{20,}|pypi-AgE[\w-]{16,}|key-[0-9a-f]{32}\b|[0-9a-f]{32}-us\d{1,2}\b|do[opr]_v1_[0-9a-f]{40,}|` +
	`shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|PMAK-[0-9a-f]{24}-[0-9a-f]{30,}|lin_api_\w{30,}|AKCp\w{60,}|NRAK-[A-Z0-9]{20,}|NRJS-\w{19,}|gls?[ac]_[\w+/=]{20,}|AGE-SECRET-KEY-1[0-9A-Z]{50,}|amzn\.mws\.[0-9a-f-]{30,}|` +
	`(?:bot)?\d{8,10}:AA[\w-]{30,}|EAACEdEose0cBA\w+|sq0(?:csp|atp|idp)-[\w-]{20,}|EAAAE[\w+=-]{50,}|dapi[0-9a-f]{32}|dt0[a-z]\d\d\.[A-Z0-9]{20,}\.[A-Z0-9]{60,}|pul-[0-9a-f]{40}|rubygems_[0-9a-f]{40,}|sntry[su]_[\w+/=]{20,}|` +
	`AT(?:ATT|CTT)3\w[\w=-]{30,}|ATBB\w{20,}|1//0[\w-]{30,}|hf_[a-zA-Z]{30,}|CCIPAT_\w{20,}|tfp_\w{10,}|\w{14}\.atlasv1\.[\w-]{50,}|sbp_[0-9a-f]{40}|\w{3}\dQ~[\w.~-]{30,}`

// tokenWords are what tokens have.
var tokenWords = []string{
	"akia", "asia", "abia", "acca", "a3t", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "glptt-", "glrt-", "gldt-", "glft-", "glcbt-", "glsoat-", "glimt-", "glagent-", "gloas-", "glffct-", "gr1348941",
	"xox", "xapp-", "aiza", "ya29.", "gocspx-", "k_live_", "k_test_", "k_prod_", "whsec_", "hvs.", "hvb.", "hvr.", "npm_", "npmtoken.", "sg.", "sk-", "dckr_", "pypi-", "key-", "-us", "_v1_",
	"shpat_", "shpca_", "shppa_", "shpss_", "pmak-", "lin_api_", "akcp", "nrak-", "nrjs-", "gla_", "glc_", "glsa_", "glsc_", "age-secret-key-", "amzn.mws.", ":aa", "eaac", "sq0", "eaaae", "dapi", "dt0", "pul-", "rubygems_", "sntry",
	"atatt3", "atctt3", "atbb", "1//0", "hf_", "ccipat_", "tfp_", ".atlasv1.", "sbp_", "q~",
}

// sign is what stands between a key and a value in quotes.
const sign = `(?:=>|->|:=|==?|:)`

// at is a pattern that is tried where it may begin.
func at(text string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + text + `)`) }

// Patterns returns what is masked.
func Patterns() []Pattern { return patterns() }

var patterns = sync.OnceValue(func() []Pattern {
	return append(formats(), keyed()...)
})

// formats are what is known by itself.
func formats() []Pattern {
	return []Pattern{
		{Name: "private keys in PEM", find: at(`(-{4,5} ?(?i:BEGIN) [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-{4,5}(?s:.*?)(?:-{4,5} ?(?i:END) [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-{4,5}|$))`), words: []string{"-----begin", "---- begin"}, place: atWord},
		{Name: "the last lines of such a key", find: regexp.MustCompile(`((?:[\w+/=]{16,}(?:\s|\\+n)+)?[\w+/=]+(?:\s|\\+n)+)-----END [A-Z0-9 ]*PRIVATE KEY`), words: []string{"-----end"}, place: anywhere, with: Masked + "\n"},
		{Name: "private keys of PuTTY, and keys in DER", find: at(`(?i:private-lines: \d+)((?:(?:\s|\\+[rn])+[\w+/=]+)+)|(MI[IG][A-Za-z0-9+/]{60,}=*)`), words: []string{"private-lines:", "mii", "mig"}},
		{Name: "objects that the API server refuses, with their environment and arguments", find: at(`(?i)invalid value: "?(?:[\w.*&\[\]]+)?(\{.*…|\{.*\}|\{.*)|error found in #\d+ byte of \.\.\.\|((?s).+)`), words: []string{"invalid value", "error found in #"}, place: atWord},
		{Name: "data of Secrets", find: regexp.MustCompile(`(?i)(?:^|[\s"'{,])(?:string)?data["'\\]*:[ \t]*(\{[^{}]+\}|(?:\n[ \t]+[^\n]+)+)`), words: []string{"kind: secret\n", `kind":"secret"`, `kind": "secret"`, `kind\":\"secret\"`}, place: anywhere, with: "{}"},
		{Name: "user and password in an address", find: at(`[a-zA-Z0-9+.-]*(?::|%3A)(?://|%2F%2F)([^/?\s"'<>]*)(?:@|%40)`), words: []string{"://", "%3a%2f%2f"}},
		{Name: "user and password before a host", find: at(`[^\s/@"'\\{}\[\],]*?\b[\w.-]+:([^\s:/@"'\\{}\[\],]+)@[\w(.-]+`), words: []string{"@"}, place: atToken, spare: isDigest},
		{Name: "HTTP credentials", find: at(`(?i)(?:[\w.-]*\b)?(?:bearer|basic|authorization["']?\s*[:=]\s*["']?[\w-]+)\s+([\w+/=.~-]{6,})`), words: []string{"bearer", "basic", "authorization"}, spare: isProse},
		{Name: "JSON Web Tokens", find: at(`[\w.-]*?\b(eyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?)`), words: []string{"eyj"}},
		{Name: "PEM and JSON in base64", find: at(`[\w.-]*?\b(LS0tLS1CRUdJTi[\w+/=]+|ey[JA][\w+/=]{38,})`), words: []string{"ls0tls1", "eyj", "eya"}},
		{Name: "access keys of clouds and code hosts", find: at(`(?:[\w.-]*?\b)?(` + tokens + `)`), words: tokenWords},
		{Name: "hashes of passwords", find: at(`(\$(?:1|2[abxy]|5|6|y|apr1|argon2(?:id|i|d)|pbkdf2[\w-]*)\$[^\s"'\\]{8,}|\{S?SHA\d*\}[\w+/=]{20,})`), words: []string{"$1$", "$2", "$5$", "$6$", "$y$", "$apr1$", "$argon2", "$pbkdf2", "{sha", "{ssha"}, place: atWord},
		{Name: "addresses of webhooks", find: at(`(?i)(?:hooks\.slack\.com/\w+|discord(?:app)?\.com/api/webhooks|webhook\.office\.com/\w+)/([^\s"'<>]+)`), words: []string{"hooks.slack.com", "discord.com", "discordapp.com", "webhook.office.com"}, place: atWord},
	}
}

// value is what follows a sign without quotes.
const value = `[^\s"'<>;,\\{}\[\]]+`

// keyed are the values of keys such as password.
func keyed() []Pattern {
	byKey := func(name, text string, spare func([]string) bool) Pattern {
		return Pattern{Name: name, find: at(text), place: atKey, spare: spare}
	}
	unsigned := func(p Pattern, before string) Pattern {
		p.unsigned = true
		return p.behind(before)
	}
	return []Pattern{
		{Name: "values of variables with names such as password, secret, token", find: at(`(?i)(?:[\w.-]*\b)?(?:name|key)["'\\]*\s*[:=]\s*["'\\]*` + secretKeys + `["'\\]*,?\s*["'\\]*value["'\\]*\s*[:=]\s*["'\\]*((?:[^"'\\\n]|\\+[^"'\\\n])+)`), words: []string{"name", "key"}},
		{Name: "the same with the value first", find: at(`(?i)value["'\\]+\s*[:=]\s*["'\\]+((?:[^"'\\\n]|\\+[^"'\\\n])+)["'\\]+,?\s*["'\\]*(?:name|key)["'\\]*\s*[:=]\s*["'\\]*` + secretKeys + `["'\\]`), words: []string{"value"}},
		byKey("values in quotes of keys such as password, secret, token, authorization", secretKeys+`["']?\s*`+sign+`\s*"((?:[^"\\\n]|\\.)+)`, nil),
		byKey("the same in single quotes", secretKeys+`["']?\s*`+sign+`\s*'((?:[^'\\\n]|\\.)+)`, nil),
		byKey("the same in quotes inside of quotes", secretKeys+`(?:\\+["'])?\s*`+sign+`\s*\\+["']((?:[^"'\\\n]|\\+[^"'\\\n])+)`, nil),
		byKey("cookies, and credentials in parts", `(?:[\w-]*cookie["'\\]*\s*:\s*["'\\]*([^\n"'\\]+)|[\w-]*authorization["'\\]*\s*[:=]\s*["'\\]*(?:digest|aws4[\w-]*|hmac[\w-]*|oauth|signature|ntlm)\s+([^\n]+))`, nil),
		byKey("values of several lines in YAML", secretKeys+`:[ \t]*(?:!!?\w+[ \t]+)?[|>][-+\d]*[ \t]*\r?\n((?:[ \t]+[^\n]*(?:\n|$))+)`, nil),
		byKey("values of several words in YAML", `[\w.-]*(?:passw(?:or)?[dt]|passphrase)[\w.-]*:[ \t]*([^\s"'{}\[\],|>&*][^\s"'{}\[\],]*(?:[ \t]+[^\s"'{}\[\],:=]+)+)(?:\n|$)`, nil),
		byKey("values of the same keys behind an equals sign, as in queries", secretKeys+`(?:=|%3d|%253d|\\u003d)<?([^\s&"'<>;,\\%]+)`, nil),
		byKey("the same with blanks around the sign, or behind an arrow", secretKeys+`[ \t]*(?:=>|->|==?)[ \t]*([^\s&"'<>;,\\=]+)`, isProse),
		byKey("values of the same keys behind a colon, unless they are a word", secretKeys+`[ \t]*:\s*(`+value+`)`, isProse).behind("^ \t\r\n\"'{},;&?([\\=.->|:"),
		unsigned(byKey("the same in XML", secretKeys+`(?:\s[^<>]*)?>(?:<!\[CDATA\[)?([^<>\]]+)(?:\]\]>)?</`, nil), "<:"),
		unsigned(byKey("the same as the name of an element or a field", secretKeys+`["']\s*(?:>([^<>]+)</|\r?\n\r?\n([^\r\n]+))`, nil), `"'`),
		{Name: "what registries call auth", find: at(`(?i)auth\\*"\s*:\s*\\*"([^"\\]+)`), words: []string{"auth"}, before: `"`},
		{Name: "objects with a name such as credentials or secrets", find: at(`(?i)[\w.-]*(?:secrets|credentials|passwords|tokens)["'\\]+\s*:\s*\{([^{}\n]+)\}`), words: []string{"secrets", "credentials", "passwords", "tokens"}, with: " "},
		unsigned(byKey("options such as --password VALUE", secretKeys+`["'\\]*[\s,]+["'\\]*([^\s"',\\-][^\s"',\\]*)`, isProse), "-"),
		{Name: "options such as -u USER:PASSWORD", find: at(`(?:-[uU]\s*|--(?:proxy-)?user[ =])["']?[^\s:"',]+[:,]([^\s"']+)`), words: []string{"-u", "--user", "--proxy-user"}, place: atWord, before: "^ \t\n", spare: isNumber},
		{Name: "-p PASSWORD of MariaDB, MongoDB, docker and others", find: at(`(?:[\w./-]*/)?(?:(?:mysql|mariadb|mongo|sshpass)[\w-]*["',\\\s]+(?:[^\n|;&]*?[\s"',\\])?-p["'\\]*(?:[\s,]+["'\\]*)?|(?:docker|podman|nerdctl|crane|skopeo|helm|oras)\s[\w ]*login\s(?:[^\n|;&]*?\s)?-p\s+|redis-cli["',\\\s]+(?:[^\n|;&]*?[\s"',\\])?-a["'\\]*[\s,]+["'\\]*|ldap\w+\s(?:[^\n|;&]*?\s)?-w\s+)["']?([^\s"'\\,-][^\s"'\\,]*)`), words: []string{"mysql", "mariadb", "mongo", "sshpass", "docker", "podman", "nerdctl", "crane", "skopeo", "helm", "oras", "redis-cli", "ldap"}},
		{Name: "signatures and keys in queries", find: at(`(?i)(?:u0026)?(?:sig|X-Amz-Signature|X-Amz-Credential|X-Amz-Security-Token|code|auth|key|pw|sid|ticket)=([^\s&"'<>\\]+)`), words: []string{"sig=", "signature=", "x-amz-", "code=", "auth=", "key=", "pw=", "sid=", "ticket="}, before: `?&#;\`},
		{Name: "user and password in an address, with a slash in the password", find: at(`[a-zA-Z0-9+.-]*://([^/\s"'<>@:]*:[^\s"'<>@]+)@`), words: []string{"://"}, spare: isPort},
		{Name: "passwords in an address that is cut off", find: at(`[a-zA-Z0-9+.-]*://[^/\s"'<>@:]*:([^/\s"'<>@…]+?)\s?(?:…|\.\.\.)`), words: []string{"://"}, spare: isNumber},
		byKey("numbers of keys such as password, secret, token", secretKeys+`(?:\\*["'])?\s*[:=]\s*(\d{4,})\b`, nil).as("0"),
		byKey("lists of the same keys", secretKeys+`["']?\s*[:=]\s*\[([^\]\n]+)\]`, nil).as(`"***"`),
		{Name: "keys of AES", find: at(`(?i)[\w.-]*key["'\\]*\s*(?:[:=]\s*)?["'\\]*([0-9a-f]{32}(?:[0-9a-f]{16}|[0-9a-f]{32})?)\b`), words: []string{"key"}},
		{Name: "passwords in a sentence", find: at(`(?i)[\w.-]*passw(?:or)?d(?: (?:of|for) \S+?)?(?: is| was set to| set to|: | \()\s*['"]?([^\s&"'<>;,\\()]+)`), words: []string{"passw"}, spare: isWord},
		{Name: "passwords of a database's user", find: at(`(?i)(?:passw(?:or)?d\s+['"\\]+|passw(?:or)?d\(['"\\]+|with password\s+|(?:requirepass|masterauth)\s+|identified\s+(?:by|with\s+\S+\s+(?:by|as))\s+(?:password\s+)?["'\\]+|\.auth\(['"][^'"]*['"],\s*['"])([^\s&"'<>;,\\)]+)`), words: []string{"passw", "with passw", "requirepass", "masterauth", "identified", ".auth("}, place: atWord},
		{Name: "passwords of Oracle", find: at(`(?i)jdbc:oracle:\w+:[^/\s]*/([^@\s]+)@`), words: []string{"jdbc:oracle"}, place: atWord},
	}
}

// behind returns the pattern with the characters of which one is before it.
func (p Pattern) behind(characters string) Pattern {
	p.before = characters
	return p
}

// as returns the pattern with what takes the secret's place.
func (p Pattern) as(text string) Pattern {
	p.with = text
	return p
}

// isNumber accepts a user and a group.
func isNumber(found []string) bool { return strings.Trim(found[len(found)-1], "0123456789") == "" }

// isWord accepts a value that is a word of a sentence, such as "password is required".
func isWord(found []string) bool {
	return strings.Trim(strings.ToLower(found[len(found)-1]), "abcdefghijklmnopqrstuvwxyz.") == ""
}

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
