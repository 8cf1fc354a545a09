// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"net"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/build"
)

// containerdSocket is where containerd listens, in the lab's mount namespace.
const containerdSocket = "/run/containerd/containerd.sock"

// pauseImage is what holds the namespaces of a pod.
const pauseImage = "lab.invalid/pause:1"

func (m *machine) containerd() component {
	return component{"containerd", []string{m.programs.Containerd, "--config", m.path("etc", "containerd.toml")}}
}

// containerdConfig leaves every path as it is: the lab has a mount namespace of
// its own.
//
//   - restrict_oom_score_adj: without the capability CAP_SYS_RESOURCE, which root
//     lacks in some virtual machines and containers, no pod would start.
//   - disabled plugins: nri listens on a socket that nobody uses, opt makes a
//     folder in /opt of the machine.
func (n *Node) containerdConfig() string {
	return fmt.Sprintf(`version = 3
disabled_plugins = ['io.containerd.nri.v1.nri', 'io.containerd.internal.v1.opt']

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = %q

[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  disable_apparmor = true
  stats_collect_period = '1m' # of statistics, which nobody reads
  use_internal_loopback = true # instead of a program for each pod

[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = [%q]
  conf_dir = %q
`, pauseImage, build.CNIFolder, n.path("etc", "cni"))
}

// cniConfig connects each pod to the machine by a link of its own. Pods have no
// way out: no address is translated, and no rule of a firewall is made.
func (n *Node) cniConfig() string {
	return fmt.Sprintf(`{
  "cniVersion": "0.4.0",
  "name": "kubectl-tpe-lab-%s",
  "plugins": [{
    "type": "ptp",
    "ipMasq": false,
    "ipam": {"type": "host-local", "subnet": %q, "routes": [{"dst": "0.0.0.0/0"}]}
  }]
}
`, n.Name, n.network())
}

// network is the pods' network, as text.
func (n *Node) network() string {
	subnet := n.subnet()
	return (&net.IPNet{IP: subnet.IP, Mask: subnet.Mask}).String()
}
