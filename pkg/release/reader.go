// SPDX-License-Identifier: Apache-2.0

package release

import (
	"context"
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/metadata"
)

// A Reader reads Helm's secrets in a namespace. It may be used repeatedly: a secret that
// did not change is read once.
type Reader struct {
	Secrets   Secrets
	Metadata  metadata.Interface // for their labels alone
	Namespace string

	lock  sync.Mutex
	heads map[string]head // by the name of the secret
}

// Secrets are those of the namespace.
type Secrets interface {
	Get(ctx context.Context, name string, options metav1.GetOptions) (*corev1.Secret, error)
}

// A head is what readHead found in one version of a secret.
type head struct {
	version string
	payload *payload
}

// Rules returns the least permissions in a namespace with which a Reader can read.
func Rules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get", "list"}}}
}

// Read reads the latest revisions of the four Helm releases. A release that is not
// there under its usual name is looked for by its chart. What is damaged or went away
// in the meantime is said in its Problem; it is an error if the account cannot read secrets.
//
// Without any Helm release in the namespace the list is empty: ThingPark Enterprise
// may have been installed by other means.
func (r *Reader) Read(ctx context.Context) ([]Release, error) {
	revisions, err := r.list(ctx)
	if err != nil || len(revisions) == 0 {
		return nil, err
	}
	found := r.parts(ctx, revisions)
	if !slices.ContainsFunc(found, func(f *Revision) bool { return f != nil }) {
		return nil, nil
	}
	return r.releases(ctx, found, revisions)
}

// Names reads the names of the four Helm releases. For one that is not installed it is the name in
// the vendor's guide.
func (r *Reader) Names(ctx context.Context) ([]string, error) {
	revisions, err := r.list(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for i, found := range r.parts(ctx, revisions) {
		if found == nil {
			names = append(names, Parts()[i].Name)
			continue
		}
		names = append(names, found.Release)
	}
	return names, nil
}

// parts returns the latest revision of each of the four among all revisions: by its usual name, or
// by its chart if there is none of that name or it was uninstalled. It is nil if there is neither.
func (r *Reader) parts(ctx context.Context, revisions []*Revision) []*Revision {
	found := make([]*Revision, len(Parts()))
	var others []*Revision
	for _, revision := range latestOf(revisions) {
		if i := slices.IndexFunc(Parts(), func(p Part) bool { return p.Name == revision.Release }); i >= 0 {
			found[i] = revision
		} else {
			others = append(others, revision)
		}
	}
	if slices.ContainsFunc(found, (*Revision).gone) {
		r.byChart(ctx, others, found)
	}
	return found
}

// byChart fills in what is missing among those found, or was uninstalled, with releases that have
// other names.
func (r *Reader) byChart(ctx context.Context, others, found []*Revision) {
	const most = 16 // more Helm releases in one namespace than anybody has
	for _, revision := range others[:min(most, len(others))] {
		if r.fill(ctx, revision) != nil {
			continue // as far as we know, it is not one of the four
		}
		if i := partOf(revision.Chart); i >= 0 && (found[i] == nil || found[i].gone() && !revision.gone()) {
			found[i] = revision
		}
	}
}

// releases fills in what the data of the revisions tells, all at the same time. Those of
// all releases are there for what was before, the newest first.
func (r *Reader) releases(ctx context.Context, found, all []*Revision) ([]Release, error) {
	releases, errs := make([]Release, len(found)), make([]error, len(found))
	var wait sync.WaitGroup
	for i, revision := range found {
		if revision == nil {
			releases[i] = Release{Name: Parts()[i].Name, Chart: Parts()[i].Chart, Status: StatusMissing}
			continue
		}
		wait.Go(func() { releases[i], errs[i] = r.release(ctx, revision, all) })
	}
	wait.Wait()
	for _, err := range errs {
		if fatal(err) {
			return nil, err
		}
	}
	return releases, nil
}

// release returns what the data of a revision tells, and how it came to it.
func (r *Reader) release(ctx context.Context, revision *Revision, all []*Revision) (Release, error) {
	err := r.fill(ctx, revision)
	release := newRelease(revision, err)
	var before []*Revision
	for _, other := range all {
		if other.Release == revision.Release && other.Number < revision.Number {
			before = append(before, other)
		}
	}
	to, rolled := revision.rolledBackTo()
	if !rolled && !fatal(err) {
		if failed := r.goodBefore(ctx, &release, revision, before); failed != nil {
			return release, failed
		}
	}
	if err != nil || !rolled {
		return release, err
	}
	release.RolledBack = &Rollback{To: to}
	if len(before) == 0 {
		return release, nil
	}
	from := before[0]
	err = r.fill(ctx, from) // one that is damaged tells less
	release.RolledBack.From, release.RolledBack.Status = from.Number, from.Status
	release.RolledBack.Version, release.RolledBack.AppVersion = from.Version, from.AppVersion
	if !fatal(err) {
		err = nil
	}
	return release, err
}

// goodBefore fills in what the last revision that was installed tells of a release, where that matters.
func (r *Reader) goodBefore(ctx context.Context, release *Release, revision *Revision, before []*Revision) error {
	pending := Pending(revision.Status)
	if !pending && !revision.fresh() {
		return nil
	}
	good, err := r.lastGood(ctx, before)
	switch {
	case err != nil || good == nil:
		return err
	case pending:
		release.LastGood = good.Number
	default:
		release.VersionBefore = good.Version
	}
	return nil
}

// lastGood returns the newest revision that was installed and is not damaged; nil if there is none.
func (r *Reader) lastGood(ctx context.Context, revisions []*Revision) (*Revision, error) {
	for _, revision := range revisions {
		if !revision.Good() {
			continue // its data need not be read
		}
		switch err := r.fill(ctx, revision); {
		case fatal(err):
			return nil, err
		case err == nil && revision.Good():
			return revision, nil
		}
	}
	return nil, nil
}

// History reads the labels of all revisions of a Helm release, the newest first.
func (r *Reader) History(ctx context.Context, release string) ([]*Revision, error) {
	all, err := r.list(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(revision *Revision) bool { return revision.Release != release }), nil
}

// list reads the labels of all revisions in the namespace, the newest of each Helm release first.
func (r *Reader) list(ctx context.Context) ([]*Revision, error) {
	options := metav1.ListOptions{LabelSelector: "owner=helm", Limit: 500}
	var all []*Revision
	for {
		page, err := r.Metadata.Resource(corev1.SchemeGroupVersion.WithResource("secrets")).Namespace(r.Namespace).List(ctx, options)
		if err != nil {
			return nil, fmt.Errorf("list the secrets of Helm in namespace %q: %w", r.Namespace, err)
		}
		for _, item := range page.Items {
			if revision, ok := newRevision(item.ObjectMeta); ok {
				all = append(all, revision)
			}
		}
		if options.Continue = page.Continue; options.Continue == "" {
			slices.SortFunc(all, func(a, b *Revision) int { return b.Number - a.Number })
			return all, nil
		}
	}
}

// latestOf returns the newest revision of each Helm release.
func latestOf(revisions []*Revision) []*Revision {
	var latest []*Revision
	for _, revision := range revisions {
		if !slices.ContainsFunc(latest, func(l *Revision) bool { return l.Release == revision.Release }) {
			latest = append(latest, revision)
		}
	}
	return latest
}

// fill reads what the data of a revision says of its chart.
func (r *Reader) fill(ctx context.Context, revision *Revision) error {
	p, err := r.head(ctx, revision)
	if err != nil {
		return err
	}
	revision.Chart, revision.Version, revision.AppVersion = p.chart, p.version, p.appVersion
	revision.Description = p.description
	if p.status != "" {
		revision.Status = p.status // as Helm itself reads it; the label may be missing
	}
	if !p.deployed.IsZero() {
		revision.UpdatedAt = p.deployed.UTC()
		revision.begunBy(revision.UpdatedAt)
	}
	return nil
}

func (r *Reader) head(ctx context.Context, revision *Revision) (*payload, error) {
	r.lock.Lock()
	known, ok := r.heads[revision.secret]
	r.lock.Unlock()
	if ok && known.version == revision.version {
		return known.payload, nil
	}
	data, err := r.data(ctx, revision.secret)
	if err != nil {
		return nil, err
	}
	p, err := readHead(data)
	if err != nil {
		return nil, &DamagedError{revision.secret, err}
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.heads == nil {
		r.heads = map[string]head{}
	}
	r.heads[revision.secret] = head{revision.version, p}
	return p, nil
}

// data reads the data of a secret.
func (r *Reader) data(ctx context.Context, secret string) ([]byte, error) {
	s, err := r.Secrets.Get(ctx, secret, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("get secret %q in namespace %q: %w", secret, r.Namespace, err)
	}
	return s.Data["release"], nil
}
