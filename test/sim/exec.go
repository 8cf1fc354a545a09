// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/remotecommand"
	"k8s.io/klog/v2"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
	"k8s.io/streaming/pkg/httpstream/wsstream"
)

// An Exec runs a command in a container.
type Exec func(Command) Result

// A Command is one that a client wants run.
type Command struct {
	Pod, Container string
	Args           []string
}

// A Result is what became of a command.
type Result struct {
	Stdout, Stderr string
	Exit           int
	Error          string        // of the container runtime: an internal error of the API server
	Lost           bool          // the connection ends, and nobody learns how the command did
	Delay          time.Duration // before it ends
}

// exec runs a command over WebSocket or SPDY, as kubelet's
// pkg/cri/streaming/remotecommand does.
func (s *Server) exec(w http.ResponseWriter, r *http.Request, q request, kind Kind) {
	pod, err := s.pod(kind, q)
	if err != nil {
		fail(w, err)
		return
	}
	query := r.URL.Query()
	command := Command{q.Name, query.Get("container"), query["command"]}
	var ok bool
	if command.Container, ok = running(w, pod, command.Container); !ok {
		return
	}
	if !httpstream.IsUpgradeRequest(r) {
		fail(w, apierrors.NewBadRequest("Upgrade request required"))
		return
	}
	open := openSPDY
	if wsstream.IsWebSocketRequest(r) {
		open = openWebSocket
	}
	quiet := klog.NewContext(r.Context(), logr.Discard()) // a client that hangs up is no error
	streams, err := open(w, r.WithContext(quiet))
	if err != nil {
		return // it was answered
	}
	defer streams.close()
	result := Result{Error: noExecutable(command.Args)}
	if s.options.Exec != nil {
		result = s.options.Exec(command)
	}
	streams.finish(r, result)
}

// pod returns a pod.
func (s *Server) pod(kind Kind, q request) (*corev1.Pod, error) {
	v := s.Store.now(kind, q.Namespace)
	i := slices.IndexFunc(v.objects, func(o *unstructured.Unstructured) bool { return o.GetName() == q.Name })
	if i < 0 {
		return nil, apierrors.NewNotFound(kind.GroupResource(), q.Name)
	}
	pod := &corev1.Pod{}
	return pod, runtime.DefaultUnstructuredConverter.FromUnstructured(v.objects[i].Object, pod)
}

// container returns a container of a pod, by default the only one.
func container(pod *corev1.Pod, name string) (string, error) {
	var names []string
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		names = append(names, c.Name)
	}
	switch {
	case name == "" && len(pod.Spec.Containers) == 1:
		return pod.Spec.Containers[0].Name, nil
	case name == "":
		return "", apierrors.NewBadRequest(fmt.Sprintf("a container name must be specified for pod %s, choose one of: %s", pod.Name, names))
	case !slices.Contains(names, name):
		return "", apierrors.NewBadRequest(fmt.Sprintf("container %s is not valid for pod %s", name, pod.Name))
	}
	return name, nil
}

// running returns a container in which a command can run. That it does not run is what the
// kubelet says, in plain text.
func running(w http.ResponseWriter, pod *corev1.Pod, name string) (string, bool) {
	name, err := container(pod, name)
	if err == nil && pod.Spec.NodeName == "" {
		err = apierrors.NewBadRequest(fmt.Sprintf("pod %s does not have a host assigned", pod.Name))
	}
	if err != nil {
		fail(w, err)
		return "", false
	}
	status := statusOf(pod, name)
	if status == nil || status.State.Running == nil {
		http.Error(w, fmt.Sprintf("container not found (%q)", name), http.StatusInternalServerError)
		return "", false
	}
	return name, true
}

// statusOf returns the status of a container, or nil.
func statusOf(pod *corev1.Pod, name string) *corev1.ContainerStatus {
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if status.Name == name {
			return &status
		}
	}
	return nil
}

// noExecutable is what containerd says of a command that the image does not have.
func noExecutable(args []string) string {
	return fmt.Sprintf("error executing command in container: failed to exec in container: failed to start exec \"0\": "+
		"OCI runtime exec failed: exec failed: unable to start container process: exec: %q: executable file not found in $PATH: unknown", args[0])
}

// streams are those of one command.
type streams struct {
	stdout, stderr, status io.Writer
	close                  func()
}

// finish writes what a command printed, and how it ended.
func (s *streams) finish(r *http.Request, result Result) {
	_, _ = io.WriteString(s.stdout, result.Stdout)
	_, _ = io.WriteString(s.stderr, result.Stderr)
	select {
	case <-r.Context().Done():
		return
	case <-time.After(result.Delay):
	}
	if result.Lost {
		return
	}
	status := metav1.Status{Status: metav1.StatusSuccess}
	switch {
	case result.Error != "":
		status = apierrors.NewInternalError(errors.New(result.Error)).ErrStatus
		status.Message = result.Error
	case result.Exit != 0:
		status = metav1.Status{
			Status: metav1.StatusFailure, Reason: remotecommand.NonZeroExitCodeReason,
			Message: fmt.Sprintf("command terminated with non-zero exit code: exit status %d", result.Exit),
			Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: remotecommand.ExitCodeCauseType, Message: strconv.Itoa(result.Exit)}}},
		}
	}
	_ = json.NewEncoder(s.status).Encode(status)
}

// openWebSocket upgrades to the protocols v5 and v4 of the package wsstream.
func openWebSocket(w http.ResponseWriter, r *http.Request) (*streams, error) {
	if isTrue(r.URL.Query().Get("stdin")) || isTrue(r.URL.Query().Get("tty")) {
		return nil, refuseInput(w)
	}
	channels := []wsstream.ChannelType{wsstream.IgnoreChannel, wsstream.WriteChannel, wsstream.WriteChannel, wsstream.WriteChannel, wsstream.ReadChannel}
	config := wsstream.ChannelProtocolConfig{Binary: true, Channels: channels}
	conn := wsstream.NewConn(map[string]wsstream.ChannelProtocolConfig{
		remotecommand.StreamProtocolV5Name: config, remotecommand.StreamProtocolV4Name: config,
	})
	_, channel, err := conn.Open(w, r)
	if err != nil {
		return nil, err
	}
	return &streams{channel[1], channel[2], channel[3], func() { _ = conn.Close() }}, nil
}

func refuseInput(w http.ResponseWriter) error {
	err := apierrors.NewBadRequest("the simulated cluster has no terminal and reads no standard input")
	fail(w, err)
	return err
}

// openSPDY upgrades to SPDY/3.1, in which the client opens a stream after the other.
func openSPDY(w http.ResponseWriter, r *http.Request) (*streams, error) {
	query := r.URL.Query()
	if isTrue(query.Get("stdin")) || isTrue(query.Get("tty")) {
		return nil, refuseInput(w)
	}
	if _, err := httpstream.Handshake(r, w, []string{remotecommand.StreamProtocolV4Name}); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return nil, err
	}
	opened := make(chan httpstream.Stream, 4)
	conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(stream httpstream.Stream, replied <-chan struct{}) error {
		go func() {
			<-replied
			opened <- stream
		}()
		return nil
	})
	if conn == nil {
		return nil, errors.New("no SPDY")
	}
	s := &streams{stdout: io.Discard, stderr: io.Discard, close: func() { _ = conn.Close() }}
	into := map[string]*io.Writer{corev1.StreamTypeStdout: &s.stdout, corev1.StreamTypeStderr: &s.stderr, corev1.StreamTypeError: &s.status}
	expected := 1
	for _, name := range []string{"stdout", "stderr"} {
		if isTrue(query.Get(name)) {
			expected++
		}
	}
	for range expected {
		select {
		case stream := <-opened:
			if w, ok := into[stream.Headers().Get(corev1.StreamType)]; ok {
				*w = stream
			}
		case <-time.After(30 * time.Second):
			s.close()
			return nil, errors.New("the client opened too few streams")
		}
	}
	return s, nil
}
