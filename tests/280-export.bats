#!/usr/bin/env bats
# vfioap export: each format, and that the other party takes it.

bats_require_minimum_version 1.8.0
load helpers
load guests

setup()
{
	export LC_ALL=C
	unset VFIOAP_SYSROOT NO_COLOR
}

# with_devices: UUID_A active alone, UUID_B defined alone, UUID_C both, started by hand
with_devices()
{
	tool 0 vfioap reserve -A -d 4,0x47
	tool 0 vfioap create -A -u "$UUID_A" -a 5,6 -d 4 -c 4
	define "$UUID_B" auto 5 71
	mdev=$UUID_C
	tool 0 vfioap create -A -u "$mdev" -a 6 -d 0x47
	define "$mdev" manual 6 0x47
}
export -f with_devices

@test "export: the format is one of those there are" {
	tool 2 vfioap export --format xml
	assert_stderr --exact "vfioap: --format: 'xml' is no format
hint: --format is one of plan, mdevctl, libvirt-nodedev, libvirt-hostdev, qemu, migrate, shell"
	tool 2 vfioap export --format qemu --json
	assert_stderr --line "vfioap: --json is none of the formats to export in"
	tool 2 vfioap export --format qemu --uuid 1234 5678
	assert_stderr "'5678' as argument"
}

@test "export: a device that is not there, or not on that side" {
	use_dump trouble
	export="vfioap export --sysroot $ROOT --format qemu"
	tool 4 $export 0000
	tool 4 $export -P "$UUID_A"
	assert_stderr "device '$UUID_A' is not defined"
	tool 4 $export -A "$UUID_C"
	assert_stderr "device '$UUID_C' is not active"
	tool 0 $export -P
	refute_stdout "$UUID_A"
	tool 0 $export -A
	refute_stdout "$UUID_C"
	assert_root_unchanged
}

@test "export --format libvirt-nodedev: what nodedev-define takes, attributes in the order of writes" {
	use_dump docs
	tool 0 vfioap export --sysroot "$ROOT" --format libvirt-nodedev "$UUID_A"
	assert_golden export/nodedev.xml
	tool 0 vfioap export --sysroot "$ROOT" --format libvirt-nodedev
	assert_equal "$(grep -c '^<device>$' <<<"$stdout")" 3 "number of documents"
	assert_root_unchanged
}

@test "export --format libvirt-hostdev, qemu: what a guest is started with" {
	use_dump docs
	tool 0 vfioap export --sysroot "$ROOT" --format libvirt-hostdev 6217
	assert_golden export/hostdev.xml
	tool 0 vfioap export --sysroot "$ROOT" --format qemu 6217
	assert_golden export/qemu.txt
	rm "$ROOT/sys/bus/ap/ap_interrupts"
	tool 0 vfioap export --sysroot "$ROOT" --format qemu 6217
	assert_stdout --line '-cpu host,ap=on,apqci=on,apft=on'
	tool 0 vfioap export --sysroot "$ROOT" --format qemu
	assert_stderr --exact 'vfioap: a guest takes one of these 3 devices alone'
	tool 0 vfioap export -q --sysroot "$ROOT" --format qemu
	assert_stderr --exact ''
}

@test "export --format mdevctl: a device without definition, as mdevctl define would write it" {
	use_dump docs
	tool 0 vfioap export --sysroot "$ROOT" --format mdevctl 6217
	assert_golden export/definition.json
	vfioap export --sysroot "$ROOT" --format mdevctl 6217 >"$BATS_TEST_TMPDIR/file"
	assert_equal "$(tail -c 1 "$BATS_TEST_TMPDIR/file")" '}' "last byte"
	tool 0 vfioap export --sysroot "$ROOT" --format mdevctl
	assert_golden export/machine.json
}

@test "export --format mdevctl: a definition to the byte, whoever has written it" {
	use_dump docs
	mkdir -p "$ROOT/etc/mdevctl.d/matrix"
	file=$ROOT/etc/mdevctl.d/matrix/$UUID_B
	printf '{ "start":"auto","mdev_type" : "vfio_ap-passthrough",\n"odd":1}\n\n' >"$file"
	vfioap export --sysroot "$ROOT" --format mdevctl "$UUID_B" 2>/dev/null |
		cmp - "$file" || fail "other bytes"
	echo '{' >"$file"
	tool 1 vfioap export --sysroot "$ROOT" --format mdevctl -P "$UUID_B"
	assert_stderr "the definition of device '$UUID_B' cannot be used"
	tool 0 vfioap export --sysroot "$ROOT" --format mdevctl -P
	assert_stdout --exact '[]'
	assert_stderr "warning: "
}

@test "export: both sides, or one; a difference is said" {
	sim '
		with_devices
		tool 0 vfioap assign -A "$UUID_C" -c 4
		tool 0 vfioap export --format mdevctl "$UUID_C"
		assert_json ".attrs | length == 2"
		assert_stderr --exact "vfioap: warning: device '"'"'$UUID_C'"'"' owns other resources than its definition says: its definition is exported, --active exports what it owns"
		tool 0 vfioap export --format mdevctl -A "$UUID_C"
		assert_json ".attrs | length == 3"
		assert_stderr --exact ""
		tool 4 vfioap export --format mdevctl -A "$UUID_B"
		assert_stderr "not active"
	'
}

@test "export --format shell: the running system, and nothing else" {
	sim '
		with_devices
		tool 0 vfioap assign -A "$UUID_C" -c 4
		for side in "" -A; do
			tool 0 vfioap export --format shell $side
			assert_stdout --exact "vfioap reserve -A -d 4,0x47
vfioap create -A -u $UUID_A -a 5,6 -d 4 -c 4
vfioap create -A -u $UUID_C -a 6 -d 0x47 -c 4"
			assert_stderr --exact ""
		done
		tool 0 vfioap export --format shell "$UUID_C"
		assert_stdout --exact "vfioap reserve -A -d 0x47
vfioap create -A -u $UUID_C -a 6 -d 0x47 -c 4"
		tool 2 vfioap export --format shell -P "$UUID_C"
		assert_stderr "running system alone"
	'
}

@test "export --format shell: run on another machine it makes the same" {
	sim '
		tool 0 vfioap reserve -A -a 6
		tool 0 vfioap reserve -A -d 4,0x47,0xab,0xff
		tool 0 vfioap create -A -u "$UUID_A" -a 5,6 -d 4,0xab -c 4
		tool 0 vfioap create -A -u "$UUID_B" -a 5 -d 0x47,0xff
		vfioap export -A --format shell >"$BATS_TEST_TMPDIR/commands"
		sim_state >"$BATS_TEST_TMPDIR/first"
	'
	sim '
		bash -e "$BATS_TEST_TMPDIR/commands"
		sim_state | diff -u "$BATS_TEST_TMPDIR/first" - || fail "another machine"
	'
}

@test "export --format shell: nothing that sysfs or a file says is run" {
	use_dump trouble
	tool 0 vfioap export --sysroot "$ROOT" --format shell
	refute_stdout --regex '[^-a-zA-Z0-9, '$'\n'']'
}

@test "export: mdevctl's own definitions, and its list, to the byte" {
	sim '
		tool 0 vfioap reserve -A -d 4,0x47
		tool 0 mdevctl define -u "$UUID_A" -p matrix -t vfio_ap-passthrough --auto
		for set in assign_adapter=0x05 assign_domain=4 assign_control_domain=0x04 ap_odd=é/\"; do
			tool 0 mdevctl modify -u "$UUID_A" --addattr "${set%%=*}" --value "${set#*=}"
		done
		tool 0 mdevctl define -u "$UUID_B" -p matrix -t vfio_ap-passthrough
		remember
		for uuid in "$UUID_A" "$UUID_B"; do
			vfioap export --format mdevctl "$uuid" | cmp - "/etc/mdevctl.d/matrix/$uuid"
		done
		mdevctl list -d --dumpjson >"$BATS_TEST_TMPDIR/list"
		tool 0 vfioap export --format mdevctl
		assert_equal "$stdout" "$(cat "$BATS_TEST_TMPDIR/list")" "list --dumpjson"
		assert_root_unchanged
	'
}

@test "export: mdevctl starts what was exported of an active device" {
	sim '
		tool 0 vfioap reserve -A -d 4,0x47
		tool 0 vfioap create -A -u "$UUID_A" -a 5,6 -d 4,0x47 -c 4
		before=$(matrix "$UUID_A"; controls "$UUID_A")
		mkdir -p /etc/mdevctl.d/matrix
		vfioap export --format mdevctl "$UUID_A" >"/etc/mdevctl.d/matrix/$UUID_A"
		tool 0 vfioap stop "$UUID_A"
		tool 0 mdevctl start -u "$UUID_A" -p matrix
		assert_equal "$(matrix "$UUID_A"; controls "$UUID_A")" "$before" "device"
	'
}
