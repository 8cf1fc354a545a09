// SPDX-License-Identifier: Apache-2.0

//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/test/lab/standin/pum"
	"github.com/kubectl-tpe/kubectl-tpe/test/lab/tpe"
)

// audit makes an archive by the commands of the vendor's generate-audit-report.sh, as far as they
// tell of an upgrade. PUM_COMMAND is what differs between 7.3 and 8.0.
const audit = `
mkdir -p kubernetes thingpark-instance/info thingpark-instance/manifests thingpark compute-storage
log() { echo "$(date): [$1]: $2" >>tp-audit.log; }
log info "Start of the audit"
kubectl version >kubernetes/k8s-versions.txt 2>&1
helm version >kubernetes/helm-versions.txt 2>&1
helm list -n "$NS" --output yaml >thingpark-instance/thingpark-helm-releases.yaml
kubectl cluster-info dump --namespaces "$NS" --output-directory thingpark-instance/info -o yaml >/dev/null
for kind in configmap statefulset certificates.cert-manager.io certificaterequests.cert-manager.io ingress persistentvolumeclaim; do
	kubectl get "$kind" -n "$NS" -o yaml >"thingpark-instance/manifests/$kind.yaml" 2>/dev/null || log warning "no $kind"
done
kubectl describe nodes >compute-storage/nodes.txt
mkfifo ../terminal # on which nobody types
script -qefc "kubectl exec -n $NS -it deploy/pum -- $PUM_COMMAND" /dev/null >thingpark/pum-status.txt <>../terminal || log error "PUM"
log success "End of the audit"
tar czf "../$ARCHIVE" .
`

// An archive is what support gets, and what the plugin says of it.
type archived struct {
	scenario string
	command  string // of PUM
	change   func(*pum.State)
	wants    []wanted
}

// wanted is what a command says of an archive: its exit code, and patterns for all it writes.
type wanted struct {
	command string
	exit    int
	says    []string
}

func archives() map[string]archived {
	return map[string]archived{
		"7.3": {"healthy-7.3", "status", nil, []wanted{
			{"status", 1, []string{`^audit archive /.*, as of `, `TPE601`, `Entries +2 PROCESSED, 1 SKIPPED`}},
			{"status -o json", 1, []string{`"kind": "audit archive"`, `"outcome": "unknown"`}},
			{"pum status", 0, []string{`PROCESSED`}},
			{"releases", 0, []string{`thingpark-enterprise`, `all of 7\.3\.6`}},
			{"rollback-plan", 1, []string{`has no history of the Helm releases`}},
			{"logs", 0, []string{`post-upgrade`}},
			{"report", 1, []string{`<html`, `audit archive`}},
			{"explain", 0, []string{`TPE601`}},
		}},
		"8.0": {"crash-loop", "/nodejs/bin/node app.js display", abort, []wanted{
			{"status", 3, []string{`^FAILED `, `TPE201`, `smp-tpe`, `TPE601`}},
			{"status -o json", 3, []string{`"kind": "audit archive"`, `"outcome": "failed"`}},
			{"pum status", 3, []string{`ABORTED`}},
			{"releases", 0, []string{`all of 8\.0\.0`}},
			{"rollback-plan", 1, []string{`has no history of the Helm releases`}},
			{"report", 3, []string{`<html`, `TPE201`}},
			{"explain", 0, []string{`TPE201`, `TPE601`}},
		}},
	}
}

// abort has an entry aborted, as after three errors.
func abort(state *pum.State) {
	e := &state.Entries[1]
	said := `{"status":500,"message":"Can't connect to 'twa'"}`
	e.State, e.LastResponse, e.ErrorCounter = pum.StateAborted, &said, 3
}

// TestAuditArchives reads archives that the vendor's commands make of a real cluster.
func TestAuditArchives(t *testing.T) {
	t.Parallel()
	s := openSuite(t)
	s.whole.RLock()
	defer s.whole.RUnlock()
	helm, err := s.compileHelm()
	check(t, err)
	for era, a := range archives() {
		t.Run(era, func(t *testing.T) { s.audited(t, filepath.Dir(helm), era, a) })
	}
}

func (s *suite) audited(t *testing.T, tools, era string, a archived) {
	r := &recorded{suite: s, namespace: "e2e-audit-" + strings.ReplaceAll(era, ".", "-"), dir: t.TempDir()}
	s.loaded(t, a.scenario, r.namespace)
	if a.scenario == "healthy-7.3" {
		s.processed(t, r.namespace)
	}
	check(t, tpe.PUM(s.node, r.namespace).Update(func(state *pum.State) error {
		state.Answer.Color = true
		if a.change != nil {
			a.change(state)
		}
		return nil
	}))
	if a.scenario == "crash-loop" {
		r.await(t, "status", `crash`)
	}
	archive := time.Now().Format("thingpark-kubernetes-audit-2006-01-02-15-04-05.tgz")
	folder := filepath.Join(r.dir, "audit")
	check(t, os.Mkdir(folder, 0o700))
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", audit)
	cmd.Dir = folder
	cmd.Env = []string{
		"HOME=" + r.dir, "KUBECONFIG=" + s.node.Kubeconfig(), "NS=" + r.namespace, "PUM_COMMAND=" + a.command, "ARCHIVE=" + archive, "TERM=xterm",
		"PATH=" + strings.Join([]string{tools, filepath.Dir(s.kubectl), os.Getenv("PATH")}, string(os.PathListSeparator)),
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	answer, err := os.ReadFile(filepath.Join(folder, "thingpark", "pum-status.txt"))
	check(t, err)
	if text := string(answer); !strings.Contains(text, "\r\n") || !strings.Contains(text, "\x1b[") {
		t.Errorf("PUM's answer is not as from a terminal: %q", text)
	}
	for _, path := range []string{filepath.Join(r.dir, archive), folder} {
		for _, w := range a.wants {
			r.wants(t, path, w)
		}
	}
}

// wants compares what a command says of a file.
func (r *recorded) wants(t *testing.T, path string, w wanted) {
	t.Helper()
	got := r.run(append(strings.Fields(w.command), "--from", path)...)
	if got.exit != w.exit {
		t.Errorf("kubectl tpe %s --from %s: exit code %d, want %d\n%s%s", w.command, path, got.exit, w.exit, got.stdout, got.stderr)
	}
	for _, pattern := range w.says {
		if !regexp.MustCompile("(?m)" + pattern).MatchString(got.stdout + got.stderr) {
			t.Errorf("kubectl tpe %s --from %s does not say %s:\n%s%s", w.command, path, pattern, got.stdout, got.stderr)
		}
	}
}

// await runs a command until what it says matches.
func (r *recorded) await(t *testing.T, command, pattern string) {
	t.Helper()
	found := regexp.MustCompile(pattern)
	var got said
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(time.Second) {
		if got = r.run(append(strings.Fields(command), "-n", r.namespace)...); found.MatchString(got.stdout) {
			return
		}
	}
	t.Fatalf("kubectl tpe %s does not come to say %s:\n%s%s", command, pattern, got.stdout, got.stderr)
}
