// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/release/common"
	helm "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage"
	"helm.sh/helm/v4/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// stored returns a reader of what Helm's own storage made of a release. Like the API server's, the
// list of secrets has their labels alone.
func stored(t *testing.T, r *helm.Release) *release.Reader {
	t.Helper()
	kube := fake.NewClientset()
	secrets := kube.CoreV1().Secrets(r.Namespace)
	if err := storage.Init(driver.NewSecrets(secrets)).Create(r); err != nil {
		t.Fatal(err)
	}
	scheme := metadatafake.NewTestScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	list, err := secrets.List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("%d secrets: %v", len(list.Items), err)
	}
	labels := &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}, ObjectMeta: list.Items[0].ObjectMeta}
	return &release.Reader{Secrets: secrets, Metadata: metadatafake.NewSimpleMetadataClient(scheme, labels), Namespace: r.Namespace}
}

// Helm's mock of a release, in each of Helm's states.
func TestHelmsMock(t *testing.T) {
	states := []common.Status{
		common.StatusUnknown, common.StatusDeployed, common.StatusUninstalled, common.StatusSuperseded, common.StatusFailed,
		common.StatusUninstalling, common.StatusPendingInstall, common.StatusPendingUpgrade, common.StatusPendingRollback,
	}
	of := &chart.Chart{Metadata: &chart.Metadata{Name: "thingpark-enterprise", Version: "2.0.0", AppVersion: "8.0.0"}}
	for i, state := range states {
		mock := helm.Mock(&helm.MockReleaseOptions{Name: "tpe", Namespace: "space", Version: i + 1, Status: state, Chart: of})
		all, err := stored(t, mock).Read(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", state, err)
		}
		want := fmt.Sprintf("tpe v%d %s thingpark-enterprise 2.0.0 8.0.0 Release mock", i+1, state)
		got := all[len(all)-1]
		if said := fmt.Sprintf("%s v%d %s %s %s %s %s", got.Name, got.Revision, got.Status, got.Chart, got.Version, got.AppVersion, got.Said); said != want || got.Problem != "" {
			t.Errorf("%s (%s), want %s", said, got.Problem, want)
		}
		if pending := mock.Info.Status.IsPending() || state == common.StatusUninstalling; release.Pending(got.Status) != pending {
			t.Errorf("%s: pending %v, want %v", state, !pending, pending)
		}
	}
}

// Helm's fixtures, the releases with which it tests itself.
func TestHelmsFixtures(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "helm.sh/helm/v4").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "testdata", "releases.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var fixtures []*helm.Release
	if err := yaml.Unmarshal(text, &fixtures); err != nil || len(fixtures) == 0 {
		t.Fatalf("%d releases: %v", len(fixtures), err)
	}
	for _, r := range fixtures {
		history, err := stored(t, r).History(t.Context(), r.Name)
		if err != nil || len(history) != 1 {
			t.Fatalf("%s: %d revisions: %v", r.Name, len(history), err)
		}
		got := history[0]
		if got.Number != r.Version || got.Status != string(r.Info.Status) {
			t.Errorf("%s: revision %d %s, want %d %s", r.Name, got.Number, got.Status, r.Version, r.Info.Status)
		}
	}
}
