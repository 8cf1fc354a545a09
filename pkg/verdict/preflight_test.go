// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/command"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
	"github.com/kubectl-tpe/kubectl-tpe/pkg/release"
)

func tpe(t *testing.T, text string) release.Version {
	t.Helper()
	v, err := release.ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// before returns a preflight in which all is well.
func before(t *testing.T, from, to string, minor int) *Preflight {
	t.Helper()
	assessment := workloads(readiness.Ready)
	assessment.Workloads = append(assessment.Workloads, readiness.Workload{Kind: "Deployment", Name: "strimzi-cluster-operator", State: readiness.Ready})
	return &Preflight{
		Snapshot: Snapshot{
			ObservedAt: time.Date(2026, 3, 14, 22, 0, 0, 0, time.UTC), Where: command.Where{Namespace: "tpe"},
			Assessment: assessment, Answer: entries(pum.StateProcessed),
			Releases: installed(strings.Repeat(from+" ", 4)),
		},
		To: tpe(t, to), KubernetesMinor: minor,
		Claims: []Claim{{Name: "data-lrc-0", Phase: "Bound"}}, Repository: "actility",
		Rights: []Access{{Resource: "secrets", Verb: "create", Namespaced: true, Allowed: true}, {Group: "g", Resource: "crds", Verb: "patch", Allowed: true}},
	}
}

func check(t *testing.T, list Checklist, name string) Check {
	t.Helper()
	for _, c := range list.Checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no check %s", name)
	return Check{}
}

// The way and Kubernetes: each answer with its reason and its source.
func TestPreflightPathAndKubernetes(t *testing.T) {
	const latest = "8.0.0"
	tests := []struct {
		from, to         string
		minor            int
		path, kubernetes string
		code             ExitCode
	}{
		{"7.3.6", latest, 26, "ok: 7.3.6 is the latest public fix of 7.3: a major upgrade may start here, by the 8.0 upgrade Procedure",
			"ok: 1.26 is supported by 7.3.6 and by 8.0.0", ExitDone},
		{"7.3.6", latest, 33, "ok: 7.3.6 is the latest public fix of 7.3: a major upgrade may start here, by the 8.0 upgrade Procedure",
			"failed: 1.33 is not supported by 8.0.0 (1.26, 1.27, 1.28); bring Kubernetes to 1.26 or 1.27 first, which 7.3.6 supports, too", ExitFailed},
		{"7.3.6", latest, 25, "ok: 7.3.6 is the latest public fix of 7.3: a major upgrade may start here, by the 8.0 upgrade Procedure",
			"failed: 1.25 is not supported by 8.0.0 (1.26, 1.27, 1.28); bring Kubernetes to 1.26 or 1.27 first, which 7.3.6 supports, too", ExitFailed},
		{"7.3.6", latest, 28, "ok: 7.3.6 is the latest public fix of 7.3: a major upgrade may start here, by the 8.0 upgrade Procedure",
			"warning: 1.28 is supported by 8.0.0, but not by 7.3.6, which is installed (1.24, 1.25, 1.26, 1.27)", ExitDone},
		{"7.3.9", latest, 26, "ok: no newer fix of 7.3 than 7.3.9 is public: a major upgrade may start here, by the 8.0 upgrade Procedure",
			"ok: 1.26 is supported by 7.3.9 and by 8.0.0", ExitDone},
		{"7.3.1", latest, 26, "failed: it takes 2 steps: 7.3.1 to 7.3.6 by the Generic procedure, then 7.3.6 to 8.0.0 by the 8.0 upgrade Procedure",
			"ok: 1.26 is supported by 7.3.1 and by 7.3.6", ExitFailed},
		{"7.3.1", latest, 33, "failed: it takes 2 steps: 7.3.1 to 7.3.6 by the Generic procedure, then 7.3.6 to 8.0.0 by the 8.0 upgrade Procedure",
			"failed: 1.33 is not supported by 7.3.6 (1.24, 1.25, 1.26, 1.27); bring Kubernetes to 1.24 or 1.25 or 1.26 or 1.27 first, which 7.3.1 supports, too", ExitFailed},
		{"7.2.2c", latest, 26, "failed: it takes 2 steps: 7.2.2c to 7.3.6 by the 7.3 upgrade Procedure, then 7.3.6 to 8.0.0 by the 8.0 upgrade Procedure",
			"warning: 1.26 is supported by 7.3.6; which versions 7.2.2c supports is not public", ExitFailed},
		{"7.2.2c", latest, 33, "failed: it takes 2 steps: 7.2.2c to 7.3.6 by the 7.3 upgrade Procedure, then 7.3.6 to 8.0.0 by the 8.0 upgrade Procedure",
			"failed: 1.33 is not supported by 7.3.6 (1.24, 1.25, 1.26, 1.27)", ExitFailed},
		{"8.0.0", "8.0.1", 28, "ok: 8.0.0 to 8.0.1 is a hotfix, by the Generic procedure",
			"failed: 1.28: no version is supported by both 8.0.0 (1.26, 1.27, 1.28) and 8.0.1 (1.29, 1.30, 1.31); Kubernetes and ThingPark Enterprise have to be upgraded together, and which one first is not public: ask the vendor's support", ExitFailed},
		{"8.0.0", "8.0.0", 26, "warning: 8.0.0 is installed already", "ok: 1.26 is supported by 8.0.0 and by 8.0.0", ExitDone},
		{"8.0.0", "7.3.6", 26, "failed: an upgrade does not lead back to an older release: from 8.0.0 to 7.3.6", "ok: 1.26 is supported by 8.0.0 and by 7.3.6", ExitFailed},
		{"8.0.0", "9.0.0", 28, "failed: it takes 3 steps: 8.0.0 to 8.0.1 by the Generic procedure, then 8.0.1 to 8.0.2 by the Generic procedure, then 8.0.2 to 9.0.0 by the 9.0 upgrade Procedure",
			"failed: 1.28: no version is supported by both 8.0.0 (1.26, 1.27, 1.28) and 8.0.1 (1.29, 1.30, 1.31); Kubernetes and ThingPark Enterprise have to be upgraded together, and which one first is not public: ask the vendor's support", ExitFailed},
	}
	for _, tt := range tests {
		p := before(t, tt.from, tt.to, tt.minor)
		if from := tpe(t, tt.from); p.Releases.State == release.Unclear { // of no public release
			p.From, p.Releases = &from, installed("8.0.0 8.0.0 8.0.0 8.0.0")
		}
		list, _ := p.Judge("")
		for name, want := range map[string]string{"path": tt.path, "kubernetes": tt.kubernetes} {
			c := check(t, list, name)
			if got := string(c.Result) + ": " + c.Summary; got != want {
				t.Errorf("%s to %s on 1.%d, %s:\n got %s\nwant %s", tt.from, tt.to, tt.minor, name, got, want)
			}
			if c.Source == "" && tt.to != "9.0.0" {
				t.Errorf("%s to %s on 1.%d, %s: no source", tt.from, tt.to, tt.minor, name)
			}
		}
		if list.ExitCode != tt.code {
			t.Errorf("%s to %s on 1.%d: exit code %d, want %d", tt.from, tt.to, tt.minor, list.ExitCode, tt.code)
		}
	}
}

func TestPreflightChecks(t *testing.T) {
	refused := errors.New("connection refused")
	tests := []struct {
		name   string
		change func(*Preflight)
		check  string
		want   string
		code   ExitCode
	}{
		{"a workload on its way", func(p *Preflight) { p.Assessment.Workloads[0].State = readiness.Progressing }, "workloads", "failed: 1 of 2 are not ready: Deployment/w0", ExitFailed},
		{"a job failed", func(p *Preflight) {
			p.Assessment = withJobs(p.Assessment, readiness.Job{Name: "twa-seed", State: readiness.JobFailed})
		}, "workloads", "failed: 1 of 3 are not ready: Job/twa-seed", ExitFailed},
		{"workloads unknown", func(p *Preflight) { p.Assessment, p.AssessmentErr = nil, refused }, "workloads", "unknown: connection refused", ExitError},
		{"a workload scaled to zero", func(p *Preflight) { p.Assessment.Workloads = append(p.Assessment.Workloads, zero("Deployment", "twa")) }, "workloads", "warning: Deployment twa is scaled to zero", ExitDone},
		{"one at zero by design", func(p *Preflight) {
			p.Assessment.Workloads = append(p.Assessment.Workloads, zero("Deployment", "twa-dev-task-fc"))
		}, "workloads", "ok: 3 workloads ready, 0 jobs complete", ExitDone},
		{"no workload", func(p *Preflight) { p.Assessment = workloads() }, "workloads", "failed: there is no workload in this namespace", ExitFailed},
		{"jobs may not be read", func(p *Preflight) { p.Assessment = withGap(p.Assessment, "Job", readiness.Forbidden) }, "workloads", "unknown: Job objects are unknown", ExitForbidden},
		{"an operator down", func(p *Preflight) { p.Assessment.Workloads[1].State = readiness.Progressing }, "operators", "failed: not ready: strimzi-cluster-operator", ExitFailed},
		{"no operator", func(p *Preflight) { p.Assessment = workloads(readiness.Ready) }, "operators", "warning: there is no Deployment of the operators of Kafka and MongoDB in this namespace", ExitDone},
		{"operators may not be read", func(p *Preflight) {
			p.Assessment = withGap(workloads(readiness.Ready), "Deployment", readiness.Forbidden)
		}, "operators", "unknown: no", ExitForbidden},
		{"an entry aborted", func(p *Preflight) { p.Answer = entries(pum.StateAborted, pum.StateInit) }, "entries", "failed: 1 of 2 were aborted: 0", ExitFailed},
		{"an entry at work", func(p *Preflight) { p.Answer = entries(pum.StateInProgress) }, "entries", "failed: 1 of 1 are not final: 0; the last upgrade is not over", ExitFailed},
		{"an entry in an unknown state", func(p *Preflight) { p.Answer = entries("NEW") }, "entries", "failed: 1 of 1 are not final: 0; the last upgrade is not over", ExitFailed},
		{"an entry of long ago", func(p *Preflight) {
			p.Answer = entries(pum.StateTransientError, pum.StateProcessed)
			p.Answer.Entries[0].StateTimestamp = new("2026-01-01T00:00:00.000Z")
		}, "entries", "failed: 1 of 2 never became final, and nothing changed for a day: 0; their data was not migrated", ExitFailed},
		{"an entry of an hour ago", func(p *Preflight) {
			p.Answer = entries(pum.StateTransientError)
			p.Answer.Entries[0].StateTimestamp = new("2026-03-14T21:00:00.000Z")
		}, "entries", "failed: 1 of 1 are not final: 0; the last upgrade is not over", ExitFailed},
		{"an entry of a day ago", func(p *Preflight) {
			p.Answer = entries(pum.StateTransientError)
			p.Answer.Entries[0].StateTimestamp = new("2026-03-13T22:00:00.000Z")
		}, "entries", "failed: 1 of 1 are not final: 0; the last upgrade is not over", ExitFailed},
		{"no entry", func(p *Preflight) { p.Answer = entries() }, "entries", "ok: none", ExitDone},
		{"all final", func(*Preflight) {}, "entries", "ok: 1, all final", ExitDone},
		{"all bound", func(*Preflight) {}, "claims", "ok: 1 bound", ExitDone},
		{"all deployed", func(*Preflight) {}, "releases", "ok: 4 deployed, of 7.3.4c or 7.3.6", ExitDone},
		{"one rolled back", func(p *Preflight) { p.Releases.Items[3].RolledBack = &release.Rollback{To: 1, From: 2} }, "releases", "warning: release tpe was rolled back", ExitDone},
		{"all allowed", func(*Preflight) {}, "rights", "ok: this account may do what Helm does", ExitDone},
		{"a partition that holds pods back", func(p *Preflight) {
			p.Assessment.Workloads = append(p.Assessment.Workloads, readiness.Workload{Kind: "StatefulSet", Name: "lrc", Want: 2, Updated: 1, Ready: 2, State: readiness.Ready})
		}, "workloads", "warning: StatefulSet lrc: its partition keeps 1 of 2 pods at the old version", ExitDone},
		{"a crash is no reason to wait", func(p *Preflight) {
			p.Assessment.ObservedAt = p.ObservedAt
			p.Assessment.Crashes = []readiness.Cause{{Code: readiness.CrashLoop, Object: Object{Kind: "Pod", Name: "a"}, Pod: "a", Since: p.ObservedAt}}
		}, "workloads", "ok: 2 workloads ready, 0 jobs complete", ExitDone},
		{"four on their way", func(p *Preflight) {
			p.Assessment = workloads(readiness.Progressing, readiness.Progressing, readiness.Progressing, readiness.Progressing)
		}, "workloads", "failed: 4 of 4 are not ready: Deployment/w0, Deployment/w1, Deployment/w2, Deployment/w3", ExitFailed},
		{"six on their way", func(p *Preflight) {
			p.Assessment = workloads(readiness.Progressing, readiness.Progressing, readiness.Progressing, readiness.Progressing, readiness.Progressing, readiness.Progressing)
		}, "workloads", "failed: 6 of 6 are not ready: Deployment/w0, Deployment/w1, Deployment/w2, Deployment/w3 and 2 more", ExitFailed},
		{"PUM silent", func(p *Preflight) { p.Answer, p.AnswerErr = nil, errNoAnswer }, "entries", "unknown: " + errNoAnswer.Error(), ExitNoAnswer},
		{"a claim without a volume", func(p *Preflight) { p.Claims = append(p.Claims, Claim{Name: "data-lrc-1", Phase: "Pending"}) }, "claims", "failed: data-lrc-1 is Pending", ExitFailed},
		{"a claim that waits for its first pod", func(p *Preflight) {
			p.Claims = append(p.Claims, Claim{Name: "spare", Phase: "Pending", Unused: true, Waits: true})
		}, "claims", "ok: 1 bound, waiting for a first pod: spare", ExitDone},
		{"a claim that nobody uses", func(p *Preflight) { p.Claims = append(p.Claims, Claim{Name: "spare", Phase: "Pending", Unused: true}) }, "claims", "warning: spare is Pending, and no pod uses it", ExitDone},
		{"a claim that waits for the pod that it has", func(p *Preflight) {
			p.Claims = append(p.Claims, Claim{Name: "data-lrc-1", Phase: "Pending", Waits: true})
		}, "claims", "failed: data-lrc-1 is Pending", ExitFailed},
		{"a claim that lost its volume", func(p *Preflight) { p.Claims = append(p.Claims, Claim{Name: "spare", Phase: "Lost", Unused: true}) }, "claims", "failed: spare is Lost", ExitFailed},
		{"a claim that goes with its pod", func(p *Preflight) { p.Claims[0].Deleting = true }, "claims", "failed: data-lrc-0 is deleted as soon as its pod restarts", ExitFailed},
		{"a resize that is half done", func(p *Preflight) { p.Claims[0].Resize = "half done" }, "claims", "warning: data-lrc-0: half done", ExitDone},
		{"one left behind", func(p *Preflight) {
			p.Releases = installed("7.3.6 7.3.3 7.3.6 7.3.6")
			p.From = &release.Version{Major: 7, Minor: 3, Fix: 6}
		}, "releases", "failed: release tpe-data does not belong to 7.3.4c and 7.3.6; the other 3 do", ExitFailed},
		{"what is installed is not known", func(p *Preflight) { p.Releases = installed("7.3.6 7.3.3 7.3.6 7.3.6") }, "path", "unknown: what is installed is unknown: the Helm releases do not belong to one known release of ThingPark Enterprise; set it with --from-release", ExitError},
		{"no Helm, and said what is installed", func(p *Preflight) { p.Releases = &Releases{}; p.From = &release.Version{Major: 7, Minor: 3, Fix: 6} }, "releases", "warning: there is no Helm release of ThingPark Enterprise in this namespace", ExitDone},
		{"secrets may not be read", func(p *Preflight) { p.Releases, p.ReleasesErr = nil, errSecrets }, "releases", "unknown: " + errSecrets.Error(), ExitForbidden},
		{"a right missing", func(p *Preflight) { p.Rights[0].Allowed = false }, "rights", "failed: this account cannot create secrets", ExitFailed},
		{"an administrator's right missing", func(p *Preflight) { p.Rights[1].Allowed = false }, "rights", "warning: this account may do what Helm does in the namespace; an administrator has to upgrade the operators' custom resource definitions", ExitDone},
		{"rights unknown", func(p *Preflight) { p.Rights[0] = Access{Namespaced: true, Err: refused} }, "rights", "unknown: connection refused", ExitError},
		{"charts unknown to Helm", func(p *Preflight) { p.Repository = "" }, "repository", "warning: Helm on this machine does not know the vendor's charts", ExitDone},
		{"the API server's version unknown", func(p *Preflight) { p.KubernetesErr = refused }, "kubernetes", "unknown: connection refused", ExitError},
		{"the API server's version forbidden", func(p *Preflight) { p.KubernetesErr = errForbidden }, "kubernetes", "unknown: " + errForbidden.Error(), ExitError},
		{"a release that is not public", func(p *Preflight) { p.To = release.Version{Major: 8, Fix: 2}; p.From = &p.To }, "manifest", "warning: the Release Manifest of 8.0.2 is not known here; --manifest takes the file VERSIONS", ExitFailed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := before(t, "7.3.6", "8.0.0", 26)
			tt.change(p)
			list, _ := p.Judge("")
			c := check(t, list, tt.check)
			if got := string(c.Result) + ": " + c.Summary; got != tt.want || list.ExitCode != tt.code {
				t.Errorf("exit code %d, %s\nwant %d, %s", list.ExitCode, got, tt.code, tt.want)
			}
		})
	}
	p := before(t, "7.3.6", "8.0.0", 26)
	p.Repository = ""
	if list, _ := p.Judge(LevelWarning); list.ExitCode != ExitWarnings || list.Outcome != OutcomeDone {
		t.Errorf("with warnings that fail: %d, %s", list.ExitCode, list.Outcome)
	}
	for _, c := range check(t, func() Checklist { l, _ := p.Judge(""); return l }(), "repository").Next {
		if strings.Contains(c, "username") && !strings.Contains(c, "--username <InstallationID> --password <InstallationID>") {
			t.Errorf("the id is not left to be filled in: %s", c)
		}
	}
}

func TestClaims(t *testing.T) {
	claim := func(change func(*corev1.PersistentVolumeClaim)) *corev1.PersistentVolumeClaim {
		c := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "c", UID: "1"}, Status: corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimBound}}
		change(c)
		return c
	}
	is := func(condition corev1.PersistentVolumeClaimConditionType, status corev1.ConditionStatus) func(*corev1.PersistentVolumeClaim) {
		return func(c *corev1.PersistentVolumeClaim) {
			c.Status.Conditions = []corev1.PersistentVolumeClaimCondition{{Type: condition, Status: status, Message: "m"}}
		}
	}
	size := func(want, have string) func(*corev1.PersistentVolumeClaim) {
		return func(c *corev1.PersistentVolumeClaim) {
			c.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(want)}
			c.Status.Capacity = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(have)}
		}
	}
	const used = "used"
	using := func(phase corev1.PodPhase, volume corev1.VolumeSource) *corev1.PodList {
		return &corev1.PodList{Items: []corev1.Pod{{
			ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: corev1.PodSpec{Volumes: []corev1.Volume{{Name: "c", VolumeSource: volume}}}, Status: corev1.PodStatus{Phase: phase},
		}}}
	}
	volume := corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "c"}}
	waits := func(uid types.UID) []corev1.Event {
		return []corev1.Event{{Reason: "WaitForFirstConsumer", InvolvedObject: corev1.ObjectReference{Kind: "PersistentVolumeClaim", Name: "c", UID: uid}}}
	}
	well := func(*corev1.PersistentVolumeClaim) {}
	tests := []struct {
		name   string
		claim  *corev1.PersistentVolumeClaim
		pods   *corev1.PodList
		events []corev1.Event
		want   Claim
	}{
		{used, claim(well), using(corev1.PodRunning, volume), nil, Claim{}},
		{"by a pod that begins", claim(well), using(corev1.PodPending, volume), nil, Claim{}},
		{"by a pod that is over", claim(well), using(corev1.PodSucceeded, volume), nil, Claim{Unused: true}},
		{"pods not known", claim(well), nil, nil, Claim{}},
		{"ephemeral", claim(func(c *corev1.PersistentVolumeClaim) { c.Name = "p-c" }), using(corev1.PodRunning, corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}), nil, Claim{Name: "p-c"}},
		{"waits", claim(well), &corev1.PodList{}, waits("1"), Claim{Unused: true, Waits: true}},
		{"one of the same name did", claim(well), &corev1.PodList{}, waits("2"), Claim{Unused: true}},
		{"goes", claim(func(c *corev1.PersistentVolumeClaim) { c.DeletionTimestamp = &metav1.Time{Time: today} }), nil, nil, Claim{Deleting: true}},
		{"file system", claim(is(corev1.PersistentVolumeClaimFileSystemResizePending, "True")), nil, nil, Claim{Resize: "its volume was resized and its file system was not: that takes a restart of its pod (FileSystemResizePending)"}},
		{"volume", claim(is(corev1.PersistentVolumeClaimResizing, "True")), nil, nil, Claim{Resize: "its volume is being resized (Resizing)"}},
		{"failed", claim(is(corev1.PersistentVolumeClaimNodeResizeError, "True")), nil, nil, Claim{Resize: "its resize failed: m (NodeResizeError)"}},
		{"no more", claim(is(corev1.PersistentVolumeClaimFileSystemResizePending, "False")), nil, nil, Claim{}},
		{"by status", claim(func(c *corev1.PersistentVolumeClaim) {
			c.Status.AllocatedResourceStatuses = map[corev1.ResourceName]corev1.ClaimResourceStatus{corev1.ResourceStorage: corev1.PersistentVolumeClaimControllerResizeInfeasible}
		}), nil, nil, Claim{Resize: "its resize is not complete (ControllerResizeInfeasible)"}},
		{"not begun", claim(size("20Gi", "10Gi")), nil, nil, Claim{Resize: "it has 10Gi and asks for 20Gi"}},
		{"as asked for", claim(size("10Gi", "10Gi")), nil, nil, Claim{}},
		{"larger than asked for", claim(size("10Gi", "20Gi")), nil, nil, Claim{}},
	}
	for _, tt := range tests {
		tt.want.Phase, tt.want.Name = "Bound", cmp.Or(tt.want.Name, "c")
		if got := Claims([]corev1.PersistentVolumeClaim{*tt.claim}, tt.pods, tt.events); got[0] != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got[0], tt.want)
		}
	}
}
