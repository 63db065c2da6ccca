#!/usr/bin/env bats
# vfioap set: dimensions replaced; running guests; what old kernels want.

bats_require_minimum_version 1.8.0
load helpers
load guests

@test "set: replaces each named dimension, and only those, on every kernel" {
	for kernel in 5.15 6.1 6.12 6.19 7.3; do
		sim --kernel $kernel '
			three_guests
			tool 0 vfioap set "$UUID_A" -a 4 -c usage -d 4
			assert_stdout --exact ""
			assert_equal "$(matrix "$UUID_A")" 04.0004
			assert_equal "$(controls "$UUID_A")" 0004
			tool 0 vfioap set 6217 -d 0xab
			assert_equal "$(matrix "$UUID_A")" 04.00ab
			assert_equal "$(controls "$UUID_A")" 0004
			tool 0 vfioap set "$UUID_A" -a 5,6 -c none
			assert_equal "$(matrix "$UUID_A")" "05.00ab 06.00ab"
			assert_equal "$(controls "$UUID_A")" ""
			tool 0 vfioap set "$UUID_A" -a none -d none
			assert_equal "$(matrix "$UUID_A")" ""
		'
	done
}

@test "set: what is so already is nothing to do" {
	sim '
		three_guests
		tool 0 vfioap --json set "$UUID_A" -a 5,6 -d 4,0xab -c none
		assert_json ".changes == [] and .changed == false"
		assert_root_unchanged
	'
}

@test "set: a running guest is told of what it gains and loses, and sees what is predicted" {
	for kernel in 6.1 6.12 6.19 7.3; do
		sim --kernel $kernel '
			three_guests
			tool 0 apsim ctl guest start "$UUID_A" --name web1
			tool 0 vfioap --json set "$UUID_A" -a 4,6 -d 4,0xab
			assert_stderr --line "vfioap: guest '"'"'web1'"'"' of device '"'"'$UUID_A'"'"' gained queues 04.0004, 04.00ab"
			assert_stderr --line "vfioap: guest '"'"'web1'"'"' of device '"'"'$UUID_A'"'"' lost queues 05.0004, 05.00ab"
			assert_json ".gained == [\"04.0004\",\"04.00ab\"] and .lost == [\"05.0004\",\"05.00ab\"]"
			assert_equal "$(guest_matrix "$UUID_A")" "04.0004 04.00ab 06.0004 06.00ab"
		'
	done
}

@test "set: an adapter that is filtered for a domain's sake comes back when that one goes" {
	for kernel in 6.1 6.12; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -d 4,0x47,0xab
			tool 0 vfioap create -A -u "$UUID_A" -a 5,6 -d 4,0x47
			tool 0 apsim ctl guest start "$UUID_A" --name web1
			echo 05.0047 >/sys/bus/ap/drivers/vfio_ap/unbind
			assert_equal "$(guest_matrix "$UUID_A")" "06.0004 06.0047"
			tool 0 vfioap --json set "$UUID_A" -d 4
			assert_equal "$(guest_matrix "$UUID_A")" "05.0004 06.0004"
			assert_json ".gained == [\"05.0004\"] and .lost == [\"06.0047\"]"
		'
	done
}

@test "set, assign, unassign: before 6.0 a device in use is refused beforehand" {
	sim --kernel 5.15 '
		three_guests
		tool 0 apsim ctl guest start "$UUID_A" --name web1
		for command in "set -a 4" "assign -a 4" "unassign -a 5" "assign -c 4"; do
			tool 3 vfioap ${command%% *} "$UUID_A" ${command#* }
			assert_stderr "cannot change device '"'"'$UUID_A'"'"': guest '"'"'web1'"'"' has it open"
			assert_stderr --line "hint: shut the guest down, or detach the device from it"
			assert_root_unchanged
		done
		tool 0 apsim ctl guest stop "$UUID_A"
		tool 0 vfioap set "$UUID_A" -a 4
	'
}

@test "set: refuses queues of other devices and of the host, and changes nothing" {
	for kernel in 5.15 6.1 6.12 7.3; do
		sim --kernel $kernel '
			three_guests
			tool 3 vfioap set "$UUID_C" -d 4,0x47
			assert_stderr "cannot assign queue 06.0004 to device '"'"'$UUID_C'"'"': owned by device '"'"'$UUID_A'"'"'"
			assert_stderr "hint: "
			tool 3 vfioap set "$UUID_C" -a 4 -d 9,0x47
			assert_stderr "04.0009"
			assert_stderr "leave it to the host"
			assert_root_unchanged
		'
	done
}

@test "create, set: before 6.0 queues must exist and be bound, beforehand and with the next step" {
	sim --kernel 5.15 '
		tool 0 vfioap reserve -A -d 4,0x47,9
		echo 05.0047 >/sys/bus/ap/drivers/vfio_ap/unbind
		tool 0 vfioap create -A -u "$UUID_A" -a 6 -d 4
		remember
		tool 3 vfioap create -A -u "$UUID_B" -a 4,9 -d 0x47
		assert_stderr "cannot assign queue 09.0047 to device '"'"'$UUID_B'"'"': there is no such queue"
		tool 3 vfioap set "$UUID_A" -a 5 -d 0x47
		assert_stderr "cannot assign queue 05.0047 to device '"'"'$UUID_A'"'"': vfio_ap does not have it"
		assert_stderr --line "hint: '"'"'echo 05.0047 > /sys/bus/ap/drivers_probe'"'"' asks vfio_ap to take it"
		tool 3 vfioap create -A -u "$UUID_B" -a 9
		assert_stderr "cannot assign adapter 9"
		assert_root_unchanged
		echo 05.0047 >/sys/bus/ap/drivers_probe
		tool 0 vfioap set "$UUID_A" -a 5 -d 0x47
		assert_equal "$(matrix "$UUID_A")" 05.0047
	'
}

@test "create: on every kernel, with several adapters and domains" {
	for kernel in 5.15 6.1 6.12 6.19 7.3; do
		sim --kernel $kernel '
			tool 0 vfioap create -A --reserve -u "$UUID_A" -a 4,5 -d 4,0x47 -c 4
			assert_equal "$(matrix "$UUID_A")" "04.0004 04.0047 05.0004 05.0047"
			tool 0 vfioap unassign "$UUID_A" -a 5
			tool 0 vfioap assign "$UUID_A" -a 5
			tool 0 vfioap remove -A "$UUID_A"
			assert_no_device
		'
	done
}

@test "release: before 6.0 the kernel would take a device's queue, so it is refused here" {
	sim --kernel 5.15 '
		three_guests
		tool 0 apsim ctl guest start "$UUID_A" --name web1
		tool 3 vfioap release -A -d 4
		assert_stderr "owned by device '"'"'$UUID_A'"'"', which guest '"'"'web1'"'"' has open"
		assert_root_unchanged
	'
}

@test "create: with driver overrides, a queue that is not there or not bound is refused" {
	for kernel in 6.19 7.3; do
		sim --kernel $kernel '
			for queue in 05.0004 06.0004; do
				echo vfio_ap >/sys/bus/ap/devices/$queue/driver_override
				echo $queue >/sys/bus/ap/drivers/cex4queue/unbind
			done
			echo 05.0004 >/sys/bus/ap/drivers_probe
			remember
			tool 3 vfioap create -A -u "$UUID_A" -a 5,9 -d 4
			assert_stderr "cannot assign queue 09.0004 to device '"'"'$UUID_A'"'"': there is no such queue"
			tool 3 vfioap create -A -u "$UUID_A" -a 6 -d 4
			assert_stderr "vfio_ap does not have it"
			assert_stderr "hint: "
			assert_root_unchanged
			tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
			assert_equal "$(guest_matrix "$UUID_A")" 05.0004
		'
	done
}

@test "assign, refresh: a queue that the host has got is named; unassign of others works" {
	sim --kernel 7.3 '
		for queue in 05.0004 06.0004; do
			echo vfio_ap >/sys/bus/ap/devices/$queue/driver_override
			echo $queue >/sys/bus/ap/drivers/cex4queue/unbind
			echo $queue >/sys/bus/ap/drivers_probe
		done
		tool 0 vfioap create -A -u "$UUID_A" -a 5,6 -d 4
		echo >/sys/bus/ap/devices/05.0004/driver_override
		remember
		tool 3 vfioap assign "$UUID_A" -a 4
		assert_stderr "05.0004"
		tool 1 vfioap refresh "$UUID_A"
		assert_stderr "cannot refresh device '"'"'$UUID_A'"'"': the host has got queue 05.0004 of it"
		assert_root_unchanged
		tool 0 vfioap unassign "$UUID_A" -a 5
		tool 0 vfioap refresh "$UUID_A"
	'
}

@test "set: usage errors; not found" {
	sim '
		three_guests
		tool 2 vfioap set "$UUID_A"
		assert_stderr "none of -a, -d, -c and --start given"
		tool 2 vfioap set -a 5
		tool 2 vfioap set "$UUID_A" "$UUID_B" -a 5
		tool 2 vfioap set "$UUID_A" -c usage
		tool 2 vfioap assign "$UUID_A" -a none
		tool 4 vfioap set ffff -a 5
		assert_root_unchanged
	'
}
