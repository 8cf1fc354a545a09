// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// A cutter is a way to a server that breaks once: all its connections, when so many bytes of
// answers have gone through. For a moment it takes none, as a load balancer that is replaced.
type cutter struct {
	to     string
	away   time.Duration
	reset  bool // connections end by a reset, not as if the server had closed them
	listen net.Listener

	lock   sync.Mutex
	left   int // bytes until it breaks; negative for never
	passed int
	open   map[net.Conn]bool
	closed bool
}

func newCutter(t *testing.T, to string, after int, away time.Duration, reset bool) *cutter {
	t.Helper()
	listener := listen(t)
	c := &cutter{to: to, away: away, reset: reset, listen: listener, left: after, open: map[net.Conn]bool{}}
	go c.serve(listener)
	t.Cleanup(func() { c.end(true) })
	return c
}

// listen takes a port of which no system makes the near end of a connection, so that it can be taken
// again.
func listen(t *testing.T) net.Listener {
	t.Helper()
	for range 100 {
		if listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(10_000))); err == nil {
			return listener
		}
	}
	t.Fatal("no port is free")
	return nil
}

func (c *cutter) address() string { return c.listen.Addr().String() }

func (c *cutter) serve(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		go c.connect(client)
	}
}

// connect carries what goes through one connection.
func (c *cutter) connect(client net.Conn) {
	server, err := net.Dial("tcp", c.to)
	if err != nil {
		_ = client.Close() // nobody is there
		return
	}
	c.lock.Lock()
	c.open[client], c.open[server] = true, true
	c.lock.Unlock()
	go func() {
		_, _ = io.Copy(server, client) // one of them has gone
		c.hangUp(client, server)
	}()
	buffer := make([]byte, 512)
	for {
		n, err := server.Read(buffer)
		n, cut := c.take(n)
		_, failed := client.Write(buffer[:n])
		if cut {
			c.breakAll()
			return
		}
		if err != nil || failed != nil {
			c.hangUp(client, server)
			return
		}
	}
}

// take returns how many of some bytes go through, and whether it breaks behind them.
func (c *cutter) take(n int) (int, bool) {
	c.lock.Lock()
	defer c.lock.Unlock()
	cut := c.left >= 0 && n >= c.left
	switch {
	case cut:
		n, c.left = c.left, -1
	case c.left >= 0:
		c.left -= n
	}
	c.passed += n
	return n, cut
}

func (c *cutter) hangUp(connections ...net.Conn) {
	c.lock.Lock()
	defer c.lock.Unlock()
	for _, one := range connections {
		if delete(c.open, one); c.reset {
			_ = one.(*net.TCPConn).SetLinger(0) // what has gone cannot be reset
		}
		_ = one.Close()
	}
}

// breakAll ends all connections, and takes new ones only after a while.
func (c *cutter) breakAll() {
	address := c.address()
	c.end(false)
	time.Sleep(c.away)
	for !c.listenAgain(address) { // the port is free when the last Accept has returned
		time.Sleep(10 * time.Millisecond)
	}
}

// listenAgain takes connections again, unless it ended for good. It reports whether there is no
// need to try again.
func (c *cutter) listenAgain(address string) bool {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.closed {
		return true
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	c.listen = listener
	go c.serve(listener)
	return true
}

func (c *cutter) end(forGood bool) {
	c.lock.Lock()
	c.closed = c.closed || forGood
	_ = c.listen.Close()
	var all []net.Conn
	for one := range c.open {
		all = append(all, one)
	}
	c.lock.Unlock()
	c.hangUp(all...)
}

func (c *cutter) bytes() int {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.passed
}

// kubeconfig writes a kubeconfig whose connections go through it.
func (c *cutter) kubeconfig(t *testing.T, config *clientcmdapi.Config) string {
	t.Helper()
	for _, cluster := range config.Clusters {
		cluster.Server = "https://" + c.address()
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		t.Fatal(err)
	}
	return file
}

// breakingJob is the job of an upgrade that runs for a while, and its pod.
const breakingJob = `
apiVersion: batch/v1
kind: Job
metadata: {name: pum-process, generation: 1, creationTimestamp: '{{ago "1m"}}', labels: {job-name: pum-process}}
spec: {backoffLimit: 6, completions: 1, parallelism: 1, selector: {matchLabels: {batch.kubernetes.io/controller-uid: u-Job-pum-process}}, template: {metadata: {labels: {job-name: pum-process}}, spec: {restartPolicy: Never, containers: [{name: pum-process, image: x}]}}}
status: {startTime: '{{ago "1m"}}', %s}
---
apiVersion: v1
kind: Pod
metadata: {name: pum-process-a, labels: {job-name: pum-process, batch.kubernetes.io/controller-uid: u-Job-pum-process}, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: pum-process, uid: u-Job-pum-process, controller: true}]}
spec: {nodeName: node-1, restartPolicy: Never, containers: [{name: pum-process, image: x}]}
status: {startTime: '{{ago "1m"}}', %s}
`

// breaking returns a case in which the job runs for a second and a half, and prints two lines.
func breaking() *Case {
	step := func(after time.Duration, job, pod, line, entry string) Step {
		return Step{metav1.Duration{Duration: after}, State{
			Objects: fmt.Sprintf(breakingJob, job, pod),
			PUM:     &PUM{Entries: []map[string]any{{"state": entry}}},
			Logs:    []Log{{Pod: "pum-process-a", Container: "pum-process", Text: line}},
		}}
	}
	const (
		runs  = "containerStatuses: [{name: pum-process, ready: true, started: true, restartCount: 0, image: x, imageID: x, state: {running: {startedAt: '{{ago \"1m\"}}'}}}], phase: Running"
		ended = "containerStatuses: [{name: pum-process, ready: false, started: false, restartCount: 0, image: x, imageID: x, state: {terminated: {exitCode: 0, reason: Completed, startedAt: '{{ago \"1m\"}}', finishedAt: '{{ago \"0s\"}}'}}}], phase: Succeeded"
		over  = "succeeded: 1, ready: 0, uncountedTerminatedPods: {}, completionTime: '{{ago \"0s\"}}', conditions: [{type: Complete, status: 'True', reason: CompletionsReached, lastTransitionTime: '{{ago \"0s\"}}'}]"
	)
	return &Case{
		State: step(0, "active: 1, ready: 1", runs, "first line\n", "IN_PROGRESS").State,
		Steps: []Step{step(1500*time.Millisecond, over, ended, "second line\n", "PROCESSED")},
	}
}

// runOver runs the command line of a case over a way that breaks. It returns how many bytes of
// answers went through, too.
func runOver(t *testing.T, c *Case, after int, away time.Duration, reset bool) (code int, out string, passed int) {
	t.Helper()
	p := play(t, c, t.TempDir())
	server, err := clientcmd.LoadFromFile(p.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	way := newCutter(t, strings.TrimPrefix(server.Clusters["simulated"].Server, "https://"), after, away, reset)
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	code, out = runPlugin(ctx, t, c, way.kubeconfig(t, server))
	return code, out, way.bytes()
}

// connectionError is what a connection that broke or was refused is called.
var connectionError = regexp.MustCompile(`127\.0\.0\.1:\d+|unexpected EOF|connection reset|wsarecv|http2: client conn`)

// Wherever the connections of the first seconds break, what waits goes on to the right end, and
// what asks once gives the right answer or says that it has none.
func TestConnectionsBreakAnywhere(t *testing.T) {
	t.Parallel()
	seed := setting(t, "SEED", uint64(time.Now().UnixNano()))
	t.Logf("SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for _, tt := range []struct {
		line string
		on   *Case
		want []int
		once []string // what it says with exit code 0
	}{
		{"wait --timeout=30s", breaking(), []int{0}, []string{"DONE"}},
		{"logs -f --timeout=30s", breaking(), []int{0}, []string{"first line\n", "second line\n"}},
		{"status", &Case{}, []int{0, 1}, []string{"DONE"}},
		{"pum status", &Case{}, []int{0, 1}, []string{"PROCESSED"}},
	} {
		t.Run(tt.line, func(t *testing.T) {
			tt.on.Args = strings.Fields(tt.line)
			code, out, whole := runOver(t, tt.on, -1, 0, false)
			if code != 0 {
				t.Fatalf("exit code %d over a way that does not break\n%s", code, out)
			}
			for range setting(t, "CUTS", 12) {
				after, away, reset := random.IntN(whole), time.Duration(random.IntN(3))*200*time.Millisecond, random.IntN(2) == 0
				name := fmt.Sprintf("broken after %d of %d bytes for %s, reset %t", after, whole, away, reset)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					code, out, _ := runOver(t, tt.on, after, away, reset)
					if !slices.Contains(tt.want, code) || code != 0 && !connectionError.MatchString(out) {
						t.Errorf("exit code %d\n%s", code, out)
					}
					for _, text := range tt.once {
						if n := strings.Count(out, text); code == 0 && n != 1 {
							t.Errorf("%q is there %d times\n%s", text, n, out)
						}
					}
				})
			}
		})
	}
}
