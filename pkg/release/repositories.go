// SPDX-License-Identifier: Apache-2.0

package release

import (
	"errors"
	"net/url"
	"strings"

	"sigs.k8s.io/yaml"
)

// chartsHost is where the vendor's charts are, by the upgrade procedure.
const chartsHost, chartsPath = "repository.thingpark.com", "/charts"

var errNotAList = errors.New("the list is not YAML as Helm writes it")

// Repository returns the name under which Helm's list of repositories knows the
// vendor's charts, or nothing. The list is the text of Helm's repositories.yaml.
//
// Only the name and the URL of each entry are used: the user and the password are the
// InstallationID, which is neither kept nor shown.
func Repository(list []byte) (name string, err error) {
	var file struct {
		Repositories []struct {
			Name string `json:"name"`
			URL  string `json:"url"`
		} `json:"repositories"`
	}
	if err := yaml.Unmarshal(list, &file); err != nil {
		return "", errNotAList // yaml's error may quote what it could not read
	}
	for _, r := range file.Repositories {
		u, err := url.Parse(r.URL)
		if err == nil && strings.EqualFold(u.Hostname(), chartsHost) && strings.TrimRight(u.Path, "/") == chartsPath {
			return r.Name, nil
		}
	}
	return "", nil
}

// RepositoryCommands returns the commands that add the vendor's charts to Helm's
// list, as the upgrade procedure has them.
func RepositoryCommands() []string {
	return []string{
		"helm repo add --username <InstallationID> --password <InstallationID> actility https://" + chartsHost + chartsPath,
		"helm repo update",
	}
}
