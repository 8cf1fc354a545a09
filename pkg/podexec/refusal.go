// SPDX-License-Identifier: Apache-2.0

package podexec

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/streaming/pkg/httpstream"
)

// A PolicyError says that an admission policy denied a command in a pod. The account's
// roles allow it, so that no Role helps. It is forbidden (apierrors.IsForbidden), whatever
// code the policy gave: a webhook's denial is 400 by default, that of a
// ValidatingAdmissionPolicy 422, and its author may choose 401.
type PolicyError struct{ Err error }

func (e *PolicyError) Error() string {
	return "an admission policy denied it, although RBAC allows it: " + e.Err.Error()
}

func (e *PolicyError) Unwrap() error { return e.Err }

// Status makes it an error of the API server, which is forbidden.
func (e *PolicyError) Status() metav1.Status {
	return metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusForbidden,
		Reason: metav1.StatusReasonForbidden, Message: e.Err.Error(),
	}
}

// Denied reports whether an admission policy denied a command in a pod.
func Denied(err error) bool {
	policy := (*PolicyError)(nil)
	return errors.As(err, &policy)
}

// refusal returns the API server's refusal to run a command, nil if err is none.
func refusal(err error) *apierrors.StatusError {
	if upgrade := (*httpstream.UpgradeFailureError)(nil); errors.As(err, &upgrade) {
		err = upgrade.Cause // it does not unwrap
	}
	status := (*apierrors.StatusError)(nil)
	errors.As(err, &status)
	return status
}

// mayBePolicy reports whether a refusal can be that of an admission policy, or of RBAC.
func mayBePolicy(status *apierrors.StatusError) bool {
	switch status.ErrStatus.Code {
	case http.StatusForbidden, http.StatusUnauthorized, http.StatusUnprocessableEntity:
		return true
	case http.StatusBadRequest: // the API server's own say BadRequest
		return status.ErrStatus.Reason == "" || status.ErrStatus.Reason == metav1.StatusReasonForbidden
	}
	return false
}

// explain returns what a refusal means: a *PolicyError if the account has the permission, else
// the refusal itself. Other errors are returned as they are. An access review decides, not the
// words: RBAC and policies both answer 403.
//
// Kubernetes from 1.35 on wants the verb create for both protocols, before that get for
// WebSocket (kubernetes#78741, kubernetes#133515). If an account has only get, the words decide:
// an admission policy always says that it denied the request, and RBAC may give no reason.
func (r *Runner) explain(ctx context.Context, transport Transport, err error) error {
	status := refusal(err)
	if status == nil || !mayBePolicy(status) {
		return err
	}
	create, err := r.may(ctx, "create")
	if err != nil {
		return status // an account that cannot ask for its permissions has none, or is not authenticated
	}
	get := true
	if transport == WebSocket {
		if get, err = r.may(ctx, "get"); err != nil {
			return status
		}
	}
	if get && (create || transport == WebSocket && deniedRequest.MatchString(status.Error())) {
		return &PolicyError{status}
	}
	return status
}

// deniedRequest is in each denial of kube-apiserver's plugins for webhooks and for policies in CEL
// (admission/plugin/webhook/errors and admission/plugin/policy).
var deniedRequest = regexp.MustCompile(` denied (?:the )?request`)

// may asks the API server whether this account has a verb on pods/exec.
func (r *Runner) may(ctx context.Context, verb string) (bool, error) {
	return r.Client.May(ctx, &authorizationv1.ResourceAttributes{
		Namespace: r.Namespace, Verb: verb, Resource: "pods", Subresource: "exec",
	})
}

// refusalLimit is how much of a refusal is read, in bytes.
const refusalLimit = 64 << 10

// An upgradeTransport keeps the error with which a request was not upgraded: client-go's for
// SPDY keeps only its words.
type upgradeTransport struct {
	next http.RoundTripper
	err  error // the API server's, if it refused in its own words
}

// RoundTrip returns the response, or the refusal as an error.
func (t *upgradeTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(request)
	if err != nil || response.StatusCode < http.StatusBadRequest {
		t.err = err
		return response, err
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, refusalLimit))
	_ = response.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("read why the API server refused: %w", err)
	}
	var status metav1.Status
	if json.Unmarshal(text, &status) == nil && status.Kind == "Status" && status.Code != 0 {
		t.err = &apierrors.StatusError{ErrStatus: status}
	}
	response.Body = io.NopCloser(bytes.NewReader(text))
	return response, nil
}
