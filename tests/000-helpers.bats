#!/usr/bin/env bats
# The helpers themselves: that they pass what is right, and fail what is wrong and say so.

bats_require_minimum_version 1.8.0
load helpers

# A program with a known result: prints its arguments, a line each, and `err` to stderr.
setup()
{
	cat >"$BATS_TEST_TMPDIR/prog" <<-'END'
		#!/bin/sh
		status=$1
		shift
		printf '%s\n' "$@"
		echo err >&2
		exit "$status"
	END
	chmod +x "$BATS_TEST_TMPDIR/prog"
	PATH=$BATS_TEST_TMPDIR:$PATH
}

# refused COMMAND...: it fails, and $output is what it said
refused()
{
	run "$@"
	[ "$status" -eq 1 ] || {
		printf "'%s' was to fail with 1, status %s:\n%s\n" "$*" "$status" "$output"
		return 1
	}
}

# A dump of two files and a link.
make_dump()
{
	mkdir -p "$BATS_TEST_TMPDIR/dumps/small/sys/bus/ap" "$BATS_TEST_TMPDIR/dumps/small/etc"
	echo 0xff >"$BATS_TEST_TMPDIR/dumps/small/sys/bus/ap/apmask"
	echo x >"$BATS_TEST_TMPDIR/dumps/small/etc/conf"
	ln -s conf "$BATS_TEST_TMPDIR/dumps/small/etc/link"
	TESTS=$BATS_TEST_TMPDIR use_dump small
}

# An apsim that simulates nothing.
fake_apsim()
{
	cat >"$BATS_TEST_TMPDIR/apsim" <<-'END'
		#!/bin/sh
		echo "apsim $*"
		while [ "$1" != -- ]; do shift; done
		shift
		exec "$@"
	END
	chmod +x "$BATS_TEST_TMPDIR/apsim"
}

@test "tool: keeps stdout, stderr and status apart" {
	tool 0 prog 0 one 'two three'
	[ "$stdout" = $'one\ntwo three' ] || fail "stdout"
	[ "$stderr" = err ] || fail "stderr"
	[ "$status" -eq 0 ] || fail "status"
	tool 7 prog 7 ''
	[ "$status" -eq 7 ] || fail "status"
}

@test "tool: an unexpected status fails and shows command, status, output and expectation" {
	refused tool 0 prog 3 'a b'
	[[ $output == *"unexpected status 3"* ]]
	[[ $output == *"status 0"* ]]
	[[ $output == *"command: prog 3 a\\ b"* ]]
	[[ $output == *"stdout:"*"    a b"*"stderr:"*"    err"* ]]
	refused tool 3 prog 0
}

@test "tool: a program that is not there has status 127" {
	tool 127 no-such-program
	refused tool 0 no-such-program
}

@test "tool: what a sanitizer reports fails, whatever the status" {
	sanitized() { echo "$1" >&2; return 4; }
	refused tool 4 sanitized "==1==ERROR: AddressSanitizer: heap-use-after-free"
	refused tool 4 sanitized "x.c:1:2: runtime error: signed integer overflow"
	refused tool 4 sanitized "==1==ERROR: LeakSanitizer: detected memory leaks"
	[[ $output == *"a sanitizer found something"* ]]
}

@test "assert_stdout, refute_stdout: a part of the text" {
	tool 0 prog 0 'one two' three
	assert_stdout 'ne tw'
	refute_stdout four
	refused assert_stdout four
	[[ $output == *"stdout lacks the text"*four*"one two"* ]]
	refused refute_stdout three
	[[ $output == *"stdout has the text"* ]]
}

@test "assert_stdout, refute_stdout: characters of patterns mean themselves" {
	tool 0 prog 0 'a*b' '[x]'
	assert_stdout 'a*b'
	assert_stdout --line '[x]'
	refused assert_stdout 'a?b'
	refused assert_stdout --line '[xy]'
	refute_stdout --exact '*'
}

@test "assert_stdout --line: a whole line, first, middle or last" {
	tool 0 prog 0 one two three
	assert_stdout --line one
	assert_stdout --line two
	assert_stdout --line three
	refused assert_stdout --line tw
	refute_stdout --line tw
	refused refute_stdout --line two
}

@test "assert_stdout --exact: all of it, also when it is empty" {
	tool 0 prog 0 one two
	assert_stdout --exact $'one\ntwo'
	refused assert_stdout --exact one
	refute_stdout --exact one
	tool 0 true
	assert_stdout --exact ''
	assert_stderr --exact ''
	refused assert_stdout --exact one
}

@test "assert_stdout --regex: an extended regular expression" {
	tool 0 prog 0 05.0004
	assert_stdout --regex '^[0-9a-f]{2}\.[0-9a-f]{4}$'
	refused assert_stdout --regex '^x'
	refute_stdout --regex '^x'
}

@test "assert_stderr, refute_stderr look at stderr alone" {
	tool 0 prog 0 one
	assert_stderr --exact err
	refute_stderr one
	refused assert_stderr one
	refused refute_stderr err
	refused assert_stdout err
}

@test "an assertion before any tool, or without one text, fails" {
	last_command=''
	refused assert_stdout ''
	[[ $output == *"no tool has run yet"* ]]
	tool 0 true
	refused assert_stdout
	refused assert_stdout one two
	refused refute_stdout --line
}

@test "assert_equal: shows both values" {
	assert_equal a a
	refused assert_equal a b "the letter"
	[[ $output == *"the letter is 'a'"*b* ]]
	refused assert_equal '' x
}

@test "assert_json: the filter is true, and stdout is JSON" {
	tool 0 echo '{"format": 1, "devices": [{"uuid": "x"}]}'
	assert_json '.format == 1 and (.devices | length) == 1'
	refused assert_json '.format == 2'
	refused assert_json '.absent'
	tool 0 echo '{'
	refused assert_json '.'
}

@test "assert_golden: compares with the file, and make golden writes it" {
	TESTS=$BATS_TEST_TMPDIR
	unset VFIOAP_TEST_GOLDEN
	tool 0 prog 0 one
	refused assert_golden list/one.txt
	VFIOAP_TEST_GOLDEN=1 assert_golden list/one.txt
	assert_golden list/one.txt
	tool 0 prog 0 two
	refused assert_golden list/one.txt
	[[ $output == *-one*+two* ]]
}

@test "eventually: waits for what becomes true" {
	rm -f "$BATS_TEST_TMPDIR/count"
	third_time()
	{
		echo >>"$BATS_TEST_TMPDIR/count"
		[ "$(wc -l <"$BATS_TEST_TMPDIR/count")" -ge 3 ]
	}
	eventually third_time
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/count")" 3
}

@test "use_dump: a private copy, links kept" {
	make_dump
	assert_equal "$ROOT" "$BATS_TEST_TMPDIR/root"
	assert_equal "$(apmask)" 0xff
	assert_equal "$(readlink "$ROOT/etc/link")" conf
	echo changed >"$ROOT/etc/conf"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/dumps/small/etc/conf")" x
	refused use_dump no-such-dump
}

@test "assert_root_unchanged: content, mode, kind, target and names count" {
	make_dump
	assert_root_unchanged
	assert_root_unchanged

	echo y >"$ROOT/etc/conf"
	refused assert_root_unchanged
	[[ $output == *"the machine has changed"* ]]
	assert_root_unchanged			# from where it is now
	chmod 600 "$ROOT/etc/conf"
	refused assert_root_unchanged
	ln -sfn other "$ROOT/etc/link"
	refused assert_root_unchanged
	touch "$ROOT/etc/new"
	refused assert_root_unchanged
	rm "$ROOT/etc/new"
	refused assert_root_unchanged
	remember
	assert_root_unchanged
}

@test "assert_root_unchanged: fails when there is nothing to compare with" {
	refused assert_root_unchanged
	[[ $output == *"nothing remembered"* ]]
}

@test "sim: passes its options on, docs is the machine without --lpar" {
	fake_apsim
	tool 0 sim --kernel 6.1 true
	assert_stdout --regex '^apsim run --kernel 6.1 --lpar docs -- bash '
	tool 0 sim --lpar max --kernel 6.12 true
	assert_stdout --regex '^apsim run --lpar max --kernel 6.12 -- bash '
}

@test "sim: the helpers work inside, and quoting is kept" {
	fake_apsim
	sim '
		tool 0 prog 0 "a  b" "$UUID_A"
		assert_stdout --line "a  b"
		assert_stdout --line 62177883-f1bb-47f0-914d-32a22e3a8804
	'
}

@test "sim: the first command that fails ends the script and fails, with its report" {
	fake_apsim
	refused sim '
		tool 0 prog 4
		echo "went on"
	'
	[[ $output == *"unexpected status 4"* ]]
	[[ $output == *"-- failed: tool 0 prog 4"* ]]
	[[ $output == *"-- status 1 of: apsim run --lpar docs"* ]]
	[[ $output != *"went on"* ]]
	refused sim 'false; true'
	refused sim 'exit 9'
	refused sim 'tool 0 prog 0 x; refute_stdout x; true'
}

@test "sim: a failure of apsim is a failure" {
	printf '#!/bin/sh\nexit 125\n' >"$BATS_TEST_TMPDIR/apsim"
	chmod +x "$BATS_TEST_TMPDIR/apsim"
	refused sim true
	[[ $output == *"status 125"* ]]
}

@test "a suite with a failing assertion fails, test by test" {
	# bats would take lines that begin with @test for tests of this file.
	sed 's/^ *| //' >"$BATS_TEST_TMPDIR/inner.bats" <<-END
		| load $TESTS/helpers
		| @test "status" { tool 0 false; true; }
		| @test "stdout" { tool 0 echo x; assert_stdout y; true; }
		| @test "stderr" { tool 0 echo x; refute_stdout x; true; }
		| @test "equal" { assert_equal 1 2; true; }
		| @test "json" { tool 0 echo 1; assert_json '. == 2'; true; }
		| @test "right" { tool 0 true; assert_stdout --exact ''; }
	END
	# In here "bats" is its inner program, and needs what the outer one sets up.
	run env -i PATH="${PATH//"$BATS_LIBEXEC:"/}" TMPDIR="$BATS_TEST_TMPDIR" bats --tap "$BATS_TEST_TMPDIR/inner.bats"
	echo "$output"
	assert_equal "$status" 1 "status of bats"
	assert_equal "$(grep -c '^not ok' <<<"$output")" 5
	assert_equal "$(grep '^ok' <<<"$output")" "ok 6 right"
}
