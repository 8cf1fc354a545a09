// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
)

const (
	deployments  = "/apis/apps/v1/namespaces/tpe/deployments"
	statefulSets = "/apis/apps/v1/namespaces/tpe/statefulsets"
	daemonSets   = "/apis/apps/v1/namespaces/tpe/daemonsets"
	jobs         = "/apis/batch/v1/namespaces/tpe/jobs"
	cronJobs     = "/apis/batch/v1/namespaces/tpe/cronjobs"
	podList      = "/api/v1/namespaces/tpe/pods"
	events       = "/api/v1/namespaces/tpe/events"
	claims       = "/api/v1/namespaces/tpe/persistentvolumeclaims"
	kafkas       = "/apis/kafka.strimzi.io/v1beta2/namespaces/tpe/kafkas"
	kafkasV1     = "/apis/kafka.strimzi.io/v1/namespaces/tpe/kafkas"
	kafkasV3     = "/apis/kafka.strimzi.io/v3/namespaces/tpe/kafkas"
	kafkaGroup   = "/apis/kafka.strimzi.io"
	podSetGroup  = "/apis/core.strimzi.io"
	mongoDBGroup = "/apis/psmdb.percona.com"
	nodePools    = "/apis/kafka.strimzi.io/v1beta2/namespaces/tpe/kafkanodepools"
	podSets      = "/apis/core.strimzi.io/v1beta2/namespaces/tpe/strimzipodsets"
	podSetsV1    = "/apis/core.strimzi.io/v1/namespaces/tpe/strimzipodsets"
	mongoDBs     = "/apis/psmdb.percona.com/v1/namespaces/tpe/perconaservermongodbs"
	namespace    = "/api/v1/namespaces/tpe"
)

// An apiServer answers each path with an object, a text, or an error's code.
type apiServer struct {
	answers map[string]any
	lock    sync.Mutex
	asked   []*http.Request
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.lock.Lock()
	s.asked = append(s.asked, r)
	s.lock.Unlock()
	answer := s.answers[r.URL.Path]
	if text, ok := answer.(string); ok {
		fmt.Fprint(w, text)
		return
	}
	if code, ok := answer.(int); ok {
		answer = metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure", Code: int32(code), Reason: reasonFor(code), Message: "no"}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		panic(err) // the test would see no answer
	}
}

func reasonFor(code int) metav1.StatusReason {
	switch code {
	case http.StatusNotFound:
		return metav1.StatusReasonNotFound
	case http.StatusForbidden:
		return metav1.StatusReasonForbidden
	case http.StatusUnauthorized:
		return metav1.StatusReasonUnauthorized
	}
	return metav1.StatusReasonInternalError
}

// paths returns what was asked for, sorted.
func (s *apiServer) paths() []string {
	var paths []string
	for _, r := range s.asked {
		paths = append(paths, r.URL.Path)
	}
	slices.Sort(paths)
	return paths
}

// everywhere answers all lists alike.
func everywhere(answer any) map[string]any {
	answers := map[string]any{}
	for _, path := range []string{deployments, statefulSets, daemonSets, jobs, cronJobs, podList, kafkas, kafkasV1, nodePools, podSets, podSetsV1, mongoDBs, events, claims, namespace, kafkaGroup, podSetGroup, mongoDBGroup} {
		answers[path] = answer
	}
	return answers
}

// typed answers with empty lists, but for those given.
func typed(lists map[string]any) map[string]any {
	answers := everywhere(nil)
	for path, kind := range map[string]string{
		deployments: "apps/v1 DeploymentList", statefulSets: "apps/v1 StatefulSetList", daemonSets: "apps/v1 DaemonSetList",
		jobs: "batch/v1 JobList", cronJobs: "batch/v1 CronJobList", podList: "v1 PodList", events: "v1 EventList", claims: "v1 PersistentVolumeClaimList",
		kafkas: "kafka.strimzi.io/v1beta2 KafkaList", nodePools: "kafka.strimzi.io/v1beta2 KafkaNodePoolList", podSets: "core.strimzi.io/v1beta2 StrimziPodSetList", mongoDBs: "psmdb.percona.com/v1 PerconaServerMongoDBList",
	} {
		version, kind, _ := strings.Cut(kind, " ")
		answers[path] = tree{"apiVersion": version, "kind": kind, "items": []any{}}
	}
	for path, answer := range lists {
		items, ok := answer.([]any)
		if !ok {
			answers[path] = answer
			continue
		}
		list, ok := answers[path].(tree)
		if !ok {
			list = tree{"apiVersion": strings.Join(strings.Split(path, "/")[2:4], "/"), "kind": "KafkaList"}
		}
		list["items"] = items
		answers[path] = list
	}
	return answers
}

func observe(t *testing.T, answers map[string]any) (Assessment, *apiServer, error) {
	t.Helper()
	server := &apiServer{answers: answers}
	web := httptest.NewServer(server)
	defer web.Close()
	clients, err := kube.NewClients(&rest.Config{Host: web.URL})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Observe(t.Context(), clients, "tpe", clock)
	return p, server, err
}

func kafka(replicas int64) *unstructured.Unstructured {
	k := custom("kafka-cluster", tree{"kafka": tree{"replicas": replicas}}, kafkaStatus(4, is("Ready", "True", "", "")))
	k.SetAPIVersion("kafka.strimzi.io/v1beta2")
	k.SetKind("Kafka")
	return k
}

// lines shows an assessment as one would say it.
func lines(p Assessment) []string {
	var list []string
	for _, w := range p.Workloads {
		list = append(list, strings.TrimSpace(strings.Join([]string{w.Kind, w.Name, string(w.State), w.Reason}, " ")))
	}
	for _, j := range p.Jobs {
		list = append(list, strings.TrimSpace("Job "+j.Name+" "+string(j.State)+" "+j.Reason))
	}
	for _, g := range p.Gaps {
		list = append(list, "gap "+g.Verb+" "+g.Resource+" "+string(g.Reason))
	}
	return list
}

func TestObserveAsksAsLittleAsPossible(t *testing.T) {
	zookeeper := statefulSet(func(s *appsv1.StatefulSet) { s.Name = "zookeeper" })
	p, server, err := observe(t, typed(map[string]any{
		deployments:  []any{deployment(func(*appsv1.Deployment) {})},
		statefulSets: []any{zookeeper, statefulSet(func(*appsv1.StatefulSet) {})},
		podList:      []any{twaPod("a", "x"), twaPod("b", "x"), lrcPod(0, "lrc-new"), lrcPod(1, "lrc-new"), lrcPod(2, "lrc-new")}, // zookeeper has the same UID
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Deployment twa Ready", "StatefulSet lrc Ready", "StatefulSet zookeeper Ready"}
	if diff := cmp.Diff(want, lines(p)); diff != "" {
		t.Errorf("assessment (-want +got):\n%s", diff)
	}
	asked := []string{podList, deployments, daemonSets, statefulSets, cronJobs, jobs, nodePools, podSets, kafkas, mongoDBs}
	slices.Sort(asked)
	if diff := cmp.Diff(asked, server.paths()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	for _, r := range server.asked {
		if r.URL.RawQuery != "" {
			t.Errorf("%s is asked with %q: want the latest list, whole", r.URL.Path, r.URL.RawQuery)
		}
		builtIn := !strings.Contains(r.URL.Path, ".")
		if protobuf := strings.HasPrefix(r.Header.Get("Accept"), "application/vnd.kubernetes.protobuf,"); protobuf != builtIn {
			t.Errorf("%s is asked for in %q", r.URL.Path, r.Header.Get("Accept"))
		}
	}
}

func TestObserveLooksForCauses(t *testing.T) {
	down := hasContainer(10*time.Second, loops(ended(1, "Error", "", 20*time.Second)))
	ofTwa := func(p *corev1.Pod) {
		p.Labels["pod-template-hash"] = "5f"
		p.OwnerReferences = controller("ReplicaSet", "twa-5f")
	}
	since := event(Object{"Pod", "twa-0"}, "twa", "BackOff", "Back-off restarting failed container", 4*time.Minute, 0)
	p, server, err := observe(t, typed(map[string]any{
		deployments: []any{deployment(func(d *appsv1.Deployment) { d.Status.AvailableReplicas = 0 })},
		podList:     []any{pod("", "", "twa-0", down, ofTwa), pod("", "", "twa-1", down, ofTwa)},
		events:      []any{since},
		jobs:        []any{&batchv1.Job{ObjectMeta: meta("pum-process", 0), Status: batchv1.JobStatus{Active: 1}}},

		podList + "/twa-0/log": "first\n\x1b[31mError: connect ECONNREFUSED\n\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Deployment twa Progressing starting, twa in a crash loop, exit code 1, 7 restarts", "Job pum-process Running running"}
	if diff := cmp.Diff(want, lines(p)); diff != "" {
		t.Errorf("assessment (-want +got):\n%s", diff)
	}
	causes := p.Workloads[0].Causes
	if len(causes) != 2 || !causes[0].Since.Equal(now.Add(-4*time.Minute)) {
		t.Fatalf("causes %+v, want one on each pod, the first since four minutes", causes)
	}
	if diff := cmp.Diff([][]string{{"first", "[31mError: connect ECONNREFUSED"}, nil}, [][]string{causes[0].Log, causes[1].Log}); diff != "" {
		t.Errorf("last lines, of one pod of a group (-want +got):\n%s", diff)
	}
	queries := map[string]string{}
	for _, r := range server.asked {
		queries[r.URL.Path] = r.URL.RawQuery
	}
	if got := queries[events]; got != "fieldSelector=type%3DWarning" {
		t.Errorf("events are asked for with %q", got)
	}
	if got := queries[podList+"/twa-0/log"]; got != "container=twa&previous=true&tailLines=5" {
		t.Errorf("the log is asked for with %q", got)
	}
	if n := len(server.asked); n != 13 {
		t.Errorf("%d requests, want 13: %q", n, server.paths())
	}
}

// Where the scheduler finds no node, what autoscalers say of pods is asked for,
// too: they do not warn.
func TestObserveAsksWhetherANodeIsToCome(t *testing.T) {
	p := lrcPod(0, "lrc-new", unscheduled("Unschedulable", "0/3 nodes are available: 3 Insufficient cpu.", time.Hour))
	missing := statefulSet(func(s *appsv1.StatefulSet) { s.Status.ReadyReplicas = 2 })
	e := event(Object{"Pod", p.Name}, "", "TriggeredScaleUp", "pod triggered scale-up", 0, 0)
	e.Type = corev1.EventTypeNormal
	assessment, server, err := observe(t, typed(map[string]any{statefulSets: []any{missing}, podList: []any{p}, events: []any{e}}))
	if err != nil {
		t.Fatal(err)
	}
	if w := assessment.Workloads[0]; w.State != Progressing || !strings.Contains(w.Reason, "the cluster autoscaler adds a node") {
		t.Errorf("%s %q", w.State, w.Reason)
	}
	var queries []string
	for _, r := range server.asked {
		if r.URL.Path == events {
			queries = append(queries, r.URL.Query().Get("fieldSelector"))
		}
	}
	want := []string{"type=Warning", "type=Normal,involvedObject.kind=Pod,source!=kubelet,source!=default-scheduler"}
	if diff := cmp.Diff(want, queries); diff != "" {
		t.Errorf("questions for events (-want +got):\n%s", diff)
	}
}

// What a container said that is not started again is not of a previous run.
func TestLastWordsOfAFailedJob(t *testing.T) {
	job := &batchv1.Job{ObjectMeta: meta("twa-sql", 0), Status: batchv1.JobStatus{Failed: 1, Conditions: []batchv1.JobCondition{jobIs(batchv1.JobFailed, "", "")}}}
	failed := pod("Job", "twa-sql", "twa-sql-x", hasContainer(0, corev1.ContainerStatus{State: corev1.ContainerState{Terminated: ended(1, "Error", "", 0)}}))
	failed.Status.Phase = corev1.PodFailed
	log := podList + "/twa-sql-x/log"
	p, server, err := observe(t, typed(map[string]any{jobs: []any{job}, podList: []any{failed}, log: "no such table\n"}))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Jobs) != 1 || len(p.Jobs[0].Causes) != 1 || !slices.Equal(p.Jobs[0].Causes[0].Log, []string{"no such table"}) {
		t.Errorf("jobs %+v, want one with its last lines", p.Jobs)
	}
	asked := slices.IndexFunc(server.asked, func(r *http.Request) bool { return r.URL.Path == log })
	if got := server.asked[asked].URL.RawQuery; got != "container=twa&tailLines=5" {
		t.Errorf("the log is asked for with %q", got)
	}
}

// The documented operator account may not read StrimziPodSets. Their pods tell
// about Kafka all the same.
func TestObserveAsTheDocumentedAccount(t *testing.T) {
	refused := broker("kafka-cluster-kafka-1", waits("ImagePullBackOff", "401 Unauthorized", time.Hour))
	p, _, err := observe(t, typed(map[string]any{
		kafkas: []any{kafka(2)}, podSets: http.StatusForbidden,
		podList: []any{broker("kafka-cluster-kafka-0"), refused},
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Kafka kafka-cluster Failed starting, ImagePullBackOff repository.thingpark.com/twa:18.36.8: 401 Unauthorized",
		"gap list strimzipodsets.core.strimzi.io Forbidden",
	}
	if diff := cmp.Diff(want, lines(p)); diff != "" {
		t.Errorf("assessment (-want +got):\n%s", diff)
	}
}

// Where the StrimziPodSets can be read, their causes are reported once.
func TestCauseOfABrokerIsReportedOnce(t *testing.T) {
	podSet := custom("kafka-cluster-kafka", tree{"pods": []any{tree{}}}, tree{"observedGeneration": int64(4), "pods": int64(1), "currentPods": int64(1)})
	p := Assess(Objects{
		Kafkas: []*unstructured.Unstructured{kafka(1)}, StrimziPodSets: []*unstructured.Unstructured{podSet},
		Pods: []*corev1.Pod{broker("kafka-cluster-kafka-0", waits("ImagePullBackOff", "401 Unauthorized", time.Hour))},
	}, now)
	want := []string{
		"Kafka kafka-cluster Progressing starting, 0 of 1 broker ready",
		"StrimziPodSet kafka-cluster-kafka Failed starting, ImagePullBackOff repository.thingpark.com/twa:18.36.8: 401 Unauthorized",
	}
	if diff := cmp.Diff(want, lines(p)); diff != "" {
		t.Errorf("assessment (-want +got):\n%s", diff)
	}
}

// apiGroup is what discovery says of a group.
func apiGroup(name, preferred string, versions ...string) tree {
	version := func(v string) tree { return tree{"groupVersion": name + "/" + v, "version": v} }
	var all []any
	for _, v := range versions {
		all = append(all, version(v))
	}
	return tree{"kind": "APIGroup", "apiVersion": "v1", "name": name, "versions": all, "preferredVersion": version(preferred)}
}

// A custom resource is read in whatever version it is served: Strimzi has v1beta2, then both, then v1
// only, and there may be another one day.
func TestObserveTriesTheVersionsOfAResource(t *testing.T) {
	serving := []any{broker("kafka-cluster-kafka-0")}
	tests := []struct {
		name    string
		answers map[string]any
		want    []string
		never   string // is not asked for
	}{
		{"another version, and groups without the resource or not there", map[string]any{
			kafkas: http.StatusNotFound, kafkaGroup: apiGroup("kafka.strimzi.io", "v1", "v1"), kafkasV1: []any{kafka(1)},
			podSets: http.StatusNotFound, podSetGroup: apiGroup("core.strimzi.io", "v1beta2", "v1beta2", "v1"), podSetsV1: http.StatusNotFound,
			mongoDBs: http.StatusNotFound, mongoDBGroup: http.StatusNotFound,
		}, []string{
			"Kafka kafka-cluster Ready",
			"gap list perconaservermongodbs.psmdb.percona.com NotServed",
			"gap list strimzipodsets.core.strimzi.io NotServed",
		}, kafkasV3},
		{"a version of the future", map[string]any{
			kafkas: http.StatusNotFound, kafkasV1: http.StatusNotFound, kafkaGroup: apiGroup("kafka.strimzi.io", "v3", "v1", "v3"), kafkasV3: []any{kafka(1)},
		}, []string{"Kafka kafka-cluster Ready"}, kafkasV1},
		{"nobody may know the versions", map[string]any{
			kafkas: http.StatusNotFound, kafkaGroup: http.StatusForbidden,
		}, []string{"gap list kafkas.kafka.strimzi.io Forbidden"}, kafkasV1},
		{"nobody can tell the versions", map[string]any{
			kafkas: http.StatusNotFound, kafkaGroup: http.StatusInternalServerError,
		}, []string{"gap list kafkas.kafka.strimzi.io Failed"}, kafkasV1},
		{"a conversion webhook fails", map[string]any{
			kafkas: http.StatusInternalServerError, kafkaGroup: apiGroup("kafka.strimzi.io", "v1", "v1", "v1beta2"),
		}, []string{"gap list kafkas.kafka.strimzi.io Failed"}, kafkaGroup},
	}
	for _, tt := range tests {
		tt.answers[podList] = serving
		p, server, err := observe(t, typed(tt.answers))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, lines(p)); diff != "" {
			t.Errorf("%s: assessment (-want +got):\n%s", tt.name, diff)
		}
		if slices.Contains(server.paths(), tt.never) {
			t.Errorf("%s: %s was asked for", tt.name, tt.never)
		}
	}
}

func TestObserveShowsWhatItCan(t *testing.T) {
	p, _, err := observe(t, typed(map[string]any{
		deployments: http.StatusInternalServerError, statefulSets: []any{statefulSet(func(*appsv1.StatefulSet) {})},
		podList: []any{lrcPod(0, "lrc-new"), lrcPod(1, "lrc-new"), lrcPod(2, "lrc-new")},
	}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"StatefulSet lrc Ready", "gap list deployments.apps Failed"}, lines(p)); diff != "" {
		t.Errorf("assessment (-want +got):\n%s", diff)
	}
	if got := p.Gaps[0].Err.Error(); !strings.HasPrefix(got, `list deployments.apps in namespace "tpe": `) {
		t.Errorf("the gap says %q", got)
	}
}

func TestObserveWithoutRights(t *testing.T) {
	p, _, err := observe(t, everywhere(http.StatusForbidden))
	if err != nil || len(p.Gaps) != 10 || len(p.Workloads) != 0 {
		t.Errorf("got %d workloads, %d gaps, error %v; want 10 gaps and no more", len(p.Workloads), len(p.Gaps), err)
	}
	_, _, err = observe(t, everywhere(http.StatusUnauthorized))
	if !apierrors.IsUnauthorized(err) {
		t.Errorf("not logged in: error %v", err)
	}
}

func TestObserveAnEmptyNamespace(t *testing.T) {
	space := tree{"apiVersion": "v1", "kind": "Namespace", "metadata": tree{"name": "tpe"}}
	for name, tt := range map[string]struct {
		answer  any
		missing bool
	}{
		"there": {space, false}, "not there": {http.StatusNotFound, true}, "nobody may know": {http.StatusForbidden, false},
	} {
		p, _, err := observe(t, typed(map[string]any{namespace: tt.answer}))
		if apierrors.IsNotFound(err) != tt.missing || err != nil && !tt.missing {
			t.Errorf("%s: error %v, want not found: %v", name, err, tt.missing)
		}
		if len(p.Workloads) != 0 {
			t.Errorf("%s: workloads %v", name, p.Workloads)
		}
	}
}

func TestObserveInVain(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	clients, err := kube.NewClients(&rest.Config{Host: web.URL})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Observe(t.Context(), clients, "tpe", clock)
	if err == nil || !strings.HasPrefix(err.Error(), "this is not a Kubernetes API server: list ") {
		t.Errorf("another web server: error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Observe(ctx, clients, "tpe", clock); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: error %v, want %v", err, context.Canceled)
	}
	web.Close()
	var dial *net.OpError // whose number is another on each system
	if _, err := Observe(t.Context(), clients, "tpe", clock); !errors.As(err, &dial) || dial.Op != "dial" {
		t.Errorf("no API server: error %v, want one of dialing", err)
	}
}

// clock tells the time of the tests.
func clock() time.Time { return now }

// A roundTrip answers requests without a network, so that time can be that of a test.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func clientsOf(t *testing.T, answer roundTrip) kube.Clients {
	t.Helper()
	clients, err := kube.NewClients(&rest.Config{Host: "http://api", Transport: answer})
	if err != nil {
		t.Fatal(err)
	}
	return clients
}

// withACause is an API server with a Deployment that is not ready, and what may be its cause.
func withACause() *apiServer {
	return &apiServer{answers: typed(map[string]any{
		deployments: []any{deployment(func(d *appsv1.Deployment) { d.Status.AvailableReplicas = 0 })},
		events:      []any{event(Object{"Pod", "twa-0"}, "twa", "BackOff", "x", time.Minute, 0)},
	})}
}

// A kind that is not answered is a gap in time: what may hold causes of the others is read, too.
func TestObserveLeavesTimeForCauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := withACause()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		a, err := Observe(ctx, clientsOf(t, func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == jobs {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)
			return w.Result(), nil
		}), "tpe", clock)
		if took := time.Since(start); err != nil || len(a.Gaps) != 1 || a.Gaps[0].Kind != "Job" || len(a.Objects.Events) != 1 || took < 30*time.Second {
			t.Errorf("after %s: %v, gaps %v, %d events", took, err, a.Gaps, len(a.Objects.Events))
		}
	})
}

// A watcher reads what may hold causes, too, unless it follows certain kinds only.
func TestWatchSearchesForCauses(t *testing.T) {
	for _, only := range [][]string{nil, {"Deployment"}} {
		synctest.Test(t, func(t *testing.T) {
			server := withACause()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			found := 0
			for u := range Watch(ctx, clientsOf(t, func(r *http.Request) (*http.Response, error) {
				w := httptest.NewRecorder()
				switch q := r.URL.Query(); {
				case q.Get("sendInitialEvents") != "":
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(http.StatusUnprocessableEntity) // lists are not streamed, as before 1.32
					_, _ = w.WriteString(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422}`)
				case q.Get("watch") != "":
					says, nothing := io.Pipe()
					context.AfterFunc(r.Context(), func() { _ = nothing.Close() })
					return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: says}, nil
				default:
					server.ServeHTTP(w, r)
				}
				return w.Result(), nil
			}), "tpe", clock, only...) {
				if u.Assessment != nil {
					found = max(found, len(u.Assessment.Objects.Events))
				}
			}
			if want := 1 - len(only); found != want {
				t.Errorf("of %v: %d events, want %d", only, found, want)
			}
		})
	}
}
