// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"strconv"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
)

// listing notes what is odd about PUM's list, although it is whole.
func (v *Verdict) listing(answer *pum.Answer) {
	if last := len(answer.Entries) - 1; answer.Ignored != "" && last >= 0 {
		v.find(ExitDone, Finding{
			Code: CodeTextIgnored, Level: LevelWarning,
			Summary: "text after PUM's last entry was ignored",
			Detail:  beginning([]byte(answer.Ignored)),
			Objects: []Object{entryObject(answer.Entries[last].UID)},
		})
	}
	repeated := pum.Repeated(answer.Entries)
	if len(repeated) == 0 {
		return
	}
	f := Finding{
		Code: CodeUIDRepeated, Level: LevelWarning,
		Summary: fmt.Sprintf("PUM lists the uid %d more than once", repeated[0]),
		Detail:  "entries are told apart by their uid, so that nobody can say whether these make progress",
	}
	if more := len(repeated) - 1; more > 0 {
		f.Summary += fmt.Sprintf(", and %d other uids", more)
	}
	const most = 10
	for _, uid := range repeated[:min(most, len(repeated))] {
		f.Objects = append(f.Objects, entryObject(uid))
	}
	v.find(ExitDone, f)
}

func entryObject(uid int64) Object { return Object{Kind: "Entry", Name: strconv.FormatInt(uid, 10)} }
