#!/usr/bin/env bats
# vfio_ap is loaded by the commands that need it: behind the masks, before devices.

bats_require_minimum_version 1.8.0
load helpers
load guests

# no_module: vfio_ap is not loaded, and the simulator's modprobe is $MODPROBE
no_module()
{
	apsim ctl module unload vfio_ap 2>/dev/null || :
	MODPROBE=$BATS_TEST_TMPDIR/modprobe
	rm -f "$MODPROBE"
	mv /sbin/modprobe "$MODPROBE"
	ln -s "$MODPROBE" /sbin/modprobe
	remember
}

# modprobe_is SCRIPT: /sbin/modprobe is this script; a dry run is left to the simulator
modprobe_is()
{
	rm -f /sbin/modprobe
	cat >/sbin/modprobe <<-END
		#!/bin/sh
		[ "\$1" != --dry-run ] || exec '$MODPROBE' "\$@"
		$1
	END
	chmod 755 /sbin/modprobe
}

export -f no_module modprobe_is

@test "module: reserve loads it, behind the masks" {
	for kernel in 5.15 6.1 6.12 6.19 7.3; do
		sim --kernel $kernel '
			no_module
			modprobe_is "cat /sys/bus/ap/aqmask >$BATS_TEST_TMPDIR/seen; env >$BATS_TEST_TMPDIR/env; exec $MODPROBE vfio_ap"
			tool 0 vfioap reserve -A -v -d 0x47
			assert_stdout --exact ""
			# Where it takes long, that is said, too.
			assert_equal "$(grep -v "waiting for the kernel module" <<<"$stderr")" \
				"vfioap: echo -0x47 > /sys/bus/ap/aqmask
vfioap: modprobe vfio_ap"
			assert_equal "$(cat "$BATS_TEST_TMPDIR/seen")" 0xfffffffffffffffffeffffffffffffffffffffffffffffffffffffffffffffff
			assert_equal "$(grep -cv "^PWD=\|^SHLVL=\|^_=\|^OLDPWD=" "$BATS_TEST_TMPDIR/env")" 0 "environment"
			assert_equal "$(queue_driver 05.0047)" vfio_ap
		'
	done
}

@test "module: reserve of what is reserved loads it too; --no-modules does not" {
	sim '
		no_module
		tool 0 vfioap reserve -A --no-modules -d 0x47
		assert_equal "$(queue_driver 05.0047)" -
		tool 0 vfioap reserve -A --no-modules -d 0x47
		assert_stderr --exact ""
		assert_equal "$(queue_driver 05.0047)" -
		tool 0 vfioap reserve -A -d 0x47
		assert_equal "$(queue_driver 05.0047)" vfio_ap
	'
}

@test "module: overrides are bound by it" {
	sim --kernel 7.3 '
		no_module
		tool 0 vfioap reserve -A --no-modules -Q 04.0047
		assert_equal "$(queue_driver 04.0047)" -
		tool 0 vfioap reserve -A -Q 05.0047
		assert_equal "$(queue_driver 04.0047)" vfio_ap
		assert_equal "$(queue_driver 05.0047)" vfio_ap
	'
}

@test "module: create --reserve: masks, module, device; -n shows that, and does nothing" {
	for kernel in 5.15 6.1 6.12 7.3; do
		sim --kernel $kernel '
			no_module
			tool 0 vfioap create -A -n --reserve -u "$UUID_A" -a 5 -d 0x47
			assert_stdout --regex "^echo -0x47 > /sys/bus/ap/aqmask
modprobe vfio_ap	# no undo
echo $UUID_A > .*/create"
			assert_root_unchanged
			assert_equal "$(ls -d /sys/devices/vfio_ap 2>/dev/null)" ""
			tool 0 vfioap --json create -A --reserve -u "$UUID_A" -a 5 -d 0x47
			assert_json ".changes[0].path == \"/sys/bus/ap/aqmask\" and (.changes[1] | del(.what)) == {path: \"/sbin/modprobe\", write: \"vfio_ap\", undo: null}"
			assert_json ".reserved.queues == [\"05.0047\"] and .also_taken.queues == [\"04.0047\", \"06.0047\"]"
			assert_equal "$(matrix "$UUID_A")" 05.0047
		'
	done
}

@test "module: what cannot be loaded is refused before anything is written" {
	sim '
		no_module
		rm /sbin/modprobe
		for command in "reserve -A -d 0x47" "create -A --reserve -a 5 -d 0x47" "reserve -n -A -d 0x47"; do
			tool 3 vfioap $command
			assert_stdout --exact ""
			assert_stderr --exact "vfioap: cannot load the kernel module vfio_ap: cannot run '"'"'/sbin/modprobe'"'"': No such file or directory
hint: with --no-modules no module is loaded"
			assert_root_unchanged
		done
		: >/sbin/modprobe
		tool 3 vfioap reserve -A -d 0x47
		assert_stderr "Permission denied"
		printf "#!/bin/sh\necho modprobe: FATAL: Module vfio_ap not found. >&2; exit 1\n" >/sbin/modprobe
		chmod 755 /sbin/modprobe
		tool 3 vfioap --json reserve -A -d 0x47
		assert_stderr --line "vfioap: cannot load the kernel module vfio_ap: modprobe: FATAL: Module vfio_ap not found."
		assert_json ".error.status == 3 and .error.findings[0].code == \"module-missing\""
		assert_root_unchanged
	'
}

@test "module: a modprobe that fails: the masks are taken back, its words are printed, exit 1" {
	for kernel in 6.1 6.12 7.3; do
		sim --kernel $kernel '
			no_module
			modprobe_is "printf \"modprobe: ERROR: \\033[31mno\\nsuch thing\\n\" >&2; exit 1"
			for command in "reserve -A -d 0x47" "create -A --reserve -a 5 -d 0x47"; do
				tool 1 vfioap $command
				assert_stdout --exact ""
				assert_stderr --line "vfioap: cannot load the kernel module vfio_ap: modprobe: ERROR: ?[31mno such thing"
				assert_root_unchanged
			done
		'
	done
	sim --kernel 7.3 '
		no_module
		modprobe_is "exit 1"
		tool 1 vfioap reserve -A -Q 05.0047
		assert_stderr "'"'"'/sbin/modprobe'"'"' failed"
		assert_equal "$(cat /sys/bus/ap/devices/05.0047/driver_override)" ""
		assert_root_unchanged
	'
}

@test "module: what modprobe starts may wait for our lock; we do not wait for it" {
	for kernel in 6.1 6.12 7.3; do
		sim --kernel $kernel '
			no_module
			modprobe_is "$MODPROBE vfio_ap; PATH=$PATH; BATS_TEST_TMPDIR=$BATS_TEST_TMPDIR
				vfioap reserve -A --lock-timeout 30 -d 0xab 2>$BATS_TEST_TMPDIR/err; echo \$? >$BATS_TEST_TMPDIR/status.new
				mv $BATS_TEST_TMPDIR/status.new $BATS_TEST_TMPDIR/status"
			rm -f "$BATS_TEST_TMPDIR/status"
			tool 0 vfioap create -A --reserve -u "$UUID_A" -a 5 -d 0x47
			assert_stdout --exact "$UUID_A"
			eventually test -e "$BATS_TEST_TMPDIR/status"
			assert_equal "$(cat "$BATS_TEST_TMPDIR/status")" 0
			assert_equal "$(queue_driver 05.00ab)" vfio_ap
		'
	done
}

@test "module: a device that it starts by itself counts: its queue is refused, all is taken back" {
	for kernel in 6.1 6.12; do
		sim --kernel $kernel '
			no_module
			define "$UUID_B" auto 5 0x47
			tool 3 vfioap create -A --reserve -u "$UUID_A" -a 5 -d 0x47
			assert_stderr "device '"'"'$UUID_B'"'"' is defined with it and starts by itself"
			assert_root_unchanged
			rm "/etc/mdevctl.d/matrix/$UUID_B"
			remember
			device=/sys/devices/vfio_ap/matrix
			modprobe_is "$MODPROBE vfio_ap
				echo $UUID_B >$device/mdev_supported_types/vfio_ap-passthrough/create
				echo 5 >$device/$UUID_B/assign_adapter; echo 0x47 >$device/$UUID_B/assign_domain"
			tool 0 vfioap reserve -A --no-modules -d 0x47
			tool 0 vfioap reserve -A -d 0x47
			eventually test -e "$device/$UUID_B"
			tool 3 vfioap create -A -u "$UUID_A" -a 5 -d 0x47
			assert_stderr "owned by device '"'"'$UUID_B'"'"'"
		'
	done
}

@test "module: a signal while it is waited for: all is taken back, exit 1" {
	sim '
		set -m
		no_module
		modprobe_is ": >$BATS_TEST_TMPDIR/waiting; sleep 30"
		vfioap reserve -A -d 0x47 2>"$BATS_TEST_TMPDIR/err" & pid=$!
		eventually test -e "$BATS_TEST_TMPDIR/waiting"
		eventually grep -q "waiting for the kernel module vfio_ap" "$BATS_TEST_TMPDIR/err"
		kill -TERM $pid
		result=0
		wait $pid || result=$?
		assert_equal $result 1 "exit status"
		grep -q "stopped by a signal" "$BATS_TEST_TMPDIR/err"
		assert_root_unchanged
	'
}

@test "module: a machine that boots without it" {
	cat >"$BATS_TEST_TMPDIR/lpar.json" <<-'END'
		{"format":1,"cards":[{"id":"4-6","type":"CEX8C"}],"usage_domains":"4,5","vfio_ap":false}
	END
	sim --lpar "$BATS_TEST_TMPDIR/lpar.json" '
		tool 0 vfioap create -A --reserve -u "$UUID_A" -a 5,9 -d 5
		assert_stderr "will not see adapter 9"
		assert_equal "$(guest_matrix "$UUID_A")" 05.0005
	'
}

@test "module: start loads it, one device or all; --no-modules refuses" {
	for device in "$UUID_A" --auto; do
		DEVICE=$device sim '
			tool 0 vfioap reserve -A -d 4
			define "$UUID_A" auto 5 4
			no_module
			tool 3 vfioap start "$UUID_A" --no-modules
			assert_stderr "modprobe vfio_ap"
			assert_root_unchanged
			tool 0 vfioap start "$DEVICE"
			assert_equal "$(matrix "$UUID_A")" 05.0004
		'
	done
}
