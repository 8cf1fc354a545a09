// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"
	"k8s.io/kubectl/pkg/cmd/util/podcmd"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/kube"
)

// stderrLimit is how much of a command's standard error is kept, in bytes.
const stderrLimit = 64 << 10

// A PodRunner runs commands in the pod of PUM's Deployment.
//
// There is no terminal and no standard input, so that the two streams come
// apart and as they were written. The pod is chosen anew for each command:
// the one before may be gone.
type PodRunner struct {
	Client     *kube.Client
	Config     *rest.Config
	Namespace  string
	Deployment string
	Container  string // by default kubectl's choice for the pod
	Limit      int    // the largest standard output to read, in bytes
	Transport  Transport
	Found      func() // called each time when the pod is found, or is not; may be nil

	noWebSocket atomic.Bool // the last command had to fall back to SPDY
}

// Proven returns a runner that speaks the protocol with which the last command
// worked, and no other. One that must not be sent twice is not for a fallback: a
// proxy that refuses a protocol may do so when the request has gone through.
func (r *PodRunner) Proven() *PodRunner {
	proven := &PodRunner{
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

// Run runs the first of these commands that the pod's image has, once. All are
// tried in the same pod.
//
// Besides the errors of a Runner it returns ErrNoAnswer if there is no pod
// to run it in, and the API server's error if that refused.
func (r *PodRunner) Run(ctx context.Context, commands ...[]string) (Output, error) {
	var early *ahead // none for SPDY, which opens its own
	if r.Transport != SPDY {
		early = openAhead(ctx, r.Config, r.Client.URL())
		defer early.drop()
	}
	pod, err := r.pod(ctx)
	if r.Found != nil {
		r.Found()
	}
	if err != nil {
		return Output{}, err
	}
	container, err := podcmd.FindOrDefaultContainerByName(pod, r.Container, true, io.Discard)
	if err != nil {
		return Output{}, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	var missing []error
	for _, command := range commands {
		out, err := r.exec(ctx, early, pod.Name, container.Name, command)
		if unknown := (*MissingCommandError)(nil); !errors.As(err, &unknown) {
			return out, err
		}
		missing = append(missing, err)
	}
	return Output{}, errors.Join(missing...)
}

// exec runs a command in a container.
func (r *PodRunner) exec(ctx context.Context, early *ahead, pod, container string, command []string) (Output, error) {
	ctx, executor, err := r.executor(ctx, early, r.Client.Exec(r.Namespace, pod, &corev1.PodExecOptions{
		Container: container, Command: command, Stdout: true, Stderr: true,
	}))
	if err != nil {
		return Output{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stdout := &boundedBuffer{limit: r.Limit, full: func() { cancel(ErrTooLarge) }}
	stderr := &boundedBuffer{limit: stderrLimit, full: func() {}}
	err = stream(ctx, executor, remotecommand.StreamOptions{Stdout: stdout, Stderr: stderr})
	out := Output{Pod: pod, Container: container, Command: command, Stdout: stdout.close(), Stderr: stderr.close()}
	if why := context.Cause(ctx); why != nil && err != nil {
		return out, givenUp(why)
	}
	out, err = ended(out, command, err)
	if lost := (*LostError)(nil); errors.As(err, &lost) && len(out.Stdout) == 0 {
		return out, r.refused(ctx, err)
	}
	return out, err
}

// stream runs a command, and leaves it alone when ctx ends: neither protocol's
// client heeds that while it waits for an answer to its request.
func stream(ctx context.Context, executor remotecommand.Executor, options remotecommand.StreamOptions) error {
	ended := make(chan error, 1)
	go func() { ended <- executor.StreamWithContext(ctx, options) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// refused returns the API server's refusal if that is why a command was lost
// before it printed anything, else the error as it is. A refused upgrade to
// SPDY is told by its text alone, so the API server is asked.
func (r *PodRunner) refused(ctx context.Context, err error) error {
	if why := r.MayExec(ctx); apierrors.IsForbidden(why) {
		return why
	}
	return err
}

// executor returns what speaks to the API server, and the context in which it
// does: WebSocket, over the connection that was opened early if there is one,
// or SPDY where a proxy or an old server knows no better.
func (r *PodRunner) executor(ctx context.Context, early *ahead, u *url.URL) (context.Context, remotecommand.Executor, error) {
	spdy, err := remotecommand.NewSPDYExecutor(r.Config, "POST", u)
	if err != nil || r.Transport == SPDY {
		return ctx, spdy, err
	}
	config := r.Config
	if t := early.take(ctx); t != nil {
		ctx, config, u = t.through(ctx, config, u)
	}
	websocket, err := remotecommand.NewWebSocketExecutor(config, "GET", u.String())
	if err != nil || r.Transport == WebSocket {
		return ctx, websocket, err
	}
	both, err := remotecommand.NewFallbackExecutor(websocket, spdy, func(err error) bool {
		no := httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
		r.noWebSocket.Store(no)
		return no
	})
	return ctx, both, err
}

// givenUp returns the error of a command whose end we did not wait for.
func givenUp(why error) error {
	if errors.Is(why, context.Canceled) {
		return why
	}
	return fmt.Errorf("%w: %w", ErrNoAnswer, why)
}

// ended tells how a command ended from the error of its stream.
func ended(out Output, command []string, err error) (Output, error) {
	var exit exec.CodeExitError
	switch {
	case err == nil:
		return out, nil
	case noSuchExecutable(err, out.Stderr):
		return out, &MissingCommandError{command, err}
	case errors.As(err, &exit):
		out.ExitCode = exit.Code
		return out, nil
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		return out, fmt.Errorf("exec in pod %s: %w", out.Pod, err)
	}
	return out, &LostError{fmt.Errorf("exec in pod %s: %w", out.Pod, err)}
}

// noSuchExecutable reports whether a failed exec says that the image lacks
// the executable. There is no code for it: containerd answers with an
// internal error of the API server (containerd/containerd#3597), docker-style
// runtimes with exit code 126 and the same words on standard error.
func noSuchExecutable(err error, stderr []byte) bool {
	text := err.Error()
	if exit := (exec.CodeExitError{}); errors.As(err, &exit) {
		if exit.Code != 126 && exit.Code != 127 {
			return false
		}
		text = string(stderr)
	}
	return strings.Contains(text, "executable file not found in $PATH") ||
		strings.Contains(text, "exec: ") && strings.Contains(text, "no such file or directory")
}

// A boundedBuffer keeps what is written to it up to a limit, and drops the
// rest. It never fails a write: remotecommand would go on reading for ever.
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
		b.data = append(b.data, p[:room]...)
		b.full()
		return len(p), nil
	}
	b.data = append(b.data, p...)
	return len(p), nil
}

// close ends the writing and returns what was kept.
func (b *boundedBuffer) close() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return b.data
}
