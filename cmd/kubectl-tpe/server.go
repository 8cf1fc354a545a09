// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiversion "k8s.io/apimachinery/pkg/util/version"
	"k8s.io/client-go/rest"
)

// A server is what the API server says of itself.
type server struct {
	version    string // such as v1.33.1
	minor      int    // of version 1
	versionErr error  // why that is unknown, though the server answered
	skew       time.Duration
	dated      bool // whether it said what time it is
}

// server asks the API server for its version, and compares clocks on the way. The error is
// that it did not answer at all.
func (a *app) server(ctx context.Context, c *cluster) (*server, error) {
	client, err := rest.HTTPClientFor(c.config)
	if err != nil {
		return nil, err
	}
	base, _, err := rest.DefaultServerUrlFor(c.config)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath("version").String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", c.config.UserAgent)
	sent := a.now()
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	middle := sent.Add(a.now().Sub(sent) / 2)
	s := &server{}
	s.version, s.minor, s.versionErr = readVersion(response)
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		// The header has whole seconds, so that it is half a second late on average.
		s.skew, s.dated = middle.Sub(date.Add(time.Second/2)), true
	}
	return s, nil
}

// readVersion reads Kubernetes' version. One that is none, as that of builds without a tag,
// is unknown.
func readVersion(response *http.Response) (version string, minor int, err error) {
	const asking = "ask the API server for its version"
	var said struct{ GitVersion string }
	const most = 64 << 10
	text, err := io.ReadAll(io.LimitReader(response.Body, most))
	if err == nil && response.StatusCode != http.StatusOK {
		err = apierrors.NewGenericServerResponse(response.StatusCode, "get", schema.GroupResource{Resource: "version"}, "", response.Status, 0, true)
	}
	if err == nil {
		err = json.Unmarshal(text, &said)
	}
	if err != nil {
		return "", 0, fmt.Errorf("%s: %w", asking, err)
	}
	parsed, err := apiversion.ParseGeneric(said.GitVersion)
	if err != nil || parsed.Major() != 1 {
		return "", 0, fmt.Errorf("the API server's version is %q, which is not a version of Kubernetes", said.GitVersion)
	}
	return said.GitVersion, int(parsed.Minor()), nil
}
