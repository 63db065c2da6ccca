#!/usr/bin/env bats
# vfioap watch: what changes, in words, and what follows from it.

bats_require_minimum_version 1.8.0
load helpers
load guests

# start_watch [OPTION]: in the background, until it listens; $watch is its PID
start_watch()
{
	vfioap watch "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" &
	watch=$!
	eventually grep -q watching "$BATS_TEST_TMPDIR/err"
}

# told LINE: it says so, by and by
told()
{
	last_command='vfioap watch' status=running
	if ! eventually grep -qxF "$1" "$BATS_TEST_TMPDIR/out"; then
		fail "not told: $1" "$(cat "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err")"
	fi
}

# end_watch SIGNAL: it ends with 0, and had nothing to complain of
end_watch()
{
	local result=0

	kill "-$1" "$watch"
	wait "$watch" || result=$?
	assert_equal "$result" 0 "status of watch"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/err")" "vfioap: watching" "stderr of watch"
}
export -f start_watch told end_watch

@test "watch: cards: what guests and the host cannot use, and can use again" {
	sim '
		tool 0 vfioap reserve -A -d 4
		tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
		apsim ctl guest start "$UUID_A" --name web1 >/dev/null
		start_watch
		apsim ctl card deconfig 5
		apsim ctl scan
		told "adapter 5 deconfigured: guest web1 keeps 05.0004 assigned but cannot use it; the host cannot use 05.0047, 05.00ab, 05.00ff"
		apsim ctl card config 5
		apsim ctl scan
		told "adapter 5 configured: guest web1 can use 05.0004 again; the host can use again 05.0047, 05.00ab, 05.00ff"
		apsim ctl card remove 5
		apsim ctl scan
		told "adapter 5 gone: and with it 05.0004, 05.0047, 05.00ab, 05.00ff; guest web1 keeps 05.0004 assigned but cannot use it"
		told "guest web1 no longer sees queue 05.0004: there is no queue 05.0004"
		apsim ctl card add 5 CEX5C
		apsim ctl scan
		told "guest web1 sees queue 05.0004"
		echo 0 >/sys/devices/ap/card04/04.0047/online
		told "queue 04.0047 set offline"
		echo 0 >/sys/devices/ap/card04/online
		told "adapter 4 set offline"
		end_watch TERM
	'
}

@test "watch: masks, bindings, devices and what others write into them" {
	sim '
		start_watch
		tool 0 vfioap reserve -A -d 4
		told "aqmask domain 4 for guests: the host gives up 04.0004, 05.0004, 06.0004"
		told "queues 04.0004, 05.0004, 06.0004 moved from the host to vfio_ap"
		tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
		told "device '\''$UUID_A'\'' created: it now owns 05.0004"
		echo 6 >"/sys/devices/vfio_ap/matrix/$UUID_A/assign_adapter"
		told "device '\''$UUID_A'\'' gains adapter 6: it now owns 06.0004"
		echo 05.0004 >/sys/bus/ap/drivers/vfio_ap/unbind
		told "queue 05.0004 taken from vfio_ap, without driver: device '\''$UUID_A'\'' keeps 05.0004 assigned but cannot use it"
		told "device '\''$UUID_A'\'' its guest will not see queue 05.0004: vfio_ap does not have 05.0004"
		tool 0 vfioap remove -A "$UUID_A"
		told "device '\''$UUID_A'\'' removed: it no longer owns 05.0004, 06.0004"
		end_watch INT
	'
}

@test "watch: guests that open and close a device, whatever their name" {
	sim '
		tool 0 vfioap reserve -A -d 4
		tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
		start_watch
		apsim ctl guest start "$UUID_A" --name "$(printf "we\033]0;b1")" >/dev/null
		told "guest we?]0;b1 opened device '\''$UUID_A'\'': it sees 05.0004"
		apsim ctl guest stop "$UUID_A"
		told "guest we?]0;b1 closed device '\''$UUID_A'\'': the device keeps 05.0004"
		end_watch TERM
	'
}

@test "watch: the module goes and comes back, and what happens then is told as before" {
	sim '
		tool 0 vfioap reserve -A -d 4
		tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
		start_watch
		apsim ctl module unload vfio_ap
		told "module vfio_ap unloaded: 1 device is gone with it"
		told "queues 04.0004, 05.0004, 06.0004 taken from vfio_ap, without driver"
		apsim ctl module load vfio_ap
		told "module vfio_ap loaded"
		tool 0 vfioap create -A -u "$UUID_B" -a 6 -d 4
		told "device '\''$UUID_B'\'' created: it now owns 06.0004"
		apsim ctl guest start "$UUID_B" --name web2 >/dev/null
		told "guest web2 opened device '\''$UUID_B'\'': it sees 06.0004"
		apsim ctl guest stop "$UUID_B"
		end_watch TERM
	'
}

@test "watch: a flood of events is a few lines, and one that was too much is no harm" {
	sim '
		start_watch
		for i in $(seq 20); do
			echo -0xff >/sys/bus/ap/aqmask
			echo +0xff >/sys/bus/ap/aqmask
		done
		echo -4 >/sys/bus/ap/aqmask
		told "queues 04.0004, 05.0004, 06.0004 moved from the host to vfio_ap"
		[ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -lt 12 ] || fail "not coalesced" "$(cat "$BATS_TEST_TMPDIR/out")"
		# More than it can be sent while it cannot listen: the last change is told all the same.
		kill -STOP "$watch"
		for i in $(seq 4000); do
			echo change
		done >/sys/devices/ap/card06/06.0047/uevent
		echo +4 >/sys/bus/ap/aqmask
		echo 0 >/sys/devices/ap/card04/04.00ab/online
		kill -CONT "$watch"
		told "queues 04.0004, 05.0004, 06.0004 moved from vfio_ap to the host"
		told "queue 04.00ab set offline"
		end_watch TERM
	'
}

@test "watch --json: one object a line, that fits its schema, at once" {
	sim '
		start_watch --json
		tool 0 vfioap reserve -A -d 4
		tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
		apsim ctl guest start "$UUID_A" --name web1 >/dev/null
		apsim ctl card deconfig 5
		apsim ctl scan
		eventually grep -q deconfigured "$BATS_TEST_TMPDIR/out"
		apsim ctl guest stop "$UUID_A"
		apsim ctl module unload vfio_ap
		eventually grep -q unloaded "$BATS_TEST_TMPDIR/out"
		end_watch TERM
		cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/lines"
	'
	local n=0
	while read -r line; do
		printf '%s\n' "$line" >"$BATS_TEST_TMPDIR/line.$((n += 1)).json"
	done <"$BATS_TEST_TMPDIR/lines"
	[ "$n" -ge 6 ] || fail "only $n lines" "6 or more"
	for i in $(seq "$n"); do
		set -- "$@" -i "$BATS_TEST_TMPDIR/line.$i.json"
	done
	tool 0 jsonschema "$@" "$SOURCES/tests/schema/watch.json"
	tool 0 jq -s . "$BATS_TEST_TMPDIR/lines"
	assert_json 'map(.event) | unique == ["card", "device", "guest", "masks", "module", "queue"]'
	assert_json 'any(.subject == "adapter 5" and .change == "deconfigured" and
		(.consequences | index("guest web1 keeps 05.0004 assigned but cannot use it")))'
}

@test "watch: ends quietly when nobody reads any more, also when nothing happens" {
	sim '
		tool 0 timeout 10 bash -c "vfioap watch -q | true; exit \${PIPESTATUS[0]}"
		assert_stderr --exact ""
	'
}

@test "watch: follows the running system alone, and one that has an AP bus" {
	tool 2 vfioap watch --sysroot /
	assert_stderr "nothing happens below '/'"
	VFIOAP_SYSROOT=/ tool 2 vfioap watch
	tool 2 vfioap watch -A
	tool 2 vfioap watch stray
	if [ ! -e /sys/bus/ap ]; then
		tool 4 env -u VFIOAP_SYSROOT vfioap watch
		assert_stderr --line "vfioap: this machine has no AP bus"
	fi
}
