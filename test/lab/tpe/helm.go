// SPDX-License-Identifier: Apache-2.0

package tpe

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/release/common"
	helm "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage"
	"helm.sh/helm/v4/pkg/storage/driver"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"sigs.k8s.io/yaml"
)

// install writes the secrets of the four Helm releases as Helm itself does,
// through its storage driver, with a history. Helm takes minutes from one to the next,
// and nobody is to see half of them here: they are written at the same time.
func (r renderer) install(secrets corev1.SecretInterface, now time.Time) error {
	store := storage.Init(driver.NewSecrets(secrets))
	var all []*helm.Release
	for _, release := range r.inventory.Releases {
		revisions, err := r.revisions(release, now)
		if err != nil {
			return fmt.Errorf("release %s: %w", release.Name, err)
		}
		all = append(all, revisions...)
	}
	errs := make([]error, len(all))
	var written sync.WaitGroup
	for i, revision := range all {
		written.Go(func() {
			if err := store.Create(revision); err != nil {
				errs[i] = fmt.Errorf("release %s, revision %d: %w", revision.Name, revision.Version, err)
			}
		})
	}
	written.Wait()
	return errors.Join(errs...)
}

// revisions are the history of a Helm release: the first is of the release of
// ThingPark Enterprise before, the others are of the present one.
func (r renderer) revisions(release Release, now time.Time) ([]*helm.Release, error) {
	change := r.scenario.Helm[release.Name]
	if change.Missing {
		return nil, nil
	}
	last, present := 2, r.release
	if change.Release != "" {
		present = change.Release
	}
	if _, ok := release.Versions[present]; !ok {
		return nil, fmt.Errorf("release %q of ThingPark Enterprise is not in the inventory", present)
	}
	if change.Revision > 0 {
		last = change.Revision
	}
	deployed := now
	if r.scenario.From == "" && !change.New {
		deployed = now.Add(-26 * time.Hour)
	}
	var all []*helm.Release
	for version := 1; version <= last; version++ {
		of, status := present, common.StatusSuperseded
		if version == 1 && last > 1 {
			of = r.previous()
		}
		if version == last {
			status = common.StatusDeployed
		}
		if version == last && change.Status != "" {
			status = common.Status(change.Status)
		}
		revision, err := r.revision(release, of, version, status, change.Padding)
		if err != nil {
			return nil, err
		}
		const month = 30 * 24 * time.Hour
		revision.Info.FirstDeployed = deployed.Add(-month * time.Duration(last))
		revision.Info.LastDeployed = deployed.Add(-month * time.Duration(last-version))
		all = append(all, revision)
	}
	return all, nil
}

// revision is one revision. That all four charts carry the release of ThingPark
// Enterprise as their app version is assumed; of chart tpe it is public.
func (r renderer) revision(release Release, of string, version int, status common.Status, padding int) (*helm.Release, error) {
	manifest, err := r.manifest(release.Name)
	if err != nil {
		return nil, err
	}
	return &helm.Release{
		Name: release.Name, Namespace: r.namespace, Version: version,
		Info: &helm.Info{Status: status, Description: description(status, version)},
		Chart: &chart.Chart{Metadata: &chart.Metadata{
			APIVersion: "v2", Name: release.Chart, Version: release.Versions[of], AppVersion: of,
		}},
		Config:   values(release.Name),
		Manifest: manifest + noise(padding),
	}, nil
}

func description(status common.Status, version int) string {
	switch {
	case status == common.StatusFailed:
		return "Upgrade failed: timed out waiting for the condition"
	case status.IsPending():
		return "Preparing upgrade"
	case version == 1:
		return "Install complete"
	default:
		return "Upgrade complete"
	}
}

// values are made-up values of a user, one of which nobody else should see.
func values(release string) map[string]any {
	return map[string]any{
		"global": map[string]any{"imagePullSecrets": []any{"thingpark-image-pull-secret"}, "customerName": "lab"},
		release:  map[string]any{"password": "made-up-" + release, "replicaCount": 2.0},
	}
}

// manifest is what Helm rendered: the objects that carry the release's name.
func (r renderer) manifest(release string) (string, error) {
	objects, err := r.objects()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, object := range objects {
		if object.GetAnnotations()["meta.helm.sh/release-name"] != release {
			continue
		}
		text, err := yaml.Marshal(object)
		if err != nil {
			return "", err
		}
		b.WriteString("---\n" + string(text))
	}
	return b.String(), nil
}

// noise is a comment of so many bytes that do not compress well: a release
// secret is limited by its compressed size. It is the same every time.
func noise(n int) string {
	if n == 0 {
		return ""
	}
	source := rand.New(rand.NewPCG(1, 2))
	bytes := make([]byte, n*3/4)
	for i := range bytes {
		bytes[i] = byte(source.Uint32())
	}
	return "# " + base64.StdEncoding.EncodeToString(bytes) + "\n"
}

// backups are two made-up backups as thingpark-enterprise-controller lists
// them: one of the release before, one that an upgrade to this release took.
func (r renderer) backups() string {
	var all []map[string]any
	for i, stamp := range []string{"20250413023000", "20250513091609"} {
		all = append(all, map[string]any{
			"name":       "thingpark-enterprise-backup-" + stamp,
			"appVersion": r.previous(), "chart": "thingpark-enterprise-" + r.inventory.Releases[3].Versions[r.previous()],
			"releaseName": "tpe", "releaseNamespace": r.namespace, "revision": i + 1,
			"tm":   fmt.Sprintf("%s-%s-%sT%s:%s:%sZ", stamp[:4], stamp[4:6], stamp[6:8], stamp[8:10], stamp[10:12], stamp[12:]),
			"type": []string{"scheduled", "upgrade"}[i],
		})
	}
	text, err := json.Marshal(all)
	if err != nil {
		panic(err) // maps of strings and numbers
	}
	return string(text)
}

// previous is the release before, or the release itself if it is the oldest known.
func (r renderer) previous() string {
	releases := slices.Sorted(maps.Keys(r.inventory.Releases[0].Versions))
	at := slices.Index(releases, r.release)
	return releases[max(0, at-1)]
}
