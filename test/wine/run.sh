#!/bin/sh
# Runs the plugin, and the tests of packages for Windows, under Wine; as root on Debian.
#   run.sh [PACKAGE…]      by default all that the plugin is made of, and the simulated cluster
#
# What Wine 8 lacks, and what is done about it:
# - bcryptprimitives.dll, in which Go looks for random numbers: built here.
# - The call by which Go removes folders. Go has another for old systems, and takes that one here:
#   at_windows.go with its own switch on.
# What it cannot judge; a Windows machine can, as in the workflow:
# - Access control lists: it keeps the mode that follows from a list, and reads a list from the mode,
#   with SYSTEM in it and not protected. What others may is right (pkg/private).
# - Symbolic links: one that was made is no link (TestReplaceFile).
# - A connection that is reset: it is ended before, which is what the other side sees (TestErrorsOfTheSystem).
# Its consoles are terminals: TestAConsoleIsGivenBack has one of its own, by script.
# What does not run here, as it needs Go or sh, and is about the source and the documentation, which
# are the same on every system: see aboutSource. SKIP is go test's -skip, for more of that.
set -eu
cd "$(dirname "$0")/../.."
sh test/packages.sh wine wine64 gcc-mingw-w64-x86-64 bsdutils
aboutSource='^(TestArrowsOnlyGoDown|TestPackagesKeepToTheirPurpose|TestOnlyCmdMakesClients|TestDocumentedBlocks|TestPipelines|TestDemo|TestNoEmulatorInThePlugin)$'
# A hanging child seems to inherit the pipe of its parent's output, whose end comes a minute late.
late=TestInstallationWithoutLogin
console=TestAConsoleIsGivenBack
folder=${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-tpe/wine
mkdir -p "$folder"
export WINEPREFIX="$folder/prefix" WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml="
[ -d "$WINEPREFIX/drive_c/windows/system32" ] || wine wineboot -i >/dev/null 2>&1 || true
sweep() { rm -rf "$WINEPREFIX"/drive_c/users/*/Temp/*; } # tests that were killed leave copies of programs
sweep
trap sweep EXIT
x86_64-w64-mingw32-gcc -shared -O2 -s -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" test/wine/dll/prng.c -ladvapi32

at=$(go env GOROOT)/src/internal/syscall/windows/at_windows.go
sed 's/^var TestDeleteatFallback bool$/var TestDeleteatFallback = true/' "$at" >"$folder/at_windows.go"
if cmp -s "$at" "$folder/at_windows.go"; then
	echo "Go has no TestDeleteatFallback any more: nothing removes folders under Wine 8" >&2
	exit 1
fi
printf '{"Replace": {"%s": "%s"}}\n' "$at" "$folder/at_windows.go" >"$folder/overlay.json"
export GOOS=windows GOARCH=amd64 CGO_ENABLED=0 GOFLAGS="${GOFLAGS:-} -overlay=$folder/overlay.json"

go build -buildvcs=false -o "$folder/kubectl-tpe.exe" ./cmd/kubectl-tpe
wine "$folder/kubectl-tpe.exe" version
export SIM_PLUGIN="$folder/kubectl-tpe.exe" INTERLEAVINGS="${INTERLEAVINGS:-50}"
if [ $# -eq 0 ]; then
	go test -c -vet=off -o "$folder/console.test.exe" ./cmd/kubectl-tpe
	(cd cmd/kubectl-tpe && script -qec "wine $folder/console.test.exe -test.v -test.run=^$console\$" /dev/null </dev/null)
	rm "$folder/console.test.exe"
fi
[ $# -gt 0 ] || set -- ./pkg/... ./cmd/... ./test/sim/... ./test/recorded ./test/screen
go test -count=1 -vet=off -exec wine -skip "$aboutSource|^$late\$|^$console\$${SKIP:+|$SKIP}" -timeout=20m "$@"
