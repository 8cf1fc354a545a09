// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/util/homedir"
)

// kubeFlags are kubectl's own flags, which say where to ask, and as whom. They are
// those of cli-runtime's genericclioptions.ConfigFlags, which would link a client for
// each kind of Kubernetes.
type kubeFlags struct {
	kubeconfig string
	overrides  clientcmd.ConfigOverrides
	userExtra  []string
}

func (f *kubeFlags) add(flags *pflag.FlagSet) {
	f.overrides.ClusterDefaults = clientcmd.ClusterDefaults
	names := clientcmd.RecommendedConfigOverrideFlags("")
	names.AuthOverrideFlags.Username, names.AuthOverrideFlags.Password = clientcmd.FlagInfo{}, clientcmd.FlagInfo{}
	names.ClusterOverrideFlags.APIServer.ShortName = "s"
	clientcmd.BindOverrideFlags(&f.overrides, flags, names)
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "Path to the kubeconfig file to use for CLI requests.")
	flags.StringArrayVar(&f.userExtra, "as-user-extra", nil, "User extras to impersonate for the operation, this flag can be repeated to specify multiple values for the same key.")
	flags.String("cache-dir", "", "Default cache directory; this plugin keeps nothing in it")
}

// check refuses what none of these flags means. kubectl asks the API server for some of it, which
// has no such namespace.
func (f *kubeFlags) check(flags *pflag.FlagSet) error {
	if namespace := f.overrides.Context.Namespace; namespace != "" && len(validation.IsDNS1123Label(namespace)) > 0 {
		return wrongFlag(flags.Lookup("namespace"), "want a name of at most 63 lower case letters, digits and '-'")
	}
	if timeout, err := clientcmd.ParseTimeout(f.overrides.Timeout); err != nil || timeout < 0 {
		return wrongFlag(flags.Lookup("request-timeout"), "want a time such as 1s, 2m or 3h")
	}
	for _, extra := range f.userExtra {
		if key, _, ok := strings.Cut(extra, "="); extra != "" && (!ok || key == "") {
			return wrongFlag(flags.Lookup("as-user-extra"), "want KEY=VALUE")
		}
	}
	return nil
}

// loader reads the kubeconfig, with what the flags say instead.
func (f *kubeFlags) loader() clientcmd.ClientConfig {
	rules := loadingRules()
	rules.DefaultClientConfig = &clientcmd.DefaultClientConfig
	rules.ExplicitPath = f.kubeconfig
	overrides := f.overrides
	for _, extra := range f.userExtra {
		if key, value, ok := strings.Cut(extra, "="); ok {
			if overrides.AuthInfo.ImpersonateUserExtra == nil {
				overrides.AuthInfo.ImpersonateUserExtra = map[string][]string{}
			}
			overrides.AuthInfo.ImpersonateUserExtra[key] = append(overrides.AuthInfo.ImpersonateUserExtra[key], value)
		}
	}
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &overrides)
}

// loadingRules are kubectl's. Only without a home they leave out .kube/config of the current
// folder, which client-go would read: a kubeconfig can run programs.
func loadingRules() *clientcmd.ClientConfigLoadingRules {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if homedir.HomeDir() == "" {
		rules.MigrationRules = nil
		rules.Precedence = slices.DeleteFunc(rules.Precedence, func(file string) bool { return !filepath.IsAbs(file) && file == clientcmd.RecommendedHomeFile })
	}
	return rules
}

// checkContext says what of the context is missing in the kubeconfig, which then does not say
// where to ask, or as whom. client-go asks localhost:8080 instead, or without credentials.
func (f *kubeFlags) checkContext(raw *clientcmdapi.Config) error {
	o := &f.overrides
	server := o.ClusterInfo.Server != "" || o.Context.Cluster != ""
	user := o.AuthInfo.Token != "" || o.AuthInfo.ClientCertificate != "" || o.Context.AuthInfo != ""
	name := cmp.Or(o.CurrentContext, raw.CurrentContext)
	context := raw.Contexts[name]
	switch {
	case len(raw.Clusters) == 0:
		return nil
	case name == "" && !server:
		return fmt.Errorf("no cluster to ask: the kubeconfig has no current context; use --context, it has %s", strings.Join(slices.Sorted(maps.Keys(raw.Contexts)), ", "))
	case context == nil:
		return nil // client-go says so of a name
	case !server && raw.Clusters[context.Cluster] == nil:
		return fmt.Errorf("no cluster to ask: context %q names the cluster %q, and the kubeconfig does not have it", name, context.Cluster)
	case !user && context.AuthInfo != "" && raw.AuthInfos[context.AuthInfo] == nil:
		return fmt.Errorf("context %q names the user %q, and the kubeconfig does not have it", name, context.AuthInfo)
	}
	return nil
}

// noCluster says why there is no cluster to ask: which files were looked for, and what of
// them is missing or names none.
func (f *kubeFlags) noCluster() string {
	rules := loadingRules()
	files, source := rules.Precedence, "by default"
	if os.Getenv(clientcmd.RecommendedConfigPathEnvVar) != "" {
		source = clientcmd.RecommendedConfigPathEnvVar
	}
	if f.kubeconfig != "" {
		files, source = []string{f.kubeconfig}, "--kubeconfig"
	}
	var found []string
	for _, file := range files {
		info, err := os.Stat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			found = append(found, file+" does not exist")
		case err != nil:
			found = append(found, err.Error())
		case info.Size() == 0:
			found = append(found, file+" is empty")
		default:
			found = append(found, file+" names no cluster")
		}
	}
	if len(found) == 0 {
		return "there is no kubeconfig; set KUBECONFIG or use --kubeconfig"
	}
	return fmt.Sprintf("%s (%s); set KUBECONFIG or use --kubeconfig", strings.Join(found, ", "), source)
}
