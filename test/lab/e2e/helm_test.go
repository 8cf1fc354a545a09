// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/release/common"
	helm "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage"
	"helm.sh/helm/v4/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"
)

// valuesOf are pairs of a chart's values and a user's, on which it is easy to differ
// from Helm: nulls on both sides, tables over other things, numbers of all sizes.
var valuesOf = [][2]string{
	{"a: 1\nb: {c: 2, d: null, e: {f: 3, g: null}}\nh: null\ni: [1, 2]\nj: {k: 1}\nl: 1\n",
		"b: {c: null, x: null, e: {f: null, y: 4}}\nh: 5\ni: [3]\nj: 6\nl: {m: 7}\nn: null\n"},
	{"a: 1\n", "{}"},
	{"{}", "big: 1000000\nhuge: 123456789012345678\nsmall: 0.1\nfloat: 2.0\nexp: 1e30\ntext: \"12\"\nyes: \"yes\"\nempty: \"\"\nmulti: \"a\\nb\\n\"\nescape: \"\\e[2J\"\ntable: {}\nlist: []\nnull_: null\n"},
	{"global: {x: 1, y: null}\ndeep: {a: {b: {c: {d: null, e: 1}}}}\n", "global: {x: null, z: 2}\ndeep: {a: {b: {c: {e: null, n: null}}}}\n"},
}

// TestValuesAreHelms compares what values writes with Helm's own code, on secrets that
// Helm's own driver wrote and reads.
func TestValuesAreHelms(t *testing.T) {
	s := openSuite(t)
	config, err := clientcmd.BuildConfigFromFlags("", s.node.Kubeconfig())
	check(t, err)
	client, err := kubernetes.NewForConfig(config)
	check(t, err)
	namespace, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-values-"}}, metav1.CreateOptions{})
	check(t, err)
	t.Cleanup(func() { s.forget(namespace.Name) })
	store := storage.Init(driver.NewSecrets(client.CoreV1().Secrets(namespace.Name)))
	for i, values := range valuesOf {
		check(t, store.Create(&helm.Release{
			Name: "tpe", Namespace: namespace.Name, Version: i + 1,
			Info: &helm.Info{Status: common.StatusDeployed},
			Chart: &chart.Chart{
				Metadata: &chart.Metadata{APIVersion: "v2", Name: "thingpark-enterprise", Version: "2.0.0"},
				Values:   table(t, values[0]),
			},
			Config: table(t, values[1]),
		}))
	}
	for i := range valuesOf {
		stored, err := store.Get("tpe", i+1)
		check(t, err)
		r := stored.(*helm.Release)
		computed, err := util.CoalesceValues(r.Chart, r.Config)
		check(t, err)
		for flag, want := range map[string]map[string]any{"--all=false": r.Config, "--all": computed} {
			cmd := exec.Command(filepath.Join(s.plugin, "kubectl-tpe"), "values", "tpe", "-n", namespace.Name, "--revision", strconv.Itoa(i+1), flag)
			cmd.Env = append(os.Environ(), "KUBECONFIG="+s.node.Kubeconfig())
			got, err := cmd.Output()
			check(t, err)
			if diff := cmp.Diff(normal(t, want), normal(t, table(t, string(got)))); diff != "" {
				t.Errorf("revision %d, %s (-Helm +kubectl tpe):\n%s", i+1, flag, diff)
			}
		}
	}
}

// TestStatusesAreExplained takes Helm's own words.
func TestStatusesAreExplained(t *testing.T) {
	s := openSuite(t)
	for _, status := range []common.Status{
		common.StatusUnknown, common.StatusDeployed, common.StatusUninstalled, common.StatusSuperseded, common.StatusFailed,
		common.StatusUninstalling, common.StatusPendingInstall, common.StatusPendingUpgrade, common.StatusPendingRollback,
	} {
		out, err := exec.Command(filepath.Join(s.plugin, "kubectl-tpe"), "explain", status.String()).CombinedOutput()
		if err != nil || !strings.Contains(string(out), status.String()+" (Helm status): ") {
			t.Errorf("explain %s: %v\n%s", status, err, out)
		}
	}
}

func table(t *testing.T, text string) map[string]any {
	t.Helper()
	var values map[string]any
	check(t, yaml.Unmarshal([]byte(text), &values))
	return values
}

// normal writes values as Helm's command does.
func normal(t *testing.T, values map[string]any) string {
	t.Helper()
	text, err := yaml.Marshal(values)
	check(t, err)
	return string(text)
}
