#!/usr/bin/env bats
# vfioap doctor: what is read, on recorded trees and on a simulated machine.  What each item makes
# of it is in tests/unit/test_doctor.c.

bats_require_minimum_version 1.8.0
load helpers
load guests

setup()
{
	export LC_ALL=C COLUMNS=80
	unset VFIOAP_SYSROOT NO_COLOR
}

# doctor STATUS ARGUMENTS...: of the dump in use
doctor()
{
	local want=$1
	shift

	tool "$want" vfioap doctor --sysroot "$ROOT" "$@"
}

# assert_item NAME STATE TEXT: of the JSON of the last doctor
assert_item()
{
	local got

	got=$(jq -r --arg name "$1" '.items[] | select(.item == $name) | .state + ": " + .message' \
		<<<"$stdout")
	[[ $got == "$2: "*"$3"* ]] || fail "item $1 is '$got'" "$2: ...$3..."
}
export -f assert_item

# put FILE: below the root, with its directories, from stdin
put()
{
	mkdir -p "$(dirname "$ROOT/$1")"
	cat >"$ROOT/$1"
}

# A definition that starts by itself.
automatic()
{
	put "etc/mdevctl.d/matrix/$UUID_C" <<-'END'
		{ "mdev_type": "vfio_ap-passthrough", "start": "auto", "attrs": [
		  { "assign_adapter": "6" }, { "assign_domain": "0x47" } ] }
	END
}

@test "doctor: recorded machines: exit 1 where something fails" {
	use_dump docs
	doctor 0
	assert_golden doctor/docs.txt
	assert_stderr --exact ''
	assert_root_unchanged
	rm -rf "$ROOT"
	use_dump trouble
	doctor 1
	assert_golden doctor/trouble.txt
	assert_stderr --exact ''
	refute_stdout --regex $'[^\n]{81}'
}

@test "doctor --json: the same items, a hint where there is something to do" {
	use_dump trouble
	doctor 1
	states=$(sed -nE 's/^(ok|warn|fail) +([a-z-]+) .*/\2 \1/p' <<<"$stdout")
	doctor 1 --json
	assert_json '.format == 1 and ([.items[] | keys] | unique == [["hint", "item", "message", "state"]])'
	assert_json '[.items[] | (.state == "ok") == (.hint == null)] | all'
	assert_equal "$(jq -r '.items[] | .item + " " + .state' <<<"$stdout")" "$states" items
	doctor 0 --json -A
	assert_json '[.items[] | .state] | index("fail") == null'
}

@test "doctor -A, -P: the running system, the next boot" {
	use_dump trouble
	doctor 0 -A
	assert_stdout --regex $'\nwarn  cards '
	refute_stdout autostart
	doctor 1 -P
	assert_stdout --regex $'\nfail  autostart '
	refute_stdout --regex $'\n[a-z]+ +cards '
	doctor 1 -A -P
	assert_stdout cards
	assert_stdout autostart
}

@test "doctor: no AP bus" {
	ROOT=$BATS_TEST_TMPDIR
	doctor 1
	assert_stdout --line 'fail  ap-bus           this machine has no AP bus'
	refute_stdout qci
}

@test "doctor: colours when asked for" {
	use_dump trouble
	doctor 1 --color always
	assert_stdout $'\e[32mok  \e[0m  ap-bus'
	assert_stdout $'\e[31mfail\e[0m  autostart'
	doctor 1
	refute_stdout $'\e'
}

@test "doctor: cards older than CEX4, and no QCI" {
	use_dump docs
	echo 9 >"$ROOT/sys/devices/ap/card06/hwtype"
	for mask in adapter usage_domain control_domain; do
		echo 'not supported' >"$ROOT/sys/bus/ap/ap_${mask}_mask"
	done
	doctor 1 --json
	assert_item cards warn 'too old 6'
	assert_item qci fail 'no guest would see a queue'
}

@test "doctor: reading 'matrix', by the file that tells a new kernel, and by the devices" {
	use_dump docs
	doctor 0 --json
	assert_item matrix-read warn 'not known to be safe'
	{ printf '0x' && printf 'f%.0s' {1..64} && printf ',0x' && printf 'f%.0s' {1..64} &&
		printf ',0x%064d\n' 0; } >"$ROOT/sys/devices/vfio_ap/matrix/$UUID_A/ap_config"
	doctor 1 --json
	assert_item matrix-read fail "'$UUID_A' has 65536 queues"
	echo 1 >"$ROOT/sys/bus/ap/bindings_complete_count"
	doctor 0 --json
	assert_item matrix-read ok 'safe'
}

@test "doctor: a guest itself, of KVM or z/VM, or in a partition; Secure Execution" {
	use_dump docs
	doctor 0 --json
	assert_json '[.items[] | .item] | index("nested") == null'
	printf 'Manufacturer:         IBM\nLPAR Number:          3\n' | put proc/sysinfo
	doctor 0 --json
	assert_item nested ok 'partition'
	printf 'LPAR Number: 3\nVM00 Name:            LINUX1\nVM00 Control Program: KVM/Linux       \n' |
		put proc/sysinfo
	doctor 0 --json
	assert_item nested warn 'the host is a guest of KVM/Linux: it can'
	printf 'VM00 Control Program: z/VM    7.3.0\n' | put proc/sysinfo
	echo 0 | put sys/firmware/uv/prot_virt_guest
	doctor 0 --json
	assert_item nested warn 'guest of z/VM    7.3.0'
	assert_item secure-execution ok ''
	echo 1 >"$ROOT/sys/firmware/uv/prot_virt_guest"
	doctor 1 --json
	assert_item secure-execution fail 'Secure Execution guest'
}

@test "doctor: rules that chzdev has not written, and a file of the same name in /run" {
	use_dump docs
	echo 'ATTR{../../bus/ap/apmask}="0xff"' | put etc/udev/rules.d/41-ap.rules
	doctor 1 --json
	assert_item rules fail "'/etc/udev/rules.d/41-ap.rules' is not as chzdev writes it: line 1:"
	echo '# x' | put run/udev/rules.d/41-ap.rules
	doctor 1 --json
	assert_item rules-run warn 'udev reads the one in /etc'
	rm "$ROOT/etc/udev/rules.d/41-ap.rules"
	doctor 0 --json
	assert_item rules ok 'sets no mask'
	assert_item rules-run warn 'until the next boot'
}

@test "doctor: masks on the command line, and overrides that they forbid" {
	use_dump docs
	echo 4,5 >"$ROOT/sys/module/ap/parameters/aqmask"
	doctor 1 --json
	assert_item boot-masks fail 'ap.aqmask=4,5 is no mask'
	echo 0xf7 >"$ROOT/sys/module/ap/parameters/aqmask"
	doctor 0 --json
	assert_item boot-masks ok ''
	echo 05.0004 | put etc/vfioap/overrides
	doctor 1 --json
	assert_item boot-masks fail '1 queues are for guests by driver override'
	rm "$ROOT/etc/vfioap/overrides"
	echo vfio_ap | put etc/driverctl.d/ap-05.0004
	doctor 1 --json
	assert_item boot-masks fail '1 queues are for guests by driver override'
}

@test "doctor: mdevctl, what its rule runs, and the directories that it wants" {
	use_dump docs
	put usr/bin/mdevctl </dev/null
	cat >"$ROOT/rule" <<-'END'
		ACTION=="change", ENV{MDEV_STATE}=="registered", TEST=="/etc/mdevctl.d/$kernel", RUN+="/bin/sh -c '{ /usr/sbin/mdevctl start-parent-mdevs %k 2>&3; }'"
	END
	doctor 0 --json
	assert_item mdevctl ok '/usr/bin/mdevctl is there'
	assert_item mdevctl-rule warn 'there is no 60-mdevctl.rules'
	put usr/lib/udev/rules.d/60-mdevctl.rules <"$ROOT/rule"
	doctor 0 --json
	assert_item mdevctl-rule warn \
		"'/usr/lib/udev/rules.d/60-mdevctl.rules' runs /usr/sbin/mdevctl, which is not there: mdevctl is /usr/bin/mdevctl"
	automatic
	doctor 1 --json
	assert_item mdevctl-rule fail 'which is not there'
	sed 's|/usr/sbin|/usr/bin|' "$ROOT/rule" | put etc/udev/rules.d/60-mdevctl.rules
	doctor 1 --json
	assert_item mdevctl-rule ok "'/etc/udev/rules.d/60-mdevctl.rules' runs /usr/bin/mdevctl"
	mkdir -p "$ROOT/usr/lib/mdevctl/scripts.d/callouts"
	doctor 1 --json
	assert_item mdevctl fail "directory '/usr/lib/mdevctl/scripts.d/notifiers' is missing"
	rm -r "$ROOT/etc/mdevctl.d"
	doctor 1 --json
	assert_item mdevctl fail "directory '/etc/mdevctl.d' is missing"
}

@test "doctor: our callout: linked, not linked, broken; ap-check and its wrapper" {
	use_dump docs
	callouts=etc/mdevctl.d/scripts.d/callouts
	doctor 0 --json
	assert_item callouts warn 'asks nobody'
	ln -s /usr/libexec/vfioap/vfioap-callout "$ROOT/$callouts/00-vfioap-callout"
	doctor 1 --json
	assert_item callouts fail "'/$callouts/00-vfioap-callout' cannot be run"
	put usr/libexec/vfioap/vfioap-callout </dev/null
	doctor 1 --json
	assert_item callouts fail 'cannot be run'
	chmod +x "$ROOT/usr/libexec/vfioap/vfioap-callout"
	doctor 0 --json
	assert_item callouts ok 'asks our callout'
	put $callouts/ap-check.sh </dev/null
	doctor 1 --json
	assert_item callouts fail 'without ap-check'
	put usr/lib/mdevctl/scripts.d/callouts/ap-check </dev/null
	doctor 0 --json
	assert_item callouts ok 'asks our callout, and not ap-check'
	rm "$ROOT/$callouts/00-vfioap-callout"
	doctor 0 --json
	assert_item callouts warn 'ap-check alone'
}

@test "doctor: autostart: nothing loads vfio_ap, or something does too early, or a service starts" {
	use_dump docs
	automatic
	doctor 1 --json
	assert_item autostart fail 'nothing loads vfio_ap at the next boot'
	printf '# x\nvfio_ap2\n' | put etc/modules-load.d/a.conf
	printf '# x\n  vfio-ap\n' | put etc/modules-load.d/b.conf
	doctor 0 --json
	assert_item autostart ok ''
	put etc/udev/rules.d/41-ap.rules <<-END
		# Generated by chzdev
		ACTION=="change", SUBSYSTEM=="ap", DEVPATH=="/devices/ap", ENV{BINDINGS}=="complete", ENV{COMPLETECOUNT}=="1", GOTO="cfg_ap"
		GOTO="end_ap"

		LABEL="cfg_ap"

		ATTR{../../bus/ap/aqmask}="$(aqmask)"
		RUN{builtin}+="kmod load vfio_ap"

		LABEL="end_ap"
	END
	doctor 1 --json
	assert_item rules ok ''
	assert_item autostart fail "'/etc/modules-load.d/b.conf' loads vfio_ap early"
	rm "$ROOT/etc/modules-load.d/b.conf"
	doctor 0 --json
	assert_item autostart ok ''
	echo 6.1.0-test | put proc/sys/kernel/osrelease
	echo kernel/drivers/s390/crypto/vfio_ap.ko | put lib/modules/6.1.0-test/modules.builtin
	doctor 1 --json
	assert_item autostart fail 'vfio_ap is part of the kernel'
	mkdir -p "$ROOT/etc/systemd/system/multi-user.target.wants"
	ln -s /usr/lib/systemd/system/vfioap-autostart.service \
		"$ROOT/etc/systemd/system/multi-user.target.wants/"
	doctor 0 --json
	assert_item autostart ok 'vfioap-autostart.service'
}

@test "doctor: an initramfs that is older than the rules, where rules are copied into it" {
	use_dump docs
	: | put etc/udev/rules.d/41-ap.rules
	echo 6.1.0-test | put proc/sys/kernel/osrelease
	echo image | put boot/initrd.img-6.1.0-test
	touch -d '1 day ago' "$ROOT/boot/initrd.img-6.1.0-test"
	doctor 1 --json -P
	assert_item initramfs ok 'no initramfs'
	: | put usr/share/initramfs-tools/hooks/udev
	doctor 1 --json -P
	assert_item initramfs warn "'/boot/initrd.img-6.1.0-test' is older than '/etc/udev/rules.d/41-ap.rules'"
	touch -d '1 day' "$ROOT/boot/initrd.img-6.1.0-test"
	doctor 1 --json -P
	assert_item initramfs ok 'newer'
}

@test "doctor: files that others than root, or than the owner of the tree, can write" {
	use_dump docs
	automatic
	mkdir -p "$ROOT/etc/udev/rules.d" "$ROOT/etc/vfioap" "$ROOT/sbin"
	chmod -R go-w "$ROOT"
	: | put etc/udev/rules.d/41-ap.rules
	: | put sbin/modprobe
	doctor 1 --json -P
	assert_item owners ok 'root alone'
	for file in etc etc/udev/rules.d etc/udev/rules.d/41-ap.rules etc/mdevctl.d/matrix/$UUID_C \
		etc/mdevctl.d/matrix etc/mdevctl.d etc/vfioap sbin/modprobe; do
		chmod o+w "$ROOT/$file"
		doctor 1 --json -P
		assert_item owners warn "every user can write '/$file', and so"
		chmod o-w "$ROOT/$file"
	done
	# Links lead below the root, and nowhere else.
	ln -s "$BATS_TEST_TMPDIR" "$ROOT/etc/vfioap/overrides"
	chmod 777 "$BATS_TEST_TMPDIR"
	doctor 1 --json -P
	assert_item owners ok 'root alone'
	[ "$(id -u)" -eq 0 ] || return 0
	chown 1234 "$ROOT/etc/mdevctl.d" "$ROOT/etc/mdevctl.d/matrix/$UUID_C"
	doctor 1 --json -P
	assert_item owners warn "user 1234 can write '/etc/mdevctl.d', and so decide what root does at the next boot; 1 more"
	chown -R 1234:1234 "$ROOT"
	doctor 1 --json -P
	assert_item owners ok 'root alone'
	chgrp 99 "$ROOT/etc"
	chmod g+w "$ROOT/etc"
	doctor 1 --json -P
	assert_item owners warn "group 99 can write '/etc'"
}

@test "doctor: a group node that QEMU's user cannot open" {
	use_dump docs
	doctor 0 --json
	assert_json '[.items[] | .item] | index("nodes") == null'
	for group in $(basename -a "$ROOT"/sys/kernel/iommu_groups/*); do
		put "dev/vfio/$group" </dev/null
		chmod 660 "$ROOT/dev/vfio/$group"
	done
	printf 'root:x:0:0::/:/bin/sh\nqemu:x:4107:4107::/:/bin/false\n' | put etc/passwd
	printf 'root:x:0:\nkvm:x:%s:other,qemu\n' "$(stat -c %g "$ROOT/dev/vfio/$group")" | put etc/group
	echo '#user = "root"' | put etc/libvirt/qemu.conf
	doctor 0 --json
	assert_item nodes ok 'libvirt hands'
	echo 'dynamic_ownership = 0' >>"$ROOT/etc/libvirt/qemu.conf"
	doctor 0 --json
	assert_item nodes ok 'can be opened'
	sed -i s/qemu// "$ROOT/etc/group"
	doctor 1 --json
	assert_item nodes fail "user 'qemu' of QEMU cannot open /dev/vfio/"
	echo 'group = "kvm"' >>"$ROOT/etc/libvirt/qemu.conf"
	doctor 0 --json
	assert_item nodes ok 'can be opened'
	rm "$ROOT/dev/vfio/$group"
	doctor 1 --json
	assert_item nodes fail "has no group node /dev/vfio/$group"
}

@test "doctor: texts of files never steer the terminal" {
	use_dump docs
	printf 'VM00 Control Program: \033[31mevil\n' | put proc/sysinfo
	put usr/bin/mdevctl </dev/null
	printf 'RUN+="\033[31m/x\033/mdevctl start-parent-mdevs"\n' | put etc/udev/rules.d/60-mdevctl.rules
	printf '\033[31m\n' | put etc/udev/rules.d/41-ap.rules
	printf '\033[31m\n' >"$ROOT/sys/module/ap/parameters/apmask"
	put etc/mdevctl.d/matrix/"$UUID_C" <<<$'{"\e": 1}'
	mkfifo "$ROOT/etc/modules-load.d" "$ROOT/etc/modules"
	for options in '' --json; do
		doctor 1 $options
		refute_stdout $'\e'
		refute_stderr $'\e'
	done
}

@test "doctor: the running system: module, lock, nodes" {
	sim '
		tool 0 vfioap doctor --json -A
		assert_item module ok "is loaded"
		assert_item lock ok free
		assert_item nodes ok "no device is active"
		echo $$ >/run/lock/s390apconfig.lock
		tool 0 vfioap doctor --json -A
		assert_item lock ok "is held by bash ($$)"
		echo 2147483646 >/run/lock/s390apconfig.lock
		tool 0 vfioap doctor --json -A
		assert_item lock warn "has ended (2147483646)"
		rm /run/lock/s390apconfig.lock
		mkfifo /run/lock/s390apconfig.lock
		tool 1 vfioap doctor --json -A
		assert_item lock fail "no regular file"
		rm /run/lock/s390apconfig.lock
		remember
		three_guests
		tool 0 vfioap doctor --json -A
		assert_item nodes warn "only root can open /dev/vfio/"
		chmod 666 /dev/vfio/*
		tool 0 vfioap doctor --json -A
		assert_item nodes ok "can be opened"
		assert_root_unchanged
	'
}

@test "doctor: a module that is missing, and that queues wait for" {
	sim '
		apsim ctl module unload vfio_ap
		tool 0 vfioap doctor --json -A
		assert_item module ok "reserve and create do it"
		tool 0 vfioap reserve -A -d 4 --no-modules
		tool 0 vfioap doctor --json -A
		assert_item module warn "3 reserved queues have no driver"
	'
}

@test "doctor: an override that was lost with its card" {
	sim --kernel 6.19 '
		tool 0 vfioap reserve -A -Q 05.0004,06.0004
		tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
		tool 0 vfioap doctor --json -A
		assert_item override-counter ok "no driver override was lost"
		apsim ctl card remove 5
		apsim ctl scan
		tool 0 vfioap doctor --json -A
		assert_item override-counter warn "queue 05.0004 belongs to a device and has lost"
		# It is true: no mask can be written any more.
		tool 0 vfioap release -A -Q 06.0004
		tool 1 bash -c "echo +9 >/sys/bus/ap/apmask"
	'
}

@test "doctor: needs no root" {
	if [ "$(id -u)" -ne 0 ]; then
		skip "is not run by root"
	fi
	sim '
		three_guests
		tool 0 setpriv --clear-groups --reuid 65534 --regid 65534 vfioap doctor --json
		assert_item ap-bus ok ""
	'
}
