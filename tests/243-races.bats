#!/usr/bin/env bats
# Somebody else writes between our look at the machine and our write: it is noticed, told, and
# what he wrote is not overwritten unseen.

bats_require_minimum_version 1.8.0
load helpers
load guests

# at_write PATH COMMAND...: start it; it is in its write to PATH, which takes a while; with $again
# set this is so each time
at_write()
{
	slow=$1
	shift
	: >"$BATS_TEST_TMPDIR/err"
	apsim ctl delay "$slow" 600
	"$@" "${verbose--v}" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" &
	writer=$!
	eventually grep -qs " > $slow\$" "$BATS_TEST_TMPDIR/err"
	[ -n "${again-}" ] || apsim ctl delay "$slow" 0
}

# finish STATUS [TEXT]: it ends with this, TEXT is part of its stderr, and the lock is free
finish()
{
	last_command="the command that was slow" status=0
	wait "$writer" || status=$?
	stdout=$(<"$BATS_TEST_TMPDIR/out") stderr=$(<"$BATS_TEST_TMPDIR/err")
	apsim ctl delay "$slow" 0
	[ "$status" -eq "$1" ] || fail "unexpected status $status" "status $1"
	[ $# -lt 2 ] || assert_stderr "$2"
	assert_equal "$(ls /run/lock)" "" "locks"
	assert_equal "$(find /etc/mdevctl.d /etc/udev/rules.d -name ".?*")" "" "temporary files"
}

# of DEVICE FILE
of()
{
	echo "/sys/devices/vfio_ap/matrix/$1/$2"
}

# change_definition UUID ID: as mdevctl modify would
change_definition()
{
	local file=/etc/mdevctl.d/matrix/$1

	jq --arg id "$2" ".attrs += [{assign_control_domain: \$id}]" "$file" >"$BATS_TEST_TMPDIR/new"
	cat "$BATS_TEST_TMPDIR/new" >"$file"
}

CREATE=/sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create
export CREATE
export -f at_write finish of change_definition

@test "race: a mask that somebody else changes meanwhile keeps his bits" {
	sim '
		at_write /sys/bus/ap/aqmask vfioap reserve -A -d 0x47
		echo -6 >/sys/bus/ap/apmask
		finish 0
		assert_equal "$(vfioap mask --list "$(aqmask)")" "0-0x46,0x48-0xff"
		assert_equal "$(vfioap mask --list "$(apmask)")" "0-5,7-0xff"
	'
}

@test "race: a mask that somebody else sets back is told, and stays as he has set it" {
	sim '
		verbose=-V
		at_write /sys/bus/ap/aqmask chzdev_ap -a -y apmask=-5 aqmask=-0x47
		echo +5 >/sys/bus/ap/apmask
		finish 15 "does not show it"
		assert_root_unchanged
	'
}

@test "race: queues that the host gets back before the device has them: all is undone" {
	for kernel in 6.1 7.3; do
		sim --kernel $kernel '
			at_write "$CREATE" vfioap create -A --reserve -u "$UUID_A" -a 5 -d 4
			echo +4 >/sys/bus/ap/aqmask
			finish 1 "a queue is reserved for the host"
			assert_root_unchanged
		'
	done
}

@test "race: an ID that somebody else adds to, or takes from, the device under our hands" {
	sim --kernel 6.1 '
		three_guests
		again=1
		for step in "assign_adapter 4" "unassign_control_domain 1"; do
			at_write "$(of "$UUID_A" assign_control_domain)" vfioap assign -A "$UUID_A" -c 1,2
			has_first() { [ -n "$(controls "$UUID_A")" ]; }
			eventually has_first
			echo "${step#* }" >"$(of "$UUID_A" "${step% *}")"
			finish 1 "does not have what was assigned"
			case $step in
			assign*)
				echo 4 >"$(of "$UUID_A" unassign_adapter)"
				;;
			esac
			assert_root_unchanged
		done
	'
}

@test "race: a matrix that somebody else changes before ap_config is written is looked at again" {
	sim --kernel 6.12 '
		three_guests
		cat >"$BATS_TEST_TMPDIR/wish" <<-END
			{"format":1,"devices":[
			  {"uuid":"$UUID_A","adapters":[5,6],"domains":[4,171],"control_domains":[1]},
			  {"uuid":"$UUID_B","adapters":[5],"domains":[71,255],"control_domains":[2,3]}]}
		END
		at_write "$(of "$UUID_A" assign_control_domain)" vfioap apply -A "$BATS_TEST_TMPDIR/wish"
		echo 9 >"$(of "$UUID_B" assign_control_domain)"
		finish 0 "undo: echo 1 > "
		assert_equal "$(controls "$UUID_B")" "0002 0003"
	'
}

@test "race: ... but not for ever" {
	sim --kernel 6.12 '
		three_guests
		cat >"$BATS_TEST_TMPDIR/wish" <<-END
			{"format":1,"devices":[
			  {"uuid":"$UUID_A","adapters":[5,6],"domains":[4,171],"control_domains":[1]},
			  {"uuid":"$UUID_B","adapters":[5],"domains":[71,255],"control_domains":[2,3]}]}
		END
		again=1
		at_write "$(of "$UUID_A" assign_control_domain)" vfioap apply -A "$BATS_TEST_TMPDIR/wish"
		for id in {20..250}; do
			echo $id >"$(of "$UUID_B" assign_control_domain)"
			sleep 0.05
		done &
		other=$!
		finish 1 "somebody else keeps changing it"
		kill $other
		assert_equal "$(controls "$UUID_A")" ""
		assert_equal "$(controls "$UUID_B" | cut -c 1-14)" "0014 0015 0016"
	'
}

@test "race: a definition that mdevctl changes meanwhile keeps what it was given" {
	sim --kernel 6.12 '
		tool 0 vfioap reserve -d 4
		tool 0 vfioap create -u "$UUID_A" -a 5 -d 4
		at_write "$(of "$UUID_A" assign_control_domain)" vfioap assign "$UUID_A" -c 1
		change_definition "$UUID_A" 77
		finish 0
		assert_equal "$(jq -c ".attrs[2:]" "/etc/mdevctl.d/matrix/$UUID_A")" \
			"[{\"assign_control_domain\":\"77\"},{\"assign_control_domain\":\"1\"}]"

		at_write "$(of "$UUID_A" assign_control_domain)" vfioap assign "$UUID_A" -c 2
		rm "/etc/mdevctl.d/matrix/$UUID_A"
		finish 0
		[ ! -e "/etc/mdevctl.d/matrix/$UUID_A" ]
		assert_equal "$(controls "$UUID_A")" "0001 0002"
	'
}

@test "race: a rules file that chzdev writes meanwhile keeps its mask, one of a hand refuses" {
	sim '
		tool 0 vfioap reserve -P -a 6
		cp /etc/udev/rules.d/41-ap.rules "$BATS_TEST_TMPDIR/theirs"
		rm /etc/udev/rules.d/41-ap.rules
		at_write /sys/bus/ap/aqmask vfioap reserve -d 0x47
		cp "$BATS_TEST_TMPDIR/theirs" /etc/udev/rules.d/41-ap.rules
		finish 0
		assert_equal "$(grep -c "^ATTR" /etc/udev/rules.d/41-ap.rules)" 2
		grep -q "$(vfioap mask --change -6 all)" /etc/udev/rules.d/41-ap.rules

		remember
		at_write /sys/bus/ap/aqmask vfioap reserve -d 0xab
		echo "# mine" >>/etc/udev/rules.d/41-ap.rules
		finish 3
		assert_equal "$(tail -n 1 /etc/udev/rules.d/41-ap.rules)" "# mine"
		assert_equal "$(vfioap mask --list "$(aqmask)")" "0-0x46,0x48-0xff"
	'
}

@test "race: a definition that is made anew before ours is back is not overwritten: 64" {
	sim '
		tool 0 vfioap reserve -d 4
		tool 0 vfioap create -u "$UUID_A" -a 5 -d 4
		apsim ctl fail "$(of "$UUID_A" remove)" EIO
		at_write "$(of "$UUID_A" remove)" vfioap remove "$UUID_A"
		define "$UUID_A" manual 6 0x47
		finish 64 "not undone: remove the definition of device '"'"'$UUID_A'"'"'"
		assert_root_unchanged
		sh -c "$(sed -n "s/^.*; to take it back: //p" <<<"$stderr")"
		assert_equal "$(jq -r .start "/etc/mdevctl.d/matrix/$UUID_A")" auto
	'
}

@test "race: a device that goes away while it is changed, or removed" {
	for kernel in 5.15 6.12; do
		sim --kernel $kernel '
			three_guests
			at_write "$(of "$UUID_A" unassign_adapter)" vfioap unassign -A "$UUID_A" -a 5
			echo 1 >"$(of "$UUID_A" remove)"
			finish 1 "$UUID_A"
			assert_equal "$(devices | wc -l)" 2

			at_write "$(of "$UUID_C" remove)" vfioap remove -A "$UUID_B" "$UUID_C"
			echo 1 >"$(of "$UUID_B" remove)"
			finish 0
			assert_equal "$(paste -sd " " <<<"$stdout")" "$UUID_C $UUID_B" "removed devices"
			assert_no_device
		'
	done
}

@test "race: vfio_ap is unloaded under our hands: all else is undone" {
	sim '
		at_write /sys/bus/ap/aqmask vfioap create -A --reserve -u "$UUID_A" -a 5 -d 4
		apsim ctl module unload vfio_ap
		finish 1 "vfio_ap"
		apsim ctl module load vfio_ap
		assert_root_unchanged
	'
}

@test "race: a card that goes away: with masks its queues may come back, an override needs them" {
	sim --kernel 7.3 '
		at_write "$CREATE" vfioap create -A --reserve -u "$UUID_A" -a 5,6 -d 4
		apsim ctl card remove 6
		apsim ctl scan
		finish 0
		assert_equal "$(matrix "$UUID_A")" "05.0004 06.0004"
		assert_equal "$(guest_matrix "$UUID_A")" "05.0004"
	'
	sim --kernel 7.3 '
		at_write /sys/devices/ap/card05/05.0004/driver_override \
			vfioap reserve -A --exact -Q 05.0004,06.0004
		apsim ctl card remove 6
		apsim ctl scan
		finish 1 "06.0004"
		assert_equal "$(queue_driver 05.0004)" cex4queue
		assert_equal "$(cat /sys/devices/ap/card05/05.0004/driver_override)" ""
	'
}
