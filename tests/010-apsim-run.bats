#!/usr/bin/env bats
# apsim run: what COMMAND sees, what it returns, and that nothing of it stays.

bats_require_minimum_version 1.8.0
load helpers

# What a failed test has left; bats waits for whoever has its descriptor 3.
teardown()
{
	[ -z "${server-}" ] || kill -9 "$server" 2>/dev/null || :
	[ -z "${open_dir-}" ] || rm -rf "$open_dir"
}

# ---- status --------------------------------------------------------------------

@test "run: ends with the status of the command, 128 and the signal when it was killed" {
	tool 0 apsim run true
	tool 7 apsim run -- sh -c 'exit 7'
	tool 137 apsim run -- sh -c 'kill -KILL $$'
	tool 143 apsim run -- sh -c 'kill -TERM $$'
}

@test "run: 126 and 127 as env, naming the command" {
	tool 127 apsim run -- no-such-command-anywhere
	assert_stderr --line "apsim: cannot run 'no-such-command-anywhere': No such file or directory"
	tool 126 apsim run -- /etc/passwd
	assert_stderr --line "apsim: cannot run '/etc/passwd': Permission denied"
}

@test "run: 125 for its own failures, with what to do" {
	tool 125 apsim run
	assert_stderr --line "apsim: run: no command to run"
	tool 125 apsim run --no-such-option true
	assert_stderr --line "apsim: --no-such-option: unknown option"
	tool 125 apsim run --lpar no-such-machine true
	assert_stderr --line "apsim: cannot open 'no-such-machine': No such file or directory"
	assert_stderr --line "hint: built-in machines are docs, z16, empty and max"
	tool 125 apsim run --kernel 2.6 true
	assert_stderr --line "hint: --kernel takes 5.15|6.1|6.12|6.19|7.3"
	tool 125 apsim run --keep /no/such/directory true
	assert_stderr --line "apsim: cannot make directory '/no/such/directory': No such file or directory"
}

@test "run: options of the command are the command's" {
	tool 0 apsim run --lpar empty echo --lpar max
	assert_stdout --exact "--lpar max"
	tool 0 apsim run -- echo -- -h
	assert_stdout --exact "-- -h"
}

# ---- what the command finds -----------------------------------------------------------

@test "run: the machine is at /sys and /dev/vfio, on every kernel" {
	for kernel in 5.15 6.1 6.12 6.19 7.3; do
		sim --kernel $kernel '
			tool 0 ls /sys/bus/ap/devices
			assert_stdout --line 05.0047
			assert_stdout --line card06
			assert_equal "$(stat -c %a /dev/vfio/vfio)" 666
			assert_equal "$(apmask)" "0x$(printf "%064d" 0 | tr 0 f)"
		'
	done
}

@test "run: standard streams, arguments, environment, directory and umask are the caller's" {
	cd "$BATS_TEST_TMPDIR"
	umask 027
	export SOME_VARIABLE='two words'
	tool 0 apsim run -- sh -c 'pwd; umask; echo "$SOME_VARIABLE" "$@"; cat' sh 'a b' c <<<"from stdin"
	assert_stdout --exact "$BATS_TEST_TMPDIR
0027
two words a b c
from stdin"
}

@test "run: tells tools where the control file is, and libudev not to insist on sysfs" {
	sim '
		assert_equal "$APSIM_CONTROL" /run/apsim/control
		assert_equal "$SYSTEMD_DEVICE_VERIFY_SYSFS" 0
		assert_equal "$(stat -c %a /run/apsim/control)" 600
	'
}

@test "run: no network but loopback, own users and mounts, the same process numbers" {
	for ns in user mnt net; do
		[ "$(readlink /proc/self/ns/$ns)" != "$(apsim run readlink /proc/self/ns/$ns)" ] ||
			fail "namespace $ns is the caller's"
	done
	assert_equal "$(apsim run readlink /proc/self/ns/pid)" "$(readlink /proc/self/ns/pid)"
	tool 0 apsim run -- sed 1,2d /proc/net/dev
	assert_stdout --regex '^ *lo:[ 0-9]*$'
}

@test "run: devices, terminals and shared memory work" {
	sim '
		head -c 16 /dev/urandom | wc -c >/dev/null
		echo x >/dev/null
		tool 0 script -qec "tty; echo on a terminal" /dev/null
		assert_stdout "on a terminal"
		[ -w /dev/shm ]
		assert_equal "$(echo piped | cat /dev/stdin)" piped
	'
}

@test "run: has what other tools want to find" {
	sim '
		for directory in /etc/mdevctl.d/scripts.d/callouts /etc/mdevctl.d/scripts.d/notifiers \
			/usr/lib/mdevctl/scripts.d/callouts /usr/lib/mdevctl/scripts.d/notifiers \
			/etc/udev/rules.d /run/lock /dev/vfio; do
			[ -d "$directory" ] || fail "no directory $directory"
		done
		assert_equal "$(stat -c %a /run/lock)" 1777
		[ -e /run/udev/control ]
		touch /run/lock/some.lock /etc/udev/rules.d/41-ap.rules
	'
}

@test "run: modprobe and rmmod are those of the simulated kernel" {
	sim '
		tool 0 modprobe vfio_ap
		tool 0 /sbin/rmmod vfio_ap
		[ ! -e /sys/devices/vfio_ap ]
		tool 1 rmmod vfio_ap
		assert_stderr --line "rmmod: ERROR: Module vfio_ap is not currently loaded"
		tool 1 modprobe --first-time -r vfio_ap
		# As vfioap starts it: without any environment.
		tool 0 env -i /sbin/modprobe vfio-ap
		[ -e /sys/devices/vfio_ap/matrix ]
		tool 1 modprobe no_such_module
		assert_stderr "modprobe: FATAL: Module no_such_module"
		tool 1 modprobe -q no_such_module
		assert_stderr --exact ""
		tool 0 modprobe -n -r vfio_ap
		[ -e /sys/module/vfio_ap ]
	'
}

# ---- LPAR files -------------------------------------------------------------------------

lpar_file()
{
	cat >"$BATS_TEST_TMPDIR/lpar.json"
}

@test "run --lpar: cards, domains, boot masks, devices, definitions and rules of a file" {
	lpar_file <<-'END'
		{"format":1,
		 "cards":[{"id":5,"type":"CEX8C","serial":"93AADFK7"},{"id":6,"type":"CEX7A","config":false},
		          {"id":"0x10-0x12","type":"CEX6P"}],
		 "usage_domains":"4,0x47","control_domains":[4,200],"max_domain":200,
		 "boot":{"aqmask":"+0x47"},
		 "devices":[{"uuid":"62177883-F1BB-47F0-914D-32A22E3A8804","adapters":[5],"domains":[4]}],
		 "definitions":[{"uuid":"cef03c3c-903d-4ecc-9a83-40694cb8aee4","adapters":"2",
		                 "domains":"5","control_domains":"5","start":"auto"}],
		 "rules":"# empty\n"}
	END
	sim --lpar "$BATS_TEST_TMPDIR/lpar.json" '
		assert_equal "$(cd /sys/devices/ap && echo card*)" "card05 card06 card10 card11 card12"
		assert_equal "$(cat /sys/devices/ap/card05/serialnr)" 93AADFK7
		assert_equal "$(cat /sys/devices/ap/card06/config)" 0
		assert_equal "$(cat /sys/devices/ap/card11/type)" CEX6P
		assert_equal "$(cat /sys/bus/ap/ap_max_domain_id)" 200
		assert_equal "$(cat /sys/module/ap/parameters/aqmask)" +0x47
		assert_equal "$(devices)" "$UUID_A"
		assert_equal "$(matrix "$UUID_A")" 05.0004
		assert_equal "$(cat /etc/udev/rules.d/41-ap.rules)" "# empty"
		tool 0 cat "/etc/mdevctl.d/matrix/$UUID_B"
		assert_golden apsim/definition.json
		assert_equal "$(tail -c 1 "/etc/mdevctl.d/matrix/$UUID_B")" "}" "last byte"
	'
}

@test "run --lpar: a key of the wrong kind is refused and named" {
	while IFS='|' read -r json message; do
		lpar_file <<<"$json"
		tool 125 apsim run --lpar "$BATS_TEST_TMPDIR/lpar.json" true
		assert_stderr --line "apsim: cannot use '$BATS_TEST_TMPDIR/lpar.json': $message"
	done <<-'END'
		[]|not a JSON object
		{"cards":{}}|'cards' is not an array of objects
		{"cards":[{"type":"CEX8C"}]}|a card has no 'id'
		{"cards":[{"id":256}]}|'id' is not a number from 0 to 255
		{"cards":[{"id":1},{"id":1}]}|card 1 stands twice in 'cards'
		{"cards":[{"id":1,"type":"CEX9C"}]}|card type 'CEX9C' is unknown
		{"cards":[{"id":1,"config":1}]}|'config' is not true or false
		{"card":[]}|unknown key 'card'
		{"usage_domains":{}}|'usage_domains' is not a list
		{"usage_domains":[-1]}|'usage_domains' is not a number from 0 to 255
		{"usage_domains":"5","max_domain":4}|domain 5 is above 'max_domain' 4
		{"format":2}|'format' is not 1, the only format that there is
		{"vfio_ap":"yes"}|'vfio_ap' is not true or false
		{"devices":[{}]}|an entry of 'devices' has no 'uuid'
		{"devices":[{"uuid":"1234"}]}|'uuid' is not a UUID of 36 characters
		{"definitions":[{"start":"sometimes"}]}|'start' is not "auto" or "manual"
	END
	lpar_file <<<'{"cards":['
	tool 125 apsim run --lpar "$BATS_TEST_TMPDIR/lpar.json" true
	assert_stderr "not JSON"
	lpar_file <<<'{"usage_domains":"7-5"}'
	tool 125 apsim run --lpar "$BATS_TEST_TMPDIR/lpar.json" true
	assert_stderr "'usage_domains': "
}

@test "run --lpar: the built-in machines are what the manual says" {
	tool 0 apsim run --lpar empty cat /sys/bus/ap/bindings
	assert_stdout --exact "0/0 (complete)"
	tool 0 apsim run --lpar docs cat /sys/bus/ap/bindings
	assert_stdout --exact "12/12 (complete)"
	tool 0 apsim run --lpar max cat /sys/bus/ap/bindings
	assert_stdout --exact "65536/65536 (complete)"
	tool 0 apsim run --lpar z16 -- sh -c \
		'cat /sys/devices/ap/card*/type /sys/devices/ap/card*/config /sys/devices/ap/card*/chkstop'
	assert_stdout --line CEX8P
	assert_stdout --line CEX6A
	assert_stdout --line 0
	assert_stdout --line 1
}

# ---- nothing of it gets out -----------------------------------------------------------------

@test "run: what is written to /etc, /run and /sbin stays inside" {
	sim '
		echo changed >/etc/apsim-test
		rm /etc/passwd
		echo 5 >/run/apsim-test
		[ ! -e /etc/passwd ]
	'
	[ -e /etc/passwd ] && [ ! -e /etc/apsim-test ] && [ ! -e /run/apsim-test ]
	refute_mount
}

refute_mount()
{
	! grep -q apsim /proc/self/mounts || fail "mounted outside" "no mount of apsim"
}

# Another /etc, with definitions and rules of a host and with something mounted in it, as
# containers have it.  For a shell in a mount namespace.
host_etc='
	mount -t tmpfs none /mnt
	mkdir -p /mnt/mdevctl.d/matrix /mnt/udev/rules.d /mnt/private /mnt/vfioap /mnt/modules-load.d
	echo 05.0004 >/mnt/vfioap/overrides
	echo vfio_ap >/mnt/modules-load.d/vfio.conf
	echo loop >/mnt/modules-load.d/other.conf
	cp /etc/passwd /etc/group /mnt
	echo "{}" >/mnt/mdevctl.d/matrix/'$UUID_A'
	echo "# host" >/mnt/udev/rules.d/41-ap.rules
	echo "# host" >/mnt/udev/rules.d/99-other.rules
	echo secret >/mnt/private/file
	chmod 700 /mnt/private
	mount --bind /mnt /etc
'

@test "run: definitions and rules of the host do not show through" {
	[ "$(id -u)" = 0 ] || return 0 # only root can lay them out
	tool 0 unshare -m sh -ec "$host_etc"'
		exec apsim run find /etc/mdevctl.d/matrix /etc/udev/rules.d /etc/vfioap /etc/modules-load.d'
	assert_stdout --line /etc/udev/rules.d/99-other.rules
	assert_stdout --line /etc/modules-load.d/other.conf
	refute_stdout vfio.conf
	refute_stdout overrides
	refute_stdout 41-ap.rules
	refute_stdout "$UUID_A"
}

@test "run: works where something is mounted in /etc and /sbin, as in containers" {
	[ "$(id -u)" = 0 ] || return 0
	tool 0 unshare -m sh -ec "$host_etc"'
		echo 127.0.0.1 here >/mnt/hosts.real
		touch /mnt/hosts
		mount --bind /mnt/hosts.real /etc/hosts
		mount --bind /dev/null "$(find /sbin/ -type f | head -n 1)"
		apsim run sh -ec "find /etc; cat /etc/hosts; echo new >/etc/hosts; modprobe vfio_ap"
		cat /etc/hosts'
	assert_stdout --line /etc/udev/rules.d/99-other.rules
	assert_stdout --line /etc/mdevctl.d/scripts.d/callouts
	refute_stdout 41-ap.rules
	refute_stdout "$UUID_A"
	assert_equal "$(grep -c here <<<"$stdout")" 2 "/etc/hosts inside and outside"
}

gone()
{
	! pgrep -f "$1" >/dev/null
}

running()
{
	pgrep -f "$1" >/dev/null
}

@test "run: processes left behind end with the command" {
	# A number that no other run of this suite has at the same time.
	apsim run -- sh -c "sleep 1000.$$ & setsid sleep 1000.$$ & exit 0"
	gone "^sleep 1000.$$" || fail "processes are left"
}

@test "run: ends although a write is blocked for ever" {
	tool 3 apsim run -- bash -c '
		echo -4 >/sys/bus/ap/aqmask
		cd /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough
		echo '"$UUID_A"' >create
		apsim ctl guest start '"$UUID_A"'
		echo 1 >devices/'"$UUID_A"'/remove &
		exit 3'
	[ ! -e "/proc/$stdout/fd/0" ] || fail "the guest is left"
}

@test "run: killed with -9 it takes the command and all its children with it" {
	apsim run -- bash -c "trap '' TERM HUP INT; setsid sleep 1001.$$ & sleep 1002.$$ & sleep 1003.$$" 3>&- &
	server=$!
	eventually running "^sleep 1001.$$"
	eventually running "^sleep 1002.$$"
	eventually running "^sleep 1003.$$"
	kill -9 "$server"
	wait "$server" || :
	eventually gone "^sleep 100[123].$$"
	refute_mount
}

@test "run: passes SIGTERM and SIGUSR1 on" {
	apsim run -- bash -c 'trap "exit 9" TERM; trap "echo usr1" USR1
		echo ready; while :; do sleep 0.05; done' >"$BATS_TEST_TMPDIR/out" 3>&- &
	server=$!
	eventually grep -q ready "$BATS_TEST_TMPDIR/out"
	kill -USR1 "$server"
	eventually grep -q usr1 "$BATS_TEST_TMPDIR/out"
	kill -TERM "$server"
	local result=0
	wait "$server" || result=$?
	assert_equal "$result" 9 status
}

# ---- --keep ----------------------------------------------------------------------------------

@test "run --keep: what was written, the log and the state stay" {
	local keep=$BATS_TEST_TMPDIR/keep
	tool 3 apsim run --keep "$keep" -- sh -c '
		echo new >/etc/some-file; echo x >/run/lock/some.lock; printf -- -5 >/sys/bus/ap/apmask; exit 3'
	assert_equal "$(cat "$keep/etc/some-file")" new
	assert_equal "$(cat "$keep/run/lock/some.lock")" x
	assert_equal "$(grep -v '^#' "$keep/log")" "printf '%s' '-5' > /sys/bus/ap/apmask  # ok"
	tool 0 jq -r .apmask "$keep/state.json"
	assert_stdout --regex '^0xfbf'
	assert_equal "$(ls -A "$keep" | paste -sd ' ')" "etc log run state.json"
	tool 125 apsim run --keep "$keep" true
	assert_stderr --line "hint: --keep takes a new directory for each run"
}

# ---- without root --------------------------------------------------------------------------------

@test "run: needs no root where user namespaces and /dev/fuse are open to all" {
	local -a as_nobody=()
	local dir
	open_dir=$(mktemp -d /tmp/apsim-test.XXXXXX) # bats' own directories are closed to others
	dir=$open_dir
	cp "$(command -v apsim)" "$dir"
	cat >"$dir/script" <<-'END'
		set -e
		[ "$(id -u)" = 0 ]
		printf -- -4 >/sys/bus/ap/aqmask
		modprobe -r vfio_ap
		modprobe vfio_ap
		echo 62177883-f1bb-47f0-914d-32a22e3a8804 \
			>/sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create
		"$1" ctl guest start 6217 >/dev/null
		[ -z "$(ls /etc/mdevctl.d/matrix)" ]
		touch /etc/udev/rules.d/41-ap.rules /etc/some-file /run/lock/some.lock
		! cat /sys/bus/ap/uevent
		exit 4
	END
	chmod -R a+rX "$dir"
	if [ "$(id -u)" = 0 ]; then
		as_nobody=(unshare -m sh -ec "$host_etc"'
			mknod -m 666 "$0/fuse" c 10 229
			mount --bind "$0/fuse" /dev/fuse
			cd /
			exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"' "$dir")
	fi
	tool 4 "${as_nobody[@]}" "$dir/apsim" run -- sh "$dir/script" "$dir/apsim"
}
