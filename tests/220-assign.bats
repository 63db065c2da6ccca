#!/usr/bin/env bats
# vfioap assign and unassign: what devices own, and what their guests see of it.

bats_require_minimum_version 1.8.0
load helpers
load guests

@test "assign: refuses a queue another device owns, names it, changes nothing" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			three_guests
			tool 3 vfioap assign 9b1d -d 4
			assert_stdout --exact ""
			assert_stderr --line "vfioap: cannot assign queue 06.0004 to device '"'"'$UUID_C'"'"': owned by device '"'"'$UUID_A'"'"'"
			assert_stderr --regex "hint: .vfioap unassign $UUID_A -d 4. takes it from that device"
			assert_equal "$(matrix "$UUID_C")" "06.0047 06.00ff"
			assert_root_unchanged
		'
	done
}

@test "assign: the next step of the refusal works" {
	sim '
		three_guests
		tool 3 vfioap assign 9b1d -d 4
		eval "$(sed -n "s/^hint: .\(vfioap unassign [^'"'"']*\).*/\1/p" <<<"$stderr")"
		tool 0 vfioap assign 9b1d -d 4
		assert_equal "$(matrix "$UUID_C")" "06.0004 06.0047 06.00ff"
		assert_equal "$(matrix "$UUID_A")" "05.00ab 06.00ab"
	'
}

@test "assign: names the guest that has the queue" {
	sim '
		three_guests
		tool 0 apsim ctl guest start "$UUID_A" --name web1
		tool 3 vfioap assign 9b1d -d 4
		assert_stderr "owned by device '"'"'$UUID_A'"'"', which guest '"'"'web1'"'"' has open"
		assert_root_unchanged
	'
}

@test "assign: one ID by its own file, several by ap_config where the kernel has it" {
	sim --kernel 6.12 '
		tool 0 vfioap reserve -A -d 4,0x47
		tool 0 vfioap create -A -u "$UUID_A" -a 5
		tool 0 vfioap assign -v "$UUID_A" -d 4
		assert_stdout --exact ""
		assert_stderr --exact "vfioap: echo 4 > /sys/devices/vfio_ap/matrix/$UUID_A/assign_domain"
		tool 0 vfioap assign -v "$UUID_A" -a 6 -d 0x47 -c 4
		assert_stderr "/ap_config"
		refute_stderr "/assign_"
		assert_equal "$(matrix "$UUID_A")" "05.0004 05.0047 06.0004 06.0047"
		assert_equal "$(controls "$UUID_A")" 0004
	'
	sim --kernel 6.1 '
		tool 0 vfioap reserve -A -d 4,0x47
		tool 0 vfioap create -A -u "$UUID_A" -a 5
		tool 0 vfioap assign -v "$UUID_A" -a 6 -d 4,0x47 -c 4
		assert_equal "$(wc -l <<<"$stderr")" 4
		assert_equal "$(matrix "$UUID_A")" "05.0004 05.0047 06.0004 06.0047"
		assert_equal "$(controls "$UUID_A")" 0004
	'
}

@test "assign: what is assigned, unassign: what is not: nothing to do" {
	sim '
		three_guests
		tool 0 vfioap --json assign "$UUID_A" -a 5 -d 4
		assert_json ".changes == []"
		tool 0 vfioap --json unassign "$UUID_A" -a 4 -d 9
		assert_json ".changes == []"
		assert_root_unchanged
	'
}

@test "assign: the host's queues are refused, with the command that reserves them" {
	sim '
		three_guests
		tool 3 vfioap assign "$UUID_A" -d 9
		assert_stderr "cannot assign queues 05.0009, 06.0009 to device"
		assert_stderr --line "hint: '"'"'vfioap reserve -a 5,6 -d 9'"'"' takes it from the host"
		assert_root_unchanged
		tool 0 vfioap reserve -A -a 5,6 -d 9
		tool 0 vfioap assign "$UUID_A" -d 9
	'
}

@test "assign: all conflicts are told at once" {
	sim '
		three_guests
		tool 3 vfioap assign 9b1d -a 5 -d 4,9
		assert_stderr "$UUID_A"
		assert_stderr "$UUID_B"
		assert_stderr "leave it to the host"
		assert_root_unchanged
	'
}

@test "assign, unassign: a running guest is told of what it gains and loses" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			three_guests
			tool 0 vfioap unassign "$UUID_A" -d 4
			assert_stderr --exact ""
			tool 0 apsim ctl guest start "$UUID_A" --name web1
			tool 0 vfioap assign "$UUID_A" -d 4
			assert_stderr --exact "vfioap: guest '"'"'web1'"'"' of device '"'"'$UUID_A'"'"' gained queues 05.0004, 06.0004"
			tool 0 vfioap unassign "$UUID_A" -a 5
			assert_stderr --exact "vfioap: guest '"'"'web1'"'"' of device '"'"'$UUID_A'"'"' lost queues 05.0004, 05.00ab"
			tool 0 vfioap --json unassign -q "$UUID_A" -d 4
			assert_stderr --exact ""
			assert_json ".lost == [\"06.0004\"] and .gained == []"
		'
	done
}

# looks COMMAND: change device A by it, and count the processes whose open files it looked at
looks()
{
	tool 0 strace -f -qq --seccomp-bpf -e trace=openat2 -o "$BATS_TEST_TMPDIR/trace" "$@"
	grep -cE '"proc/[0-9]+/fd"' "$BATS_TEST_TMPDIR/trace" || :
}
export -f looks

@test "assign: processes are looked at only when a guest may have to be told" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			three_guests
			assert_equal "$(looks vfioap unassign "$UUID_A" -d 0xab)" 0
			assert_equal "$(looks vfioap assign "$UUID_A" -d 0xab)" 0
			tool 0 apsim ctl guest start "$UUID_A" --name web1
			[ "$(looks vfioap unassign "$UUID_A" -d 0xab)" -gt 0 ]
			# Nothing that its guest sees can tell, before and after.
			[ "$(looks vfioap unassign "$UUID_A" -d 4)" -gt 0 ]
			[ "$(looks vfioap assign "$UUID_A" -d 4)" -gt 0 ]
			tool 0 vfioap assign "$UUID_A" -d 0xab
			assert_stderr --exact "vfioap: guest '"'"'web1'"'"' of device '"'"'$UUID_A'"'"' gained queues 05.00ab, 06.00ab"
		'
	done
}

@test "unassign: the guest of a device whose queues cannot all be shown is told too" {
	cat >"$BATS_TEST_TMPDIR/wide.json" <<-END
		{ "format": 1, "usage_domains": "0-0x9f", "control_domains": "0-0x9f", "cards": [
		  { "id": 0, "type": "CEX8C" }, { "id": 1, "type": "CEX8C" }, { "id": 2, "type": "CEX8C" },
		  { "id": 3, "type": "CEX8C" }, { "id": 4, "type": "CEX8C" } ] }
	END
	sim --lpar "$BATS_TEST_TMPDIR/wide.json" --kernel 6.12 '
		tool 0 vfioap reserve -q -A -a 0-4
		tool 0 vfioap create -q -f -A -u "$UUID_A" -a 0-4 -d 0-0x9f
		tool 0 apsim ctl guest start "$UUID_A" --name web1
		# Adapter 0 has left the guest, and does not come back by itself (kernel-abi 10.3).
		echo 00.009f >/sys/bus/ap/drivers/vfio_ap/unbind
		echo 0x9f >"/sys/devices/vfio_ap/matrix/$UUID_A/unassign_domain"
		echo 00.009f >/sys/bus/ap/drivers_probe
		tool 0 vfioap unassign "$UUID_A" -A -a 4 -n
		assert_stderr "guest '"'"'web1'"'"' of device '"'"'$UUID_A'"'"' loses"
		tool 0 vfioap unassign "$UUID_A" -A -a 4
		assert_stderr "guest '"'"'web1'"'"' of device '"'"'$UUID_A'"'"' lost"
	'
}

@test "unassign: an adapter that was filtered comes back to the guest" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -d 4,0x47
			tool 0 vfioap create -A -u "$UUID_A" -a 5,6 -d 4,0x47
			echo 05.0047 >/sys/bus/ap/drivers/vfio_ap/unbind
			assert_equal "$(guest_matrix "$UUID_A")" "06.0004 06.0047"
			tool 0 vfioap --json unassign "$UUID_A" -d 0x47
			assert_equal "$(matrix "$UUID_A")" "05.0004 06.0004"
			assert_equal "$(guest_matrix "$UUID_A")" "05.0004 06.0004"
			assert_json ".gained == [\"05.0004\"] and .lost == [\"06.0047\"]"
		'
	done
}

@test "unassign: when the kernel refuses to look again, it still succeeds, with a warning" {
	sim --kernel 6.12 '
		tool 0 vfioap reserve -A -d 4,0x47
		tool 0 vfioap create -A -u "$UUID_A" -a 5,6 -d 4,0x47
		echo 05.0047 >/sys/bus/ap/drivers/vfio_ap/unbind
		tool 0 apsim ctl fail "/sys/devices/vfio_ap/matrix/$UUID_A/ap_config" EIO
		tool 0 vfioap unassign "$UUID_A" -d 0x47
		assert_stderr "warning: the kernel still keeps queue 05.0004 from the guest of device '"'"'$UUID_A'"'"'"
		assert_equal "$(matrix "$UUID_A")" "05.0004 06.0004"
	'
}

@test "assign: a queue that hides its adapter from the guest is a warning that says why" {
	sim '
		tool 0 vfioap reserve -A -d 4,0x47
		tool 0 vfioap create -A -u "$UUID_A" -a 5,6 -d 4
		echo 05.0047 >/sys/bus/ap/drivers/vfio_ap/unbind
		tool 0 vfioap assign "$UUID_A" -d 0x47
		assert_stderr "warning: the guest of device '"'"'$UUID_A'"'"' will not see adapter 5: vfio_ap does not have queue 05.0047"
		assert_stderr --line "hint: '"'"'vfioap unassign $UUID_A -a 5'"'"' takes out what is in vain"
	'
}

@test "assign: devices by prefix, by -u; usage errors; not found" {
	sim '
		three_guests
		tool 0 vfioap assign -u 62177883 -c 1
		assert_equal "$(controls "$UUID_A")" 0001
		remember
		tool 4 vfioap assign 0123 -d 4
		tool 2 vfioap assign 621 -d 4
		tool 2 vfioap assign "$UUID_A"
		assert_stderr "none of -a, -d and -c given"
		tool 2 vfioap assign -d 4
		tool 2 vfioap assign "$UUID_A" "$UUID_B" -d 4
		tool 2 vfioap assign "$UUID_A" -d ab
		assert_stderr "0xab"
		tool 4 vfioap unassign "$UUID_A" -P -d 4
		assert_stderr "is not defined"
		define 11111111-2222-3333-4444-555555555555 manual 4 4
		tool 4 vfioap assign -A 1111 -d 4
		assert_stderr "is not active"
		assert_root_unchanged
	'
}
