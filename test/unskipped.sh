#!/bin/sh
# Runs go test -v and fails if a test failed, if one was skipped, or if none
# ran: a test that was not run is not one that passed. What failed is said once more at the
# end, with the lines before it: a log of 100,000 lines is read from there.
set -eu
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{ "$@" 2>&1 && echo 0 >"$log.code" || echo $? >"$log.code"; } | tee "$log"
code=$(cat "$log.code")
rm -f "$log.code"
if [ "$code" != 0 ]; then
	{
		echo "what failed:"
		grep -E -B30 '^ +(FAIL:|--- FAIL)|^panic:' "$log" | cut -c1-400 | tail -n 200
		grep -E '^--- FAIL|^FAIL' "$log"
	} >&2 || true
	exit "$code"
fi
if grep -E '^ *--- SKIP' "$log"; then
	echo "these tests were skipped" >&2
	exit 1
fi
grep -qE '^--- PASS' "$log" || { echo "no test ran" >&2; exit 1; }
