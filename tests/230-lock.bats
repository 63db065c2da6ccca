#!/usr/bin/env bats
# The lock shared with s390-tools, as the changing commands see it.

bats_require_minimum_version 1.8.0
load helpers
load guests

@test "lock: a foreign owner is named, exit 5 when the time is over, nothing changed" {
	sim '
		sleep 60 & owner=$!
		echo $owner >/run/lock/s390apconfig.lock
		tool 5 vfioap reserve -A -d 4 --lock-timeout 1
		assert_stderr "$owner"
		assert_stderr "sleep"
		assert_root_unchanged
		assert_equal "$(cat /run/lock/s390apconfig.lock)" $owner
		tool 5 vfioap create -A --reserve -a 5 -d 4 --lock-timeout 0
		tool 5 vfioap remove -A --all --lock-timeout 0
		kill $owner
	'
}

@test "lock: after a second a line says whom we wait for, and then it goes on" {
	sim '
		sleep 60 & owner=$!
		echo $owner >/run/lock/s390apconfig.lock
		waits() { grep -q "held by '"'"'sleep'"'"' (pid $owner)" "$BATS_TEST_TMPDIR/err"; }
		vfioap reserve -A -d 0x47 2>"$BATS_TEST_TMPDIR/err" & pid=$!
		eventually waits
		rm /run/lock/s390apconfig.lock
		wait $pid
		assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/err")" 1 "lines on stderr"
		assert_equal "$(queue_driver 05.0047)" vfio_ap
		kill $owner
	'
}

@test "lock: a dead owner does not matter, and nothing stays behind" {
	sim '
		true & dead=$!
		wait $dead
		echo $dead >/run/lock/s390apconfig.lock
		tool 0 vfioap reserve -A -d 0x47 --lock-timeout 0
		assert_stderr --exact ""
		assert_equal "$(ls /run/lock)" ""
	'
}

@test "lock: released after success, refusal and failure" {
	sim '
		three_guests
		tool 3 vfioap release -A -d 4
		assert_equal "$(ls /run/lock)" "" "refusal"
		tool 0 apsim ctl fail /sys/bus/ap/aqmask EIO
		tool 1 vfioap reserve -A -d 9
		assert_equal "$(ls /run/lock)" "" "failure"
		tool 2 vfioap reserve -A
		assert_equal "$(ls /run/lock)" "" "usage"
	'
}

@test "lock: -n takes none" {
	sim '
		sleep 60 & owner=$!
		echo $owner >/run/lock/s390apconfig.lock
		tool 0 vfioap -n reserve -A -d 4 --lock-timeout 0
		assert_stdout --exact "echo -4 > /sys/bus/ap/aqmask"
		tool 0 vfioap -n --json create -A --reserve -a 5 -d 4
		assert_json ".dry_run and (.changed | not)"
		kill $owner
	'
}

@test "lock: reading takes none" {
	sim '
		sleep 60 & owner=$!
		echo $owner >/run/lock/s390apconfig.lock
		tool 0 lsvfioap -q
		tool 0 vfioap show masks
		kill $owner
	'
}

@test "lock: a signal ends the wait with exit 1" {
	sim '
		sleep 60 & owner=$!
		echo $owner >/run/lock/s390apconfig.lock
		waits() { grep -q waiting "$BATS_TEST_TMPDIR/err"; }
		vfioap reserve -A -d 4 --lock-timeout 60 2>"$BATS_TEST_TMPDIR/err" & pid=$!
		eventually waits
		kill -TERM $pid
		result=0
		wait $pid || result=$?
		assert_equal $result 1 "exit status"
		assert_equal "$(cat /run/lock/s390apconfig.lock)" $owner
		assert_equal "$(ls /run/lock)" s390apconfig.lock
		assert_root_unchanged
		kill $owner
	'
}
