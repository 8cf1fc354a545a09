// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/output"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// mostAtOnce is how many installations are read at the same time.
const mostAtOnce = 16

// installationFlags name the installations that a command is about, if there are several.
type installationFlags struct {
	contexts nameList
	all      bool // in all namespaces that have a PUM
}

func (f *installationFlags) add(a *app, cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Var(&f.contexts, "contexts", "comma-separated contexts of the kubeconfig, one installation each: shows a line for each, and exits with the gravest code")
	flags.BoolVarP(&f.all, "all-namespaces", "A", false, "every namespace that has a PUM, one installation each")
	must(cmd.RegisterFlagCompletionFunc("contexts", func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		names, directive := a.completeContexts(cmd, args, typed)
		return listsOf(names, typed), directive | cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}))
}

// several reports whether a command is about several installations.
func (f *installationFlags) several() bool { return f.all || len(f.contexts) > 0 }

// check refuses flags that contradict each other.
func (f *installationFlags) check(cmd *cobra.Command) error {
	given := func(name string) bool {
		flag := cmd.Flag(name)
		return flag != nil && flag.Changed
	}
	if f.all && given("namespace") {
		return errors.New("--all-namespaces contradicts --namespace: want one of them")
	}
	if len(f.contexts) > 0 {
		for _, name := range []string{"context", "cluster", "server"} {
			if given(name) {
				return fmt.Errorf("--contexts contradicts --%s, which names one cluster: want one of them", name)
			}
		}
	}
	var err error
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if _, one := flag.Annotations[ofOneInstallation]; one && err == nil {
			err = fmt.Errorf("--%s is about one installation: want it without --contexts and --all-namespaces", flag.Name)
		}
	})
	return err
}

// A nameList is comma-separated names. It is a pflag.Value; given again, it adds.
type nameList []string

// Set reads names, none of which may be empty or listed twice.
func (l *nameList) Set(value string) error {
	for name := range strings.SplitSeq(value, ",") {
		switch name = strings.TrimSpace(name); {
		case name == "":
			return errors.New("want comma-separated names")
		case slices.Contains(*l, name):
			return fmt.Errorf("%q is listed twice", name)
		}
		*l = append(*l, name)
	}
	return nil
}

// String returns what Set was given.
func (l *nameList) String() string { return strings.Join(*l, ",") }

// Type names the value in help.
func (l *nameList) Type() string { return "names" }

// An installation is one of several that a command is about.
type installation struct {
	app     *app // with the clock of its API server
	place   output.Place
	where   command.Where
	cluster *cluster         // nil if it cannot be asked
	unasked *verdict.Verdict // why it cannot be asked
	err     error            // why its context cannot be used
	hint    string           // what to do about that, for standard error
}

// installations returns the installations that the flags name, in their order, and those of
// one context by namespace. One that cannot be asked is among them, and says why.
//
// The error is one of usage, or that the kubeconfig cannot be read.
func (a *app) installations(ctx context.Context, f *installationFlags, pumDeployment string) ([]*installation, error) {
	contexts := []string(f.contexts)
	if err := a.knowContexts(contexts); err != nil {
		return nil, err
	}
	a.askingSeveral(contexts)
	if len(contexts) == 0 {
		contexts = []string{""} // the current one
	}
	found := make([][]*installation, len(contexts))
	inParallel(len(contexts), func(i int) {
		one := a.installation(ctx, contexts[i], "")
		found[i] = []*installation{one}
		if f.all && one.cluster != nil {
			found[i] = one.everywhere(ctx, pumDeployment)
		}
	})
	all := slices.Concat(found...)
	switch {
	case ctx.Err() != nil:
		return nil, answered(verdict.ExitInterrupted, ctx.Err())
	case len(f.contexts) == 0 && all[0].err != nil: // there is nothing else to show
		return nil, answered(verdict.ExitError, all[0].err)
	}
	return all, nil
}

// knowContexts refuses contexts that the kubeconfig does not have.
func (a *app) knowContexts(contexts []string) error {
	raw, err := a.kube.loader().RawConfig()
	if err != nil {
		return answered(verdict.ExitError, unreadable(err))
	}
	var unknown []string
	for _, name := range contexts {
		if raw.Contexts[name] == nil {
			unknown = append(unknown, strconv.Quote(name))
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	known := slices.Sorted(maps.Keys(raw.Contexts))
	return answered(verdict.ExitUsage, fmt.Errorf("--contexts: the kubeconfig does not have %s: it has %s", strings.Join(unknown, ", "), someOf(known)))
}

// someOf lists names, but not more than a few lines of them.
func someOf(names []string) string {
	const most = 10
	switch over := len(names) - most; {
	case len(names) == 0:
		return "none"
	case over > 0:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), over)
	}
	return strings.Join(names, ", ")
}

// installation returns what asks one context, the current one if it is empty, and one
// namespace, that of the context if it is empty.
func (a *app) installation(ctx context.Context, named, namespace string) *installation {
	one := *a
	one.ErrOut = io.Discard // what one has to say is in its line
	one.observe = one.observeOnce
	if named != "" {
		one.kube.overrides.CurrentContext = named
	}
	if namespace != "" {
		one.kube.overrides.Context.Namespace = namespace
	}
	i := &installation{app: &one}
	c, err := one.cluster(ctx)
	if err != nil {
		i.place = output.Place{Context: named, Namespace: namespace}
		i.where, i.err = command.Where{Context: named, Namespace: namespace, Kubeconfig: a.kube.kubeconfig}, err
		return i.cannot(verdict.ContextUnusable(i.where, err), "")
	}
	i.cluster, i.place, i.where = c, c.Place, c.where
	return i
}

// cannot notes why an installation cannot be asked.
func (i *installation) cannot(v verdict.Verdict, hint string) *installation {
	i.cluster, i.unasked, i.hint = nil, &v, hint
	return i
}

// everywhere returns an installation for each namespace that has a PUM, or itself, which then
// says why there is none.
func (i *installation) everywhere(ctx context.Context, pumDeployment string) []*installation {
	type answer struct {
		namespaces []string
		err        error
		hint       string
	}
	limit := observeTimeout
	limited, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%s was not read within %s", i.cluster.config.Host, limit))
	defer cancel()
	found, inTime := within(limit+giveUpAfter, func() (a answer) {
		if a.namespaces, a.err = i.cluster.withPUM(limited, pumDeployment); apierrors.IsForbidden(a.err) {
			a.hint = i.cluster.namespacesHint(limited, pumDeployment)
		}
		return a
	})
	named := i.app.kube.overrides.CurrentContext
	i.place.Namespace = "" // it is in none that is known
	switch {
	case !inTime:
		return []*installation{i.cannot(verdict.GivenUp(i.where, limit+giveUpAfter), "")}
	case found.err != nil:
		return []*installation{i.cannot(verdict.NamespacesUnknown(i.where, found.err), found.hint)}
	case len(found.namespaces) == 0:
		return []*installation{i.cannot(verdict.NoInstallation(i.where, pumDeployment), "")}
	}
	var all []*installation
	for _, namespace := range found.namespaces {
		all = append(all, i.app.installation(ctx, named, namespace))
	}
	return all
}

// withPUM returns the namespaces that have a Deployment of PUM's name, in order.
func (c *cluster) withPUM(ctx context.Context, pumDeployment string) ([]string, error) {
	list, err := c.clients.Kube.Deployments(metav1.NamespaceAll).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, pumDeployment).String(),
	})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, d := range list.Items {
		names = append(names, d.Namespace)
	}
	slices.Sort(names)
	return names, nil
}

// namespacesHint says how an administrator grants the permission to find PUM's namespaces, and
// no more: resourceNames are compared with a field selector on metadata.name (Kubernetes, Using
// RBAC Authorization, Referring to resources).
func (c *cluster) namespacesHint(ctx context.Context, pumDeployment string) string {
	anywhere := c.where.Everywhere()
	return fmt.Sprintf("this account cannot list deployments in all namespaces; name the namespace with -n, or let an administrator grant that:\n  %s\n  %s",
		anywhere.Kubectl("create clusterrole tpe-namespaces --verb=list --resource=deployments.apps", "--resource-name="+command.Quote(pumDeployment)),
		anywhere.Kubectl("create clusterrolebinding tpe-namespaces --clusterrole=tpe-namespaces", "--user="+command.Quote(c.user(ctx))))
}

// giveUpAfter is how long after its deadline an installation is waited for: whatever knows the
// deadline has said by then what is wrong.
const giveUpAfter = 3 * time.Second

// within returns what f returns, if it returns in time. What takes longer is left running: a
// credential plugin knows no deadline.
func within[T any](limit time.Duration, f func() T) (value T, inTime bool) {
	result := make(chan T, 1)
	go func() { result <- f() }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case value = <-result:
		return value, true
	case <-timer.C:
		return value, false
	}
}

// inParallel calls do for 0 to n-1, some of them at the same time.
func inParallel(n int, do func(i int)) {
	free := make(chan struct{}, mostAtOnce)
	var all sync.WaitGroup
	for i := range n {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			do(i)
		})
	}
	all.Wait()
}

// statusOf makes the document of one of several installations.
func (i *installation) statusOf(s verdict.Snapshot, v verdict.Verdict) *output.Status {
	return output.NewStatus(i.place, s, v.FailOn(i.app.failOn.level))
}

// without makes the document of an installation that was not asked, or has not answered.
func (i *installation) without(v verdict.Verdict) *output.Status {
	return output.NewStatus(i.place, i.unseen(), v)
}

// listOf makes the document of all of them.
func (a *app) listOf(all []*installation, docs []*output.Status) *output.StatusList {
	var wheres []command.Where
	for _, i := range all {
		wheres = append(wheres, i.where)
	}
	return output.NewStatusList(a.now(), docs, wheres)
}

// hints are what standard error says of those that could not be asked.
func hints(all []*installation) string {
	var texts []string
	for _, i := range all {
		if i.hint != "" && !slices.Contains(texts, i.hint) {
			texts = append(texts, i.hint)
		}
	}
	return strings.Join(texts, "\n")
}

// answerAll writes the document of several installations. Why says why they are not all done, if
// that is known.
func (a *app) answerAll(format *output.Format, all []*installation, list *output.StatusList, why error) error {
	if err := output.Write(a.Out, format, list, a.view()); err != nil {
		return written(list.ExitCode, err)
	}
	if hint := hints(all); hint != "" {
		return &exitError{list.ExitCode, why, hint}
	}
	return answered(list.ExitCode, why)
}

// statusAll observes several installations once, at the same time, and writes a line for each.
func (a *app) statusAll(ctx context.Context, f *installationFlags, format *output.Format, flags pumFlags) error {
	all, err := a.installations(ctx, f, flags.deployment)
	if err != nil {
		return err
	}
	docs := a.onceAll(all, func(n int) *output.Status {
		return all[n].once(flags, func(i *installation) verdict.Snapshot { return i.app.observe(ctx, i.cluster, flags) })
	})
	if ctx.Err() != nil {
		return answered(verdict.ExitInterrupted, ctx.Err())
	}
	return a.answerAll(format, all, a.listOf(all, docs), nil)
}

// onceAll returns the document of each installation. One that takes long does not hide the
// others: a terminal that can be redrawn shows meanwhile what is known.
func (a *app) onceAll(all []*installation, once func(n int) *output.Status) []*output.Status {
	type answer struct {
		of  int
		doc *output.Status
	}
	docs, answers := make([]*output.Status, len(all)), make(chan answer)
	for n, i := range all {
		docs[n] = i.without(verdict.NotHeardYet())
	}
	go inParallel(len(all), func(n int) { answers <- answer{n, once(n)} })
	began, heard := time.Now(), map[int]bool{}
	progress, view := output.NewListProgress(a.ErrOut), a.errView()
	tick := time.NewTicker(betweenShows)
	defer tick.Stop()
	for len(heard) < len(all) {
		select {
		case one := <-answers:
			docs[one.of], heard[one.of] = one.doc, true
		case <-tick.C:
			elapsed := time.Since(began)
			if !view.Redraw || elapsed < firstShow {
				continue
			}
			list := a.listOf(all, docs)
			open := list.Open(func(n int) bool { return heard[n] })
			_ = progress.Show(list, a.errView(), open, output.Waiting{Elapsed: elapsed, Note: "waiting for " + open}) // the answer matters
		}
	}
	_ = progress.Clear(view)
	return docs
}

// once observes an installation once.
func (i *installation) once(flags pumFlags, observe func(*installation) verdict.Snapshot) *output.Status {
	return i.statusOf(i.seen(flags, observe))
}

// seen observes an installation once, and gives up on it if that takes too long.
func (i *installation) seen(flags pumFlags, observe func(*installation) verdict.Snapshot) (verdict.Snapshot, verdict.Verdict) {
	if i.unasked != nil {
		return i.unseen(), *i.unasked
	}
	limit := max(observeTimeout, flags.timeout) + giveUpAfter
	s, inTime := within(limit, func() verdict.Snapshot { return observe(i) })
	if !inTime {
		return i.unseen(), verdict.GivenUp(i.where, limit)
	}
	return s, verdict.Judge(s)
}

// unseen is the snapshot of an installation that was not asked, or has not answered.
func (i *installation) unseen() verdict.Snapshot {
	return verdict.Snapshot{ObservedAt: i.app.time(), Where: i.where}
}
