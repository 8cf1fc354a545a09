// SPDX-License-Identifier: Apache-2.0

package podexec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	protocol "k8s.io/apimachinery/pkg/util/remotecommand"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/client-go/util/exec"
	"k8s.io/kubectl/pkg/cmd/util/podcmd"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
)

// stderrLimit is how much of a command's standard error is kept, in bytes.
const stderrLimit = 64 << 10

// An Output is what a command printed, where it ran and how it ended.
type Output struct {
	Pod       string
	Container string
	Command   []string
	Ran       Ran
	Stdout    []byte
	Stderr    []byte // its beginning, if there was much of it
	ExitCode  int    // no proof of anything: a runtime that dies reports 0
}

// A Runner runs commands in the pod of a Deployment.
//
// There is no terminal and no standard input, so that the two streams arrive separately and as
// they were written. The pod is chosen again for each command: the previous one may be gone.
type Runner struct {
	Client     *kube.Client
	Config     *rest.Config
	Clock      *kube.Clock // that learns from the client's answers; may be nil
	Namespace  string
	Deployment string
	Container  string // by default kubectl's choice for the pod, but no sidecar
	Limit      int    // the largest standard output to read, in bytes
	Transport  Transport
	Found      func() // called each time when the pod is found, or is not; may be nil

	noWebSocket atomic.Bool // the last command had to fall back to SPDY
}

// Proven returns a runner that uses the protocol with which the last command worked, and no
// other. A command that must not be sent twice must not fall back: a proxy that refuses a
// protocol may do so after the request has gone through.
func (r *Runner) Proven() *Runner {
	proven := &Runner{
		Client: r.Client, Config: r.Config, Namespace: r.Namespace,
		Deployment: r.Deployment, Container: r.Container, Limit: r.Limit, Transport: WebSocket,
	}
	if r.noWebSocket.Load() || r.Transport == SPDY {
		proven.Transport = SPDY
	}
	return proven
}

// A Transport is a protocol between the plugin and the API server for commands in
// pods. The zero value is WebSocket, and SPDY where that does not work.
type Transport string

// The transports, to use one and no other.
const (
	WebSocket Transport = "WebSocket"
	SPDY      Transport = "SPDY"
)

// Run runs a command, once, and returns what it printed and how it ended. Output.Ran says
// what is known of whether it ran, beside an error too.
//
// The error is a *NoPodError if there is no pod, a *NotRunError if the command did not
// run, a *LostError if its end was not seen, a *GivenUpError if ctx ended before,
// ErrTooLarge, a *PolicyError, or the API server's if that refused.
func (r *Runner) Run(ctx context.Context, command []string) (Output, error) {
	t, err := r.target(ctx)
	if err != nil {
		return Output{}, err
	}
	defer t.early.drop()
	return r.exec(ctx, t, command)
}

// nextAfter is how long a command that only reads may take before the next is tried
// beside it. Kata lets one that is not there hang for a minute
// (kata-containers#8026).
const nextAfter = 5 * time.Second

// Try runs commands that only read, all in the same pod, and hands what came of each
// to enough until that is so: one after the other, or beside one that takes too long.
func (r *Runner) Try(ctx context.Context, commands [][]string, enough func(Output, error) bool) error {
	t, err := r.target(ctx)
	if err != nil {
		return err
	}
	defer t.early.drop()
	tryEach(ctx, commands, func(ctx context.Context, command []string) (Output, error) { return r.exec(ctx, t, command) }, enough)
	return nil
}

// tryEach runs commands one after the other, or beside one that takes too long, until
// there is enough, and leaves those that still run.
func tryEach(ctx context.Context, commands [][]string, run func(context.Context, []string) (Output, error), enough func(Output, error) bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type end struct {
		out Output
		err error
	}
	ends := make(chan end, len(commands))
	for begun, ended := 0, 0; ended < len(commands); {
		var late <-chan time.Time
		if begun < len(commands) {
			command := commands[begun]
			begun++
			go func() {
				out, err := run(ctx, command)
				ends <- end{out, err}
			}()
		}
		if begun < len(commands) {
			late = time.After(nextAfter)
		}
		select {
		case e := <-ends:
			if ended++; enough(e.out, e.err) {
				return
			}
		case <-late:
		}
	}
}

// A target is where commands run, and perhaps a connection on the way there.
type target struct {
	pod, container string
	early          *preconnect // nil for SPDY, which opens its own
}

// target finds the pod and the container.
func (r *Runner) target(ctx context.Context) (target, error) {
	t := target{}
	if r.Transport != SPDY {
		t.early = startPreconnect(ctx, r.Config, r.Client.URL())
	}
	pod, name, err := r.pod(ctx)
	if r.Found != nil {
		r.Found()
	}
	if err != nil {
		t.early.drop()
		return target{}, err
	}
	container, err := podcmd.FindOrDefaultContainerByName(pod, name, true, io.Discard)
	if err != nil {
		t.early.drop()
		return target{}, &NoPodError{Deployment: r.Deployment, Pod: pod.Name, Err: err}
	}
	t.pod, t.container = pod.Name, container.Name
	return t, nil
}

// exec runs a command in a container.
func (r *Runner) exec(ctx context.Context, t target, command []string) (Output, error) {
	u := r.Client.Exec(r.Namespace, t.pod, &corev1.PodExecOptions{
		Container: t.container, Command: command, Stdout: true, Stderr: true,
	})
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stdout := &boundedBuffer{limit: r.Limit, full: func() { cancel(ErrTooLarge) }}
	stderr := &boundedBuffer{limit: stderrLimit, full: func() {}}
	err := leave(ctx, func() error {
		return r.stream(ctx, t.early, u, remotecommand.StreamOptions{Stdout: stdout, Stderr: stderr})
	})
	out := Output{Pod: t.pod, Container: t.container, Command: command, Stdout: stdout.close(), Stderr: stderr.close()}
	if why := context.Cause(ctx); why != nil && err != nil {
		return out, givenUp(why)
	}
	return resultOf(out, err)
}

// leave does something, and does not wait for its end once ctx ends: the clients of both
// protocols keep waiting for an answer to their request.
func leave(ctx context.Context, do func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- do() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// stream runs a command by WebSocket, over the connection that was opened early if there
// is one, or by SPDY where a proxy or an old server knows no better, or the account has
// only the verb for SPDY.
func (r *Runner) stream(ctx context.Context, early *preconnect, u *url.URL, options remotecommand.StreamOptions) error {
	if r.Transport != SPDY {
		err := r.explain(ctx, WebSocket, r.overWebSocket(ctx, early, u, options))
		again := r.Transport == "" && fallsBack(err)
		r.noWebSocket.Store(again)
		if !again {
			return err
		}
	}
	return r.explain(ctx, SPDY, r.overSPDY(ctx, u, options))
}

func (r *Runner) overWebSocket(ctx context.Context, early *preconnect, u *url.URL, options remotecommand.StreamOptions) error {
	config := r.Config
	if t := early.take(ctx); t != nil {
		ctx, config, u = t.over(ctx, config, u)
	}
	executor, err := remotecommand.NewWebSocketExecutor(config, "GET", u.String())
	if err != nil {
		return err
	}
	return executor.StreamWithContext(ctx, options)
}

func (r *Runner) overSPDY(ctx context.Context, u *url.URL, options remotecommand.StreamOptions) error {
	config := rest.CopyConfig(r.Config)
	upgrade := &upgradeTransport{}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		upgrade.next = next
		return upgrade
	})
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return err
	}
	status := &statusWatcher{Upgrader: upgrader}
	executor, err := remotecommand.NewSPDYExecutorForProtocols(transport, status, "POST", u, protocol.StreamProtocolV5Name, protocol.StreamProtocolV4Name)
	if err != nil {
		return err
	}
	err = executor.StreamWithContext(ctx, options)
	switch {
	case err != nil && upgrade.err != nil:
		return upgrade.err
	case err == nil && !status.came.Load():
		return errNoStatus
	}
	return err
}

// fallsBack reports whether SPDY may work where WebSocket did not: the request was not
// upgraded, and that is neither for a policy nor for the login.
func fallsBack(err error) bool {
	if Denied(err) {
		return false
	}
	return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err) || apierrors.IsForbidden(err)
}

// givenUp returns the error of a command whose end was not waited for.
func givenUp(why error) error {
	if errors.Is(why, context.Canceled) || errors.Is(why, ErrTooLarge) {
		return why
	}
	return &GivenUpError{why}
}

// resultOf returns how a command ended from the error of its stream.
func resultOf(out Output, err error) (Output, error) {
	out.Ran = ran(out, err)
	var exit exec.CodeExitError
	switch {
	case err == nil:
		return out, nil
	case errors.As(err, &exit):
		out.ExitCode = exit.Code
		return out, nil
	case notFound(out, err):
		return out, &NotRunError{fmt.Errorf("exec in pod %s: %w", out.Pod, err)}
	case apierrors.IsForbidden(err), kube.NotLoggedIn(err):
		return out, fmt.Errorf("exec in pod %s: %w", out.Pod, err)
	}
	return out, &LostError{fmt.Errorf("exec in pod %s: %w", out.Pod, err), out.Ran}
}

// A boundedBuffer keeps what is written to it up to a limit, and drops the
// rest. It never fails a write: remotecommand would go on reading forever.
type boundedBuffer struct {
	limit int
	full  func() // called when something is dropped

	mu     sync.Mutex // the streams may still be written to when their command was given up
	data   []byte
	closed bool
}

func (b *boundedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return len(p), nil
	}
	room := b.limit - len(b.data)
	if len(p) > room {
		b.full()
	}
	b.data = append(b.data, p[:min(room, len(p))]...)
	return len(p), nil
}

// close ends the writing and returns what was kept.
func (b *boundedBuffer) close() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return b.data
}
