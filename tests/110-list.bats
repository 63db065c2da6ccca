#!/usr/bin/env bats
# lsvfioap and `vfioap list`: devices.  The dumps are described in tests/dumps/README.

bats_require_minimum_version 1.8.0
load helpers

setup()
{
	export LC_ALL=C
	unset VFIOAP_SYSROOT NO_COLOR
}

# list ARGUMENTS...: of the dump in use
list()
{
	tool 0 lsvfioap --sysroot "$ROOT" "$@"
}

@test "list: a line a device: the guests of the kernel documentation" {
	use_dump docs
	list
	assert_golden list/docs.txt
	assert_stderr --exact ''
	assert_root_unchanged
}

@test "list: active, defined, both, filtered, started by hand and by itself" {
	use_dump trouble
	list
	assert_golden list/trouble.txt
	list -o UUID,STATE,START,FILTERED,GROUP
	assert_golden list/trouble-columns.txt
}

@test "list --json: everything that is known of each device" {
	use_dump docs
	list --json
	assert_json '.format == 1 and (.devices | length) == 3'
	assert_json '[.devices[].uuid] == ([.devices[].uuid] | sort)'
	assert_json '.devices[0] | .active and (.defined | not) and .start == null'
	assert_json '.devices[0] | .adapters == [5, 6] and .domains == [4, 171] and .count == 4'
	assert_json '.devices[0].queues == ["05.0004", "05.00ab", "06.0004", "06.00ab"]'
	assert_json '.devices[0].guest_matrix == {adapters: [5, 6], domains: [4, 171], control_domains: []}'
	assert_json '.devices[0] | .guest_matrix_predicted == false and .filtered == []'
	assert_json '.devices[0].definition == null'
	assert_json '.devices[0] | has("truncated") | not'
	first=$stdout
	list -J
	assert_equal "$stdout" "$first" "-J"
}

@test "list --json: why queues are filtered, and what the definition says" {
	use_dump trouble
	list --json "$UUID_A"
	assert_json '.devices[0].filtered | map([.adapter, .queues, .reason]) ==
		[[5, ["05.0009"], "domain-not-in-host-config"],
		 [6, ["06.0009"], "domain-not-in-host-config"], [6, ["06.00ab"], "not-bound"],
		 [42, ["2a.0009"], "domain-not-in-host-config"]]'
	list --json "$UUID_C"
	assert_json '.devices[0] | (.active | not) and .defined and .start == "auto" and .guest_matrix == null'
	assert_json '.devices[0].definition == {adapters: [4], domains: [4, 171], control_domains: []}'
}

@test "list: the keys of JSON are those of the contract" {
	use_dump trouble
	list --json
	assert_json '[.devices[] | keys_unsorted] | unique == [["uuid", "active", "defined", "start",
		"adapters", "domains", "control_domains", "queues", "count", "definition",
		"guest_matrix", "guest_matrix_predicted", "filtered", "iommu_group", "node", "users"]]'
}

@test "list: a large device: queues of JSON are cut at 512, and say so" {
	use_dump docs
	{ printf '0x' && printf 'f%.0s' {1..64} && printf ',0x' && printf 'f%.0s' {1..64} &&
		printf ',0x%064d\n' 0; } >"$ROOT/sys/devices/vfio_ap/matrix/$UUID_A/ap_config"
	list --json 6217
	assert_json '.devices[0] | .count == 65536 and (.queues | length) == 512 and .truncated'
	assert_json '.devices[0].guest_matrix_predicted'
	list 6217 -n
	assert_stdout --line "$UUID_A active -     0-0xff   0-0xff  -        65536 -"
}

@test "list: with ap_config, matrix is never read" {
	use_dump docs
	for uuid in "$UUID_A" "$UUID_B" "$UUID_C"; do
		[ -s "$ROOT/sys/devices/vfio_ap/matrix/$uuid/ap_config" ] || fail "no ap_config"
		echo junk >"$ROOT/sys/devices/vfio_ap/matrix/$uuid/matrix"
	done
	list
	assert_golden list/docs.txt
}

@test "list: arguments choose devices: UUID, prefix, card, queue, domain; several add up" {
	use_dump docs
	list -n -o UUID "$UUID_B"
	assert_stdout --exact "$UUID_B"
	list -n -o UUID 6217
	assert_stdout --exact "$UUID_A"
	list -n -o UUID card06
	assert_stdout --exact "$UUID_A
$UUID_C"
	list -n -o UUID 5.47
	assert_stdout --exact "$UUID_B"
	list -n -o UUID .00ab
	assert_stdout --exact "$UUID_A"
	list -n -o UUID .00ab 05.0047
	assert_stdout --exact "$UUID_A
$UUID_B"
	list 0x63
	assert_stdout --exact ''
}

@test "list: a device that is not there, and a text that names none" {
	use_dump docs
	tool 4 lsvfioap --sysroot "$ROOT" ffff
	assert_stderr "ffff"
	tool 2 lsvfioap --sysroot "$ROOT" zzzz
	tool 4 lsvfioap --sysroot "$ROOT" --json ffff
	assert_json '.error.status == 4'
}

@test "list: an ambiguous prefix is refused with the candidates" {
	use_dump docs
	mkdir -p "$ROOT/etc/mdevctl.d/matrix"
	echo '{"mdev_type":"vfio_ap-passthrough","start":"manual","attrs":[]}' \
		>"$ROOT/etc/mdevctl.d/matrix/62177883-0000-4000-8000-000000000000"
	tool 2 lsvfioap --sysroot "$ROOT" 6217
	assert_stderr "$UUID_A"
	assert_stderr 62177883-0000-4000-8000-000000000000
	list -n -o STATE 62177883-0
	assert_stdout --exact defined
}

@test "list: numbers that may be hexadecimal or decimal are refused with both readings" {
	tool 2 lsvfioap 10
	assert_stderr 'hint: write card10 (adapter 0x10) or 0x0a (adapter 10)'
	tool 2 lsvfioap 05
	assert_stderr 'card05'
	tool 2 lsvfioap 0a
	assert_stderr 'card0a'
	tool 2 lsvfioap card100
	tool 2 lsvfioap 0x100
	tool 2 lsvfioap 5.100
	tool 2 lsvfioap .
	tool 2 lsvfioap ''
}

@test "list -o: columns by name, in any case, added by +; an unknown one is refused" {
	use_dump docs
	list -o queues,uuid "$UUID_A"
	assert_stdout --exact "QUEUES UUID
     4 $UUID_A"
	list -n -o +GROUP 6217
	assert_stdout --regex "^$UUID_A active .* [0-9]+$"
	tool 2 lsvfioap --sysroot "$ROOT" -o NONSENSE
	assert_stderr "lsvfioap: --output: unknown column 'NONSENSE'"
	tool 2 lsvfioap --sysroot "$ROOT" -o ''
}

@test "list -r: one blank between cells" {
	use_dump docs
	list -r -n -o UUID,ADAPTERS,DOMAINS 6217
	assert_stdout --exact "$UUID_A 5,6 4,0xab"
}

@test "list: long lists are broken behind a comma on a terminal, and never in a pipe" {
	use_dump docs
	{ printf '0x' && printf 'a%.0s' {1..64} && printf ',0x' && printf 'a%.0s' {1..64} &&
		printf ',0x%064d\n' 0; } >"$ROOT/sys/devices/vfio_ap/matrix/$UUID_A/ap_config"
	list -n 6217
	assert_equal "$(wc -l <<<"$stdout")" 1
	tool 0 script -qec "stty cols 100; lsvfioap --color never --sysroot '$ROOT' 6217" /dev/null
	assert_stdout --regex ' 0,2,4,6,8, '
	refute_stdout --regex $'[^\n]{102}'
}

@test "list: a long table is the same on a terminal and in a pipe" {
	use_dump docs
	mkdir -p "$ROOT/etc/mdevctl.d/matrix"
	for ((i = 0; i < 99; i++)); do
		printf '{"mdev_type":"vfio_ap-passthrough","start":"%s","attrs":[{"assign_adapter":"%d"},{"assign_domain":"%d"}]}' \
			"$( ((i % 3)) && echo auto || echo manual)" $((i * 2)) $((i % 7)) \
			>"$ROOT/etc/mdevctl.d/matrix/$(printf '0000%04x-0000-4000-8000-000000000000' $i)"
	done
	list
	[ "$(wc -l <<<"$stdout")" -gt 99 ]
	local piped=$stdout
	tool 0 script -qec "stty cols 200; lsvfioap --color never --sysroot '$ROOT'" /dev/null
	assert_equal "${stdout//$'\r'/}" "$piped"
}

@test "list --color: on a terminal, when asked for, and not with NO_COLOR" {
	use_dump docs
	list
	refute_stdout $'\e'
	list --color always
	assert_stdout $'\e[32mactive'
	tool 0 script -qec "lsvfioap --sysroot '$ROOT'" /dev/null
	assert_stdout $'\e[32mactive'
	tool 0 env NO_COLOR=1 script -qec "lsvfioap --sysroot '$ROOT'" /dev/null
	refute_stdout $'\e[3'
	tool 2 lsvfioap --color sometimes
}

@test "list: VFIOAP_SYSROOT is honoured, and said on a terminal alone" {
	use_dump docs
	tool 0 env VFIOAP_SYSROOT="$ROOT" lsvfioap
	assert_golden list/docs.txt
	assert_stderr --exact ''
	tool 0 env VFIOAP_SYSROOT="$ROOT" script -qec 'lsvfioap >/dev/null' /dev/null
	assert_stdout "lsvfioap: reading '$ROOT'"
}

@test "list: no device: nothing, and no headings" {
	ROOT=$BATS_TEST_TMPDIR
	list
	assert_stdout --exact ''
	list --json
	assert_stdout --exact '{"format":1,"devices":[]}'
}

@test "list: a definition that cannot be used is a warning, and a line" {
	use_dump docs
	mkdir -p "$ROOT/etc/mdevctl.d/matrix"
	echo '{' >"$ROOT/etc/mdevctl.d/matrix/0000aaaa-0000-4000-8000-000000000000"
	list -o UUID,STATE,ADAPTERS 0000
	assert_stdout --line '0000aaaa-0000-4000-8000-000000000000 broken -'
	assert_stderr --regex "^lsvfioap: warning: .*0000aaaa-.*, ignoring$"
}

@test "list: vfioap list prints what lsvfioap does" {
	use_dump trouble
	for options in '' --json '--queues --output CARD.DOM,POOL' '--raw --noheadings'; do
		list $options
		first=$stdout
		tool 0 vfioap list --sysroot "$ROOT" $options
		assert_equal "$stdout" "$first" "list $options"
	done
	tool 2 vfioap list -d
	tool 2 vfioap list -o UUID
}

@test "list: names the guest that has a device open, else command and process" {
	sim '
		tool 0 vfioap reserve -A -d 4,0x47
		tool 0 vfioap create -A -u "$UUID_A" -a 5,6 -d 4
		tool 0 vfioap create -A -u "$UUID_B" -a 5 -d 0x47
		tool 0 apsim ctl guest start "$UUID_A" --name web1
		exec 9</dev/vfio/1
		tool 0 lsvfioap -n -o UUID,GUEST 9<&-
		assert_stdout --exact "$UUID_A web1
$UUID_B bash ($$)"
		tool 0 lsvfioap --json 9<&-
		assert_json ".devices[0].users | map(.guest) == [\"web1\"]"
		assert_json ".devices[1].users == [{pid: $$, command: \"bash\", guest: null}]"
		assert_json ".devices[1].node | .path == \"/dev/vfio/1\" and .uid == 0"
		tool 0 lsvfioap -q -r -n -o CARD.DOM,STATUS,GUEST .0004 9<&-
		assert_stdout --line "05.0004 in\\x20use web1"
		tool 0 lsvfioap -q --json 5.4 5.47 9<&-
		assert_json ".queues | map(.guest) == [\"web1\", null]"
		tool 0 vfioap show matrix 6217 9<&-
		assert_stdout "$UUID_A  active, not defined, guest web1"
	'
}

@test "list: needs no root" {
	if [ "$(id -u)" -ne 0 ]; then
		skip "is not run by root"
	fi
	sim '
		tool 0 vfioap reserve -A -d 4
		tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
		tool 0 setpriv --clear-groups --reuid 65534 --regid 65534 lsvfioap -n -o UUID,ADAPTERS,DOMAINS
		assert_stdout --exact "$UUID_A 5        4"
	'
}
