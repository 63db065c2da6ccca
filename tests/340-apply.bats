#!/usr/bin/env bats
# One wish, applied whole or not at all.

bats_require_minimum_version 1.8.0
load helpers
load guests

# All kinds of devices: active and defined, otherwise defined than active, only one of both.
mixed_machine()
{
	vfioap reserve -q -d 4,0x47,0xab 2>/dev/null
	tool 0 vfioap create -u "$UUID_A" -a 5,6 -d 4
	tool 0 vfioap create -A -u "$UUID_B" -a 5 -d 0x47
	tool 0 vfioap create -P -u "$UUID_C" -a 6 -d 0x47 --start manual
	tool 0 vfioap create -u 11111111-2222-3333-4444-555555555555 -a 4 -d 0xab --start manual
	tool 0 vfioap assign -A "$UUID_A" -c 4
	tool 0 vfioap reserve -P -a 6
}
export -f mixed_machine

# wish DEVICE...: a file of these devices, and nothing about the pools
wish()
{
	local IFS=,

	echo "{\"format\":1,\"devices\":[$*]}" >"$BATS_TEST_TMPDIR/wish"
	cat "$BATS_TEST_TMPDIR/wish"
}

# device UUID ADAPTERS DOMAINS [MORE]
device()
{
	echo "{\"uuid\":\"$1\",\"adapters\":\"$2\",\"domains\":\"$3\"${4+,$4}}"
}
export -f wish device

@test "apply: what export printed changes nothing, on any machine" {
	for kernel in 5.15 6.12 7.3; do
		sim --kernel $kernel '
			mixed_machine
			remember
			tool 0 vfioap export
			printf "%s\n" "$stdout" >"$BATS_TEST_TMPDIR"/wish.json
			tool 0 vfioap apply "$BATS_TEST_TMPDIR"/wish.json --json
			assert_json ".changed == false and .changes == []"
			tool 0 vfioap apply --prune --force "$BATS_TEST_TMPDIR"/wish.json --json
			assert_json ".changed == false and .changes == []"
			assert_root_unchanged
		'
	done
	sim --lpar empty '
		vfioap export | vfioap apply - --json >"$BATS_TEST_TMPDIR"/out
		tool 0 jq -e ".changed == false" "$BATS_TEST_TMPDIR"/out
		assert_root_unchanged
	'
}

@test "apply: the file makes an empty machine the same, and a second time changes nothing" {
	sim '
		mixed_machine
		vfioap export >"$BATS_TEST_TMPDIR"/wish.json
		lsvfioap --json | jq -S "del(.devices[].iommu_group, .devices[].node)" >"$BATS_TEST_TMPDIR"/before
		vfioap show masks --json >>"$BATS_TEST_TMPDIR"/before
		tool 0 vfioap remove --all
		tool 0 vfioap release -a all
		assert_no_device
		tool 0 vfioap apply "$BATS_TEST_TMPDIR"/wish.json
		assert_stdout --exact ""
		lsvfioap --json | jq -S "del(.devices[].iommu_group, .devices[].node)" >"$BATS_TEST_TMPDIR"/after
		vfioap show masks --json >>"$BATS_TEST_TMPDIR"/after
		diff -u "$BATS_TEST_TMPDIR"/before "$BATS_TEST_TMPDIR"/after
		tool 0 vfioap apply "$BATS_TEST_TMPDIR"/wish.json --json
		assert_json ".changed == false"
	'
}

@test "apply: overrides, where the host has no masks" {
	sim --kernel 7.3 '
		tool 0 vfioap reserve -Q 05.0004,06.0004
		tool 0 vfioap create -u "$UUID_A" -a 5,6 -d 4
		vfioap export >"$BATS_TEST_TMPDIR"/wish.json
		tool 0 jq -e ".pools == {overrides:[\"05.0004\",\"06.0004\"]}" "$BATS_TEST_TMPDIR"/wish.json
		tool 0 vfioap remove --all
		tool 0 vfioap release -Q 05.0004,06.0004
		tool 0 vfioap apply "$BATS_TEST_TMPDIR"/wish.json
		assert_equal "$(queue_driver 05.0004)" vfio_ap
		tool 0 grep -c . /etc/vfioap/overrides
		tool 0 vfioap apply "$BATS_TEST_TMPDIR"/wish.json --json
		assert_json ".changed == false"
	'
}

@test "apply: a queue goes from one device to another, which never both have it" {
	sim '
		three_guests
		wish "$(device "$UUID_A" 5 4,0xab "\"start\":null")" \
			"$(device "$UUID_C" 6 4,0x47,0xab,0xff "\"start\":null")" >"$BATS_TEST_TMPDIR"/wish.json
		tool 0 vfioap apply -A "$BATS_TEST_TMPDIR"/wish.json -n
		assert_stdout --line "# set the matrix of device '"'"'$UUID_C'"'"'"
		tool 0 vfioap apply -A "$BATS_TEST_TMPDIR"/wish.json
		assert_equal "$(matrix "$UUID_C")" "06.0004 06.0047 06.00ab 06.00ff"
		assert_equal "$(matrix "$UUID_A")" "05.0004 05.00ab"
		apsim ctl log | grep -E "unassign_adapter|ap_config" | cut -d / -f 6 | tail -n 2 >"$BATS_TEST_TMPDIR"/order
		assert_equal "$(paste -sd " " "$BATS_TEST_TMPDIR"/order)" "$UUID_A $UUID_C"
	'
}

@test "apply: a conflict in the last device leaves the machine untouched" {
	sim '
		tool 0 vfioap reserve -d 4,0x47
		tool 0 vfioap create -u "$UUID_B" -a 6 -d 4
		remember
		wish "$(device "$UUID_A" 5 4)" "$(device "$UUID_C" 5,6 4)" >"$BATS_TEST_TMPDIR"/wish.json
		tool 3 vfioap apply "$BATS_TEST_TMPDIR"/wish.json --json
		assert_stderr "cannot assign queue 05.0004"
		assert_stderr "cannot assign queue 06.0004 to device '"'"'$UUID_C'"'"': owned by device '"'"'$UUID_B'"'"'"
		assert_json ".error.findings | length == 2"
		assert_root_unchanged
	'
}

@test "apply: queues of the host are refused, with a command that there is" {
	sim '
		wish "$(device "$UUID_A" 5 4)" >"$BATS_TEST_TMPDIR"/wish.json
		for side in "" -A -P; do
			tool 3 vfioap apply $side "$BATS_TEST_TMPDIR"/wish.json
			assert_stderr --line "hint: '"'"'vfioap reserve${side:+ $side} -a 5 -d 4'"'"' takes it from the host"
			refute_stderr "--reserve"
		done
		tool 0 vfioap reserve -q -a 5 -d 4
		tool 0 vfioap apply "$BATS_TEST_TMPDIR"/wish.json
	'
}

@test "apply: what the host loses and gets is told as by reserve and release" {
	sim '
		pools()
		{
			echo "{\"format\":1,\"pools\":{\"apmask\":\"$(vfioap mask --invert "$1")\",
				\"aqmask\":\"$(vfioap mask all)\"},\"devices\":[]}" >"$BATS_TEST_TMPDIR/pools"
		}
		pools 6
		tool 0 vfioap check --plan "$BATS_TEST_TMPDIR/pools"
		assert_stdout "warning: host-loses-mode"
		tool 0 vfioap apply "$BATS_TEST_TMPDIR/pools"
		assert_stderr --exact "vfioap: warning: the host loses its last online accelerator queue"
		pools 5,6
		echo 3 >"$BATS_TEST_TMPDIR/three"
		mount --bind "$BATS_TEST_TMPDIR/three" /sys/devices/ap/card05/05.0047/requestq_count
		remember
		tool 3 vfioap apply "$BATS_TEST_TMPDIR/pools"
		assert_stderr "cannot take queue 05.0047 from the host: requests are in flight"
		tool 3 vfioap check --plan "$BATS_TEST_TMPDIR/pools"
		assert_stdout "error: queue-busy"
		assert_root_unchanged
		tool 0 vfioap apply -f "$BATS_TEST_TMPDIR/pools"
		assert_stderr "warning: requests in flight of queue 05.0047 are lost"
		pools none
		tool 0 vfioap apply "$BATS_TEST_TMPDIR/pools"
		assert_stderr "warning: master keys of a guest may be left in queues 05.0004,"
	'
}

@test "apply: a write that fails undoes all, files too" {
	sim '
		tool 0 vfioap reserve -d 4,0x47
		tool 0 vfioap create -u "$UUID_B" -a 6 -d 4
		remember
		wish "$(device "$UUID_B" 6 4,0x47)" "$(device "$UUID_A" 5 4)" "$(device "$UUID_C" 5 0x47)" >"$BATS_TEST_TMPDIR"/wish.json
		tool 0 apsim ctl fail "/sys/devices/vfio_ap/matrix/$UUID_C/ap_config" EIO --count 1
		tool 1 vfioap apply "$BATS_TEST_TMPDIR"/wish.json
		assert_root_unchanged
		tool 0 vfioap apply "$BATS_TEST_TMPDIR"/wish.json
	'
}

@test "apply: from a running guest nothing is unplugged without --force" {
	sim '
		tool 0 vfioap reserve -d 4,0x47
		tool 0 vfioap create -u "$UUID_A" -a 5,6 -d 4
		tool 0 apsim ctl guest start "$UUID_A" --name web1
		wish "$(device "$UUID_A" 5 4)" >"$BATS_TEST_TMPDIR"/wish.json
		tool 3 vfioap apply "$BATS_TEST_TMPDIR"/wish.json
		assert_stderr "queue 06.0004 unplugged from device '"'"'$UUID_A'"'"', which guest '"'"'web1'"'"'"
		tool 0 vfioap apply -f "$BATS_TEST_TMPDIR"/wish.json
		assert_stderr "guest '"'"'web1'"'"' of device '"'"'$UUID_A'"'"' lost queue 06.0004"
		wish "$(device "$UUID_A" 5 4,0x47)" >"$BATS_TEST_TMPDIR"/wish.json
		tool 0 vfioap apply "$BATS_TEST_TMPDIR"/wish.json
	'
}

@test "apply: --prune removes what is defined and not named, and no device in use" {
	sim '
		tool 0 vfioap reserve -d 4,0x47
		tool 0 vfioap create -u "$UUID_A" -a 5 -d 4
		tool 0 vfioap create -u "$UUID_B" -a 6 -d 4
		tool 0 vfioap create -A -u "$UUID_C" -a 6 -d 0x47
		wish "$(device "$UUID_A" 5 4)" >"$BATS_TEST_TMPDIR"/wish.json
		tool 0 vfioap apply "$BATS_TEST_TMPDIR"/wish.json --json
		assert_json ".changed == false"
		tool 0 apsim ctl guest start "$UUID_B" --name web1
		tool 3 vfioap apply --prune "$BATS_TEST_TMPDIR"/wish.json
		assert_stderr "cannot remove device '"'"'$UUID_B'"'"'"
		tool 0 apsim ctl guest stop "$UUID_B"
		tool 0 vfioap apply --prune "$BATS_TEST_TMPDIR"/wish.json
		assert_equal "$(devices | paste -sd " ")" "$UUID_A $UUID_C"
		tool 0 vfioap apply --prune --force "$BATS_TEST_TMPDIR"/wish.json
		assert_equal "$(devices)" "$UUID_A"
	'
}

@test "apply: what is wrong with a file is told with line, key and reason, and changes nothing" {
	sim '
		tool 4 vfioap apply /no/such/file
		tool 1 vfioap apply /etc
		mkfifo "$BATS_TEST_TMPDIR"/fifo
		tool 1 vfioap apply "$BATS_TEST_TMPDIR"/fifo
		assert_stderr "is no regular file"
		printf "{\"format\":1,\n\"devices\":[{\"uuid\":\"%s\",\n\"adapters\":\"010\"}]}" "$UUID_A" >"$BATS_TEST_TMPDIR"/wish.json
		tool 2 vfioap apply "$BATS_TEST_TMPDIR"/wish.json
		assert_stderr "/wish.json'"'"': line 3: devices[0].adapters: item '"'"'010'"'"'"
		assert_stderr --line "hint: vfioap-plan(5) describes the file"
		tool 2 vfioap apply
		tool 2 vfioap apply "$BATS_TEST_TMPDIR"/wish.json "$BATS_TEST_TMPDIR"/wish.json
		assert_root_unchanged
	'
}

@test "apply: vfio_ap is loaded on the way" {
	sim '
		tool 0 apsim ctl module unload vfio_ap
		tool 0 vfioap reserve -P -d 4
		tool 0 vfioap create -P -u "$UUID_A" -a 5 -d 4
		vfioap export -P >"$BATS_TEST_TMPDIR"/wish.json
		tool 0 vfioap apply "$BATS_TEST_TMPDIR"/wish.json
		assert_equal "$(matrix "$UUID_A")" "05.0004"
	'
}

@test "export --format migrate: what to detach, the commands, and a file that fits on another host" {
	sim '
		tool 0 vfioap reserve -d 4
		tool 0 vfioap create -u "$UUID_A" -a 5,6 -d 4
		tool 0 apsim ctl guest start "$UUID_A" --name web1
		vfioap export --format migrate "$UUID_A" >"$BATS_TEST_TMPDIR"/migrate
		tool 0 grep -c "guest .web1." "$BATS_TEST_TMPDIR"/migrate
		tool 0 apsim ctl guest stop "$UUID_A"
		tool 0 vfioap export --format migrate "$UUID_A"
		cd "$BATS_TEST_TMPDIR" && sh -e "$BATS_TEST_TMPDIR"/migrate
		assert_equal "$(matrix "$UUID_A")" "05.0004 06.0004"
	'
}
