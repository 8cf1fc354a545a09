// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A HelmRevision is one revision of a Helm release.
type HelmRevision struct {
	Name        string            `json:"name"`
	Chart       string            `json:"chart"`
	Version     string            `json:"version"`
	App         string            `json:"app"`
	Revision    int               `json:"revision"`
	Status      string            `json:"status"`      // deployed unless it is said
	Description string            `json:"description"` // "Upgrade complete" unless it is said
	Ago         string            `json:"ago"`         // since it was deployed
	Labels      map[string]string `json:"labels"`      // instead of Helm's; empty for none
	Values      map[string]any    `json:"values"`
}

// secret returns the secret of a revision that was deployed as long ago as it says.
func (h HelmRevision) secret(now time.Time) (*unstructured.Unstructured, error) {
	ago, err := time.ParseDuration(h.Ago)
	if err != nil {
		return nil, fmt.Errorf("helm: release %s: %w", h.Name, err)
	}
	return h.Secret(now.Add(-ago))
}

// Secret returns a revision that was deployed at a time as Helm's driver for secrets stores
// it, pkg/storage/driver/secrets.go in helm.sh/helm.
func (h HelmRevision) Secret(deployed time.Time) (*unstructured.Unstructured, error) {
	deployed = deployed.UTC()
	h.Status, h.Description = cmp.Or(h.Status, "deployed"), cmp.Or(h.Description, "Upgrade complete")
	data, err := h.data(deployed)
	if err != nil {
		return nil, err
	}
	labels := map[string]any{
		"name": h.Name, "owner": "helm", "status": h.Status, "version": strconv.Itoa(h.Revision),
		"modifiedAt": strconv.FormatInt(deployed.Unix(), 10),
	}
	for name, value := range h.Labels {
		if labels[name] = value; value == "" {
			delete(labels, name)
		}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
		"metadata": map[string]any{
			"name":      fmt.Sprintf("sh.helm.release.v1.%s.v%d", h.Name, h.Revision),
			"namespace": Namespace, "labels": labels, "creationTimestamp": deployed.Format(time.RFC3339),
		},
		"data": map[string]any{"release": base64.StdEncoding.EncodeToString(data)},
	}}, nil
}

// data is the release as JSON, compressed and in base64.
func (h HelmRevision) data(deployed time.Time) ([]byte, error) {
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	err := json.NewEncoder(zipped).Encode(map[string]any{
		"name": h.Name, "namespace": Namespace, "version": h.Revision, "config": h.Values, "manifest": "",
		"info": map[string]any{
			"first_deployed": deployed, "last_deployed": deployed, "deleted": "",
			"description": h.Description, "status": h.Status,
		},
		"chart": map[string]any{"metadata": map[string]any{
			"apiVersion": "v2", "name": h.Chart, "version": h.Version, "appVersion": h.App,
		}},
	})
	if err == nil {
		err = zipped.Close()
	}
	return base64.StdEncoding.AppendEncode(nil, b.Bytes()), err
}
