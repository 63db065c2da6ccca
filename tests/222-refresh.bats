#!/usr/bin/env bats
# vfioap refresh: what a guest sees is looked at again.

bats_require_minimum_version 1.8.0
load helpers
load guests

# Adapter 5 is kept from the guest for a domain that has gone since.
stale='
	tool 0 vfioap reserve -A -d 4,0x47
	tool 0 vfioap create -A -u "$UUID_A" -a 5,6 -d 4,0x47
	tool 0 apsim ctl guest start "$UUID_A" --name web1
	echo 05.0047 >/sys/bus/ap/drivers/vfio_ap/unbind
	echo 0x47 >/sys/devices/vfio_ap/matrix/$UUID_A/unassign_domain
	assert_equal "$(guest_matrix "$UUID_A")" 06.0004
'

@test "refresh: brings back what need not be kept from the guest, and says so" {
	for kernel in 6.1 6.12 6.19 7.3; do
		sim --kernel $kernel "$stale"'
			tool 0 vfioap --json refresh "$UUID_A"
			assert_stderr --exact "vfioap: guest '"'"'web1'"'"' of device '"'"'$UUID_A'"'"' gained queue 05.0004"
			assert_json ".gained == [\"05.0004\"] and .lost == []"
			assert_equal "$(guest_matrix "$UUID_A")" "05.0004 06.0004"
			assert_equal "$(matrix "$UUID_A")" "05.0004 06.0004"
		'
	done
}

@test "refresh: fails when the kernel refuses, and nothing is changed" {
	sim --kernel 6.12 "$stale"'
		remember
		tool 0 apsim ctl fail "/sys/devices/vfio_ap/matrix/$UUID_A/ap_config" EIO
		tool 1 vfioap refresh "$UUID_A"
		assert_stderr "cannot refresh the guest'"'"'s view of device '"'"'$UUID_A'"'"'"
		assert_root_unchanged
	'
	sim --kernel 6.1 "$stale"'
		remember
		tool 0 apsim ctl fail "/sys/devices/vfio_ap/matrix/$UUID_A/unassign_adapter" EIO
		tool 1 vfioap refresh "$UUID_A"
		assert_stderr "$UUID_A"
		assert_root_unchanged
	'
}

@test "refresh: before 6.0 a guest sees all of its device: nothing to do" {
	sim --kernel 5.15 '
		three_guests
		tool 0 vfioap --json refresh "$UUID_A" "$UUID_B"
		assert_json ".changes == []"
		assert_root_unchanged
	'
}

@test "refresh: several devices; not found; no -P" {
	sim '
		three_guests
		tool 0 vfioap refresh "$UUID_A" "$UUID_B"
		assert_stdout --exact ""
		assert_root_unchanged
		tool 4 vfioap refresh "$UUID_A" ffff
		tool 2 vfioap refresh
		tool 2 vfioap refresh "$UUID_A" -P
		assert_stderr "changes the running system alone"
		tool 2 vfioap refresh "$UUID_A" --sysroot /
	'
}
