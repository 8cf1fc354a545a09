// SPDX-License-Identifier: Apache-2.0

package output

import "fmt"

func (v *Version) screen(*Format, View) ([]byte, error) {
	return fmt.Appendf(nil, "kubectl tpe %s (%s, %s)\n", v.Version, v.GoVersion, v.Platform), nil
}

func (v *Version) names() []string { return []string{v.Version} }
