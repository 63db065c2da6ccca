#!/usr/bin/env bats
# What the host loses by vfioap reserve, and what a guest leaves behind at vfioap release.

bats_require_minimum_version 1.8.0
load helpers
load guests

# busy APQN FILE: the queue has three requests in flight
busy()
{
	echo 3 >"$BATS_TEST_TMPDIR/three"
	mount --bind "$BATS_TEST_TMPDIR/three" "/sys/devices/ap/card${1%.*}/$1/$2"
}

export -f busy

@test "loss: the last online queue of a mode, and the default domain, are warnings" {
	for kernel in 6.1 6.12 7.3; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -a 6
			assert_stderr --exact "vfioap: warning: the host loses its last online accelerator queue"
			tool 0 vfioap reserve -A -q -a 4,5
			assert_stderr --line "vfioap: warning: the host loses its last online CCA queue"
			assert_stderr --line "vfioap: warning: the host loses its default domain 4"
			assert_stderr --line "hint: '"'"'chzcrypt -q DOMAIN'"'"' chooses another one"
			refute_stderr EP11
		'
	done
}

@test "loss: queues that are not online are no loss" {
	cat >"$BATS_TEST_TMPDIR/off.json" <<-'END'
		{"format":1,"cards":[{"id":4,"type":"CEX8P"},{"id":5,"type":"CEX8P","config":false},
		 {"id":6,"type":"CEX8A"}],"usage_domains":"4,5"}
	END
	sim --lpar "$BATS_TEST_TMPDIR/off.json" '
		tool 0 vfioap reserve -n -A -a 4
		assert_stderr --exact "vfioap: warning: the host loses its last online EP11 queue"
		tool 0 vfioap reserve -n -A -a 5
		assert_stderr --exact ""
		for queue in 04.0004 04.0005; do
			echo 0 >/sys/bus/ap/devices/$queue/online
		done
		tool 0 vfioap reserve -n -A -a 4
		assert_stderr --exact ""
	'
}

@test "loss: only files of queues that move, and of one more card, are read" {
	sim --lpar z16 '
		apsim ctl fail "/sys/devices/ap/card*/*.0001/*q_count" EIO
		tool 0 vfioap reserve -A -d 2
		assert_stderr --exact ""
	'
}

@test "requests in flight: refused, named, nothing changes; with -f a warning" {
	for file in requestq_count pendingq_count; do
		sim "
			busy 05.0047 $file
			tool 3 vfioap reserve -A -d 0x47
			assert_stdout --exact ''
			assert_stderr --exact \"vfioap: cannot take queue 05.0047 from the host: requests are in flight
hint: wait until they are done; --force loses them\"
			assert_root_unchanged
			tool 3 vfioap reserve -A -a 4,5 -d 0x47
			assert_root_unchanged
			tool 3 vfioap create -A --reserve -u \$UUID_A -a 6 -d 0x47
			assert_stderr 'queue 05.0047'
			assert_root_unchanged
			tool 3 vfioap --json reserve -A -Q 04.0047,05.0047,06.0047
			assert_json '.error.findings[0].code == \"queue-busy\" and .error.findings[0].queues == [\"05.0047\"]'
			assert_root_unchanged
			tool 0 vfioap reserve -A -a 4 -d 0x47,0xab,0xff,4
			tool 0 vfioap reserve -A -f -d 0x47
			assert_stderr --line 'vfioap: warning: requests in flight of queue 05.0047 are lost'
			assert_equal \"\$(queue_driver 05.0047)\" vfio_ap
		"
	done
}

@test "cards older than CEX4: refused by -a and -Q, a warning by -d and with -f" {
	cat >"$BATS_TEST_TMPDIR/old.json" <<-'END'
		{"format":1,"cards":[{"id":3,"type":"CEX3C"},{"id":4,"type":"CEX4C"}],"usage_domains":"4,5"}
	END
	for kernel in 5.15 6.1; do
		sim --kernel $kernel --lpar "$BATS_TEST_TMPDIR/old.json" '
			for queues in "-a 3" "-a 3,4 -d 5" "-Q 03.0004,03.0005"; do
				tool 3 vfioap reserve -A $queues
				assert_stderr "the card is older than CEX4, and vfio_ap does not know it"
				assert_stderr --line "hint: name younger cards; --force leaves it without driver"
				assert_root_unchanged
			done
			tool 0 vfioap reserve -A -d 5
			assert_stderr "warning: queue 03.0005 without driver: the card is older than CEX4"
			assert_equal "$(queue_driver 03.0005)" -
			tool 0 vfioap reserve -A -f -Q 03.0004
			assert_stderr "warning: queue 03.0004 without driver"
		'
	done
}

@test "release: master keys that are still set are named, with what to do" {
	for kernel in 5.15 6.1 6.12 7.3; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -A -d 0x47
			tool 0 vfioap --json release -A -d 0x47
			assert_stderr --regex "warning: master keys of a guest may be left in queues 04.0047, 05.0047: AES CUR, APKA CUR"
			assert_stderr --line "hint: zeroize them (TKE, panel) before another use"
			assert_json ".warnings[0] | test(\"master keys\")"
			tool 0 vfioap reserve -A -a 6
			tool 0 vfioap release -A -a 6
			assert_stderr --exact ""
			tool 0 vfioap reserve -A -d 0x47
			tool 0 vfioap release -n -A -d 0x47
			refute_stderr "master keys"
		'
	done
}

@test "release: the wrapping key of EP11 cards too" {
	cat >"$BATS_TEST_TMPDIR/ep11.json" <<-'END'
		{"format":1,"cards":[{"id":4,"type":"CEX8P"},{"id":5,"type":"CEX8P","master_keys":false}],
		 "usage_domains":"4,5"}
	END
	sim --lpar "$BATS_TEST_TMPDIR/ep11.json" '
		tool 0 vfioap reserve -A -d 5
		tool 0 vfioap release -A -d 5
		assert_stderr --line "vfioap: warning: master keys of a guest may be left in queue 04.0005: WK CUR"
	'
}
