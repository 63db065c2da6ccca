#!/usr/bin/env bats
# vfioap reserve: queues of the host for guests, by masks.

bats_require_minimum_version 1.8.0
load helpers

@test "reserve: domains, on every adapter; says nothing, stdout is empty" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -d 9,0x47
			assert_stdout --exact ""
			assert_stderr --exact "vfioap: warning: no device for queues 04.0009, 05.0009, 06.0009 yet: reserved for when there is one"
			tool 0 vfioap reserve -A -d 0xab
			assert_stdout --exact ""
			assert_stderr --exact ""
			assert_equal "$(aqmask)" 0xffbffffffffffffffeffffffffffffffffffffffffefffffffffffffffffffff
			assert_equal "$(apmask)" "0x$(printf "f%.0s" {1..64})"
			for queue in 04.0047 05.00ab 06.0047; do
				assert_equal "$(queue_driver $queue)" vfio_ap "driver of $queue"
			done
			assert_equal "$(queue_driver 04.0004)" cex4queue
		'
	done
}

@test "reserve: adapters, with all of their queues" {
	sim '
		tool 0 vfioap reserve -A -a 5,6
		assert_equal "$(apmask)" 0xf9ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
		assert_equal "$(queue_driver 05.00ff)" vfio_ap
		assert_equal "$(queue_driver 04.00ff)" cex4queue
	'
}

@test "reserve: a product by its adapters, when they take least; names what else the host loses" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -a 4 -d 4,0x47,0xab
			assert_stdout --exact ""
			assert_stderr --exact "vfioap: the host loses queue 04.00ff too: masks know only whole adapters and whole domains"
			assert_equal "$(apmask)" 0xf7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
			assert_equal "$(aqmask)" "0x$(printf "f%.0s" {1..64})"
			assert_equal "$(queue_driver 04.00ff)" vfio_ap
			assert_equal "$(queue_driver 05.0004)" cex4queue
		'
	done
}

@test "reserve: a product by its domains, when they take least; names what else the host loses" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -a 4,5 -d 0x47
			assert_stderr --exact "vfioap: the host loses queue 06.0047 too: masks know only whole adapters and whole domains"
			assert_equal "$(apmask)" "0x$(printf "f%.0s" {1..64})"
			assert_equal "$(aqmask)" 0xfffffffffffffffffeffffffffffffffffffffffffffffffffffffffffffffff
		'
	done
}

@test "reserve: -q drops the note of what else is taken" {
	sim '
		tool 0 vfioap reserve -q -A -a 4,5 -d 0x47
		assert_stderr --exact ""
	'
}

@test "reserve: what is reserved already is nothing to do" {
	sim '
		tool 0 vfioap reserve -A -d 4
		remember
		apsim ctl log --clear >/dev/null
		tool 0 vfioap reserve -A -d 4
		assert_stderr --exact ""
		tool 0 vfioap reserve -A -a 5 -d 4
		assert_stderr --exact ""
		tool 0 vfioap --json reserve -A -d 4
		assert_json ".changed == false and .changes == []"
		assert_root_unchanged
	'
}

@test "reserve: never touches bits of others" {
	sim '
		echo -9,-0x30 >/sys/bus/ap/aqmask
		echo -0x11 >/sys/bus/ap/apmask
		tool 0 vfioap reserve -A -v -d 4,9
		assert_stderr --line "vfioap: echo -4 > /sys/bus/ap/aqmask"
		tool 0 vfioap mask --invert "$(aqmask)"
		tool 0 vfioap mask --list "$stdout"
		assert_stdout --exact 4,9,0x30
	'
}

@test "reserve: a queue that does not exist yet is a warning" {
	sim '
		tool 0 vfioap reserve -A -a 9 -d 4
		assert_stderr "vfioap: warning: no device for queue 09.0004 yet"
		tool 0 vfioap reserve -A -d 0x20
		assert_stderr "warning: no device for queues 04.0020, 05.0020, 06.0020 yet"
		tool 0 apsim ctl card add 9 CEX5C
		tool 0 apsim ctl scan
		assert_equal "$(queue_driver 09.0004)" vfio_ap
	'
}

@test "reserve: --no-modules: works without vfio_ap, and says that the queues have no driver" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			tool 0 apsim ctl module unload vfio_ap
			tool 0 vfioap reserve -A --no-modules -d 4
			assert_stderr "warning: the kernel module vfio_ap is not loaded"
			assert_stderr --line "hint: '"'"'modprobe vfio_ap'"'"' loads it"
			assert_equal "$(queue_driver 04.0004)" -
			tool 0 apsim ctl module load vfio_ap
			assert_equal "$(queue_driver 04.0004)" vfio_ap
		'
	done
}

@test "reserve: -n prints the writes as shell lines, and makes none" {
	sim '
		apsim ctl log --clear >/dev/null
		tool 0 vfioap reserve -n -A -a 5 -d 4
		assert_stdout --exact "echo -4 > /sys/bus/ap/aqmask"
		assert_stderr "the host would lose queues 04.0004, 06.0004 too"
		tool 0 apsim ctl log
		refute_stdout "/sys/bus/ap/aqmask"
		assert_root_unchanged
	'
}

@test "reserve: what -n prints does the same when a shell runs it" {
	sim '
		vfioap reserve -n -A -d 4,0x47,0xab-0xff | sh
		apsim ctl log >/dev/null
		tool 0 vfioap --json reserve -A -d 4,0x47,0xab-0xff
		assert_json ".changes == []"
	'
}

@test "reserve: usage errors" {
	sim '
		tool 2 vfioap reserve -A
		assert_stderr "none of --adapters, --domains and --queues given"
		tool 2 vfioap reserve -A -d 010
		assert_stderr "leading zero"
		tool 2 vfioap reserve -A -d none
		tool 2 vfioap reserve -A -d ""
		tool 2 vfioap reserve -A -d 4 stray
		assert_stderr "stray"
		tool 2 vfioap reserve -P -P -d 4
		assert_root_unchanged
	'
}

@test "reserve: a machine without cards" {
	sim --lpar empty '
		tool 0 vfioap reserve -A -d 4
		assert_equal "$(aqmask)" 0xf7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
	'
}

@test "reserve: a queue that had no driver gets vfio_ap, which a mask write alone does not do" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			echo 05.0004 >/sys/bus/ap/drivers/cex4queue/unbind
			echo -9 >/sys/bus/ap/aqmask
			echo 05.0004 >/sys/bus/ap/drivers/cex4queue/unbind
			tool 0 vfioap reserve -v -A -d 4
			assert_stderr --line "vfioap: echo 05.0004 > /sys/bus/ap/drivers_probe"
			assert_equal "$(queue_driver 05.0004)" vfio_ap
			assert_equal "$(queue_driver 06.0004)" vfio_ap
		'
	done
}
