// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// pipelineScripts returns the scripts of docs/pipelines.md that wait, by system.
func pipelineScripts(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "pipelines.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := func(name string) []byte {
		found := regexp.MustCompile("(?s)<!-- pipeline " + name + " -->\n```[a-z]*\n(.*?)```\n").FindSubmatch(text)
		if found == nil {
			t.Fatalf("no block %q", name)
		}
		return found[1]
	}
	var github struct {
		Jobs map[string]struct {
			Steps []struct{ Run string } `json:"steps"`
		} `json:"jobs"`
	}
	var gitlab map[string]struct {
		Script []string `json:"script"`
	}
	if err := errors.Join(yaml.Unmarshal(block("github"), &github), yaml.Unmarshal(block("gitlab"), &gitlab)); err != nil {
		t.Fatal(err)
	}
	scripts := map[string]string{}
	for _, step := range github.Jobs["wait"].Steps {
		if strings.Contains(step.Run, "kubectl-tpe wait") {
			scripts["github"] = step.Run
		}
	}
	for _, line := range gitlab["upgrade"].Script {
		if strings.Contains(line, "kubectl-tpe wait") {
			scripts["gitlab"] = line
		}
	}
	scripts["jenkins"] = strings.Split(string(block("jenkins")), "'''")[1]
	for name, script := range scripts {
		script = strings.NewReplacer("--timeout=1h", "--timeout=3s", "--stable-for=30s", "--stable-for=0s").Replace(script)
		scripts[name] = script
	}
	return scripts
}

// The scripts of the documented pipelines end with the exit code of wait, and leave what they
// promise to.
func TestPipelines(t *testing.T) {
	t.Parallel()
	for system, script := range pipelineScripts(t) {
		for situation, want := range map[string]struct {
			code int
			says string
		}{"job-cert-manager": {0, "DONE"}, "job-unlabelled": {3, "TPE301"}, "pod-not-in-one": {124, "timed out"}, "annotate-hostile": {3, "wlogger"}} {
			t.Run(system+"/"+situation, func(t *testing.T) {
				t.Parallel()
				c, err := Load(filepath.Join("cases", situation+".yaml"))
				if err != nil {
					t.Fatal(err)
				}
				dir := t.TempDir()
				p := play(t, c, dir)
				cmd := exec.Command("sh", "-e", "-c", script)
				cmd.Dir = dir
				summary := filepath.Join(dir, "summary.md")
				cmd.Env = append(os.Environ(), "KUBECONFIG="+p.Kubeconfig(), "HOME="+dir, "GITHUB_STEP_SUMMARY="+filepath.ToSlash(summary),
					"PATH="+filepath.Dir(plugin)+string(os.PathListSeparator)+os.Getenv("PATH"))
				out, err := cmd.CombinedOutput()
				if err != nil && !errors.As(err, new(*exec.ExitError)) {
					t.Fatal(err)
				}
				if code := cmd.ProcessState.ExitCode(); code != want.code || !strings.Contains(string(out), want.says) {
					t.Errorf("exit code %d, want %d and %q:\n%s", code, want.code, want.says, out)
				}
				if strings.Contains(script, "--report ") {
					if _, err := os.Stat(filepath.Join(dir, "upgrade.xml")); err != nil {
						t.Error(err)
					}
				}
				if system != "github" {
					return
				}
				if runs := regexp.MustCompile(`(?m)(^\s*::(set-output|stop-commands|add-mask)|##\[)`).FindString(string(out)); runs != "" {
					t.Errorf("GitHub's runner would run %q:\n%s", runs, out)
				}
				if text, err := os.ReadFile(summary); err != nil || !strings.HasPrefix(string(text), "    ") || want.code == 124 != strings.Contains(string(text), "run this job again") {
					t.Errorf("summary %q, %v", text, err)
				}
			})
		}
	}
}
