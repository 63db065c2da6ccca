#!/usr/bin/env bats
# kill -9 at any system call of a change of the next boot: each file is the old one or the new one.

bats_require_minimum_version 1.8.0
load helpers
load guests

UUID=a0000000-0000-4000-8000-000000000001
RULES=/etc/udev/rules.d/41-ap.rules
DEFINITION=/etc/mdevctl.d/matrix/$UUID

# Those that change files; with VFIOAP_TEST_LONG every one there is.
WRITING='write|fsync|mkdirat|linkat|renameat|unlinkat'

setup()
{
	unset VFIOAP_SYSROOT
	# LeakSanitizer cannot trace what is traced already.
	export ASAN_OPTIONS=detect_leaks=0
}

# calls COMMAND...: a line "SYSCALL COUNT" for each one it makes
calls()
{
	strace -f -qq -o "$BATS_TEST_TMPDIR/trace" "$@" >/dev/null 2>&1
	sed -n 's/^[0-9]* *\([a-z0-9_]*\)(.*/\1/p' "$BATS_TEST_TMPDIR/trace" | sort | uniq -c |
		awk '$2 != "execve" && $2 != "exit_group" { print $2, $1 }' |
		if [ -n "${VFIOAP_TEST_LONG-}" ]; then cat; else grep -Ew "^($WRITING)"; fi
}

# killed CALL N COMMAND...: by its N-th CALL
killed()
{
	local call=$1 n=$2 result=0
	shift 2

	# Not with --seccomp-bpf: strace 6.1 sends no signal then.
	# strace ends by that signal too, and a shell says so.
	bash -c '"$@"; exit' bash strace -f -qq -o /dev/null -e trace="$call" \
		-e inject="$call:signal=KILL:when=$n" "$@" >/dev/null 2>&1 || result=$?
	assert_equal $result 137 "status of $*, killed at $call $n"
}

# text FILE: its bytes, or that there are none
text()
{
	if [ -e "$1" ]; then
		sha256sum <"$1"
	else
		echo none
	fi
}

# check_files WHEN: each is old or new, and nobody reads anything else
check_files()
{
	local i file

	for i in 0 1; do
		file=${files[i]}
		case $(text "$ROOT$file") in
		"${old[i]}" | "${new[i]}") ;;
		*) fail "$file is neither the old one nor the new one: $1" "$(cat "$ROOT$file")" ;;
		esac
	done
	assert_equal "$(find "$ROOT/etc/udev/rules.d" -name '*.rules' ! -name 41-ap.rules)" '' "$1"
	assert_equal "$(find "$ROOT/etc/mdevctl.d" -type f ! -name '.*' ! -path "$ROOT$DEFINITION")" \
		'' "$1"
}

# kill_each STATUS COMMAND...: at each system call; run again it ends as it should, or with STATUS
# where it was done already
kill_each()
{
	local done=$1 call count n result files=("$RULES" "$DEFINITION") old new
	shift

	mkdir -p "$ROOT/etc/mdevctl.d" "$ROOT/etc/udev/rules.d" "$ROOT/run/lock"
	rm -rf "$BATS_TEST_TMPDIR/etc"
	cp -a "$ROOT/etc" "$BATS_TEST_TMPDIR/etc"
	old=("$(text "$ROOT$RULES")" "$(text "$ROOT$DEFINITION")")
	calls "$@" --sysroot "$ROOT" >"$BATS_TEST_TMPDIR/calls"
	new=("$(text "$ROOT$RULES")" "$(text "$ROOT$DEFINITION")")
	[ "${old[*]}" != "${new[*]}" ] || fail "nothing has changed" "$*"

	while read -r call count; do
		for ((n = count; n > 0; n--)); do
			rm -rf "$ROOT/etc"
			cp -a "$BATS_TEST_TMPDIR/etc" "$ROOT/etc"
			killed "$call" "$n" "$@" --sysroot "$ROOT"
			check_files "$call $n"
			result=0
			"$@" --sysroot "$ROOT" --lock-timeout 0 >/dev/null 2>&1 || result=$?
			[ $result -eq 0 ] || [ $result -eq "$done" ] ||
				fail "run again after $call $n: status $result"
			assert_equal "$(text "$ROOT$RULES") $(text "$ROOT$DEFINITION")" "${new[*]}" \
				"files after $call $n, and a second run"
			assert_equal "$(ls "$ROOT/run/lock" | grep -x s390apconfig.lock)" '' lock
		done
	done <"$BATS_TEST_TMPDIR/calls"
}

@test "kill -9: create --reserve: a definition, and its masks" {
	use_dump docs
	kill_each 3 vfioap create -q -u $UUID --reserve -a 5 -d 9
}

@test "kill -9: assign and set exchange a definition, reserve the rules" {
	use_dump docs
	mkdir -p "$ROOT/run/lock"
	vfioap create -q --sysroot "$ROOT" -u $UUID --reserve -a 5 -d 9 >/dev/null
	kill_each 0 vfioap set -q $UUID -c 9 --start manual
	kill_each 0 vfioap reserve -q -d 10
}

@test "kill -9: remove" {
	use_dump docs
	mkdir -p "$ROOT/run/lock"
	vfioap create -q --sysroot "$ROOT" -u $UUID --reserve -a 5 -d 9 >/dev/null
	kill_each 4 vfioap remove $UUID
}

@test "kill -9: both sides: run again the running system and the next boot are as asked for" {
	sim "
		$(declare -f killed text)
		export ASAN_OPTIONS=detect_leaks=0
		RULES=$RULES"'
		DEFINITION=/etc/mdevctl.d/matrix/$UUID_A
		tool 0 vfioap reserve -q -d 4,0x47,0xab
		tool 0 vfioap create -q -u "$UUID_A" -a 5 -d 4
		old=$(text $DEFINITION)
		tool 0 vfioap set "$UUID_A" -d 0x47,0xab
		new=$(text $DEFINITION)
		calls="write linkat"
		[ -z "${VFIOAP_TEST_LONG-}" ] || calls+=" fsync renameat openat fchmod"
		for call in $calls; do
			tool 0 vfioap set "$UUID_A" -d 4
			assert_equal "$(text $DEFINITION)" "$old"
			tool 0 strace -f -qq --seccomp-bpf -e trace=$call vfioap set "$UUID_A" -d 0x47,0xab
			count=$(grep -c "^$call(" <<<"$stderr")
			[ "$count" -gt 0 ]
			for ((n = count; n > 0; n--)); do
				tool 0 vfioap set "$UUID_A" -d 4
				killed $call $n vfioap set "$UUID_A" -d 0x47,0xab
				case $(text $DEFINITION) in
				"$old" | "$new") ;;
				*) fail "neither old nor new after $call $n" "$(cat $DEFINITION)" ;;
				esac
				tool 0 vfioap set "$UUID_A" -d 0x47,0xab --lock-timeout 0
				assert_equal "$(matrix "$UUID_A")" "05.0047 05.00ab"
				assert_equal "$(text $DEFINITION)" "$new"
			done
		done
		[ -e $RULES ]
		tool 0 vfioap check
		assert_stdout --exact ""
	'
}
