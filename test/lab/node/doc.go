// SPDX-License-Identifier: Apache-2.0

// Package node runs a real Kubernetes of one node on this machine, without
// docker, registry or image: its components are processes like any other.
//
//	the machine                        127.0.0.1 only
//	  kubectl, tests ----------------------> kube-apiserver
//	                                            |
//	+-- lab-init: a mount and a process ---------|--------------------+
//	|   namespace of the lab's own               |                    |
//	|   etcd <-- kube-apiserver <----------------+                    |
//	|              ^    ^    ^                                        |
//	|              |    |    +--- kube-controller-manager             |
//	|              |    +-------- kube-scheduler                      |
//	|              v                                                  |
//	|           kubelet ---> containerd ---> shim ---> runc           |
//	|                            |             |                      |
//	|                            |       +-----v-------------------+  |
//	|                            +-CNI-->| pods, each in a network |  |
//	|                                    | namespace of its own    |  |
//	|                                    +-------------------------+  |
//	+-----------------------------------------------------------------+
//
// Everything that a lab starts lives in its two namespaces. When lab-init is
// killed, the kernel kills all of it and takes back its mounts, network
// namespaces and links, in whatever state they were: Down needs no bookkeeping,
// and there are no process ids on disk that could be mistaken for another's. A
// process belongs to a lab when it is in the process namespace of a lab-init that
// was started with the lab's folder as argument.
//
// A lab's folder, /var/lib/kubectl-tpe-lab/NAME, holds the rest: certificates,
// configuration, the data of etcd and containerd, logs. Ports and the network of
// the pods differ from lab to lab, so several run side by side.
//
// What the node is not: there is no kube-proxy and no DNS, so services have no
// address that answers; pods reach each other by their own addresses only, and
// no further than this machine.
package node
