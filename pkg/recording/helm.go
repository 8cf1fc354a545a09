// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// A helmRelease is a release as helm list -o yaml writes it (helm: pkg/cmd/list.go,
// releaseElement).
type helmRelease struct {
	Name       string          `json:"name"`
	Namespace  string          `json:"namespace"`
	Revision   json.RawMessage `json:"revision"` // a number, as text
	Updated    string          `json:"updated"`
	Status     string          `json:"status"`
	Chart      string          `json:"chart"` // NAME-VERSION
	AppVersion string          `json:"app_version"`
}

// readHelm reads what helm list wrote.
func readHelm(r io.Reader) ([]helmRelease, error) {
	const most = 4 << 20
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, err
	}
	if len(text) > most {
		return nil, errTooLarge
	}
	if len(bytes.TrimSpace(text)) == 0 { // with no release it writes []
		return nil, errors.New("it is empty: helm list failed when the archive was made")
	}
	var items []helmRelease
	if err := yaml.Unmarshal(text, &items); err != nil {
		return nil, fmt.Errorf("it is not what helm list writes: %w", err)
	}
	for _, item := range items { // the keys are sorted, and each release has all
		if item.Updated == "" || item.Status == "" || item.Name == "" {
			return nil, fmt.Errorf("it ends early, or is not what helm list writes: release %q has no name, status or time", item.Name)
		}
	}
	return items, nil
}

// releasesOf returns the four releases among those of a namespace. helm list leaves out those
// that are pending, unless it is asked for all: one that is not there is unknown, not missing.
func releasesOf(items []helmRelease, namespace string) []Release {
	var releases []Release
	found := false
	for _, part := range release.Parts() {
		r := Release{Release: release.Release{
			Name: part.Name, Chart: part.Chart, Status: release.StatusUnknown,
			Problem: "it is not in what helm list wrote, which leaves out releases that are pending or uninstalled",
		}}
		for _, item := range items {
			if chart, _ := chartOf(item.Chart); item.Namespace == namespace && (item.Name == part.Name || chart == part.Chart && !isPart(item.Name)) {
				r, found = item.release(), true
				break
			}
		}
		releases = append(releases, r)
	}
	if !found {
		return nil
	}
	return releases
}

func isPart(name string) bool {
	for _, part := range release.Parts() {
		if part.Name == name {
			return true
		}
	}
	return false
}

func (h *helmRelease) release() Release {
	chart, version := chartOf(h.Chart)
	r := Release{Release: release.Release{
		Name: h.Name, Chart: chart, Version: version, AppVersion: h.AppVersion, Status: h.Status,
	}}
	r.Revision, _ = strconv.Atoi(strings.Trim(string(h.Revision), `"`)) // what is no number is unknown
	// As Go prints a time; a clock reading may follow.
	text, _, _ := strings.Cut(h.Updated, " m=")
	if t, err := time.Parse("2006-01-02 15:04:05.999999999 -0700 MST", text); err == nil {
		r.UpdatedAt = t.UTC().Truncate(time.Second)
	}
	if r.Status == "" {
		r.Status = release.StatusUnknown
	}
	return r
}

var chartVersion = regexp.MustCompile(`^(.+?)-v?(\d+\.\d+\.\d+.*)$`)

// chartOf parts the name of a chart from its version.
func chartOf(text string) (name, version string) {
	if found := chartVersion.FindStringSubmatch(text); found != nil {
		return found[1], found[2]
	}
	return text, ""
}
