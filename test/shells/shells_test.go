// SPDX-License-Identifier: Apache-2.0

//go:build shells

// Package shells presses Tab in the shells that people use. It needs kubectl, bash with
// bash-completion, zsh and fish: see make shells.
package shells

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/kubectl-tpe/kubectl-tpe/test/screen"
	"github.com/kubectl-tpe/kubectl-tpe/test/sim"
)

// A shell is how a shell begins that completes kubectl as kubectl's documentation says.
type shell struct {
	args []string
	file string // in its home, what it reads first
	text string
}

// prompt is what the shells write when they are ready.
const prompt = "ready>"

var shells = map[string]shell{
	"bash": {[]string{"--noprofile", "--rcfile", "rc", "-i"}, "rc", `for file in /usr/share/bash-completion/bash_completion /opt/homebrew/etc/profile.d/bash_completion.sh /usr/local/etc/profile.d/bash_completion.sh; do
  if [ -r "$file" ]; then . "$file"; fi
done
. <(kubectl completion bash)
PS1='` + prompt + ` '
`},
	"zsh": {[]string{"-i"}, ".zshrc", `autoload -Uz compinit
compinit -u -D
. <(kubectl completion zsh)
PROMPT='` + prompt + ` '
`},
	"fish": {[]string{"-i"}, ".config/fish/config.fish", `set fish_greeting
kubectl completion fish | source
function fish_prompt; echo -n '` + prompt + ` '; end
`},
}

// A terminal is what a shell runs in, and what is on it.
type terminal struct {
	t      *testing.T
	keys   io.Writer
	lock   sync.Mutex
	screen *screen.Screen
}

func (s *terminal) text() string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.screen.String()
}

// await waits until a text is on the screen.
func (s *terminal) await(text string) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if strings.Contains(s.text(), text) {
			return
		}
	}
	s.t.Fatalf("there is no %q on the screen:\n%s", text, s.text())
}

func (s *terminal) press(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.keys, keys); err != nil {
		s.t.Fatal(err)
	}
}

// open starts a shell in a home of its own.
func open(t *testing.T, name, path string) *terminal {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("make shells installs it where it can: %v", err)
	}
	home := t.TempDir()
	file := filepath.Join(home, shells[name].file)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(shells[name].text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, shells[name].args...)
	cmd.Dir = home
	cmd.Env = []string{"HOME=" + home, "ZDOTDIR=" + home, "XDG_CONFIG_HOME=" + home + "/.config", "PATH=" + path, "TERM=xterm", "LANG=C.UTF-8", "KUBECONFIG=" + home + "/none"}
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	s := &terminal{t: t, keys: master, screen: screen.New(80, 24)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		buffer := make([]byte, 4096)
		for {
			n, err := master.Read(buffer)
			s.lock.Lock()
			_, _ = s.screen.Write(buffer[:n]) // an emulated screen takes all
			s.lock.Unlock()
			if err != nil {
				return // the shell has ended
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // and was killed
		_ = master.Close()     // nothing is written any more
		<-read
	})
	return s
}

// In every shell Tab completes the words after kubectl tpe, once kubectl tpe completion kubectl
// has run.
func TestTab(t *testing.T) {
	if _, err := exec.LookPath("kubectl"); err != nil {
		t.Fatalf("install kubectl: %v", err)
	}
	dir := t.TempDir()
	if _, err := sim.BuildPlugin(dir); err != nil {
		t.Fatal(err)
	}
	path := dir + string(os.PathListSeparator) + os.Getenv("PATH")
	link := exec.CommandContext(t.Context(), "kubectl", "tpe", "completion", "kubectl")
	t.Setenv("PATH", path)
	link.Env = os.Environ()
	if out, err := link.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := os.Lstat(filepath.Join(dir, "kubectl_complete-tpe")); err != nil {
		t.Fatal(err)
	}
	completions := map[string]string{
		"kubectl tpe rollb":            "kubectl tpe rollback-plan",
		"kubectl tpe pum rest":         "kubectl tpe pum restart",
		"kubectl tpe wait --stable":    "kubectl tpe wait --stable-for",
		"kubectl tpe wait --for=ent":   "kubectl tpe wait --for=entries",
		"kubectl tpe explain ABORT":    "kubectl tpe explain ABORTED",
		"kubectl tpe upgrade-plan --t": "kubectl tpe upgrade-plan --to",
	}
	for name := range shells {
		t.Run(name, func(t *testing.T) {
			s := open(t, name, path)
			s.await(prompt)
			for words, whole := range completions {
				s.press(words + "\t")
				s.await(prompt + " " + whole)
				s.press("\x15") // takes the line away
				for end := time.Now().Add(10 * time.Second); strings.Contains(s.text(), whole); time.Sleep(20 * time.Millisecond) {
					if time.Now().After(end) {
						t.Fatalf("the line stays:\n%s", s.text())
					}
				}
			}
		})
	}
}
