// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"cmp"
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
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/fault"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/proxy"
)

const inFlight = 10

// interleave changes workloads at random while a wait is under way, again and again, and
// holds each end of it against a reading of its own; see fault.Differences. Lists and
// watches of every fourth fail on the way, are late or break off; all connections of another
// fourth are cut again and again. No list from a cache ever hears of a change. The status of
// a workload is the test's to write: the controllers rest.
//
// INTERLEAVINGS says how many, 1000 by default. FAULTS_SEED repeats a run, as far as the
// machine's own timing allows.
func (s *suite) interleave(t *testing.T) string {
	check(t, s.node.Stop(t.Context(), "kube-controller-manager"))
	t.Cleanup(func() { check(t, s.node.Start(context.WithoutCancel(t.Context()), "kube-controller-manager")) })
	interleavings, err := strconv.ParseUint(cmp.Or(os.Getenv("INTERLEAVINGS"), "1000"), 10, 64)
	check(t, err)
	seed := seedOf(t)
	t.Logf("FAULTS_SEED=%d", seed)
	tally := &tally{}
	turns := make(chan uint64)
	var all sync.WaitGroup
	for i := range inFlight {
		b := s.newBoard(t, fmt.Sprintf("e2e-model-%d-%d", seed%1000, i))
		all.Go(func() {
			for n := range turns {
				if err := b.play(t.Context(), rand.New(rand.NewPCG(seed, n)), way(n%4), tally); err != nil {
					tally.fail()
					t.Errorf("interleaving %d: %v", n, err)
				}
			}
		})
	}
	for n := range interleavings {
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

// A way is what happens on the way to the API server.
type way int

const (
	faulty way = iota + 2 // lists and watches fail, are late or break off
	cut                   // connections are cut
)

// What rules are for.
const (
	lists   = `^GET [^?]*/(deployments|statefulsets|pods|jobs)(\?limit=500[^ ]*)?$`
	watches = `^GET [^?]*\?.*watch=`
)

// rules are what happens to lists and watches on a faulty way.
func rules(random *rand.Rand) []proxy.Rule {
	some := func(most int) metav1.Duration {
		return metav1.Duration{Duration: time.Duration(1+random.IntN(most)) * time.Millisecond}
	}
	bytes := random.IntN(400)
	all := []proxy.Rule{
		{Of: lists, Status: 503, Every: 2 + random.IntN(4)},
		{Of: lists, Cut: &bytes, Every: 2 + random.IntN(4)},
		{Of: lists, Delay: some(400), Every: 1 + random.IntN(3)},
		{Of: watches, Status: 500, Every: 3 + random.IntN(3)},
		{Of: watches, Lasts: some(1500), Every: 1 + random.IntN(2)},
		{Of: watches, Quiet: some(1500)},
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// A tally is what came of all interleavings.
type tally struct {
	lock  sync.Mutex
	early int // that ended before the last change
	wrong int // that did not end as they should
	took  []time.Duration

	lists, watches int // that failed, came late or broke off
}

func (y *tally) String() string {
	if slices.Sort(y.took); len(y.took) == 0 {
		return "No interleaving was waited for to its end."
	}
	return fmt.Sprintf("In %d of %d random interleavings of workload changes `wait` ended with the last change (median %d ms, worst %.1f s). "+
		"In %d it ended earlier, when everything had been ready. In %d it ended wrongly. Each end was held against an independent quorum read at that moment, "+
		"with %d waits at a time. Every fourth wait had lists and watches that failed, came late or broke off (%d lists and %d watches), "+
		"every fourth had all its connections cut, and no list from a cache heard of a change.",
		len(y.took), len(y.took)+y.early+y.wrong, y.took[len(y.took)/2].Milliseconds(), y.took[len(y.took)-1].Seconds(), y.early, y.wrong, inFlight, y.lists, y.watches)
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
	dynamic   dynamic.Interface
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
	objects, err := dynamic.NewForConfig(config)
	check(t, err)
	_, err = client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	check(t, err)
	t.Cleanup(func() { s.forget(namespace) })
	b := &board{s, client, objects, namespace, t.TempDir()}
	_, err = client.CoreV1().ServiceAccounts(namespace).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{})
	check(t, err) // pods want it, and the controllers rest
	for _, w := range fault.NewModel().Workloads {
		for i := range mostWanted {
			b.addPod(t, w, i)
		}
	}
	return b
}

// mostWanted is the most that a workload of the model wants.
const mostWanted = 3

// nobody is no workload.
const nobody types.UID = "nobody"

func podName(w fault.Workload, i int) string {
	return fmt.Sprintf("%s-%s-%d", strings.ToLower(w.Kind), w.Name, i)
}

// own gives a StatefulSet as many pods as it wants: they are found by its UID, and none may be left over.
func (b *board) own(ctx context.Context, w fault.Workload) error {
	set, err := b.client.AppsV1().StatefulSets(b.namespace).Get(ctx, w.Name, metav1.GetOptions{})
	for i := 0; i < mostWanted && err == nil; i++ {
		uid := nobody
		if i < int(w.Want) {
			uid = set.UID
		}
		patch := fmt.Sprintf(`[{"op": "replace", "path": "/metadata/ownerReferences/0/uid", "value": %q}]`, uid)
		_, err = b.client.CoreV1().Pods(b.namespace).Patch(ctx, podName(w, i), types.JSONPatchType, []byte(patch), metav1.PatchOptions{})
	}
	return err
}

// addPod adds a ready pod of a workload, which stays. No status is believed that counts pods that are
// not there; with these there are always enough, so that it is the statuses that change.
func (b *board) addPod(t *testing.T, w fault.Workload, i int) {
	t.Helper()
	controller := metav1.OwnerReference{APIVersion: "apps/v1", Kind: w.Kind, Name: w.Name, UID: nobody, Controller: new(true)}
	if w.Kind == "Deployment" {
		controller.Kind, controller.Name = "ReplicaSet", w.Name+"-r"
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: podName(w, i), OwnerReferences: []metav1.OwnerReference{controller},
			Labels: map[string]string{"app": w.Name, "pod-template-hash": "r", "controller-revision-hash": "r"},
		},
		Spec: corev1.PodSpec{
			NodeName: "none", TerminationGracePeriodSeconds: new(int64), // no kubelet has a hand in it
			Containers: []corev1.Container{{Name: "c", Image: "lab.invalid/c:1"}},
		},
	}
	pods := b.client.CoreV1().Pods(b.namespace)
	pod, err := pods.Create(t.Context(), pod, metav1.CreateOptions{})
	check(t, err)
	pod.Status.Phase = corev1.PodRunning
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}}
	_, err = pods.UpdateStatus(t.Context(), pod, metav1.UpdateOptions{})
	check(t, err)
}

// play plays one interleaving against one wait.
func (b *board) play(ctx context.Context, random *rand.Rand, on way, y *tally) error {
	if err := b.clear(ctx); err != nil {
		return err
	}
	changes := fault.Interleaving(random)
	faults := proxy.Faults{Lists: true}
	if on == faulty {
		faults.Rules = rules(random)
	}
	kubeconfig := filepath.Join(b.dir, "gate")
	gate, err := proxy.Gateway(b.node.Kubeconfig(), kubeconfig, faults)
	if err != nil {
		return err
	}
	defer gate.Close()
	calm := func() error { return gate.Rule(nil) }
	if on == cut {
		pause := time.Duration(200+random.IntN(800)) * time.Millisecond
		through := kubeconfig
		kubeconfig = filepath.Join(b.dir, "proxied")
		p, err := proxy.ToServer(through, kubeconfig)
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
	r, err := command.End(ctx, hung)
	if err != nil {
		return err
	}
	now, err := b.read(ctx)
	if err != nil {
		return err
	}
	return b.judge(r, gate, now, history, len(history) == len(changes), y)
}

// hung is after how long a wait does not end any more, however busy the machine is.
const hung = 3 * time.Minute

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
//
// It returns when each change was made.
func (b *board) changes(ctx context.Context, kubeconfig string, changes []fault.Change) (*fault.Command, []moment, error) {
	if err := b.apply(ctx, changes[0]); err != nil {
		return nil, nil, err
	}
	history := []moment{{changes[0], time.Now()}}
	f := fault.Fault{Run: fmt.Sprintf("kubectl tpe wait --for=workloads -o json --timeout=%s -n %s", hung, b.namespace)}
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
		if err := b.apply(ctx, c); err != nil {
			return command, history, err
		}
		history = append(history, moment{c, time.Now()})
	}
	return command, history, nil
}

// A moment is a change that was made, and when.
type moment struct {
	fault.Change
	at time.Time
}

// read reads all workloads of the namespace, from quorum.
func (b *board) read(ctx context.Context) (map[string][]unstructured.Unstructured, error) {
	now := map[string][]unstructured.Unstructured{}
	for _, resource := range workloads {
		list, err := b.dynamic.Resource(appsv1.SchemeGroupVersion.WithResource(resource)).Namespace(b.namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		now[resource] = list.Items
	}
	return now, nil
}

// workloads are the resources that change.
var workloads = []string{"deployments", "statefulsets"}

// judge holds the end of a wait against what it read last, and what was there when it had
// ended.
func (b *board) judge(r fault.Result, gate *proxy.Gate, now map[string][]unstructured.Unstructured, history []moment, last bool, y *tally) error {
	var doc struct{ Outcome string }
	if r.Exit != 0 || json.Unmarshal(r.Stdout, &doc) != nil || doc.Outcome != "done" {
		return fmt.Errorf("exit code %d, %s\n%s", r.Exit, r.Output(), tell(history))
	}
	found := false
	for _, resource := range workloads {
		read := gate.Readings(resource)
		if len(read) == 0 {
			return fmt.Errorf("FALSE SUCCESS: %s were never read from quorum\n%s", resource, r.Output())
		}
		final := read[len(read)-1]
		if different := fault.Differences(final.UnstructuredList, now[resource]); len(different) > 0 {
			return fmt.Errorf("FALSE SUCCESS: %s\n%s\n%s", strings.Join(different, "; "), tell(history), r.Output())
		}
		found = found || len(final.Items) > 0
	}
	if !found {
		return fmt.Errorf("FALSE SUCCESS of nothing\n%s\n%s", tell(history), r.Output())
	}
	y.lock.Lock()
	defer y.lock.Unlock()
	y.lists, y.watches = y.lists+gate.Obeyed(lists), y.watches+gate.Obeyed(watches)
	if last {
		y.took = append(y.took, max(0, r.Ended.Sub(history[len(history)-1].at)))
	} else {
		y.early++
	}
	return nil
}

// tell tells a history.
func tell(history []moment) string {
	var s strings.Builder
	for _, m := range history {
		fmt.Fprintf(&s, "%s: %s %+v\n", m.at.Format(time.StampMilli), m.Verb, m.After)
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

// apply makes a change.
func (b *board) apply(ctx context.Context, c fault.Change) error {
	err := b.change(ctx, c.Verb, c.After)
	if err == nil && c.After.Kind == "StatefulSet" && (c.Verb == "create" || c.Verb == "spec") {
		err = b.own(ctx, c.After)
	}
	if err != nil {
		return fmt.Errorf("%s %s %s: %w", c.Verb, c.After.Kind, c.After.Name, err)
	}
	return nil
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
