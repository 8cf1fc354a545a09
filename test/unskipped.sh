#!/bin/sh
# Runs go test -v and fails if a test failed, if one was skipped, or if none
# ran, or none of a package: a test that was not run is not one that passed. What
# failed is said once more at the end, with the lines before it: a log of 100,000
# lines is read from there.
#
# With AGAIN=1, tests that failed are run once more, one after the other: deadlines of a real
# cluster are missed on a machine that is busy. What fails alone, too, has failed.
set -eu
log=$(mktemp)
trap 'rm -f "$log" "$log.code" "$log.skipped" "$log.failed"' EXIT

run() {
	{ "$@" 2>&1 && echo 0 >"$log.code" || echo $? >"$log.code"; } | tee "$log"
	code=$(cat "$log.code")
	grep -E '^ *--- SKIP' "$log" >>"$log.skipped" || true
}

said() {
	grep -E -B30 '^ +(FAIL:|--- FAIL)|^panic:' "$log" | cut -c1-400 | tail -n 200 || true
	grep -E '^--- FAIL|^FAIL' "$log" || true
}

# failed prints the tests that failed and have no part that failed.
failed() {
	sed -n 's/^ *--- FAIL: \([^ ]*\) (.*/\1/p' "$log" | sort -ru | awk 'index(last, $0 "/") != 1; { last = $0 }'
}

# pattern makes of names a pattern for -run, in which nothing but the slash has a meaning.
pattern() { sed 's/[][\.*+?(){}|^$]/\\&/g; s|/|$/^|g; s/.*/^&$/' | paste -sd'|'; }

run "$@"
if grep -F '[no tests to run]' "$log" >&2; then code=1; fi
if [ "$code" != 0 ]; then
	echo "what failed:"
	said
	failed >"$log.failed"
	if [ "${AGAIN:-}" = 1 ] && [ -s "$log.failed" ] && ! grep -qE '^panic:' "$log"; then
		echo "running again, one after the other:"
		cat "$log.failed"
		run "$@" -parallel=1 -run="$(pattern <"$log.failed")"
		while read -r name; do # one that did not run has not passed
			grep -qF -e "--- PASS: $name (" "$log" || code=1
		done <"$log.failed"
		[ "$code" = 0 ] && echo "all of them passed in the second try" || { echo "what failed in the second try, too:"; said; }
	fi
fi >&2
[ "$code" = 0 ] || exit "$code"
if [ -s "$log.skipped" ]; then
	cat "$log.skipped"
	echo "these tests were skipped" >&2
	exit 1
fi
grep -qE '^--- PASS' "$log" || { echo "no test ran" >&2; exit 1; }
