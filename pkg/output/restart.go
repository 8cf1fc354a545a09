// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"fmt"
	"io"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
)

// WriteRestartPlan says which entries a restart may run again.
func WriteRestartPlan(w io.Writer, entries []pum.Entry, v View) error {
	var b bytes.Buffer
	again := pum.RunAgain(entries)
	if len(entries) == 0 {
		b.WriteString("nothing to restart: PUM has no entries\n")
	} else if len(again) == 0 {
		fmt.Fprintf(&b, "nothing to restart: all %d entries are PROCESSED or SKIPPED\n", len(entries))
	} else {
		fmt.Fprintf(&b, "%d of %d entries are not processed and may run again:\n", len(again), len(entries))
		t := &table{header: []string{"UID", "REQUEST", "STATE", "ERRORS", "LAST RESPONSE"}, shrink: []string{"LAST RESPONSE", "REQUEST"}}
		for i := range again {
			e := &again[i]
			t.add(fmt.Sprint(e.UID), text(e.RequestID), string(e.State), number(e.ErrorCounter), text(e.LastResponse))
		}
		t.write(&b, v)
	}
	b.WriteString("What PUM does on restart is not documented beyond \"execute again the procedure\".\n")
	_, err := w.Write(b.Bytes())
	return err
}
