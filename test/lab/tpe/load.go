// SPDX-License-Identifier: Apache-2.0

package tpe

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/standin/pum"
)

// DefaultNamespace is the vendor's.
const DefaultNamespace = "thingpark-enterprise"

// Options say what to load, and where.
type Options struct {
	Kubeconfig string    // of an administrator of the lab
	Importer   Importer  // the lab's node
	Namespace  string    // DefaultNamespace if empty
	Scenario   string    // a name
	Set        string    // the scenario's own if empty
	Wait       bool      // for the scenario's own start condition
	Log        io.Writer // told what is done
}

// Load makes a namespace hold a scenario, in place of whatever it held, and
// returns when the objects are created. Other namespaces of the lab are left as
// they are.
func Load(ctx context.Context, o Options) error {
	if o.Namespace == "" {
		o.Namespace = DefaultNamespace
	}
	l, err := newLoader(o)
	if err != nil {
		return err
	}
	if err := l.load(ctx); err != nil {
		return fmt.Errorf("load scenario %s into namespace %s: %w", o.Scenario, o.Namespace, err)
	}
	return nil
}

// Reinstall rewrites the Helm releases of a scenario, with changes on top of its
// own, and makes the namespace if it is not there. Nothing else of the scenario is
// touched.
func Reinstall(ctx context.Context, o Options, changes map[string]HelmRelease) error {
	l, err := newLoader(o)
	if err != nil {
		return err
	}
	l.scenario.Helm = changes
	if _, err := l.makeNamespace(ctx); err != nil {
		return err
	}
	secrets := l.typed.CoreV1().Secrets(o.Namespace)
	if err := secrets.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "owner=helm"}); err != nil {
		return err
	}
	return l.install(secrets, time.Now())
}

// newLoader returns what loads a scenario.
func newLoader(o Options) (loader, error) {
	scenario, err := FindScenario(o.Scenario)
	if err != nil {
		return loader{}, err
	}
	scenario.Set = cmp.Or(o.Set, scenario.Set)
	inventory, err := ReadInventory()
	if err != nil {
		return loader{}, err
	}
	c, err := connect(o.Kubeconfig)
	if err != nil {
		return loader{}, err
	}
	return loader{o, c, renderer{scenario: scenario, release: scenario.Release, inventory: inventory, namespace: o.Namespace, dir: stores(o.Importer)}}, nil
}

type loader struct {
	Options
	*cluster
	renderer
}

func (l loader) logf(format string, args ...any) {
	fmt.Fprintf(l.Log, format+"\n", args...)
}

func (l loader) load(ctx context.Context) error {
	if err := l.base(ctx); err != nil {
		return err
	}
	l.logf("clearing namespace %s", l.namespace)
	if err := l.emptyNamespace(ctx); err != nil {
		return err
	}
	if l.scenario.From != "" {
		if err := l.before(ctx); err != nil {
			return fmt.Errorf("release %s: %w", l.scenario.From, err)
		}
	}
	l.logf("creating scenario %s: %s", l.scenario.Name, l.scenario.Description)
	state, err := l.scenario.state(time.Now())
	if err != nil {
		return err
	}
	if err := l.apply(ctx, l.renderer, state); err != nil {
		return err
	}
	if err := l.install(l.typed.CoreV1().Secrets(l.namespace), time.Now()); err != nil {
		return err
	}
	if err := l.restartPods(ctx); err != nil {
		return err
	}
	if !l.Wait {
		return nil
	}
	return l.started(ctx)
}

// emptyNamespace makes the namespace, or clears it, and waits for the service
// account without which no pod is admitted.
func (l loader) emptyNamespace(ctx context.Context) error {
	namespaces := l.typed.CoreV1().Namespaces()
	existing, err := namespaces.Get(ctx, l.namespace, noOptions)
	for err == nil && existing.DeletionTimestamp != nil {
		if err = pause(ctx); err == nil {
			existing, err = namespaces.Get(ctx, l.namespace, noOptions)
		}
	}
	if apierrors.IsNotFound(err) {
		_, err = namespaces.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: l.namespace}}, metav1.CreateOptions{})
	}
	if err != nil {
		return err
	}
	if err := l.clear(ctx, l.namespace); err != nil { // volumes outlive their namespace
		return err
	}
	return until(ctx, "the default service account is there", func(ctx context.Context) (bool, error) {
		_, err := l.typed.CoreV1().ServiceAccounts(l.namespace).Get(ctx, "default", noOptions)
		return err == nil, ignoreNotFound(err)
	})
}

// makeNamespace makes the namespace unless it is there, and reports whether it did. One
// that is being deleted is waited for.
func (l loader) makeNamespace(ctx context.Context) (made bool, err error) {
	namespaces := l.typed.CoreV1().Namespaces()
	existing, err := namespaces.Get(ctx, l.namespace, noOptions)
	for err == nil && existing.DeletionTimestamp != nil {
		if err = pause(ctx); err == nil {
			existing, err = namespaces.Get(ctx, l.namespace, noOptions)
		}
	}
	if !apierrors.IsNotFound(err) {
		return false, err
	}
	_, err = namespaces.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: l.namespace}}, metav1.CreateOptions{})
	return true, err
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// before installs the release that the scenario's upgrade begins with, without
// the scenario's changes, and waits until it runs. PUM has those entries then
// that are older than the upgrade.
func (l loader) before(ctx context.Context) error {
	l.logf("installing release %s, from which the upgrade begins", l.scenario.From)
	r := l.renderer
	r.release = l.scenario.From
	r.scenario.Workloads = nil
	state, err := l.scenario.state(time.Now())
	if err != nil {
		return err
	}
	older := slices.DeleteFunc(slices.Clone(l.scenario.PUM.Entries), func(e pum.Entry) bool { return e.CreationTimestamp == "" })
	state.Entries = slices.DeleteFunc(state.Entries, func(e pum.Entry) bool {
		return !slices.ContainsFunc(older, func(o pum.Entry) bool { return o.UID == e.UID })
	})
	state.Answer, state.Process = pum.Answer{}, pum.Process{}
	if err := l.apply(ctx, r, state); err != nil {
		return err
	}
	return until(ctx, "everything is ready", func(ctx context.Context) (bool, error) { return l.ready(ctx, l.namespace) })
}

// restartPods deletes the pods that the scenario says, once their controllers
// know the revision that the new ones are to have.
func (l loader) restartPods(ctx context.Context) error {
	if len(l.scenario.Delete) == 0 {
		return nil
	}
	err := until(ctx, "the new revisions are known", func(ctx context.Context) (bool, error) {
		sets, err := l.typed.AppsV1().StatefulSets(l.namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		return !slices.ContainsFunc(sets.Items, func(s appsv1.StatefulSet) bool { return s.Status.ObservedGeneration < s.Generation }), nil
	})
	if err != nil {
		return err
	}
	for _, name := range l.scenario.Delete {
		if err := l.typed.CoreV1().Pods(l.namespace).Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// started waits for the scenario's start condition.
func (l loader) started(ctx context.Context) error {
	l.logf("waiting until %s is ready", map[string]string{StartPUM: "PUM", StartReady: "everything"}[l.scenario.Start])
	return until(ctx, "the scenario has begun", func(ctx context.Context) (bool, error) {
		if l.scenario.Start == StartReady {
			return l.ready(ctx, l.namespace)
		}
		return l.pumReady(ctx, l.namespace)
	})
}

// stores is where a lab keeps a folder for each namespace.
func stores(lab Importer) string {
	return filepath.Join(lab.Dir(), "tpe", "namespaces")
}

// PUM is the store of the PUM in a namespace: what it knows and how it answers.
// It may be changed at any time.
func PUM(lab Importer, namespace string) pum.Store {
	return pum.Store{Dir: filepath.Join(stores(lab), namespace, "pum")}
}
