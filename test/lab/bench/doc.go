// SPDX-License-Identifier: Apache-2.0

// Package bench sets the plugin beside what users would type instead: on the
// same cluster, in the same run, in turns, whole processes from their start to
// their end. Its results are ratios, for absolute times say more of the machine
// than of the programs.
//
// The plugin is started directly, and kubectl is the one of the server's
// version, so that neither is charged for starting the other.
package bench
