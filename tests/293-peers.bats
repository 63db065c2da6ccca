#!/usr/bin/env bats
# Beside mdevctl, unchanged: what the one has defined is the other's to use, and nothing is lost.

bats_require_minimum_version 1.8.0
load helpers
load guests

DEFINITIONS=/etc/mdevctl.d/matrix
export DEFINITIONS

setup()
{
	command -v mdevctl >/dev/null || skip "no mdevctl"
}

# mdevctl_define UUID auto|manual ADAPTER DOMAIN
mdevctl_define()
{
	mdevctl define -u "$1" -p matrix -t vfio_ap-passthrough
	mdevctl modify -u "$1" "--$2"
	mdevctl modify -u "$1" --addattr assign_adapter --value "$3"
	mdevctl modify -u "$1" --addattr assign_domain --value "$4"
}

# dump: all definitions, as mdevctl reads them
dump()
{
	mdevctl list -d --dumpjson
}

export -f mdevctl_define dump

@test "peers: a device that mdevctl has defined is listed, started, changed and removed" {
	for kernel in 6.1 7.3; do
		sim --kernel $kernel '
			tool 0 vfioap reserve -q -d 4,0x47
			mdevctl_define "$UUID_A" auto 5 0x04
			tool 0 vfioap list --json
			assert_json ".devices[0] | .uuid == env.UUID_A and .defined and (.active | not)
				and .start == \"auto\" and .queues == [\"05.0004\"]"
			tool 0 vfioap start "$UUID_A"
			assert_equal "$(matrix "$UUID_A")" 05.0004
			tool 0 mdevctl list
			assert_stdout --line "$UUID_A matrix vfio_ap-passthrough auto (defined)"
			tool 0 vfioap assign "$UUID_A" -d 0x47 -c 4
			tool 0 vfioap set "$UUID_A" --start manual
			tool 0 mdevctl list -d -v
			assert_stdout --line "$UUID_A matrix vfio_ap-passthrough manual (active)"
			for line in "@{0}: {\"assign_adapter\":\"5\"}" "@{1}: {\"assign_domain\":\"0x04\"}" \
				"@{2}: {\"assign_domain\":\"71\"}" "@{3}: {\"assign_control_domain\":\"4\"}"; do
				assert_stdout --line "    $line"
			done
			tool 0 vfioap stop "$UUID_A"
			tool 0 mdevctl start -u "$UUID_A"
			assert_equal "$(matrix "$UUID_A") $(controls "$UUID_A")" "05.0004 05.0047 0004"
			tool 0 vfioap check
			assert_stdout --exact ""
			tool 0 vfioap remove "$UUID_A"
			tool 0 mdevctl list -d --dumpjson
			assert_json ". == []"
			tool 0 mdevctl list
			refute_stdout "$UUID_A"
		'
	done
}

@test "peers: a device that vfioap has made is listed, stopped, started, changed and removed" {
	for kernel in 6.1 7.3; do
		sim --kernel $kernel '
			tool 0 vfioap create -q --reserve -u "$UUID_A" -a 5 -d 4,0x47
			tool 0 mdevctl list
			assert_stdout --line "$UUID_A matrix vfio_ap-passthrough auto (defined)"
			tool 0 mdevctl stop -u "$UUID_A"
			tool 0 mdevctl start -u "$UUID_A"
			assert_equal "$(matrix "$UUID_A")" "05.0004 05.0047"
			tool 0 mdevctl modify -u "$UUID_A" --addattr assign_control_domain --value 7
			tool 0 mdevctl modify -u "$UUID_A" --manual
			tool 0 mdevctl modify -u "$UUID_A" --delattr --index 2
			tool 0 vfioap list --json
			assert_json ".devices[0] | .start == \"manual\" and
				.definition == {adapters: [5], domains: [4], control_domains: [7]}"
			tool 0 vfioap set "$UUID_A" -c 7 -d 4
			assert_equal "$(matrix "$UUID_A") $(controls "$UUID_A")" "05.0004 0007"
			tool 0 mdevctl stop -u "$UUID_A"
			tool 0 mdevctl undefine -u "$UUID_A"
			tool 0 vfioap list --json
			assert_json ".devices == []"
			tool 4 vfioap start "$UUID_A"
		'
	done
}

@test "peers: mdevctl's own files, to the byte; its list before and after is the same text" {
	sim '
		tool 0 vfioap reserve -q -d 4,0x47,0xab
		mdevctl_define "$UUID_B" auto 6 4
		mdevctl_define "$UUID_A" auto 5 4
		before=$(dump)
		mv "$DEFINITIONS/$UUID_A" "$BATS_TEST_TMPDIR/theirs"
		tool 0 vfioap create -P -u "$UUID_A" -a 5 -d 4
		cmp "$DEFINITIONS/$UUID_A" "$BATS_TEST_TMPDIR/theirs"
		assert_equal "$(dump)" "$before" "list"
		tool 0 vfioap create -u "$UUID_C" -a 4 -d 0x47
		tool 0 vfioap assign -P "$UUID_A" -d 0x47 -c 1
		[ "$(dump)" != "$before" ]
		tool 0 vfioap unassign -P "$UUID_A" -d 0x47 -c 1
		tool 0 vfioap set "$UUID_B" --start manual
		tool 0 vfioap set "$UUID_B" --start auto
		tool 0 vfioap remove "$UUID_C"
		assert_equal "$(dump)" "$before" "list"
		cmp "$DEFINITIONS/$UUID_A" "$BATS_TEST_TMPDIR/theirs"

		tool 0 vfioap set "$UUID_A" --start manual
		tool 0 vfioap assign -P "$UUID_A" -c 9
		mv "$DEFINITIONS/$UUID_A" "$BATS_TEST_TMPDIR/ours"
		cp "$BATS_TEST_TMPDIR/theirs" "$DEFINITIONS/$UUID_A"
		tool 0 mdevctl modify -u "$UUID_A" --manual
		tool 0 mdevctl modify -u "$UUID_A" --addattr assign_control_domain --value 9
		cmp "$DEFINITIONS/$UUID_A" "$BATS_TEST_TMPDIR/ours"
	'
}

# ---- at the same time --------------------------------------------------------------------------

# by_mdevctl UUID ADAPTER ROUNDS, by_vfioap ...: changes of one device; the last state is known
by_mdevctl()
{
	mdevctl define -u "$1" -p matrix -t vfio_ap-passthrough
	mdevctl modify -u "$1" --addattr assign_adapter --value "$2"
	for ((i = 0; i < $3; i++)); do
		mdevctl modify -u "$1" --addattr assign_control_domain --value $((i % 16)) || return
		[ $((i % 5)) -ne 4 ] || mdevctl modify -u "$1" --delattr || return
	done
}

by_vfioap()
{
	vfioap create -q -P -u "$1" -a "$2" >/dev/null || return
	for ((i = 0; i < $3; i++)); do
		vfioap assign -q -P "$1" -c "$i" --lock-timeout 60 || return
		[ $((i % 5)) -ne 4 ] || vfioap unassign -q -P "$1" -c "$i" --lock-timeout 60 || return
	done
}
export -f by_mdevctl by_vfioap

@test "peers: changes at the same time, each of its own devices, lose nothing" {
	# 40 rounds are 50 changes of each party: 200 in all with VFIOAP_TEST_LONG, 44 without.
	sim --lpar docs '
		rounds=8
		[ -z "${VFIOAP_TEST_LONG-}" ] || rounds=40
		a=a0000000-0000-4000-8000-00000000000
		by_mdevctl ${a}1 4 $rounds >"$BATS_TEST_TMPDIR/1" 2>&1 & pids=$!
		by_mdevctl ${a}2 5 $rounds >"$BATS_TEST_TMPDIR/2" 2>&1 & pids+=" $!"
		by_vfioap ${a}3 6 $rounds >"$BATS_TEST_TMPDIR/3" 2>&1 & pids+=" $!"
		by_vfioap ${a}4 7 $rounds >"$BATS_TEST_TMPDIR/4" 2>&1 & pids+=" $!"
		n=0
		for pid in $pids; do
			n=$((n + 1))
			wait $pid || fail "party $n has failed" "$(cat "$BATS_TEST_TMPDIR/$n")"
		done
		for n in 1 2 3 4; do
			wants=$(jq -n "[range($rounds) | select(. % 5 != 4)] | map(. % if $n < 3 then 16 else 256 end)")
			tool 0 jq -c ".attrs | map(.assign_control_domain // empty | tonumber)" "$DEFINITIONS/${a}$n"
			assert_equal "$stdout" "$(jq -c . <<<"$wants")" "control domains of party $n"
		done
		assert_equal "$(ls -A $DEFINITIONS | wc -l)" 4 "files"
		assert_equal "$(ls /run/lock)" "" "locks"
		tool 0 mdevctl list -d --dumpjson
	'
}

@test "peers: what mdevctl has overwritten, check finds" {
	sim '
		tool 0 vfioap create -q --reserve -u "$UUID_A" -a 5 -d 4,0x47
		tool 0 vfioap unassign "$UUID_A" -d 0x47
		tool 0 vfioap check
		assert_stdout --exact ""
		# mdevctl has read the definition, and is about to write it.
		: >"$BATS_TEST_TMPDIR/trace"
		strace -f -o "$BATS_TEST_TMPDIR/trace" -P "$DEFINITIONS/$UUID_A" -e trace=close \
			-e inject=close:signal=STOP:when=1 \
			mdevctl modify -u "$UUID_A" --addattr assign_control_domain --value 3 & pid=$!
		eventually grep -q "stopped by SIGSTOP" "$BATS_TEST_TMPDIR/trace"
		tool 0 vfioap assign "$UUID_A" -d 0x47
		cp "$DEFINITIONS/$UUID_A" "$BATS_TEST_TMPDIR/ours"
		pkill -CONT -P $pid
		wait $pid
		grep -q "\"71\"" "$BATS_TEST_TMPDIR/ours"
		tool 1 grep "\"71\"" "$DEFINITIONS/$UUID_A"
		tool 0 vfioap check --json
		assert_json ".findings | map(.code) | index(\"next-boot-differs\")"
		assert_json ".findings | map(select(.code == \"next-boot-differs\"))[0].devices == [env.UUID_A]"
	'
}

# churn COMMAND...: again and again, while $BATS_TEST_TMPDIR/go is there
churn()
{
	while [ -e "$BATS_TEST_TMPDIR/go" ]; do
		"$@" || :
	done
}
export -f churn

@test "peers: of a device that both change no file is ever left invalid by us" {
	sim '
		rounds=10
		[ -z "${VFIOAP_TEST_LONG-}" ] || rounds=100
		tool 0 vfioap create -P -q -u "$UUID_A" -a 5
		: >"$BATS_TEST_TMPDIR/go"
		churn mdevctl modify -u "$UUID_A" --addattr odd --value x >"$BATS_TEST_TMPDIR/mdevctl" 2>&1 & pid=$!
		good=0
		for ((i = 0; i < rounds || (!good && i < 200); i++)); do
			result=0
			vfioap assign -q -P "$UUID_A" -c $i 2>"$BATS_TEST_TMPDIR/err" || result=$?
			# 1, 3: mdevctl is in the middle of it, again and again; nothing was written.
			case $result in
			0) good=$((good + 1)) ;;
			1 | 3) grep -q "$UUID_A" "$BATS_TEST_TMPDIR/err" ;;
			*) fail "status $result" "$(cat "$BATS_TEST_TMPDIR/err")" ;;
			esac
		done
		rm "$BATS_TEST_TMPDIR/go"
		wait $pid
		[ $good -gt 0 ]
		tool 0 jq -e .attrs "$DEFINITIONS/$UUID_A"
		tool 0 vfioap assign -P "$UUID_A" -c 0xff
		tool 0 mdevctl list -d --dumpjson
		assert_stdout "\"assign_control_domain\": \"255\""
		assert_equal "$(ls -A $DEFINITIONS)" "$UUID_A"
	'
}
