// SPDX-License-Identifier: Apache-2.0

// Package release knows what is installed of ThingPark Enterprise and what
// should be.
//
// A release of ThingPark Enterprise (TPE), such as 8.0.0, is four Helm charts in
// versions that belong together. Its Release Manifest names them: the file VERSIONS of
// the vendor's public repository at the tag of the release, four lines KEY=VALUE, which
// the vendor's guide evaluates in a shell and this package parses. Each chart is installed
// as one Helm release. One chart in one version may belong to several releases of TPE.
//
// Helm keeps each revision of a release in a secret of type helm.sh/release.v1,
// named sh.helm.release.v1.NAME.vREVISION, labelled with owner=helm, name, status
// and version, which is the revision. Its key release holds JSON that was
// compressed with gzip and encoded in base64. These secrets are large, up to the
// megabyte that Kubernetes allows, and they hold passwords. So the labels are
// asked for first, without the data; the data is read of few revisions, only as
// far as needed, and never beyond a limit.
//
// The public manifests, the supported versions of Kubernetes and the rules for upgrade
// paths are data here, each with its source. Where there is no public text, the answer is
// that it is not known.
//
// Nothing here changes a cluster.
package release
