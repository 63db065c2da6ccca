#!/usr/bin/env bats
# chzdev_ap: chzdev's arguments and exit statuses, without its faults; lszdev's lists.

bats_require_minimum_version 1.8.0
load helpers
load guests

# ---- changes ---------------------------------------------------------------------

@test "chzdev_ap: changes, lists and masks of 64 digits set the active masks" {
	for kernel in 6.19 6.12 6.1; do
		sim --kernel $kernel '
			while read -r setting list; do
				tool 0 chzdev_ap --type ap -a "$setting"
				assert_stdout --regex "^ap device type (already )?configured\$"
				assert_stderr --exact ""
				mask=$(${setting%%=*})
				tool 0 vfioap mask --list "$mask"
				assert_stdout --exact "$list"
			done <<-END
				apmask=-1,-20-22 0,2-0x13,0x17-0xff
				apmask=+20 0,2-0x14,0x17-0xff
				aqmask=-0x10-0x1f,-5 0-4,6-0x0f,0x20-0xff
				aqmask=0-4,7-255 0-4,7-0xff
				apmask=3 3
				apmask=0x2-0x5 2-5
				apmask=0X10 0x10
				apmask=+0-255 0-0xff
				apmask=none none
				apmask=all 0-0xff
				aqmask=0x80000000000000000000000000000000000000000000000000000000000000F1 0,0xf8-0xfb,0xff
			END
		'
	done
}

@test "chzdev_ap: both masks in one change; other queues stay where they are" {
	sim '
		tool 0 chzdev_ap apmask=-5 aqmask=-4
		assert_equal "$(apmask)" 0xfbffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
		assert_equal "$(aqmask)" 0xf7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
		assert_equal "$(queue_driver 05.0047)" vfio_ap
		assert_equal "$(queue_driver 04.0004)" vfio_ap
		assert_equal "$(queue_driver 04.0047)" cex4queue
		tool 0 chzdev_ap apmask=all aqmask=all
		assert_equal "$(queue_driver 05.0047)" cex4queue
	'
}

@test "chzdev_ap: what is so already is said, and nothing is written" {
	sim '
		tool 0 chzdev_ap apmask=-5
		assert_stdout --exact "ap device type configured"
		apsim ctl log --clear >/dev/null
		tool 0 chzdev_ap apmask=-5
		assert_stdout --exact "ap device type already configured"
		tool 0 apsim ctl log
		refute_stdout /sys/bus/ap
	'
}

@test "chzdev_ap: -q says nothing, -V says each write, -f and -y are accepted" {
	sim '
		tool 0 chzdev_ap -q apmask=-5
		assert_stdout --exact ""
		tool 0 chzdev_ap -V -f -y apmask=+5
		assert_stderr --line "chzdev_ap: echo +5 > /sys/bus/ap/apmask"
		tool 0 chzdev_ap --quiet --force --yes --active --type ap aqmask=-4
		assert_stderr --exact ""
	'
}

@test "chzdev_ap: options stand anywhere, joined, and behind --" {
	sim '
		tool 0 chzdev_ap apmask=-5 -ta ap
		tool 0 chzdev_ap ap -at -- aqmask=-5
		assert_equal "$(apmask)" "$(aqmask)"
	'
}

# ---- exit statuses --------------------------------------------------------------------

@test "chzdev_ap: exit 1, wrong usage" {
	sim '
		while read -r words arguments; do
			tool 1 chzdev_ap $arguments
			assert_stderr "chzdev_ap: ${words//_/ }"
			assert_stdout --exact ""
		done <<-END
			no_setting_given
			no_setting_given -t ap
			unknown_option --no-such-option apmask=3
			unknown_option -Z
			unexpected_argument_'"'"'dasd'"'"' -t dasd apmask=3
			unexpected_argument_'"'"'ap'"'"' -t ap ap apmask=3
			unexpected_argument_'"'"'5.4'"'"' -t ap 5.4
			unexpected_argument_'"'"'apmask=3'"'"' --list apmask=3
			please_specify_--type ap apmask=3
			option_'"'"'--active'"'"'_given_twice -a -a apmask=3
			option_'"'"'-r'"'"'_needs_a_value -r
			option_'"'"'--remove'"'"'_needs_a_value --remove
			option_'"'"'--type=ap'"'"'_takes_no_value --type=ap apmask=3
			options_'"'"'--quiet'"'"'_and_'"'"'--verbose'"'"' -q -V apmask=3
			options_'"'"'--quiet'"'"'_and_'"'"'--verbose'"'"' -V -q apmask=3
			options_'"'"'--list'"'"'_and_'"'"'--active'"'"' -a --list
			options_'"'"'--list'"'"'_and_'"'"'--remove'"'"' -r apmask --list
			options_'"'"'--list'"'"'_and_'"'"'--dry-run'"'"' --list --dry-run
			--pairs_without_--list --pairs
			--active:_below_another_root -a --sysroot / apmask=3
			--lock-timeout --lock-timeout x apmask=3
		END
		tool 1 env VFIOAP_SYSROOT=/ chzdev_ap apmask=3
		assert_stderr "VFIOAP_SYSROOT is set"
		assert_root_unchanged
	'
}

@test "chzdev_ap: exit 1, options of chzdev and lszdev that are not about the masks: use chzdev" {
	for option in --all --apply --auto-conf "--base /tmp" "--by-attrib a=b" "--by-interface eth0" \
		"--by-node /dev/sda" "--by-path /" "--columns ID" "-c ID" --configured --disable -d \
		--disable-all -D --enable -e --existing --failed --help-attribute -H \
		--info -i --ipldev "--is-owner /x" --list-attributes -l --list-types -L \
		--no-headings -n --no-module-load --no-root-update --no-settle --offline --online \
		--remove-all -R "--site 1" "-s 1"; do
		# shellcheck disable=SC2086
		tool 1 chzdev_ap $option -t ap apmask=3
		assert_stderr --regex "^chzdev_ap: option '--[a-z-]+': use chzdev"
		assert_stdout --exact ''
	done
	tool 1 chzdev_ap --base /tmp --list
	assert_stderr --line "chzdev_ap: option '--base': use chzdev"
}

@test "chzdev_ap: -p changes the next boot alone, neither -a nor -p both, -r takes a mask out" {
	sim '
		tool 0 chzdev_ap -p apmask=-3
		assert_stdout --line "ap device type configured"
		assert_equal "$(apmask)" "0x$(printf "f%.0s" {1..64})"
		tool 0 grep -c "^ATTR{../../bus/ap/apmask}=\"0xefff" /etc/udev/rules.d/41-ap.rules
		tool 0 grep -c mask /etc/udev/rules.d/41-ap.rules
		assert_stdout --exact "1"
		tool 0 chzdev_ap aqmask=-4
		assert_equal "$(aqmask)" "0xf7$(printf "f%.0s" {1..62})"
		tool 0 grep -c "^ATTR{../../bus/ap/aqmask}=\"0xf7ff" /etc/udev/rules.d/41-ap.rules
		tool 0 chzdev_ap -p -r apmask
		tool 1 grep apmask /etc/udev/rules.d/41-ap.rules
		tool 7 chzdev_ap -p -r apmask
		tool 0 chzdev_ap --persistent --remove aqmask
		tool 1 test -e /etc/udev/rules.d/41-ap.rules
		tool 0 chzdev_ap -p apmask=0-255
		assert_stdout --line "ap device type configured"
		tool 0 chzdev_ap -p apmask=+5
		assert_stdout --line "ap device type already configured"
	'
}

@test "chzdev_ap: exit 9, what the next boot would give to the host belongs to a definition, -r too" {
	sim '
		tool 0 chzdev_ap -p aqmask=-4
		tool 0 vfioap create -P -u "$UUID_A" -a 5 -d 4
		remember
		tool 9 chzdev_ap -p aqmask=+4
		assert_stderr --line "chzdev_ap: persistent aqmask conflicts with defined autostart mdev $UUID_A APQN 5.4"
		tool 9 chzdev_ap -p -r aqmask
		assert_stderr --line "chzdev_ap: persistent aqmask conflicts with defined autostart mdev $UUID_A APQN 5.4"
		assert_root_unchanged
	'
}

@test "chzdev_ap: exit 1 and 7, -r: active masks cannot be removed, others are not set" {
	sim '
		for arguments in "-r apmask" "-a -r aqmask" "--remove=apmask aqmask=3" "-rapmask"; do
			tool 1 chzdev_ap $arguments
			assert_stderr --regex "cannot remove setting .a[pq]mask. from the active configuration"
		done
		tool 7 chzdev_ap -r foo
		assert_stderr --exact "chzdev_ap: setting not found: foo"
		tool 7 chzdev_ap -a -r foo -r apmask apmask=3
		assert_root_unchanged
	'
}

@test "chzdev_ap: exit 4, an unknown attribute" {
	sim '
		for setting in foo=3 apmask2=3 ap=3 APMASK=3 =3 apmas=3; do
			tool 4 chzdev_ap apmask=5 $setting
			assert_stderr --line "chzdev_ap: unknown device type attribute specified: ${setting%=3}"
		done
		assert_root_unchanged
	'
}

@test "chzdev_ap: exit 6, values that are none, with item and position, and nothing is written" {
	sim '
		while read -r value words; do
			tool 6 chzdev_ap aqmask=-4 "apmask=$value"
			assert_stderr "chzdev_ap: apmask: Invalid input string $value: "
			assert_stderr "${words}"
			assert_stderr --line "hint: a list as 5,0x10-0x1f, a change as +5,-6, or a mask of 0x and 64 digits"
			assert_stdout --exact ""
		done <<-END
			10-5 item '"'"'10-5'"'"' at position 1 is a reversed range
			+10-5 is a reversed range
			-1,-0xff-0xfe item '"'"'-0xff-0xfe'"'"' at position 4 is a reversed range
			256 is above 255
			1,+2 item '"'"'+2'"'"' at position 3 has a sign
			+3,4 item '"'"'4'"'"' at position 4 has no sign
			+7- lacks a number
			+ lacks a number
			a is hexadecimal without 0x
			010 has a leading zero: 8 in sysfs, 10 on paper
			08 has a leading zero: invalid in sysfs, 8 on paper
			+3, is empty
			3,,5 is empty
			,3 is empty
			0xffff is above 255
			1,all must stand alone
			1;2 is not a number
		END
		tool 6 chzdev_ap apmask=
		assert_stderr "the text is empty"
		tool 6 chzdev_ap "apmask=1 2"
		assert_stderr "white space"
		tool 6 chzdev_ap apmask=0x$(printf "f%.0s" {1..63})g
		tool 6 chzdev_ap apmask=$(printf "f%.0s" {1..64})
		tool 6 chzdev_ap apmask=-5 aqmask=-4 apmask=+6
		assert_stderr --line "chzdev_ap: cannot specify multiple values for attribute '"'"'apmask'"'"'"
		assert_root_unchanged
	'
}

@test "chzdev_ap: exit 8, ap without --type selects devices, and there are none" {
	sim '
		tool 8 chzdev_ap --list ap
		assert_stderr "no device was selected"
		assert_stdout --exact ""
		tool 0 chzdev_ap --list --type ap
	'
}

@test "chzdev_ap: exit 9, every queue that a device would lose, in the words of chzdev, nothing changed" {
	for kernel in 6.19 6.12 6.1; do
		sim --kernel $kernel '
			three_guests
			tool 9 chzdev_ap aqmask=+4,+0xff
			assert_stdout --exact ""
			assert_stderr --line "chzdev_ap: aqmask conflicts with mdev $UUID_A APQN 5.4"
			assert_stderr --line "chzdev_ap: aqmask conflicts with mdev $UUID_A APQN 6.4"
			assert_stderr --line "chzdev_ap: aqmask conflicts with mdev $UUID_B APQN 5.255"
			assert_stderr --line "chzdev_ap: aqmask conflicts with mdev $UUID_C APQN 6.255"
			refute_stderr "apmask conflicts"
			refute_stderr "APQN 5.71"
			assert_stderr "cannot give queues 05.0004, 06.0004 to the host: owned by device '"'"'$UUID_A'"'"'"
			assert_stderr --line "hint: '"'"'vfioap unassign $UUID_A -d 4'"'"' takes it from that device"
			assert_stderr --line "ap device type configure failed"
			assert_stderr --line "    Error: Invalid configuration"
			assert_root_unchanged
		'
	done
}

@test "chzdev_ap: exit 9 for either mask, and for a dry run; bits that hurt nobody are set" {
	# Linux 6.19 holds each mask alone against the devices.
	for kernel in 6.12=0 7.3=9; do
		sim --kernel ${kernel%=*} '
			tool 0 chzdev_ap apmask=-5 aqmask=-4,-0x47
			tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
			remember
			tool 9 chzdev_ap apmask=all aqmask=all
			assert_stderr --line "chzdev_ap: apmask conflicts with mdev $UUID_A APQN 5.4"
			assert_stderr --line "chzdev_ap: aqmask conflicts with mdev $UUID_A APQN 5.4"
			tool 9 chzdev_ap --dry-run apmask=all aqmask=all
			assert_stdout --exact ""
			assert_root_unchanged
			tool 0 chzdev_ap aqmask=+0x47
			tool '"${kernel#*=}"' chzdev_ap apmask=+5
			remember
			tool 9 chzdev_ap -f aqmask=+4
			assert_stderr --line "chzdev_ap: aqmask conflicts with mdev $UUID_A APQN 5.4"
			assert_root_unchanged
		'
	done
}

@test "chzdev_ap: exit 9 for definitions; -f goes on where one is started by hand" {
	sim '
		tool 0 chzdev_ap aqmask=-4
		define "$UUID_A" auto 5 4
		tool 9 chzdev_ap aqmask=+4
		assert_stderr --line "chzdev_ap: aqmask conflicts with defined autostart mdev $UUID_A APQN 5.4"
		tool 9 chzdev_ap -f aqmask=+4
		define "$UUID_A" manual 5 4
		tool 9 chzdev_ap aqmask=+4
		assert_stderr --line "chzdev_ap: aqmask conflicts with defined mdev $UUID_A APQN 5.4"
		assert_root_unchanged
		tool 0 chzdev_ap -f aqmask=+4
		assert_stderr "warning: "
	'
}

@test "chzdev_ap: exit 9 names the guest that runs" {
	sim '
		tool 0 chzdev_ap aqmask=-4
		tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
		tool 0 apsim ctl guest start "$UUID_A" --name web1
		tool 9 chzdev_ap aqmask=+4
		assert_stderr "web1"
	'
}

@test "chzdev_ap: exit 15, a mask that the kernel refuses; the other mask is taken back" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			tool 0 apsim ctl fail /sys/bus/ap/aqmask EBUSY --count 1
			tool 15 chzdev_ap -V apmask=-5 aqmask=-4
			assert_stderr --line "chzdev_ap: echo -5 > /sys/bus/ap/apmask"
			assert_stderr --line "chzdev_ap: undo: echo +5 > /sys/bus/ap/apmask"
			assert_stderr "a device owns a queue that the host would get"
			assert_stdout --exact ""
			assert_root_unchanged
			tool 0 apsim ctl fail /sys/bus/ap/apmask EINVAL --count 1
			tool 15 chzdev_ap apmask=-5
			assert_root_unchanged
			tool 0 apsim ctl fail /sys/bus/ap/aqmask EBUSY --count 1
			tool 0 apsim ctl fail /sys/bus/ap/apmask EIO --after 1 --count 1
			tool 15 chzdev_ap apmask=-5 aqmask=-4
			assert_stderr "to take it back: echo +5 > /sys/bus/ap/apmask"
		'
	done
}

@test "chzdev_ap: exit 15, a driver override is set: the kernel would refuse any mask" {
	sim --kernel 6.19 '
		echo vfio_ap >/sys/devices/ap/card05/05.0004/driver_override
		for option in --active --dry-run; do
			tool 15 chzdev_ap $option apmask=-5
			assert_stderr --line "chzdev_ap: cannot change apmask or aqmask: a driver override is set for queue 05.0004"
			refute_stderr "Invalid configuration"
			assert_stdout --exact ""
		done
		assert_root_unchanged
	'
}

@test "chzdev_ap: exit 9, a step that the kernel would not let us take back; -f goes on" {
	sim --kernel 6.19 '
		tool 0 chzdev_ap apmask=-6 aqmask=-4
		tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
		tool 0 vfioap create -A -u "$UUID_B" -a 6 -d 9
		remember
		tool 9 chzdev_ap apmask=-5 aqmask=-9
		assert_stderr "the kernel would not let us take back: clear adapters 5 in apmask"
		assert_root_unchanged
		tool 0 chzdev_ap -f apmask=-5 aqmask=-9
		remember
		tool 9 chzdev_ap apmask=+5
		assert_stderr "this kernel refuses them even where the other mask keeps the queue"
		assert_root_unchanged
	'
}

@test "chzdev_ap: exit 15, the lock is held by somebody, who is named" {
	sim '
		sleep 60 & owner=$!
		until [ "$(cat /proc/$owner/comm)" = sleep ]; do command sleep 0.01; done
		echo $owner >/run/lock/s390apconfig.lock
		tool 15 chzdev_ap --lock-timeout 0 apmask=-5
		assert_stderr "$owner"
		assert_stderr sleep
		assert_root_unchanged
		assert_equal "$(cat /run/lock/s390apconfig.lock)" $owner
		tool 0 chzdev_ap --list
		tool 0 chzdev_ap --dry-run apmask=-5
		kill $owner
	'
}

@test "chzdev_ap: the lock is given back, whatever happens" {
	sim '
		three_guests
		tool 0 chzdev_ap apmask=-9
		tool 9 chzdev_ap aqmask=+4
		tool 0 apsim ctl fail /sys/bus/ap/apmask EIO --count 1
		tool 15 chzdev_ap apmask=+9
		tool 6 chzdev_ap apmask=10-5
		assert_equal "$(ls /run/lock)" ""
	'
}

@test "chzdev_ap: exit 15, not root" {
	local -a as=()
	[ "$(id -u)" -ne 0 ] || as=(setpriv --clear-groups --reuid 65534 --regid 65534)
	tool 15 "${as[@]}" env -u VFIOAP_SYSROOT chzdev_ap apmask=3
	assert_stderr --exact "chzdev_ap: must be root
hint: --dry-run prints what would be written, and needs no root"
}

@test "chzdev_ap: exit 15, no AP bus, a mask that is none, a full disk" {
	mkdir -p "$BATS_TEST_TMPDIR/empty"
	tool 15 chzdev_ap --list --sysroot "$BATS_TEST_TMPDIR/empty"
	assert_stderr --line 'chzdev_ap: this machine has no AP bus: no /sys/bus/ap'
	tool 15 chzdev_ap --list --sysroot "$BATS_TEST_TMPDIR/none"
	use_dump docs
	tool 15 sh -c 'chzdev_ap --list --sysroot "$1" >/dev/full' sh "$ROOT"
	assert_stderr 'cannot write to standard output'
	printf 'nonsense\n' >"$ROOT/sys/bus/ap/apmask"
	tool 15 chzdev_ap --list --sysroot "$ROOT"
	assert_stderr apmask
}

@test "chzdev_ap: exit 99, it cannot even begin" {
	sim '
		: >"$BATS_TEST_TMPDIR/null"
		mount --bind "$BATS_TEST_TMPDIR/null" /dev/null
		mount -o remount,bind,ro /dev/null
		tool 99 chzdev_ap --list
		umount /dev/null
	'
}

@test "chzdev_ap: help and version end 0, on stdout" {
	tool 0 chzdev_ap --help
	assert_stdout "Usage: chzdev_ap [OPTIONS]"
	assert_stderr --exact ''
	tool 0 chzdev_ap apmask=3 -h
	assert_stdout "Usage: chzdev_ap"
	for option in -v --version; do
		tool 0 chzdev_ap $option
		assert_stdout --regex '^chzdev_ap [0-9.]+$'
	done
}

# ---- dry run --------------------------------------------------------------------------

@test "chzdev_ap: --dry-run prints the writes, and writes nothing anywhere" {
	sim '
		apsim ctl log --clear >/dev/null
		tool 0 chzdev_ap -a --dry-run apmask=-5 aqmask=0-4,7-255
		assert_stdout --exact "echo -5 > /sys/bus/ap/apmask
echo -5,-6 > /sys/bus/ap/aqmask"
		assert_stderr --exact ""
		tool 0 apsim ctl log
		refute_stdout /sys/bus/ap
		assert_equal "$(ls /run/lock)" ""
		assert_root_unchanged
	'
}

# ---- lists ------------------------------------------------------------------------------

# The rules as chzdev writes them: rules APMASK AQMASK, "" for none.
rules()
{
	mkdir -p /etc/udev/rules.d
	{
		cat <<-'END'
			# Generated by chzdev
			ACTION=="add", DEVPATH=="/bus/ap", ATTR{bindings_complete_count}!="0", GOTO="cfg_ap"
			ACTION=="change", SUBSYSTEM=="ap", DEVPATH=="/devices/ap", ENV{BINDINGS}=="complete", ENV{COMPLETECOUNT}=="1", GOTO="cfg_ap"
			GOTO="end_ap"

			LABEL="cfg_ap"

		END
		[ -z "$1" ] || printf 'ATTR{../../bus/ap/apmask}="%s"\n' "$1"
		[ -z "$2" ] || printf 'ATTR{../../bus/ap/aqmask}="%s"\n' "$2"
		printf 'RUN{builtin}+="kmod load vfio_ap"\n\nLABEL="end_ap"\n'
	} >/etc/udev/rules.d/41-ap.rules
}
export -f rules

@test "chzdev_ap: --list and --pairs are lszdev's, to the letter" {
	sim '
		tool 0 chzdev_ap --list
		assert_golden chzdev/default
		tool 0 chzdev_ap --list --pairs
		assert_golden chzdev/default-pairs
		tool 0 chzdev_ap apmask=0,3-19,23-255 aqmask=0-4,7-255
		rules "$(apmask)" ""
		tool 0 chzdev_ap --list
		assert_golden chzdev/apmask
		assert_stderr --exact ""
		tool 0 chzdev_ap --type ap --pairs --list
		assert_golden chzdev/apmask-pairs
		tool 0 chzdev_ap apmask=none aqmask=7
		rules "$(apmask)" "$(vfioap mask 1,2,0x47,0xff)"
		tool 0 chzdev_ap --list
		assert_golden chzdev/both
		tool 0 chzdev_ap --list --pairs
		assert_golden chzdev/both-pairs
	'
}

@test "chzdev_ap: any mask can be listed, and typed again" {
	sim '
		odd=$(seq -s, 1 2 255)
		third=$(seq -s, 0 3 255)
		tool 0 chzdev_ap apmask=$odd aqmask=$third
		rules "$(apmask)" "$(aqmask)"
		tool 0 chzdev_ap --list --pairs
		assert_stdout --line "ATTRIBUTE=\"apmask\" ACTIVE=\"$odd\" PERSISTENT=\"$odd\""
		assert_stdout --line "ATTRIBUTE=\"aqmask\" ACTIVE=\"$third\" PERSISTENT=\"$third\""
		tool 0 chzdev_ap --list
		assert_stdout --line "  apmask     \"$odd\"  \"$odd\""
		tool 0 chzdev_ap apmask=$odd aqmask=$third
		assert_stdout "already configured"
	'
}

@test "chzdev_ap: --list of a recorded host, and a rules file that chzdev has not written" {
	use_dump docs
	tool 0 chzdev_ap --list --sysroot "$ROOT"
	assert_stdout --line "DEVICE TYPE ap"
	expected=$stdout
	tool 0 env VFIOAP_SYSROOT="$ROOT" chzdev_ap --list
	assert_stdout --exact "$expected"
	assert_root_unchanged
	mkdir -p "$ROOT/etc/udev/rules.d"
	echo 'ATTR{apmask}=="0x'"$(printf '0%.0s' {1..64})"'"' >"$ROOT/etc/udev/rules.d/41-ap.rules"
	tool 0 chzdev_ap --list --pairs --sysroot "$ROOT"
	assert_stdout --regex 'ATTRIBUTE="apmask" ACTIVE="[^"]*" PERSISTENT=""'
	assert_stderr "warning: '/etc/udev/rules.d/41-ap.rules': line 1 is not as chzdev writes it"
}

@test "chzdev_ap: --list ends quietly when the reader goes away" {
	use_dump docs
	tool 0 bash -c 'chzdev_ap --list --sysroot "$1" | true; exit ${PIPESTATUS[0]}' bash "$ROOT"
	assert_stderr --exact ''
}

# ---- man page and completion ----------------------------------------------------------------

@test "chzdev_ap: every exit status stands in the man page" {
	local page=$SOURCES/man/chzdev_ap.8
	for code in 0 1 4 6 7 8 9 15 18 99; do
		grep -qx "\.It $code" "$page" || fail "exit status $code is not in chzdev_ap(8)"
	done
}

complete_words()
{
	# shellcheck disable=SC2016
	bash -c '
		source "$1"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_chzdev_ap "$1" "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
		[ "${#COMPREPLY[@]}" -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}" | sort
	' bash "$SOURCES/completion/chzdev_ap.bash" "$@"
}

@test "chzdev_ap: completion offers what the program says, and names no option itself" {
	tool 0 complete_words chzdev_ap -
	assert_equal "$stdout" "$(chzdev_ap --list-options | sort)" "what is offered"
	tool 0 complete_words chzdev_ap --per
	assert_stdout --exact --persistent
	tool 0 complete_words chzdev_ap -t ''
	assert_stdout --exact $'ap\napmask=\naqmask='
	tool 0 complete_words chzdev_ap apm
	assert_stdout --exact apmask=
	tool 0 complete_words chzdev_ap -r ''
	assert_stdout --exact $'apmask\naqmask'
	tool 0 complete_words chzdev_ap --remove = aq
	assert_stdout --exact aqmask
	tool 0 complete_words chzdev_ap apmask = ''
	assert_stdout --exact ''
	tool 0 complete_words chzdev_ap --lock-timeout ''
	assert_stdout --exact ''
	mkdir "$BATS_TEST_TMPDIR/files" "$BATS_TEST_TMPDIR/files/dir"
	: >"$BATS_TEST_TMPDIR/files/masks"
	cd "$BATS_TEST_TMPDIR/files"
	tool 0 complete_words chzdev_ap --import ''
	assert_stdout --exact $'-\ndir\nmasks'
	tool 0 complete_words chzdev_ap --export = ma
	assert_stdout --exact masks
	sed '/^[[:blank:]]*#/d' "$SOURCES/completion/chzdev_ap.bash" >"$BATS_TEST_TMPDIR/code"
	for option in $(chzdev_ap --list-options | grep '^--' | tr -d =); do
		[ "$option" != --help ] || continue
		tool 1 grep -nE -e "$option([^a-z-]|\$)" "$BATS_TEST_TMPDIR/code"
	done
}
