#!/usr/bin/env bats
# Each write of each changing command fails, and is slow, on each kernel: tests/fault/faults.

bats_require_minimum_version 1.8.0
load helpers
load fault/suite

teardown_file()
{
	loop_sum
}

@test "faults: all is undone, or told with the commands that finish it (5.15)" {
	loop faults 5.15 2 4
}

@test "faults: all is undone, or told with the commands that finish it (6.1)" {
	loop faults 6.1 2 4
}

@test "faults: all is undone, or told with the commands that finish it (6.12)" {
	loop faults 6.12 2 4
}

@test "faults: all is undone, or told with the commands that finish it (6.19)" {
	loop faults 6.19 2 4
}

@test "faults: all is undone, or told with the commands that finish it (7.3)" {
	loop faults 7.3 2 4
}

@test "faults: what cannot be unassigned goes with the device that was just created: exit 1" {
	sim --kernel 6.1 '
		apsim ctl fail "/sys/devices/vfio_ap/matrix/*/unassign_adapter" EIO
		apsim ctl fail "/sys/devices/vfio_ap/matrix/*/assign_domain" EIO
		tool 1 vfioap create -A --reserve -u "$UUID_A" -a 5 -d 4
		refute_stderr "not undone"
		assert_root_unchanged
	'
}

@test "faults: the host gets no queue back that a device could not be rid of" {
	sim --kernel 5.15 '
		device=/sys/devices/vfio_ap/matrix/$UUID_A
		apsim ctl fail "$device/unassign_*" EIO
		apsim ctl fail "$device/assign_control_domain" EIO
		apsim ctl fail "$device/remove" EIO
		tool 64 vfioap create -A --reserve -u "$UUID_A" -a 5 -d 4 -c 4
		assert_equal "$(queue_driver 05.0004)" vfio_ap
		assert_stderr "to take it back: echo +4 > /sys/bus/ap/aqmask"
		apsim ctl fail "$device/unassign_*" 0
		apsim ctl fail "$device/remove" 0
		sh -ec "$(sed -n "s/^.*; to take it back: //p" <<<"$stderr")"
		assert_root_unchanged
	'
}

@test "faults: an override that cannot be cleared: no driver is looked for before it is" {
	sim --kernel 7.3 '
		override=/sys/devices/ap/card05/05.0004/driver_override
		apsim ctl fail /sys/bus/ap/drivers_probe EINVAL --count 1
		apsim ctl fail "$override" EIO --after 1 --count 1
		tool 64 vfioap reserve -A --exact -Q 05.0004
		assert_equal "$(queue_driver 05.0004)" -
		sh -ec "$(sed -n "s/^.*; to take it back: //p" <<<"$stderr")"
		assert_root_unchanged
	'
}

@test "faults: a device is gone, another cannot be removed: what is done stays, the rest is told" {
	sim '
		tool 0 vfioap reserve -d 4
		tool 0 vfioap create -u "$UUID_A" -a 5 -d 4
		tool 0 vfioap create -u "$UUID_B" -a 6 -d 4
		apsim ctl fail "/sys/devices/vfio_ap/matrix/$UUID_B/remove" EIO --count 1
		tool 64 vfioap remove --all
		assert_stderr "done, and not taken back: remove the definition of device '"'"'$UUID_A'"'"'"
		assert_stderr "done, and not to be undone: remove device '"'"'$UUID_A'"'"'"
		sh -ec "$(sed -n "s/^.*; to finish: //p" <<<"$stderr")"
		assert_equal "$(devices)$(ls /etc/mdevctl.d/matrix)" ""
	'
}
