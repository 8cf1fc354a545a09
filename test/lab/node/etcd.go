// SPDX-License-Identifier: Apache-2.0

package node

import "fmt"

// etcd holds the cluster's objects. A lab is not worth waiting for a disk: after
// a crash of the machine it may have to be made anew.
func (m *machine) etcd() component {
	client := fmt.Sprintf("http://127.0.0.1:%d", m.settings.Ports.Etcd)
	const peer = "http://127.0.0.1:0" // etcd wants one, even when alone
	return component{"etcd", []string{
		m.programs.Kubernetes, "etcd",
		"--name=lab",
		"--data-dir=" + m.path("etcd"),
		"--unsafe-no-fsync",
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=lab=" + peer,
	}}
}
