#!/usr/bin/env bats
# What was made to last is there after a reboot: masks, devices, changes; what was not is gone.

bats_require_minimum_version 1.8.0
load helpers
load guests

# with_unit: vfioap-autostart.service, as `make install` and `systemctl enable` put it into place
with_unit()
{
	local dir=/etc/systemd/system

	mkdir -p $dir/multi-user.target.wants
	sed "s|@SBINDIR@|$VFIOAP_BUILD|" "$SOURCES/systemd/vfioap-autostart.service.in" \
		>$dir/vfioap-autostart.service
	ln -sf ../vfioap-autostart.service $dir/multi-user.target.wants
}

# early: vfio_ap is loaded before udev has set the masks, and mdevctl's autostart comes too early
early()
{
	mkdir -p /etc/modules-load.d
	echo vfio-ap >/etc/modules-load.d/vfio.conf
}

# persist: two devices that start by themselves, one that does not, one of this boot alone
persist()
{
	tool 0 vfioap create -q --reserve -u "$UUID_A" -a 5 -d 4 -c 4
	tool 0 vfioap reserve -q -d 0x47
	tool 0 vfioap assign "$UUID_A" -d 0x47
	tool 0 vfioap create -P -u "$UUID_B" -a 6 -d 4
	tool 0 vfioap create -u "$UUID_C" -a 4 -d 4 --start manual
	tool 0 vfioap reserve -A -q -d 0xab
	tool 0 vfioap create -A -a 4 -d 0xab
}

assert_persistent()
{
	assert_equal "$(aqmask)" "0xf7fffffffffffffffe$(printf 'f%.0s' {1..46})" aqmask
	assert_equal "$(apmask)" "0x$(printf 'f%.0s' {1..64})" apmask
	assert_equal "$(devices)" "$UUID_A
$UUID_B" devices
	assert_equal "$(matrix "$UUID_A") $(controls "$UUID_A")" "05.0004 05.0047 0004"
	assert_equal "$(matrix "$UUID_B")" 06.0004
	assert_equal "$(queue_driver 04.0004) $(queue_driver 04.00ab)" "vfio_ap cex4queue"
	assert_equal "$(ls /run/lock)" "" locks
	tool 0 vfioap check
	assert_stdout --exact ""
	assert_stderr --exact ""
}
export -f with_unit early persist assert_persistent

# on_each SCRIPT: on every kernel profile
on_each()
{
	local kernel

	for kernel in 5.15 6.1 6.12 6.19 7.3; do
		sim --kernel $kernel "$1" || fail "kernel $kernel"
	done
}

@test "reboot: masks and devices are there, by mdevctl's autostart" {
	command -v mdevctl >/dev/null || skip "no mdevctl"
	on_each '
		persist
		tool 0 apsim ctl reboot
		assert_stderr --exact ""
		assert_persistent
		tool 0 vfioap start "$UUID_C"
		assert_equal "$(matrix "$UUID_C")" 04.0004
	'
}

@test "reboot: masks and devices are there, by our unit where vfio_ap was loaded too early" {
	on_each '
		with_unit
		early
		persist
		tool 0 apsim ctl reboot
		assert_persistent
	'
}

@test "reboot: what was changed, given back or removed does not come back" {
	on_each '
		persist
		tool 0 vfioap set "$UUID_B" --start manual
		tool 0 vfioap unassign -P "$UUID_A" -d 0x47 -c 4
		tool 0 vfioap remove "$UUID_C"
		tool 0 vfioap release -P -q -d 0x47
		tool 0 apsim ctl reboot
		assert_equal "$(devices)" "$UUID_A" devices
		assert_equal "$(matrix "$UUID_A") $(controls "$UUID_A")" "05.0004 "
		assert_equal "$(aqmask)" "0xf7$(printf "f%.0s" {1..62})" aqmask
		assert_equal "$(queue_driver 05.0047)" cex4queue
		tool 0 vfioap remove --all
		tool 0 vfioap release -q -d 4
		tool 0 apsim ctl reboot
		assert_equal "$(devices)" ""
		assert_equal "$(queue_driver 05.0004)" cex4queue
	'
}

@test "reboot: -A is of this boot alone, -P of the next one" {
	sim '
		tool 0 vfioap create -A -q --reserve -u "$UUID_A" -a 5 -d 4
		tool 0 vfioap create -P -q --reserve -u "$UUID_B" -a 6 -d 0x47
		assert_equal "$(devices)" "$UUID_A" devices
		tool 0 vfioap check --json
		assert_json ".findings | map(.code) | index(\"next-boot-differs\")"
		tool 0 apsim ctl reboot
		assert_equal "$(devices)" "$UUID_B" devices
		assert_equal "$(queue_driver 05.0004) $(queue_driver 06.0047)" "cex4queue vfio_ap"
	'
}
