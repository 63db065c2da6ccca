#!/usr/bin/env bats
# vfioap release: queues back to the host, exactly those that are named.

bats_require_minimum_version 1.8.0
load helpers
load guests

# no_keys FILE: the machine of the kernel's documentation, with cards that hold no master key
no_keys()
{
	cat >"$1" <<-END
		{"format":1,"cards":[{"id":"4,5","type":"CEX5C","master_keys":false},
		 {"id":6,"type":"CEX5A"}],"usage_domains":"4,0x47,0xab,0xff"}
	END
}

@test "release: gives the queues back and says nothing where no master key is set" {
	no_keys "$BATS_TEST_TMPDIR/lpar.json"
	for kernel in 6.12 6.1; do
		sim --kernel $kernel --lpar "$BATS_TEST_TMPDIR/lpar.json" '
			tool 0 vfioap reserve -A -d 4,0x47
			tool 0 vfioap release -A -d 4
			assert_stdout --exact ""
			assert_stderr --exact ""
			assert_equal "$(queue_driver 05.0004)" cex4queue
			assert_equal "$(queue_driver 05.0047)" vfio_ap
			tool 0 vfioap release -A -d 0x47
			assert_equal "$(aqmask)" "0x$(printf "f%.0s" {1..64})"
		'
	done
}

@test "release: refuses queues of devices, names them and their owner, changes nothing" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			three_guests
			tool 3 vfioap release -A -d 4
			assert_stdout --exact ""
			assert_stderr --line "vfioap: cannot give queues 05.0004, 06.0004 to the host: owned by device '"'"'$UUID_A'"'"'"
			assert_stderr --regex "hint: .vfioap unassign $UUID_A -d 4. "
			assert_root_unchanged
			tool 3 vfioap release -A -f -d 0x47,4
			assert_stderr "$UUID_A"
			assert_stderr "$UUID_B"
			assert_stderr "$UUID_C"
			assert_root_unchanged
		'
	done
}

@test "release: what no mask gives back alone is refused, with the smallest release there is" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -d 4,0x47,0xab,0xff
			remember
			tool 3 vfioap release -A -a 4
			assert_stderr "masks cannot give back these queues alone"
			assert_stderr "05.0004"
			assert_stderr --line "hint: '"'"'vfioap release -A -d 4,0x47,0xab,0xff'"'"' is the smallest release with them"
			assert_root_unchanged
			tool 0 vfioap release -A -d 4,0x47,0xab,0xff
			assert_equal "$(aqmask)" "0x$(printf "f%.0s" {1..64})"
		'
	done
}

@test "release: with devices, still the smallest release that masks can express" {
	sim '
		three_guests
		tool 3 vfioap release -A -a 4
		assert_stderr "vfioap release -A -d 4,0x47,0xab,0xff"
		assert_root_unchanged
	'
}

@test "release: the queue of an adapter that is reserved as a whole" {
	sim '
		tool 0 vfioap reserve -A -a 4
		remember
		tool 3 vfioap release -A -a 4 -d 4
		assert_stderr "vfioap release -A -a 4'"'"'"
		assert_root_unchanged
		tool 0 vfioap release -A -a 4 -d 4,0x47,0xab,0xff
		assert_equal "$(queue_driver 04.0004)" cex4queue
	'
}

@test "release: queues of definitions, autostart or manual; -f for manual ones" {
	sim '
		tool 0 vfioap reserve -A -d 4
		define "$UUID_A" manual 5 4
		tool 3 vfioap release -A -d 4
		assert_stderr "cannot give queue 05.0004 to the host: device '"'"'$UUID_A'"'"' is defined with it"
		assert_root_unchanged
		tool 0 vfioap release -A -f -d 4
		assert_stderr "warning: queue 05.0004 given to the host"
		tool 0 vfioap reserve -A -d 4
		define "$UUID_A" auto 5 4
		tool 3 vfioap release -A -f -d 4
		assert_root_unchanged
	'
}

@test "release: what the host has is nothing to do" {
	sim '
		tool 0 vfioap --json release -A -a 5 -d 4
		assert_json ".changed == false and .changes == []"
		tool 0 vfioap release -A -d all
		assert_stderr --exact ""
		assert_root_unchanged
	'
}

@test "release: usage errors" {
	sim '
		tool 2 vfioap release -A
		tool 2 vfioap release -A -d 4-
		tool 2 vfioap release -A -d 4 5
		tool 2 vfioap release -P
	'
}

@test "release: queues that have no driver, since vfio_ap is not loaded, are the host's again" {
	for kernel in 5.15 6.1 6.12 6.19 7.3; do
		sim --kernel $kernel '
			tool 0 apsim ctl module unload vfio_ap
			tool 0 vfioap reserve -A --no-modules -d 0x47
			assert_equal "$(queue_driver 05.0047)" -
			tool 0 vfioap release -A -d 0x47
			assert_root_unchanged
			assert_equal "$(queue_driver 05.0047)" cex4queue
		'
	done
}
