// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"net"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// NotLoggedIn reports whether an error says that the API server does not accept the
// credentials of this account, or that there were none to send.
func NotLoggedIn(err error) bool {
	return apierrors.IsUnauthorized(err) || NoCredentials(err) || certificateRefused(err) || anonymous(err)
}

// NoCredentials reports whether an error says that a credential plugin gave nothing to send. It
// has no type of its own (k8s.io/client-go/plugin/pkg/client/auth/exec, RoundTrip).
func NoCredentials(err error) bool {
	return err != nil && strings.Contains(err.Error(), ": getting credentials: ")
}

// anonymous reports whether an error says that nobody may do something who sends no credentials.
// No Role should help there (k8s.io/apiserver/pkg/authentication/user, Anonymous).
func anonymous(err error) bool {
	return apierrors.IsForbidden(err) && strings.Contains(err.Error(), `User "system:anonymous" `)
}

// certificateAlerts are those that a server sends of the client's certificate, as Go words them
// (RFC 8446, section 6.2; crypto/tls/alert.go).
var certificateAlerts = []string{
	"bad certificate", "unsupported certificate", "revoked certificate", "expired certificate", "unknown certificate",
	"unknown certificate authority", "access denied", "certificate required",
}

// certificateRefused reports whether a server ended TLS because of this account's certificate.
func certificateRefused(err error) bool {
	var remote *net.OpError
	return errors.As(err, &remote) && remote.Op == "remote error" && slices.Contains(certificateAlerts, strings.TrimPrefix(remote.Err.Error(), "tls: "))
}
