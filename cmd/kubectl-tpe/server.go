// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/rest"
)

// A server is what the API server says of itself.
type server struct {
	version string // such as v1.33.1
	minor   int    // of version 1
	skew    time.Duration
	dated   bool // whether it said what time it is
}

// server asks the API server for its version, and compares clocks on the way.
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
	s, err := readVersion(response)
	if err != nil {
		return nil, err
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		// The header has whole seconds, so that it is half a second late on average.
		s.skew, s.dated = middle.Sub(date.Add(time.Second/2)), true
	}
	return s, nil
}

func readVersion(response *http.Response) (*server, error) {
	var said struct{ GitVersion, Minor string }
	const most = 64 << 10
	err := json.NewDecoder(io.LimitReader(response.Body, most)).Decode(&said)
	switch {
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("ask the API server for its version: %s", response.Status)
	case err != nil:
		return nil, fmt.Errorf("ask the API server for its version: %w", err)
	}
	minor, err := strconv.Atoi(strings.TrimRight(said.Minor, "+")) // of some clouds
	if err != nil {
		return nil, fmt.Errorf("the API server's version is %q", said.GitVersion)
	}
	return &server{version: said.GitVersion, minor: minor}, nil
}
