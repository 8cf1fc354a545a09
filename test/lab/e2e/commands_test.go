// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/image"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/proxy"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/standin/pum"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/tpe"
)

func (s *suite) load(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: load SCENARIO")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	ts.Check(tpe.Load(ctx, tpe.Options{
		Kubeconfig: s.node.Kubeconfig(), Importer: s.node,
		Scenario: args[0], Namespace: ts.Getenv("NS"), Wait: true, Log: ts.Stderr(),
	}))
	s.documents(ts)
}

// exits runs a program and compares its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG…")
	}
	if code := exitCode(ts, args[1:]); strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// until runs a program until it has an exit code.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until CODE PROGRAM ARG…")
	}
	const pending = 8
	for deadline := time.Now().Add(10 * time.Minute); ; time.Sleep(2 * time.Second) {
		code := exitCode(ts, args[1:])
		if strconv.Itoa(code) == args[0] {
			return
		}
		if code != pending || time.Now().After(deadline) {
			ts.Fatalf("exit code %d on the way to %s", code, args[0])
		}
	}
}

// shows runs a program until its output matches.
func shows(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: shows TIME PATTERN PROGRAM ARG…")
	}
	patience, err := time.ParseDuration(args[0])
	ts.Check(err)
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Second) {
		code := exitCode(ts, args[2:])
		if pattern.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("exit code %d, and no match for %s within %s", code, pattern, patience)
		}
	}
}

func exitCode(ts *testscript.TestScript, command []string) int {
	var exit *exec.ExitError
	err := ts.Exec(command[0], command[1:]...)
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	ts.Fatalf("run %s: %v", command[0], err)
	return -1
}

// running wants that no program in the background has ended.
func running(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: running")
	}
	for _, cmd := range ts.BackgroundCmds() {
		if err := syscall.Kill(cmd.Process.Pid, 0); err != nil {
			ts.Fatalf("%s has ended", cmd)
		}
	}
}

func (s *suite) as(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: as [USER]")
	}
	kubeconfig := s.node.Kubeconfig()
	if len(args) == 1 {
		var err error
		kubeconfig, err = s.node.UserKubeconfig(args[0])
		ts.Check(err)
	}
	ts.Setenv("KUBECONFIG", kubeconfig)
}

func (s *suite) lab(ts *testscript.TestScript, neg bool, args []string) {
	verbs := map[string]func(context.Context, string) error{
		"start": s.node.Start, "stop": s.node.Stop, "kill": s.node.Kill,
		"compact": func(ctx context.Context, _ string) error { return s.node.Compact(ctx) },
	}
	if neg || len(args) != 2 || verbs[args[0]] == nil {
		ts.Fatalf("usage: lab start|stop|kill|compact COMPONENT")
	}
	ts.Check(verbs[args[0]](context.Background(), args[1]))
}

func (s *suite) pum(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: pum YAML")
	}
	ts.Check(tpe.PUM(s.node, ts.Getenv("NS")).Update(func(state *pum.State) error { return state.Replace([]byte(args[0])) }))
}

// image gives the node the image that packaging/kubernetes names, with the plugin in it.
func (s *suite) image(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: image")
	}
	manifest, err := os.ReadFile(filepath.Join("..", "..", "..", "packaging", "kubernetes", "job.yaml"))
	ts.Check(err)
	name := regexp.MustCompile(`image: (\S+)`).FindSubmatch(manifest)
	program, err := os.ReadFile(filepath.Join(s.plugin, "kubectl-tpe"))
	ts.Check(err)
	ts.Check(s.node.Import(context.Background(), image.Image{
		Names: []string{string(name[1])}, Files: []image.File{{Path: "/kubectl-tpe", Mode: 0o755, Content: program}},
		Config: image.Config{Entrypoint: []string{"/kubectl-tpe"}, User: "65532:65532"},
	}))
}

func (s *suite) helm(ts *testscript.TestScript, neg bool, args []string) {
	var changes map[string]tpe.HelmRelease
	if neg || len(args) != 1 {
		ts.Fatalf("usage: helm YAML")
	}
	ts.Check(yaml.UnmarshalStrict([]byte(args[0]), &changes))
	ts.Check(tpe.Reinstall(context.Background(), tpe.Options{
		Kubeconfig: s.node.Kubeconfig(), Importer: s.node, Scenario: "healthy", Namespace: ts.Getenv("NS"),
	}, changes))
}

// helmProgram compiles Helm itself, whose module is that of test/helm.
func (s *suite) helmProgram(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: helm-program")
	}
	program, err := s.compileHelm()
	ts.Check(err)
	ts.Setenv("HELM", program)
}

func (s *suite) restarts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: restarts N")
	}
	state, err := tpe.PUM(s.node, ts.Getenv("NS")).Read()
	ts.Check(err)
	if n := strconv.Itoa(len(state.Restarts)); n != args[0] {
		ts.Fatalf("PUM was restarted %s times, want %s", n, args[0])
	}
}

// gateway leads the way to the API server through an HTTP proxy that does what the
// words say, until the next as.
func (s *suite) gateway(ts *testscript.TestScript, neg bool, args []string) {
	var faults proxy.Faults
	for _, word := range args {
		switch key, value, _ := strings.Cut(word, "="); key {
		case "kubernetes":
			faults.Kubernetes = value
		case "clock":
			var err error
			faults.Clock, err = time.ParseDuration(value)
			ts.Check(err)
		case "no-websocket":
			faults.NoWebSocket = true
		default:
			ts.Fatalf("usage: gateway [kubernetes=1.N] [clock=TIME] [no-websocket]")
		}
	}
	through := ts.MkAbs("gateway.kubeconfig")
	gate, err := proxy.Gateway(ts.Getenv("KUBECONFIG"), through, faults)
	ts.Check(err)
	ts.Defer(gate.Close)
	ts.Setenv("KUBECONFIG", through)
}

// proxied is the key of a script's proxy.
type proxied struct{}

// proxy starts the script's proxy, or tells it what to do.
func (s *suite) proxy(ts *testscript.TestScript, neg bool, args []string) {
	p, _ := ts.Value(proxied{}).(*scriptProxy)
	switch verb := strings.Join(args, " "); {
	case neg || p == nil:
		ts.Fatalf("usage: proxy [cut|close|open|cut every TIME|calm|lines N]")
	case verb == "":
		ts.Check(p.start(ts))
	case verb == "cut":
		ts.Check(p.Cut())
	case verb == "close":
		p.Close()
	case verb == "calm":
		ts.Check(p.calm())
	case verb == "open":
		ts.Check(p.Open())
	case strings.HasPrefix(verb, "lines "):
		lines, err := strconv.Atoi(strings.TrimPrefix(verb, "lines "))
		ts.Check(err)
		ts.Check(cutLines(ts, lines))
	default:
		pause, err := time.ParseDuration(strings.TrimPrefix(verb, "cut every "))
		ts.Check(err)
		p.cutEvery(ts, pause)
	}
}

// A scriptProxy is a proxy that ends with its script.
type scriptProxy struct {
	*proxy.Proxy
	calm func() error // ends what cuts again and again, if something does
}

func (p *scriptProxy) start(ts *testscript.TestScript) error {
	through := ts.MkAbs("proxied")
	var err error
	if p.Proxy, err = proxy.ToServer(ts.Getenv("KUBECONFIG"), through); err != nil {
		return err
	}
	ts.Defer(p.Close)
	ts.Setenv("KUBECONFIG", through)
	return nil
}

func (p *scriptProxy) cutEvery(ts *testscript.TestScript, pause time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		cuts, err := p.CutEvery(ctx, pause)
		if err == nil && cuts == 0 {
			err = fmt.Errorf("no connection was cut in time: it was over within %s", pause)
		}
		done <- err
	}()
	p.calm = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	ts.Defer(func() { ts.Check(p.calm()) })
}

// cutLines starts a proxy that cuts logs, and ends with its script.
func cutLines(ts *testscript.TestScript, lines int) error {
	through := ts.MkAbs("proxied")
	p, err := proxy.LinesToServer(ts.Getenv("KUBECONFIG"), through, lines)
	if err != nil {
		return err
	}
	ts.Defer(func() {
		ts.Check(p.Close())
		if p.Cuts() == 0 {
			ts.Fatalf("no log was cut")
		}
		ts.Logf("%d logs were cut", p.Cuts())
	})
	ts.Setenv("KUBECONFIG", through)
	return nil
}
