# Helpers of the suites; tests/000-helpers.bats tests them.
#
#	bats_require_minimum_version 1.8.0
#	load helpers
#
#	@test "assign: refuses a queue another device owns, names it, changes nothing" {
#		sim --lpar docs '
#			tool 0 vfioap reserve -A -d 4
#			tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
#			tool 0 vfioap create -A -u "$UUID_B" -a 6 -d 4
#			remember
#			tool 3 vfioap assign "$UUID_B" -a 5
#			assert_stderr "05.0004"
#			assert_root_unchanged
#		'
#	}
#
# tool STATUS COMMAND...       run it; $status, $stdout and $stderr are the result
# assert_stdout, assert_stderr, refute_stdout, refute_stderr [--line|--exact|--regex] TEXT
#                              of the last tool; TEXT is a part, a line, all, or a pattern of it
# assert_json FILTER           jq takes the last stdout, and the filter is true of it
# assert_golden NAME           the last stdout is tests/expected/NAME; `make golden` rewrites it
# assert_equal GOT WANT [WHAT]
# eventually COMMAND...        it becomes true within ten seconds
# use_dump NAME                a private copy of tests/dumps/NAME; $ROOT is its directory
# sim [--lpar X] [--kernel K] SCRIPT
#                              run a shell script on a simulated machine; it fails as a test does
# remember, assert_root_unchanged
#                              nothing in $ROOT, or in the simulated machine, has changed since
#                              use_dump, the start of sim, or the last remember
# apmask, aqmask               text of the masks now
# devices                      UUIDs of the active devices, sorted, a line each
# matrix, guest_matrix, controls UUID
#                              queues (domains) of a device, sorted, in one line
# queue_driver APQN            name of the driver, or "-"
#
# Everything that fails shows the command, its status and output, and what was expected.
#
# shellcheck shell=bash

# The devices of the kernel's documentation of vfio_ap.
export UUID_A=62177883-f1bb-47f0-914d-32a22e3a8804
export UUID_B=cef03c3c-903d-4ecc-9a83-40694cb8aee4
export UUID_C=9b1d4c1e-6a11-4b5e-8d3a-0c2f5a8be003

TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SOURCES=$(dirname "$TESTS")
: "${VFIOAP_BUILD:=$SOURCES/build}" "${BATS_TEST_TIMEOUT:=60}"
export TESTS SOURCES VFIOAP_BUILD BATS_TEST_TIMEOUT

# A suite can be run by hand: `bats tests/010-mask.bats`.
case :$PATH: in
*:"$VFIOAP_BUILD":*) ;;
*) PATH=$VFIOAP_BUILD:$PATH ;;
esac

# bats 1.8 sends its watchdog a signal when a test ends.  Where the test ends at once the watchdog
# has no trap for it yet and dies alone; its `sleep` lives on, and bats waits for that.
bats_abort_timeout_countdown()
{
	local children=''

	[ -n "${1-}" ] || return 0
	disown "$1" 2>/dev/null || :
	kill -STOP "$1" 2>/dev/null || return 0
	read -r children <"/proc/$1/task/$1/children" || children=$(pgrep -P "$1" | paste -sd ' ') || :
	# shellcheck disable=SC2086
	kill -KILL "$1" $children 2>/dev/null || :
} 2>/dev/null

# ---- running ------------------------------------------------------------------

last_command='' status='' stdout='' stderr=''

indent()
{
	local line

	while IFS= read -r line; do
		printf '    %s\n' "$line"
	done <<<"$1"
}

# fail WHAT EXPECTED: report, with the last tool if there was one
fail()
{
	echo "-- $1"
	[ -z "${2+x}" ] || printf '  expected:\n%s\n' "$(indent "$2")"
	if [ -n "$last_command" ]; then
		printf '  command: %s\n  status: %s\n' "$last_command" "$status"
		printf '  stdout:\n%s\n  stderr:\n%s\n' "$(indent "$stdout")" "$(indent "$stderr")"
	fi
	return 1
} >&2

# slurp NAME FILE: what is in it, without the line ends behind it, becomes $NAME.  No process is
# started for that: there are thousands of calls.
slurp()
{
	local content

	# Up to a NUL; bash cannot hold one.
	if IFS= read -r -d '' content <"$2"; then
		content=$(tr '\0' '?' <"$2")
	fi
	while [[ $content == *$'\n' ]]; do
		content=${content%$'\n'}
	done
	printf -v "$1" %s "$content"
}

tool()
{
	local want=$1 out=$BATS_TEST_TMPDIR/tool.$BASHPID
	shift

	printf -v last_command '%q ' "$@"
	last_command=${last_command% }
	status=0
	"$@" >"$out.stdout" 2>"$out.stderr" || status=$?
	slurp stdout "$out.stdout"
	slurp stderr "$out.stderr"

	case $stderr in
	*Sanitizer:* | *'runtime error: '*)
		fail "a sanitizer found something"
		return
		;;
	esac
	[ "$status" -eq "$want" ] || fail "unexpected status $status" "status $want"
}

eventually()
{
	local tries=200

	until "$@"; do
		if [ $((tries -= 1)) -eq 0 ]; then
			fail "not true within ten seconds" "$*"
			return
		fi
		sleep 0.05
	done
}

# ---- assertions --------------------------------------------------------------------

# text_matches [--line|--exact|--regex] TEXT OUTPUT
text_matches()
{
	local how=--part
	case $1 in
	--line | --exact | --regex)
		how=$1
		shift
		;;
	esac
	if [ $# -ne 2 ]; then
		echo "assertions take one text" >&2
		return 2
	fi

	case $how in
	--part) [[ $2 == *"$1"* ]] ;;
	--exact) [[ $2 == "$1" ]] ;;
	--line) [[ $'\n'$2$'\n' == *$'\n'"$1"$'\n'* ]] ;;
	--regex) [[ $2 =~ $1 ]] ;;
	esac
}

# check_text present|absent stdout|stderr [HOW] TEXT
check_text()
{
	local wish=$1 where=$2 result=0
	shift 2

	if [ -z "$last_command" ]; then
		fail "no tool has run yet"
		return
	fi
	text_matches "$@" "${!where}" || result=$?
	case $wish$result in
	present0 | absent1) ;;
	present1) fail "$where lacks the text" "$*" ;;
	absent0) fail "$where has the text" "none of: $*" ;;
	*) fail "wrong arguments" "[--line|--exact|--regex] TEXT" ;;
	esac
}

assert_stdout()
{
	check_text present stdout "$@"
}

assert_stderr()
{
	check_text present stderr "$@"
}

refute_stdout()
{
	check_text absent stdout "$@"
}

refute_stderr()
{
	check_text absent stderr "$@"
}

assert_equal()
{
	[ "$1" = "$2" ] || fail "${3:-value} is '$1'" "$2"
}

assert_json()
{
	jq -e "$1" <<<"$stdout" >/dev/null || fail "jq: the filter is not true of stdout" "$1"
}

assert_golden()
{
	local file=$TESTS/expected/$1

	if [ -n "${VFIOAP_TEST_GOLDEN-}" ]; then
		mkdir -p "$(dirname "$file")"
		printf '%s\n' "$stdout" >"$file"
	fi
	if [ ! -f "$file" ]; then
		fail "no file tests/expected/$1" "that \`make golden\` has made it"
		return
	fi
	diff -u "$file" - <<<"$stdout" >&2 || fail "stdout differs from tests/expected/$1"
}

# ---- the machine: a dump, or simulated ---------------------------------------------

use_dump()
{
	ROOT=$BATS_TEST_TMPDIR/root
	export ROOT
	if ! cp -a "$TESTS/dumps/$1" "$ROOT"; then
		fail "no dump '$1'"
		return
	fi
	# git keeps no empty directories.
	mkdir -p "$ROOT/etc/mdevctl.d/scripts.d/callouts" "$ROOT/etc/mdevctl.d/scripts.d/notifiers"
	remember
}

# Every file of a dump: kind, mode, time, target and content.
dump_state()
{
	(
		cd "$ROOT" || exit
		find . -printf '%y %m %T@ %p -> %l\n' | sort
		find . -type f -print0 | sort -z | xargs -0 -r sha256sum
	)
}

# What a command could change on a simulated machine.
sim_state()
{
	(
		cd / || exit
		shopt -s nullglob
		grep -H . sys/bus/ap/apmask sys/bus/ap/aqmask \
			sys/devices/vfio_ap/matrix/*-*/{matrix,control_domains} || :
		find sys/bus/ap/devices/*.*/driver -maxdepth 0 -printf '%p %l\n' || :
		find etc/mdevctl.d etc/udev/rules.d etc/vfioap* -type f -print0 | sort -z | xargs -0 -r sha256sum
	) 2>&1
}

remember()
{
	if [ -n "${ROOT-}" ]; then
		dump_state
	else
		sim_state
	fi >"$BATS_TEST_TMPDIR/remembered"
}

assert_root_unchanged()
{
	if [ ! -s "$BATS_TEST_TMPDIR/remembered" ]; then
		fail "nothing remembered" "use_dump, sim or remember before"
		return
	fi
	mv "$BATS_TEST_TMPDIR/remembered" "$BATS_TEST_TMPDIR/before"
	remember
	diff -u "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/remembered" >&2 ||
		fail "the machine has changed"
}

apmask()
{
	cat "${ROOT-}/sys/bus/ap/apmask"
}

aqmask()
{
	cat "${ROOT-}/sys/bus/ap/aqmask"
}

devices()
{
	find "${ROOT-}/sys/devices/vfio_ap/matrix" -mindepth 1 -maxdepth 1 -type d \
		-name '????????-*' -printf '%f\n' 2>/dev/null | sort
}

device_attribute()
{
	sort "${ROOT-}/sys/devices/vfio_ap/matrix/$1/$2" | paste -sd ' '
}

matrix()
{
	device_attribute "$1" matrix
}

guest_matrix()
{
	device_attribute "$1" guest_matrix
}

controls()
{
	device_attribute "$1" control_domains
}

queue_driver()
{
	local link=${ROOT-}/sys/bus/ap/devices/$1/driver

	if [ -L "$link" ]; then
		link=$(readlink "$link")
		echo "${link##*/}"
	else
		echo -
	fi
}

# The line of the script that is at fault, not the one of the helper that found it.
sim_failed()
{
	echo "-- failed: $(sed -n "${BASH_LINENO[-2]}{s/^[[:blank:]]*//;p}" "$0")" >&2
}

# The script is run by a bash of its own with these helpers; the first command that fails ends it.
sim()
{
	local -a options=()
	local result=0 script

	while [[ ${1-} == --* ]]; do
		options+=("$1" "$2")
		shift 2
	done
	case " ${options[*]} " in
	*' --lpar '*) ;;
	*) options+=(--lpar docs) ;;
	esac

	script=$(mktemp "$BATS_TEST_TMPDIR/sim.XXXXXX")
	cat >"$script" <<-END
		source '$TESTS/helpers.bash'
		set -eE
		trap sim_failed ERR
		remember
		$1
	END
	env -u ROOT BATS_TEST_TMPDIR="$BATS_TEST_TMPDIR" \
		apsim run "${options[@]}" -- bash "$script" || result=$?
	if [ "$result" -ne 0 ]; then
		echo "-- status $result of: apsim run ${options[*]}" >&2
		return 1
	fi
}
