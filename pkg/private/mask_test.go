// SPDX-License-Identifier: Apache-2.0

package private

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// Each pattern masks what it is for, and nothing else of a text.
func TestMasked(t *testing.T) {
	for text, want := range map[string]string{
		"GET https://me:pa55@host/x failed":                                     "GET https://***@host/x failed",
		"dial mongodb://u:p@mongo-0,mongo-1/tpe":                                "dial mongodb://***@mongo-0,mongo-1/tpe",
		"root:hunter2@tcp(mariadb:3306)/twa":                                    "root:***@tcp(mariadb:3306)/twa",
		`{"password":"s3cr3t","max":10}`:                                        `{"password":"***","max":10}`,
		`{"password": "say \"hi\" twice"}`:                                      `{"password": "***"}`,
		`{\"clientSecret\":\"abc\",\"a\":1}`:                                    `{\"clientSecret\":\"***\",\"a\":1}`,
		`{ apiKey: 'k-1' }`:                                                     `{ apiKey: '***' }`,
		"?access_token=abc.def&x=1":                                             "?access_token=***&x=1",
		"MYSQL_PASSWORD=hunter2 started":                                        "MYSQL_PASSWORD=*** started",
		"password: hunter":                                                      "password: ***",
		"X-Auth-Token: 9f8e7d":                                                  "X-Auth-Token: ***",
		"Authorization: Bearer abcdef123456":                                    "Authorization: *** ***",
		"sent Bearer abcdef123456":                                              "sent Bearer ***",
		"mysql --password hunter2 -u root":                                      "mysql --password *** -u root",
		"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln x":                       "jwt *** x",
		"key AKIAIOSFODNN7EXAMPLE":                                              "key ***",
		"clone with ghp_abcdefghijklmnopqrstuvwx":                               "clone with ***",
		"https://s3/x?X-Amz-Signature=aa11&b=2":                                 "https://s3/x?X-Amz-Signature=***&b=2",
		"-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\n": "***\n",
		`{"password":12345678915,"max":10}`:                                     `{"password":0,"max":10}`,
		`{"passwords":["a","b"],"max":10}`:                                      `{"passwords":["***"],"max":10}`,
		"dial mongodb://root:PLA/NT@mongo-0/tpe":                                "dial mongodb://***@mongo-0/tpe",
		"dsn user=twa pass=hunter2":                                             "dsn user=twa pass=***",
		"ALTER USER twa passwd 'hunter2'":                                       "ALTER USER twa passwd '***'",
		"login with password hunter2 failed":                                    "login with password *** failed",

		"password = hunter2, next":                                "password = ***, next",
		"aws_secret_access_key = wJalrXUtnFEMI/K7":                "aws_secret_access_key = ***",
		"keystorePassword : Hunter2":                              "keystorePassword : ***",
		"password => 'hunter2'":                                   "password => '***'",
		"DB_PASS=hunter2 dbPass: Hunter2":                         "DB_PASS=*** dbPass: ***",
		"next=%2Fx%3Faccess_token%3Dabc1%26a":                     "next=%2Fx%3Faccess_token%3D***%26a",
		"curl -u admin:hunter2 https://h/":                        "curl -u admin:*** https://h/",
		"mysql -u root -phunter2 tpe":                             "mysql -u root -p*** tpe",
		`{"auths":{"repo":{"auth":"dTpw"}}}`:                      `{"auths":{"repo":{"auth":"***"}}}`,
		".dockerconfigjson: eyJhdXRocyI6":                         ".dockerconfigjson: ***",
		"config eyJhdXRocyI6eyJyZXBvIjp7ImF1dGgiOiJkVHB3In19fQ==": "config ***",
		"client-key-data: LS0tLS1CRUdJTiBS":                       "client-key-data: ***",
		"with github_pat_11ABCDEFG0abcdefghijkl":                  "with ***",
		"with glrt-abcdefghijklmnop1234":                          "with ***",
		"POST https://hooks.slack.com/services/T0/B0/xyz failed":  "POST https://hooks.slack.com/services/*** failed",
		"AccountKey=abcd/ef==;EndpointSuffix=x":                   "AccountKey=***;EndpointSuffix=x",
		`{"AppKey":"2B7E15","NwkSKey":"16A6"}`:                    `{"AppKey":"***","NwkSKey":"***"}`,
		`[{"name":"DB_PASSWORD","value":"hunter2"}]`:              `[{"name":"DB_PASSWORD","value":"***"}]`,
		"- name: DB_PASSWORD\n  value: hunter2\n- name: A":        "- name: DB_PASSWORD\n  value: ***\n- name: A",
		"ALTER USER 'twa'@'%' IDENTIFIED BY 'hunter2'":            "ALTER USER 'twa'@'%' IDENTIFIED BY '***'",
		`<dbPassword type="x">hunter2</dbPassword>`:               `<dbPassword type="x">***</dbPassword>`,
		"Authorization: ApiKey a1b2c3d4":                          "Authorization: *** ***",
		"MIIEvQIBADANBgkqhkiG9w0\n-----END PRIVATE KEY-----":      "***\n-----END PRIVATE KEY-----",
		`spec.template: Invalid value: core.PodTemplateSpec{Spec:core.PodSpec{Env:[]core.EnvVar{core.EnvVar{Name:"A", Value:"hunter2"}}}}: field is immutable`: `spec.template: Invalid value: core.PodTemplateSpec***: field is immutable`,
		`spec.template: Invalid value: {"spec":{"args":["-phunter2"],"env":[{"name":"A","value":"hunter2"}]}}: field is immutable`:                             `spec.template: Invalid value: ***: field is immutable`,
		`spec.template: Invalid value: {"env":[{"name":"A"}],"args":["hunter2…`:                                                                                `spec.template: Invalid value: ***`,

		// an address that is cut off before its @
		"dial mongodb://u:hunt…":                      "dial mongodb://u:***…",
		"PUM printed https://u:hunt...":               "PUM printed https://u:***...",
		"error: https://u:hunt … (700 bytes or more)": "error: https://u:*** … (700 bytes or more)",
		"Get https://nexus:8443…, https://nexus:84":   "",

		// what Kubernetes says stays as it is
		"failed to fetch anonymous token: unexpected status from GET request to https://repository.thingpark.com/v2/token: 401 Unauthorized": "",
		`secret "thingpark-image-pull-secret" not found`:                                               "",
		"Failed to pull image \"repository/twa:8.0.0@sha256:0123456789abcdef\"":                        "",
		`couldn't find key password in Secret tpe/mongo`:                                               "",
		"Readiness probe failed: Get \"http://10.0.0.1:8080/health\": dial tcp 10.0.0.1:8080: refused": "",
		"0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available":             "",
		"basic auth is required":                                                          "",
		"Get https://nexus:8443/repo/x@sha256:0123: refused":                              "",
		"https://nexus:8443/v2/me@example.com":                                            "",
		`metadata.name: Invalid value: "x_y": a lowercase RFC 1123 label must consist of`: "",
		`{"name":"LOG_LEVEL","value":"info"}`:                                             "",
		"bypass: true, 12 passed: all":                                                    "",
		"docker run -u 1000:1000 x":                                                       "",
		"the user is identified by its name":                                              "",
	} {
		if want == "" {
			want = text
		}
		if got := Mask(text); got != want {
			t.Errorf("%q is masked as %q, want %q", text, got, want)
		}
		if once := Mask(text); Mask(once) != once {
			t.Errorf("%q is masked again as %q", once, Mask(once))
		}
	}
}

// A private key in a log is masked in all its lines, and what follows is not.
func TestMaskedLines(t *testing.T) {
	var l Lines
	for _, line := range []struct{ text, want string }{
		{"begins", "begins"}, {"-----BEGIN RSA PRIVATE KEY-----", "***"}, {"MIIEvQIBADANBg", "***"}, {"short", "***"}, {"-----END RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"},
		{"goes on", "goes on"}, {"-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----"}, {"MIIE", "MIIE"}, {"password=x", "password=***"},
		{"-----BEGIN PRIVATE KEY-----MII-----END PRIVATE KEY-----", "***"}, {"goes on", "goes on"},
	} {
		if got := l.Mask(line.text, false); got != line.want {
			t.Errorf("%q is masked as %q, want %q", line.text, got, line.want)
		}
	}
	l.Mask("-----BEGIN PRIVATE KEY-----", false)
	for range mostKey {
		l.Mask("x", false)
	}
	if got := l.Mask("goes on", false); got != "goes on" {
		t.Errorf("a key without an end hides %q", got)
	}
}

// texts calls a function with the JSON strings of each line of a file.
func texts(t *testing.T, path string, do func(texts []string)) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(strings.ReplaceAll(string(data), "¦", "")) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var texts []string
		for d := json.NewDecoder(strings.NewReader(line)); d.More(); {
			var text string
			if err := d.Decode(&text); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			texts = append(texts, text)
		}
		do(texts)
	}
}

// Secrets in the formats and places that scanners of secrets know are masked, once for all.
func TestSecretsAreMasked(t *testing.T) {
	texts(t, "testdata/secrets.txt", func(of []string) {
		masked := Mask(of[1])
		if strings.Contains(masked, of[0]) {
			t.Errorf("%q is masked as %q", of[1], masked)
		}
		if again := Mask(masked); again != masked {
			t.Errorf("%q is masked again as %q", masked, again)
		}
	})
}

// What is no secret stays readable: identifiers, digests, names of requests, words of Kubernetes.
func TestPlainTextsStay(t *testing.T) {
	texts(t, "testdata/plain.txt", func(of []string) {
		if masked := Mask(of[0]); masked != of[0] {
			t.Errorf("%q is masked as %q", of[0], masked)
		}
	})
}

// A secret between other text is masked wherever it is.
func TestPlaceDoesNotMatter(t *testing.T) {
	before, behind := strings.Repeat("token: key of ", 20), strings.Repeat("a@b://c ", 20)
	texts(t, "testdata/secrets.txt", func(of []string) {
		for _, around := range []string{"x\ny %s\nz", before + "\n%s\n" + behind} {
			if masked := Mask(fmt.Sprintf(around, of[1])); strings.Contains(masked, of[0]) {
				t.Errorf("%q in %.20q is not masked", of[1], around)
			}
		}
	})
}

// A secret in two lines of a log, or in two parts of one, is masked.
func TestSecretsOverLines(t *testing.T) {
	type part struct {
		text string
		more bool
	}
	for name, parts := range map[string][]part{
		"a variable":     {{"  - name: DB_PASSWORD", false}, {"    value: hunter2", false}},
		"a block":        {{"password: |", false}, {"  hunter2", false}},
		"a key alone":    {{`"password":`, false}, {`  "hunter2"`, false}},
		"parts":          {{`{"x":1,"password":"hun`, true}, {`ter2 is","y":2}`, false}},
		"parts in words": {{"login https://me:hunter2", true}, {"@host failed", false}},
		"an escaped key": {{`{"key":"-----BEGIN PRIVATE KEY-----\nMII`, true}, {`hunter2\n-----END PRIVATE KEY-----\n"}`, false}},
	} {
		var l Lines
		var masked strings.Builder
		for _, p := range parts {
			masked.WriteString(l.Mask(p.text, p.more))
		}
		if got := masked.String(); strings.Contains(got, "hunter2") || strings.Contains(got, "ter2") {
			t.Errorf("%s: %q", name, got)
		}
		if got := l.Mask("goes on", false); got != "goes on" {
			t.Errorf("%s hides %q", name, got)
		}
	}
}
