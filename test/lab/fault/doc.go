// SPDX-License-Identifier: Apache-2.0

// Package fault is a campaign against the plugin, as data: what is broken,
// the command line that is run meanwhile, how it must end and what it must say.
//
// The data is campaign.yaml; each key is described at [Fault]. What must hold
// for every run is in [Fault.Problems], and is written nowhere else: the exit
// code, no success that is none, at most one restart, no crash, no hang, a
// terminal left as it was, no process left behind.
//
// The test that runs the campaign is test/lab/e2e.
package fault
