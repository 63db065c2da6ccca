#!/usr/bin/env bats
# Programs of s390x beside those of this machine: the same text, the same files, byte for byte.

bats_require_minimum_version 1.8.0
load ../helpers

# Where the other ones are; run-tests knows.
[ -n "${VFIOAP_NATIVE-}" ] || VFIOAP_NATIVE=$VFIOAP_BUILD
export VFIOAP_NATIVE

# same STATUS PROGRAM ARGUMENT...: both end with it, and say the same
same()
{
	local want=$1 program=$2 native_stdout native_stderr
	shift 2

	tool "$want" "$VFIOAP_NATIVE/$program" "$@"
	native_stdout=$stdout native_stderr=$stderr
	tool "$want" "$VFIOAP_BUILD/$program" "$@"
	assert_stdout --exact "$native_stdout"
	assert_stderr --exact "$native_stderr"
}

@test "the programs are big-endian ELF files of s390x, and qemu runs them" {
	local program machine
	for program in vfioap lsvfioap chzdev_ap vfioap-callout vfioap-override; do
		# The script names the runner and the program.
		read -r _ _ machine _ < <(tail -n 1 "$VFIOAP_BUILD/$program")
		tool 0 od -An -tx1 -N20 "$machine"
		assert_stdout --regex '^ 7f 45 4c 46 02 02 '
		assert_stdout --regex ' 00 16$'
	done
	same 0 vfioap --version
	same 0 lsvfioap --version
	same 0 chzdev_ap --version
}

@test "masks: every form of a set, there and back" {
	local list mask
	for list in none 0 63 64 255 all 0,63,64,127,128,191,192,255 3,5-10,0x25 1-62,65-126 \
		0x80-0x9f,0xf0; do
		same 0 vfioap mask "$list"
		mask=$stdout
		same 0 vfioap mask --list "$mask"
		same 0 vfioap mask --invert "$mask"
		same 0 vfioap mask --json "$list"
	done
	same 0 vfioap mask --change +5,-6,+0x10-0x1f "$mask"
	same 2 vfioap mask 256
}

# same_of_dump PROGRAM ARGUMENT...: with whatever status the native one ends
same_of_dump()
{
	local result=0
	"$VFIOAP_NATIVE/$1" "${@:2}" --sysroot "$ROOT" >/dev/null 2>&1 || result=$?
	[ "$result" -le 3 ] || fail "status $result of: $*"
	same "$result" "$@" --sysroot "$ROOT"
}

@test "recorded machines: tables, JSON, findings" {
	local dump command
	for dump in trouble faults; do
		use_dump "$dump"
		for command in list 'list --json' 'list --queues' 'list --queues --json' 'list --map' \
			'show host --json' 'show masks' 'show masks --json' 'show matrix' check 'check --json' \
			'export --format mdevctl' 'export --format libvirt-nodedev' 'export --format shell' \
			'find 1x1 --json' 'doctor --json'; do
			# shellcheck disable=SC2086
			same_of_dump vfioap $command
		done
		same_of_dump lsvfioap --json
		same_of_dump chzdev_ap --list
		assert_root_unchanged
		rm -rf "$ROOT"
	done
}

# All that a machine's files of the next boot are made of, by the programs in $1; they stay in $2.
change_all()
{
	PATH=$1:$PATH sim '
		tool 0 vfioap reserve -q -d 4,0x47,0xab,0xff
		tool 0 vfioap create -u "$UUID_A" -a 5,6 -d 4,0xab -c 4
		tool 0 vfioap create -P -u "$UUID_B" -a 5 -d 0x47 --start manual
		tool 0 vfioap assign "$UUID_A" -d 0xff
		tool 0 chzdev_ap -p apmask=-5 aqmask=+0x10-0x1f -f
		tool 0 chzdev_ap --export "$BATS_TEST_TMPDIR/exported"
		tool 0 vfioap export --format plan
		mv "$BATS_TEST_TMPDIR/exported" "'"$2"'/"
		printf "%s\n" "$stdout" >"'"$2"'/plan"
		cat /sys/bus/ap/a[pq]mask /sys/devices/vfio_ap/matrix/*-*/{matrix,ap_config} >"'"$2"'/kernel"
		cp -a /etc/mdevctl.d /etc/udev/rules.d "'"$2"'/"
		cp -a /etc/vfioap "'"$2"'/" || :
	'
}

@test "changes: what the kernel gets and what the files hold is the same" {
	local who
	mkdir "$BATS_TEST_TMPDIR/native" "$BATS_TEST_TMPDIR/other"
	change_all "$VFIOAP_NATIVE" "$BATS_TEST_TMPDIR/native"
	change_all "$VFIOAP_BUILD" "$BATS_TEST_TMPDIR/other"
	tool 0 diff -r "$BATS_TEST_TMPDIR/native" "$BATS_TEST_TMPDIR/other"
	for who in native other; do
		tool 0 cat "$BATS_TEST_TMPDIR/$who/rules.d/41-ap.rules"
		assert_stdout 'ATTR{../../bus/ap/apmask}="0xfbff'
		tool 0 cat "$BATS_TEST_TMPDIR/$who/mdevctl.d/matrix/$UUID_A"
		assert_stdout assign_domain
	done
}
