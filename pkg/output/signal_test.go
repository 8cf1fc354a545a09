// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/verdict"
)

// A terminal is told how it goes whenever that changed, and at the end all is taken back. One that
// is not known to understand is told nothing.
func TestSignal(t *testing.T) {
	var b bytes.Buffer
	live := NewLive(&b)
	for _, step := range []struct {
		known Signals
		told  signal
		want  string
	}{
		{Signals{}, signalOf(verdict.OutcomePending, 1, 2), ""},
		{Signals{}, signal{}, ""},
		{Signals{Title: true, Taskbar: true}, signalOf(verdict.OutcomePending, 1, 2), "\x1b[22;2t\x1b]2;tpe: pending, 1 of 2\a\x1b]9;4;1;50\a"},
		{Signals{Title: true, Taskbar: true}, signalOf(verdict.OutcomePending, 1, 2), ""},
		{Signals{Title: true, Taskbar: true}, signalOf(verdict.OutcomeFailed, 2, 2), "\x1b]2;tpe: failed, 2 of 2\a\x1b]9;4;2;100\a"},
		{Signals{Title: true, Taskbar: true}, signal{}, "\x1b[23;2t\x1b]9;4;0;0\a"},
	} {
		b.Reset()
		if err := live.Signal(step.known, step.told); err != nil {
			t.Fatal(err)
		}
		if b.String() != step.want {
			t.Errorf("%+v: %q, want %q", step.told, b.String(), step.want)
		}
	}
}

func TestNotify(t *testing.T) {
	for how, want := range map[Notification]string{
		NotifyBell: "\a", NotifyOSC9: "\a\x1b]9;done, 1, 2\a", NotifyRXVT: "\a\x1b]777;notify;kubectl tpe;done, 1, 2\a",
	} {
		var b bytes.Buffer
		if err := Notify(&b, View{Signals: Signals{Notify: how}}, "done; 1\x1b 2"); err != nil || b.String() != want {
			t.Errorf("%q, %v, want %q", b.String(), err, want)
		}
	}
}

func TestWaitingInWords(t *testing.T) {
	for want, w := range map[string]Waiting{
		"after 95s":                              {Elapsed: 95 * time.Second},
		"after 6m of 30m, about 4m left":         {Elapsed: 6 * time.Minute, Timeout: 30 * time.Minute, Left: &verdict.Estimate{Left: 245 * time.Second, Of: verdict.GoalAll}},
		"after 6m, ready for 10s of 30s":         {Elapsed: 6 * time.Minute, DoneFor: 10 * time.Second, StableFor: 30 * time.Second},
		"after 0s, about 10s left for entries":   {Left: &verdict.Estimate{Of: verdict.GoalEntries}},
		"after 0s, about 73m left for workloads": {Left: &verdict.Estimate{Left: 73*time.Minute + 20*time.Second, Of: verdict.GoalWorkloads}},
	} {
		if got := w.words(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
