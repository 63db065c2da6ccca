#!/usr/bin/env bats
# Devices of the next boot: definitions as mdevctl keeps them, made, changed and removed.

bats_require_minimum_version 1.8.0
load helpers
load guests

DEFINITIONS=/etc/mdevctl.d/matrix
TYPE=vfio_ap-passthrough
export DEFINITIONS TYPE

# definition START [ATTRIBUTE ID]...: as mdevctl writes it: no newline at its end
definition()
{
	local comma=''

	printf '{\n  "mdev_type": "%s",\n  "start": "%s",\n  "attrs": [' $TYPE "$1"
	shift
	while [ $# -gt 0 ]; do
		printf '%s\n    {\n      "%s": "%s"\n    }' "$comma" "$1" "$2"
		comma=,
		shift 2
	done
	[ -z "$comma" ] || printf '\n  '
	printf ']\n}'
}

# assert_definition UUID START [ATTRIBUTE ID]...: its bytes; nothing else is there but definitions
assert_definition()
{
	local uuid=$1
	shift

	definition "$@" | diff -u - "$DEFINITIONS/$uuid" >&2 || fail "$uuid is not as expected"
	assert_equal "$(find /etc/mdevctl.d/ -maxdepth 2 -name '.*')" "" "temporary files"
}

# put TEXT: the definition of UUID_A
put()
{
	mkdir -p $DEFINITIONS
	rm -rf "${DEFINITIONS:?}/$UUID_A"
	printf %s "$1" >"$DEFINITIONS/$UUID_A"
	remember
}

# refuses STATUS TEXT COMMAND: with that text, and nothing changes
refuses()
{
	find $DEFINITIONS -ls >"$BATS_TEST_TMPDIR/before.ls"
	# shellcheck disable=SC2086
	tool "$1" timeout 20 vfioap $3
	assert_stdout --exact ""
	assert_stderr "$2"
	assert_root_unchanged
	find $DEFINITIONS -ls | diff - "$BATS_TEST_TMPDIR/before.ls" >&2 || fail "files have changed"
	assert_equal "$(ls /run/lock)" "" "locks"
}

export -f definition assert_definition put refuses

@test "create: active and defined alike, the file as mdevctl writes it" {
	for kernel in 5.15 7.3; do
		sim --kernel $kernel '
			tool 0 vfioap create -q --reserve -u "$UUID_A" -a 5 -d 0x47,4 -c 4
			assert_stdout --exact "$UUID_A"
			assert_equal "$(matrix "$UUID_A") $(controls "$UUID_A")" "05.0004 05.0047 0004"
			assert_definition "$UUID_A" auto assign_adapter 5 assign_domain 4 assign_domain 71 \
				assign_control_domain 4
			assert_equal "$(stat -c "%a %U" "$DEFINITIONS/$UUID_A")" "644 root"
			tool 0 vfioap create -P -u "$UUID_B" --start manual -a 6 -d 0x47
			assert_definition "$UUID_B" manual assign_adapter 6 assign_domain 71
			assert_equal "$(devices)" "$UUID_A"
			tool 0 vfioap create -A -u "$UUID_C" -a 5 -d 0xab
			assert_equal "$(ls $DEFINITIONS)" "$UUID_A
$UUID_B"
			tool 0 vfioap create -P -u a0000000-0000-4000-8000-000000000001
			assert_definition a0000000-0000-4000-8000-000000000001 auto
			tool 0 vfioap list --json
			assert_json ".devices | map([.active, .defined, .start]) == [[true, true, \"auto\"],
				[true, false, null], [false, true, \"auto\"], [false, true, \"manual\"]]"
		'
	done
}

@test "assign, unassign, set: on both sides, or on one; -P and -A of what is not there: 4" {
	sim '
		tool 0 vfioap reserve -q -d 4,0x47,0xab
		tool 0 vfioap create -u "$UUID_A" -a 5 -d 4
		tool 0 vfioap assign "$UUID_A" -d 0x47 -a 6 -c 9
		assert_definition "$UUID_A" auto assign_adapter 5 assign_adapter 6 assign_domain 4 \
			assign_domain 71 assign_control_domain 9
		assert_equal "$(matrix "$UUID_A")" "05.0004 05.0047 06.0004 06.0047"
		tool 0 vfioap unassign -P "$UUID_A" -a 5
		assert_definition "$UUID_A" auto assign_adapter 6 assign_domain 4 assign_domain 71 \
			assign_control_domain 9
		assert_equal "$(matrix "$UUID_A")" "05.0004 05.0047 06.0004 06.0047"
		tool 0 vfioap set "$UUID_A" -d 0xab -a 6 -c none --start manual
		assert_definition "$UUID_A" manual assign_adapter 6 assign_domain 171
		assert_equal "$(matrix "$UUID_A") $(controls "$UUID_A")" "06.00ab "
		tool 0 vfioap set "$UUID_A" --start auto
		assert_definition "$UUID_A" auto assign_adapter 6 assign_domain 171
		remember
		for words in "assign -a 6" "set -d 0xab" "set --start auto" "unassign -a 9"; do
			tool 0 vfioap --json ${words%% *} "$UUID_A" ${words#* }
			assert_json ".changes == []"
		done
		assert_root_unchanged

		tool 0 vfioap stop "$UUID_A"
		remember
		refuses 4 "device '"'$UUID_A'"' is not active" "assign -A $UUID_A -d 4"
		tool 0 vfioap assign "$UUID_A" -d 4
		assert_definition "$UUID_A" auto assign_adapter 6 assign_domain 171 assign_domain 4
		tool 0 vfioap start "$UUID_A"
		tool 0 vfioap remove -P "$UUID_A"
		assert_equal "$(devices) $(ls $DEFINITIONS)" "$UUID_A "
		remember
		for words in "assign -P $UUID_A -d 4" "set -P $UUID_A -d 4" "set $UUID_A --start auto" \
			"set -P $UUID_A --start auto -d 4"; do
			refuses 4 "device '"'$UUID_A'"' is not defined" "$words"
		done
		refuses 4 "no mediated device" "assign -P $UUID_B -d 4"
		refuses 2 "--start" "set -A $UUID_A --start auto"
		refuses 2 "start" "set -P $UUID_A --start Auto"
		refuses 2 "persistent" "stop -P $UUID_A"
		tool 0 vfioap unassign "$UUID_A" -d 4
		assert_equal "$(matrix "$UUID_A") $(ls $DEFINITIONS)" "06.00ab "
	'
}

@test "set, assign: unknown keys and entries keep their place and their bytes" {
	sim '
		tool 0 vfioap reserve -q -d 4,0x47
		put "{
  \"note\": \"$(printf "caf\303\251") / 7\",
  \"mdev_type\": \"$TYPE\",
  \"start\": \"auto\",
  \"attrs\": [
    {
      \"odd\": \"x\"
    },
    {
      \"assign_adapter\": \"0x05\"
    },
    {
      \"assign_domain\": \"4\"
    }
  ],
  \"n\": [
    1.50,
    {}
  ]
}"
		before=$(cat "$DEFINITIONS/$UUID_A")
		tool 0 vfioap assign "$UUID_A" -d 0x47
		assert_equal "$(diff <(echo "$before") "$DEFINITIONS/$UUID_A" | grep "^[<>]")" ">     },
>     {
>       \"assign_domain\": \"71\"
< }
> }"
		tool 0 vfioap unassign "$UUID_A" -d 0x47
		assert_equal "$(cat "$DEFINITIONS/$UUID_A")" "$before" "the definition"
		put "{\"mdev_type\":\"$TYPE\",\"start\":\"auto\",\"big\":123456789012345678901234567890}"
		refuses 3 "it holds a number of more than 64 bits" "assign $UUID_A -d 4"
	'
}

@test "ap_config and unassign_* entries: set alone rewrites them; its start can be changed" {
	sim '
		tool 0 vfioap reserve -q -d 4,0x47
		text=$(definition auto assign_adapter 5 unassign_domain 9 assign_domain 4 odd x)
		put "$text"
		for command in assign unassign; do
			refuses 3 "it has entries of ap_config or unassign_*" "$command $UUID_A -a 5 -d 4,0x47"
			assert_stderr --regex "hint: .*vfioap set"
		done
		tool 0 vfioap set "$UUID_A" --start manual
		assert_equal "$(cat "$DEFINITIONS/$UUID_A")" "${text/auto/manual}"
		tool 0 vfioap set "$UUID_A" -d 4
		assert_definition "$UUID_A" manual assign_adapter 5 assign_domain 4 odd x
		zeros=$(printf "0%.0s" {1..61})
		put "$(definition auto ap_config "0x040$zeros,0x080$zeros,0x000$zeros")"
		refuses 3 "it has entries of ap_config" "assign $UUID_A -d 0x47"
		tool 0 vfioap set "$UUID_A" -d 0x47
		assert_definition "$UUID_A" auto assign_adapter 5 assign_domain 71
	'
}

@test "files that do not read: every command says why, and leaves them as they are" {
	sim '
		tool 0 vfioap reserve -q -d 4,0x47
		all()
		{
			commands=("set $UUID_A --start manual" "unassign -P $UUID_A -d 9")
			[ -z "${VFIOAP_TEST_LONG-}" ] ||
				commands+=("assign $UUID_A -d 0x47" "unassign $UUID_A -d 4"
					"set -P $UUID_A --start auto" "start $UUID_A")
			for words in "${commands[@]}"; do
				refuses 3 "$1" "$words"
			done
			refuses 3 "is defined already" "create -u $UUID_A -a 5 -d 4"
		}
		put "{ \"mdev_type\": \"$TYPE\", \"start\": \"auto\", \"attrs\": [ { \"assign_adapter\": \"5\" }"
		all "unexpected end of data at byte"
		refuses 3 "unexpected end of data" "set $UUID_A -a 5 -d 4 -c none"
		put "{\"start\":\"auto\",\"attrs\":[{\"assign_adapter\":\"5\"}]}"
		all "mdev_type is missing"
		refuses 3 "mdev_type is missing" "set $UUID_A -a 5 -d 4 -c none"
		put "{\"mdev_type\":\"$TYPE\",\"attrs\":[]}"
		all "start is missing"
		put "{\"mdev_type\":\"$TYPE\",\"start\":\"auto\",\"attrs\":[{\"assign_adapter\":5},{\"assign_adapter\":\"08\"}]}"
		all "the value of element 0 of attrs is no text"
		tool 0 vfioap set "$UUID_A" -a 5 -d 4
		assert_definition "$UUID_A" auto assign_adapter 5 assign_domain 4
		mv "$DEFINITIONS/$UUID_A" "$DEFINITIONS/${UUID_A/bb/BB}"
		remember
		all "is not in lower case"
		refuses 3 "is not in lower case" "remove $UUID_A"
		rm "$DEFINITIONS"/*
		mkfifo "$DEFINITIONS/$UUID_A"
		remember
		all "it is no regular file"
		refuses 3 "it is no regular file" "remove $UUID_A"
	'
}

@test "broken files can be removed; other files and links are not touched" {
	sim '
		tool 0 vfioap reserve -q -d 4
		put "{"
		tool 0 vfioap remove "$UUID_A"
		assert_stdout --exact "$UUID_A"
		assert_equal "$(ls -A $DEFINITIONS)" ""

		put "{\"mdev_type\":\"i915\",\"start\":\"auto\",\"attrs\":[]}"
		for words in assign,-d,4 remove start set,--start,manual; do
			command=${words%%,*}
			options=${words#"$command"}
			refuses 4 "no mediated device" "$command $UUID_A ${options//,/ }"
		done
		refuses 3 "is defined already, of another type" "create -u $UUID_A -a 5 -d 4"
		refuses 3 "is defined already, of another type" "create -P -n -u $UUID_A -a 5 -d 4"

		definition auto assign_adapter 5 assign_domain 4 >"$BATS_TEST_TMPDIR/target"
		ln -sf "$BATS_TEST_TMPDIR/target" "$DEFINITIONS/$UUID_A"
		remember
		for words in "assign $UUID_A -c 4" "set $UUID_A --start manual" "remove $UUID_A"; do
			refuses 1 "is a symbolic link" "$words"
		done
		definition auto assign_adapter 5 assign_domain 4 | cmp - "$BATS_TEST_TMPDIR/target"
	'
}

@test "no directory, a full one, a read-only one: an error, and the device is not made either" {
	sim '
		tool 0 vfioap reserve -q -d 4,0x47
		rm -rf $DEFINITIONS
		tool 0 vfioap create -u "$UUID_A" -a 5 -d 4
		assert_definition "$UUID_A" auto assign_adapter 5 assign_domain 4
		mount -t tmpfs -o size=4k tmpfs $DEFINITIONS
		head -c 4096 /dev/zero >$DEFINITIONS/full
		remember
		refuses 1 "No space left on device" "create -u $UUID_B -a 6 -d 4"
		refuses 1 "No space left on device" "create -P -u $UUID_B -a 6 -d 4"
		umount $DEFINITIONS
		mount --bind $DEFINITIONS $DEFINITIONS
		mount -o remount,bind,ro $DEFINITIONS
		remember
		for words in "create -u $UUID_B -a 6 -d 4" "assign $UUID_A -d 0x47" "set $UUID_A --start manual" \
			"remove $UUID_A" "remove --all"; do
			refuses 1 "Read-only file system" "$words"
		done
	'
}

# ---- conflicts -----------------------------------------------------------------------------

@test "auto against auto refuses, by hand warns; queues that the next boot leaves to the host" {
	sim '
		tool 0 vfioap reserve -q -P -d 4
		tool 0 vfioap create -P -u "$UUID_A" -a 5 -d 4
		remember
		for words in "create -P -u $UUID_B -a 5,6 -d 4" "create -P -n -u $UUID_B -a 5 -d 4"; do
			refuses 3 "queue 05.0004: device '"'$UUID_A'"' is defined with it, and both start by themselves" "$words"
		done
		tool 0 vfioap create -P -u "$UUID_B" -a 5,6 -d 4 --start manual
		assert_stderr "warning: queue 05.0004 of device '"'$UUID_B'"': device '"'$UUID_A'"' is defined with it too, and only one of them can be active"
		remember
		refuses 3 "both start by themselves" "set $UUID_B --start auto"
		tool 0 vfioap unassign "$UUID_B" -a 5
		tool 0 vfioap set "$UUID_B" --start auto
		remember
		refuses 3 "05.0004" "assign $UUID_B -a 5"
		tool 0 vfioap set "$UUID_A" --start manual
		tool 0 vfioap assign "$UUID_B" -a 5
		assert_stderr "warning: queue 05.0004"
		remember
		refuses 3 "cannot define device '"'$UUID_B'"' with queues 05.0047, 06.0047: the next boot leaves" "assign $UUID_B -d 0x47"
		tool 0 vfioap assign "$UUID_A" -d 0x47
		assert_stderr "the next boot leaves it to the host"
		tool 0 vfioap create -P -q --reserve -u "$UUID_C" -a 4 -d 0x47
		tool 0 grep -c "apmask}=\"0xf7ff" /etc/udev/rules.d/41-ap.rules
	'
}

@test "a device that runs with other resources than defined: each side is changed by itself" {
	sim '
		tool 0 vfioap create -q --reserve -u "$UUID_A" -a 5 -d 4
		tool 0 vfioap reserve -q -d 0x47,0xab
		tool 0 vfioap assign -A "$UUID_A" -d 0x47
		tool 0 vfioap assign -P "$UUID_A" -d 0xab
		tool 0 vfioap assign "$UUID_A" -a 6
		assert_equal "$(matrix "$UUID_A")" "05.0004 05.0047 06.0004 06.0047"
		assert_definition "$UUID_A" auto assign_adapter 5 assign_adapter 6 assign_domain 4 assign_domain 171
		# The other queues of the definition are kept for the device, as those that it has are.
		remember
		refuses 3 "06.00ab" "create -u $UUID_B -a 6 -d 0xab"
		refuses 3 "06.00ab" "create -P -u $UUID_B -a 6 -d 0xab"
		refuses 3 "06.0047" "create -u $UUID_B -a 6 -d 0x47"
		tool 0 vfioap create -P -u "$UUID_B" -a 6 -d 0x47
		tool 0 vfioap set "$UUID_A" -a 5 -d 4
		assert_equal "$(matrix "$UUID_A")" 05.0004
		assert_definition "$UUID_A" auto assign_adapter 5 assign_domain 4
	'
}

@test "a failure of either side leaves both as they were" {
	sim --kernel 6.1 '
		tool 0 vfioap create -q --reserve -u "$UUID_A" -a 5 -d 4
		tool 0 vfioap reserve -q -d 0x47
		remember
		apsim ctl fail "/sys/devices/vfio_ap/matrix/*/assign_domain" EIO
		refuses 1 "Input/output error" "assign $UUID_A -d 0x47"
		refuses 1 "Input/output error" "create -u $UUID_B -a 6 -d 4"
		apsim ctl fail "/sys/devices/vfio_ap/matrix/*/assign_domain" 0
		hold /dev/vfio/0
		refuses 3 "is open" "remove $UUID_A" || refuses 3 "has it open" "remove $UUID_A"
		refuses 3 "open" "remove --all"
		unhold
	'
}

# ---- remove, dry run, another root -------------------------------------------------------------

@test "remove: what is active, defined, both; --all is one go" {
	sim '
		tool 0 vfioap create -q --reserve -u "$UUID_A" -a 5 -d 4
		tool 0 vfioap create -P -u "$UUID_B" -a 6 -d 4
		tool 0 vfioap create -A -u "$UUID_C" -a 4 -d 4
		tool 0 vfioap remove -P "$UUID_C"
		assert_stderr --exact "vfioap: warning: device '"'$UUID_C'"' is active, and not defined, ignoring"
		tool 0 vfioap remove -A "$UUID_B"
		assert_stderr "its definition stays"
		assert_equal "$(devices | wc -l) $(ls $DEFINITIONS | wc -l)" "2 2"
		tool 0 vfioap remove -A "$UUID_A"
		assert_equal "$(ls $DEFINITIONS | wc -l)" 2
		tool 0 vfioap start "$UUID_A"
		tool 0 vfioap remove --all
		assert_stdout --exact "$UUID_A
$UUID_C
$UUID_B"
		assert_equal "$(devices)$(ls -A $DEFINITIONS)" ""
		tool 0 vfioap remove --all
		assert_stdout --exact ""
	'
}

@test "definitions: what -n prints does the same when a shell runs it, to the byte" {
	sim '
		tool 0 vfioap reserve -q -d 4,0x47
		mkdir -p $DEFINITIONS
		printf "{\"mdev_type\":\"%s\",\"start\":\"auto\",\"attrs\":[],\"odd\":\"it\\\\u0027s %%d \\\\\\\\ \303\251\"}" $TYPE >"$DEFINITIONS/$UUID_C"
		for words in "create -u $UUID_A -a 5 -d 4 -c 9" "set $UUID_A -d 0x47 --start manual" \
			"assign $UUID_C -c 1-3" "remove $UUID_A" "remove $UUID_C"; do
			rm -rf "$BATS_TEST_TMPDIR/before"
			cp -a $DEFINITIONS "$BATS_TEST_TMPDIR/before"
			tool 0 vfioap $words -P -n
			lines=$stdout
			diff -r $DEFINITIONS "$BATS_TEST_TMPDIR/before"
			sh -e -c "${lines//	# no undo/}"
			rm -rf "$BATS_TEST_TMPDIR/shell"
			mv $DEFINITIONS "$BATS_TEST_TMPDIR/shell"
			cp -a "$BATS_TEST_TMPDIR/before" $DEFINITIONS
			tool 0 vfioap $words
			diff -r $DEFINITIONS "$BATS_TEST_TMPDIR/shell"
		done
		rm -rf $DEFINITIONS
		tool 0 vfioap create -P -n -u "$UUID_A" -a 5 -d 4
		sh -e -c "$stdout"
		assert_definition "$UUID_A" auto assign_adapter 5 assign_domain 4
	'
}

@test "definitions: below another root the next boot alone" {
	local uuid=a0000000-0000-4000-8000-000000000001

	use_dump docs
	mkdir -p "$ROOT/run/lock"
	tool 0 vfioap create --sysroot "$ROOT" -u "$uuid" --reserve -a 5 -d 9
	assert_stdout --exact "$uuid"
	definition auto assign_adapter 5 assign_domain 9 | cmp - "$ROOT$DEFINITIONS/$uuid"
	tool 0 vfioap set --sysroot "$ROOT" "$uuid" --start manual
	tool 0 vfioap assign --sysroot "$ROOT" "$uuid" -c 9
	definition manual assign_adapter 5 assign_domain 9 assign_control_domain 9 |
		cmp - "$ROOT$DEFINITIONS/$uuid"
	tool 2 vfioap create -A --sysroot "$ROOT" -a 5 -d 9
	tool 0 vfioap remove --sysroot "$ROOT" "$uuid"
	[ ! -e "$ROOT$DEFINITIONS/$uuid" ]
	assert_equal "$(ls -A "$ROOT/run/lock")" '' 'locks left'
}
