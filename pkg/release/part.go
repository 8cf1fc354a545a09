// SPDX-License-Identifier: Apache-2.0

package release

import "slices"

// A Part is one of the four Helm releases of which an installation of ThingPark
// Enterprise consists.
type Part struct {
	Name  string // of the Helm release, in the vendor's guide
	Chart string
	Key   string // in a Release Manifest
}

// The former names of the third chart and of its key, until 7.2.1b.
const (
	formerChart = "thingpark-enterprise-controllers"
	formerKey   = "THINGPARK_ENTERPRISE_CONTROLLERS_VERSION"
)

// Parts returns the four parts in the order in which they are installed. The last
// one is the application, whose app version is the release of ThingPark
// Enterprise.
func Parts() []Part {
	return []Part{
		{"tpe-data-controllers", "thingpark-data-controllers", "THINGPARK_DATA_CONTROLLERS_VERSION"},
		{"tpe-data", "thingpark-data", "THINGPARK_DATA_VERSION"},
		{"tpe-controllers", "thingpark-application-controllers", "THINGPARK_APPLICATION_CONTROLLERS_VERSION"},
		{"tpe", "thingpark-enterprise", "THINGPARK_ENTERPRISE_VERSION"},
	}
}

// Application is the Helm release that holds ThingPark Enterprise itself.
const Application = "tpe"

// partOf returns the index of the part with a chart, or -1.
func partOf(chart string) int {
	return slices.IndexFunc(Parts(), func(p Part) bool {
		return p.Chart == chart || chart == formerChart && p.Name == "tpe-controllers"
	})
}
