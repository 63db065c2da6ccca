# What the suites of tests/fault share.
#
# loop WHAT KERNEL ROWS CASES    tests/fault/WHAT on this kernel; a seeded sample of about ROWS rows
#                                and CASES cases each, all with VFIOAP_TEST_LONG
# loop_sum                       for teardown_file: the sums of all loops as a comment of the log
#
# shellcheck shell=bash

loop()
{
	local -a sample=("${VFIOAP_TEST_SEED-1}" "$3" "$4")
	local result=0

	[ -z "${VFIOAP_TEST_LONG-}" ] || sample=()
	apsim run --kernel "$2" -- bash "$TESTS/fault/$1" "$2" "$BATS_TEST_TMPDIR" "${sample[@]}" \
		>"$BATS_TEST_TMPDIR/report" 2>&1 || result=$?
	tail -n 1 "$BATS_TEST_TMPDIR/report" >>"$BATS_FILE_TMPDIR/sums"
	[ "$result" -eq 0 ] || cat "$BATS_TEST_TMPDIR/report"
	return "$result"
}

loop_sum()
{
	[ -e "$BATS_FILE_TMPDIR/sums" ] || return 0 # all were skipped
	# "12 fault cases, 0 failures": numbers are added, words are taken as they are.
	awk '{ for (i = 1; i <= NF; i++) if ($i + 0 == $i) sum[i] += $i; else word[i] = $i; n = NF }
		END { printf "#"; for (i = 1; i <= n; i++) printf " %s", i in word ? word[i] : sum[i]; print "" }' \
		"$BATS_FILE_TMPDIR/sums" >&3
}
