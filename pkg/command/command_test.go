// SPDX-License-Identifier: Apache-2.0

package command

import (
	"os/exec"
	"strings"
	"testing"
)

func TestCommands(t *testing.T) {
	odd := Where{Namespace: "a;b", Context: "prod eu", Kubeconfig: "/etc/it's"}
	plain := Where{Namespace: "tpe"}
	quoted := "-n " + Quote("a;b") + " --context=" + Quote("prod eu") + " --kubeconfig=" + Quote("/etc/it's")
	for _, tt := range []struct{ got, want string }{
		{plain.Kubectl("get", "pods"), "kubectl get pods -n tpe"},
		{plain.TPE("wait"), "kubectl tpe wait -n tpe"},
		{plain.Helm("history", "tpe"), "helm history tpe -n tpe"},
		{Where{}.TPE("explain", "TPE101"), "kubectl tpe explain TPE101"},
		{odd.TPE("wait"), "kubectl tpe wait " + quoted},
		{odd.Helm("rollback tpe 1"), "helm rollback tpe 1 " + strings.Replace(quoted, "--context", "--kube-context", 1)},
		{odd.Kubectl("exec d", "--", "restore"), "kubectl exec d " + quoted + " -- restore"},
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
		quoted := posix.quote(word)
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

// What is common is quoted alike for both shells of Windows: a path, blanks, a list.
func TestQuoteOnWindows(t *testing.T) {
	for _, tt := range []struct{ word, cmdExe, powerShell string }{
		{"tpe", "tpe", "tpe"},
		{`C:\Users\me\.kube\config`, `C:\Users\me\.kube\config`, `C:\Users\me\.kube\config`},
		{`C:\Program Files\kube config`, `"C:\Program Files\kube config"`, `"C:\Program Files\kube config"`},
		{"it's", `"it's"`, `"it's"`},
		{"a,b", `"a,b"`, `"a,b"`},
		{"@a", `"@a"`, `"@a"`},
		{"a;b&c", `"a;b&c"`, `"a;b&c"`},
		{"", `""`, `""`},
		{`a b\`, `"a b\\"`, `"a b\\"`},
		{"$a", `"$a"`, `'$a'`},
		{"`a's", "\"`a's\"", "'`a''s'"},
		{`a"b`, `"a\"b"`, `'a\"b'`},
	} {
		if got := cmdExe.quote(tt.word); got != tt.cmdExe {
			t.Errorf("cmd.exe: %s, want %s", got, tt.cmdExe)
		}
		if got := powerShell.quote(tt.word); got != tt.powerShell {
			t.Errorf("PowerShell: %s, want %s", got, tt.powerShell)
		}
	}
}

func TestTheShellThatIsThere(t *testing.T) {
	for _, tt := range []struct {
		system string
		env    map[string]string
		want   shell
	}{
		{"linux", nil, posix},
		{"darwin", map[string]string{"PSModulePath": `/Users/me/.local/share/powershell/Modules`}, posix},
		{"windows", map[string]string{"PSModulePath": `C:\WINDOWS\system32\WindowsPowerShell\v1.0\Modules\`}, cmdExe},
		{"windows", map[string]string{"PSModulePath": `C:\Users\me\OneDrive\Documents\PowerShell\Modules;C:\WINDOWS\system32`}, powerShell},
		{"windows", map[string]string{"MSYSTEM": "MINGW64"}, posix},
		{"windows", nil, cmdExe},
	} {
		if got := shellOf(tt.system, func(name string) string { return tt.env[name] }); got != tt.want {
			t.Errorf("%s %v: %d, want %d", tt.system, tt.env, got, tt.want)
		}
	}
}
