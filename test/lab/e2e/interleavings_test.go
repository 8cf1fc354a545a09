// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/fault"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/proxy"
)

const (
	interleavings = 1000
	inFlight      = 10

	// late is how old what a wait saw last may be when its process has ended, on
	// a machine that runs ten of them.
	late = time.Second
)

// interleave changes workloads at random while a wait is under way, again
// and again, and asks a model whether the wait ended when it might: not before all
// was good, and soon after. The connection of every fourth is cut on the way. The
// status of a workload is the test's to write: the controllers rest.
//
// FAULTS_SEED repeats a run, as far as the machine's own timing allows.
func (s *suite) interleave(t *testing.T) string {
	check(t, s.node.Stop(t.Context(), "kube-controller-manager"))
	t.Cleanup(func() { check(t, s.node.Start(context.WithoutCancel(t.Context()), "kube-controller-manager")) })
	seed := seedOf(t)
	t.Logf("FAULTS_SEED=%d", seed)
	tally := &tally{}
	turns := make(chan uint64)
	var all sync.WaitGroup
	for i := range inFlight {
		b := s.newBoard(t, fmt.Sprintf("e2e-model-%d-%d", seed%1000, i))
		all.Go(func() {
			for n := range turns {
				if err := b.play(t.Context(), rand.New(rand.NewPCG(seed, n)), n%4 == 3, tally); err != nil {
					tally.fail()
					t.Errorf("interleaving %d: %v", n, err)
				}
			}
		})
	}
	for n := range uint64(interleavings) {
		turns <- n
	}
	close(turns)
	all.Wait()
	t.Log(tally)
	return tally.String()
}

func seedOf(t *testing.T) uint64 {
	t.Helper()
	given := os.Getenv("FAULTS_SEED")
	if given == "" {
		return uint64(time.Now().UnixNano())
	}
	seed, err := strconv.ParseUint(given, 10, 64)
	check(t, err)
	return seed
}

// A tally is what came of all interleavings.
type tally struct {
	lock  sync.Mutex
	early int // that ended before the last change
	wrong int // that did not end as they should
	took  []time.Duration
}

func (y *tally) String() string {
	if slices.Sort(y.took); len(y.took) == 0 {
		return "No interleaving was waited for to its end."
	}
	return fmt.Sprintf("In %d of %d random interleavings of workload changes `wait` ended with the last change (median %d ms, worst %.1f s). "+
		"In %d it ended earlier, when everything had been ready. In %d it ended wrongly. A model checked this, with %d waits at a time.",
		len(y.took), len(y.took)+y.early+y.wrong, y.took[len(y.took)/2].Milliseconds(), y.took[len(y.took)-1].Seconds(), y.early, y.wrong, inFlight)
}

func (y *tally) fail() {
	y.lock.Lock()
	defer y.lock.Unlock()
	y.wrong++
}

// A board is a namespace on which one interleaving after the other is played.
type board struct {
	*suite
	client    kubernetes.Interface
	namespace string
	dir       string
}

func (s *suite) newBoard(t *testing.T, namespace string) *board {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", s.node.Kubeconfig())
	check(t, err)
	config.QPS = -1
	client, err := kubernetes.NewForConfig(config)
	check(t, err)
	_, err = client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	check(t, err)
	t.Cleanup(func() { s.forget(namespace) })
	return &board{s, client, namespace, t.TempDir()}
}

// play plays one interleaving against one wait.
func (b *board) play(ctx context.Context, random *rand.Rand, cut bool, y *tally) error {
	if err := b.clear(ctx); err != nil {
		return err
	}
	changes := fault.Interleaving(random)
	kubeconfig, calm := b.node.Kubeconfig(), func() error { return nil }
	if cut {
		pause := time.Duration(200+random.IntN(800)) * time.Millisecond
		kubeconfig = filepath.Join(b.dir, "proxied")
		p, err := proxy.ToServer(b.node.Kubeconfig(), kubeconfig)
		if err != nil {
			return err
		}
		defer p.Close()
		calm = cutUntilCalm(ctx, p, pause)
	}
	command, history, err := b.changes(ctx, kubeconfig, changes)
	if err := errors.Join(err, calm()); err != nil {
		return err
	}
	r, err := command.End(ctx, time.Minute)
	if err != nil {
		return err
	}
	return b.judge(r, command.Ended(), history, len(history) < len(changes), y)
}

// cutUntilCalm cuts connections again and again, until the function is called
// that it returns.
func cutUntilCalm(ctx context.Context, p *proxy.Proxy, pause time.Duration) (calm func() error) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		_, err := p.CutEvery(ctx, pause)
		ended <- err
	}()
	return func() error {
		cancel()
		return <-ended
	}
}

// changes makes the first change, starts a wait, and makes the others as long as
// that runs.
func (b *board) changes(ctx context.Context, kubeconfig string, changes []fault.Change) (*fault.Command, []fault.Moment, error) {
	model := fault.NewModel()
	moment, err := b.apply(ctx, &model, changes[0])
	if err != nil {
		return nil, nil, err
	}
	history := []fault.Moment{moment}
	f := fault.Fault{Run: "kubectl tpe wait --for=workloads -o json --timeout=1m -n " + b.namespace}
	path := strings.Join([]string{b.plugin, filepath.Dir(b.kubectl), os.Getenv("PATH")}, string(os.PathListSeparator))
	command, err := f.Start(b.dir, []string{"HOME=" + b.dir, "KUBECONFIG=" + kubeconfig, "PATH=" + path})
	if err != nil {
		return nil, nil, err
	}
	for _, c := range changes[1:] {
		select {
		case <-command.Done():
			return command, history, nil
		case <-time.After(c.Pause):
		}
		if moment, err = b.apply(ctx, &model, c); err != nil {
			return command, history, err
		}
		history = append(history, moment)
	}
	return command, history, nil
}

// judge asks the model about the end of a wait.
func (b *board) judge(r fault.Result, end time.Time, history []fault.Moment, early bool, y *tally) error {
	var doc struct{ Outcome string }
	if r.Exit != 0 || json.Unmarshal(r.Stdout, &doc) != nil || doc.Outcome != "done" {
		return fmt.Errorf("exit code %d, %s", r.Exit, r.Output())
	}
	if !fault.Justified(history, end, late) {
		return fmt.Errorf("FALSE SUCCESS %s\n%s", tell(history, end), r.Output())
	}
	took := end.Sub(history[len(history)-1].After)
	const soon = 5 * time.Second // a list that was cut is tried again after two seconds at most
	if !early && took > soon {
		return fmt.Errorf("it ended %s after the last change\n%s\n%s", took, tell(history, end), r.Output())
	}
	y.lock.Lock()
	defer y.lock.Unlock()
	switch {
	case early:
		y.early++
	default:
		y.took = append(y.took, max(0, took))
	}
	return nil
}

// tell tells a history, with times before its end.
func tell(history []fault.Moment, end time.Time) string {
	var s strings.Builder
	for _, m := range history {
		fmt.Fprintf(&s, "%s to %s: %s %+v\n", m.Before.Sub(end), m.After.Sub(end), m.Kind, m.View)
	}
	return s.String()
}

// clear takes everything out of the namespace.
func (b *board) clear(ctx context.Context) error {
	now := metav1.DeletePropagationBackground
	options := metav1.DeleteOptions{PropagationPolicy: &now}
	if err := b.client.AppsV1().Deployments(b.namespace).DeleteCollection(ctx, options, metav1.ListOptions{}); err != nil {
		return err
	}
	return b.client.AppsV1().StatefulSets(b.namespace).DeleteCollection(ctx, options, metav1.ListOptions{})
}

// apply makes a change, and returns what it made of its kind.
func (b *board) apply(ctx context.Context, m *fault.Model, c fault.Change) (fault.Moment, error) {
	w := c.After
	for i := range m.Workloads {
		if m.Workloads[i].Kind == w.Kind && m.Workloads[i].Name == w.Name {
			m.Workloads[i] = w
		}
	}
	moment := fault.Moment{Kind: w.Kind, View: m.View(w.Kind), Before: time.Now()}
	err := b.change(ctx, c.Verb, w)
	moment.After = time.Now()
	if err != nil {
		return moment, fmt.Errorf("%s %s %s: %w", c.Verb, w.Kind, w.Name, err)
	}
	return moment, nil
}

func (b *board) change(ctx context.Context, verb string, w fault.Workload) error {
	labels := map[string]string{"app": w.Name}
	meta := metav1.ObjectMeta{Name: w.Name}
	selector := &metav1.LabelSelector{MatchLabels: labels}
	template := corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: map[string]string{"generation": fmt.Sprint(w.Generation)}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "lab.invalid/c:1"}}},
	}
	now := metav1.DeletePropagationBackground
	s := w.Status
	if w.Kind == "Deployment" {
		api := b.client.AppsV1().Deployments(b.namespace)
		d := &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Replicas: &w.Want, Selector: selector, Template: template}, Status: appsv1.DeploymentStatus{
			ObservedGeneration: s.Observed, Replicas: s.Replicas, UpdatedReplicas: s.Updated, ReadyReplicas: s.Ready, AvailableReplicas: s.Available,
		}}
		return do(ctx, verb, d, api.Create, api.Update, api.UpdateStatus, func() error {
			return api.Delete(ctx, w.Name, metav1.DeleteOptions{PropagationPolicy: &now})
		})
	}
	api := b.client.AppsV1().StatefulSets(b.namespace)
	set := &appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Replicas: &w.Want, Selector: selector, Template: template}, Status: appsv1.StatefulSetStatus{
		ObservedGeneration: s.Observed, Replicas: s.Replicas, UpdatedReplicas: s.Updated, ReadyReplicas: s.Ready, AvailableReplicas: s.Available,
		CurrentReplicas: s.Updated, CurrentRevision: "r", UpdateRevision: "r",
	}}
	return do(ctx, verb, set, api.Create, api.Update, api.UpdateStatus, func() error {
		return api.Delete(ctx, w.Name, metav1.DeleteOptions{PropagationPolicy: &now})
	})
}

// do does what a verb says with an object.
func do[T any](ctx context.Context, verb string, object T,
	create func(context.Context, T, metav1.CreateOptions) (T, error),
	update, status func(context.Context, T, metav1.UpdateOptions) (T, error), remove func() error,
) error {
	var err error
	switch verb {
	case "create":
		_, err = create(ctx, object, metav1.CreateOptions{})
	case "spec":
		_, err = update(ctx, object, metav1.UpdateOptions{})
	case "status":
		_, err = status(ctx, object, metav1.UpdateOptions{})
	case "delete":
		err = remove()
	}
	return err
}
