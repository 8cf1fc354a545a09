// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
	"github.com/kubectl-tpe/kubectl-tpe/test/wine"
)

// A real console has the mode that it had, whatever ends the plugin: an error or Ctrl-C. Until then
// it understands escape sequences.
func TestAConsoleIsGivenBack(t *testing.T) {
	screen := consoleScreen(t)
	program := pluginItself(t)
	const before = windows.ENABLE_PROCESSED_OUTPUT | windows.ENABLE_WRAP_AT_EOL_OUTPUT
	const during = before | windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, os.Interrupt) // which is for the plugin, and is not to end this process
	defer signal.Stop(heard)
	for name, tt := range map[string]struct {
		end  func(stdin io.Closer, pid int) error
		code verdict.ExitCode
	}{
		"an error": {func(stdin io.Closer, _ int) error { return stdin.Close() }, verdict.ExitNoAnswer},
		"Ctrl-C": {func(_ io.Closer, pid int) error {
			if wine.Here() {
				return windows.GenerateConsoleCtrlEvent(windows.CTRL_C_EVENT, 0) // all that it knows; go test has another console
			}
			return windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(pid))
		}, verdict.ExitInterrupted},
	} {
		if err := windows.SetConsoleMode(windows.Handle(screen.Fd()), before); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program, "pum", "status", "-f", "-")
		cmd.Stdout, cmd.Stderr = screen, screen
		if !wine.Here() {
			cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP} // the signal is for it alone
		}
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		late := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
		for begun := time.Now(); consoleMode(t, screen) != during; time.Sleep(20 * time.Millisecond) {
			if time.Since(begun) > 30*time.Second {
				t.Errorf("%s: while it runs the mode is %#x, want %#x", name, consoleMode(t, screen), during)
				break
			}
		}
		time.Sleep(200 * time.Millisecond) // until it reads
		if err := tt.end(stdin, cmd.Process.Pid); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // its exit code is compared
		late.Stop()
		if code := cmd.ProcessState.ExitCode(); code != int(tt.code) {
			t.Errorf("%s: exit code %d, want %d", name, code, tt.code)
		}
		if mode := consoleMode(t, screen); mode != before {
			t.Errorf("%s: at the end the mode is %#x, want %#x", name, mode, before)
		}
	}
}

// consoleScreen returns the screen of this process's console, and makes one if there is none. Under
// Wine it is that of the terminal.
func consoleScreen(t *testing.T) *os.File {
	t.Helper()
	screen, err := os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		if made, _, why := windows.NewLazySystemDLL("kernel32.dll").NewProc("AllocConsole").Call(); made == 0 {
			t.Fatalf("no console: %v, %v", err, why)
		}
		if screen, err = os.OpenFile("CONOUT$", os.O_RDWR, 0); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = screen.Close() })
	return screen
}

func consoleMode(t *testing.T, screen *os.File) (mode uint32) {
	t.Helper()
	if err := windows.GetConsoleMode(windows.Handle(screen.Fd()), &mode); err != nil {
		t.Fatal(err)
	}
	return mode
}

// pluginItself returns a program that is the plugin, with all that belongs to its process: a copy,
// as a link to a program that runs cannot be removed.
func pluginItself(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), itself+".exe")
	text, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, text, 0o700); err != nil {
		t.Fatal(err)
	}
	return program
}
