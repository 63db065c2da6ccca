#!/usr/bin/env bats
# vfioap find: room for a new guest, as arguments that `create` takes.

bats_require_minimum_version 1.8.0
load helpers
load guests

@test "find: nothing is free on a fresh machine, and what the host could give is said" {
	sim '
		tool 3 vfioap find
		assert_stdout --exact ""
		assert_stderr --exact "vfioap: no queue is free for a new guest
hint: --from-host finds -a 4 -d 4 --reserve, and the host loses 3 queues"
		tool 3 vfioap find 2x2 --json
		assert_json ".error.status == 3 and .error.findings[0].code == \"no-room\""
		assert_root_unchanged
	'
}

@test "find: reserved queues in no device, lowest adapters first, none named twice" {
	sim '
		tool 0 vfioap reserve -d 4,0x47
		tool 0 vfioap find
		assert_stdout --exact "-a 4 -d 4
-a 4 -d 0x47
-a 5 -d 4
-a 5 -d 0x47
-a 6 -d 4
-a 6 -d 0x47"
		assert_stderr --exact ""
		tool 0 vfioap find 2x2
		assert_stdout --exact "-a 4,5 -d 4,0x47"
		tool 0 vfioap create -u "$UUID_A" -a 4 -d 4
		tool 0 vfioap find 2x2
		assert_stdout --exact "-a 5,6 -d 4,0x47"
		tool 3 vfioap find 3x2
		assert_stderr "vfioap: no 3 x 2 queues are free for a new guest: the most are 2 x 2, -a 5,6 -d 4,0x47"
		tool 0 vfioap find 3x1 --json
		assert_json ". == {format: 1, exact: true, found: [{adapters: [4, 5, 6], domains: [71],
			host_losses: 0, arguments: \"-a 4-6 -d 0x47\"}]}"
	'
}

@test "find: queues of a definition are not free; -A and -P say which side counts" {
	sim '
		tool 0 vfioap reserve -d 4
		define "$UUID_A" manual 4 4
		define "$UUID_B" auto 5 4
		tool 0 vfioap find
		assert_stdout --exact "-a 6 -d 4"
		tool 0 vfioap find -A -P
		assert_stdout --exact "-a 6 -d 4"
		tool 0 vfioap find -A
		assert_stdout --exact "-a 4 -d 4
-a 6 -d 4"
		tool 0 vfioap create -A -u "$UUID_C" -a 6 -d 4
		tool 3 vfioap find
		tool 0 vfioap find -P
		assert_stdout --exact "-a 6 -d 4"
	'
}

@test "find: what is reserved on one side alone is free there alone" {
	sim '
		tool 0 vfioap reserve -A -d 4
		tool 0 vfioap reserve -P -d 0x47
		tool 0 vfioap find -A 3x1
		assert_stdout --exact "-a 4-6 -d 4"
		tool 0 vfioap find -P 3x1
		assert_stdout --exact "-a 4-6 -d 0x47"
		tool 3 vfioap find
		tool 0 vfioap find 3x1 --from-host
		tool 0 vfioap create $(head -n 1 <<<"$stdout")
	'
}

@test "find -P: by the masks of the next boot" {
	use_dump docs
	rm -rf "$ROOT/etc/mdevctl.d/matrix"
	tool 3 vfioap find -P --sysroot "$ROOT"
	printf "0x%s\n" "$(printf "0%.0s" {1..64})" >"$ROOT/sys/module/ap/parameters/apmask"
	tool 0 vfioap find 3x4 -P --sysroot "$ROOT"
	assert_stdout --exact "-a 4-6 -d 4,0x47,0xab,0xff"
	echo nonsense >"$ROOT/sys/module/ap/parameters/apmask"
	tool 1 vfioap find -P --sysroot "$ROOT"
	assert_stderr "cannot tell what the masks of the next boot are"
}

@test "find: what is printed works with create, until nothing is left" {
	sim '
		tool 0 vfioap reserve -d 4,0xab
		tool 0 vfioap find 2x1
		assert_equal "$(wc -l <<<"$stdout")" 2 "number of rooms"
		while read -r arguments; do
			tool 0 vfioap create $arguments
		done <<<"$stdout"
		tool 0 vfioap find 1x2
		tool 0 vfioap create $stdout
		tool 3 vfioap find
	'
}

@test "find --from-host: fewest losses first, those of masks included, and create makes them so" {
	sim '
		host=$(lsvfioap -q -n -r -o POOL | grep -c host)
		tool 0 vfioap reserve -d 0xff
		tool 0 vfioap find --from-host 2x2 --json
		assert_json "[.found[].host_losses] == [3, 6]"
		assert_json ".found[0].arguments == \"-a 4,5 -d 4,0xff --reserve\""
		assert_stderr --exact "vfioap: with each of these the host loses 3 to 6 queues, --json tells how many"
		tool 0 vfioap find --from-host 2x2
		lost=$(lsvfioap -q -n -r -o POOL | grep -c host)
		tool 0 vfioap create $(head -n 1 <<<"$stdout")
		assert_equal "$((lost - $(lsvfioap -q -n -r -o POOL | grep -c host)))" 3 "queues that the host lost"
		# A whole adapter is cheaper than all domains.
		tool 0 vfioap find --from-host 1x2 -q
		assert_stdout --regex "^-a 6 -d 4,0xff
-a 4 -d 0x47,0xab --reserve"
	'
}

@test "find --from-host: by overrides the queues alone are lost" {
	sim --kernel 6.19 '
		tool 0 vfioap reserve -A -Q 05.0004,06.0047
		tool 0 vfioap show masks
		assert_stdout "mode: override"
		tool 0 vfioap find -A 2x2 --from-host --json
		assert_json ".found[0] == {adapters: [5, 6], domains: [4, 71], host_losses: 2,
			arguments: \"-a 5,6 -d 4,0x47 --reserve\"}"
		tool 0 vfioap create -A -a 5,6 -d 4,0x47 --reserve
		assert_equal "$(queue_driver 05.0047)" vfio_ap
		assert_equal "$(queue_driver 04.0004)" cex4queue
	'
}

@test "find: --mode and --min-type, on a large mixed machine" {
	sim --lpar z16 '
		tool 0 vfioap reserve -d 0x2a,0x30
		tool 0 vfioap find 6x2 --min-type CEX8
		assert_stdout --exact "-a 0-5 -d 0x2a,0x30"
		tool 0 vfioap find 3x2 --mode ep11 --min-type CEX8
		assert_stdout --exact "-a 2,3,0x25 -d 0x2a,0x30"
		tool 0 vfioap create $stdout
		tool 0 vfioap find 2x2 --mode ep11
		assert_stdout --exact "-a 0x0a,0x0b -d 0x2a,0x30"
		assert_stderr --exact "vfioap: a guest cannot use adapter 0x0b for now: deconfigured or checkstopped"
		tool 0 vfioap find 15x2
		assert_stdout --exact "-a 0,1,4,5,8-0x0d,0x10-0x13,0x24 -d 0x2a,0x30"
		tool 0 vfioap find 16x1 --from-host --json
		assert_json ".exact and (.found[0].adapters | length) == 16"
		tool 3 vfioap find --mode accel 6x1
		assert_stderr "the most are 5 x"
	'
}

@test "find: cards older than CEX4 are no use to a guest" {
	printf '%s' '{"format":1,"cards":[{"id":1,"type":"CEX3C"},{"id":2,"type":"CEX6C"}],
		"usage_domains":"4","boot":{"aqmask":"0x0"}}' >"$BATS_TEST_TMPDIR/lpar"
	sim --lpar "$BATS_TEST_TMPDIR/lpar" --kernel 6.1 '
		tool 0 vfioap find
		assert_stdout --exact "-a 2 -d 4"
	'
}

@test "find: max: exact for few, bounded for many, and says so" {
	printf '%s' '{"format":1,"cards":[{"id":"all","type":"CEX8C"}],"usage_domains":"all",
		"boot":{"apmask":"0xffffffffffffffffffffffffffffffff"}}' >"$BATS_TEST_TMPDIR/max"
	tool 0 apsim run --lpar "$BATS_TEST_TMPDIR/max" --kernel 6.12 vfioap find 3x100 --json
	assert_json '.exact and (.found | length) == 8 and .found[0].arguments == "-a 0x80-0x82 -d 0-0x63"'
	assert_stderr --exact ""
	tool 0 apsim run --lpar "$BATS_TEST_TMPDIR/max" --kernel 6.12 vfioap find 4x4 --json
	assert_json '.exact == false and .found[0].arguments == "-a 0x80-0x83 -d 0-3"'
	assert_stderr "vfioap: a bounded search"
	tool 0 apsim run --lpar "$BATS_TEST_TMPDIR/max" --kernel 6.12 vfioap find 3x200 -q
	assert_stdout --line "-a 0x80-0x82 -d 0-0xc7"
}

@test "find: what is no size, no mode, no type is refused" {
	for size in 0x1 1x0 1x 2 x2 257x1 1x257 02x1 1x1x1 ' 1x1' -- ''; do
		[ "$size" != -- ] || continue
		tool 2 vfioap find "$size"
		assert_stderr "is no number of adapters and domains"
	done
	tool 2 vfioap find --mode CCA
	assert_stderr "none of cca, ep11, accel"
	for type in CEX 8 CEX8C CEX0 CEX100 cex6; do
		tool 2 vfioap find --min-type "$type"
		assert_stderr "is no type of card"
	done
	tool 4 vfioap find --sysroot "$BATS_TEST_TMPDIR"
	assert_stderr "this machine has no AP bus"
}
