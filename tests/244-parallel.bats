#!/usr/bin/env bats
# Many processes change one machine at the same time: tests/fault/parallel.

bats_require_minimum_version 1.8.0
load helpers
load fault/suite

teardown_file()
{
	loop_sum
}

# crowd KERNEL: 50 processes for a minute with VFIOAP_TEST_LONG, else 8 for three seconds
crowd()
{
	local -a size=(8 3)
	local result=0

	[ -z "${VFIOAP_TEST_LONG-}" ] || size=(50 60)
	apsim run --kernel "$1" -- bash "$TESTS/fault/parallel" "$1" "$BATS_TEST_TMPDIR" "${size[@]}" \
		>"$BATS_TEST_TMPDIR/report" 2>&1 || result=$?
	tail -n 1 "$BATS_TEST_TMPDIR/report" >>"$BATS_FILE_TMPDIR/sums"
	[ "$result" -eq 0 ] || cat "$BATS_TEST_TMPDIR/report"
	return "$result"
}

@test "parallel: no queue has two owners, no change is lost, nobody waits for ever" {
	crowd 6.12
}

@test "parallel: ... on kernels that say less, or more" {
	[ -n "${VFIOAP_TEST_LONG-}" ] || return 0
	for kernel in 5.15 6.1 7.3; do
		crowd "$kernel"
	done
}
