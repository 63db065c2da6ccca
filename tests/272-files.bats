#!/usr/bin/env bats
# Files that root trusts: what stands in their place, who can write them, disks that take nothing,
# what is left behind.

bats_require_minimum_version 1.8.0
load helpers
load guests

setup()
{
	export LC_ALL=C.UTF-8 COLUMNS=80
	unset VFIOAP_SYSROOT NO_COLOR
}

# place KIND FILE: something that is no plain file, or no small one
place()
{
	rm -rf "$2"
	case $1 in
	fifo) mkfifo "$2" ;;
	directory) mkdir "$2" ;;
	socket) python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$2" ;;
	device) ln -s /dev/zero "$2" ;;
	loop) ln -s "$2" "$2" ;;
	huge) truncate -s 1T "$2" 2>/dev/null || truncate -s 1G "$2" ;;
	deep) printf "[%.0s" {1..20000} >"$2" ;;
	nul) head -c 4096 /dev/zero >"$2" ;;
	escape) printf "\e]0;x\a\e[31m\x80\xff\xc3(\r\b\n" >"$2" ;;
	esac
}

# quiet_end WHAT COMMAND...: it ends at once, with a status of its own and a text that steers nothing
quiet_end()
{
	local what=$1 result=0
	shift

	timeout 10 "$@" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null || result=$?
	((result < 65)) || fail "$what: $*: status $result"
	if LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f\x7f]' "$BATS_TEST_TMPDIR/out"; then
		fail "$what: $*: $(cat -v "$BATS_TEST_TMPDIR/out")" "no controls"
	fi
	iconv -f UTF-8 -t UTF-8 "$BATS_TEST_TMPDIR/out" >/dev/null || fail "$what: $*: garbage" UTF-8
	return "$result"
}

# refused WHAT COMMAND...: the same, and not with success
refused()
{
	! quiet_end "$@" || fail "$*: status 0"
}
export -f place quiet_end refused

# ---- in the place of a file --------------------------------------------------------------------

@test "files: rules and overrides that are no plain files are never waited for nor written" {
	sim --kernel 7.3 '
		mkdir -p /etc/vfioap
		for file in /etc/udev/rules.d/41-ap.rules /etc/vfioap/overrides; do
			for kind in fifo directory socket device loop huge; do
				place $kind $file
				before=$(stat -c "%F %s %i" $file)
				refused "$file, $kind" vfioap reserve -d 9
				refused "$file, $kind" vfioap reserve -P -Q 05.0004
				refused "$file, $kind" chzdev_ap -p aqmask=-9
				[[ $file == *rules ]] || refused "$file, $kind" vfioap-override
				assert_equal "$(stat -c "%F %s %i" $file)" "$before" "$kind"
				assert_equal "$(queue_driver 05.0004)" cex4queue
				rm -rf $file
			done
			for kind in nul escape; do
				place $kind $file
				for command in "vfioap check" "vfioap doctor -P" "vfioap reserve -P -d 9"; do
					quiet_end "$file, $kind" $command || :
				done
				rm $file
			done
		done
	'
}

@test "files: a rules file that is a link is never written through" {
	sim '
		for target in "$BATS_TEST_TMPDIR/target" /nowhere; do
			echo "# mine" >"$BATS_TEST_TMPDIR/target"
			ln -sf "$target" /etc/udev/rules.d/41-ap.rules
			remember
			refused "$target" vfioap reserve -d 4
			refused "$target" chzdev_ap -a -p aqmask=-4
			assert_equal "$(cat "$BATS_TEST_TMPDIR/target")" "# mine"
			[ ! -e /nowhere ] && [ -L /etc/udev/rules.d/41-ap.rules ]
			assert_root_unchanged
		done
	'
}

@test "files: plans, settings and definitions that are traps: an error, in time" {
	use_dump docs
	local file=$BATS_TEST_TMPDIR/file
	for kind in fifo directory socket device loop huge deep nul escape; do
		place "$kind" "$file"
		refused "plan, $kind" vfioap apply -n "$file" --sysroot "$ROOT"
		refused "plan, $kind" vfioap check --plan "$file" --sysroot "$ROOT"
		refused "settings, $kind" chzdev_ap --import "$file" --sysroot "$ROOT"
		definition=$ROOT/etc/mdevctl.d/matrix/0000aaaa-0000-4000-8000-000000000001
		mkdir -p "${definition%/*}"
		place "$kind" "$definition"
		refused "definition, $kind" vfioap check --sysroot "$ROOT"
		[ "$kind" != fifo ] ||
			refused "definition, $kind" vfioap assign --sysroot "$ROOT" 0000aaaa -d 9
		rm -rf "$definition"
	done
	for kind in huge deep nul escape; do
		place "$kind" "$file"
		[ "$kind" != huge ] || truncate -s 64M "$file"
		refused "plan from a pipe, $kind" bash -c "cat '$file' | vfioap apply -n - --sysroot '$ROOT'"
		refused "callout, $kind" bash -c "cat '$file' | vfioap-callout -t vfio_ap-passthrough -e pre \
			-a define -s none -u $UUID_A -p matrix"
	done
}

@test "files: what changes its kind between two looks is still never waited for" {
	sim '
		file=/etc/udev/rules.d/41-ap.rules
		vfioap reserve -q -P -d 4
		cp $file "$BATS_TEST_TMPDIR/rules"
		mkfifo /etc/udev/rules.d/fifo
		ln -s /dev/zero /etc/udev/rules.d/link
		while :; do
			for other in fifo link "$BATS_TEST_TMPDIR/rules"; do
				cd /etc/udev/rules.d
				ln -f "$other" new 2>/dev/null || cp -P "$other" new
				mv -fT new $file
			done
		done &
		swapper=$!
		for ((n = 0; n < 40; n++)); do
			quiet_end "round $n" vfioap show masks || :
		done
		kill $swapper
	'
}

@test "files: a lock that is no plain file is refused at once, and stays" {
	sim '
		lock=/run/lock/s390apconfig.lock
		for kind in fifo directory socket device loop; do
			place $kind $lock
			before=$(stat -c "%F %i" $lock)
			start=$SECONDS
			refused "$kind" vfioap reserve -A -d 4
			refused "$kind" chzdev_ap -a aqmask=-4
			((SECONDS - start < 3)) || fail "$kind: waited for"
			assert_equal "$(stat -c "%F %i" $lock)" "$before"
			quiet_end "$kind" vfioap check || :
			rm -rf $lock
		done
		# A hard link to a file of somebody: read as a lock, never written.
		echo 0 >/run/lock/of-somebody
		touch -d "1 hour ago" /run/lock/of-somebody
		ln /run/lock/of-somebody $lock
		tool 0 vfioap reserve -q -A -d 4
		assert_equal "$(cat /run/lock/of-somebody)" 0
		assert_equal "$(ls /run/lock)" of-somebody
	'
}

# ---- names ---------------------------------------------------------------------------------------

@test "files: names in /etc/mdevctl.d that are no UUIDs are passed over, and printed by nobody" {
	use_dump docs
	local dir=$ROOT/etc/mdevctl.d/matrix name
	mkdir -p "$dir"
	for view in lsvfioap 'vfioap check' 'vfioap export' 'vfioap show device' 'vfioap doctor -P'; do
		$view --sysroot "$ROOT" || :
	done >"$BATS_TEST_TMPDIR/before" 2>&1
	for name in $'\e[31m' $'\xff\xfe' '%s%n%n' '-a' '..x' "$UUID_A.xml" " $UUID_A" "$UUID_A " \
		"{$UUID_A}" "${UUID_A//-/}" '62177883-f1bb-47f0-914d-32a22e3a880g' "$(printf 'x%.0s' {1..255})" \
		$'new\nline' ".$UUID_A.0123456789abcdef"; do
		echo '{"mdev_type":"vfio_ap-passthrough","start":"auto","attrs":[{"assign_adapter":"5"}]}' \
			>"$dir/$name"
	done
	for view in lsvfioap 'vfioap check' 'vfioap export' 'vfioap show device' 'vfioap doctor -P'; do
		$view --sysroot "$ROOT" || :
	done >"$BATS_TEST_TMPDIR/after" 2>&1
	diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
}

@test "files: UUIDs with slashes, dots and controls open nothing, wherever they are given" {
	use_dump docs
	local uuid file=$BATS_TEST_TMPDIR/plan
	for uuid in ../../../etc/passwd .. '' "../$UUID_A" "$UUID_A/../$UUID_A" $'\e[31m6217' '%s%s%s' \
		62177883-f1bb-47f0-914d-../../../../../x; do
		for command in remove show; do
			case $command in
			show) set -- show device "$uuid" --sysroot "$ROOT" ;;
			*) set -- remove -n -P "$uuid" --sysroot "$ROOT" ;;
			esac
			refused "$uuid" strace -f -qq --seccomp-bpf -o "$BATS_TEST_TMPDIR/trace" \
				-e trace=openat,openat2,newfstatat,unlinkat,renameat,linkat vfioap "$@"
			assert_equal "$(grep -E 'passwd|\.\./|%s|\\33' "$BATS_TEST_TMPDIR/trace" || :)" '' \
				"$command $uuid"
		done
		refused "$uuid" vfioap create -n -P -u "$uuid" --sysroot "$ROOT"
		jq -n --arg uuid "$uuid" '{format: 1, devices: [{uuid: $uuid, adapters: "5", domains: "4"}]}' >"$file"
		refused "$uuid in a plan" vfioap apply -n "$file" --sysroot "$ROOT"
		refused "$uuid by mdevctl" vfioap-callout -t vfio_ap-passthrough -e pre -a define -s none \
			-u "$uuid" -p matrix </dev/null
	done
	assert_root_unchanged
}

# ---- disks ---------------------------------------------------------------------------------------

@test "files: a disk that is full or read-only: no mask, no rule, no override has changed" {
	sim --kernel 7.3 '
		mkdir -p /etc/vfioap
		for dir in /etc/udev/rules.d /etc/vfioap; do
			words="-d 4"
			[ $dir != /etc/vfioap ] || words="-Q 05.0004"
			mount -t tmpfs -o size=4k tmpfs $dir
			head -c 4096 /dev/zero >$dir/filler
			remember
			tool 1 vfioap reserve $words
			assert_stderr "No space left on device"
			assert_root_unchanged
			assert_equal "$(ls -A $dir)" filler
			assert_equal "$(queue_driver 05.0004)" cex4queue
			rm $dir/filler
			mount -o remount,ro $dir
			remember
			tool 1 vfioap reserve $words
			assert_stderr "Read-only file system"
			assert_root_unchanged
			assert_equal "$(queue_driver 05.0004)" cex4queue
			umount $dir
		done
		assert_equal "$(ls -A /run/lock)" "" locks
	'
}

@test "files: no inode is left: no device, no definition" {
	sim '
		tool 0 vfioap reserve -q -d 4
		mkdir -p /etc/mdevctl.d/matrix
		mount -t tmpfs -o nr_inodes=2 tmpfs /etc/mdevctl.d/matrix
		: >/etc/mdevctl.d/matrix/filler
		remember
		tool 1 vfioap create -u "$UUID_A" -a 5 -d 4
		assert_stderr "No space left on device"
		assert_root_unchanged
	'
}

# ---- what is left behind, who can write ------------------------------------------------------------

@test "files: temporary files that a kill left behind are no rules, no definitions, and in no way" {
	sim '
		tool 0 vfioap create -q --reserve -u "$UUID_A" -a 5 -d 4
		views()
		{
			vfioap check
			lsvfioap --json
			vfioap show masks
			mdevctl list -d 2>/dev/null
		}
		views >"$BATS_TEST_TMPDIR/before"
		rest=.0123456789abcdef
		echo "{" >"/etc/mdevctl.d/matrix/.$UUID_A$rest"
		echo "ATTR{x}=\"y\"" >/etc/udev/rules.d/.41-ap.rules$rest
		mkdir -p /etc/vfioap
		echo x >/etc/vfioap/.overrides$rest
		echo 1 >/run/lock/s390apconfig.lock0000100
		views >"$BATS_TEST_TMPDIR/after"
		diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
		tool 0 vfioap set -q "$UUID_A" -c 4
		tool 0 vfioap remove -q "$UUID_A"
		assert_equal "$(ls /etc/mdevctl.d/matrix)" ""
	'
}

@test "files: owner and mode of a file that is exchanged stay; a hard link keeps the old text" {
	sim '
		tool 0 vfioap create -q --reserve -u "$UUID_A" -a 5 -d 4
		file=/etc/mdevctl.d/matrix/$UUID_A
		chmod 640 "$file"
		ln "$file" /etc/mdevctl.d/other
		before=$(cat "$file")
		tool 0 vfioap set -q "$UUID_A" -c 4
		assert_equal "$(stat -c %a "$file")" 640
		assert_equal "$(cat /etc/mdevctl.d/other)" "$before"
		tool 1 cmp -s "$file" /etc/mdevctl.d/other
	'
}
