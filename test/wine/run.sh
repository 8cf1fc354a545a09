#!/bin/sh
# Runs the plugin, and the tests of packages for Windows, under Wine; as root on Debian.
#   run.sh [PACKAGE…]      by default all of pkg
# cmd has tests that need sh, modes of files or thousands of processes. SKIP is go test's -skip.
set -eu
cd "$(dirname "$0")/../.."
sh test/packages.sh wine wine64 gcc-mingw-w64-x86-64
folder=${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-tpe/wine
mkdir -p "$folder"
export WINEPREFIX="$folder/prefix" WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml="
[ -d "$WINEPREFIX/drive_c/windows/system32" ] || wine wineboot -i >/dev/null 2>&1 || true
x86_64-w64-mingw32-gcc -shared -O2 -s -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" test/wine/prng.c -ladvapi32
export GOOS=windows GOARCH=amd64 CGO_ENABLED=0
go build -buildvcs=false -o "$folder/kubectl-tpe.exe" ./cmd/kubectl-tpe
wine "$folder/kubectl-tpe.exe" version
go test -exec wine ${SKIP:+-skip "$SKIP"} -timeout=20m "${@:-./pkg/...}"
