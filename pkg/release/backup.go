// SPDX-License-Identifier: Apache-2.0

package release

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// A Backup is what thingpark-enterprise-controller says of one.
type Backup struct {
	Name       string `json:"name"`
	AppVersion string `json:"appVersion,omitempty"`
	Chart      string `json:"chart,omitempty"` // with its version
	Release    string `json:"release,omitempty"`
	Namespace  string `json:"namespace,omitempty"`
	Revision   string `json:"revision,omitempty"`
	Time       string `json:"time,omitempty"`
	Type       string `json:"type,omitempty"`
	Problem    string `json:"problem,omitempty"` // why there is no more than the name

	// Matches says whether the backup can be restored into what the plan leads
	// back to: its app version, chart and namespace must be the same.
	Matches bool `json:"matches"`
}

// BackupNames returns the names of backups in what list-backups printed, the newest
// first. How it prints them is not public, but how they are named is.
func BackupNames(text []byte) []string {
	names := regexp.MustCompile(`thingpark-enterprise-backup-\d{14}`).FindAllString(string(text), -1)
	slices.Sort(names)
	names = slices.Compact(names)
	slices.Reverse(names)
	return names
}

// ReadBackup reads what get-backup-metadatas printed of a backup: the message of an
// Ansible task, in which the metadata are lines of YAML. The sample is in the vendor's
// rollback guide of 7.1.
func ReadBackup(name string, text []byte) (Backup, error) {
	var metadata struct {
		ID   string `json:"id"`
		Time string `json:"tm"`
		Type string `json:"type"`
		Helm struct {
			AppVersion string `json:"appVersion"`
			Chart      string `json:"chart"`
			Release    string `json:"releaseName"`
			Namespace  string `json:"releaseNamespace"`
			Revision   any    `json:"revision"`
		} `json:"helm"`
	}
	lines, err := messages(string(text), "helm:")
	if err != nil {
		return Backup{}, err
	}
	if err := yaml.Unmarshal([]byte(strings.Join(lines, "\n")), &metadata); err != nil {
		return Backup{}, fmt.Errorf("the metadata is not YAML: %w", err)
	}
	if metadata.ID != name {
		return Backup{}, fmt.Errorf("the metadata belongs to %q", metadata.ID)
	}
	b := Backup{
		Name: name, Time: metadata.Time, Type: metadata.Type,
		AppVersion: metadata.Helm.AppVersion, Chart: metadata.Helm.Chart,
		Release: metadata.Helm.Release, Namespace: metadata.Helm.Namespace,
	}
	if metadata.Helm.Revision != nil {
		b.Revision = fmt.Sprint(metadata.Helm.Revision)
	}
	return b, nil
}

// messages returns the message of the task whose lines include the wanted one.
func messages(text, want string) ([]string, error) {
	const ok = " ok: "
	for at := strings.Index(text, ok); at >= 0; at = strings.Index(text, ok) {
		text = text[at+len(ok):]
		var task struct {
			Lines []string `json:"msg"`
		}
		// Tasks of other messages do not fit, and do not matter.
		if json.NewDecoder(strings.NewReader(text)).Decode(&task) == nil && slices.Contains(task.Lines, want) {
			return task.Lines, nil
		}
	}
	return nil, fmt.Errorf("no task of it printed metadata")
}
