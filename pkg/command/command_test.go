// SPDX-License-Identifier: Apache-2.0

package command

import (
	"os/exec"
	"testing"
)

func TestCommands(t *testing.T) {
	odd := Where{Namespace: "a;b", Context: "prod eu", Kubeconfig: "/etc/it's"}
	plain := Where{Namespace: "tpe"}
	for _, tt := range []struct{ got, want string }{
		{plain.Kubectl("get", "pods"), "kubectl get pods -n tpe"},
		{plain.TPE("wait"), "kubectl tpe wait -n tpe"},
		{plain.Helm("history", "tpe"), "helm history tpe -n tpe"},
		{Where{}.TPE("explain", "TPE101"), "kubectl tpe explain TPE101"},
		{odd.TPE("wait"), `kubectl tpe wait -n 'a;b' --context='prod eu' --kubeconfig='/etc/it'\''s'`},
		{odd.Helm("rollback tpe 1"), `helm rollback tpe 1 -n 'a;b' --kube-context='prod eu' --kubeconfig='/etc/it'\''s'`},
		{odd.Kubectl("exec d", "--", "restore"), `kubectl exec d -n 'a;b' --context='prod eu' --kubeconfig='/etc/it'\''s' -- restore`},
	} {
		if tt.got != tt.want {
			t.Errorf("%s, want %s", tt.got, tt.want)
		}
	}
}

// A shell takes what is quoted as the one word that it was.
func TestQuote(t *testing.T) {
	shell, err := exec.LookPath("sh")
	for _, word := range []string{"tpe", "", "a b", "it's", `"`, `\`, "$(id)", "`id`", "a;b", "a\nb", "!x", "*", "~", "ü", "-n"} {
		quoted := Quote(word)
		if word == "tpe" && quoted != word {
			t.Errorf("%s is quoted: %s", word, quoted)
		}
		if err != nil {
			continue // on Windows there may be none
		}
		if out, err := exec.Command(shell, "-c", "printf %s "+quoted).Output(); err != nil || string(out) != word {
			t.Errorf("%q is %q for a shell: %v", word, out, err)
		}
	}
}
