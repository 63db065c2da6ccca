#!/usr/bin/env bats
# lsvfioap -q: cards and queues, with the contents that lszcrypt -V has.

bats_require_minimum_version 1.8.0
load helpers

setup()
{
	export LC_ALL=C
	unset VFIOAP_SYSROOT NO_COLOR
}

queues()
{
	tool 0 lsvfioap -q --sysroot "$ROOT" "$@"
}

@test "queues: each card before its queues, queues of guests too" {
	use_dump docs
	queues
	assert_golden queues/docs.txt
	assert_root_unchanged
}

@test "queues: deconfigured, checkstopped, without driver" {
	use_dump trouble
	queues
	assert_golden queues/trouble.txt
	queues 06.00ab
	assert_stdout ' -no-driver- '
}

@test "queues --json: cards and queues apart, words without blanks" {
	use_dump trouble
	queues --json
	assert_json '.format == 1 and (.cards | length) == 4 and (.queues | length) == 16'
	assert_json '.cards[] | select(.card == 5) | .status == "deconfigured" and .requests == null'
	assert_json '.cards[] | select(.card == 42) | .status == "checkstopped" and .mode == "ep11"'
	assert_json '.queues[] | select(.queue == "06.00ab") | .status == "unbound" and .driver == null'
	assert_json '.queues[] | select(.queue == "04.0047") |
		.adapter == 4 and .domain == 71 and .pool == "vfio_ap" and .status == "assigned"'
	assert_json '.queues[] | select(.queue == "04.00ff") | .pool == "host" and .device == null'
	assert_json '[.cards[] | keys_unsorted] | unique == [["card", "type", "mode", "hwtype",
		"status", "requests", "pending", "depth", "functions", "driver"]]'
	assert_json '[.queues[] | keys_unsorted | sort] | unique == [["adapter", "depth", "device",
		"domain", "driver", "functions", "guest", "hwtype", "mode", "pending", "pool",
		"queue", "requests", "status", "type"]]'
}

@test "queues: arguments choose cards, queues, domains, and the queues of a device" {
	use_dump docs
	queues -n -o CARD.DOM 5
	assert_stdout --exact $'05\n05.0004\n05.0047\n05.00ab\n05.00ff'
	queues -n -o CARD.DOM card05
	assert_stdout --line 05.0047
	queues -n -o CARD.DOM 0x05
	assert_stdout --line 05
	queues -n -o CARD.DOM .47
	assert_stdout --exact $'04.0047\n05.0047\n06.0047'
	queues -n -o CARD.DOM 6.ab .0047
	assert_stdout --exact $'04.0047\n05.0047\n06.0047\n06.00ab'
	queues -n -o CARD.DOM "$UUID_A"
	assert_stdout --exact $'05.0004\n05.00ab\n06.0004\n06.00ab'
}

@test "queues: a card or queue that is not there is not found" {
	use_dump docs
	tool 4 lsvfioap -q --sysroot "$ROOT" card09
	assert_stderr "lsvfioap: no card 'card09'"
	tool 4 lsvfioap -q --sysroot "$ROOT" 05.0009
	assert_stderr "lsvfioap: no queue '05.0009'"
}

@test "queues --mode: only cards of one mode" {
	use_dump trouble
	queues -n -o CARD.DOM --mode ep11
	assert_stdout --exact $'2a\n2a.0004\n2a.0047\n2a.00ab\n2a.00ff'
	queues -n -o MODE --mode cca
	refute_stdout --regex 'Accel|EP11'
	tool 0 lsvfioap --sysroot "$ROOT" -n -o UUID --mode accel
	assert_stdout --exact "$UUID_A"
	tool 2 lsvfioap -q --mode rsa
	assert_stderr "lsvfioap: --mode: 'rsa' is none of cca, ep11, accel"
}

@test "queues: files of queues are not read for columns that do not need them" {
	use_dump docs
	find "$ROOT/sys/devices/ap" -type f -delete
	queues -r -n -o CARD.DOM,POOL,DEVICE 5.4
	assert_stdout --exact "05.0004 vfio_ap $UUID_A"
}

@test "queues -r: a blank in a cell is escaped" {
	use_dump docs
	echo 'in use' >"$ROOT/sys/devices/ap/card05/05.0004/status"
	queues -r -n -o CARD.DOM,STATUS 5.4
	assert_stdout --exact '05.0004 in\x20use'
	queues --json 5.4
	assert_json '.queues[0].status == "in-use"'
}

@test "queues: hostile texts of sysfs do not reach the terminal" {
	use_dump docs
	printf 'CEX5\033[31mC\n' >"$ROOT/sys/devices/ap/card05/type"
	queues 5 || :
	refute_stdout $'\e'
}

@test "queues: no bus: nothing" {
	ROOT=$BATS_TEST_TMPDIR
	queues
	assert_stdout --exact ''
	queues --json
	assert_stdout --exact '{"format":1,"cards":[],"queues":[]}'
}
