// SPDX-License-Identifier: Apache-2.0

package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
)

// settings are chosen when a lab is made and kept until it is taken down. They
// are written last: a lab with settings is complete.
type settings struct {
	Minor string `json:"minor"`
	Ports ports  `json:"ports"`
}

// ports are on 127.0.0.1.
type ports struct {
	Etcd      int `json:"etcd"`
	APIServer int `json:"apiserver"`
	Kubelet   int `json:"kubelet"`
}

var (
	errNoLab   = errors.New("there is no such lab")
	errDamaged = errors.New("its settings are damaged")
)

// readSettings returns errNoLab or errDamaged when there are none that make sense.
func (n *Node) readSettings() (settings, error) {
	data, err := os.ReadFile(n.path("settings.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return settings{}, fmt.Errorf("lab %s: %w", n.Name, errNoLab)
	}
	if err != nil {
		return settings{}, err
	}
	var s settings
	if err := json.Unmarshal(data, &s); err != nil {
		return settings{}, fmt.Errorf("lab %s: %w: %w", n.Name, errDamaged, err)
	}
	if s.Minor == "" || s.Ports.Etcd == 0 || s.Ports.APIServer == 0 || s.Ports.Kubelet == 0 {
		return settings{}, fmt.Errorf("lab %s: %w", n.Name, errDamaged)
	}
	return s, nil
}

func (n *Node) writeSettings(s settings) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(n.path("settings.json"), data, 0o644)
}

// writeFile writes a file that is, at any moment, either as before or whole, whoever else
// writes it at the same time.
func writeFile(path string, data []byte, mode fs.FileMode) error {
	partial, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".partial")
	if err != nil {
		return err
	}
	_, err = partial.Write(data)
	err = errors.Join(err, partial.Chmod(mode), partial.Close())
	if err == nil {
		err = os.Rename(partial.Name(), path)
	}
	if err != nil {
		_ = os.Remove(partial.Name())
	}
	return err
}

// freePorts finds ports that nobody uses now. They are below those that the kernel
// gives to outgoing connections: none of these may be in the way when a component
// starts again.
func freePorts() (ports, error) {
	var found []int
	for range 1000 {
		port := 20000 + rand.IntN(10000)
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		// Held until all are found, so that they differ.
		defer func() { _ = listener.Close() }()
		if found = append(found, port); len(found) == 3 {
			return ports{Etcd: found[0], APIServer: found[1], Kubelet: found[2]}, nil
		}
	}
	return ports{}, errors.New("no three ports from 20000 to 29999 are free")
}

// subnet is the network of the lab's pods: one of the 512 of 198.18.0.0/15, which
// RFC 2544 sets aside for tests, so that it meets no network of the machine's. It
// follows from the lab's name alone, and so is known whatever became of the lab's
// folder.
func (n *Node) subnet() net.IPNet {
	hash := fnv.New32a()
	hash.Write([]byte(n.Name))
	i := hash.Sum32() % 512
	return net.IPNet{IP: net.IPv4(198, byte(18+i/256), byte(i%256), 0).To4(), Mask: net.CIDRMask(24, 32)}
}

// links are the names of the machine's network links with an address in the
// lab's network: the ends of its pods' links.
func (n *Node) links() ([]string, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	subnet := n.subnet()
	var names []string
	for _, link := range interfaces {
		addresses, err := link.Addrs()
		if err != nil {
			continue // a link that went away meanwhile
		}
		for _, address := range addresses {
			if ip, ok := address.(*net.IPNet); ok && subnet.Contains(ip.IP) {
				names = append(names, link.Name)
				break
			}
		}
	}
	return names, nil
}
