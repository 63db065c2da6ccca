#!/usr/bin/env bats
# vfioap reserve --exact and -Q, release -Q: single queues, by masks or by driver overrides.

bats_require_minimum_version 1.8.0
load helpers
load guests

ALL=0x$(printf 'f%.0s' {1..64})
export ALL

# override APQN: text of its driver_override
override()
{
	cat "/sys/bus/ap/devices/$1/driver_override"
}

export -f override

@test "exact: masks are taken where they can do it, on every kernel" {
	for kernel in 5.15 6.1 6.12 6.19 7.3; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -Q 04.0047,05.0047,06.0047
			assert_stderr --exact ""
			assert_equal "$(aqmask)" 0xfffffffffffffffffeffffffffffffffffffffffffffffffffffffffffffffff
			assert_equal "$(apmask)" "$ALL"
			tool 0 vfioap reserve -A -Q 5.4,5.ab -a 5 -d 0xff,0x47
			assert_equal "$(apmask)" 0xfbffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
			assert_equal "$(queue_driver 05.0004)" vfio_ap
			assert_equal "$(queue_driver 04.0004)" cex4queue
		'
	done
}

@test "exact: what masks cannot express is refused where there are no overrides; says what they would take" {
	for kernel in 5.15 6.1 6.12; do
		sim --kernel $kernel '
			tool 3 vfioap reserve -A -Q 05.0047
			assert_stdout --exact ""
			assert_stderr --exact "vfioap: masks cannot take these queues alone: the host would lose queues 04.0047, 06.0047 too
hint: '"'"'vfioap reserve -A -d 0x47'"'"' takes them too"
			assert_root_unchanged
			tool 3 vfioap --json reserve -A --exact -a 4 -d 0x47,0xab,0xff
			assert_stderr "the host would lose queue 04.0004 too"
			assert_stderr --line "hint: '"'"'vfioap reserve -A -a 4'"'"' takes them too"
			assert_json ".error.status == 3 and .error.findings[0].code == \"reserve-takes-more\""
			assert_root_unchanged
			tool 0 vfioap reserve -A -d 0x47
			assert_equal "$(queue_driver 05.0047)" vfio_ap
		'
	done
}

@test "exact: by driver overrides where the kernel has them; one queue, and nothing else" {
	for kernel in 6.19 7.3; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -v -Q 05.0047
			assert_stdout --exact ""
			assert_stderr --line "vfioap: echo 05.0047 > /sys/bus/ap/drivers/cex4queue/unbind"
			assert_stderr --line "vfioap: echo vfio_ap > /sys/devices/ap/card05/05.0047/driver_override"
			assert_stderr --line "vfioap: echo 05.0047 > /sys/bus/ap/drivers_probe"
			assert_stderr --line "vfioap: warning: queue 05.0047 reserved by driver override: a card that leaves the configuration returns to the host"
			assert_equal "$(override 05.0047)" vfio_ap
			assert_equal "$(queue_driver 05.0047)" vfio_ap
			assert_equal "$(queue_driver 04.0047)" cex4queue
			assert_equal "$(apmask) $(aqmask)" "$ALL $ALL"
			remember
			tool 0 vfioap --json reserve -A -Q 05.0047
			assert_json ".changed == false and .changes == []"
			assert_stderr --exact ""
			assert_root_unchanged
		'
	done
}

@test "exact: -n prints overrides as shell lines that do the same" {
	sim --kernel 7.3 '
		tool 0 vfioap reserve -n -A -Q 05.0047,06.0004
		assert_root_unchanged
		sh -c "$stdout"
		assert_equal "$(queue_driver 06.0004)" vfio_ap
		tool 0 vfioap release -n -A -Q 05.0047
		assert_stdout --exact "echo 05.0047 > /sys/bus/ap/drivers/vfio_ap/unbind
echo > /sys/devices/ap/card05/05.0047/driver_override
echo 05.0047 > /sys/bus/ap/drivers_probe"
		sh -c "$stdout"
		assert_equal "$(queue_driver 05.0047)" cex4queue
		assert_equal "$(override 05.0047)" ""
	'
}

@test "override mode: kept by a plain reserve, and by create --reserve" {
	for kernel in 6.19 7.3; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -Q 05.0047
			tool 0 vfioap reserve -A -d 0xab
			assert_equal "$(apmask) $(aqmask)" "$ALL $ALL"
			for queue in 04.00ab 05.00ab 06.00ab; do
				assert_equal "$(queue_driver $queue)" vfio_ap "driver of $queue"
			done
			tool 0 vfioap create -A --reserve -u "$UUID_A" -a 5,6 -d 0x47
			assert_stderr "queue 06.0047 reserved by driver override"
			assert_equal "$(matrix "$UUID_A")" "05.0047 06.0047"
			assert_equal "$(guest_matrix "$UUID_A")" "05.0047 06.0047"
			tool 0 vfioap show masks --json
			assert_json ".mode == \"override\""
		'
	done
}

@test "override mode: a queue that does not exist cannot be reserved" {
	sim --kernel 7.3 '
		tool 0 vfioap reserve -A -Q 05.0047
		remember
		tool 3 vfioap reserve -A -Q 06.0047,09.0004
		assert_stderr "cannot reserve queue 09.0004: no such device yet, and only a queue that exists can have a driver override"
		assert_stderr --line "hint: '"'"'lsvfioap -q'"'"' shows the queues that there are"
		assert_root_unchanged
	'
}

@test "override mode: release clears the override, unbinds and probes; masks can be written then" {
	for kernel in 6.19 7.3; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -Q 05.0047,06.00ab
			tool 0 vfioap release -A -v -Q 05.0047
			assert_stderr --line "vfioap: echo 05.0047 > /sys/bus/ap/drivers/vfio_ap/unbind"
			assert_equal "$(queue_driver 05.0047)" cex4queue
			assert_equal "$(queue_driver 06.00ab)" vfio_ap
			tool 0 vfioap release -A -a all
			assert_equal "$(override 06.00ab)" ""
			assert_equal "$(queue_driver 06.00ab)" cex4queue
			tool 0 vfioap reserve -A -d 0x47
			assert_equal "$(queue_driver 05.0047)" vfio_ap
		'
	done
}

@test "override mode: release refuses queues of devices and of definitions, names them" {
	sim --kernel 7.3 '
		tool 0 vfioap reserve -A -Q 05.0047,06.0047
		tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 0x47
		remember
		tool 3 vfioap release -A -f -d 0x47
		assert_stderr "cannot give queue 05.0047 to the host: owned by device '"'"'$UUID_A'"'"'"
		assert_root_unchanged
		define "$UUID_B" manual 6 0x47
		tool 3 vfioap release -A -Q 06.0047
		assert_stderr "device '"'"'$UUID_B'"'"' is defined with it"
		assert_root_unchanged
		tool 0 vfioap release -A -f -Q 06.0047
		assert_stderr "warning: queue 06.0047 given to the host"
		assert_equal "$(queue_driver 06.0047)" cex4queue
	'
}

@test "override mode: a queue that was left on vfio_ap without override goes back too" {
	sim --kernel 7.3 '
		tool 0 vfioap reserve -A -Q 05.0047
		echo >/sys/bus/ap/devices/05.0047/driver_override
		assert_equal "$(queue_driver 05.0047)" vfio_ap
		tool 0 vfioap release -A -Q 05.0047
		assert_equal "$(queue_driver 05.0047)" cex4queue
	'
}

@test "override mode: an override that was only written is bound by reserve" {
	sim --kernel 7.3 '
		echo vfio_ap >/sys/bus/ap/devices/05.0047/driver_override
		assert_equal "$(queue_driver 05.0047)" cex4queue
		tool 0 vfioap reserve -A -Q 05.0047
		assert_equal "$(queue_driver 05.0047)" vfio_ap
	'
}

@test "overrides of others are not replaced" {
	sim --kernel 7.3 '
		echo nodriver >/sys/bus/ap/devices/05.0047/driver_override
		remember
		tool 3 vfioap reserve -A -d 0x47
		assert_stderr "queue 05.0047: '"'"'driver_override'"'"' is set, and not to vfio_ap"
		assert_stderr --line "hint: '"'"'echo > /sys/bus/ap/devices/05.0047/driver_override'"'"' clears it"
		assert_equal "$(override 05.0047)" nodriver
		assert_root_unchanged
	'
}

@test "masks mode: kept; no override although the kernel would take one after such a boot" {
	cat >"$BATS_TEST_TMPDIR/boot.json" <<-'END'
		{"format":1,"cards":[{"id":"4-6","type":"CEX8C"}],"usage_domains":"4,0x47,0xab",
		 "boot":{"apmask":"+0-255","aqmask":"+0-0x46,+0x48-255"}}
	END
	sim --kernel 7.3 --lpar "$BATS_TEST_TMPDIR/boot.json" '
		assert_equal "$(queue_driver 05.0047)" vfio_ap
		tool 3 vfioap reserve -A -Q 05.00ab
		assert_stderr "masks cannot take these queues alone: the host would lose queue 05.0004 too"
		assert_equal "$(override 05.00ab)" ""
		assert_root_unchanged
	'
}

@test "mixed mode: both commands refuse, and name the queues to clear first" {
	cat >"$BATS_TEST_TMPDIR/boot.json" <<-'END'
		{"format":1,"cards":[{"id":"4-6","type":"CEX8C"}],"usage_domains":"4,0x47,0xab",
		 "boot":{"apmask":"+0-255","aqmask":"+0-0x46,+0x48-255"}}
	END
	sim --kernel 7.3 --lpar "$BATS_TEST_TMPDIR/boot.json" '
		echo vfio_ap >/sys/bus/ap/devices/05.00ab/driver_override
		remember
		for command in "reserve -A -d 4" "reserve -A -Q 05.0004" "release -A -d 0x47" "release -A -Q 05.00ab"; do
			tool 3 vfioap $command
			assert_stderr --exact "vfioap: masks and driver overrides are both in use: clear the override of queue 05.00ab first
hint: '"'"'echo > /sys/bus/ap/devices/05.00ab/driver_override'"'"' clears it"
			assert_root_unchanged
		done
	'
}

@test "a counter of overrides that leaked: the kernel refuses the masks, which is said" {
	sim --kernel 7.3 '
		tool 0 vfioap reserve -A -Q 05.0047
		tool 0 apsim ctl card remove 5
		tool 0 apsim ctl scan
		tool 0 apsim ctl card add 5 CEX5C
		tool 0 apsim ctl scan
		assert_equal "$(queue_driver 05.0047)" cex4queue
		remember
		tool 1 vfioap reserve -A -d 0x47
		assert_stderr "a driver override is set for some queue, or was for one that has gone"
		assert_root_unchanged
	'
}

@test "undo: an override that fails part-way leaves all queues as they were" {
	for path in /sys/bus/ap/drivers/cex4queue/unbind "/sys/devices/ap/card06/06.0047/driver_override" \
		/sys/bus/ap/drivers_probe; do
		sim --kernel 7.3 "
			tool 0 apsim ctl fail $path EIO --after 1 --count 1
			case $path in *override) apsim ctl fail $path EIO --count 1 ;; esac
			tool 1 vfioap reserve -A -Q 05.0047,06.0047
			assert_stderr 'queue 06.0047'
			assert_root_unchanged
			assert_equal \"\$(override 05.0047)\$(override 06.0047)\" ''
		"
	done
	sim --kernel 7.3 '
		tool 0 vfioap reserve -A -Q 05.0047,06.0047
		remember
		tool 0 apsim ctl fail /sys/bus/ap/drivers_probe EIO --after 1 --count 1
		tool 1 vfioap release -A -Q 05.0047,06.0047
		assert_root_unchanged
		assert_equal "$(override 05.0047) $(override 06.0047)" "vfio_ap vfio_ap"
	'
}

@test "release -Q: exactly these by masks, else refused with the smallest release" {
	for kernel in 6.1 6.12 7.3; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -d 0x47,0xab
			remember
			tool 3 vfioap release -A -Q 05.0047
			assert_stderr "masks cannot give back these queues alone: queues 04.0047, 06.0047 would go to the host too"
			assert_stderr --line "hint: '"'"'vfioap release -A -d 0x47'"'"' is the smallest release with them"
			assert_root_unchanged
			tool 0 vfioap release -A -Q 4.47,5.47,6.47
			assert_equal "$(queue_driver 05.0047)" cex4queue
			assert_equal "$(queue_driver 05.00ab)" vfio_ap
		'
	done
}

@test "-Q: usage errors name the item" {
	sim '
		for command in reserve release; do
			tool 2 vfioap $command -A -Q 5
			assert_stderr "--queues: item '"'"'5'"'"' at position 1 is no queue"
			assert_stderr "a queue is written as '"'"'05.0004'"'"'"
			tool 2 vfioap $command -A -Q 05.0004,
			assert_stderr "at position 9"
			tool 2 vfioap $command -A -Q 05.0100
			assert_stderr "is above ff.00ff"
			tool 2 vfioap $command -A -Q 05.0004 -Q 05.0047
			assert_stderr "option '"'"'--queues'"'"' given twice"
			assert_root_unchanged
		done
	'
}
