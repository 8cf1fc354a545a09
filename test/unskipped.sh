#!/bin/sh
# Runs go test -v and fails if a test failed, if one was skipped, or if none
# ran: a test that was not run is not one that passed.
set -eu
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{ "$@" 2>&1 && echo 0 >"$log.code" || echo $? >"$log.code"; } | tee "$log"
code=$(cat "$log.code")
rm -f "$log.code"
[ "$code" = 0 ] || exit "$code"
if grep -E '^ *--- SKIP' "$log"; then
	echo "these tests were skipped" >&2
	exit 1
fi
grep -qE '^--- PASS' "$log" || { echo "no test ran" >&2; exit 1; }
