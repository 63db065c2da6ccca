#!/usr/bin/env bats
# vfioap remove: devices that nobody has open.

bats_require_minimum_version 1.8.0
load helpers
load guests

@test "remove: prints the full UUIDs of what is no more" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			three_guests
			tool 0 vfioap remove -A cef0 "$UUID_A"
			assert_stdout --exact "$UUID_A
$UUID_B"
			assert_stderr --exact ""
			assert_equal "$(devices)" "$UUID_C"
			tool 0 vfioap remove -u 9b1d
			assert_stdout --exact "$UUID_C"
			assert_no_device
		'
	done
}

@test "remove --all: all of them, and none is nothing to do" {
	sim '
		three_guests
		tool 0 vfioap remove -A --all
		assert_equal "$(wc -l <<<"$stdout")" 3
		assert_no_device
		tool 0 vfioap remove -A --all
		assert_stdout --exact ""
	'
}

@test "remove: refuses at once while a process has the device open, and names it" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			three_guests
			hold /dev/vfio/0
			tool 3 timeout ${SAN:+1}1 vfioap remove -A "$UUID_A"
			assert_stdout --exact ""
			assert_stderr "cannot remove device '"'"'$UUID_A'"'"', which sleep (pid $holder) has open"
			assert_stderr "hint: "
			assert_root_unchanged
			tool 3 timeout ${SAN:+1}1 vfioap remove -A --all
			assert_stderr "pid $holder"
			assert_root_unchanged
			tool 3 vfioap remove -A "$UUID_B" "$UUID_A"
			assert_root_unchanged
			unhold
			tool 0 vfioap remove -A "$UUID_A"
		'
	done
}

@test "remove: names the guest that runs" {
	sim '
		three_guests
		tool 0 apsim ctl guest start "$UUID_A" --name web1
		tool 3 timeout ${SAN:+1}1 vfioap remove -A "$UUID_A"
		assert_stderr "guest '"'"'web1'"'"'"
		assert_root_unchanged
		tool 0 apsim ctl guest stop "$UUID_A"
		tool 0 vfioap remove -A "$UUID_A"
	'
}

@test "remove: nobody can open the device while it is being removed" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			three_guests
			holds_group() { readlink /proc/$pid/fd/* | grep -q "^/dev/vfio/0$"; }
			tool 0 apsim ctl delay "/sys/devices/vfio_ap/matrix/$UUID_A/remove" 1000
			vfioap remove -A "$UUID_A" >"$BATS_TEST_TMPDIR/out" & pid=$!
			eventually holds_group
			tool 1 bash -c "exec 9<>/dev/vfio/0"
			assert_stderr "Device or resource busy"
			wait $pid
			assert_equal "$(cat "$BATS_TEST_TMPDIR/out")" "$UUID_A"
			assert_equal "$(devices | wc -l)" 2
		'
	done
}

@test "remove: of several, a later one that fails leaves what is done, and says how to finish" {
	sim '
		three_guests
		tool 0 apsim ctl fail "/sys/devices/vfio_ap/matrix/$UUID_C/remove" EIO
		tool 64 vfioap remove -A --all
		assert_stderr "cannot remove device '"'"'$UUID_C'"'"'"
		assert_stderr "done, and not to be undone: remove device '"'"'$UUID_A'"'"'"
		assert_stderr "to finish: echo 1 > /sys/devices/vfio_ap/matrix/$UUID_C/remove"
		assert_equal "$(devices | wc -l)" 2
	'
}

@test "remove: -n prints the writes, each without undo, and makes none" {
	sim '
		three_guests
		tool 0 vfioap remove -n -A "$UUID_A"
		assert_stdout --exact "echo 1 > /sys/devices/vfio_ap/matrix/$UUID_A/remove	# no undo"
		assert_root_unchanged
	'
}

@test "remove: what is not there, or only defined" {
	sim '
		three_guests
		tool 4 vfioap remove -A 0123
		tool 4 vfioap remove -A "$UUID_A" ffffffff-ffff-ffff-ffff-ffffffffffff
		assert_root_unchanged
		tool 2 vfioap remove -A 62
		tool 2 vfioap remove -A
		tool 2 vfioap remove -A --all "$UUID_A"
		tool 2 vfioap remove -A -u "$UUID_A" "$UUID_B"
		tool 2 vfioap remove -A --all -u "$UUID_A"
		define 11111111-2222-3333-4444-555555555555 manual 4 4
		tool 0 vfioap remove -A 1111
		assert_stdout --exact ""
		assert_stderr "is not active, and its definition stays"
		assert_root_unchanged
	'
}

@test "remove: without a node to hold, and with processes unseen, refuses" {
	sim '
		three_guests
		mount -t tmpfs none /dev/vfio
		remember
		tool 3 vfioap remove -A "$UUID_A"
		assert_stderr "cannot tell whether the device of '"'/dev/vfio/0'"' is open"
		assert_stderr "hint: root outside of containers sees all processes"
		assert_stdout --exact ""
		assert_root_unchanged
	'
}
