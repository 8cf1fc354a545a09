// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// A Preflight is all that was observed before an upgrade.
type Preflight struct {
	Snapshot
	From     *release.Version  // of ThingPark Enterprise; nil to take what the Helm releases say
	To       release.Version   //
	Manifest *release.Manifest // of To, if it was given

	KubernetesMinor int // the API server is 1.x
	KubernetesErr   error

	Claims    []Claim
	ClaimsErr error

	Rights []Access // that helm upgrade needs

	Repository    string // the name under which Helm on this machine knows the vendor's charts
	RepositoryErr error
}

// Sources of the vendor's rules.
const (
	sourceProcedure = "upgrade procedure of 8.0"
	sourceManifest  = "Release Manifest"
)

// Judge returns whether the installation may be upgraded, check by check, and the
// steps that it takes.
func (p *Preflight) Judge(failOn Level) (Checklist, []release.Step) {
	from, err := p.from()
	var steps []release.Step
	var path, kubernetes Check
	if err != nil {
		path, kubernetes = unknownFrom(err), unknownFrom(err)
	} else {
		steps, err = release.Path(from, p.To)
		path, kubernetes = p.path(from, steps, err), p.kubernetes(from, steps)
	}
	return conclude([]Check{
		path.named("path"), kubernetes.named("kubernetes"), p.target().named("manifest"), p.releases().named("releases"),
		p.workloads().named("workloads"), p.operators().named("operators"), p.entries().named("entries"), p.claims().named("claims"),
		p.rights().named("rights"), p.repository().named("repository"),
	}, failOn), steps
}

// from returns the release of ThingPark Enterprise that is installed.
func (p *Preflight) from() (release.Version, error) {
	if p.From != nil {
		return *p.From, nil
	}
	return p.Installed()
}

// ErrNoRelease is the error of a namespace without ThingPark Enterprise.
var ErrNoRelease = errors.New("there is no Helm release of ThingPark Enterprise in this namespace")

// Installed returns the release of ThingPark Enterprise that the Helm releases are. Of several
// with the same charts it is the newest. The error is that of reading them, ErrNoRelease, or
// that they do not tell.
func (s *Snapshot) Installed() (release.Version, error) {
	switch {
	case s.ReleasesErr != nil:
		return release.Version{}, s.ReleasesErr
	case len(s.Releases.Items) == 0:
		return release.Version{}, ErrNoRelease
	case s.Releases.State != release.Consistent:
		return release.Version{}, errors.New("the Helm releases do not belong to one known release of ThingPark Enterprise")
	}
	return release.ParseVersion(s.Releases.TPE[len(s.Releases.TPE)-1])
}

func unknownFrom(err error) Check {
	c := unknown(fmt.Errorf("what is installed is unknown: %w", err))
	c.Summary += "; set it with --from-release"
	return c
}

// path checks the vendor's rules for upgrade paths.
func (p *Preflight) path(from release.Version, steps []release.Step, err error) Check {
	var c Check
	switch {
	case err != nil:
		c = fail(err.Error(), p.Kubectl("tpe rollback-plan"))
	case len(steps) == 0:
		c = warn(p.already())
	case len(steps) == 1 && from.Line() == p.To.Line():
		c = ok(fmt.Sprintf("%s to %s is a hotfix, by the Generic procedure", from, p.To))
	case len(steps) == 1 && release.Latest(from.Line()) != from:
		c = ok(fmt.Sprintf("no newer fix of %s than %s is public: a major upgrade may start here, by the %s", from.Line(), from, steps[0].Procedure))
	case len(steps) == 1:
		c = ok(fmt.Sprintf("%s is the latest public fix of %s: a major upgrade may start here, by the %s", from, from.Line(), steps[0].Procedure))
	default:
		c = fail("it takes " + listSteps(steps))
	}
	c.Source = sourceProcedure
	if len(steps) > 0 {
		c.Source += ": " + steps[0].Why
	}
	return c
}

// already says that the release is installed already, or that it should be: a failed upgrade has the
// charts that it should have installed.
func (p *Preflight) already() string {
	if p.From == nil && p.Releases != nil {
		for _, r := range p.Releases.Items {
			if r.Status != release.StatusDeployed {
				return fmt.Sprintf("%s is not known to be installed, nor what was before: release %s is %s", p.To, r.Name, r.Status)
			}
		}
	}
	return fmt.Sprintf("%s is installed already", p.To)
}

// listSteps names steps, one after the other.
func listSteps(steps []release.Step) string {
	var parts []string
	for _, s := range steps {
		parts = append(parts, fmt.Sprintf("%s to %s by the %s", s.From, s.To, s.Procedure))
	}
	return fmt.Sprintf("%d steps: %s", len(steps), strings.Join(parts, ", then "))
}

// kubernetes checks that both ends of the first step support the API server's version.
func (p *Preflight) kubernetes(from release.Version, steps []release.Step) Check {
	if p.KubernetesErr != nil {
		return unknownVersion(p.KubernetesErr)
	}
	to := p.To
	if len(steps) > 0 {
		to, _ = release.ParseVersion(steps[0].To) // Path wrote it
	}
	before, known := release.SupportOf(from)
	after, too := release.SupportOf(to)
	server := fmt.Sprintf("1.%d", p.KubernetesMinor)
	var c Check
	switch inBefore, inAfter := before.Has(p.KubernetesMinor), after.Has(p.KubernetesMinor); {
	case !too:
		c = warn(fmt.Sprintf("%s: which versions %s supports is not public", server, to))
	case inBefore && inAfter:
		c = ok(fmt.Sprintf("%s is supported by %s and by %s", server, from, to))
	case len(steps) > 0 && steps[0].Gap:
		c = fail(fmt.Sprintf("%s: no version is supported by both %s (%s) and %s (%s); Kubernetes and ThingPark Enterprise have to be upgraded together, and which one first is not public: ask the vendor's support", server, from, before, to, after))
	case inAfter && !known:
		c = warn(fmt.Sprintf("%s is supported by %s; which versions %s supports is not public", server, to, from))
	case inAfter:
		c = warn(fmt.Sprintf("%s is supported by %s, but not by %s, which is installed (%s)", server, to, from, before))
	case len(steps) > 0 && len(steps[0].Kubernetes) > 0:
		c = fail(fmt.Sprintf("%s is not supported by %s (%s); bring Kubernetes to %s first, which %s supports, too", server, to, after, strings.Join(steps[0].Kubernetes, " or "), from))
	default:
		c = fail(fmt.Sprintf("%s is not supported by %s (%s)", server, to, after))
	}
	c.Source = after.Source
	return c
}

// unknownVersion returns the check of a version that could not be asked for.
func unknownVersion(err error) Check {
	c := unknown(err)
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
		c.code = ExitError // the API server may hide it from everybody, which no Role changes
	}
	return c
}

// target checks that the charts of the release are known.
func (p *Preflight) target() Check {
	m, known := release.ManifestOf(p.To)
	if p.Manifest != nil {
		m, known = *p.Manifest, true
	}
	if !known {
		return warn(fmt.Sprintf("the Release Manifest of %s is not known here; --manifest takes the file VERSIONS", p.To))
	}
	var charts []string
	for i, part := range release.Parts() {
		charts = append(charts, part.Chart+" "+m.Versions[i])
	}
	c := ok(strings.Join(charts, ", "))
	c.Source = sourceManifest + ", " + m.Source
	return c
}

func (p *Preflight) releases() Check {
	s := Snapshot{ObservedAt: p.ObservedAt, Where: p.Where, Releases: p.Releases, ReleasesErr: p.ReleasesErr}
	s.Hooks, s.HooksErr = p.hooks()
	v := Judge(s)
	next := p.Kubectl("tpe releases")
	switch {
	case p.ReleasesErr != nil:
		return unknown(p.ReleasesErr)
	case len(p.Releases.Items) == 0:
		return warn(v.Findings[0].Summary)
	case v.ExitCode != ExitDone:
		return fail(summaries(v), next)
	case len(v.Findings) > 0:
		return warn(summaries(v), next)
	}
	return ok(fmt.Sprintf("%d deployed, of %s", len(p.Releases.Items), strings.Join(p.Releases.TPE, " or ")))
}

// summaries joins what was found.
func summaries(v Verdict) string {
	var parts []string
	for _, f := range v.Findings {
		parts = append(parts, f.Summary)
	}
	return strings.Join(parts, "; ")
}

// workloads checks that everything is ready, and no job failed or is at work.
func (p *Preflight) workloads() Check {
	if p.AssessmentErr != nil {
		return unknown(p.AssessmentErr)
	}
	next := p.Kubectl("tpe status")
	v := Judge(Snapshot{ObservedAt: p.ObservedAt, Where: p.Where, Assessment: p.Assessment})
	var bad []string
	for _, w := range p.Assessment.Workloads {
		if !w.Done() {
			bad = append(bad, w.Kind+"/"+w.Name)
		}
	}
	for _, j := range p.Assessment.Jobs {
		if j.State != readiness.JobComplete {
			bad = append(bad, "Job/"+j.Name)
		}
	}
	switch {
	case len(bad) > 0:
		return fail(fmt.Sprintf("%d of %d are not ready: %s", len(bad), len(p.Assessment.Workloads)+len(p.Assessment.Jobs), few(bad)), next)
	case v.ExitCode == ExitForbidden, v.ExitCode == ExitError:
		c := warn(summaries(v), p.Kubectl("tpe doctor"))
		c.Result, c.code = CheckUnknown, v.ExitCode
		return c
	case v.ExitCode != ExitDone:
		return fail(summaries(v), next)
	}
	for _, f := range v.Findings {
		if f.Code == CodeScaledToZero || f.Code == CodeHeldBack {
			return warn(f.Summary, next)
		}
	}
	return ok(fmt.Sprintf("%d workloads ready, %d jobs complete", len(p.Assessment.Workloads), len(p.Assessment.Jobs)))
}

// few names the first of many.
func few(names []string) string { return atMost(4, names) }

func atMost(most int, names []string) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// operators are the kinds that operators run, and what the names of their operators' Deployments
// end in (charts and manifests of Strimzi and Percona).
var operators = []struct {
	kind, of string
	names    *regexp.Regexp
}{
	{"Kafka", "Kafka", regexp.MustCompile(`cluster-operator$`)},
	{"PerconaServerMongoDB", "MongoDB", regexp.MustCompile(`(psmdb|mongodb)-operator$`)},
}

// isOperator accepts the Deployments of operators. Strimzi's entity operator, for topics and users, is
// a part of each Kafka cluster.
func isOperator(deployment string) bool {
	return strings.HasSuffix(deployment, "-operator") && !strings.HasSuffix(deployment, "-entity-operator")
}

// operators checks the operators of Kafka and MongoDB: while they are not ready, the
// status of their resources is out of date.
func (p *Preflight) operators() Check {
	if p.AssessmentErr != nil {
		return unknown(p.AssessmentErr)
	}
	if err := readiness.Unread(p.Assessment.Gaps, "Deployment"); err != nil {
		return unknown(err)
	}
	var ready, notReady []string
	for _, w := range p.Assessment.Workloads {
		switch {
		case w.Kind != "Deployment" || !isOperator(w.Name):
		case w.State == readiness.Ready:
			ready = append(ready, w.Name)
		default:
			notReady = append(notReady, w.Name)
		}
	}
	switch {
	case len(notReady) > 0:
		return fail("not ready: "+few(notReady), p.Kubectl("get deployments"))
	case len(ready) == 0:
		return warn("there is no Deployment of the operators of Kafka and MongoDB in this namespace")
	}
	for _, o := range operators {
		operates := func(w readiness.Workload) bool { return w.Kind == o.kind }
		if slices.ContainsFunc(p.Assessment.Workloads, operates) && !slices.ContainsFunc(ready, o.names.MatchString) {
			return warn(fmt.Sprintf("%s ready; there is no Deployment of the operator of %s in this namespace", few(ready), o.of))
		}
	}
	return ok(few(ready) + " ready")
}

// longAgo is after how long an unchanged entry counts as abandoned.
const longAgo = 24 * time.Hour

// entries checks that nothing is left of the last upgrade. An entry that did not become
// final is data that was not migrated. If it has not changed for a day, PUM does not work on it
// any more, and the next release expects the migrated data.
func (p *Preflight) entries() Check {
	if p.AnswerErr != nil {
		return unknown(p.AnswerErr, p.Kubectl("tpe pum status"))
	}
	var open, old, aborted []string
	for _, e := range p.Answer.Entries {
		since, known := e.Since()
		switch {
		case e.State == pum.StateAborted:
			aborted = append(aborted, fmt.Sprint(e.UID))
		case e.State.Final():
		case known && p.ObservedAt.Sub(since) > longAgo:
			old = append(old, fmt.Sprint(e.UID))
		default:
			open = append(open, fmt.Sprint(e.UID))
		}
	}
	next := p.Kubectl("tpe pum status")
	switch n := len(p.Answer.Entries); {
	case len(aborted) > 0:
		return fail(fmt.Sprintf("%d of %d were aborted: %s", len(aborted), n, few(aborted)), next)
	case len(open) > 0:
		return fail(fmt.Sprintf("%d of %d are not final: %s; the last upgrade is not over", len(open), n, few(open)), p.Kubectl("tpe wait"))
	case len(old) > 0:
		return fail(fmt.Sprintf("%d of %d never became final, and nothing changed for a day: %s; their data was not migrated", len(old), n, few(old)), next, p.Kubectl("tpe pum restart"))
	case n == 0:
		return ok("none")
	default:
		return ok(fmt.Sprintf("%d, all final", n))
	}
}

// rights checks the permissions that helm upgrade takes, and those that the custom resource
// definitions take.
func (p *Preflight) rights() Check {
	const source = "prerequisites: ClusterRole admin in the namespace, all verbs in kafka.strimzi.io and psmdb.percona.com"
	inNamespace := slices.DeleteFunc(slices.Clone(p.Rights), func(a Access) bool { return !a.Namespaced })
	all, err := missing(p.Rights)
	lacking, _ := missing(inNamespace)
	var c Check
	switch {
	case len(lacking) > 0:
		c = fail("this account cannot " + few(lacking))
	case err != nil:
		c = unknown(err)
	case len(all) > 0:
		c = warn("this account may do what Helm does in the namespace; an administrator has to upgrade the operators' custom resource definitions")
	default:
		c = ok("this account may do what Helm does")
	}
	c.Source = source
	return c
}

// repository checks that Helm on this machine knows the vendor's charts.
func (p *Preflight) repository() Check {
	var c Check
	switch {
	case p.RepositoryErr != nil:
		c = warn(p.RepositoryErr.Error(), release.RepositoryCommands()...)
	case p.Repository == "":
		c = warn("Helm on this machine does not know the vendor's charts", release.RepositoryCommands()...)
	default:
		c = ok(fmt.Sprintf("Helm on this machine knows the vendor's charts as %s", p.Repository))
		c.Next = []string{"helm repo update"}
	}
	c.Source = sourceProcedure
	return c
}
