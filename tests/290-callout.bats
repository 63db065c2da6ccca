#!/usr/bin/env bats
# vfioap-callout: by a script that speaks mdevctl's side, and by Debian's mdevctl.

bats_require_minimum_version 1.8.0
load helpers
load guests

setup()
{
	export LC_ALL=C
}

# ask STATUS EVENT ACTION UUID [STDIN]: as mdevctl calls it; this shell is mdevctl
ask()
{
	local input=$BATS_TEST_TMPDIR/stdin

	printf '%s' "${5-}" >"$input"
	tool "$1" vfioap-callout -t vfio_ap-passthrough -e "$2" -a "$3" -s none -u "$4" -p matrix \
		<"$input"
}

# definition START ATTRIBUTE=VALUE...: compact JSON, as mdevctl sends it
definition()
{
	local start=$1 between='' attr
	shift

	printf '{"mdev_type":"vfio_ap-passthrough","start":"%s","attrs":[' "$start"
	for attr; do
		printf '%s{"%s":"%s"}' "$between" "${attr%%=*}" "${attr#*=}"
		between=,
	done
	printf ']}'
}

LOCK=/run/lock/s390apconfig.lock
export LOCK

# locked: it is held by this shell, and by nobody else
locked()
{
	assert_equal "$(cat "$LOCK" 2>/dev/null || echo none)" "$$" "lock"
}

unlocked()
{
	[ ! -e "$LOCK" ] || fail "the lock is left behind" "no file"
}

with_callout()
{
	mkdir -p /etc/mdevctl.d/scripts.d/callouts
	ln -sf "$(command -v vfioap-callout)" /etc/mdevctl.d/scripts.d/callouts/00-vfioap-callout
}
export -f ask definition locked unlocked with_callout

@test "callout: arguments: 1 for wrong ones, 2 for a device of another driver" {
	good=(-t vfio_ap-passthrough -e pre -a list -s none -u "$UUID_A" -p matrix)
	tool 0 vfioap-callout "${good[@]}"
	tool 1 vfioap-callout "${good[@]}" -x
	assert_stderr --exact 'Unknown operand'
	tool 1 vfioap-callout "${good[@]}" -s none
	assert_stderr --exact 'Duplicate or missing operand'
	tool 1 vfioap-callout "${good[@]:2}"
	assert_stderr --exact 'Duplicate or missing operand'
	tool 1 vfioap-callout -t vfio_ap-passthrough -e pre -a define -s none -u x -p matrix
	assert_stderr --exact 'Invalid UUID specified'
	tool 1 vfioap-callout -t vfio_ap-passthrough -e pre -a define -s none -u "$UUID_A" -p 0.0.1
	assert_stderr --exact 'Invalid parent specified'
	tool 2 vfioap-callout -t vfio_ccw-io -e pre -a start -s none -u "$UUID_A" -p 0.0.0001
	assert_stderr --exact ''
}

@test "callout: events and actions that nobody knows: 0, silent, no lock" {
	sim '
		for words in "pre list" "post types" "notify start" "what ever" "get define"; do
			ask 0 $words "$UUID_A"
			assert_stderr --exact ""
			unlocked
		done
	'
}

@test "callout: the lock is mdevctl's from pre to post, whatever the action" {
	sim '
		tool 0 vfioap reserve -A -d 4
		for action in define start stop; do
			ask 0 pre "$action" "$UUID_A" "$(definition auto)"
			locked
			ask 0 post "$action" "$UUID_A" "$(definition auto)"
			unlocked
		done
		define "$UUID_A" auto 5 4
		for action in modify undefine; do
			ask 0 pre "$action" "$UUID_A" "$(definition manual)"
			locked
			ask 0 post "$action" "$UUID_A"
			unlocked
		done
		ask 255 pre define "$UUID_A" "$(definition auto)"
		assert_stderr --exact "Config already exists"
		unlocked
		ask 255 pre modify "$UUID_B" "$(definition auto)"
		assert_stderr --exact "Config doesn'"'t"' exist"
		ask 255 pre undefine "$UUID_B"
		unlocked
		assert_root_unchanged
	'
}

@test "callout: post leaves the lock of somebody else" {
	sim '
		echo 1 >"$LOCK"
		ask 0 post define "$UUID_A"
		assert_equal "$(cat "$LOCK")" 1 "lock"
	'
}

@test "callout: what cannot be read is refused" {
	sim '
		for text in "" "{" "[]" "{\"start\":\"auto\"}" "$(definition auto assign_adapter=010)"; do
			ask 255 pre define "$UUID_A" "$text"
			assert_stderr "Failed to read device config"
			unlocked
		done
		ask 255 pre define "$UUID_A" "{\"mdev_type\":\"x\",\"start\":\"auto\"}"
		assert_stderr "Invalid mdev_type: "
		tool 255 sh -c "head -c 2000000 /dev/zero | vfioap-callout -t vfio_ap-passthrough \
			-e pre -a define -s none -u $UUID_A -p matrix"
		assert_stderr --exact "Failed to read device config"
		unlocked
	'
}

@test "callout: define: against autostart definitions and the masks of the next boot" {
	sim '
		define "$UUID_B" auto 5 4
		define "$UUID_C" manual 5 71
		masks=0x$(printf "0%.0s" {1..64})
		mkdir -p /etc/udev/rules.d
		echo "ATTR{../../bus/ap/apmask}=\"$masks\"" >/etc/udev/rules.d/41-ap.rules
		ask 255 pre define "$UUID_A" "$(definition auto assign_adapter=5 assign_adapter=6 assign_domain=4)"
		assert_stderr --exact "APQN 5.4 is defined for autostart by $UUID_B"
		unlocked
		ask 0 pre define "$UUID_A" "$(definition auto assign_adapter=5 assign_domain=0x47)"
		assert_stderr --exact "APQN 5.71 (warning) is defined too by $UUID_C"
		ask 0 pre define "$UUID_A" "$(definition manual assign_adapter=5 assign_domain=4)"
		rm /etc/udev/rules.d/41-ap.rules
		ask 255 pre define "$UUID_A" "$(definition auto assign_adapter=6 assign_domain=4)"
		assert_stderr --exact "APQN 6.4 is not defined for vfio_ap-passthrough use by the persistent ap bus mask settings"
		ask 0 pre modify "$UUID_B" "$(definition manual assign_adapter=6 assign_domain=4)"
		echo "ATTR{../../bus/ap/apmask}=\"0x1\"" >/etc/udev/rules.d/41-ap.rules
		ask 255 pre modify "$UUID_B" "$(definition auto)"
		assert_stderr --exact "Error reading system AP settings: line 1 of 41-ap.rules"
	'
}

@test "callout: start: against active devices and masks, in ap-check's words" {
	sim '
		tool 0 vfioap reserve -A -d 4,0x47
		tool 0 vfioap create -A -u "$UUID_B" -a 5 -d 4
		ask 255 pre start "$UUID_A" "$(definition manual assign_adapter=5 assign_adapter=6 assign_domain=4 assign_domain=0xab)"
		assert_stderr --line "APQN 5.4 already in use by $UUID_B"
		assert_stderr --line "APQN 5.171 is not allowed for vfio_ap-passthrough use by the active ap bus mask settings"
		assert_stderr --line "APQN 6.171 is not allowed for vfio_ap-passthrough use by the active ap bus mask settings"
		assert_equal "$(wc -l <<<"$stderr")" 3 "number of lines"
		unlocked
		ask 255 pre start "$UUID_A" "$(definition manual assign_control_domain=4)"
		assert_stderr --exact "At least one usage domain must be specified"
		ask 0 pre start "$UUID_A" "$(definition manual assign_adapter=6 assign_domain=4)"
		locked
		ask 0 post start "$UUID_A"
		unlocked
	'
}

@test "callout: start: what ap-check does not look at" {
	sim '
		tool 0 vfioap reserve -A -d 4,0x47
		define "$UUID_B" auto 5 4
		define "$UUID_C" manual 5 71
		ask 255 pre start "$UUID_A" "$(definition manual assign_adapter=5 assign_domain=4)"
		assert_stderr "device '"'$UUID_B'"' is defined with it"
		ask 0 pre start "$UUID_A" "$(definition manual assign_adapter=5 assign_domain=71)"
		assert_stderr --regex "^warning: .*$UUID_C"
		ask 0 post start "$UUID_A"
		ask 255 pre start "$UUID_A" "$(definition manual assign_adapter=5 assign_domain=255)"
		unlocked
	'
	sim --kernel 6.1 '
		tool 0 vfioap reserve -A -d 4,5
		attrs=$(printf " assign_adapter=%d" {0..255})
		ask 255 pre start "$UUID_A" "$(definition manual $attrs assign_domain=4 assign_domain=5)"
		assert_stderr "512 queues"
		ask 0 pre start "$UUID_A" "$(definition manual $attrs assign_domain=4)"
	'
}

@test "callout: define: a queue with an override at the next boot is no longer the host's" {
	sim --kernel 7.3 '
		ask 255 pre define "$UUID_A" "$(definition auto assign_adapter=5 assign_domain=4 assign_domain=71)"
		assert_equal "$(wc -l <<<"$stderr")" 2 "number of lines"
		mkdir -p /etc/vfioap /etc/driverctl.d
		echo 05.0004 >/etc/vfioap/overrides
		ask 255 pre define "$UUID_A" "$(definition auto assign_adapter=5 assign_domain=4 assign_domain=71)"
		assert_stderr --exact "APQN 5.71 is not defined for vfio_ap-passthrough use by the persistent ap bus mask settings"
		echo vfio_ap >/etc/driverctl.d/ap-05.0047
		ask 0 pre define "$UUID_A" "$(definition auto assign_adapter=5 assign_domain=4 assign_domain=71)"
		locked
	'
}

@test "callout: a refusal after the lock was kept gives it back: no post follows" {
	sim '
		tool 0 vfioap reserve -A -d 4
		ask 0 pre start "$UUID_A" "$(definition manual assign_adapter=5 assign_domain=4)"
		locked
		ask 0 get attributes "$UUID_A"
		ask 255 live modify "$UUID_A" "$(definition manual)"
		locked
		ask 255 pre start "$UUID_B" "$(definition manual assign_adapter=5 assign_domain=5)"
		unlocked
	'
}

@test "callout: entries: unassign_* and ap_config count in their order, others are refused" {
	sim '
		tool 0 vfioap reserve -A -d 4
		ask 0 pre start "$UUID_A" "$(definition manual assign_adapter=5 assign_domain=4 assign_domain=5 unassign_domain=5)"
		zeros=$(printf "%062d" 0)
		ask 0 pre start "$UUID_A" "$(definition manual ap_config=0x04$zeros,0x08$zeros,0x00$zeros)"
		ask 255 pre start "$UUID_A" "$(definition manual ap_config=0x04$zeros,0x04$zeros,0x00$zeros)"
		assert_stderr --exact "APQN 5.5 is not allowed for vfio_ap-passthrough use by the active ap bus mask settings"
		ask 255 pre start "$UUID_A" "$(definition manual assign_adapter=5 assign_adaptor=6)"
		assert_stderr --exact "Invalid attribute '"'assign_adaptor'"'"
		unlocked
		ask 0 pre define "$UUID_A" "$(definition manual assign_adapter=5 unassign_adapter=5)"
		assert_stderr --regex "^warning: entries of ap_config and unassign_"
	'
}

@test "callout: live modify: autostart definitions count, this is no boot" {
	sim --kernel 6.12 '
		tool 0 vfioap reserve -A -d 4,0x47
		tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
		define "$UUID_B" auto 6 4
		ask 0 pre start "$UUID_A" "$(definition auto assign_adapter=6 assign_domain=4)"
		ask 0 post start "$UUID_A"
		ask 255 live modify "$UUID_A" "$(definition auto assign_adapter=6 assign_domain=4)"
		assert_stderr "$UUID_B"
		assert_equal "$(matrix "$UUID_A")" 05.0004 "matrix"
		ask 255 live modify "$UUID_C" "$(definition manual)"
		unlocked
	'
}

@test "callout: get attributes: decimal; [] for an empty device, nothing without one" {
	sim '
		tool 0 vfioap reserve -A -d 4,0x47
		ask 0 get attributes "$UUID_A"
		assert_stdout --exact ""
		tool 0 vfioap create -A -u "$UUID_A"
		ask 0 get attributes "$UUID_A"
		assert_stdout --exact "[]"
		tool 0 vfioap assign -A "$UUID_A" -a 5,6 -d 0x47 -c 4
		ask 0 get attributes "$UUID_A"
		assert_stdout --exact "[{\"assign_adapter\": \"5\"},{\"assign_adapter\": \"6\"},{\"assign_domain\": \"71\"},{\"assign_control_domain\": \"4\"}]"
		unlocked
		ask 0 pre stop "$UUID_A"
		ask 0 get attributes "$UUID_A"
		locked
	'
}

@test "callout: get capabilities: what is offered and known, version 2" {
	sim '
		ask 0 get capabilities "$UUID_A" "{\"provides\":{\"version\":2,\"actions\":[\"start\",\"stop\",\"define\",\"undefine\",\"modify\",\"attributes\",\"capabilities\"],\"events\":[\"pre\",\"post\",\"notify\",\"get\",\"live\"]}}"
		assert_stdout --exact "{\"supports\":{\"version\":2,\"actions\":[\"define\",\"modify\",\"start\",\"stop\",\"undefine\",\"attributes\",\"capabilities\"],\"events\":[\"pre\",\"post\",\"get\",\"live\"]}}"
		ask 0 get capabilities "$UUID_A" "{\"provides\":{\"version\":3,\"actions\":[\"start\",\"sing\"],\"events\":[]}}"
		assert_stdout --exact "{\"supports\":{\"version\":2,\"actions\":[\"start\"],\"events\":[]}}"
		ask 0 get capabilities "$UUID_A" "{\"provides\":{\"version\":2,\"actions\":[1,null,[\"start\"]],\"events\":[\"get\u001b\",\"live\",\"live\"]}}"
		assert_stdout --exact "{\"supports\":{\"version\":2,\"actions\":[],\"events\":[\"live\"]}}"
		ask 255 get capabilities "$UUID_A"
		assert_stderr --exact "No capabilities provided"
		ask 255 get capabilities "$UUID_A" "{}"
		assert_stderr --exact "No supported capabilities provided"
		ask 255 get capabilities "$UUID_A" "{\"provides\":{}}"
		assert_stderr --exact "No version provided in capabilities"
		ask 255 get capabilities "$UUID_A" "{\"provides\":{\"version\":2}}"
		assert_stderr --exact "No actions provided in capabilities"
		ask 255 get capabilities "$UUID_A" "{\"provides\":{\"version\":2,\"actions\":[]}}"
		assert_stderr --exact "No events provided in capabilities"
		unlocked
	'
}

@test "callout: live modify: through ap_config, and only what is allowed" {
	sim '
		tool 0 vfioap reserve -A -d 4,0x47
		tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
		tool 0 vfioap create -A -u "$UUID_B" -a 6 -d 4
		ask 0 live modify "$UUID_A" "$(definition manual assign_adapter=5 assign_domain=4 assign_domain=0x47 assign_control_domain=4)"
		assert_equal "$(matrix "$UUID_A")" "05.0004 05.0047" "matrix"
		assert_equal "$(controls "$UUID_A")" "0004" "controls"
		unlocked
		apsim ctl guest start "$UUID_A" >/dev/null
		ask 0 live modify "$UUID_A" "$(definition manual assign_adapter=5 assign_domain=0x47)"
		assert_equal "$(guest_matrix "$UUID_A")" "05.0047" "what the guest sees"
		apsim ctl guest stop "$UUID_A"
		remember
		ask 255 live modify "$UUID_A" "$(definition manual assign_adapter=6 assign_domain=4)"
		assert_stderr --exact "APQN 6.4 already in use by $UUID_B"
		ask 255 live modify "$UUID_A" "{"
		assert_root_unchanged
		tool 0 apsim ctl fail "/sys/devices/vfio_ap/matrix/$UUID_A/ap_config" EIO
		ask 255 live modify "$UUID_A" "$(definition manual)"
		assert_stderr --line "Error writing to ap_config: Input/output error"
		unlocked
	'
	sim --kernel 6.1 '
		tool 0 vfioap create -A -u "$UUID_A"
		ask 255 live modify "$UUID_A" "$(definition manual)"
		assert_stderr --exact "vfio-ap module does not support ap_config for live modification"
	'
}

@test "callout: with mdevctl: what is refused, what passes, no lock left behind" {
	sim '
		with_callout
		tool 0 vfioap reserve -A -d 4,0x47
		attrs=$BATS_TEST_TMPDIR/attrs
		definition auto assign_adapter=5 assign_domain=4 >"$attrs"
		tool 0 mdevctl define -u "$UUID_A" -p matrix --jsonfile "$attrs"
		unlocked
		tool 0 mdevctl start -u "$UUID_A" -p matrix
		unlocked
		assert_equal "$(matrix "$UUID_A")" 05.0004 "matrix"
		tool 1 mdevctl define -u "$UUID_B" -p matrix --jsonfile "$attrs"
		assert_stderr "APQN 5.4 is defined for autostart by $UUID_A"
		unlocked
		definition manual assign_adapter=5 assign_domain=4 >"$attrs"
		tool 1 mdevctl start -u "$UUID_B" -p matrix --jsonfile "$attrs"
		assert_stderr "APQN 5.4 already in use by $UUID_A"
		unlocked
		tool 0 mdevctl stop -u "$UUID_A"
		tool 0 mdevctl undefine -u "$UUID_A"
		unlocked
		assert_no_device
	'
}

# agree UUID WHAT STATUS: mdevctl starts what `vfioap start` would (0), and refuses the rest (3), by
# our callout
agree()
{
	local mdevctl=0

	tool "$3" vfioap start -n "$1"
	[ "$3" -eq 0 ] || mdevctl=1
	tool $mdevctl mdevctl start -u "$1" -p matrix
	unlocked
	if [ "$3" -eq 0 ]; then
		tool 0 mdevctl stop -u "$1"
		unlocked
	else
		assert_stderr "00-vfioap-callout"
		[ ! -e "/sys/devices/vfio_ap/matrix/$1" ] || fail "$2: is active" "no device"
	fi
}

# entry UUID START ATTRIBUTE=VALUE...: a definition
entry()
{
	mkdir -p /etc/mdevctl.d/matrix
	definition "${@:2}" >"/etc/mdevctl.d/matrix/$1"
}
export -f agree entry

@test "callout: with mdevctl: refuses what vfioap refuses, and lets pass the rest" {
	sim '
		with_callout
		tool 0 vfioap reserve -A -d 4,0x47
		tool 0 vfioap create -A -u "$UUID_C" -a 5 -d 4
		entry "$UUID_A" manual assign_adapter=6 assign_domain=4 assign_control_domain=4
		agree "$UUID_A" "free queues" 0
		entry "$UUID_A" manual assign_adapter=9 assign_domain=4
		agree "$UUID_A" "a card that is not there" 0
		entry "$UUID_A" manual assign_adapter=6
		agree "$UUID_A" "no queue" 0
		entry "$UUID_A" manual
		agree "$UUID_A" "empty" 0
		entry "$UUID_A" manual assign_adapter=5 assign_domain=4 assign_domain=71
		agree "$UUID_A" "a queue of another device" 3
		entry "$UUID_A" manual assign_adapter=6 assign_domain=4 assign_domain=5
		agree "$UUID_A" "a queue of the host" 3
		entry "$UUID_A" manual assign_adapter=6 assign_domain=4 assign_colour=5
		agree "$UUID_A" "an unknown attribute" 3
		entry "$UUID_A" manual assign_adapter=6 assign_domain=010
		agree "$UUID_A" "a leading zero" 3
		entry "$UUID_B" auto assign_adapter=6 assign_domain=71
		entry "$UUID_A" manual assign_adapter=6 assign_domain=71
		agree "$UUID_A" "a queue of an autostart definition" 3
	'
	sim --kernel 6.1 '
		with_callout
		tool 0 vfioap reserve -A -d 4,5
		tool 0 vfioap create -A -u "$UUID_C"
		zeros=$(printf "%062d" 0)
		entry "$UUID_A" manual ap_config=0x04$zeros,0x08$zeros,0x00$zeros
		agree "$UUID_A" "ap_config" 3
		entry "$UUID_A" manual $(printf " assign_adapter=%d" {0..255}) assign_domain=4 assign_domain=5
		agree "$UUID_A" "512 queues" 3
	'
	sim --kernel 7.3 '
		with_callout
		tool 0 vfioap reserve -A -Q 05.0004
		entry "$UUID_A" manual assign_adapter=5 assign_domain=4
		agree "$UUID_A" "an overridden queue" 0
		entry "$UUID_A" manual assign_adapter=5 assign_domain=4 assign_domain=5
		agree "$UUID_A" "a queue without override" 3
	'
}

@test "callout: with mdevctl: without vfio_ap, and of a device in use" {
	sim '
		with_callout
		apsim ctl module unload vfio_ap
		entry "$UUID_A" manual assign_adapter=5 assign_domain=4
		tool 1 mdevctl start -u "$UUID_A" -p matrix
		unlocked
		apsim ctl module load vfio_ap
		tool 0 vfioap reserve -A -d 4
		tool 0 mdevctl start -u "$UUID_A" -p matrix
		tool 0 mdevctl modify -u "$UUID_A" -p matrix --addattr assign_domain --value 5
		tool 1 mdevctl modify -u "$UUID_B" -p matrix --auto
		unlocked
		tool 0 mdevctl list
		tool 0 mdevctl list -d --dumpjson
		unlocked
	'
}

@test "callout: with mdevctl: a device that runs is defined by its attributes" {
	sim '
		with_callout
		tool 0 vfioap reserve -A -d 4,0x47
		tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4 -c 4
		tool 0 vfioap create -A -u "$UUID_B"
		for uuid in "$UUID_A" "$UUID_B"; do
			tool 0 mdevctl define -u "$uuid"
			mdevctl stop -u "$uuid"
			cp "/etc/mdevctl.d/matrix/$uuid" "$BATS_TEST_TMPDIR/theirs"
			vfioap export --format mdevctl "$uuid" | cmp - "$BATS_TEST_TMPDIR/theirs"
		done
		unlocked
	'
}
