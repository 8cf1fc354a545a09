// SPDX-License-Identifier: Apache-2.0

package tpe

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	helm "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage"
	"helm.sh/helm/v4/pkg/storage/driver"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/image"
)

var now = time.Date(2025, 5, 13, 10, 0, 0, 0, time.UTC)

func inventory(t *testing.T) Inventory {
	t.Helper()
	i, err := ReadInventory()
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func scenarios(t *testing.T) []Scenario {
	t.Helper()
	all, err := Scenarios()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func scenario(t *testing.T, name string) Scenario {
	t.Helper()
	s, err := FindScenario(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func render(t *testing.T, s Scenario, release string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := newRenderer(t, s, release).objects()
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func newRenderer(t *testing.T, s Scenario, release string) renderer {
	return renderer{scenario: s, release: release, inventory: inventory(t), namespace: "tpe-1", dir: "/lab"}
}

// find returns the object of this kind and name as its own type.
func find[T any](t *testing.T, objects []*unstructured.Unstructured, kind, name string) *T {
	t.Helper()
	for _, u := range objects {
		if u.GetKind() == kind && u.GetName() == name {
			typed := new(T)
			if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(u.Object, typed, true); err != nil {
				t.Fatalf("%s %s: %v", kind, name, err)
			}
			return typed
		}
	}
	t.Fatalf("no %s %s", kind, name)
	return nil
}

func TestInventoryIsConsistent(t *testing.T) {
	i := inventory(t)
	names, keys := map[string]bool{}, map[string]bool{}
	for _, w := range i.Workloads {
		if names[w.Name] {
			t.Errorf("two workloads are named %s: changes go by name", w.Name)
		}
		names[w.Name], keys[w.Kind+"/"+w.Name] = true, true
		if w.Owner != "" && !keys[w.Owner] {
			t.Errorf("%s: owner %s does not come before it", w.Name, w.Owner)
		}
		if !slices.ContainsFunc(i.Releases, func(r Release) bool { return r.Name == w.Release }) {
			t.Errorf("%s: no Helm release %q", w.Name, w.Release)
		}
		if w.Source == "" {
			t.Errorf("%s: says nothing of its source", w.Name)
		}
		if (w.Kind == "StatefulSet") && strings.HasPrefix(w.Name, "mongo") != (w.Update == "OnDelete") {
			t.Errorf("%s: update %q", w.Name, w.Update)
		}
	}
	for _, r := range i.Releases {
		if len(r.Versions) != len(i.Releases[0].Versions) || r.Versions["8.0.0"] == "" || r.Versions["7.3.6"] == "" {
			t.Errorf("release %s has versions %v", r.Name, r.Versions)
		}
	}
}

func TestSetsHaveTheirSizes(t *testing.T) {
	count := func(set string) (workloads, pods int) {
		for _, w := range inventory(t).Select(set) {
			if !isJob(w.Kind) {
				workloads++
			}
			if w.Kind == "Deployment" || w.Kind == "StatefulSet" || w.Kind == "StrimziPodSet" {
				pods += int(w.Replicas)
			}
		}
		return workloads, pods
	}
	if workloads, pods := count(SetFull); workloads < 40 || workloads > 45 || pods > 80 {
		t.Errorf("full: %d workloads, %d pods, want about 40 and at most 80", workloads, pods)
	}
	if workloads, pods := count(SetPUM); workloads != 2 || pods > 3 {
		t.Errorf("pum: %d workloads, %d pods, want PUM and what its entries are about", workloads, pods)
	}
	if workloads, pods := count(SetSmall); workloads < 8 || workloads > 11 || pods > 15 {
		t.Errorf("small: %d workloads, %d pods, want about 8 and at most 15", workloads, pods)
	}
}

func TestEveryFileIsAScenario(t *testing.T) {
	files, err := fs.Glob(scenarioFiles, "scenarios/*")
	if err != nil {
		t.Fatal(err)
	}
	all := scenarios(t)
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".yaml")
		if !slices.ContainsFunc(all, func(s Scenario) bool { return s.Name == name }) {
			t.Errorf("%s: no scenario %s", file, name)
		}
	}
}

// What each scenario looks like is read in review: see test/recorded. The layouts of
// the one sample look alike.
func TestEveryScenarioIsRecorded(t *testing.T) {
	for _, s := range scenarios(t) {
		if strings.HasPrefix(s.Name, "layout-") {
			continue
		}
		if _, err := os.Stat("../../recorded/testdata/" + s.Name + ".jsonl"); err != nil {
			t.Errorf("%v: load the scenario and record it: see test/recorded", err)
		}
	}
}

func TestScenariosAreSound(t *testing.T) {
	for _, s := range scenarios(t) {
		if s.Description == "" || s.Description[len(s.Description)-1] == '.' {
			t.Errorf("%s: description %q", s.Name, s.Description)
		}
		if !slices.Contains(sets, s.Set) || s.Start != StartPUM && s.Start != StartReady {
			t.Errorf("%s: set %q, start %q", s.Name, s.Set, s.Start)
		}
		state, err := s.state(now)
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		for _, e := range state.Entries {
			if created, err := time.Parse(time.RFC3339, e.CreationTimestamp); err != nil || created.After(now) {
				t.Errorf("%s: entry %d was created at %q", s.Name, e.UID, e.CreationTimestamp)
			}
			if e.StateTimestamp == nil {
				continue
			}
			if changed, err := time.Parse(time.RFC3339, *e.StateTimestamp); err != nil || changed.After(now) {
				t.Errorf("%s: entry %d changed at %q", s.Name, e.UID, *e.StateTimestamp)
			}
		}
		if strings.HasPrefix(s.Name, "layout-") {
			continue // the objects are those of sample-8.0
		}
		releases := []string{s.Release}
		if s.From != "" {
			releases = append(releases, s.From)
		}
		for _, release := range releases {
			if err := sound(render(t, s, release)); err != nil {
				t.Errorf("%s, release %s: %v", s.Name, release, err)
			}
		}
	}
}

// sound checks objects as far as that is possible without an API server.
func sound(objects []*unstructured.Unstructured) error {
	seen := map[string]bool{}
	for _, u := range objects {
		key := u.GetKind() + "/" + u.GetName()
		if seen[key] {
			return fmt.Errorf("%s: twice", key)
		}
		seen[key] = true
		if problems := validation.NameIsDNSSubdomain(u.GetName(), false); len(problems) > 0 {
			return fmt.Errorf("%s: %q", key, problems)
		}
		if cluster := u.GetKind() == "PersistentVolume"; cluster == (u.GetNamespace() == "tpe-1") {
			return fmt.Errorf("%s: namespace %q", key, u.GetNamespace())
		}
		if _, ok := u.Object["status"]; ok {
			return fmt.Errorf("%s: has a status", key)
		}
		var typed any
		switch u.GetKind() {
		case "Deployment":
			typed = &appsv1.Deployment{}
		case "StatefulSet":
			typed = &appsv1.StatefulSet{}
		case "Job":
			typed = &batchv1.Job{}
		case "PersistentVolumeClaim":
			typed = &corev1.PersistentVolumeClaim{}
		default:
			continue
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(u.Object, typed, true); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

func TestScenarioFilesRefuseUnknownKeys(t *testing.T) {
	if _, err := parseScenario("x.yaml", []byte("title: typo\n")); err == nil || !strings.Contains(err.Error(), `unknown field "title"`) {
		t.Errorf("error %v, want one that names the key", err)
	}
	if _, err := parseScenario("x.yaml", []byte("pum: {answer: {cutt: x}}\n")); err == nil || !strings.Contains(err.Error(), "cutt") {
		t.Errorf("error %v, want one that names the key", err)
	}
}

func TestChangesNeedTheirWorkload(t *testing.T) {
	s := scenario(t, "healthy")
	s.Workloads = map[string]Change{"twa-admin": {}} // not in the small set
	_, err := newRenderer(t, s, "8.0.0").objects()
	if want := `scenario healthy: the set small has no workload "twa-admin"`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	_, err = newRenderer(t, scenario(t, "healthy"), "9.0.0").objects()
	if want := `scenario healthy: release "9.0.0" of ThingPark Enterprise is not in the inventory`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// Each sample in the folder samples must be what some scenario prints.
func TestScenariosPrintTheSamples(t *testing.T) {
	printed := map[string]bool{}
	for _, s := range scenarios(t) {
		var out strings.Builder
		state, err := s.state(now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := state.Print(&out, &out); err != nil {
			t.Fatal(err)
		}
		printed[out.String()] = true
	}
	files, err := filepath.Glob("samples/*.txt")
	if err != nil || len(files) < 14 {
		t.Fatalf("%d samples, error %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !printed[string(text)] {
			t.Errorf("no scenario prints %s", file)
		}
	}
}

func TestWorkloadsAreRenderedAsTheVendorHasThem(t *testing.T) {
	objects := render(t, scenario(t, "healthy-full"), "8.0.0")
	lrc := find[appsv1.StatefulSet](t, objects, "StatefulSet", "lrc")
	var containers []string
	for _, c := range lrc.Spec.Template.Spec.Containers {
		containers = append(containers, c.Name)
	}
	if diff := cmp.Diff([]string{"lrc", "lns-bridge", "lrc-sync", "sftp", "rfscan-batch", "lrr-fw-fetch"}, containers); diff != "" {
		t.Errorf("containers of lrc (-want +got):\n%s", diff)
	}
	annotations := map[string]string{"meta.helm.sh/release-name": "tpe", "meta.helm.sh/release-namespace": "tpe-1"}
	if diff := cmp.Diff(annotations, lrc.Annotations); diff != "" {
		t.Errorf("annotations of lrc (-want +got):\n%s", diff)
	}
	if got := lrc.Labels["app.kubernetes.io/managed-by"] + " " + lrc.Labels["helm.sh/chart"]; got != "Helm thingpark-enterprise-2.0.0" {
		t.Errorf("lrc is managed by %s", got)
	}
	mongo := find[appsv1.StatefulSet](t, objects, "StatefulSet", "mongo-replicaset-rs0")
	if mongo.Spec.UpdateStrategy.Type != appsv1.OnDeleteStatefulSetStrategyType || mongo.Annotations != nil {
		t.Errorf("mongo-replicaset-rs0: strategy %q, annotations %v, want OnDelete and none", mongo.Spec.UpdateStrategy.Type, mongo.Annotations)
	}
	fc := find[appsv1.Deployment](t, objects, "Deployment", "twa-dev-task-fc")
	if fc.Spec.Replicas == nil || *fc.Spec.Replicas != 0 {
		t.Errorf("twa-dev-task-fc has %v replicas, want 0", fc.Spec.Replicas)
	}
}

// The revision tells the operator which pods are old.
func TestPodSetsHoldPodsOfARevision(t *testing.T) {
	revisions := map[string]bool{}
	for _, release := range []string{"7.3.6", "8.0.0"} {
		for _, u := range render(t, scenario(t, "healthy"), release) {
			if u.GetKind() != "StrimziPodSet" {
				continue
			}
			pods, _, _ := unstructured.NestedSlice(u.Object, "spec", "pods")
			if len(pods) != 2 {
				t.Errorf("release %s: %d pods, want 2", release, len(pods))
			}
			for i, pod := range pods {
				pod := unstructured.Unstructured{Object: pod.(map[string]any)}
				if want := fmt.Sprintf("kafka-cluster-kafka-%d", i); pod.GetName() != want || pod.GetLabels()["strimzi.io/cluster"] != "kafka-cluster" {
					t.Errorf("pod %s with labels %v, want %s", pod.GetName(), pod.GetLabels(), want)
				}
				revisions[pod.GetAnnotations()["strimzi.io/revision"]] = true
			}
		}
	}
	if len(revisions) != 2 || revisions[""] {
		t.Errorf("revisions %v, want one for each release", revisions)
	}
}

func TestPatchesReachContainersByName(t *testing.T) {
	twa := find[appsv1.Deployment](t, render(t, scenario(t, "unschedulable"), "8.0.0"), "Deployment", "twa")
	c := twa.Spec.Template.Spec.Containers[0]
	if c.Resources.Requests.Cpu().Value() != 64 || c.Image == "" || c.ReadinessProbe == nil {
		t.Errorf("container %+v, want 64 CPUs asked for and everything else as before", c)
	}
	for _, u := range render(t, scenario(t, "ondelete"), "8.0.0") {
		if u.GetKind() == "PerconaServerMongoDB" {
			spec := u.Object["spec"].(map[string]any)
			if spec["updateStrategy"] != "OnDelete" || spec["image"] == "" || spec["replsets"] == nil {
				t.Errorf("spec %v, want OnDelete and everything else as before", spec)
			}
		}
	}
}

// Every image that a pod names must be one that the lab imports, or one that a
// scenario chose because it is not there: the lab asks no registry.
func TestImagesAreThere(t *testing.T) {
	there := map[string]bool{}
	for _, img := range images(programs{}, inventory(t)) {
		for _, name := range img.Names {
			if there[name] {
				t.Errorf("%s: two images", name)
			}
			there[name] = true
		}
	}
	for _, s := range scenarios(t) {
		if strings.HasPrefix(s.Name, "layout-") {
			continue // the objects are those of sample-8.0
		}
		for _, u := range render(t, s, s.Release) {
			eachContainer(u.Object, func(c map[string]any) {
				name, policy := c["image"].(string), c["imagePullPolicy"].(string)
				if !there[name] && !strings.HasPrefix(name, "127.0.0.1:1/") || there[name] && policy != "Never" {
					t.Errorf("%s: %s %s has image %s with policy %s", s.Name, u.GetKind(), u.GetName(), name, policy)
				}
			})
		}
	}
}

func eachContainer(value any, do func(map[string]any)) {
	switch v := value.(type) {
	case map[string]any:
		for key, field := range v {
			if items, ok := field.([]any); ok && key == "containers" {
				for _, c := range items {
					do(c.(map[string]any))
				}
			}
			eachContainer(field, do)
		}
	case []any:
		for _, item := range v {
			eachContainer(item, do)
		}
	}
}

// PUM's image of 8.0 must have no program that a path leads to but Node.js.
func TestImageOfPUMHasStatusOnlyUpTo73(t *testing.T) {
	paths := func(name string) []string {
		for _, img := range images(programs{}, inventory(t)) {
			if slices.Contains(img.Names, "repository.thingpark.com/thingpark-kubernetes/"+name) {
				return files(img)
			}
		}
		return nil
	}
	if diff := cmp.Diff([]string{"/standin", "/usr/local/bin/status", "/usr/local/bin/restart"}, paths("post-upgrade:1.5.0-1")); diff != "" {
		t.Errorf("7.3 (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/standin", "/nodejs/bin/node", "/app/app.js"}, paths("pum-server:1.5.2-1")); diff != "" {
		t.Errorf("8.0 (-want +got):\n%s", diff)
	}
}

func files(img image.Image) []string {
	var paths []string
	for _, f := range img.Files {
		paths = append(paths, f.Path)
	}
	return paths
}

func TestHelmReadsTheReleases(t *testing.T) {
	s := scenario(t, "healthy")
	s.Helm = map[string]HelmRelease{
		"tpe-data":        {Release: "7.3.6", Revision: 1},
		"tpe-controllers": {Missing: true},
		"tpe":             {Status: "pending-upgrade", Revision: 3, Padding: 1000},
	}
	secrets := fake.NewClientset().CoreV1().Secrets("tpe-1")
	if err := newRenderer(t, s, "8.0.0").install(secrets, now); err != nil {
		t.Fatal(err)
	}
	all, err := storage.Init(driver.NewSecrets(secrets)).ListReleases()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range all {
		r := r.(*helm.Release)
		got = append(got, fmt.Sprintf("%s v%d %s-%s of %s %s", r.Name, r.Version, r.Chart.Metadata.Name, r.Chart.Metadata.Version, r.Chart.Metadata.AppVersion, r.Info.Status))
	}
	slices.Sort(got)
	want := []string{
		"tpe v1 thingpark-enterprise-1.7.6 of 7.3.6 superseded",
		"tpe v2 thingpark-enterprise-2.0.0 of 8.0.0 superseded",
		"tpe v3 thingpark-enterprise-2.0.0 of 8.0.0 pending-upgrade",
		"tpe-data v1 thingpark-data-1.6.0 of 7.3.6 deployed",
		"tpe-data-controllers v1 thingpark-data-controllers-1.5.0 of 7.3.6 superseded",
		"tpe-data-controllers v2 thingpark-data-controllers-2.2.1 of 8.0.0 deployed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("releases (-want +got):\n%s", diff)
	}
}
