// SPDX-License-Identifier: Apache-2.0

package private

import (
	"strings"
	"testing"
)

// What a log and PUM's answer look like to Mask: a secret in each hundredth line, and words that are
// near to one in many.
func BenchmarkMask(b *testing.B) {
	line := `2026-01-31T10:00:00.123Z INFO [pum] GET https://repository.thingpark.com/v2/twa/manifests/8.0.0?x=1 token: unexpected status from user@host, key twa, "secretName":"x"` + "\n"
	quiet := `2026-01-31T10:00:00.123Z INFO [pum] pulled repository/twa:8.0.0@sha256:0123456789abcdef in 3.2s` + "\n"
	near := strings.Repeat(strings.Repeat(line, 99)+`dial mongodb://u:p@mongo {"password":"s3cr3t"}`+"\n", 8)
	for name, text := range map[string]string{"near": near, "oneline": strings.ReplaceAll(near, "\n", " "), "quiet": strings.Repeat(quiet, 1000)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Mask(text)
			}
		})
	}
	b.Run("lines", func(b *testing.B) {
		b.SetBytes(int64(len(near)))
		for b.Loop() {
			var l Lines
			for one := range strings.SplitSeq(near, "\n") {
				l.Mask(one, false)
			}
		}
	})
}
