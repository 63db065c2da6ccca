#!/usr/bin/env bats
# What a process is born with: descriptors, signals, limits, umask, environment, system calls that
# are not there.  Whatever it is, a change is made as a whole or not at all.

bats_require_minimum_version 1.8.0
load helpers
load guests

setup()
{
	export LC_ALL=C.UTF-8 COLUMNS=80
	unset VFIOAP_SYSROOT NO_COLOR
	# LeakSanitizer cannot trace what is traced already.
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0:verify_asan_link_order=0
}

# inject CALLS ERROR[:when=N] COMMAND...
inject()
{
	local calls=$1 error=$2
	shift 2

	strace -f -qq --seccomp-bpf -o "$BATS_TEST_TMPDIR/trace" -e trace="$calls" -e inject="$calls:error=$error" "$@"
}

# whole_or_not WHAT COMMAND...: `create --reserve` of 5 and 4 below COMMAND is done, or has failed
# and changed nothing; no lock is left.  $outcome is its status.
whole_or_not()
{
	local what=$1
	shift

	# By a pipe: a limit of file sizes holds for its messages too.
	"$@" vfioap create -q --reserve -u "$UUID_A" -a 5 -d 4 2>&1 >/dev/null 3>&- 4>&- |
		cat >"$BATS_TEST_TMPDIR/err"
	outcome=${PIPESTATUS[0]}
	case $outcome in
	0)
		assert_equal "$(matrix "$UUID_A")" 05.0004 "$what: matrix"
		[ -e "/etc/mdevctl.d/matrix/$UUID_A" ] || fail "$what: not defined"
		vfioap remove -q "$UUID_A" >/dev/null
		vfioap release -q -d 4 2>/dev/null
		rm /etc/udev/rules.d/41-ap.rules
		;;
	"${crash-}") ;;
	1 | 3)
		[ -s "$BATS_TEST_TMPDIR/err" ] || fail "$what: status $outcome" "a message"
		;;
	*) fail "$what: status $outcome: $(cat "$BATS_TEST_TMPDIR/err")" "0, 1 or 3" ;;
	esac
	assert_root_unchanged
	assert_equal "$(ls -A /run/lock)" "" "$what: locks"
}
export -f inject whole_or_not

# ---- descriptors -----------------------------------------------------------------------------

@test "surroundings: with standard descriptors closed none of them becomes a file of the host" {
	sim '
		mkdir -p /etc/vfioap
		echo "# none" >/etc/vfioap/overrides
		tool 0 vfioap reserve -q -A -d 0x47
		commands=("vfioap create -q -A -u $UUID_A -a 5 -d 0x47" "vfioap remove -A $UUID_A"
			"vfioap reserve -q -P -d 9" "lsvfioap" "chzdev_ap -p -q aqmask=-10" "vfioap-override"
			"vfioap-callout -t vfio_ap-passthrough -e pre -a define -s none -u $UUID_B -p matrix")
		for command in "${commands[@]}"; do
			for closed in "<&-" "<&- >&- 2>&-"; do
				strace -f -qq --seccomp-bpf -o "$BATS_TEST_TMPDIR/trace" \
					-e trace=open,openat,openat2,socket,memfd_create \
					bash -c "exec $command $closed" >/dev/null 2>&1 </dev/null || :
				# The loader takes and gives back what it likes, before main().
				bad=$(sed -n "/\"\/dev\/null\", O_RDWR/,\$p" "$BATS_TEST_TMPDIR/trace" |
					grep -E "^[0-9]+ +(open|openat|openat2|socket|memfd_create)\(.* = [012]\$" |
					grep -v "\"/dev/null\", O_RDWR" || :)
				assert_equal "$bad" "" "$command $closed"
				grep -q "\"/dev/null\", O_RDWR" "$BATS_TEST_TMPDIR/trace"
				rm -f /run/lock/*
			done
		done
	'
}

# ---- limits ----------------------------------------------------------------------------------

@test "surroundings: a limit of file sizes is an error, no signal that ends it half-way" {
	sim '
		limited() { bash -c "ulimit -f $1; shift; exec \"\$@\"" sh "$@"; }
		whole_or_not "no byte" limited 0
		assert_equal $outcome 1
		grep -q "File too large" "$BATS_TEST_TMPDIR/err"
		# Room for the lock, not for the definition.
		limited 1 vfioap create -q --reserve -u "$UUID_B" -a 5 -d 4-60 2>&1 |
			grep -q "mdevctl.d/.*: File too large"
		assert_root_unchanged
		assert_equal "$(ls -A /run/lock)$(find /etc/mdevctl.d /etc/udev/rules.d -name ".*" -type f)" ""
		limited 0 lsvfioap -q 2>&1 >"$BATS_TEST_TMPDIR/list" | grep -q "standard output: File too large"
		mkdir -p /etc/vfioap
		echo 05.0004 >/etc/vfioap/overrides
		limited 0 vfioap-override 2>&1 | grep -q "File too large"
	'
}

@test "surroundings: too few descriptors: done, or said and nothing changed" {
	sim '
		results=
		for n in 4 5 6 7 8 10 12 16 20; do
			whole_or_not "$n descriptors" bash -c "ulimit -n $n; exec \"\$@\"" sh
			results+=$outcome
		done
		[[ $results =~ ^1+0+$ ]] || fail "$results" "failures, then successes"
	'
}

@test "surroundings: too little memory: done, or said and nothing changed" {
	[ -z "${SAN-}" ] || skip "sanitizers take terabytes of addresses"
	sim '
		low=1000 high=400000
		while ((high - low > 64)); do
			middle=$(((low + high) / 2))
			if prlimit --as=$((middle * 1024)) vfioap --version >/dev/null 2>&1; then
				high=$middle
			else
				low=$middle
			fi
		done
		# The stack has to grow, but not behind the first write.
		crash=139 results=
		for ((n = high; n < high + 800; n += 40)); do
			whole_or_not "$n KiB" prlimit --as=$((n * 1024))
			results+=" $outcome"
		done
		[[ $results == *" 1 "*" 0" ]] || fail "$results" "failures, and success at last"
	'
}

@test "surroundings: a stack of 256 KiB is enough" {
	[ -z "${SAN-}" ] || skip "sanitizers make frames larger"
	sim '
		whole_or_not "a small stack" bash -c "ulimit -s 256; exec \"\$@\"" sh
		assert_equal $outcome 0
		for view in "lsvfioap -q" "vfioap check" "vfioap doctor -A" "vfioap export"; do
			tool 0 bash -c "ulimit -s 256; exec $view"
		done
		whole_or_not "a smaller one" bash -c "ulimit -s 160; exec \"\$@\"" sh
		assert_equal $outcome 1
		grep -q "Cannot allocate memory" "$BATS_TEST_TMPDIR/err"
		tool 1 bash -c "ulimit -s 160; exec vfioap-override"
		assert_stderr "Cannot allocate memory"
		tool 255 bash -c "ulimit -s 160; exec vfioap-callout"
		assert_stderr "Cannot allocate memory"
	'
}

@test "surroundings: modprobe has no environment, no blocked signals, none of our files" {
	sim '
		apsim ctl module unload vfio_ap
		mv /sbin/modprobe "$BATS_TEST_TMPDIR/modprobe"
		cat >/sbin/modprobe <<-END
			#!/bin/sh
			tr "\\0" "\\n" </proc/self/environ >>"$BATS_TEST_TMPDIR/environ"
			grep -E "^Sig(Blk|Ign)" /proc/self/status >"$BATS_TEST_TMPDIR/signals"
			readlink /proc/\$\$/fd/* >"$BATS_TEST_TMPDIR/files"
			exec "$BATS_TEST_TMPDIR/modprobe" "\$@"
		END
		chmod 755 /sbin/modprobe
		tool 0 env --block-signal vfioap reserve -q -A -d 0x47 3>&- 4>&-
		assert_equal "$(grep -vE "^(PWD|OLDPWD|SHLVL|_)=" "$BATS_TEST_TMPDIR/environ" || :)" "" environment
		# posix_spawn() ignores two signals that belong to the C library.
		assert_equal "$(sed "s/.*:[[:blank:]]*//; s/^0000000180000000/0000000000000000/" \
			"$BATS_TEST_TMPDIR/signals" | sort -u)" 0000000000000000
		# Some of those that are there come from whoever runs the test.
		grep -q "^/memfd:stderr" "$BATS_TEST_TMPDIR/files"
		assert_equal "$(grep -E "^/((sys|etc|run|proc)(/.*)?)?\$" "$BATS_TEST_TMPDIR/files" || :)" "" files
	'
}

@test "surroundings: no process can be started: the module is not loaded, nothing is written" {
	sim '
		apsim ctl module unload vfio_ap
		remember
		tool 3 inject clone,clone3,vfork EAGAIN vfioap reserve -A -d 0x47
		assert_stderr "cannot run '"'/sbin/modprobe'"': Resource temporarily unavailable"
		assert_root_unchanged
	'
}

# ---- signals -----------------------------------------------------------------------------------

@test "surroundings: signals that our parent ignores or blocks do not make a failure a success" {
	sim '
		apsim ctl module unload vfio_ap
		mv /sbin/modprobe "$BATS_TEST_TMPDIR/modprobe"
		printf "#!/bin/sh\necho no such module >&2\nexit 1\n" >/sbin/modprobe
		chmod 755 /sbin/modprobe
		remember
		for how in --ignore-signal=CHLD --block-signal=CHLD --ignore-signal --block-signal; do
			tool 3 env $how vfioap reserve -A -d 0x47
			assert_stderr "no such module"
			assert_root_unchanged
		done
		mv "$BATS_TEST_TMPDIR/modprobe" /sbin/modprobe
		whole_or_not "all ignored" env --ignore-signal
		assert_equal $outcome 0
		whole_or_not "all blocked" env --block-signal
		assert_equal $outcome 0
	'
}

@test "surroundings: EINTR of any call that changes or waits: done, or said and nothing changed" {
	sim '
		for call in openat2 write fsync linkat renameat fchmod mkdirat getdents64 \
			readlinkat; do
			for when in 1 1+2; do
				[[ $when == 1 || $call =~ ^(openat2|write|linkat)$ ]] || continue
				whole_or_not "$call $when" inject $call EINTR:when=$when
			done
		done
	'
}

@test "surroundings: thousands of signals a second end no call early" {
	cat >"$BATS_TEST_TMPDIR/storm.c" <<-'END'
		#include <signal.h>
		#include <sys/time.h>

		static void nothing(int signal)
		{
			(void)signal;
		}

		__attribute__((constructor)) static void begin(void)
		{
			struct sigaction action = { .sa_handler = nothing };
			struct itimerval timer = { { 0, 200 }, { 0, 200 } };

			sigaction(SIGALRM, &action, 0);
			setitimer(ITIMER_REAL, &timer, 0);
		}
	END
	"${CC:-cc}" -shared -fPIC -o "$BATS_TEST_TMPDIR/storm.so" "$BATS_TEST_TMPDIR/storm.c"
	sim '
		storm() { LD_PRELOAD=$BATS_TEST_TMPDIR/storm.so "$@"; }
		whole_or_not "storm" env LD_PRELOAD="$BATS_TEST_TMPDIR/storm.so"
		assert_equal $outcome 0
		lsvfioap -q >"$BATS_TEST_TMPDIR/calm"
		tool 0 storm lsvfioap -q
		diff "$BATS_TEST_TMPDIR/calm" - <<<"$stdout"
		# The lock is waited for as long as it is said to be.
		sleep 60 & echo $! >/run/lock/s390apconfig.lock
		start=$SECONDS
		tool 5 storm vfioap reserve -A -d 9 --lock-timeout 2
		((SECONDS - start >= 2 && SECONDS - start < 5)) || fail "$((SECONDS - start)) s" "2 s"
		kill %1
		rm /run/lock/s390apconfig.lock
		apsim ctl module unload vfio_ap
		tool 0 storm vfioap reserve -q -A -d 0x47
		assert_equal "$(queue_driver 05.0047)" vfio_ap
	'
}

# ---- umask, environment ------------------------------------------------------------------------

@test "surroundings: an umask of 0 makes nothing that others can write; one of 0777 nothing useless" {
	for mask in 0 0777; do
		MASK=$mask sim '
			(umask $MASK; vfioap create -q --reserve -u "$UUID_A" -a 5 -d 4 >/dev/null)
			assert_equal "$(find /etc/mdevctl.d /etc/udev/rules.d -perm /022 ! -type l)" "" "umask $MASK"
			for file in /etc/mdevctl.d/matrix/$UUID_A /etc/udev/rules.d/41-ap.rules; do
				assert_equal "$(stat -c %a $file)" 644 "umask $MASK: $file"
			done
			assert_equal "$(stat -c %a /etc/mdevctl.d/matrix)" 755 "umask $MASK"
			tool 0 vfioap remove "$UUID_A"
		'
	done
	sim --kernel 7.3 '
		(umask 0; vfioap reserve -q -Q 05.0004)
		assert_equal "$(stat -c %a /etc/vfioap /etc/vfioap/overrides | paste -sd " ")" "755 644"
	'
}

@test "surroundings: the environment opens no file, starts no program and steers no output" {
	local evil=$BATS_TEST_TMPDIR/evil
	use_dump docs
	mkdir -p "$evil/bin" "$ROOT/etc/libvirt/qemu"
	for name in modprobe udevadm systemctl man sh pager; do
		printf '#!/bin/sh\n: >"%s/ran"\n' "$evil" >"$evil/bin/$name"
	done
	chmod +x "$evil"/bin/*
	echo 'vfioap alias --json --help' >"$evil/.popt"
	for view in 'lsvfioap -q' 'vfioap check' 'vfioap help'; do
		$view --sysroot "$ROOT" >"$BATS_TEST_TMPDIR/plain"
		strace -f -qq --seccomp-bpf -o "$BATS_TEST_TMPDIR/trace" \
			-e trace=%file,%network,%process \
			env -i ASAN_OPTIONS="$ASAN_OPTIONS" PATH="$evil/bin:$PATH" HOME="$evil" TMPDIR="$evil" IFS=/ COLUMNS=80 LC_ALL=C.UTF-8 \
			LANGUAGE="$evil" TERM="$evil" TERMINFO="$evil" PAGER="$evil/bin/pager" \
			XML_CATALOG_FILES="$evil/catalog" XML_DEBUG_CATALOG=1 XDG_CONFIG_HOME="$evil" \
			POPT_CONFIG="$evil/.popt" UDEV_LOG=debug SYSTEMD_LOG_LEVEL=debug \
			$view --sysroot "$ROOT" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
		diff "$BATS_TEST_TMPDIR/plain" "$BATS_TEST_TMPDIR/out"
		assert_equal "$(cat "$BATS_TEST_TMPDIR/err")" '' "$view"
		# Behind env(1), which looks for the program.
		assert_equal "$(sed '0,/ = 0$/d; /execve(/d' "$BATS_TEST_TMPDIR/trace" | grep -F "$evil" || :)" '' "$view"
		assert_equal "$(grep -E '(socket|connect)\(' "$BATS_TEST_TMPDIR/trace" || :)" '' "$view"
		[ ! -e "$evil/ran" ] || fail "$view: a program of the environment has run"
	done
	COLUMNS=-99999999999999999999 tool 0 lsvfioap -q --sysroot "$ROOT"
	LC_ALL=../../../../etc/passwd tool 0 lsvfioap -q --sysroot "$ROOT"
	VFIOAP_SYSROOT=/nowhere tool 2 vfioap reserve -A -d 4
}

@test "surroundings: XML that names other files or machines is read without asking for them" {
	use_dump docs
	mkdir -p "$ROOT/etc/libvirt/qemu"
	echo SECRET >"$BATS_TEST_TMPDIR/secret"
	local i=0 dtd device="<devices><hostdev type='mdev'><source><address uuid='$UUID_A'/></source></hostdev></devices>"
	for dtd in "<!DOCTYPE domain SYSTEM 'http://127.0.0.1:1/x.dtd'>" \
		"<!DOCTYPE domain SYSTEM 'file://$BATS_TEST_TMPDIR/secret'>" \
		"<!DOCTYPE domain [<!ENTITY x SYSTEM 'file://$BATS_TEST_TMPDIR/secret'>]>" \
		"<!DOCTYPE domain [<!ENTITY % x SYSTEM 'ftp://127.0.0.1:1/x'> %x;]>" \
		"<?xml-stylesheet href='file://$BATS_TEST_TMPDIR/secret'?>"; do
		echo "$dtd<domain xmlns:xi='http://www.w3.org/2001/XInclude'><name>w&x;</name><xi:include parse='text' href='file://$BATS_TEST_TMPDIR/secret'/>$device</domain>" \
			>"$ROOT/etc/libvirt/qemu/$((i += 1)).xml"
	done
	# Nor is the library taken from where we stand.
	cd "$BATS_TEST_TMPDIR"
	echo garbage >libxml2.so.2
	chmod +x libxml2.so.2
	tool 0 strace -f -qq --seccomp-bpf -o "$BATS_TEST_TMPDIR/trace" -e trace=%file,%network \
		vfioap show device --sysroot "$ROOT"
	refute_stdout SECRET
	assert_equal "$(grep -E 'SECRET|secret|socket\(|connect\(|"libxml2' "$BATS_TEST_TMPDIR/trace" || :)" ''
	assert_equal "$(grep -c '"etc/libvirt/qemu/[0-9].xml"' "$BATS_TEST_TMPDIR/trace")" 10 'opens of five files'
}

@test "surroundings: a table of ASCII opens no file of a locale, and is the same in each" {
	use_dump trouble
	for view in lsvfioap 'lsvfioap -q' 'lsvfioap --raw' 'vfioap show guest'; do
		LC_ALL=C $view --sysroot "$ROOT" >"$BATS_TEST_TMPDIR/plain"
		for locale in C.UTF-8 de_DE.ISO-8859-1 xx_YY; do
			LC_ALL=$locale tool 0 strace -f -qq --seccomp-bpf -o "$BATS_TEST_TMPDIR/trace" -e trace=%file \
				$view --sysroot "$ROOT"
			diff "$BATS_TEST_TMPDIR/plain" - <<<"$stdout"
			assert_equal "$(grep -E 'LC_CTYPE|locale|gconv' "$BATS_TEST_TMPDIR/trace" || :)" '' "$view"
		done
	done
}

@test "surroundings: without libsmartcols tables are refused, and all that is no table is as ever" {
	mkdir "$BATS_TEST_TMPDIR/broken"
	echo garbage >"$BATS_TEST_TMPDIR/broken/libsmartcols.so.1"
	sim --lpar z16 '
		vfioap reserve -q -a 5 -d 4 2>/dev/null
		vfioap create -q -u "$UUID_A" -a 5 -d 4
		for view in "lsvfioap -q" "lsvfioap --json" "lsvfioap -q --json 0x24" "lsvfioap --map" \
			"vfioap show host" "vfioap show matrix" "vfioap check --json" "chzdev_ap --list"; do
			want=0
			$view >"$BATS_TEST_TMPDIR/plain" || want=$?
			[ -s "$BATS_TEST_TMPDIR/plain" ] || fail "$view prints nothing"
			tool $want env LD_LIBRARY_PATH="$BATS_TEST_TMPDIR/broken" $view
			diff "$BATS_TEST_TMPDIR/plain" - <<<"$stdout"
		done
		for view in lsvfioap "lsvfioap -q 0x24" "lsvfioap --raw" "vfioap list" "vfioap show guest"; do
			tool 1 env LD_LIBRARY_PATH="$BATS_TEST_TMPDIR/broken" $view
			assert_stderr --exact "${view%% *}: cannot load '"'libsmartcols.so.1'"': install it"
			refute_stdout 05.0004
		done
	'
}

# ---- system calls that are not there -------------------------------------------------------------

@test "surroundings: without openat2 every view is the same, and links stay below the root" {
	use_dump trouble
	echo SECRET >"$BATS_TEST_TMPDIR/secret"
	ln -sf "$BATS_TEST_TMPDIR/secret" "$ROOT/sys/bus/ap/features"
	ln -sf "../../../../../../../../..$BATS_TEST_TMPDIR/secret" "$ROOT/etc/mdevctl.d/matrix/$UUID_C"
	ln -sf loop "$ROOT/etc/mdevctl.d/matrix/loop"
	for view in 'lsvfioap -q' 'vfioap show device --json' 'vfioap check'; do
		want=0
		$view --sysroot "$ROOT" >"$BATS_TEST_TMPDIR/plain" || want=$?
		for error in ENOSYS EPERM; do
			tool $want inject openat2 $error $view --sysroot "$ROOT"
			diff "$BATS_TEST_TMPDIR/plain" - <<<"$stdout"
			refute_stdout SECRET
			assert_equal "$(grep -vc INJECTED "$BATS_TEST_TMPDIR/trace")" 0 'calls that were let through'
		done
	done
	sim '
		whole_or_not "no openat2" inject openat2 ENOSYS
		assert_equal $outcome 0
	'
}

@test "surroundings: magic links of /proc below another root lead nowhere, with openat2 or without" {
	sim '
		root=$BATS_TEST_TMPDIR/root
		mkdir -p "$root/proc" "$root/sys"
		mount --bind /proc "$root/proc"
		tool 0 vfioap create -q --reserve -u "$UUID_A" -a 5 -d 4
		for target in self/root self/cwd; do
			rm -rf "$root/etc"
			ln -s "proc/$target/etc" "$root/etc"
			for how in "env" "inject openat2 ENOSYS"; do
				result=0
				$how lsvfioap -n --sysroot "$root" >"$BATS_TEST_TMPDIR/out" 2>&1 || result=$?
				case $result in
				0) assert_equal "$(cat "$BATS_TEST_TMPDIR/out")" "" "$target, $how" ;;
				1) grep -q "Too many levels of symbolic links" "$BATS_TEST_TMPDIR/out" ;;
				*) fail "$target, $how: status $result" ;;
				esac
			done
		done
		umount "$root/proc"
	'
}
