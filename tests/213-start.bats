#!/usr/bin/env bats
# vfioap start: devices from their definitions.

bats_require_minimum_version 1.8.0
load helpers
load guests

@test "start: makes the device, entry by entry in the order of the file, on every kernel" {
	for kernel in 5.15 6.1 6.12 6.19 7.3; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -d 4,0x47
			define "$UUID_A" manual 5 4
			cat >/etc/mdevctl.d/matrix/$UUID_A <<-END
				{"mdev_type":"vfio_ap-passthrough","start":"manual","attrs":[
				{"assign_domain":"0x47"},{"assign_adapter":"5"},{"assign_adapter":"6"},
				{"unassign_adapter":"6"},{"assign_control_domain":"4"}]}
			END
			tool 0 vfioap start -v "$UUID_A"
			assert_stdout --exact ""
			assert_equal "$(sed "s,.*/,," <<<"$stderr" | paste -sd " ")" \
				"create assign_domain assign_adapter assign_adapter unassign_adapter assign_control_domain"
			assert_equal "$(matrix "$UUID_A")" 05.0047
			assert_equal "$(controls "$UUID_A")" 0004
			remember
			tool 0 vfioap --json start "$UUID_A"
			assert_json ".changes == []"
			assert_root_unchanged
		'
	done
}

@test "start: an ap_config entry where the kernel has it, else refused" {
	text="0x04$(printf '0%.0s' {1..62}),0x08$(printf '0%.0s' {1..62}),0x$(printf '0%.0s' {1..64})"
	export text
	for kernel in 6.12 7.3; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -d 4
			define "$UUID_A" manual 5 4
			echo "{\"mdev_type\":\"vfio_ap-passthrough\",\"start\":\"auto\",\"attrs\":[{\"ap_config\":\"$text\"}]}" >/etc/mdevctl.d/matrix/$UUID_A
			tool 0 vfioap start "$UUID_A"
			assert_equal "$(matrix "$UUID_A")" 05.0004
		'
	done
}

@test "start: refuses what create refuses: owner, next step, and nothing changed" {
	for kernel in 5.15 6.1 6.12 7.3; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -d 4
			tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
			define "$UUID_B" manual 5 4
			define "$UUID_C" manual 5 9
			tool 3 vfioap start "$UUID_B"
			assert_stderr "cannot assign queue 05.0004 to device '"'"'$UUID_B'"'"': owned by device '"'"'$UUID_A'"'"'"
			assert_stderr "hint: "
			tool 3 vfioap start "$UUID_C"
			assert_stderr "05.0009"
			assert_stderr "leave it to the host"
			assert_root_unchanged
		'
	done
}

@test "start: a definition with a problem is refused, with what and where" {
	sim '
		define "$UUID_A" manual 5 08
		tool 3 vfioap start "$UUID_A"
		assert_stderr "cannot start device '"'"'$UUID_A'"'"': '"'"'/etc/mdevctl.d/matrix/$UUID_A'"'"': "
		assert_stderr "08"
		echo "{" >/etc/mdevctl.d/matrix/$UUID_A
		tool 3 vfioap start "$UUID_A"
		assert_stderr "/etc/mdevctl.d/matrix/$UUID_A"
		echo "{\"mdev_type\":\"vfio_ap-passthrough\",\"start\":\"auto\",\"attrs\":[{\"remove\":\"1\"}]}" >/etc/mdevctl.d/matrix/$UUID_A
		tool 3 vfioap start "$UUID_A"
		assert_stderr "vfio_ap has no attribute '"'"'remove'"'"'"
		assert_no_device
	'
}

@test "start: an entry that the kernel refuses half way is refused beforehand" {
	for kernel in 6.1 7.3; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -d 4
			define "$UUID_A" manual 5 4
			echo "{\"mdev_type\":\"vfio_ap-passthrough\",\"start\":\"auto\",\"attrs\":[{\"assign_adapter\":\"5\"},{\"assign_domain\":\"9\"},{\"unassign_domain\":\"9\"},{\"assign_domain\":\"4\"}]}" >/etc/mdevctl.d/matrix/$UUID_A
			tool 3 vfioap start "$UUID_A"
			assert_stderr "cannot assign domain 9 to device '"'"'$UUID_A'"'"': a queue is reserved for the host"
			assert_no_device
		'
	done
}

@test "start: a write that fails leaves no device" {
	sim --kernel 6.1 '
		tool 0 vfioap reserve -A -d 4
		define "$UUID_A" manual 5 4
		tool 0 apsim ctl fail "/sys/devices/vfio_ap/matrix/*/assign_domain" EIO --count 1
		tool 1 vfioap start "$UUID_A"
		assert_no_device
		assert_root_unchanged
	'
}

@test "start --auto: all that can be, by UUID; each other one is told; 64, or 1 if none" {
	for kernel in 5.15 6.1 6.12 7.3; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -d 4,0x47
			define "$UUID_A" auto 5 4
			define "$UUID_B" auto 5 4
			define "$UUID_C" auto 6 4
			define 11111111-2222-3333-4444-555555555555 manual 4 4
			tool 64 vfioap start --auto
			assert_stdout --exact ""
			assert_stderr "cannot assign queue 05.0004 to device '"'"'$UUID_B'"'"': owned by device '"'"'$UUID_A'"'"'"
			assert_stderr --line "vfioap: 1 of 3 autostart devices not started"
			assert_equal "$(devices | paste -sd " ")" "$UUID_A $UUID_C"
			remember
			tool 64 vfioap --json start --auto
			assert_json ".error.status == 64 and (.error.findings | length) > 0"
			assert_root_unchanged
			tool 0 vfioap stop --all
			rm /etc/mdevctl.d/matrix/"$UUID_A" /etc/mdevctl.d/matrix/"$UUID_B" /etc/mdevctl.d/matrix/"$UUID_C"
			tool 0 vfioap create -A -u 22222222-2222-3333-4444-555555555555 -a 5 -d 4
			define "$UUID_B" auto 5 4
			tool 1 vfioap start --auto
			assert_stderr "owned by device '"'"'22222222-2222-3333-4444-555555555555'"'"'"
		'
	done
}

@test "start --auto: active with the same resources counts as started, with others not" {
	sim '
		tool 0 vfioap reserve -A -d 4,0x47
		define "$UUID_A" auto 5 4
		tool 0 vfioap start --auto
		tool 0 vfioap --json start --auto
		assert_json ".changes == []"
		tool 0 vfioap assign -A "$UUID_A" -d 0x47
		tool 1 vfioap start --auto
		assert_stderr "device '"'"'$UUID_A'"'"' is active, with other resources than it is defined with"
	'
}

@test "start --auto: one that the kernel does not take leaves the others alone" {
	sim --kernel 6.1 '
		tool 0 vfioap reserve -A -d 4
		define "$UUID_A" auto 5 4
		define "$UUID_C" auto 6 4
		tool 0 apsim ctl fail "/sys/devices/vfio_ap/matrix/$UUID_A/assign_domain" EIO
		tool 64 vfioap start --auto
		assert_stderr "$UUID_A"
		assert_equal "$(devices)" "$UUID_C"
		assert_equal "$(matrix "$UUID_C")" 06.0004
	'
}

@test "start: usage errors; not found" {
	sim '
		define "$UUID_A" manual 5 4
		tool 2 vfioap start
		tool 2 vfioap start --auto "$UUID_A"
		tool 2 vfioap start --auto -u "$UUID_A"
		tool 2 vfioap start -P "$UUID_A"
		tool 4 vfioap start ffff
		assert_no_device
	'
}
