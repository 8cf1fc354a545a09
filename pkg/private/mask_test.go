// SPDX-License-Identifier: Apache-2.0

package private

import "testing"

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

		// what Kubernetes says stays as it is
		"failed to fetch anonymous token: unexpected status from GET request to https://repository.thingpark.com/v2/token: 401 Unauthorized": "",
		`secret "thingpark-image-pull-secret" not found`:                                               "",
		"Failed to pull image \"repository/twa:8.0.0@sha256:0123456789abcdef\"":                        "",
		`couldn't find key password in Secret tpe/mongo`:                                               "",
		"Readiness probe failed: Get \"http://10.0.0.1:8080/health\": dial tcp 10.0.0.1:8080: refused": "",
		"0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available":             "",
		"basic auth is required":                             "",
		"Get https://nexus:8443/repo/x@sha256:0123: refused": "",
		"https://nexus:8443/v2/me@example.com":               "",
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
