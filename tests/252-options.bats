#!/usr/bin/env bats
# Options that every command has: where they may stand, what they do, what they exclude.

bats_require_minimum_version 1.8.0
load helpers
load guests

setup()
{
	export LC_ALL=C COLUMNS=80
	unset VFIOAP_SYSROOT NO_COLOR
}

commands()
{
	vfioap --list-commands
}
export -f commands

# An argument line that each command would go on with.
arguments()
{
	case $1 in
	show) echo masks ;;
	mask) echo 5 ;;
	help) echo mask ;;
	reserve | release) echo -a 5 -n ;;
	create) echo -a 5 -n ;;
	list | check | find | doctor) ;;
	apply) echo "$BATS_TEST_TMPDIR/wish.json" -n ;;
	set) echo 6217 -a 5 -n ;;
	assign | unassign) echo 6217 -a 5 -n ;;
	*) echo 6217 -n ;;
	esac
}
export -f arguments

@test "options: before the command, behind it, and among its arguments, all the same" {
	use_dump docs
	tool 0 vfioap show matrix 6217 --json --sysroot "$ROOT"
	want=$stdout
	for line in "--json --sysroot $ROOT show matrix 6217" "--json show --sysroot $ROOT matrix 6217" \
		"--sysroot=$ROOT show matrix --json 6217" "--sysroot $ROOT -- show --json matrix 6217" \
		"show --json --sysroot $ROOT -- matrix 6217" "show matrix --sysroot $ROOT --json -- 6217"; do
		tool 0 vfioap $line
		assert_equal "$stdout" "$want" "output of: vfioap $line"
	done
}

@test "options: what stands behind -- is an argument" {
	tool 2 vfioap mask -- --json
	assert_stderr "'--json'"
	assert_stdout --exact ''
	tool 2 vfioap show -- -u
	assert_stderr "'-u' is nothing to show"
	tool 2 vfioap mask 5 -- -q
	assert_stderr "unexpected argument '-q'"
	tool 2 lsvfioap -- --json
	assert_stdout --exact ''
	tool 2 lsvfioap -- -d
	tool 0 vfioap mask -- 5
	tool 2 vfioap -- --json
	assert_stderr "unknown command '--json'"
}

@test "options: each common one twice is refused, wherever the two stand" {
	for command in $(commands); do
		for option in --json --quiet --verbose '--color never' '--lock-timeout 5' '--sysroot /'; do
			name=${option%% *}
			for line in "$command $option $option" "$option $command $option" \
				"$option $option $command"; do
				tool 2 vfioap $line
				assert_stderr "option '$name' given twice"
			done
		done
	done
	for option in -J -q -r -n '-o UUID' '--mode cca' '--color never' '--sysroot /'; do
		tool 2 lsvfioap $option $option
		assert_stderr --regex "option '--[a-z]+' given twice"
	done
}

@test "options: letter and long name are the same option" {
	tool 2 vfioap mask -q --quiet 5
	assert_stderr "option '--quiet' given twice"
	tool 2 lsvfioap --json -J
	assert_stderr "option '--json' given twice"
	tool 2 vfioap show device -u 6217 --uuid 6217
	assert_stderr "option '--uuid' given twice"
	tool 0 vfioap mask -qh
	tool 2 vfioap mask -qv 5
	assert_stderr "options '--quiet' and '--verbose' exclude each other"
	tool 2 vfioap -v mask 5 -q
	assert_stderr "options '--quiet' and '--verbose' exclude each other"
}

@test "options: those of lsvfioap that exclude each other, in both orders" {
	for pair in '-d -q' '-J -r' '-J -n' '-J -oUUID' '-J --list-columns'; do
		set -- $pair
		tool 2 lsvfioap "$1" "$2"
		assert_stderr 'exclude each other'
		tool 2 lsvfioap "$2" "$1"
		assert_stderr 'exclude each other'
	done
}

@test "options: -u and a DEVICE, in both orders; twice" {
	for command in show\ device show\ guest show\ matrix assign\ -a5 unassign\ -a5 remove; do
		tool 2 env -u VFIOAP_SYSROOT vfioap $command -u 6217 cef0
		assert_stderr "a device by --uuid and 'cef0' as argument"
		tool 2 env -u VFIOAP_SYSROOT vfioap $command cef0 -u 6217
		assert_stderr "a device by --uuid and 'cef0' as argument"
	done
}

@test "options: -a, -d and -c given twice are united" {
	sim '
		for line in "-a 5 -a 6 -d 4" "-d 4 -a 5,6" "-a 6 -d 4 -a 5"; do
			tool 0 vfioap create -n -A -u "$UUID_A" $line --reserve
			tool 0 vfioap --json create -n -A -u "$UUID_A" $line --reserve
			assert_json "[.gained[]] == [\"05.0004\",\"06.0004\"]"
		done
	'
}

@test "options: a value that lacks, one too many, one that is none" {
	tool 2 vfioap mask --color
	assert_stderr "option '--color' needs a value"
	tool 2 vfioap --color
	tool 2 vfioap mask --json=yes 5
	assert_stderr "option '--json=yes' takes no value"
	tool 2 vfioap mask --color '' 5
	assert_stderr "--color: '' is none of auto, always, never"
	for seconds in '' -1 1.5 0x5 99999999999 5s; do
		tool 2 vfioap mask "--lock-timeout=$seconds" 5
		assert_stderr "--lock-timeout: '$seconds' is no number"
	done
	tool 0 vfioap mask --lock-timeout 0 5
}

@test "options: no abbreviations" {
	for option in --jso --verb --sys=/ --qui; do
		tool 2 vfioap mask $option 5
		assert_stderr "unknown option"
	done
}

@test "options: -q drops notes, not warnings and not errors" {
	mkdir -p "$BATS_TEST_TMPDIR/etc/mdevctl.d/matrix"
	echo '{' >"$BATS_TEST_TMPDIR/etc/mdevctl.d/matrix/$UUID_A"
	tool 0 vfioap -q show device --sysroot "$BATS_TEST_TMPDIR"
	assert_stderr "vfioap: warning: definition '$UUID_A' cannot be used"
	tool 4 vfioap -q show device ffff --sysroot "$BATS_TEST_TMPDIR"
	assert_stderr "vfioap: no mediated device 'ffff'"
	sim '
		tool 0 vfioap reserve -A -a 5 -d 0x47
		assert_stderr "the host loses"
		tool 0 vfioap release -A -d 0x47
		tool 0 vfioap reserve -q -A -a 5 -d 0x47
		assert_stderr --exact ""
		tool 0 vfioap -q reserve -A -a 9 -d 4
		assert_stderr "warning: no device for queue 09.0004 yet"
	'
}

@test "options: -v says each write, and nothing more" {
	sim '
		tool 0 vfioap -v reserve -A -a 4
		assert_stderr --exact "vfioap: echo -4 > /sys/bus/ap/apmask"
		tool 0 vfioap create -A -u "$UUID_A" -a 4 -d 4 -v
		assert_stderr --regex "^vfioap: echo $UUID_A > /sys/devices/vfio_ap/matrix/"
		assert_stdout --exact "$UUID_A"
		tool 0 vfioap remove -A -v "$UUID_A"
		assert_stderr --line "vfioap: echo 1 > /sys/devices/vfio_ap/matrix/$UUID_A/remove"
		tool 0 vfioap release -v -n -A -a 4
		assert_stderr --exact ""
	'
}

@test "options: --color always, never, auto; NO_COLOR" {
	use_dump trouble
	for command in 'vfioap show matrix' 'vfioap show masks' 'vfioap show device' \
		'vfioap show queue 5.4' 'vfioap show host' 'vfioap list' lsvfioap 'lsvfioap -q'; do
		tool 0 $command --sysroot "$ROOT"
		refute_stdout $'\e'
		plain=$stdout
		tool 0 $command --sysroot "$ROOT" --color always
		assert_stdout $'\e['
		assert_equal "$(sed 's/\x1b\[[0-9;]*m//g' <<<"$stdout")" "$plain" "$command, colours taken out"
		tool 0 env NO_COLOR=1 $command --sysroot "$ROOT" --color always
		assert_stdout $'\e['
		tool 0 script -qec "$command --sysroot '$ROOT'" /dev/null
		assert_stdout $'\e['
		tool 0 script -qec "$command --sysroot '$ROOT' --color never" /dev/null
		refute_stdout $'\e['
		tool 0 env NO_COLOR=1 script -qec "$command --sysroot '$ROOT'" /dev/null
		refute_stdout $'\e['
		tool 0 env NO_COLOR= script -qec "$command --sysroot '$ROOT'" /dev/null
		assert_stdout $'\e['
	done
	tool 0 vfioap show matrix --json --color always --sysroot "$ROOT"
	refute_stdout $'\e'
}

@test "options: every command takes the common ones together" {
	sim '
		three_guests
		vfioap export >"$BATS_TEST_TMPDIR/wish.json"
		for command in $(commands); do
			case $command in
			help | export | watch) continue ;;
			esac
			for place in before behind; do
				common="--json --quiet --color never --lock-timeout 1"
				if [ $place = before ]; then
					set -- vfioap $common "$command" $(arguments "$command")
				else
					set -- vfioap "$command" $(arguments "$command") $common
				fi
				result=0
				"$@" >"$BATS_TEST_TMPDIR/out" 2>&1 || result=$?
				case $command$result in
				*0 | *3 | *4 | doctor1) ;;
				*) fail "$*: $result: $(cat "$BATS_TEST_TMPDIR/out")" "0, 3 or 4" ;;
				esac
				grep "^{" "$BATS_TEST_TMPDIR/out" | jq -e ".format == 1" >/dev/null ||
					fail "$*: no JSON: $(cat "$BATS_TEST_TMPDIR/out")" "one object"
			done
		done
	'
}

@test "options: -h and -V win over what stands behind them, but for an unknown option" {
	for command in $(commands); do
		tool 0 vfioap "$command" -h stray more
		tool 0 vfioap "$command" --color nonsense --version
		tool 2 vfioap "$command" -h --nonsense
	done
	tool 0 lsvfioap -h 10
	tool 2 lsvfioap -h --nonsense
}

@test "options: what a newcomer leaves out is named in the hint" {
	for command in reserve release create; do
		tool 2 vfioap "$command" 5
		assert_stderr --line "vfioap: unexpected argument '5'"
		assert_stderr "hint: adapters stand behind -a, domains behind -d, "
	done
	for command in remove stop; do
		tool 2 vfioap "$command"
		assert_stderr --exact "vfioap: no device given
hint: --all stands for all devices"
	done
	tool 2 vfioap start
	assert_stderr --line 'hint: --auto stands for all that are defined to start by themselves'
}
