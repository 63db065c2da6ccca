#!/usr/bin/env bats
# The simulated files behave as sysfs: modes, links, what a read and what a write is.

bats_require_minimum_version 1.8.0
load helpers

DEVICE=/sys/devices/vfio_ap/matrix
CREATE=$DEVICE/mdev_supported_types/vfio_ap-passthrough/create
export DEVICE CREATE

# apsim as another user than root
as_nobody()
{
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

# The caller may write itself only when it maps more users than root.
maps_all_users()
{
	apsim run -- sh -c '[ "$(wc -l </proc/self/uid_map)" != 1 ] ||
		[ "$(tr -s " " </proc/self/uid_map | cut -d" " -f4)" != 1 ]'
}

export -f as_nobody

@test "files: sizes, blocks, owners and modes of sysfs" {
	sim '
		while read -r path want; do
			assert_equal "$(stat -c "%A %s %b %o %u:%g" "/sys/$path")" "$want" "$path"
		done <<-END
			bus/ap                       drwxr-xr-x 0 0 4096 0:0
			bus/ap/apmask                -rw-r--r-- 4096 0 4096 0:0
			bus/ap/uevent                --w------- 4096 0 4096 0:0
			bus/ap/bindings              -r--r--r-- 4096 0 4096 0:0
			bus/ap/devices/card05        lrwxrwxrwx 0 0 4096 0:0
			devices/ap/card05/05.0004    drwxr-xr-x 0 0 4096 0:0
			bus/ap/drivers/vfio_ap/bind  --w------- 4096 0 4096 0:0
		END
	'
}

@test "files: links lead where the kernel says" {
	sim '
		echo "$UUID_A" >$CREATE
		while read -r link target; do
			assert_equal "$(readlink "/sys/$link")" "$target" "$link"
			[ -e "/sys/$link" ] || fail "$link leads nowhere"
		done <<-END
			bus/ap/devices/05.0004 ../../../devices/ap/card05/05.0004
			devices/ap/card05/05.0004/driver ../../../../bus/ap/drivers/cex4queue
			devices/ap/card05/05.0004/subsystem ../../../../bus/ap
			bus/matrix/devices/matrix ../../../devices/vfio_ap/matrix
			bus/mdev/devices/$UUID_A ../../../devices/vfio_ap/matrix/$UUID_A
			devices/vfio_ap/matrix/$UUID_A/mdev_type ../mdev_supported_types/vfio_ap-passthrough
			devices/vfio_ap/matrix/$UUID_A/iommu_group ../../../../kernel/iommu_groups/0
		END
		! find /sys -xtype l | grep . || fail "links that lead nowhere"
	'
}

@test "files: modes bind root, too" {
	sim '
		tool 1 cat /sys/bus/ap/uevent
		assert_stderr "Permission denied"
		tool 1 bash -c "echo 1 >/sys/bus/ap/bindings"
		assert_stderr "Permission denied"
		[ -w /sys/bus/ap/bindings ] # access() asks less, as in the kernel
		chmod 644 /sys/bus/ap/bindings
		tool 1 bash -c "echo 1 >/sys/bus/ap/bindings"
		assert_stderr "Input/output error"
	'
}

@test "files: others get what the mode gives them; chmod and chown hold" {
	maps_all_users || return 0
	sim '
		tool 0 as_nobody cat /sys/bus/ap/apmask
		tool 1 as_nobody bash -c "echo -5 >/sys/bus/ap/apmask"
		assert_stderr "Permission denied"
		tool 1 as_nobody chmod 666 /sys/bus/ap/apmask
		assert_stderr "Operation not permitted"
		tool 1 as_nobody mkdir /sys/bus/x
		assert_stderr "Permission denied"
		tool 1 as_nobody cat /dev/vfio/0 /run/apsim/control
		chown 65534 /sys/bus/ap/apmask
		tool 0 as_nobody bash -c "echo -5 >/sys/bus/ap/apmask"
		chown 0:65534 /sys/bus/ap/aqmask
		tool 1 as_nobody bash -c "echo -5 >/sys/bus/ap/aqmask"
		chmod g+w /sys/bus/ap/aqmask
		tool 0 as_nobody bash -c "echo -5 >/sys/bus/ap/aqmask"
		assert_equal "$(stat -c "%a %u %g" /sys/bus/ap/aqmask)" "664 0 65534"
	'
}

@test "files: nothing can be made, removed or renamed" {
	sim '
		cd /sys/bus/ap
		for command in "mkdir x" "rmdir devices" "rm -f apmask" "mv apmask x" "ln apmask x" "ln -s a x"; do
			tool 1 $command
			assert_stderr "not permitted"
		done
		tool 1 touch x
		assert_stderr "Permission denied"
		[ -e apmask ]
	'
}

@test "files: truncating, appending and times are accepted without effect" {
	sim '
		before=$(apmask)
		: >/sys/bus/ap/apmask
		truncate -s 0 /sys/bus/ap/apmask
		touch /sys/bus/ap/apmask
		printf "" >>/sys/bus/ap/apmask
		assert_equal "$(apmask)" "$before"
		printf -- -5 >>/sys/bus/ap/apmask
		assert_equal "$(apmask)" "${before/fff/fbf}"
		assert_equal "$(stat -c %s /sys/bus/ap/apmask)" 4096
	'
}

@test "files: each write is a command, wherever the descriptor stands" {
	sim '
		{
			printf -- -1 >&3
			printf -- -2 >&3
			tool 1 bash -c "printf 0xg >&3"
			assert_stderr "Invalid argument"
			printf -- +1 >&3
		} 3>/sys/bus/ap/apmask
		assert_equal "$(apmask)" "0xd$(printf "%063d" 0 | tr 0 f)"
	'
}

@test "files: more than a page is cut into commands" {
	sim '
		# The first 4096 bytes are "-3" and commas.
		{ printf -- -3; head -c 4094 /dev/zero | tr "\0" ,; printf "0x7"; } >$BATS_TEST_TMPDIR/long
		dd if=$BATS_TEST_TMPDIR/long of=/sys/bus/ap/apmask bs=8192 conv=notrunc status=none
		assert_equal "$(apmask)" "0x7$(printf "%063d" 0)"
		tool 0 apsim ctl log
		assert_equal "$(grep -c "/sys/bus/ap/apmask" <<<"$stdout")" 2 "writes"
	'
}

@test "files: an open file keeps its text until it is rewound" {
	sim '
		exec 3</sys/bus/ap/apmask
		read -r -N 4 first <&3
		printf -- -0-15 >/sys/bus/ap/apmask
		assert_equal "$first$(cat <&3)" "0x$(printf "%064d" 0 | tr 0 f)"
		assert_equal "$(cat <&3)" "" "after the end"
		exec 3<&-
		assert_equal "$(head -c 6 /sys/bus/ap/apmask)" 0x0000
	'
}

@test "files: a file of a device that is gone answers ENODEV, also when it is there again" {
	sim '
		echo "$UUID_A" >$CREATE
		exec 3>$DEVICE/$UUID_A/assign_domain 4<$DEVICE/$UUID_A/control_domains
		cd $DEVICE/$UUID_A
		echo 1 >remove
		tool 1 bash -c "echo 5 >&3"
		assert_stderr "No such device"
		[ ! -e matrix ]
		echo "$UUID_A" >$CREATE
		tool 1 cat <&4
		assert_stderr "No such device"
		[ ! -e matrix ] || fail "the directory is the new device"
		cd $DEVICE/$UUID_A
		[ -e matrix ]
	'
}

@test "files: directories change with the machine" {
	sim '
		assert_equal "$(ls /sys/bus/mdev/devices)" ""
		echo "$UUID_B" >$CREATE
		echo "$UUID_A" >$CREATE
		assert_equal "$(ls /sys/bus/mdev/devices | paste -sd " ")" "$UUID_A $UUID_B"
		assert_equal "$(ls /dev/vfio | paste -sd " ")" "0 1 vfio"
		apsim ctl card remove 5
		apsim ctl scan
		[ ! -e /sys/devices/ap/card05 ]
		assert_equal "$(ls /sys/bus/ap/devices | grep -c "^05")" 0
		apsim ctl card add 5 CEX7P
		apsim ctl scan
		assert_equal "$(cat /sys/devices/ap/card05/type)" CEX7P
	'
}

@test "files: /dev/vfio/N can be opened once, and again at once after it was closed" {
	sim '
		echo "$UUID_A" >$CREATE
		exec 3<>/dev/vfio/0
		tool 1 bash -c "exec 4<>/dev/vfio/0"
		assert_stderr "busy"
		exec 3>&-
		for i in $(seq 100); do
			exec 3<>/dev/vfio/0
			exec 3>&-
		done
	'
}

@test "files: a machine of full size can be walked" {
	tool 0 apsim run --lpar max -- sh -c 'ls /sys/bus/ap/devices | wc -l
		find /sys/devices/ap/cardff -name "ff.*" | wc -l
		cat /sys/devices/ap/card80/80.00ff/chkstop'
	assert_stdout --exact "65792
256
0"
}

# 256 x 256 queues, and a thousand devices with 64 of them each
lpar_large()
{
	jq -n '{format: 1, cards: [{id: "0-255", type: "CEX8C"}], usage_domains: "all",
		control_domains: "all", boot: {apmask: "0x0"},
		devices: [range(1000) | {uuid: "00000000-0000-4000-8000-\(. + 100000000000)",
			adapters: [. / 4 | floor], control_domains: [. % 256],
			domains: "\(. % 4 * 64)-\(. % 4 * 64 + 63)"}]}'
}

# What the processes of `apsim run` have had in memory at most, in KiB; inside
apsim_memory()
{
	local pid=$$ parent peak total=0

	while [ "$pid" != 1 ]; do
		parent=$(sed -n 's/^PPid:\t//p' "/proc/$pid/status")
		peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status")
		[ "$(cat "/proc/$pid/comm")" != apsim ] || total=$((total + peak))
		pid=$parent
	done
	echo "$total"
}
export -f apsim_memory

# By processor time: others work here, too.
@test "files: a machine of full size with a thousand devices starts in two seconds" {
	local lpar=$BATS_TEST_TMPDIR/lpar.json took TIMEFORMAT='%U %S'

	lpar_large >"$lpar"
	tool 0 apsim run --lpar "$lpar" true
	took=$( (time apsim run --lpar "$lpar" true) 2>&1 | awk '{ print int(($1 + $2) * 1000) }')
	[ "$took" -gt 0 ]
	[ -n "${SAN-}" ] || [ "$took" -lt 2000 ] || fail "$took ms" "less than 2000 ms"
}

@test "files: a machine of full size with a thousand devices takes less than 200 MiB" {
	local lpar=$BATS_TEST_TMPDIR/lpar.json cards=16

	[ -z "${VFIOAP_TEST_LONG-}" ] || cards=256 # six seconds of walking
	lpar_large >"$lpar"
	tool 0 apsim run --lpar "$lpar" -- bash -ec '
		cd /sys/devices
		cat vfio_ap/matrix/*/guest_matrix | wc -l
		find $(printf "ap/card%02x\n" {0..255} | head -n "$0") -name status | wc -l
		apsim_memory' "$cards"
	assert_equal "$(head -n 2 <<<"$stdout" | paste -sd " ")" "64000 $((cards * 256))"
	local took=$(tail -n 1 <<<"$stdout")
	[ "$took" -gt 1000 ] || fail "$took KiB are no measure"
	[ -n "${SAN-}" ] || [ "$took" -lt $((200 * 1024)) ] || fail "$took KiB" "less than 200 MiB"
}
