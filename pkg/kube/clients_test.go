// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"testing"

	"k8s.io/client-go/rest"
)

func TestNewClientsLeavesTheConfigAlone(t *testing.T) {
	config := &rest.Config{Host: "https://127.0.0.1:6443", QPS: 5}
	if _, err := NewClients(config); err != nil {
		t.Fatal(err)
	}
	if config.QPS != 5 || config.ContentType != "" || config.AcceptContentTypes != "" {
		t.Errorf("the config was changed to %+v", config)
	}
}
