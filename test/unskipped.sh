#!/bin/sh
# Runs go test -v and fails if a test failed, if one was skipped, or if none
# ran: a test that was not run is not one that passed. What failed is said once more at the
# end, with the lines before it: a log of 100,000 lines is read from there.
#
# With AGAIN=1, tests that failed are run once more, one after the other: deadlines of a real
# cluster are missed on a machine that is busy. What fails alone, too, has failed.
set -eu
log=$(mktemp)
trap 'rm -f "$log" "$log.code"' EXIT

run() {
	{ "$@" 2>&1 && echo 0 >"$log.code" || echo $? >"$log.code"; } | tee "$log"
	code=$(cat "$log.code")
}

said() {
	grep -E -B30 '^ +(FAIL:|--- FAIL)|^panic:' "$log" | cut -c1-400 | tail -n 200 || true
	grep -E '^--- FAIL|^FAIL' "$log" || true
}

# failed prints what failed and has no part that failed, as a pattern for -run.
failed() {
	sed -n 's/^ *--- FAIL: \([^ ]*\) (.*/\1/p' "$log" | sort -ru |
		awk 'index(last, $0 "/") != 1 { gsub("/", "$/^", $0); printf "%s^%s$", or, $0; or = "|" } { gsub(/\$\/\^/, "/"); last = $0 }'
}

run "$@"
if [ "$code" != 0 ]; then
	echo "what failed:"
	said
	pattern=$(failed)
	if [ "${AGAIN:-}" = 1 ] && [ -n "$pattern" ] && ! grep -qE '^panic:' "$log"; then
		echo "running again, one after the other: $pattern"
		run "$@" -parallel=1 -run="$pattern"
		[ "$code" = 0 ] && echo "passed in the second try: $pattern" || { echo "what failed in the second try, too:"; said; }
	fi
fi >&2
[ "$code" = 0 ] || exit "$code"
if grep -E '^ *--- SKIP' "$log"; then
	echo "these tests were skipped" >&2
	exit 1
fi
grep -qE '^--- PASS' "$log" || { echo "no test ran" >&2; exit 1; }
