#!/usr/bin/env bats
# Every command, whatever it does: help, refusals, options.

bats_require_minimum_version 1.8.0
load helpers

commands()
{
	vfioap --list-commands
}

@test "all: --list-commands names commands, sorted as --help does" {
	tool 0 vfioap --list-commands
	assert_stdout --line mask
	listed=$stdout
	tool 0 vfioap --help
	assert_equal "$(sed -n 's/^  \([a-z]*\)  .*/\1/p' <<<"$stdout")" "$listed"
}

@test "all: each command has --help, on stdout alone" {
	for command in $(commands); do
		tool 0 vfioap "$command" --help
		assert_stdout "Usage: vfioap $command"
		assert_stderr --exact ''
		tool 0 vfioap -h "$command"
		assert_stdout "Usage: vfioap $command"
		tool 0 vfioap help "$command"
		assert_stdout "Usage: vfioap $command"
	done
}

@test "all: no line of help is wider than 100 columns" {
	for command in $(commands); do
		tool 0 vfioap "$command" --help
		refute_stdout --regex $'(^|\n)[^\n]{101}'
	done
}

@test "all: each command has --version" {
	for command in '' $(commands); do
		tool 0 vfioap $command --version
		assert_stdout --regex '^l?s?vfioap [0-9.]+$'
	done
	tool 0 lsvfioap -V
	assert_stdout --regex '^lsvfioap [0-9.]+$'
}

@test "all: an unknown option is refused in one line, with a hint" {
	for command in $(commands); do
		tool 2 vfioap "$command" --no-such-option
		assert_stderr --exact "vfioap: unknown option '--no-such-option'
hint: 'vfioap $command --help' lists the options"
		assert_stdout --exact ''
	done
	tool 2 vfioap --no-such-option mask 5
	assert_stderr "unknown option '--no-such-option'"
	tool 2 lsvfioap -Z
	assert_stderr --exact "lsvfioap: unknown option '-Z'
hint: 'lsvfioap --help' lists the options"
}

@test "all: a stray argument is refused, and named" {
	for command in $(commands); do
		case $command in
		show) set -- masks stray ;;
		apply) set -- /no/such/file stray ;;
		mask) set -- 5 stray ;;
		export) set -- --format qemu stray ;;
		help) set -- mask stray ;;
		remove | stop | start | refresh) set -- -u 1234 stray ;;
		assign | unassign | set) set -- 1234 stray -a 5 ;;
		list) set -- stray ;;
		*) set -- stray ;;
		esac
		tool 2 env -u VFIOAP_SYSROOT vfioap "$command" "$@"
		assert_stderr stray
		assert_stdout --exact ''
	done
}

@test "all: an option given twice is refused, on either side of the command" {
	for command in $(commands); do
		tool 2 vfioap "$command" --quiet --quiet
		assert_stderr --line "vfioap: option '--quiet' given twice"
		tool 2 vfioap -q "$command" -q
		assert_stderr --line "vfioap: option '--quiet' given twice"
	done
}

@test "all: options that exclude each other are refused in both orders" {
	for command in $(commands); do
		tool 2 vfioap "$command" -q -v
		assert_stderr "options '--quiet' and '--verbose' exclude each other"
		tool 2 vfioap "$command" -v -q
		assert_stderr "options '--quiet' and '--verbose' exclude each other"
	done
	tool 2 vfioap mask --list --change +5 5
	tool 2 vfioap mask --change +5 --list 5
	tool 2 lsvfioap -d -q
	tool 2 lsvfioap -q -d
	tool 2 lsvfioap --json -o UUID
	tool 2 lsvfioap -o UUID --json
}

@test "all: an unknown command is refused, none too" {
	tool 2 vfioap no-such-command
	assert_stderr --exact "vfioap: unknown command 'no-such-command'
hint: 'vfioap --help' lists the commands"
	tool 2 vfioap
	assert_stderr --line 'vfioap: no command given'
	tool 2 vfioap help no-such-command
}

@test "all: every column stands in the man page, or in lszcrypt's" {
	for column in $(lsvfioap --list-columns | cut -d ' ' -f 1); do
		grep -Eq "^\.It .*\b$column\b" "$SOURCES/man/lsvfioap.8" ||
			fail "column '$column' is not in lsvfioap(8)"
	done
	for column in POOL DEVICE GUEST STATUS; do
		tool 0 lsvfioap -q --list-columns
		assert_stdout --regex "(^|"$'\n'")$column +[^ ]"
	done
}

@test "all: commands that change refuse VFIOAP_SYSROOT, and --active below another root" {
	for command in reserve release create remove assign unassign set; do
		tool 2 env -u VFIOAP_SYSROOT vfioap "$command" --active --sysroot /
		assert_stderr 'below another root there is no running system'
		tool 2 env VFIOAP_SYSROOT=/ vfioap "$command"
		assert_stderr 'VFIOAP_SYSROOT is set'
	done
}

@test "all: a full disk is an error, a reader that goes away is none" {
	tool 1 sh -c 'vfioap mask 5 >/dev/full'
	assert_stderr --line 'vfioap: cannot write to standard output: No space left on device'
	tool 0 bash -c 'vfioap mask --list-options | true; exit ${PIPESTATUS[0]}'
	assert_stderr --exact ''
	tool 0 sh -c 'vfioap mask 5 >&-'
	assert_stderr --exact ''
}

@test "all: help and errors need no host and no root" {
	tool 0 vfioap --help
	tool 4 lsvfioap --sysroot /no/such/directory
	assert_stderr "lsvfioap: cannot open '/no/such/directory': No such file or directory"
	assert_stdout --exact ''
}
