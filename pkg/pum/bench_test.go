// SPDX-License-Identifier: Apache-2.0

package pum

import (
	"bytes"
	"fmt"
	"testing"
)

// manyEntries prints n entries of about 500 bytes, flush, and lets response
// choose what every one of them answers.
func manyEntries(n int, response func(i int) string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d entrie(s)\n", n)
	for i := range n {
		fmt.Fprintf(&b, `uid: %d
creationTimestamp: '2022-06-23T13:50:33.000Z'
scope: 'TPE-OCP'
serviceID: 'TWA'
requestID: 'RDTP-18480-alarm-email-notification-migration-for-tpe-ocp'
requestPath: '/thingpark/wireless/rest/systems/demons/migrateUserAlarmNotifications'
requestBody: '{ "max" : 100 }'
state: 'PARTIALLY_PROCESSED'
stateTimestamp: '2022-06-27T14:14:11.000Z'
lastResponse: %s
errorCounter: %d
iterationCounter: %d
`, i+1, response(i), i%3, i%17)
	}
	return b.Bytes()
}

func plainResponse(i int) string {
	return fmt.Sprintf(`'{"status":250,"message":"Unknown","data":{"operatorID":null,"max":100,"countOnly":false,"result":{"done":%d,"remaining":%d}}}'`, i%100, i)
}

func inspectResponse(i int) string {
	return fmt.Sprintf("`"+`{"status":500,"message":"Can't \\"connect\\" to C:\\\\%d","data":{"operatorID":null,"result":{"done":%d,"remaining":%d}}}`+"`", i, i%100, i)
}

func yamlResponse(i int) string {
	return fmt.Sprintf(`'{"status":500,"message":"Can''t \"connect\" to C:\\%d","data":{"operatorID":null,"result":{"done":%d,"remaining":%d}}}'`, i, i%100, i)
}

// eitherResponse is one that both dialects can read, with different results.
func eitherResponse(i int) string {
	return fmt.Sprintf(`'{"status":500,"message":"line\\nline %d","data":{"operatorID":null,"result":{"done":%d,"remaining":%d}}}'`, i, i%100, i)
}

func BenchmarkParse(b *testing.B) {
	for _, bench := range []struct {
		name     string
		response func(int) string
	}{
		{"plain", plainResponse},
		{"inspect", inspectResponse},
		{"yaml", yamlResponse},
		{"both", eitherResponse},
	} {
		b.Run(bench.name, func(b *testing.B) {
			out := manyEntries(100_000, bench.response)
			b.SetBytes(int64(len(out)))
			b.ReportAllocs()
			for b.Loop() {
				list, err := Parse(out, DefaultLimit)
				if err != nil || len(list.Entries) != 100_000 {
					b.Fatalf("Parse = %d entries, %v", len(list.Entries), err)
				}
			}
		})
	}
}
