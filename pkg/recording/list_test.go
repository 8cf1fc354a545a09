// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"strings"
	"testing"
	"time"

	"github.com/kubectl-tpe/kubectl-tpe/pkg/readiness"
)

// An error of MongoDB's operator that it repeats is as old as the last change of the object, which
// managedFields tell, in a list as in JSON. What else is in them is left out.
func TestListsKeepWhenObjectsWereChanged(t *testing.T) {
	const object = `apiVersion: psmdb.percona.com/v1
kind: PerconaServerMongoDB
metadata:
  generation: 2
FIELDS
  name: mongo
spec:
  replsets:
  - name: rs0
    size: 2
status:
  message: i/o timeout
  observedGeneration: 2
  ready: 1
  size: 2
  state: error
  conditions:
  - lastTransitionTime: "2026-01-01T00:00:00Z"
    status: "True"
    type: error
  - lastTransitionTime: "2026-01-01T00:00:00Z"
    status: "True"
    type: ready
`
	const manager = `  managedFields:
  - apiVersion: psmdb.percona.com/v1
    fieldsType: FieldsV1
    fieldsV1:
      f:metadata:
        f:time: {}
    manager: helm
    operation: Update
    time: "2026-01-31T08:00:00Z"
  - manager: operator
    subresource: status
    TIME`
	now := time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		fields string
		since  time.Time
		state  readiness.State
		reason string
	}{
		"an hour ago":  {strings.Replace(manager, "TIME", `time: "2026-01-31T09:00:00Z"`, 1), now.Add(-time.Hour), readiness.Failed, ""},
		"just now":     {strings.Replace(manager, "TIME", `time: '2026-01-31T09:59:30Z'`, 1), now.Add(-30 * time.Second), readiness.Progressing, ""},
		"no such time": {strings.Replace(manager, "TIME", `time: [yesterday]`, 1), now.Add(-2 * time.Hour), readiness.Failed, ""},
		"not kept":     {"", time.Time{}, readiness.Progressing, "since when is unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(object, "FIELDS\n", strings.TrimSuffix(tt.fields, "\n")+"\n", 1)
			list := "apiVersion: v1\nitems:\n- " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\nkind: List\n"
			for form, text := range map[string]string{"document": text, "list": list} {
				k := readiness.KeptKind(readiness.KeptKinds(), "PerconaServerMongoDB")
				var o readiness.Objects
				_, err := eachItem(strings.NewReader(text), "", func(kind string) bool { return kind == k.Kind }, func(_ string, data []byte) error {
					if strings.Contains(string(data), "FieldsV1") {
						t.Errorf("%s: all of managedFields is kept", form)
					}
					object, err := k.Decode(data)
					k.Set(&o, append(k.List(&o), object))
					return err
				})
				if err != nil || len(o.MongoDBs) != 1 {
					t.Fatalf("%s: %d objects, %v", form, len(o.MongoDBs), err)
				}
				w := readiness.Assess(o, now).Workloads[0]
				if !w.Since.Equal(tt.since) || w.State != tt.state || !strings.Contains(w.Reason, tt.reason) {
					t.Errorf("%s: %s since %s, %s", form, w.State, w.Since, w.Reason)
				}
			}
		})
	}
}
