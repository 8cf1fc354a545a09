// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"fmt"
	"slices"
)

// nodeName is the node's name in Kubernetes. It is also the address by which the
// API server reaches the kubelet, which refuses to be told a loopback address.
const nodeName = "localhost"

func (m *machine) kubelet() component {
	return component{"kubelet", []string{
		m.programs.Kubernetes, "kubelet",
		"--config=" + m.path("etc", "kubelet.yaml"),
		"--kubeconfig=" + m.path("kubeconfig", "kubelet"),
		"--hostname-override=" + nodeName,
		"--housekeeping-interval=1m", // of statistics, which nobody reads
		"--v=1",
	}}
}

// kubeletConfig makes a kubelet that is content with what it finds: either
// version of cgroups, swap, a nearly full disk.
//
//   - cgroupRoot: all of the lab's pods are in one cgroup, which Down removes.
//   - failCgroupV1: since 1.35 the kubelet refuses version 1 unless told; before
//     1.31 it does not know the word.
//   - makeIPTablesUtilChains: there is no kube-proxy to use them.
//   - resolvConf: there is no DNS in the lab.
//   - containerLogMaxSize: 10Mi is the kubelet's default.
func (n *Node) kubeletConfig(s settings) string {
	failCgroupV1 := "failCgroupV1: false"
	if slices.Contains([]string{"1.26", "1.27", "1.28", "1.30"}, s.Minor) {
		failCgroupV1 = "# failCgroupV1 is not known"
	}
	return fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
port: %d
healthzPort: 0
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: %q}
authorization: {mode: Webhook}
tlsCertFile: %q
tlsPrivateKeyFile: %q
containerRuntimeEndpoint: unix://%s
cgroupDriver: cgroupfs
cgroupRoot: %q
enforceNodeAllocatable: []
%s
failSwapOn: false
makeIPTablesUtilChains: false
resolvConf: ""
maxPods: 200
containerLogMaxSize: %s
imageGCHighThresholdPercent: 100
evictionHard:
  memory.available: 50Mi
  nodefs.available: 1%%
  imagefs.available: 1%%
`, s.Ports.Kubelet, n.path("pki", "ca.crt"), n.path("pki", "kubelet.crt"), n.path("pki", "kubelet.key"),
		containerdSocket, n.cgroup(), failCgroupV1, cmp.Or(n.MaxLogSize, "10Mi"))
}
