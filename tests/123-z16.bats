#!/usr/bin/env bats
# Every view of a large and mixed machine: CCA, EP11 and accelerators, some deconfigured or
# checkstopped.  How the map looks there is in 112-map.

bats_require_minimum_version 1.8.0
load helpers

# Devices of many and of few queues, one with what cannot be used, one that is only defined.
lend()
{
	export LC_ALL=C COLUMNS=100
	vfioap reserve -q -a 4,5,8-0x0b,0x24-0x26 2>/dev/null
	vfioap create -q -u "$UUID_A" -a 4,5 -d 0-0x0b,0x54 -c usage >/dev/null
	vfioap create -q -u "$UUID_B" -a 8-0x0b -d 0x30,0x31 >/dev/null 2>&1
	vfioap create -q -u "$UUID_C" -a 0x24,0x25,0x26 -d 0x1b,0x20 >/dev/null 2>&1
	vfioap create -q -P -u 11111111-2222-3333-4444-555555555555 -a 4 -d 0x1b >/dev/null
}
export -f lend

@test "z16: each view, as it is printed" {
	sim --lpar z16 '
		lend
		for view in "lsvfioap" "lsvfioap -q -o CARD.DOM,TYPE,MODE,STATUS,DRIVER,POOL,DEVICE 0x24 04.0054 .001b" \
			"vfioap show matrix" "vfioap show guest" "vfioap show device" "vfioap show masks" \
			"vfioap show queue 04.0054 24.001b 26.001b" "vfioap check" "vfioap find 2x3"; do
			printf "# %s\n" "$view"
			$view || echo "exit status $?"
		done >"$BATS_TEST_TMPDIR/views" 2>&1
		tool 0 cat "$BATS_TEST_TMPDIR/views"
		assert_golden views/z16.txt
	'
}

@test "z16: JSON of each view is what the table shows" {
	sim --lpar z16 '
		lend
		tool 0 lsvfioap --json
		assert_json "[.devices[].uuid] | length == 4"
		assert_json ".devices[] | select(.uuid == \"$UUID_A\") | .count == 26 and (.queues | length) == 26"
		tool 0 lsvfioap -q --json
		assert_json "[.queues[] | select(.device == \"$UUID_A\")] | length == 26"
		tool 0 vfioap show guest --json
		assert_json "[.devices[].guest_matrix] | length == 4"
	'
}
