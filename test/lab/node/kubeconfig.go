// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// AdminKubeconfig is the path of the administrator's kubeconfig, if the lab is
// there.
func (n *Node) AdminKubeconfig() (string, error) {
	_, err := n.readSettings()
	return n.Kubeconfig(), err
}

// UserKubeconfig returns the path of a kubeconfig for a user who has no rights
// but those that RBAC gives to the name and the groups. The lab's authority signs
// the user's certificate.
func (n *Node) UserKubeconfig(name string, groups ...string) (string, error) {
	return n.UserKubeconfigFor(validity, name, groups...)
}

// UserKubeconfigFor is UserKubeconfig with a certificate that expires so soon.
func (n *Node) UserKubeconfigFor(valid time.Duration, name string, groups ...string) (string, error) {
	// The name becomes part of a path.
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@:-]{0,99}$`).MatchString(name) {
		return "", fmt.Errorf("make a kubeconfig for user %q: want letters, digits and . _ @ : -", name)
	}
	s, err := n.readSettings()
	if err != nil {
		return "", fmt.Errorf("make a kubeconfig for user %q: %w", name, err)
	}
	ca, err := readAuthority(n.path("pki"), "ca")
	if err != nil {
		return "", fmt.Errorf("make a kubeconfig for user %q: %w", name, err)
	}
	path := n.path("kubeconfig", "users", name)
	if err := n.writeKubeconfig(ca, s, path, valid, name, groups...); err != nil {
		return "", fmt.Errorf("make a kubeconfig for user %q: %w", name, err)
	}
	return path, nil
}

// writeKubeconfig writes a kubeconfig that needs no other file.
func (n *Node) writeKubeconfig(ca authority, s settings, path string, valid time.Duration, user string, groups ...string) error {
	id, err := ca.client(valid, user, groups...)
	if err != nil {
		return err
	}
	config := api.NewConfig()
	config.Clusters["lab"] = &api.Cluster{
		Server:                   fmt.Sprintf("https://127.0.0.1:%d", s.Ports.APIServer),
		CertificateAuthorityData: encodeCert(ca.cert.Raw),
	}
	config.AuthInfos[user] = &api.AuthInfo{ClientCertificateData: id.cert, ClientKeyData: id.key}
	config.Contexts["lab"] = &api.Context{Cluster: "lab", AuthInfo: user}
	config.CurrentContext = "lab"
	data, err := clientcmd.Write(*config)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return writeFile(path, data, 0o600)
}
