#!/usr/bin/env bats
# vfioap show: guests, devices, queues and the host.

bats_require_minimum_version 1.8.0
load helpers
load guests

setup()
{
	export LC_ALL=C COLUMNS=80
	unset VFIOAP_SYSROOT NO_COLOR
}

show()
{
	tool 0 vfioap show --sysroot "$ROOT" "$@"
}

@test "show guest, device, queue, host: recorded machines" {
	for dump in docs trouble; do
		rm -rf "$BATS_TEST_TMPDIR/root"
		use_dump $dump
		for subject in guest device host; do
			show $subject
			assert_golden show/$dump-$subject.txt
			refute_stdout --regex $'[^\n]{81}'
		done
		show queue 04.00ff,06.00ab 5.4
		assert_golden show/$dump-queue.txt
		refute_stdout --regex $'[^\n]{81}'
		assert_root_unchanged
	done
}

@test "show guest: the queues are those of the guest, the reasons those of the others" {
	use_dump trouble
	show guest 6217
	assert_stdout --line '05.0004  CEX5C CCA-Coproc  deconfig'
	assert_stdout --line '2a       CEX8P EP11-Coproc chkstop'
	refute_stdout --regex $'\n06'
	assert_stdout --line '  06.00ab: not bound to vfio_ap'
	assert_stdout --line "  05.0009, 06.0009, 2a.0009: domain not in the host's configuration"
	assert_stdout --line '  06.0004: kept out with the adapter'
	assert_stdout --line '  control domains: 4'
}

@test "show guest: each reason, in words and in JSON" {
	use_dump docs
	rm -r "$ROOT/sys/bus/ap/devices/05.00ab" "$ROOT/sys/bus/ap/drivers/vfio_ap/05.00ab"
	printf '06.0004\n06.00ab\n' >"$ROOT/sys/devices/vfio_ap/matrix/$UUID_A/guest_matrix"
	show guest 6217
	assert_stdout --line '  05.00ab: no such queue'
	assert_stdout --line '  05.0004: kept out with the adapter'
	show guest --json 6217
	assert_json '.devices[0].grid | map(select(.queue == "05.00ab" or .queue == "05.0004"))
		| map([.state, .reason]) == [["filtered", "absent"], ["absent", "absent"]]'
	printf '05.0004\n05.00ab\n' >"$ROOT/sys/devices/vfio_ap/matrix/$UUID_A/guest_matrix"
	show guest --json 6217
	assert_json '.devices[0].grid | map(select(.queue == "06.0004")) == [{queue: "06.0004",
		state: "filtered", reason: "reset-failed"}]'
	for mask in adapter usage_domain control_domain; do
		echo 'not supported' >"$ROOT/sys/bus/ap/ap_${mask}_mask"
	done
	: >"$ROOT/sys/devices/vfio_ap/matrix/$UUID_A/guest_matrix"
	show guest 6217
	assert_stdout '06.00ab: the machine does not tell its'
	assert_stdout --line '  no card and no queue'
	show host --json
	assert_json '.adapters == null and .usage_domains == null and .control_domains == null'
}

@test "show guest: worked out where the kernel does not tell" {
	use_dump docs
	{ printf '0x06%062d,0x' 0 && printf 'f%.0s' {1..64} && printf ',0x%064d\n' 0; } \
		>"$ROOT/sys/devices/vfio_ap/matrix/$UUID_A/ap_config"
	echo junk >"$ROOT/sys/devices/vfio_ap/matrix/$UUID_A/guest_matrix"
	echo junk >"$ROOT/sys/devices/vfio_ap/matrix/$UUID_A/matrix"
	show guest 6217
	assert_stdout --line '  worked out: the kernel does not tell'
	assert_stdout --line '05.0004  CEX5C CCA-Coproc  online'
	show device 6217
	assert_stdout ', worked out'
}

@test "show: the JSON of matrix, guest and device is the same" {
	use_dump trouble
	show matrix --json
	first=$stdout
	for subject in guest device; do
		show $subject --json
		assert_equal "$stdout" "$first" "show $subject"
	done
	assert_json '[.devices[].users] == [null, null, null]'
}

@test "show: guest and device by UUID, prefix, -u; not found" {
	use_dump docs
	for subject in guest device; do
		show $subject cef0 6217
		assert_stdout "$UUID_A"
		refute_stdout "$UUID_C"
		show $subject -u 9b1d
		assert_stdout "$UUID_C"
		tool 4 vfioap show --sysroot "$ROOT" $subject ffff
		tool 2 vfioap show --sysroot "$ROOT" $subject zz
	done
}

@test "show device: node, owner, who has it open; on every kernel" {
	for kernel in 5.15 6.1 6.12 6.19; do
		sim --kernel $kernel '
			three_guests
			apsim ctl guest start "$UUID_A" --name web1 >/dev/null
			chown 107:36 /dev/vfio/0
			chmod 0640 /dev/vfio/0
			tool 0 vfioap show device 6217
			assert_stdout --line "  node             /dev/vfio/0, owner 107, group 36, mode 0640"
			assert_stdout --regex "  open by          guest web1: qemu-system-s390x, pid [0-9]+"
			assert_stdout "05.0004, 05.00ab, 06.0004, 06.00ab"
			tool 0 vfioap show device cef0
			assert_stdout --regex "  open by          (nobody|- .not all processes are seen.)"
			tool 0 vfioap show guest 6217
			assert_stdout --line "06.00ab  CEX5A Accelerator online"
			tool 0 vfioap show --json device 6217
			assert_json ".devices[0].node == {path: \"/dev/vfio/0\", uid: 107, gid: 36, mode: \"0640\"}"
			assert_json ".devices[0].users | map(.guest) == [\"web1\"]"
			tool 0 vfioap show queue 5.4
			assert_stdout --line "  guest            web1"
		'
	done
}

@test "show device: what its definition says otherwise" {
	sim '
		three_guests
		define "$UUID_A" auto 5 0x47
		tool 0 vfioap show device 6217
		assert_stdout --line "  definition       adapters 5, domains 0x47, control domains none"
		assert_stdout --line "  start            auto"
		define "$UUID_B" manual 5 0x47
		tool 0 vfioap show device cef0
		assert_stdout --line "  start            manual"
		echo "{" >/etc/mdevctl.d/matrix/"$UUID_C"
		tool 0 vfioap show device 9b1d
		assert_stdout "the definition cannot be used"
	'
}

@test "show host: what each kernel can do, by its files" {
	local kernel want

	for kernel in 5.15 6.1 6.12 6.19; do
		case $kernel in
		5.15) want='{ap_config: false, guest_matrix: false, driver_override: false, status: false, features_file: false}' ;;
		6.1) want='{ap_config: false, guest_matrix: true, driver_override: false, status: true, features_file: false}' ;;
		6.12) want='{ap_config: true, guest_matrix: true, driver_override: false, status: true, features_file: true}' ;;
		6.19) want='{ap_config: true, guest_matrix: true, driver_override: true, status: true, features_file: true}' ;;
		esac
		sim --kernel $kernel "
			three_guests
			tool 0 vfioap show host --json
			assert_json '.capabilities == $want and .modules == {vfio_ap: true}'
		"
	done
	sim --kernel 6.1 --lpar empty '
		tool 0 vfioap show host --json
		assert_json ".capabilities | .driver_override == null and .status == null and .ap_config == null"
	'
}

@test "show host: no AP bus is not found; no module, no feature" {
	tool 4 vfioap show --sysroot "$BATS_TEST_TMPDIR" host
	assert_stderr --line 'vfioap: this machine has no AP bus'
	use_dump docs
	rm -r "$ROOT/sys/devices/vfio_ap" "$ROOT/sys/bus/ap/features"
	mkdir -p "$ROOT/proc/sys/kernel"
	echo $'6.12.1\e[31m' >"$ROOT/proc/sys/kernel/osrelease"
	show host --json
	assert_json '.modules.vfio_ap == false and .features == null and .kernel == "6.12.1?[31m"'
	assert_json '.capabilities.features_file == null'
	echo - >"$ROOT/sys/bus/ap/features"
	show host --json
	assert_json '.features == []'
}

@test "show queue: 05.0004, 5.4, comma lists; not found, nonsense, nothing" {
	use_dump docs
	show queue --json 5.4,06.0047 05.0004
	assert_json '[.queues[].queue] == ["05.0004", "06.0047"]'
	tool 4 vfioap show --sysroot "$ROOT" queue 05.0004 05.0099
	assert_stderr --line "vfioap: no queue '05.0099'"
	assert_stdout --exact ''
	tool 2 vfioap show --sysroot "$ROOT" queue 05.0004,5
	assert_stderr --line "vfioap: '5' is no queue"
	tool 2 vfioap show queue
	assert_stderr --line 'vfioap: no queue given'
	tool 2 vfioap show queue -u 6217
	tool 4 vfioap show --sysroot "$BATS_TEST_TMPDIR" queue 5.4
}

@test "show queue: what would move it does move it" {
	sim '
		tool 0 vfioap reserve -A -a 6
		for queue in 06.0047 05.0004; do
			tool 0 vfioap show queue --json $queue
			move=$(jq -r ".queues[0].moves[-1]" <<<"$stdout")
			pool=$(jq -r ".queues[0].pool" <<<"$stdout")
			tool 0 $move
			tool 0 vfioap show queue --json $queue
			assert_json ".queues[0].pool != \"$pool\" and .queues[0].pool == .queues[0].mask_owner"
		done
		tool 0 vfioap release -A -d all
		tool 0 vfioap reserve -A -d 4
		tool 0 vfioap create -A -u "$UUID_A" -a 5,6 -d 4
		tool 0 vfioap show queue --json 5.4
		assert_json ".queues[0].moves == [\"vfioap unassign $UUID_A -d 4\", \"vfioap unassign $UUID_A -a 5\"]"
		tool 0 $(jq -r ".queues[0].moves[1]" <<<"$stdout")
		assert_equal "$(matrix "$UUID_A")" 06.0004
		echo 05.0004 >/sys/bus/ap/drivers/vfio_ap/unbind
		tool 0 vfioap show queue --json 5.4
		assert_json ".queues[0].status == \"unbound\" and .queues[0].driver == null"
		bash -c "$(jq -r ".queues[0].moves[0]" <<<"$stdout")"
		assert_equal "$(queue_driver 05.0004)" vfio_ap
	'
}

@test "show queue: the override, where the kernel has it" {
	sim --kernel 6.19 '
		echo vfio_ap >/sys/devices/ap/card05/05.0004/driver_override
		tool 0 vfioap show queue 5.4
		assert_stdout --line "  override         vfio_ap"
		tool 0 vfioap show queue --json 5.4 5.47
		assert_json "[.queues[].override] == [\"vfio_ap\", null]"
	'
}
