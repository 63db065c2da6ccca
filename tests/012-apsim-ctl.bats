#!/usr/bin/env bats
# apsim ctl: faults, delays, the log, guests, reboot; apsim mount.

bats_require_minimum_version 1.8.0
load helpers

DEVICE=/sys/devices/vfio_ap/matrix
CREATE=$DEVICE/mdev_supported_types/vfio_ap-passthrough/create
export DEVICE CREATE

# A server that a failed test has left; bats waits for whoever has its descriptor 3.
teardown()
{
	[ -z "${server-}" ] || kill "$server" 2>/dev/null || :
}

# ---- usage ------------------------------------------------------------------------

@test "apsim: help and version of everything" {
	tool 0 apsim --version
	assert_stdout --regex '^apsim [0-9]+\.[0-9]+\.[0-9]+$'
	for words in "" run mount ctl "ctl fail" "ctl delay" "ctl log" "ctl guest" "ctl reboot"; do
		tool 0 apsim $words --help
		assert_stdout "Usage: apsim${words:+ $words}"
		assert_stderr --exact ""
	done
	tool 2 apsim
	tool 2 apsim no-such-command
	assert_stderr --line "apsim: unknown command 'no-such-command'"
	tool 2 apsim mount
	tool 2 apsim mount a b
	tool 1 apsim mount /no/such/directory
	assert_stderr --line "apsim: cannot find '/no/such/directory': No such file or directory"
	touch "$BATS_TEST_TMPDIR/file"
	tool 1 apsim mount "$BATS_TEST_TMPDIR/file"
	assert_stderr --line "apsim: '$BATS_TEST_TMPDIR/file' is not a directory"
	if [ -e /dev/full ]; then
		tool 1 sh -c 'apsim --help >/dev/full'
	fi
}

@test "ctl: outside of a machine says where it belongs" {
	unset APSIM_CONTROL
	tool 1 apsim ctl state
	assert_stderr --line "apsim: cannot open '/run/apsim/control': No such file or directory"
	assert_stderr "hint: ctl works inside 'apsim run'"
}

@test "ctl: wrong usage is 2 and names the culprit" {
	sim '
		tool 2 apsim ctl
		for words in "fly" "fail" "fail /sys/bus/ap/apmask" "fail /sys/bus/ap/apmask EFOO" \
			"fail /etc/passwd EIO" "fail /sys/bus/ap/apmask EIO --count x" "fail --no" \
			"delay" "delay /sys/bus/ap/apmask x" "delay /etc/passwd 5" "log x" "reboot x" \
			"guest" "guest start" "guest run x" "guest stop x --name y" "card" "card add 5" \
			"domain add" "domain add --both 5" "module load" "scan x" "state x"; do
			tool 2 apsim ctl $words
			assert_stdout --exact ""
			assert_stderr "apsim: "
		done
		tool 0 apsim ctl log
		refute_stdout "apsim ctl"
	'
}

# ---- faults -------------------------------------------------------------------------

@test "ctl fail: a write fails with the errno that was ordered, and does nothing" {
	sim '
		apsim ctl fail /sys/bus/ap/apmask EBUSY
		tool 1 bash -c "printf -- -5 >/sys/bus/ap/apmask"
		assert_stderr "busy"
		assert_root_unchanged
		apsim ctl fail /sys/bus/ap/apmask 5
		tool 1 bash -c "printf -- -5 >/sys/bus/ap/apmask"
		assert_stderr "Input/output error"
		apsim ctl fail /sys/bus/ap/apmask 0
		printf -- -5 >/sys/bus/ap/apmask
	'
}

@test "ctl fail --after, --count: lets some pass, then fails some, then passes again" {
	sim '
		apsim ctl fail /sys/bus/ap/apmask EIO --after 2 --count 1
		results=""
		for i in 1 2 3 4 5; do
			if printf -- -5 2>/dev/null >/sys/bus/ap/apmask; then
				results+=" ok"
			else
				results+=" failed"
			fi
		done
		assert_equal "$results" " ok ok failed ok ok"
	'
}

@test "ctl fail --read: reads fail, and writes do not" {
	sim '
		apsim ctl fail --read /sys/bus/ap/apmask EIO
		tool 1 cat /sys/bus/ap/apmask
		assert_stderr "Input/output error"
		printf -- -5 >/sys/bus/ap/apmask
	'
}

@test "ctl fail: patterns, links, files that do not exist yet, and /dev/vfio" {
	sim '
		apsim ctl fail "/sys/bus/ap/a?mask" EIO
		tool 1 bash -c "printf -- -5 >/sys/bus/ap/apmask"
		tool 1 bash -c "printf -- -5 >/sys/bus/ap/aqmask"
		apsim ctl fail "/sys/bus/ap/a?mask" 0
		apsim ctl fail /sys/bus/ap/devices/05.0004/online EPERM
		tool 1 bash -c "echo 0 >/sys/devices/ap/card05/05.0004/online"
		assert_stderr "not permitted"
		apsim ctl fail $DEVICE/$UUID_A/assign_adapter ENODEV
		echo $UUID_A >$CREATE
		tool 1 bash -c "echo 5 >$DEVICE/$UUID_A/assign_adapter"
		assert_stderr "No such device"
		apsim ctl fail /dev/vfio/0 EBUSY --count 1
		tool 1 cat /dev/vfio/0
		assert_stderr "busy"
		exec 3<>/dev/vfio/0
	'
}

@test "ctl delay: a write takes as long as was ordered" {
	sim '
		apsim ctl delay /sys/bus/ap/apmask 300
		start=$(date +%s%N)
		printf -- -5 >/sys/bus/ap/apmask
		[ $((($(date +%s%N) - start) / 1000000)) -ge 300 ] || fail "it was faster"
		# Others are not held up meanwhile.
		printf -- -6 >/sys/bus/ap/apmask &
		tool 0 timeout 5 cat /sys/bus/ap/aqmask
		wait
		apsim ctl delay /sys/bus/ap/apmask 0
	'
}

# ---- the log ----------------------------------------------------------------------------

@test "ctl log: every write with its result, kernel messages between them" {
	sim '
		printf -- -4 >/sys/bus/ap/aqmask
		echo 5 >/sys/bus/ap/scans
		! printf "a\tb" 2>/dev/null >/sys/bus/ap/apmask
		! printf "it'"'"'s" 2>/dev/null >/sys/bus/ap/apmask
		apsim ctl fail /sys/bus/ap/apmask EIO --count 1
		! printf -- -5 2>/dev/null >/sys/bus/ap/apmask
		apsim ctl card deconfig 5
		tool 0 apsim ctl log
		assert_golden apsim/log
		apsim ctl log --clear
		tool 0 apsim ctl log
		assert_stdout --exact ""
	'
}

@test "ctl log: run again it makes the same machine" {
	sim '
		printf -- -4,-0x47 >/sys/bus/ap/aqmask
		echo $UUID_A >$CREATE
		echo 5 >$DEVICE/$UUID_A/assign_adapter
		echo 4 >$DEVICE/$UUID_A/assign_domain
		apsim ctl card remove 6
		apsim ctl domain add --control 9
		apsim ctl scan
		apsim ctl guest start $UUID_A --name web1
		apsim ctl log >$BATS_TEST_TMPDIR/log
		apsim ctl state | jq "del(.. | .pid?)" >$BATS_TEST_TMPDIR/state
	' >/dev/null
	sim '
		tool 0 bash "$BATS_TEST_TMPDIR/log"
		apsim ctl state | jq "del(.. | .pid?)" | diff -u "$BATS_TEST_TMPDIR/state" -
	'
}

# ---- guests --------------------------------------------------------------------------------

@test "ctl guest: a process like QEMU has the device, until it is stopped" {
	sim '
		printf -- -4 >/sys/bus/ap/aqmask
		echo $UUID_A >$CREATE
		echo 5 >$DEVICE/$UUID_A/assign_adapter
		echo 4 >$DEVICE/$UUID_A/assign_domain
		tool 0 apsim ctl guest start 6217 --name web1
		pid=$stdout
		assert_equal "$(tr "\0" " " <"/proc/$pid/cmdline")" "qemu-system-s390x -name guest=web1,debug-threads=on -machine s390-ccw-virtio -device vfio-ap,sysfsdev=/sys/bus/mdev/devices/$UUID_A "
		assert_equal "$(cat "/proc/$pid/comm")" qemu-system-s39
		[[ $(ls -l "/proc/$pid/fd") == *"-> /dev/vfio/0"* ]]
		assert_equal "$(cat /sys/bus/ap/devices/05.0004/status)" "in use"
		tool 1 apsim ctl guest start $UUID_A
		assert_stderr "cannot open '"'"'/dev/vfio/0'"'"': Device or resource busy"
		tool 1 apsim ctl guest start cef0
		assert_stderr "no mediated device '"'"'cef0'"'"'"
		tool 0 apsim ctl guest stop $UUID_A
		assert_equal "$(cat /sys/bus/ap/devices/05.0004/status)" assigned
		[ ! -e "/proc/$pid/fd/0" ]
		tool 1 apsim ctl guest stop $UUID_A
		tool 0 apsim ctl guest start $UUID_A
		assert_stdout --regex "^[0-9]+\$"
	'
}

@test "ctl guest: remove waits for it" {
	sim '
		printf -- -4 >/sys/bus/ap/aqmask
		echo $UUID_A >$CREATE
		apsim ctl guest start $UUID_A >/dev/null
		echo 1 >$DEVICE/$UUID_A/remove &
		gone() { [ ! -e /sys/bus/mdev/devices/$UUID_A ]; }
		eventually gone
		[ -d $DEVICE/$UUID_A ]
		kill -0 $!
		tool 0 apsim ctl guest stop 6217
		wait $!
		[ ! -e $DEVICE/$UUID_A ]
	'
}

@test "ctl guest: many writers that wait do not keep others from being served" {
	sim '
		for i in $(seq 10 49); do
			echo 62177883-f1bb-47f0-914d-32a22e3a88$i >$CREATE
			apsim ctl guest start 62177883-f1bb-47f0-914d-32a22e3a88$i >/dev/null
		done
		for i in $(seq 10 49); do
			echo 1 >$DEVICE/62177883-f1bb-47f0-914d-32a22e3a88$i/remove &
		done
		none() { [ -z "$(ls /sys/bus/mdev/devices)" ]; }
		eventually none
		for i in $(seq 10 49); do
			tool 0 timeout 10 apsim ctl guest stop 62177883-f1bb-47f0-914d-32a22e3a88$i
		done
		wait
		assert_equal "$(devices)" ""
	'
}

# ---- reboot --------------------------------------------------------------------------------------

# define START ADAPTER DOMAIN UUID
define()
{
	mkdir -p /etc/mdevctl.d/matrix
	printf '{"mdev_type":"vfio_ap-passthrough","start":"%s","attrs":[{"assign_adapter":"%s"},{"assign_domain":"%s"}]}' \
		"$1" "$2" "$3" >"/etc/mdevctl.d/matrix/$4"
}

# rules AQMASK: as chzdev writes them
rules()
{
	cat >/etc/udev/rules.d/41-ap.rules <<-END
		# Generated by chzdev
		ACTION=="add", DEVPATH=="/bus/ap", ATTR{bindings_complete_count}!="0", GOTO="cfg_ap"
		ACTION=="change", SUBSYSTEM=="ap", DEVPATH=="/devices/ap", ENV{BINDINGS}=="complete", ENV{COMPLETECOUNT}=="1", GOTO="cfg_ap"
		GOTO="end_ap"

		LABEL="cfg_ap"

		ATTR{../../bus/ap/aqmask}="$1"
		RUN{builtin}+="kmod load vfio_ap"

		LABEL="end_ap"
	END
}

export -f define rules

@test "ctl reboot: rules, vfio_ap, then the definitions that start by themselves" {
	# Not with an mdevctl that is installed here.
	for kernel in 6.1 6.12 7.3; do
		sim --kernel $kernel '
			rules 0xf7$(printf "%062d" 0 | tr 0 f)
			define auto 5 4 $UUID_A
			define manual 6 4 $UUID_B
			define auto 5 4 $UUID_C
			printf -- -9 >/sys/bus/ap/apmask
			apsim ctl module unload vfio_ap
			touch /run/lock/s390apconfig.lock
			tool 0 env PATH="$VFIOAP_BUILD" apsim ctl reboot
			assert_stderr "autostart of '"'"'$UUID_C'"'"': failed to write 4 to attribute '"'"'assign_domain'"'"': Address already in use"
			refute_stderr "$UUID_B"
			assert_equal "$(devices)" "$UUID_A"
			assert_equal "$(matrix "$UUID_A")" 05.0004
			assert_equal "$(apmask)" "0x$(printf "%064d" 0 | tr 0 f)"
			assert_equal "$(queue_driver 06.0004)" vfio_ap
			[ ! -e /run/lock/s390apconfig.lock ]
		'
	done
}

@test "ctl reboot: without rules the masks are those of the boot parameters" {
	echo '{"cards":[{"id":5}],"usage_domains":"4","boot":{"aqmask":"0x0"},"vfio_ap":false}' \
		>"$BATS_TEST_TMPDIR/lpar.json"
	sim --lpar "$BATS_TEST_TMPDIR/lpar.json" '
		printf 0xff >/sys/bus/ap/aqmask
		apsim ctl reboot
		assert_equal "$(aqmask)" "0x$(printf "%064d" 0)"
		[ ! -e /sys/devices/vfio_ap ]
	'
}

@test "ctl reboot: a definition that is none stops all of them, as in mdevctl" {
	sim '
		rules 0xf7$(printf "%062d" 0 | tr 0 f)
		define auto 5 4 $UUID_A
		echo "{" >/etc/mdevctl.d/matrix/$UUID_B
		tool 1 env PATH="$VFIOAP_BUILD" apsim ctl reboot
		assert_stderr "$UUID_B'"'"' is not a definition"
		assert_equal "$(devices)" ""
	'
}

@test "ctl reboot: leaves autostart to mdevctl, where there is one" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho "mdevctl $*"\n' >"$BATS_TEST_TMPDIR/bin/mdevctl"
	chmod +x "$BATS_TEST_TMPDIR/bin/mdevctl"
	sim '
		define auto 5 4 $UUID_A
		PATH=$BATS_TEST_TMPDIR/bin:$PATH
		tool 0 apsim ctl reboot
		assert_stdout --exact "mdevctl start-parent-mdevs matrix"
		assert_equal "$(devices)" ""
	'
}

@test "ctl reboot: guests are gone; --bare leaves user space out" {
	sim '
		rules 0xf7$(printf "%062d" 0 | tr 0 f)
		echo $UUID_A >$CREATE
		tool 0 apsim ctl guest start $UUID_A
		pid=$stdout
		tool 0 apsim ctl reboot --bare
		[ ! -e "/proc/$pid/fd/0" ]
		assert_equal "$(aqmask)" "0x$(printf "%064d" 0 | tr 0 f)"
		[ ! -e /sys/devices/vfio_ap ]
		assert_equal "$(cat /sys/bus/ap/bindings)" "12/12 (complete)"
	'
}

# ---- apsim mount -------------------------------------------------------------------------------------

@test "mount: serves DIR/sys until it is told to end, and can be controlled" {
	local dir=$BATS_TEST_TMPDIR/machine
	mkdir "$dir"
	apsim mount --lpar docs --kernel 7.3 "$dir" 3>&- &
	server=$!
	eventually test -e "$dir/sys/bus/ap/apmask"
	printf -- -4 >"$dir/sys/bus/ap/aqmask"
	assert_equal "$(readlink "$dir/sys/bus/ap/devices/05.0004/driver")" ../../../../bus/ap/drivers/vfio_ap
	export APSIM_CONTROL=$dir/control
	tool 0 apsim ctl log
	assert_stdout --line "printf '%s' '-4' > $dir/sys/bus/ap/aqmask  # ok"
	tool 0 apsim ctl fail "$dir/sys/bus/ap/aqmask" EIO
	tool 1 bash -c 'printf -- -5 >"$0"' "$dir/sys/bus/ap/aqmask"
	echo "$UUID_A" >"$dir$CREATE"
	tool 0 apsim ctl guest start 6217
	local guest=$stdout
	tool 1 cat "$dir/dev/vfio/0"
	tool 0 apsim ctl guest stop 6217
	[ ! -e "/proc/$guest/fd/0" ]
	tool 0 apsim ctl reboot
	kill "$server"
	wait "$server"
	[ ! -e "$dir/sys" ]
}
