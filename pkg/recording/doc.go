// SPDX-License-Identifier: Apache-2.0

// Package recording is the kept source of snapshots: what was observed of a cluster, in a
// file. It writes recordings, and reads them as well as the vendor's audit archive, a
// kubectl cluster-info dump, and lists that kubectl get wrote.
//
// A recording is JSON lines, compressed if its name ends in .gz: a [Head], then what was
// heard of ([Line]), with the time it was heard of, by the API server's clock. A line with a
// moment says that what came up to there was known together. The last line is the verdict.
//
// A recording is private: see private.go. What is read is hostile: nothing is written to
// disk, no path leaves an archive, no link is followed, and sizes are bounded before they are
// believed; see limits.go.
package recording
