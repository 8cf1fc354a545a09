// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

// An UpgradePlan is the document of the command upgrade-plan. Nothing of it was run.
type UpgradePlan struct {
	Observation `json:",inline"`
	Whole       bool              `json:"whole"` // whether the chart versions of every upgrade are known
	From        string            `json:"from"`  // release of ThingPark Enterprise
	To          string            `json:"to"`
	Upgrades    []release.Upgrade `json:"upgrades"` // one after the other; none if it is installed already
	Impact      []string          `json:"impact"`   // what people who use ThingPark Enterprise notice during each
	Plan        `json:",inline"`
}

// An UpgradeFor is what the commands of an upgrade plan are made for.
type UpgradeFor struct {
	Where      command.Where
	From, To   release.Version
	Unasked    bool   // From was given: nobody asked the cluster
	Repository string // by which Helm on this machine knows the vendor's charts; empty if it does not
	Values     string // folder for the Helm values
	Controller string // Deployment that makes backups
}

// Sources of the steps. All but those of the public repository are at docs.thingpark.com.
const (
	sourceProcedure    = "upgrade procedure of 8.0"
	sourcePreparation  = "upgrade procedure of 8.0, Deployment preparation"
	sourceRepositories = "upgrade procedure of 8.0, Repositories configuration"
	sourceVerification = "upgrade procedure of 8.0, Post upgrade verifications"
	sourceBackup       = "backup guide of 7.1, the newest public one"
	sourceInstallation = "installation guide of 7.1 for the order"
	sourceSamples      = "upgrade procedure of 7.3; that of later releases is not public"
	sourceCRDs         = "Helm does not upgrade them; files are in manifests/upgrade of " + vendorRepository + ", but which ones and in what order is not public"
	vendorRepository   = "github.com/actility/thingpark-enterprise-kubernetes"
	rawRepository      = "https://raw.githubusercontent.com/actility/thingpark-enterprise-kubernetes"
	defaultRepository  = "actility" // the name in the upgrade procedure
)

// impactOfUpgrade is what the upgrade procedure of 8.0 says of the time of an upgrade.
func impactOfUpgrade() []string {
	return []string{
		"Uplinks of devices are queued by the base stations, and arrive later than usual.",
		"APIs (DX API downlinks included) and the GUI are not available. Their sessions are closed at the beginning.",
		"Downlinks from cloud connectors may be dropped if the cloud's broker does not buffer. Uplinks to cloud connectors may be late.",
	}
}

// NewUpgradePlan makes the document of the upgrades on the way to a release.
func NewUpgradePlan(place Place, now time.Time, f UpgradeFor, upgrades []release.Upgrade) *UpgradePlan {
	d := &UpgradePlan{
		Observation: observed("UpgradePlan", place, now), Whole: true, From: f.From.String(), To: f.To.String(),
		Upgrades: upgrades, Impact: []string{}, Plan: Plan{Steps: []PlanStep{}},
	}
	if len(upgrades) == 0 {
		d.Notes = []string{d.To + " is installed already."}
		return d
	}
	d.Impact = impactOfUpgrade()
	d.Notes = []string{
		"Read the whole plan before the first command. Go on only if a command ended with exit code 0.",
		"helm upgrade is printed without -i, which the installation guide has: in a wrong namespace it must fail, and not install. It is printed without --debug, which shows passwords.",
	}
	if f.Unasked {
		d.Notes = append(d.Notes, "The cluster was not asked: the names of the Helm releases are those of the vendor's guide. If yours have other names, leave out --from-release.")
	}
	if !slices.ContainsFunc(upgrades, func(u release.Upgrade) bool { return !u.SameCharts() }) {
		d.Notes = append(d.Notes, "The Release Manifests of "+d.From+" and "+d.To+" have the same charts: what changes is not in the chart versions.")
	}
	d.before(&f)
	for i := range upgrades {
		d.Whole = d.Whole && upgrades[i].Known()
		d.upgrade(&f, &upgrades[i])
	}
	d.after(&f)
	return d
}

// before adds what is done once before the first upgrade.
func (d *UpgradePlan) before(f *UpgradeFor) {
	const stage = "before the upgrade"
	add := func(title, source string, commands ...string) {
		d.add(PlanStep{Stage: stage, Title: title, Commands: commands, Basis: BasisDocumented, Source: source})
	}
	add("Save the Helm values that were used so far; they hold passwords", sourcePreparation, f.Where.TPE("values --dir="+command.Quote(f.Values)))
	repositories := []string{"helm repo update " + command.Quote(f.Repository)}
	if f.Repository == "" {
		repositories = release.RepositoryCommands()
	}
	add("Have Helm know the vendor's charts", sourceRepositories, repositories...)
	add("Back up, and see that the backup is listed; the upgrade takes one, too", sourceBackup,
		onController(f.Where, f.Controller, "backup"), onController(f.Where, f.Controller, "list-backups"))
}

// upgrade adds the steps of one upgrade.
func (d *UpgradePlan) upgrade(f *UpgradeFor, u *release.Upgrade) {
	stage := u.From + " to " + u.To
	add := func(s PlanStep) {
		s.Stage = stage
		d.add(s)
	}
	add(PlanStep{Title: "Check that " + u.To + " may be installed", Basis: BasisDocumented, Source: sourceProcedure + ": " + u.Why, Commands: []string{f.Where.TPE("preflight --to=" + u.To)}})
	if u.Gap {
		add(PlanStep{
			Title: "Ask whether Kubernetes or ThingPark Enterprise is upgraded first", Basis: BasisAsk,
			Source: "prerequisites of both: no version of Kubernetes is supported by " + u.From + " and by " + u.To,
		})
	}
	add(PlanStep{Title: "Ask the vendor for the " + u.Procedure + " to " + u.To + ", and compare this plan with it", Basis: BasisAsk, Source: "named in the " + sourceProcedure + "; its text is not public"})
	add(d.samples(f, u))
	if u.Major() {
		add(PlanStep{Title: "Ask which custom resource definitions of Kafka's and MongoDB's operators to apply first", Basis: BasisAsk, Source: sourceCRDs})
	}
	noReturn := noReturnAt(u)
	for i, c := range u.Charts {
		s := PlanStep{Title: "Upgrade " + c.Release + versions(&c), Basis: BasisDocumented, Source: chartSource(u), Commands: []string{f.upgradeCommand(u, &c)}}
		if !u.Known() {
			s.Basis, s.Source = BasisAsk, "the Release Manifest of "+u.To+" is not public; give its file VERSIONS with --manifest"
		}
		if i == noReturn {
			s.NoReturn = "from here on only a rollback and the restore of a backup undo it, and lose all changes since that backup (inferred from the rollback guide of 7.1). The last step of this plan shows them."
		}
		add(s)
		add(f.wait(u, i))
	}
}

// samples is the step in which the saved values are brought to a release.
func (d *UpgradePlan) samples(f *UpgradeFor, u *release.Upgrade) PlanStep {
	s := PlanStep{
		Title: "Update the saved values by the configuration sample of " + u.To + ": a key that a release does not know is ignored",
		Basis: BasisDocumented, Source: sourcePreparation,
	}
	to, _ := release.ParseVersion(u.To) // release.Path wrote it
	since, _ := release.ParseVersion("7.3.0")
	if to.Compare(since) < 0 {
		return s
	}
	s.Source = sourceSamples
	if to.Line() != since.Line() {
		s.Basis = BasisInferred
	}
	for _, name := range []string{"values-data-stack", "values-thingpark-stack"} {
		file := command.Quote(path.Join(f.Values, name+"-"+u.To+".yaml"))
		s.Commands = append(s.Commands, fmt.Sprintf("curl --fail -o %s %s/v%s/examples/customization/%s.yaml", file, rawRepository, u.To, name))
	}
	return s
}

// upgradeCommand is the command that upgrades a Helm release.
func (f *UpgradeFor) upgradeCommand(u *release.Upgrade, c *release.ChartChange) string {
	repository, version := f.Repository, c.Then
	if repository == "" {
		repository = defaultRepository
	}
	if version == "" {
		version = "<version in the Release Manifest of " + u.To + ">"
	}
	words := []string{
		"upgrade", c.Release, command.Quote(repository + "/" + c.Chart), "--version", command.Quote(version),
		"-f", command.Quote(path.Join(f.Values, "values-"+c.Release+".yaml")),
	}
	if c.Chart == "thingpark-enterprise" {
		words = append(words, "--timeout", "10m")
	}
	return f.Where.Helm(words...)
}

// wait is the step after the upgrade of one of the Helm releases. Before 7.2.0 nothing of PUM is
// in the public repository, so that there are no entries to wait for.
func (f *UpgradeFor) wait(u *release.Upgrade, i int) PlanStep {
	to, _ := release.ParseVersion(u.To) // release.Path wrote it
	withPUM := to.Compare(release.Version{Major: 7, Minor: 2}) >= 0
	s := PlanStep{Title: "Wait until the workloads are ready", Commands: []string{f.Where.TPE("wait --for=workloads")}}
	switch last := len(u.Charts) - 1; {
	case i == last && withPUM:
		s.Title, s.Commands = "Wait until the workloads are ready and the entries processed", []string{f.Where.TPE("wait")}
		s.Basis, s.Source = BasisDocumented, sourceVerification
	case i == last:
		s.Basis, s.Source = BasisDocumented, sourceVerification
	case i == last-1:
		s.Basis, s.Source = BasisDocumented, sourceInstallation
	default:
		s.Basis, s.Source = BasisInferred, "what comes next needs operators and databases; the guides wait only before the last chart"
	}
	return s
}

// after adds what is done once after the last upgrade.
func (d *UpgradePlan) after(f *UpgradeFor) {
	const stage = "after the upgrade"
	d.add(PlanStep{
		Stage: stage, Title: "Check that all of it belongs to " + d.To, Basis: BasisDocumented, Source: sourceVerification,
		Commands: []string{f.Where.TPE("status"), f.Where.TPE("releases")},
	})
	d.add(PlanStep{Stage: stage, Title: "Only if it went wrong: show the rollback", Basis: BasisDocumented, Source: sourceRollback, Commands: []string{f.Where.TPE("rollback-plan --backups")}})
}

// noReturnAt returns which chart first changes data: that of the databases, or if it stays,
// that of the application, which migrates its data.
func noReturnAt(u *release.Upgrade) int {
	for i, c := range u.Charts {
		if c.Chart == "thingpark-data" && !c.Stays() {
			return i
		}
	}
	return len(u.Charts) - 1
}

// versions says from which chart version to which.
func versions(c *release.ChartChange) string {
	switch {
	case c.Stays():
		return ": its chart stays at " + c.Then
	case c.Now != "" && c.Then != "":
		return " from " + c.Now + " to " + c.Then
	case c.Then != "":
		return " to " + c.Then
	}
	return ""
}

// chartSource says where order and version are from.
func chartSource(u *release.Upgrade) string {
	return sourceInstallation + "; Release Manifest of " + u.To + ", " + u.Source
}

func (d *UpgradePlan) names() []string {
	var names []string
	for _, u := range d.Upgrades {
		names = append(names, "upgrade/"+u.To)
	}
	return names
}

func (d *UpgradePlan) show(s *screen) {
	s.place("ThingPark Enterprise, upgrade from "+d.From+" to "+d.To, d.Place)
	s.notes(&d.Plan)
	if len(d.Upgrades) == 0 {
		return
	}
	s.line("")
	s.line("WHAT USERS NOTICE (documented: %s)", sourceProcedure)
	for _, text := range d.Impact {
		s.hang("", s.wrap(text, 0))
	}
	var steps []release.Step
	t := &table{header: []string{"TO", "RELEASE", "CHART", "NOW", "THEN"}}
	for _, u := range d.Upgrades {
		steps = append(steps, u.Step)
		for _, c := range u.Charts {
			t.add(u.To, c.Release, c.Chart, c.Now, c.Then)
		}
	}
	s.path(steps)
	s.section("CHARTS", t)
	s.steps(&d.Plan)
}
