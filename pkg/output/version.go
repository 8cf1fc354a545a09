// SPDX-License-Identifier: Apache-2.0

package output

func (v *Version) show(s *screen) {
	s.line("kubectl tpe %s (%s, %s)", v.Version, v.GoVersion, v.Platform)
}

func (v *Version) names() []string { return []string{v.Version} }
