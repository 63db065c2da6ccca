#!/usr/bin/env bats
# vfioap create: devices with their queues.

bats_require_minimum_version 1.8.0
load helpers
load guests

@test "create: the three guests of the kernel's documentation" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			three_guests
			assert_equal "$(matrix "$UUID_A")" "05.0004 05.00ab 06.0004 06.00ab"
			assert_equal "$(matrix "$UUID_B")" "05.0047 05.00ff"
			assert_equal "$(matrix "$UUID_C")" "06.0047 06.00ff"
			assert_equal "$(guest_matrix "$UUID_A")" "$(matrix "$UUID_A")"
			assert_equal "$(devices | wc -l)" 3
		'
	done
}

@test "create: prints the UUID, its own or the one given, in lower case" {
	sim '
		tool 0 vfioap reserve -A -d 4
		tool 0 vfioap create -A -a 5 -d 4
		assert_stdout --regex "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
		assert_stderr --exact ""
		assert_equal "$(devices)" "$stdout"
		tool 0 vfioap create -A -u "${UUID_B^^}" -a 6 -d 4 -c usage
		assert_stdout --exact "$UUID_B"
		assert_equal "$(controls "$UUID_B")" 0004
	'
}

@test "create: refuses queues of the host, hints at --reserve, leaves no device" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -d 4,0x47,0xab,0xff
			remember
			tool 3 vfioap create -A -u "$UUID_A" -a 4 -d 4,9
			assert_stdout --exact ""
			assert_stderr "cannot assign queue 04.0009 to device"
			assert_stderr "hint: with --reserve"
			assert_no_device
			assert_root_unchanged
		'
	done
}

@test "create --reserve: takes what is missing in the same go, by the side that takes least" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			tool 0 vfioap create -A --reserve -u "$UUID_A" -a 4,5 -d 0x47
			assert_stdout --exact "$UUID_A"
			assert_stderr --exact "vfioap: the host loses queue 06.0047 too: masks know only whole adapters and whole domains"
			assert_equal "$(matrix "$UUID_A")" "04.0047 05.0047"
			assert_equal "$(guest_matrix "$UUID_A")" "04.0047 05.0047"
			tool 0 vfioap --json create -A --reserve -a 6 -d 0x47
			assert_json ".changes | map(.path) | index(\"/sys/bus/ap/aqmask\") == null"
		'
	done
}

@test "create: refuses queues of another device, active or to be started" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -d 4,0x47
			tool 0 vfioap create -A -u "$UUID_A" -a 5,6 -d 4
			define "$UUID_C" auto 4 0x47
			tool 3 vfioap create -A -u "$UUID_B" -a 4,5 -d 4,0x47
			assert_stderr "cannot assign queue 05.0004 to device '"'"'$UUID_B'"'"': owned by device '"'"'$UUID_A'"'"'"
			assert_stderr "cannot assign queue 04.0047 to device '"'"'$UUID_B'"'"': device '"'"'$UUID_C'"'"' is defined"
			assert_root_unchanged
			define "$UUID_C" manual 4 0x47
			tool 0 vfioap create -A -u "$UUID_B" -a 4 -d 0x47
			assert_stdout --exact "$UUID_B"
			assert_stderr "warning: queue 04.0047 of device '"'"'$UUID_B'"'"': device '"'"'$UUID_C'"'"'"
		'
	done
}

@test "create: refuses a UUID that exists, active or defined" {
	sim '
		tool 0 vfioap reserve -A -d 4
		tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
		define "$UUID_B" manual 6 4
		tool 3 vfioap create -A -u "${UUID_A^^}" -a 4 -d 4
		assert_stderr "cannot create device '"'"'$UUID_A'"'"': it is active already"
		tool 3 vfioap create -A -u "$UUID_B" -a 4 -d 4
		assert_stderr "it is defined already"
		assert_root_unchanged
	'
}

@test "create: refuses IDs above the machine's, all at once" {
	cat >"$BATS_TEST_TMPDIR/small.json" <<-'END'
		{"format":1,"cards":[{"id":5,"type":"CEX8C"}],"usage_domains":"4","control_domains":"4",
		 "max_adapter":63,"max_domain":84}
	END
	sim --lpar "$BATS_TEST_TMPDIR/small.json" '
		tool 0 vfioap reserve -A -a all
		remember
		tool 3 vfioap create -A -u "$UUID_A" -a 5,0x40 -d 4,0x55 -c 0x60
		assert_stderr "cannot assign adapter 0x40 to device"
		assert_stderr "cannot assign domain 0x55 to device"
		assert_stderr "cannot assign control domain 0x60 to device"
		assert_stderr "the highest of this machine is 84 (0x54)"
		assert_root_unchanged
		tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4 -c all
		assert_equal "$(controls "$UUID_A" | wc -w)" 85
	'
}

@test "create: more than 511 queues needs -f on a kernel not known to be safe" {
	cat >"$BATS_TEST_TMPDIR/large.json" <<-'END'
		{"format":1,"cards":[{"id":5,"type":"CEX8C"}],"usage_domains":"0-15"}
	END
	sim --kernel 6.12 --lpar "$BATS_TEST_TMPDIR/large.json" '
		tool 0 vfioap reserve -A -a 0-0x1f
		remember
		tool 3 vfioap create -A -u "$UUID_A" -a 0-0x1f -d 0-0xf
		assert_stderr "512 queues"
		assert_stderr "hint: --force"
		tool 0 vfioap create -A -u "$UUID_A" -a 0-0x1e -d 0-0xf
		tool 0 vfioap create -A -f -u "$UUID_B" -a 0-0x1f -d 0x10-0x1f
		assert_stderr "warning: device '"'"'$UUID_B'"'"' would have 512 queues"
	'
}

@test "create: --no-modules without vfio_ap is refused, with the command that loads it" {
	sim '
		tool 0 apsim ctl module unload vfio_ap
		tool 3 vfioap create -A -a 5 -d 4 --reserve --no-modules
		assert_stderr "the kernel module vfio_ap is not loaded"
		assert_stderr "modprobe vfio_ap"
		assert_equal "$(aqmask)" "0x$(printf "f%.0s" {1..64})"
	'
}

@test "create: a refusal does not name the UUID that nobody has given" {
	sim '
		tool 0 vfioap reserve -A -d 4
		tool 0 vfioap create -u "$UUID_A" -A -a 5 -d 4
		tool 3 vfioap create -A -a 5,6 -d 4,0x47
		assert_stderr --line "vfioap: cannot assign queue 05.0004 to the new device: owned by device '"'"'$UUID_A'"'"'"
		assert_stderr "queues 05.0047, 06.0047 to the new device: apmask and aqmask leave it"
		tool 3 vfioap create -A -u "$UUID_B" -a 5 -d 4
		assert_stderr "cannot assign queue 05.0004 to device '"'"'$UUID_B'"'"': owned by"
	'
}

@test "create: queues that the guest will not see are a warning that says why" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -d 4,9
			tool 0 vfioap create -A -u "$UUID_A" -a 5,9 -d 4
			assert_stdout --exact "$UUID_A"
			assert_stderr "warning: the guest of device '"'"'$UUID_A'"'"' will not see adapter 9: not in the configuration of this host"
			assert_equal "$(guest_matrix "$UUID_A")" 05.0004
			tool 0 vfioap create -A -u "$UUID_B" -a 6 -d 4,9
			assert_stderr "will not see domain 9: not in the configuration of this host"
			assert_equal "$(guest_matrix "$UUID_B")" 06.0004
			echo 04.0004 >/sys/bus/ap/drivers/vfio_ap/unbind
			tool 0 vfioap create -A -u "$UUID_C" -a 4 -d 4
			assert_stderr "will not see adapter 4: vfio_ap does not have queue 04.0004"
			refute_stdout 04.0004
			tool 3 vfioap create -A -a 6 -d 0x47
			assert_stderr "cannot assign queue 06.0047"
			refute_stderr "will not see"
		'
	done
}

@test "create: -n prints every write and makes none" {
	sim --kernel 6.1 '
		apsim ctl log --clear >/dev/null
		tool 0 vfioap create -n -A --reserve -u "$UUID_A" -a 5 -d 4,0x47,0xab
		assert_stdout --exact "echo -5 > /sys/bus/ap/apmask
echo $UUID_A > /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create
echo 5 > /sys/devices/vfio_ap/matrix/$UUID_A/assign_adapter
echo 4 > /sys/devices/vfio_ap/matrix/$UUID_A/assign_domain
echo 0x47 > /sys/devices/vfio_ap/matrix/$UUID_A/assign_domain
echo 0xab > /sys/devices/vfio_ap/matrix/$UUID_A/assign_domain"
		assert_root_unchanged
		printf "%s\n" "$stdout" | sh
		assert_equal "$(matrix "$UUID_A")" "05.0004 05.0047 05.00ab"
	'
}

@test "create: a device without queues is legal" {
	sim '
		tool 0 vfioap create -A -u "$UUID_A"
		assert_equal "$(devices)" "$UUID_A"
		assert_equal "$(matrix "$UUID_A")" ""
	'
}

@test "create: usage errors" {
	sim '
		tool 2 vfioap create -A -u 6217 -a 5 -d 4
		assert_stderr "is no full UUID"
		tool 2 vfioap create -A -c usage -a 5
		assert_stderr "usage"
		tool 2 vfioap create -A -a 5 -d 08
		tool 2 vfioap create -A -a 5 -d none
		tool 2 vfioap create -A -u "$UUID_A" -u "$UUID_B"
		tool 2 vfioap create -A "$UUID_A"
		tool 2 vfioap create -A --start auto -a 5 -d 4
		assert_stderr "--start and --active"
		tool 2 vfioap create --start never -a 5 -d 4
		assert_stderr "neither auto nor manual"
		assert_no_device
	'
}
