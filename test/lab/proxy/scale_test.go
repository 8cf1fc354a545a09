// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"errors"
	"io"
	"io/fs"
	"net"

	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

func TestAScaleWeighsBothWays(t *testing.T) {
	dir := t.TempDir()
	direct, through := filepath.Join(dir, "direct"), filepath.Join(dir, "through")
	if err := clientcmd.WriteToFile(plain("http://"+echo(t)), direct); err != nil {
		t.Fatal(err)
	}
	scale, err := Weigh(direct, through)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = scale.Close() }()
	config, err := clientcmd.LoadFromFile(through)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", strings.TrimPrefix(config.Clusters["lab"].Server, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, "twelve bytes"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 12)); err != nil {
		t.Fatal(err)
	}
	if got := scale.Bytes(); got != 24 {
		t.Errorf("%d bytes, want twelve each way", got)
	}
	if _, err := Weigh(filepath.Join(dir, "none"), through); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a kubeconfig: %v", err)
	}
}
