// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"strings"
	"time"
)

// expiry returns what of this account's credentials expires, and when, as far as that
// can be seen here. Whether they are good is for the API server to say.
func (c *cluster) expiry() (what string, at time.Time) {
	certificate := c.config.CertData
	if len(certificate) == 0 && c.config.CertFile != "" {
		certificate, _ = os.ReadFile(c.config.CertFile) // the client says if it cannot
	}
	if block, _ := pem.Decode(certificate); block != nil {
		if parsed, err := x509.ParseCertificate(block.Bytes); err == nil {
			return "the client certificate", parsed.NotAfter
		}
	}
	token := c.config.BearerToken
	if token == "" && c.config.BearerTokenFile != "" {
		text, _ := os.ReadFile(c.config.BearerTokenFile)
		token = string(text)
	}
	if at := tokenExpiry(token); !at.IsZero() {
		return "the token", at
	}
	return "", time.Time{}
}

// tokenExpiry returns when a JSON Web Token expires, or nothing. It is not verified.
func tokenExpiry(token string) time.Time {
	parts := strings.Split(strings.TrimSpace(token), ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return time.Time{}
	}
	var claims struct {
		Expires int64 `json:"exp"`
	}
	if json.Unmarshal(text, &claims) != nil || claims.Expires <= 0 {
		return time.Time{}
	}
	return time.Unix(claims.Expires, 0)
}
