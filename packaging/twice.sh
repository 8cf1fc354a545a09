#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# Makes the archives of a version in two clones, in folders unlike each other, the second
# one with nothing compiled before, and fails unless they are the same bytes.
set -eu
version=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

git clone --quiet . "$work/one"
make -C "$work/one" dist RELEASE="$version"
git clone --quiet . "$work/another folder/of a longer name"
GOCACHE="$work/cache" make -C "$work/another folder/of a longer name" dist RELEASE="$version"

diff -r "$work/one/dist" "$work/another folder/of a longer name/dist"
cat "$work/one/dist/checksums.txt"
