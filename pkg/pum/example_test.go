// SPDX-License-Identifier: Apache-2.0

package pum_test

import (
	"fmt"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/pum"
)

func ExampleParse() {
	const out = "2 entrie(s)\nuid: 2\nstate: 'PROCESSED'\niterationCounter: 5\nuid: 4\nstate: 'INIT'\niterationCounter: 0\n"
	list, err := pum.Parse([]byte(out), pum.DefaultLimit)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range list.Entries {
		fmt.Println(e.UID, e.State, e.Final)
	}
	_, err = pum.Parse([]byte(out[:60]), pum.DefaultLimit)
	fmt.Println(err)
	// Output:
	// 2 PROCESSED true
	// 4 INIT false
	// pum status output is incomplete: got 1 of 2 entries: cut in line 5: want a key and a colon
}
