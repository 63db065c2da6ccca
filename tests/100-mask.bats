#!/usr/bin/env bats
# vfioap mask: lists, changes and masks, each as the other.

bats_require_minimum_version 1.8.0
load helpers

ZEROS=0000000000000000000000000000000000000000000000000000000000000000

# hex DIGITS: a mask that starts with these digits
hex()
{
	echo "0x$1${ZEROS:${#1}}"
}

@test "mask: prints a list as the mask that sysfs holds" {
	tool 0 vfioap mask 5,6
	assert_stdout --exact "$(hex 06)"
	tool 0 vfioap mask 0
	assert_stdout --exact "$(hex 8)"
	tool 0 vfioap mask 0x10
	assert_stdout --exact "$(hex 00008)"
	tool 0 vfioap mask 4,0x47,0xab-0xff
	assert_stdout --exact 0x0800000000000000010000000000000000000000001fffffffffffffffffffff
	tool 0 vfioap mask all
	assert_stdout --exact "0x${ZEROS//0/f}"
	tool 0 vfioap mask none
	assert_stdout --exact "$(hex 0)"
}

@test "mask: takes a mask of 64 digits where a list may stand" {
	tool 0 vfioap mask "$(hex 06)"
	assert_stdout --exact "$(hex 06)"
}

@test "mask --list: prints a mask as list, a short one too" {
	tool 0 vfioap mask --list 0x41
	assert_stdout --exact 1,7
	tool 0 vfioap mask --list "$(hex 06)"
	assert_stdout --exact 5,6
	tool 0 vfioap mask "$(hex 0)" --list
	assert_stdout --exact none
}

@test "mask --list: prints what mask takes" {
	for list in 0-9,0x0b 4,0x47,0xab,0xff 0xfe,0xff; do
		tool 0 vfioap mask "$list"
		tool 0 vfioap mask --list "$stdout"
		assert_stdout --exact "$list"
	done
}

@test "mask --change: changes a list or a mask" {
	tool 0 vfioap mask --change +5,-6 6
	assert_stdout --exact "$(hex 04)"
	tool 0 vfioap mask --change=-5-7 "$(hex 07)"
	assert_stdout --exact "$(hex 0)"
	tool 2 vfioap mask --change 5 6
	assert_stderr "vfioap: --change: item '5' at position 1 has no sign"
}

@test "mask --invert: prints all other IDs" {
	tool 0 vfioap mask --invert 0-3
	assert_stdout --exact "0x0$(tr 0 f <<<"${ZEROS:1}")"
	tool 0 vfioap mask --list --invert "$(hex 06)"
	assert_stdout --exact 0-4,7-0xff
}

@test "mask --json: has the mask, the list and the IDs" {
	tool 0 vfioap mask --json 5,6
	assert_stdout --exact "{\"format\":1,\"mask\":\"$(hex 06)\",\"list\":\"5,6\",\"ids\":[5,6]}"
	tool 0 vfioap --json mask --list 0x41
	assert_json '.ids == [1, 7]'
}

@test "mask: refuses a leading zero, names item, position and both readings" {
	tool 2 vfioap mask 010
	assert_stderr --line "vfioap: LIST: item '010' at position 1 has a leading zero: 8 in sysfs, 10 on paper"
	assert_stdout --exact ''
	tool 2 vfioap mask 5,010
	assert_stderr "item '010' at position 3"
}

@test "mask: refuses what is no list, and says why" {
	tool 2 vfioap mask ab
	assert_stderr 'write 0xab'
	tool 2 vfioap mask 7-5
	assert_stderr "item '7-5' at position 1 is a reversed range"
	tool 2 vfioap mask 5,,6
	assert_stderr "item '' at position 3 is empty"
	tool 2 vfioap mask '5, 6'
	assert_stderr 'white space'
	tool 2 vfioap mask 256
	assert_stderr 'is above 255'
	tool 2 vfioap mask all,5
	assert_stderr "item 'all' at position 1 is a word that must stand alone"
	tool 2 vfioap mask ''
	tool 2 vfioap mask --list 41
	tool 2 vfioap mask --list 0x4g
	tool 2 vfioap mask --list "0x0$ZEROS"
}

@test "mask: an error under --json is an object on stdout, and text on stderr" {
	tool 2 vfioap mask 010 --json
	assert_json '.format == 1 and .error.status == 2 and .error.findings == []'
	assert_json '.error.message | contains("010")'
	assert_stderr "item '010' at position 1"
}

@test "mask: takes one argument" {
	tool 2 vfioap mask
	assert_stderr --line 'vfioap: an argument is missing: LIST|MASK'
	tool 2 vfioap mask 5 6
	assert_stderr --line "vfioap: unexpected argument '6'"
}

@test "mask: what it prints of an argument cannot steer a terminal" {
	tool 2 vfioap mask $'5,\e[31m'
	refute_stderr $'\e'
	assert_stderr '?[31m'
	tool 2 vfioap $'\e]0;x\a'
	refute_stderr $'\e'
}
