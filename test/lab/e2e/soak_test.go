// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/proxy"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/standin/pum"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/tpe"
)

// TestSoak has a wait that never ends and a watched status run beside random changes and
// faults, for as long as SOAK says. Again and again the changes and faults rest: what the
// status says must become what an independent reading from quorum says, and the memory, file
// descriptors and threads of both are measured. At the end their goroutines are counted, and
// those of new ones. All must have stayed flat. An entry is never processed, for a watched
// status ends once all is done.
func TestSoak(t *testing.T) {
	long, err := time.ParseDuration(cmp.Or(os.Getenv("SOAK"), "2m"))
	check(t, err)
	s := openSuite(t)
	s.whole.RLock()
	defer s.whole.RUnlock()
	seed := seedOf(t)
	t.Logf("FAULTS_SEED=%d", seed)
	k := s.newSoak(t, rand.New(rand.NewPCG(seed, 0)))
	check(t, k.entries(func(e *pum.Entry) { e.State = pum.StateInProgress }))
	old := k.begin(t)
	rounds := 0
	for end := time.Now().Add(long); time.Now().Before(end) && !t.Failed(); rounds++ {
		k.round(t, old)
	}
	fresh := k.begin(t)
	k.until(t, "a new status has all workloads ready", fresh[0].ready)
	time.Sleep(10 * time.Second) // its watches begin
	for i, p := range old {
		before, after := p.goroutines(t), fresh[i].goroutines(t)
		t.Logf("%s: %s; %d goroutines at the end, %d of a new one", p.words, p.usage(), before, after)
		if before > after+spread {
			t.Errorf("%s: %d goroutines at the end, and %d of a new one", p.words, before, after)
		}
		for _, problem := range p.growth() {
			t.Error(problem)
		}
	}
	t.Logf("%d rounds in %s, each with two checks against a reading from quorum", rounds, long)
}

// spread is by how many the goroutines of two processes that do the same may differ: each
// connection has some, and how many there are depends on the faults. What leaks in each round
// is more.
const spread = 25

// A soak is a namespace that changes, and the way to it.
type soak struct {
	*suite
	random    *rand.Rand
	namespace string
	client    kubernetes.Interface
	store     pum.Store
	start     pum.State
	gate      *proxy.Gate
	env       []string
}

func (s *suite) newSoak(t *testing.T, random *rand.Rand) *soak {
	t.Helper()
	k := &soak{suite: s, random: random, namespace: "e2e-soak"}
	s.loaded(t, "healthy-7.3", k.namespace)
	s.processed(t, k.namespace)
	config, err := clientcmd.BuildConfigFromFlags("", s.node.Kubeconfig())
	check(t, err)
	k.client, err = kubernetes.NewForConfig(config)
	check(t, err)
	k.store = tpe.PUM(s.node, k.namespace)
	k.start, err = k.store.Read()
	check(t, err)
	dir := t.TempDir()
	through := filepath.Join(dir, "gate")
	k.gate, err = proxy.Gateway(s.node.Kubeconfig(), through, proxy.Faults{})
	check(t, err)
	t.Cleanup(k.gate.Close)
	path := strings.Join([]string{s.plugin, filepath.Dir(s.kubectl), os.Getenv("PATH")}, string(os.PathListSeparator))
	k.env = []string{"HOME=" + dir, "KUBECONFIG=" + through, "PATH=" + path, "GOTRACEBACK=all"}
	return k
}

// processed waits until the job pum-process, which begins when PUM does, leaves the entries alone.
func (s *suite) processed(t *testing.T, namespace string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), s.kubectl, "--kubeconfig", s.node.Kubeconfig(), "-n", namespace, "wait", "--for=condition=complete", "job/pum-process", "--timeout=3m")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// begin starts the two that are watched.
func (k *soak) begin(t *testing.T) []*soaked {
	t.Helper()
	return []*soaked{
		k.run(t, "status --watch -o json"),
		k.run(t, "wait --stable-for=1000h --timeout=-1s --poll-interval=2s"),
	}
}

// round makes changes beside faults, and then two checks: that the entry is waited for, and
// that the workloads become what a reading from quorum says.
func (k *soak) round(t *testing.T, watched []*soaked) {
	t.Helper()
	faults := append(rules(k.random), proxy.Rule{Of: "/exec", Status: 502, Every: 2 + k.random.IntN(3)})
	check(t, k.gate.Rule(faults))
	for range 1 + k.random.IntN(5) {
		check(t, k.change(t.Context()))
		time.Sleep(time.Duration(k.random.IntN(3000)) * time.Millisecond)
	}
	check(t, k.gate.Rule(nil))
	k.once(t, 8, "wait", "--for=entries", "--timeout=0")
	k.once(t, 0, "wait", "--for=workloads", "--timeout=4m")
	good, err := tpe.Ready(t.Context(), k.node.Kubeconfig(), k.namespace)
	check(t, err)
	if !good {
		t.Error("FALSE SUCCESS: a wait ended with 0, and by a reading from quorum not all is ready")
	}
	k.until(t, "the status has all workloads ready", watched[0].ready)
	for _, p := range watched {
		check(t, p.sample())
	}
}

// until waits for a condition, for as long as a busy machine may need.
func (k *soak) until(t *testing.T, what string, met func() bool) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); !met(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within three minutes: %s", what)
		}
	}
}

// change changes a workload in a way from which it recovers by itself.
func (k *soak) change(ctx context.Context) error {
	deployments := k.client.AppsV1().Deployments(k.namespace)
	list, err := deployments.List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	d := list.Items[k.random.IntN(len(list.Items))]
	switch k.random.IntN(3) {
	case 0:
		patch := fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{"soak":"%d"}}}}}`, k.random.Int())
		_, err = deployments.Patch(ctx, d.Name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	case 1:
		patch := fmt.Sprintf(`{"spec":{"replicas":%d}}`, 1+k.random.IntN(2))
		_, err = deployments.Patch(ctx, d.Name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	default:
		soon := int64(1)
		err = k.client.CoreV1().Pods(k.namespace).DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &soon},
			metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(d.Spec.Selector)})
	}
	return err
}

// entries changes the last entry.
func (k *soak) entries(change func(*pum.Entry)) error {
	return k.store.Update(func(s *pum.State) error {
		change(&s.Entries[len(s.Entries)-1])
		return nil
	})
}

// once runs the plugin, which must end with this exit code. While PUM's pod is replaced there
// may be no answer.
func (k *soak) once(t *testing.T, want int, words ...string) {
	t.Helper()
	k.until(t, fmt.Sprintf("%s has an answer", words), func() bool {
		cmd := exec.Command("kubectl", append(append([]string{"tpe"}, words...), "-n", k.namespace)...)
		cmd.Path, cmd.Env = k.kubectl, k.env
		out, err := cmd.CombinedOutput()
		code := cmd.ProcessState.ExitCode()
		if code != want && code != int(verdict.ExitNoAnswer) {
			state, unread := k.store.Read()
			t.Errorf("%s: %v, want exit code %d; PUM's entries: %+v %v\n%s", words, err, want, state.Entries, unread, out)
			return true
		}
		return code == want
	})
}

// A soaked is a process of the plugin that is watched.
type soaked struct {
	words  string
	cmd    *exec.Cmd
	done   chan struct{}
	stderr bytes.Buffer

	lock    sync.Mutex
	last    status // that it wrote
	samples []usage
}

// A status is what is read of the documents that a watched status writes.
type status struct {
	Outcome   string
	Workloads struct{ Ready, Total int }
}

// A usage is what a process takes at a time.
type usage struct{ kilobytes, files, threads int }

// run starts the plugin itself, without kubectl.
func (k *soak) run(t *testing.T, words string) *soaked {
	t.Helper()
	p := &soaked{words: words, done: make(chan struct{})}
	p.cmd = exec.Command(filepath.Join(k.plugin, "kubectl-tpe"), append(strings.Fields(words), "-n", k.namespace)...)
	p.cmd.Env, p.cmd.Stderr = k.env, &p.stderr
	out, err := p.cmd.StdoutPipe()
	check(t, err)
	check(t, p.cmd.Start())
	go func() {
		defer close(p.done)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			var doc status
			if json.Unmarshal(lines.Bytes(), &doc) == nil {
				p.lock.Lock()
				p.last = doc
				p.lock.Unlock()
			}
		}
		_ = p.cmd.Wait() // the state tells
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
	})
	return p
}

// ready reports whether the last status has all workloads ready, and is not over.
func (p *soaked) ready() bool {
	p.lock.Lock()
	defer p.lock.Unlock()
	w := p.last.Workloads
	return p.last.Outcome == "pending" && w.Total > 0 && w.Ready == w.Total
}

var numberOf = func(name string) *regexp.Regexp { return regexp.MustCompile(`(?m)^` + name + `:\s+(\d+)`) }

// sample measures what the process takes now.
func (p *soaked) sample() error {
	dir := fmt.Sprintf("/proc/%d/", p.cmd.Process.Pid)
	status, err := os.ReadFile(dir + "status")
	if err != nil {
		return fmt.Errorf("%s has ended: %w\n%s", p.words, err, p.stderr.String())
	}
	files, err := os.ReadDir(dir + "fd")
	if err != nil {
		return err
	}
	u := usage{files: len(files)}
	for name, into := range map[string]*int{"VmRSS": &u.kilobytes, "Threads": &u.threads} {
		match := numberOf(name).FindSubmatch(status)
		if match == nil {
			return fmt.Errorf("%sstatus has no %s", dir, name)
		}
		if *into, err = strconv.Atoi(string(match[1])); err != nil {
			return err
		}
	}
	p.samples = append(p.samples, u)
	return nil
}

// thirds returns the medians of a measure in the second and in the last third of the time.
func (p *soaked) thirds(of func(usage) int) (middle, last int) {
	median := func(samples []usage) int {
		var all []int
		for _, u := range samples {
			all = append(all, of(u))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	n := len(p.samples)
	return median(p.samples[n/3 : n-n/3]), median(p.samples[n-max(1, n/3):])
}

func (p *soaked) usage() string {
	memory, memoryLast := p.thirds(func(u usage) int { return u.kilobytes })
	files, filesLast := p.thirds(func(u usage) int { return u.files })
	threads, threadsLast := p.thirds(func(u usage) int { return u.threads })
	return fmt.Sprintf("%d samples; median of the middle and the last third: %d and %d kB, %d and %d file descriptors, %d and %d threads",
		len(p.samples), memory, memoryLast, files, filesLast, threads, threadsLast)
}

// growth says what grew.
func (p *soaked) growth() (problems []string) {
	if memory, last := p.thirds(func(u usage) int { return u.kilobytes }); last > memory+memory/8+2048 {
		problems = append(problems, fmt.Sprintf("%s: memory grew from %d to %d kB", p.words, memory, last))
	}
	if files, last := p.thirds(func(u usage) int { return u.files }); last > files+3 {
		problems = append(problems, fmt.Sprintf("%s: file descriptors grew from %d to %d", p.words, files, last))
	}
	return problems
}

// goroutines ends the process, and returns how many goroutines it had.
func (p *soaked) goroutines(t *testing.T) int {
	t.Helper()
	check(t, p.cmd.Process.Signal(syscall.SIGQUIT))
	<-p.done
	n := strings.Count("\n"+p.stderr.String(), "\ngoroutine ")
	if n == 0 {
		t.Errorf("%s told of no goroutine:\n%s", p.words, p.stderr.String())
	}
	return n
}
