#!/usr/bin/env bats
# The house: what the Makefile and the scripts promise of themselves.

bats_require_minimum_version 1.8.0
load helpers

# ---- run-tests ------------------------------------------------------------------

# A tree with nothing but the runner; put_test NAME fills it from stdin.
make_tree()
{
	mkdir -p "$BATS_TEST_TMPDIR/tree/scripts" "$BATS_TEST_TMPDIR/tree/tests"
	cp "$SOURCES/scripts/run-tests" "$BATS_TEST_TMPDIR/tree/scripts"
	cd "$BATS_TEST_TMPDIR/tree" || return
	: >tests/skip.allowed
}

# bats takes every line that begins with @test for a test of this file: "| " stands before it.
put_test()
{
	case $1 in
	*.bats) sed -e "1i load '$TESTS/helpers'" -e 's/^| //' >"tests/$1" ;;
	*) cat >"tests/$1" ;;
	esac
	chmod +x "tests/$1"
}

# In a test "bats" is its inner program, which needs what the outer one sets up.
run_tests()
{
	env -i PATH="${PATH//"$BATS_LIBEXEC:"/}" TMPDIR="$BATS_TEST_TMPDIR" ${SAN_IN+SAN="$SAN_IN"} \
		scripts/run-tests "$@"
}

last_line()
{
	tail -n 1 <<<"$stdout"
}

@test "run-tests: counts each file, and ends with the total" {
	make_tree
	put_test 010-a.bats <<-'END'
		| @test "one" { true; }
		| @test "two # 2" { true; }
	END
	put_test unit_b <<-'END'
		#!/bin/sh
		echo noise
		echo "7 passed, 0 failed"
	END
	tool 0 run_tests tests/unit_b tests/010-a.bats
	# Behind it stands how long it took, if that was more than a second.
	assert_stdout --regex $'(^|\n)010-a +2 run: 2 passed, 0 failed( +\\([0-9]+ s\\))?\n'
	assert_stdout --regex $'(^|\n)unit/unit_b +7 run: 7 passed, 0 failed( +\\([0-9]+ s\\))?\n'
	assert_equal "$(last_line)" "9 passed, 0 failed"
	refute_stdout noise
}

@test "run-tests: a failing test fails, and what it said is shown" {
	make_tree
	put_test 010-a.bats <<-'END'
		| @test "one" { true; }
		| @test "two" { echo "what went wrong"; false; }
	END
	put_test unit_b <<-'END'
		#!/bin/sh
		echo "not ok: row 5"
		echo "7 passed, 1 failed"
		exit 1
	END
	tool 1 run_tests tests/010-a.bats tests/unit_b
	assert_stdout "not ok 2 two"
	assert_stdout "what went wrong"
	assert_stdout "not ok: row 5"
	assert_equal "$(last_line)" "8 passed, 2 failed"
}

@test "run-tests: a suite or program that ran no test fails" {
	make_tree
	put_test 010-a.bats <<<'# nothing'
	put_test unit_b <<-'END'
		#!/bin/sh
		true
	END
	put_test unit_c <<-'END'
		#!/bin/sh
		echo "0 passed, 0 failed"
	END
	tool 1 run_tests tests/010-a.bats tests/unit_b tests/unit_c tests/no-such-file
	assert_stdout "010-a: ran no test"
	assert_stdout "unit/unit_b: ran no test"
	assert_stdout "unit/unit_c: ran no test"
	assert_stdout "unit/no-such-file: ran no test"
	assert_equal "$(last_line)" "0 passed, 4 failed"
	tool 1 run_tests
	assert_equal "$(last_line)" "0 passed, 0 failed"
}

@test "run-tests: a program that ends otherwise than its count says fails" {
	make_tree
	put_test unit_b <<-'END'
		#!/bin/sh
		echo "3 passed, 0 failed"
		exit 86
	END
	put_test unit_c <<-'END'
		#!/bin/sh
		echo "3 passed, 0 failed"
		kill -SEGV $$
	END
	tool 1 run_tests tests/unit_b tests/unit_c
	assert_stdout "unit/unit_b: ended with status 86"
	assert_stdout "unit/unit_c: ended with status 139"
	assert_equal "$(last_line)" "6 passed, 2 failed"
}

@test "run-tests: tests that do not report fail" {
	make_tree
	mkdir bin
	printf '#!/bin/sh\necho 1..3\necho "ok 1 one"\n' >bin/bats
	chmod +x bin/bats
	PATH=$PWD/bin:$PATH tool 1 run_tests tests/010-a.bats
	assert_stdout "010-a: 2 of 3 tests did not report"
	assert_equal "$(last_line)" "1 passed, 2 failed"
}

@test "run-tests: a test that hangs ends at its limit" {
	make_tree
	put_test 010-a.bats <<-'END'
		| BATS_TEST_TIMEOUT=1
		| @test "one" { tail -f /dev/null; }
	END
	tool 1 run_tests tests/010-a.bats
	assert_stdout "timeout after 1s"
	assert_equal "$(last_line)" "0 passed, 1 failed"
}

@test "run-tests: a skip counts as a failure unless skip.allowed names it for this machine" {
	make_tree
	put_test 010-a.bats <<-'END'
		| @test "one" { true; }
		| @test "two: long title" { skip "not here"; }
	END
	tool 1 run_tests tests/010-a.bats
	assert_stdout "010-a: skipped, but not in tests/skip.allowed: two: long title"
	assert_equal "$(last_line)" "1 passed, 1 failed"

	echo 'sanitizers 010-a two: long title' >tests/skip.allowed
	tool 1 run_tests tests/010-a.bats
	SAN_IN=1 tool 0 run_tests tests/010-a.bats
	assert_equal "$(last_line)" "1 passed, 0 failed, 1 skipped"
	echo 'sanitizers 010-a two: *' >tests/skip.allowed
	SAN_IN=1 tool 0 run_tests tests/010-a.bats
	echo 'sanitizers 010-b two: *' >tests/skip.allowed
	SAN_IN=1 tool 1 run_tests tests/010-a.bats
}

@test "run-tests: a suite in which every test is skipped fails" {
	make_tree
	echo 'sanitizers 010-a *' >tests/skip.allowed
	put_test 010-a.bats <<-'END'
		| @test "one" { skip; }
	END
	SAN_IN=1 tool 1 run_tests tests/010-a.bats
	assert_stdout "010-a: ran no test"
}

@test "run-tests: no input, and nothing of the caller's surroundings that changes results" {
	make_tree
	put_test 010-a.bats <<-'END'
		| @test "one" {
		| 	! read -r line
		| 	[ -z "${VFIOAP_SYSROOT+x}${NO_COLOR+x}${MAKEFLAGS+x}${APSIM_CONTROL+x}" ]
		| 	[ "$LC_ALL" = C.UTF-8 ] && [ "$TZ" = UTC ] && [ "$(umask)" = 0022 ]
		| 	[[ $PATH == *"$VFIOAP_BUILD:"* ]]
		| }
	END
	umask 077
	export VFIOAP_SYSROOT=/x NO_COLOR=1 MAKEFLAGS=k APSIM_CONTROL=/y LC_ALL=POSIX
	PATH=${PATH//"$BATS_LIBEXEC:"/} tool 0 scripts/run-tests tests/010-a.bats <<<"input"
}

# ---- install-deps ----------------------------------------------------------------

# deps [VARIABLE=VALUE...] [ARGUMENT...]: on a machine that has bash and the tools named in
# $present; installers, sudo and id are ours, and what they were asked for is in $log
deps()
{
	local -a variables=()

	while [[ ${1-} == *=* ]]; do
		variables+=("$1")
		shift
	done
	env -i PATH="$bin" "${variables[@]}" "$BASH" "$SOURCES/scripts/install-deps" "$@"
}

make_machine()
{
	bin=$BATS_TEST_TMPDIR/bin log=$BATS_TEST_TMPDIR/log
	mkdir "$bin"
	: >"$log"
	put_program id 'echo "${FAKE_UID-0}"'
}

# put_program NAME SCRIPT
put_program()
{
	printf '#!%s\n%s\n' "$BASH" "$2" >"$bin/$1"
	chmod +x "$bin/$1"
}

# put_installer NAME: notes its arguments, and brings `jq`
put_installer()
{
	put_program "$1" "
		echo \"$1 \$*\" >>'$log'
		printf '#!/bin/sh\n' >'$bin/jq'
		$(command -v chmod) +x '$bin/jq'"
}

@test "install-deps: silent when nothing is missing" {
	make_machine
	put_installer apt-get
	put_program jq true
	tool 0 deps jq
	assert_stdout --exact ''
	assert_stderr --exact ''
	assert_equal "$(cat "$log")" ''
}

@test "install-deps: prints the command, then installs what is missing and nothing else" {
	make_machine
	put_installer dnf
	put_program make true
	tool 0 deps make jq
	assert_stderr --line "install-deps: missing: jq"
	assert_stderr --line "+ dnf install -y jq"
	assert_equal "$(cat "$log")" "dnf install -y jq"
}

@test "install-deps: apt-get and zypper, each with its names of packages" {
	make_machine
	put_installer zypper
	tool 1 deps jq uuid		# the module stays missing: our installer brings jq alone
	assert_equal "$(cat "$log")" "zypper --non-interactive install --no-recommends libuuid-devel jq"
	assert_stderr --line "install-deps: still missing: uuid"

	rm "$bin/zypper" "$bin/jq" "$log"
	put_installer apt-get
	tool 0 deps jq
	assert_equal "$(grep -v update "$log")" "apt-get install -y --no-install-recommends jq"
}

@test "install-deps: not root goes through sudo -n, and says what to do without" {
	make_machine
	put_installer dnf
	tool 1 deps FAKE_UID=1000 jq
	assert_stderr "run as root: dnf install jq"
	assert_equal "$(cat "$log")" ''

	put_program sudo '[ "$1" = -n ] && shift && exec "$@"'
	put_program true 'exit 0'
	tool 0 deps FAKE_UID=1000 jq
	assert_stderr --line "+ sudo -n dnf install -y jq"
	assert_equal "$(cat "$log")" "dnf install -y jq"
}

@test "install-deps: --check and NO_DEPS=1 say what is missing and install nothing" {
	make_machine
	put_installer dnf
	tool 1 deps --check jq
	assert_stderr --line "install-deps: missing: jq"
	assert_stderr --line "install-deps: packages for dnf: jq"
	tool 0 deps NO_DEPS=1 jq
	assert_stderr --line "install-deps: missing: jq"
	assert_equal "$(cat "$log")" ''
}

@test "install-deps: an installer that fails is not taken for success" {
	make_machine
	put_program dnf 'exit 1'
	tool 1 deps jq
	assert_stderr --line "install-deps: still missing: jq"
}

@test "install-deps: a machine with another package manager, a thing of no table, a bad option" {
	make_machine
	tool 1 deps jq
	assert_stderr "install them by hand"
	tool 1 deps --check tcc
	assert_stderr --line "install-deps: missing: tcc"
	put_program tcc true
	tool 0 deps --check tcc
	tool 2 deps --no-such-option
}

@test "install-deps: what is for Debian alone is not wanted elsewhere, and asked for is not there" {
	make_machine
	put_installer dnf
	tool 1 deps --check
	refute_stderr debootstrap
	tool 1 deps debootstrap
	assert_stderr --line "install-deps: missing: debootstrap"
	assert_stderr "install them by hand"
	assert_equal "$(cat "$log")" ''

	rm "$bin/dnf"
	put_installer apt-get
	tool 1 deps --check
	assert_stderr --regex 'missing: .*debootstrap'
	tool 1 deps debootstrap
	assert_equal "$(grep -v update "$log")" \
		"apt-get install -y --no-install-recommends debootstrap"
}

@test "install-deps: knows all that the Makefile asks for" {
	make_machine
	put_installer dnf
	local needs
	needs=$(make -s -n -C "$SOURCES" O="$BATS_TEST_TMPDIR/o" check-valgrind |
		sed -n 's/.*scripts\/install-deps //p')
	[ -n "$needs" ] || fail "make check does not call install-deps"
	tool 1 deps $needs
	for thing in $needs; do
		assert_stderr --regex "missing: .*$thing"
	done
	assert_equal "$(wc -l <"$log")" 1
	# One package or more for each of them.
	assert_equal "$(wc -w <<<"$needs")" $(($(wc -w <"$log") - 3 - 1)) "things, gcc having two"
}

@test "install-deps --s390x: compiler, emulator and libraries with apt-get; elsewhere says that it cannot" {
	make_machine
	put_installer dnf
	tool 1 deps --s390x
	assert_stderr --exact "install-deps: programs for s390x need a compiler and libraries that only Debian's apt-get brings"
	assert_equal "$(cat "$log")" ''

	rm "$bin/dnf"
	put_program apt-get "
		[ \$1 != update ] || exit 0
		echo \"apt-get \$*\" >>'$log'
		printf '#!%s\nwhile read -r _; do :; done\n' '$BASH' >'$bin/s390x-linux-gnu-gcc'
		$(command -v chmod) +x '$bin/s390x-linux-gnu-gcc'
		$(command -v cp) '$bin/id' '$bin/qemu-s390x-static'"
	cp "$SOURCES/scripts/install-deps" "$bin"
	put_program s390x-root "echo s390x-root >>'$log'"
	tool 0 env -i PATH="$bin" "$BASH" "$bin/install-deps" --s390x
	assert_equal "$(cat "$log")" "apt-get install -y --no-install-recommends gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user-static
s390x-root"
}

# ---- Makefile ----------------------------------------------------------------------

@test "make: all and install never install packages; check and demo look first" {
	local goal
	for goal in all install lint; do
		tool 0 make -s -n -C "$SOURCES" O="$BATS_TEST_TMPDIR/o" DESTDIR=/nowhere "$goal"
		refute_stdout install-deps
	done
	for goal in check check-unit check-bats check-long check-valgrind check-s390x coverage demo golden; do
		tool 0 make -s -n -C "$SOURCES" O="$BATS_TEST_TMPDIR/o" "$goal"
		assert_stdout scripts/install-deps
	done
}

@test "make help: names every target that can be asked for" {
	tool 0 make -s -C "$SOURCES" help
	local goal
	for goal in all bench check check-unit check-bats check-long check-s390x check-valgrind coverage demo \
		fuzz golden lint install uninstall dist deb rpm check-deb clean help; do
		assert_stdout --regex $'(^|\n)  '"$goal  +[a-z]"
	done
}

@test "make: nothing is built again when nothing has changed" {
	tool 0 make -s -C "$SOURCES" O="$BATS_TEST_TMPDIR/o" "$BATS_TEST_TMPDIR/o/libvfioap.so"
	tool 0 make -q -C "$SOURCES" O="$BATS_TEST_TMPDIR/o" "$BATS_TEST_TMPDIR/o/libvfioap.so"
	tool 1 make -q -C "$SOURCES" O="$BATS_TEST_TMPDIR/o" CFLAGS=-O1 \
		"$BATS_TEST_TMPDIR/o/libvfioap.so"
}

# What the list of the next test has, and the manual pages that it does not name.
installed_count()
{
	local page names=0

	# A page has a file, and a link for each further name.
	for page in "$SOURCES"/man/*.[1-8]; do
		names=$((names + $(sed -n '/^\.Sh NAME/,/^\.Nd/p' "$page" | grep -c '^\.Nm')))
	done
	echo $((25 + names))
}

@test "make: programs and library are hardened: PIE, full RELRO, no executable stack, no search path" {
	local file
	for file in vfioap lsvfioap chzdev_ap vfioap-callout vfioap-override apsim libvfioap.so.0; do
		tool 0 readelf -hldW "$VFIOAP_BUILD/$file"
		assert_stdout --regex 'Type: +DYN '
		assert_stdout --regex ' GNU_RELRO '
		assert_stdout --regex ' GNU_STACK [ 0-9a-fx]* RW +0x'
		assert_stdout --regex '\(FLAGS_1\) +Flags: NOW'
		[[ $file == *.so.* ]] || assert_stdout --regex '\(FLAGS_1\) +Flags: NOW PIE'
		refute_stdout --regex '\((TEXTREL|RPATH|RUNPATH)\)'
		refute_stdout --regex ' LOAD [^\n]* RWE '
	done
}

@test "make: libraries that are loaded when needed are linked by nothing, and named by the packages" {
	local packages sonames file name
	packages=$(sed -n 's/^loaded_PKGS := //p' "$SOURCES/Makefile")
	# Where there are two for one file, the compiler chooses.
	sonames=$(sed -n 's/^#define SONAME "\(.*\)"$/\1/p' "$SOURCES"/src/*.c)
	assert_equal "$(grep -l '^#define SONAME' "$SOURCES"/src/*.c | wc -l)" "$(wc -w <<<"$packages")" "of $packages"
	for file in vfioap lsvfioap chzdev_ap vfioap-callout vfioap-override; do
		tool 0 readelf -dW "$VFIOAP_BUILD/$file"
		assert_stdout --regex 'NEEDED.*\[libc\.'
		for name in $sonames; do
			refute_stdout "[$name]"
		done
	done
	tool 0 sed -n '/^override_dh_shlibdeps/,/^$/p' "$SOURCES/packaging/debian/rules"
	assert_stdout " --libs $packages)"
	tool 0 sed -n '/^# What src\/dl.c loads/,/^Recommends/p' "$SOURCES/packaging/vfioap.spec"
	for name in $sonames; do
		assert_stdout --regex "Requires: +\([^)]* or ${name%%.so*}-?[0-9]+\)"
	done
}

@test "make: code is hardened by what the compiler has: stack protector and clash, control flow, fortify" {
	[ -z "${SAN-}" ] || skip "sanitizers watch instead"
	local file flag flags=''
	for flag in -fstack-protector-strong -fstack-clash-protection -fcf-protection \
		-D_FORTIFY_SOURCE=3; do
		"$CC" -O2 -U_FORTIFY_SOURCE "$flag" -Werror -include string.h -c -x c -o /dev/null \
			/dev/null 2>/dev/null && flags+=" $flag"
	done
	assert_equal "${flags%-strong*}" " -fstack-protector" "of these the compiler has"
	tool 0 make -s -n V=1 -C "$SOURCES" O="$BATS_TEST_TMPDIR/o" "$BATS_TEST_TMPDIR/o/obj/src/err.o"
	for flag in $flags; do
		assert_stdout " $flag "
	done
	for file in vfioap lsvfioap chzdev_ap vfioap-callout vfioap-override apsim; do
		tool 0 nm -D --undefined-only "$VFIOAP_BUILD/$file"
		assert_stdout --regex ' U __stack_chk_fail(@|$)'
		assert_stdout --regex ' U __[a-z]+_chk(@|$)'
	done
	if [[ $flags == *-fcf-protection* ]]; then
		tool 0 readelf -nW "$VFIOAP_BUILD/obj/src/str.o"
		assert_stdout "x86 feature: IBT, SHSTK"
	fi
}

@test "make: flags of the user win over those that harden" {
	local object=$BATS_TEST_TMPDIR/o/obj/src/str.o
	tool 0 make -s -C "$SOURCES" O="$BATS_TEST_TMPDIR/o" CFLAGS='-O2 -fno-stack-protector' \
		CPPFLAGS=-D_FORTIFY_SOURCE=1 LDFLAGS=-Wl,-z,lazy "$object" "$BATS_TEST_TMPDIR/o/libvfioap.so.0"
	tool 0 nm --undefined-only "$object" "$BATS_TEST_TMPDIR/o/obj/pic/mask.o"
	refute_stdout __stack_chk_fail
	tool 0 readelf -dW "$BATS_TEST_TMPDIR/o/libvfioap.so.0"
	refute_stdout BIND_NOW
}

@test "make install: puts everything into place below DESTDIR" {
	local dest=$BATS_TEST_TMPDIR/dest
	tool 0 make -s -C "$SOURCES" install NO_BUILD=1 O="$VFIOAP_BUILD" DESTDIR="$dest" PREFIX=/usr
	tool 0 find "$dest" -type f -printf '%m %P\n' -o -type l -printf 'link %P -> %l\n'
	local line
	for line in '755 usr/sbin/vfioap' '755 usr/sbin/lsvfioap' \
		'755 usr/sbin/chzdev_ap' '755 usr/bin/apsim' \
		'755 usr/libexec/vfioap/vfioap-callout' \
		'755 usr/libexec/vfioap/vfioap-override' \
		'644 usr/lib/udev/rules.d/42-vfioap.rules' \
		'644 usr/lib/systemd/system/vfioap-autostart.service' \
		'link usr/lib/mdevctl/scripts.d/callouts/00-vfioap-callout -> /usr/libexec/vfioap/vfioap-callout' \
		'link etc/mdevctl.d/scripts.d/callouts/00-vfioap-callout -> /usr/libexec/vfioap/vfioap-callout' \
		'755 usr/lib/libvfioap.so.0' 'link usr/lib/libvfioap.so -> libvfioap.so.0' \
		'644 usr/lib/libvfioap.a' '644 usr/lib/pkgconfig/vfioap.pc' \
		'644 usr/include/vfioap/mask.h' \
		'link usr/share/man/man8/vfioap-release.8 -> vfioap-reserve.8' \
		'link usr/share/man/man8/vfioap-refresh.8 -> vfioap-assign.8' \
		'644 usr/share/bash-completion/completions/chzdev_ap' \
		'644 usr/share/bash-completion/completions/vfioap' \
		'link usr/share/bash-completion/completions/lsvfioap -> vfioap' \
		'644 usr/share/doc/vfioap/README.md' '644 usr/share/doc/vfioap/LICENSE' \
		'644 usr/share/doc/vfioap/NEWS' '644 usr/share/doc/vfioap/examples/ansible.yml' \
		'644 usr/share/doc/vfioap/examples/plan-masks.json' \
		'644 usr/share/doc/vfioap/examples/plan-overrides.json' \
		'644 usr/share/zsh/site-functions/_vfioap'; do
		assert_stdout --line "$line"
	done
	for line in "$SOURCES"/man/*.[1-8]; do
		assert_stdout --line "644 usr/share/man/man${line##*.}/${line##*/}"
	done
	assert_equal "$(wc -l <<<"$stdout")" "$(installed_count)" "files installed"
	tool 1 grep -r '@[A-Z]*@' "$dest/usr/lib/udev" "$dest/usr/lib/systemd"
	tool 0 grep -rhow '/usr/[a-z/-]*/vfioap[a-z-]*' "$dest/usr/lib/udev" "$dest/usr/lib/systemd"
	for line in $stdout; do
		[ -x "$dest$line" ] || fail "'$line' is not installed"
	done
	tool 1 grep -rlF "$dest" "$dest/usr/lib/pkgconfig" "$dest/usr/share"
}

@test "make uninstall: removes what install has put there, and nothing else" {
	local dest=$BATS_TEST_TMPDIR/dest
	mkdir -p "$dest/etc/mdevctl.d/matrix" "$dest/usr/share/doc/other" "$dest/usr/sbin"
	touch "$dest/etc/mdevctl.d/matrix/$UUID_A" "$dest/usr/sbin/other" "$dest/usr/share/doc/other/a b"
	find "$dest" ! -type d | sort >"$BATS_TEST_TMPDIR/before"
	# Programs that only look as if they had been built.
	mkdir "$BATS_TEST_TMPDIR/o"
	cp "$VFIOAP_BUILD"/libvfioap.* "$BATS_TEST_TMPDIR/o"
	local program
	for program in vfioap lsvfioap chzdev_ap vfioap-callout vfioap-override apsim; do
		echo >"$BATS_TEST_TMPDIR/o/$program"
	done
	set -- -s -C "$SOURCES" NO_BUILD=1 O="$BATS_TEST_TMPDIR/o" DESTDIR="$dest" PREFIX=/usr
	tool 0 make "$@" install
	tool 0 make "$@" uninstall
	tool 0 diff <(find "$dest" ! -type d | sort) "$BATS_TEST_TMPDIR/before"
	tool 0 find "$dest" -type d -path '*vfioap*'
	assert_stdout --exact ''
	tool 0 make "$@" uninstall
}

@test "examples: both plans are what a host can be made, and is then" {
	local plan
	for plan in masks overrides; do
		sim --kernel 7.3 "
			tool 0 vfioap check --plan '$SOURCES/doc/examples/plan-$plan.json'
			tool 0 vfioap apply '$SOURCES/doc/examples/plan-$plan.json'
			tool 0 vfioap apply --json '$SOURCES/doc/examples/plan-$plan.json'
			assert_json '.changes == []'
		"
	done
}

@test "make dist: what is committed, below one directory" {
	git -C "$SOURCES" rev-parse --git-dir >/dev/null 2>&1 || skip "no git history here"
	cp -a "$SOURCES/.git" "$BATS_TEST_TMPDIR/.git"
	cp "$SOURCES/Makefile" "$BATS_TEST_TMPDIR"
	tool 0 make -s -C "$BATS_TEST_TMPDIR" dist
	assert_stdout --regex '^build/vfioap-[0-9.]+\.tar\.gz$'
	tool 0 tar -tzf "$BATS_TEST_TMPDIR/$stdout"
	assert_stdout --regex $'(^|\n)vfioap-[0-9.]+/Makefile(\n|$)'
	refute_stdout --regex $'(^|\n)[^v]'
}

# ---- packages ----------------------------------------------------------------------

@test "packages: have the version of the Makefile, and its news" {
	local version
	version=$(sed -n 's/^VERSION := //p' "$SOURCES/Makefile")
	tool 0 head -n 1 "$SOURCES/NEWS"
	assert_stdout --regex "^vfioap $version"
	tool 0 grep -c "^Version: *$version\$" "$SOURCES/packaging/vfioap.spec"
	tool 0 head -n 1 "$SOURCES/packaging/debian/changelog"
	assert_stdout --regex "^vfioap \($version-"
}

@test "packages: Debian's symbols are what the library exports" {
	tool 0 sed -n '/^global:/,/^local:/s/^\t\(.*\);/\1/p' "$SOURCES/src/libvfioap.map"
	assert_equal "$(sed -n 's/^ \(vfioap_.*\)@VFIOAP_0 .*/\1/p' \
		"$SOURCES/packaging/debian/libvfioap0.symbols")" "$stdout" "symbols"
}

@test "packages: the callout of old mdevctls passes all on, and without the program steps aside" {
	local callout=$BATS_TEST_TMPDIR/callout program=$BATS_TEST_TMPDIR/program
	sed "s|=/usr/libexec/.*|='$program'|" "$SOURCES/packaging/debian/callout.sh" >"$callout"
	tool 2 sh "$callout" -t vfio_ap-passthrough -e pre
	assert_stdout --exact ''
	assert_stderr --exact ''
	printf '#!/bin/sh\necho "$PPID:$*"; cat; exit 7\n' >"$program"
	chmod +x "$program"
	tool 7 sh "$callout" -t "a b" -e pre <<<input
	assert_stdout --regex ":-t a b -e pre"$'\ninput$'
	assert_equal "${stdout%%:*}" "$BASHPID" "the parent of the program"
}

@test "packages: the sources are the files that git knows, and without git all but build/" {
	local tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree/scripts" "$tree/build" "$tree/a" "$BATS_TEST_TMPDIR/bin"
	cp "$SOURCES/scripts/package" "$tree/scripts"
	cp "$SOURCES/Makefile" "$tree"
	touch "$tree/a/b c" "$tree/build/object"
	printf '#!/bin/sh\n' >"$BATS_TEST_TMPDIR/bin/rpmbuild"
	mkdir -p "$tree/build/rpm"
	chmod +x "$BATS_TEST_TMPDIR/bin/rpmbuild"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	env -u VFIOAP_BUILD "$tree/scripts/package" rpm || :
	tool 0 tar -tzf "$tree"/build/rpm/SOURCES/vfioap-*.tar.gz
	assert_equal "$(sed 's/^vfioap-[0-9.]*//' <<<"$stdout")" $'/Makefile\n/a/b c\n/scripts/package'

	git -C "$tree" init -q
	git -C "$tree" add Makefile a
	env -u VFIOAP_BUILD "$tree/scripts/package" rpm || :
	tool 0 tar -tzf "$tree"/build/rpm/SOURCES/vfioap-*.tar.gz
	assert_equal "$(sed 's/^vfioap-[0-9.]*//' <<<"$stdout")" $'/Makefile\n/a/b c'
}

# ---- lint-layers -------------------------------------------------------------------

# layers FILE INCLUDE...: what is said of a tree in which src/ or sim/FILE includes these
layers()
{
	local tree=$BATS_TEST_TMPDIR/layers file=$1
	shift
	rm -rf "$tree"
	mkdir -p "$tree/src" "$tree/sim" "$tree/include/vfioap"
	printf '#include %s\n' "$@" >"$tree/$file"
	"$SOURCES/scripts/lint-layers" "$tree"
}

@test "lint-layers: the own or a lower layer may be included, a higher one may not" {
	tool 0 layers src/snapshot.h '"config.h"' '"sysfs.h"' '"err.h"' '<vfioap/mask.h>' '<stdio.h>'
	tool 0 layers src/plan.h '"conflict.h"'
	tool 0 layers src/cmd_show.c '"plan.h"' '"out.h"'
	tool 1 layers src/sysfs.h '"mdev.h"'
	assert_stdout "src/sysfs.h: (system) includes 'mdev.h' of a higher layer (model)"
	tool 1 layers src/conflict.h '"out_json.h"'
	tool 1 layers src/mask.c '"file.h"'
}

@test "lint-layers: the model's files leave each other alone, but for the pairs of the table" {
	tool 1 layers src/mdev.h '"apbus.h"'
	assert_stdout "src/mdev.h: includes its sibling 'apbus.h'"
	tool 0 layers src/config.h '"mdev.h"'
	tool 1 layers src/mdev.h '"config.h"'
}

@test "lint-layers: sim shares five headers with src and no more" {
	tool 0 layers sim/bus.c '"str.h"' '"err.h"' '"util.h"' '<vfioap/mask.h>' '<fuse.h>'
	tool 1 layers sim/bus.c '"sysfs.h"'
	assert_stdout "sim/bus.c: includes 'sysfs.h', which sim/ does not share"
}

@test "lint-layers: a file of no layer, and another header before the own one" {
	tool 1 layers src/unheard.h '"err.h"'
	assert_stdout "src/unheard.h: is in no layer"
	tool 1 layers src/plan.h '"unheard.h"'
	assert_stdout "src/plan.h: includes 'unheard.h', which is in no layer"

	layers src/str.c '<errno.h>' '"str.h"' >/dev/null
	: >"$BATS_TEST_TMPDIR/layers/src/str.h"
	tool 1 "$SOURCES/scripts/lint-layers" "$BATS_TEST_TMPDIR/layers"
	assert_stdout "src/str.c: includes <errno.h> first, not \"str.h\""
}
