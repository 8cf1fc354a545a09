// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"net"
)

// serviceIP is the first address of the services' network, which Kubernetes
// gives to its own API server. Nothing routes it here.
var serviceIP = net.IPv4(10, 96, 0, 1)

func (m *machine) apiServer() component {
	return component{"kube-apiserver", []string{
		m.programs.Kubernetes, "kube-apiserver",
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", m.settings.Ports.Etcd),
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", m.settings.Ports.APIServer),
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none", // which refuses a loopback address
		"--service-cluster-ip-range=10.96.0.0/16",
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged",
		"--profiling=false",
		"--client-ca-file=" + m.path("pki", "ca.crt"),
		"--tls-cert-file=" + m.path("pki", "apiserver.crt"),
		"--tls-private-key-file=" + m.path("pki", "apiserver.key"),
		"--kubelet-certificate-authority=" + m.path("pki", "ca.crt"),
		"--kubelet-client-certificate=" + m.path("pki", "kubelet-client.crt"),
		"--kubelet-client-key=" + m.path("pki", "kubelet-client.key"),
		"--kubelet-preferred-address-types=Hostname", // the node is named localhost
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + m.path("pki", "tokens.crt"),
		"--service-account-signing-key-file=" + m.path("pki", "tokens.key"),
	}}
}

func (m *machine) controllerManager() component {
	return component{"kube-controller-manager", []string{
		m.programs.Kubernetes, "kube-controller-manager",
		"--kubeconfig=" + m.path("kubeconfig", "kube-controller-manager"),
		"--secure-port=0", // nobody asks it anything
		"--leader-elect=false",
		"--profiling=false",
		"--use-service-account-credentials",
		"--service-account-private-key-file=" + m.path("pki", "tokens.key"),
		"--root-ca-file=" + m.path("pki", "ca.crt"),
		"--cluster-signing-cert-file=" + m.path("pki", "ca.crt"),
		"--cluster-signing-key-file=" + m.path("pki", "ca.key"),
	}}
}

func (m *machine) scheduler() component {
	return component{"kube-scheduler", []string{
		m.programs.Kubernetes, "kube-scheduler",
		"--kubeconfig=" + m.path("kubeconfig", "kube-scheduler"),
		"--secure-port=0",
		"--leader-elect=false",
		"--profiling=false",
	}}
}
