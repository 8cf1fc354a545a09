// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/node"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/proxy"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/tpe"
)

// Options say how much is measured.
type Options struct {
	Runs      int           // of each side of a contest
	Latencies int           // of each side, of which each takes seconds
	Sizes     []int         // numbers of Deployments that are listed
	Rest      time.Duration // for which a wait sees no change
	Calm      time.Duration // for how long to wait, at most, until the machine is calm before a contest
	Set       string        // the set of workloads that are asked about
	Chatty    string        // the scenario whose job writes the log that is followed
	Whole     int64         // how many bytes that log has at least
	Log       io.Writer
	Steps     []string       // which: asking, following, latency, listing; all if empty
	Only      *regexp.Regexp // of names and places of contests, such as "status, loopback"; nil for all
}

// A bench is a lab, and the programs that run against it.
type bench struct {
	Options
	node   *node.Node
	client kubernetes.Interface
	dir    string // of the programs, and of what is written on the way
	began  time.Time
}

// Run measures in a lab that is up, with the plugin from a folder. It stops the
// lab's controllers: the lab is good for nothing else afterwards.
func Run(ctx context.Context, n *node.Node, plugin string, o Options) (Report, error) {
	b, err := newBench(ctx, n, plugin, o)
	if err != nil {
		return Report{}, err
	}
	defer func() { _ = os.RemoveAll(b.dir) }()
	report := Report{Machine: machine()}
	if err := b.versions(ctx, &report); err != nil {
		return report, fmt.Errorf("bench: %w", err)
	}
	var errs []error // what was measured by other steps is worth half an hour
	for _, step := range []struct {
		name string
		run  func(context.Context, *Report) error
	}{{"asking", b.asking}, {"following", b.following}, {"latency", b.latency}, {"listing", b.listing}} {
		if len(o.Steps) > 0 && !slices.Contains(o.Steps, step.name) {
			continue
		}
		if err := step.run(ctx, &report); err != nil {
			errs = append(errs, fmt.Errorf("bench %s: %w", step.name, err))
		}
	}
	return report, errors.Join(errs...)
}

func newBench(ctx context.Context, n *node.Node, plugin string, o Options) (*bench, error) {
	config, err := clientcmd.BuildConfigFromFlags("", n.Kubeconfig())
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	kubectl, err := n.PlainKubectl(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "kubectl-tpe-bench")
	if err != nil {
		return nil, err
	}
	tar, err := exec.LookPath("tar")
	if err != nil {
		return nil, err
	}
	for name, program := range map[string]string{"kubectl-tpe": filepath.Join(plugin, "kubectl-tpe"), "kubectl": kubectl, "tar": tar} {
		if err := os.Symlink(program, filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	for program, folder := range map[string]string{"measure": "bench/measure", "floor": "bench/floor", "helmwait": "helmwait"} {
		if err := n.Compile(ctx, folder, filepath.Join(dir, program)); err != nil {
			return nil, err
		}
	}
	return &bench{o, n, client, dir, time.Now()}, nil
}

// through is a meter whose programs use a kubeconfig.
func (b *bench) through(kubeconfig string) meter {
	return meter{b.dir, kubeconfig}
}

func (b *bench) logf(format string, args ...any) {
	fmt.Fprintf(b.Log, "%6s "+format+"\n", append([]any{time.Since(b.began).Round(time.Second)}, args...)...)
}

// versions are those of the programs.
func (b *bench) versions(ctx context.Context, r *Report) error {
	server, err := b.client.Discovery().ServerVersion()
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, filepath.Join(b.dir, "kubectl"), "version", "--client").Output()
	if err != nil {
		return err
	}
	client, _, _ := strings.Cut(string(out), "\n")
	r.Versions = fmt.Sprintf("server %s, kubectl %s", server.GitVersion, strings.TrimPrefix(client, "Client Version: "))
	return nil
}

// load loads a scenario and waits until its jobs are over.
func (b *bench) load(ctx context.Context, namespace, scenario, set string) error {
	err := tpe.Load(ctx, tpe.Options{
		Kubeconfig: b.node.Kubeconfig(), Importer: b.node, Namespace: namespace, Scenario: scenario, Set: set, Wait: true, Log: b.Log,
	})
	if err != nil {
		return err
	}
	_, err = b.through(b.node.Kubeconfig()).run(ctx, kubectl("wait", "-n="+namespace, "--for=condition=Complete", "job", "--all", "--timeout=5m"))
	return err
}

// asking measures the commands that ask once, on loopback and far away.
func (b *bench) asking(ctx context.Context, r *Report) error {
	const namespace, far = "bench-asking", 50 * time.Millisecond
	if err := b.load(ctx, namespace, "healthy-7.3", b.Set); err != nil {
		return err
	}
	kubeconfig := filepath.Join(b.dir, "kubeconfig")
	p, err := proxy.ToServer(b.node.Kubeconfig(), kubeconfig)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.Delay(far); err != nil {
		return err
	}
	for _, place := range []struct {
		name  string
		meter meter
	}{{"loopback", b.through(b.node.Kubeconfig())}, {far.String() + " each way", b.through(kubeconfig)}} {
		if err := b.hold(ctx, r, place.name, place.meter, asking(namespace)); err != nil {
			return err
		}
	}
	r.Listed, err = b.listed(ctx, namespace)
	return err
}

// listed is what it takes to list the Deployments of a namespace.
func (b *bench) listed(ctx context.Context, namespace string) (Sample, error) {
	var samples []Sample
	for range min(b.Runs, 5) {
		s, err := b.through(b.node.Kubeconfig()).run(ctx, *floor("deployments", namespace))
		if err != nil {
			return Sample{}, err
		}
		samples = append(samples, s)
	}
	return median(samples), nil
}

func (b *bench) hold(ctx context.Context, r *Report, place string, m meter, contests []Contest) error {
	for _, c := range contests {
		if b.Only != nil && !b.Only.MatchString(c.Name+", "+place) {
			continue
		}
		if err := b.calm(ctx); err != nil {
			return err
		}
		b.logf("%s, %s: %s", c.Name, place, c.Ours)
		row, err := m.hold(ctx, c, min(b.Runs, cmp.Or(c.Runs, b.Runs)))
		if err != nil {
			return err
		}
		row.Place = place
		r.Rows = append(r.Rows, row)
	}
	return nil
}

// following measures the whole log of a job, live and in an archive.
func (b *bench) following(ctx context.Context, r *Report) error {
	const namespace = "bench-following"
	if err := b.loadWhole(ctx, namespace); err != nil {
		return err
	}
	archive, err := b.archive(ctx, namespace)
	if err != nil {
		return err
	}
	return b.hold(ctx, r, b.Chatty, b.through(b.node.Kubeconfig()), following(namespace, archive))
}

// loadWhole loads the scenario with the log, which is whole if the kubelet has not rotated it.
func (b *bench) loadWhole(ctx context.Context, namespace string) error {
	if err := b.load(ctx, namespace, b.Chatty, ""); err != nil {
		return err
	}
	log, err := b.through(b.node.Kubeconfig()).run(ctx, kubectl("logs", "-n="+namespace, "job/pum-process"))
	if err == nil && log.Output < b.Whole {
		err = fmt.Errorf("the log of %s has %d bytes, want %d: the kubelet has rotated it", b.Chatty, log.Output, b.Whole)
	}
	return err
}

// archive makes an archive of a namespace as the vendor's script does, with all its logs.
func (b *bench) archive(ctx context.Context, namespace string) (string, error) {
	cmd := exec.CommandContext(ctx, "sh", "-euc", `
		mkdir -p audit/thingpark-instance/info audit/thingpark
		./kubectl cluster-info dump --namespaces "$0" --output-directory audit/thingpark-instance/info -o yaml >/dev/null
		./kubectl exec -n "$0" deploy/pum -- /nodejs/bin/node app.js display >audit/thingpark/pum-status.txt
		./tar -C audit -czf audit.tgz .`, namespace)
	cmd.Dir = b.dir
	cmd.Env = b.through(b.node.Kubeconfig()).env()
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make an archive of %s: %w: %s", namespace, err, out)
	}
	return filepath.Join(b.dir, "audit.tgz"), nil
}

// still stops whoever else may write a status, or has work with pods that no node has room for.
func (b *bench) still(ctx context.Context) error {
	return errors.Join(b.node.Stop(ctx, "kube-controller-manager"), b.node.Stop(ctx, "kube-scheduler"))
}

// latency measures how soon waits end.
func (b *bench) latency(ctx context.Context, r *Report) error {
	const namespace = "bench-latency"
	if err := b.still(ctx); err != nil {
		return err
	}
	if err := create(ctx, b.client, namespace); err != nil {
		return err
	}
	if err := one(ctx, b.client, namespace, "late", 1, true); err != nil {
		return err
	}
	b.logf("wait, %d times", b.Latencies)
	var err error
	r.Latencies, err = b.through(b.node.Kubeconfig()).latencies(ctx, b.client, namespace, b.Latencies)
	return err
}

// listing measures many workloads.
func (b *bench) listing(ctx context.Context, r *Report) error {
	if err := b.still(ctx); err != nil {
		return err
	}
	for _, size := range b.Sizes {
		namespace := fmt.Sprintf("bench-%d", size)
		b.logf("making %d Deployments with %d pods", size, 2*size)
		if err := fill(ctx, b.client, namespace, size); err != nil {
			return err
		}
		place := fmt.Sprintf("%d Deployments, %d pods", size, 2*size)
		if err := b.hold(ctx, r, place, b.through(b.node.Kubeconfig()), listing(namespace, b.Rest)); err != nil {
			return err
		}
	}
	return nil
}

func machine() string {
	return fmt.Sprintf("%d cores, %s/%s, %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}
