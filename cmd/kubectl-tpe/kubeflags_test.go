// SPDX-License-Identifier: Apache-2.0

//go:build kubectl

package main

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/tools/clientcmd"
)

// The flags are kubectl's: the same names, and they say the same of where to ask.
func TestKubeFlagsAreKubectls(t *testing.T) {
	t.Setenv("KUBECONFIG", "testdata/kubeconfig.yaml")
	values := map[string][]string{
		"as": {"jane"}, "as-group": {"a", "b"}, "as-uid": {"7"}, "as-user-extra": {"k=1", "k=2", "none"},
		"cache-dir": {"x"}, "certificate-authority": {"ca"}, "client-certificate": {"c"}, "client-key": {"k"},
		"cluster": {"other"}, "context": {"other"}, "disable-compression": {"true"}, "insecure-skip-tls-verify": {"true"},
		"kubeconfig": {"testdata/kubeconfig.yaml"}, "namespace": {"x"}, "proxy-url": {"http://127.0.0.1:1"}, "request-timeout": {"3s"},
		"server": {"http://127.0.0.1:2"}, "tls-server-name": {"y"}, "token": {"t"}, "user": {"other"},
	}
	for _, name := range append(slices.Sorted(maps.Keys(values)), "") {
		var ours kubeFlags
		theirs := genericclioptions.NewConfigFlags(true)
		mine, kubectls := pflag.NewFlagSet("", pflag.ContinueOnError), pflag.NewFlagSet("", pflag.ContinueOnError)
		ours.add(mine)
		theirs.AddFlags(kubectls)
		if diff := cmp.Diff(names(kubectls), names(mine)); diff != "" {
			t.Fatalf("flags (-kubectl +ours):\n%s", diff)
		}
		for _, value := range values[name] {
			if err := kubectls.Set(name, value); err != nil {
				t.Fatal(err)
			}
			if err := mine.Set(name, value); err != nil {
				t.Errorf("--%s=%s: %v", name, value, err)
			}
		}
		if diff := cmp.Diff(said(theirs.ToRawKubeConfigLoader()), said(ours.loader())); diff != "" {
			t.Errorf("--%s (-kubectl +ours):\n%s", name, diff)
		}
	}
}

// names are the flags, each with its shorthand.
func names(flags *pflag.FlagSet) map[string]string {
	all := map[string]string{}
	flags.VisitAll(func(f *pflag.Flag) { all[f.Name] = f.Shorthand })
	return all
}

// said is where to ask, and as whom.
func said(loader clientcmd.ClientConfig) []any {
	namespace, given, err := loader.Namespace()
	config, failed := loader.ClientConfig()
	if failed != nil {
		return []any{namespace, given, fmt.Sprint(err), failed.Error()}
	}
	return []any{namespace, given, fmt.Sprint(err), config.String(), config.Host, config.BearerToken, config.CertFile, config.KeyFile, config.CAFile,
		config.Insecure, config.ServerName, config.Impersonate, config.Timeout, config.Proxy == nil, config.DisableCompression}
}
