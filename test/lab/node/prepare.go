// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/build"
)

// settled returns the lab's settings. A lab that is not there, or whose making
// was interrupted, or whose settings are damaged, is made from nothing.
func (n *Node) settled(ctx context.Context) (settings, error) {
	s, err := n.readSettings()
	switch {
	case err == nil && n.minor != "" && n.minor != s.Minor:
		return settings{}, fmt.Errorf("lab %s has Kubernetes %s, not %s: take it down first, or name another with LAB", n.Name, s.Minor, n.minor)
	case err == nil:
		return s, nil
	case errors.Is(err, errDamaged):
		n.logf("%v: recreating the lab", err)
	case !errors.Is(err, errNoLab):
		return settings{}, err
	}
	if err := n.erase(ctx); err != nil {
		return settings{}, err
	}
	return n.prepare()
}

// prepare makes the lab's folder: certificates, kubeconfigs and configuration.
func (n *Node) prepare() (settings, error) {
	s := settings{Minor: n.minor}
	if s.Minor == "" {
		s.Minor = build.DefaultMinor
	}
	if links, err := n.links(); err != nil || len(links) > 0 {
		return settings{}, errors.Join(err, fmt.Errorf("make lab %s: its network %s is in use by %q: name another with LAB", n.Name, n.network(), links))
	}
	var err error
	if s.Ports, err = freePorts(); err != nil {
		return settings{}, err
	}
	for _, dir := range []string{"pki", "log", "etc/cni", "kubeconfig"} {
		if err := os.MkdirAll(n.path(dir), 0o755); err != nil {
			return settings{}, err
		}
	}
	if err := n.writeIdentities(s); err != nil {
		return settings{}, fmt.Errorf("make the certificates of lab %s: %w", n.Name, err)
	}
	if err := n.writeConfiguration(s); err != nil {
		return settings{}, fmt.Errorf("make the configuration of lab %s: %w", n.Name, err)
	}
	return s, n.writeSettings(s)
}

// writeIdentities writes the certificates of servers and the kubeconfigs of clients.
func (n *Node) writeIdentities(s settings) error {
	ca, err := newAuthority()
	if err != nil {
		return err
	}
	files := map[string]func() (identity, error){
		"ca":        ca.identity,
		"apiserver": func() (identity, error) { return ca.server("kube-apiserver") },
		"kubelet":   func() (identity, error) { return ca.server("kubelet") },
		"kubelet-client": func() (identity, error) {
			return ca.client(validity, "kube-apiserver-kubelet-client", "system:masters")
		},
		"tokens": newKeyPair,
	}
	for name, make := range files {
		id, err := make()
		if err != nil {
			return err
		}
		if err := id.write(n.path("pki"), name); err != nil {
			return err
		}
	}
	users := map[string][]string{ // name and groups
		"admin":                   {"lab-admin", "system:masters"},
		"kube-controller-manager": {"system:kube-controller-manager"},
		"kube-scheduler":          {"system:kube-scheduler"},
		"kubelet":                 {"system:node:" + nodeName, "system:nodes"},
	}
	for file, user := range users {
		if err := n.writeKubeconfig(ca, s, n.path("kubeconfig", file), validity, user[0], user[1:]...); err != nil {
			return err
		}
	}
	return nil
}

func (n *Node) writeConfiguration(s settings) error {
	for path, text := range map[string]string{
		"etc/containerd.toml":     n.containerdConfig(),
		"etc/cni/10-lab.conflist": n.cniConfig(),
		"etc/kubelet.yaml":        n.kubeletConfig(s),
	} {
		if err := writeFile(n.path(path), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
