#!/usr/bin/env bats
# vfioap stop: active devices end, their definitions stay.

bats_require_minimum_version 1.8.0
load helpers
load guests

@test "stop: ends the active device alone, and prints its UUID, on every kernel" {
	for kernel in 5.15 6.1 6.12 6.19 7.3; do
		sim --kernel $kernel '
			three_guests
			define "$UUID_A" auto 5 4
			tool 0 vfioap stop 6217
			assert_stdout --exact "$UUID_A"
			assert_stderr --exact ""
			assert_equal "$(devices | wc -l)" 2
			[ -e /etc/mdevctl.d/matrix/$UUID_A ]
			tool 0 vfioap stop 6217
			assert_stdout --exact ""
			assert_stderr --exact ""
			tool 0 vfioap --json stop 6217
			assert_json ".changes == []"
		'
	done
}

@test "stop: refuses while somebody has the device open, and names them" {
	for kernel in 5.15 6.1 6.12 7.3; do
		sim --kernel $kernel '
			three_guests
			tool 0 apsim ctl guest start "$UUID_A" --name web1
			tool 3 timeout ${SAN:+1}5 vfioap stop "$UUID_A"
			assert_stderr "device '"'"'$UUID_A'"'"', which guest '"'"'web1'"'"' has open"
			assert_stderr "hint: "
			tool 3 timeout ${SAN:+1}5 vfioap stop --all
			assert_stderr "web1"
			assert_stdout --exact ""
			assert_root_unchanged
			tool 0 apsim ctl guest stop "$UUID_A"
			tool 0 vfioap stop --all
			assert_equal "$(wc -l <<<"$stdout")" 3
			assert_no_device
		'
	done
}

@test "stop: usage errors; not found" {
	sim '
		three_guests
		tool 2 vfioap stop
		tool 2 vfioap stop --all "$UUID_A"
		tool 2 vfioap stop -P "$UUID_A"
		assert_stderr "'"'"'stop'"'"' changes the running system alone"
		tool 4 vfioap stop ffff
		assert_root_unchanged
	'
}
