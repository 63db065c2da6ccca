#!/usr/bin/env bats
# A change that cannot be finished is taken back; one that is cut off can be finished.

bats_require_minimum_version 1.8.0
load helpers
load guests

@test "undo: the third of five assigns fails: no device is left, and no mask changed" {
	sim --kernel 6.1 '
		tool 0 apsim ctl fail "/sys/devices/vfio_ap/matrix/*/assign_*" EIO --after 2 --count 1
		tool 1 vfioap create -A --reserve -v -u "$UUID_A" -a 5 -d 4,0x47,0xab,0xff
		assert_stdout --exact ""
		assert_stderr "cannot assign domain 0x47 to device '"'"'$UUID_A'"'"'"
		assert_stderr "undo: echo 1 > /sys/devices/vfio_ap/matrix/$UUID_A/remove"
		assert_stderr "undo: echo +5 > /sys/bus/ap/apmask"
		assert_no_device
		assert_root_unchanged
		tool 0 vfioap create -A --reserve -u "$UUID_A" -a 5 -d 4,0x47,0xab,0xff
	'
}

@test "undo: a refused ap_config leaves no device, and no mask changed" {
	sim --kernel 6.12 '
		tool 0 apsim ctl fail "/sys/devices/vfio_ap/matrix/*/ap_config" EADDRINUSE --count 1
		tool 1 vfioap create -A --reserve -u "$UUID_A" -a 5 -d 4,0x47
		assert_stderr "a queue is assigned to another device"
		assert_no_device
		assert_root_unchanged
	'
}

@test "undo: errnos of the kernel are said in words" {
	sim --kernel 6.1 '
		three_guests
		while read -r errno words; do
			tool 0 apsim ctl fail "/sys/devices/vfio_ap/matrix/$UUID_A/assign_adapter" $errno --count 1
			tool 1 vfioap assign "$UUID_A" -a 4
			assert_stderr "cannot assign adapter 4 to device '"'"'$UUID_A'"'"': $words"
			assert_root_unchanged
		done <<-END
			EADDRINUSE a queue is assigned to another device
			EADDRNOTAVAIL a queue is reserved for the host
			EBUSY a guest uses the device
		END
		tool 0 apsim ctl fail /sys/bus/ap/aqmask EBUSY --count 1
		tool 1 vfioap reserve -A -d 9
		assert_stderr "a device owns a queue that the host would get"
	'
}

@test "undo: one that fails is told, with the command that finishes it, exit 64" {
	sim --kernel 6.1 '
		tool 0 vfioap reserve -A -d 4,0x47
		tool 0 vfioap create -A -u "$UUID_A" -a 5
		tool 0 apsim ctl fail "/sys/devices/vfio_ap/matrix/$UUID_A/assign_domain" EIO --after 1 --count 1
		tool 0 apsim ctl fail "/sys/devices/vfio_ap/matrix/$UUID_A/unassign_adapter" EIO --count 1
		tool 64 vfioap --json assign "$UUID_A" -a 6 -d 4,0x47
		assert_stderr "not undone: assign adapter 6 to device"
		assert_stderr "to take it back: echo 6 > /sys/devices/vfio_ap/matrix/$UUID_A/unassign_adapter"
		assert_json ".error.status == 64"
		sh -c "$(sed -n "s/.*to take it back: //p" <<<"$stderr")"
		assert_equal "$(cat /sys/devices/vfio_ap/matrix/$UUID_A/matrix)" 05.
	'
}

@test "undo: control domains too" {
	sim --kernel 6.1 '
		three_guests
		tool 0 apsim ctl fail "/sys/devices/vfio_ap/matrix/$UUID_A/assign_control_domain" EIO --after 1 --count 1
		tool 1 vfioap assign "$UUID_A" -c 1,2,3
		assert_root_unchanged
	'
}

@test "undo: SIGINT, SIGTERM and SIGHUP: the write is finished, all is taken back, exit 1" {
	for signal in INT TERM HUP; do
		sim --kernel 6.1 "
			set -m
			three_guests
			tool 0 apsim ctl delay '/sys/devices/vfio_ap/matrix/*/assign_control_domain' 300
			vfioap assign -A \$UUID_A -c 1-9 2>\$BATS_TEST_TMPDIR/err & pid=\$!
			begun() { [ -n \"\$(controls \$UUID_A)\" ]; }
			eventually begun
			kill -$signal \$pid
			result=0
			wait \$pid || result=\$?
			assert_equal \$result 1 'exit status'
			grep -q 'stopped by a signal' \$BATS_TEST_TMPDIR/err
			assert_root_unchanged
			assert_equal \"\$(ls /run/lock)\" ''
		"
	done
}

@test "kill -9 between two writes: the machine is readable, no lock in the way, the job can be finished" {
	sim --kernel 6.1 '
		three_guests
		tool 0 apsim ctl delay "/sys/devices/vfio_ap/matrix/*/assign_*" 300
		vfioap assign -A "$UUID_A" -c 1-9 & pid=$!
		begun() { [ -n "$(controls $UUID_A)" ]; }
		eventually begun
		kill -9 $pid
		wait $pid || :
		tool 0 apsim ctl delay "/sys/devices/vfio_ap/matrix/*/assign_*" 0
		tool 0 lsvfioap
		assert_stdout "$UUID_A"
		tool 0 vfioap assign -A "$UUID_A" -c 1-9 --lock-timeout 0
		assert_equal "$(controls "$UUID_A" | wc -w)" 9
		assert_equal "$(matrix "$UUID_A")" "05.0004 05.00ab 06.0004 06.00ab"
	'
}

@test "what somebody else assigned before stays, also when ap_config sets all at once" {
	sim --kernel 6.12 '
		tool 0 vfioap reserve -A -d 4,0x47
		tool 0 vfioap create -A -u "$UUID_A" -a 5
		echo 7 >/sys/devices/vfio_ap/matrix/$UUID_A/assign_control_domain
		tool 0 vfioap assign "$UUID_A" -a 6 -d 4
		assert_equal "$(controls "$UUID_A")" 0007
		assert_equal "$(matrix "$UUID_A")" "05.0004 06.0004"
	'
}

# ---- allocations fail, each in its turn: tests/preload/memory.c ------------------------------------

# What is asked of the kernel and kept for the next boot.
kept()
{
	cat /sys/bus/ap/a[pq]mask /etc/udev/rules.d/* /etc/mdevctl.d/matrix/* 2>/dev/null || :
	ls /sys/devices/vfio_ap/matrix
}

# without COMMAND...: its allocations fail one by one, or some of them.  It says so and changes
# nothing; or it does without, and ends as it does without a fault.  $back undoes that.
without()
{
	local n step=${VFIOAP_TEST_STEP:-23} said=$BATS_TEST_TMPDIR/said before after now result wanted text err

	[ -z "${VFIOAP_TEST_LONG-}" ] || step=1
	# Once for the files that stay when it is undone.
	"$@" >/dev/null 2>&1 || :
	eval "$back" >/dev/null 2>&1
	before=$(kept) wanted=0
	text=$("$@" 2>/dev/null) || wanted=$?
	after=$(kept)
	[ "$wanted" -le 3 ] || fail "status $wanted of: $*"
	eval "$back" >/dev/null 2>&1
	for ((n = 1; ; n += n == 1 ? 1 + RANDOM % step : step)); do
		result=0
		VFIOAP_NO_MEMORY=$n VFIOAP_NO_MEMORY_SAID=$said LD_PRELOAD=$BATS_TEST_TMPDIR/memory.so \
			"$@" >"$said.stdout" 2>"$said.stderr" || result=$?
		[ -e "$said" ] || break
		rm "$said"
		slurp err "$said.stderr"
		case $result in
		"$wanted")
			[ "$(<"$said.stdout")" = "$text" ] || fail "allocation $n of '$*': another text"
			now=$(kept)
			[ "$now" = "$after" ] || fail "allocation $n of '$*': done otherwise: $err" \
				"$(diff <(echo "$after") <(echo "$now"))"
			eval "$back" >/dev/null 2>&1
			;;
		1 | 99)
			[[ $err == *memory* ]] || fail "allocation $n of '$*'" "that it is said: $err"
			now=$(kept)
			# A change that is complete can lack the memory to be told.
			if [ "$now" = "$after" ] && [[ $err == *": out of memory" ]]; then
				eval "$back" >/dev/null 2>&1
			elif [ "$now" != "$before" ]; then
				fail "allocation $n of '$*': something has changed: $err"
			fi
			;;
		*) fail "allocation $n of '$*'" "not status $result: $err" ;;
		esac
	done
	# The last one lacked nothing.
	eval "$back" >/dev/null 2>&1
	[ "$n" -gt 1 ] || fail "no allocation of '$*' has failed"
}

make_memory()
{
	[ -z "${SAN-}" ] || skip "sanitizers have their own malloc"
	"${CC:-cc}" -O1 -U_FORTIFY_SOURCE -fno-builtin -shared -fPIC \
		-o "$BATS_TEST_TMPDIR/memory.so" "$TESTS/preload/memory.c"
}

export -f kept without

@test "memory: a change that lacks some, at whatever step, is said and undone, or done" {
	make_memory
	sim '
		back="vfioap release -q -f -d 4,0xab" without vfioap reserve -d 4,0xab
		vfioap reserve -q -d 4,0xab
		back="vfioap remove $UUID_A" without vfioap create -u "$UUID_A" -a 5 -d 4
		vfioap create -u "$UUID_A" -a 5 -d 4 >/dev/null
		vfioap create -P -u "$UUID_B" -a 6 -d 4 >/dev/null
		back="vfioap unassign $UUID_A -d 0xab" without vfioap assign "$UUID_A" -d 0xab
		back="vfioap assign $UUID_A -d 4" without vfioap unassign "$UUID_A" -d 4
		back="vfioap set $UUID_A -a 5 -d 4" without vfioap set "$UUID_A" -a 5 -d 4,0xab
		back="vfioap stop $UUID_B" without vfioap start "$UUID_B"
		back="vfioap start $UUID_A" without vfioap stop "$UUID_A"
		back="vfioap create -u $UUID_A -a 5 -d 4" without vfioap remove "$UUID_A"
		back="vfioap reserve -q -d 0xab" without vfioap release -q -d 0xab
		back="chzdev_ap -q -p apmask=+5" without chzdev_ap -q -p apmask=-5
		vfioap export --format plan >"$BATS_TEST_TMPDIR/plan"
		vfioap release -q -f -d 0xab
		back="vfioap release -q -f -d 0xab" without vfioap apply "$BATS_TEST_TMPDIR/plan"
	'
}

@test "memory: what is printed is all of it, or it is said that some was lacking" {
	make_memory
	sim '
		back=:
		vfioap reserve -q -d 4,0xab
		vfioap create -u "$UUID_A" -a 5 -d 4,0xab >/dev/null
		vfioap create -P -u "$UUID_B" -a 6 -d 4 >/dev/null
		vfioap export --format plan >"$BATS_TEST_TMPDIR/plan"
		without vfioap mask --json 1-4
		without vfioap mask --change +5,-6 1-4
		for json in "" --json; do
			for view in --devices --queues; do
				without vfioap list $view $json
			done
			for view in host masks device matrix guest "queue 5.4"; do
				without vfioap show $view $json
			done
			without vfioap check $json
			without vfioap check --plan "$BATS_TEST_TMPDIR/plan" $json
			without vfioap find 1x1 $json
		done
		without vfioap list --map
		for format in plan mdevctl libvirt-nodedev libvirt-hostdev qemu shell; do
			without vfioap export --format $format
		done
		without chzdev_ap --list
		without chzdev_ap --export -
	'
}
