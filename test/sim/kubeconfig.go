// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// newToken returns a secret.
func newToken() string { return rand.Text() }

// newCertificate returns a certificate for loopback, and itself as the authority.
func newCertificate() (tls.Certificate, []byte, error) {
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "simulated cluster"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &secret.PublicKey, secret)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: secret}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), err
}

// writeKubeconfig writes the file with which to ask the server.
func (s *Server) writeKubeconfig(address string, authority []byte) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["simulated"] = &clientcmdapi.Cluster{Server: address, CertificateAuthorityData: authority}
	config.AuthInfos[s.Access.User] = &clientcmdapi.AuthInfo{Token: s.token}
	config.Contexts["simulated"] = &clientcmdapi.Context{Cluster: "simulated", AuthInfo: s.Access.User, Namespace: Namespace}
	config.CurrentContext = "simulated"
	return clientcmd.WriteToFile(*config, s.kubeconfig)
}

// Merge writes one kubeconfig with a context for each of some servers' kubeconfigs, by the names
// of the contexts.
func Merge(file string, kubeconfigs map[string]string) error {
	merged := clientcmdapi.NewConfig()
	for name, one := range kubeconfigs {
		config, err := clientcmd.LoadFromFile(one)
		if err != nil {
			return err
		}
		context := config.Contexts[config.CurrentContext]
		merged.Clusters[name], merged.AuthInfos[name] = config.Clusters[context.Cluster], config.AuthInfos[context.AuthInfo]
		merged.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name, Namespace: context.Namespace}
	}
	return clientcmd.WriteToFile(*merged, file)
}
