#!/usr/bin/env bats
# lsvfioap -m: the queues as a map.  The dumps are described in tests/dumps/README.

bats_require_minimum_version 1.8.0
load helpers

setup()
{
	export LC_ALL=C
	unset VFIOAP_SYSROOT NO_COLOR COLUMNS
}

map()
{
	tool 0 lsvfioap -m --sysroot "$ROOT" "$@"
}

# record MACHINE: the map at 80 and 200 columns, and in colour, of two devices with an adapter and
# a domain in common, one of them in use, and one that is only defined
record()
{
	tool 0 apsim run --lpar "$1" -- bash -ec '
		vfioap reserve -q -A -d 4-6,0x30-0x37
		vfioap create -A -u "$UUID_A" -a 1-3 -d 4,5
		vfioap create -A -u "$UUID_B" -a 4,0x10-0x12 -d 5,6,0x32
		mkdir -p /etc/mdevctl.d/matrix
		echo "{ \"mdev_type\": \"vfio_ap-passthrough\", \"start\": \"auto\", \"attrs\":
			[ { \"assign_adapter\": \"8\" }, { \"assign_domain\": \"4\" } ] }" \
			>/etc/mdevctl.d/matrix/"$UUID_C"
		apsim ctl guest start "$UUID_A" --name web1
		lsvfioap -m >"$BATS_TEST_TMPDIR/80"
		COLUMNS=200 lsvfioap -m >"$BATS_TEST_TMPDIR/200"
		lsvfioap -m --color always >"$BATS_TEST_TMPDIR/color"'
}

@test "map: the guests of the kernel documentation" {
	use_dump docs
	map
	assert_golden map/docs.txt
	map --color always
	assert_golden map/docs-color.txt
	assert_stderr --exact ''
	assert_root_unchanged
}

@test "map: filtered, absent, only defined, cards that are off" {
	use_dump trouble
	map
	assert_golden map/trouble.txt
	export LC_ALL=C.UTF-8
	map --color always
	assert_golden map/trouble-utf8.txt
}

# The longest line of the last stdout.
widest()
{
	awk 'length > n { n = length } END { print n }' <<<"$stdout"
}

@test "map: 80 columns in a pipe, 200 where there are" {
	for machine in z16 max; do
		record $machine
		for width in 80 200 color; do
			tool 0 cat "$BATS_TEST_TMPDIR/$width"
			assert_golden map/$machine-$width.txt
			[ $width = color ] || [ "$(widest)" -le $width ] ||
				fail "a line of $(widest)" "at most $width"
		done
		tool 1 cmp "$BATS_TEST_TMPDIR/80" "$BATS_TEST_TMPDIR/200"
	done
}

@test "map: a terminal has its own width, and colours" {
	use_dump trouble
	tool 0 script -qec "stty cols 100; lsvfioap -m --sysroot '$ROOT'" /dev/null
	assert_stdout $'\e[36mA'
	assert_stdout '  domain          4     9  0x47  0xab  0xff'
	tool 0 script -qec "stty cols 40; NO_COLOR=1 lsvfioap -m --sysroot '$ROOT'" /dev/null
	refute_stdout $'\e[3'
	assert_stdout $'            004af\r\n  domain      497bf\r\n     4 CEX5C  B.CB-\r\n'
}

@test "map: arguments choose queues, and what is left of the lines" {
	use_dump docs
	map -n card05
	assert_stdout --exact '  5 CEX5C     A     B     A     B'
	map -n .47
	assert_stdout --exact '  4 CEX5C     +
  5 CEX5C     B
  6 CEX5A     A'
	map -n 5.47 6.4
	assert_stdout --exact '  5 CEX5C           B
  6 CEX5A     A      '
	map "$UUID_B"
	assert_stdout --exact "  domain   0x47  0xff
  5 CEX5C     A     A

A $UUID_B  active, not defined, no guest"
	map -n --mode accel
	assert_stdout --exact '  6 CEX5A     A     B     A     B'
	tool 4 lsvfioap -m --sysroot "$ROOT" card09
	tool 4 lsvfioap -m --sysroot "$ROOT" 05.0009
	tool 4 lsvfioap -m --sysroot "$ROOT" ffff
	tool 2 lsvfioap -m --sysroot "$ROOT" 10
	assert_stderr 'hint: write card10'
}

@test "map: a queue without driver, and one that the host took from a device" {
	use_dump docs
	rm "$ROOT/sys/bus/ap/drivers/vfio_ap/04.0004"
	mv "$ROOT/sys/bus/ap/drivers/vfio_ap/06.0047" "$ROOT/sys/bus/ap/drivers/cex4queue/"
	map
	assert_stdout --line '  4 CEX5C     ?     +     +     +'
	assert_stdout '? no driver'
	map --json
	assert_json '[.queues[] | select(.queue == "04.0004") | .state, .device] == ["unbound", null]'
	assert_json "[.queues[] | select(.queue == \"06.0047\") | .device] == [\"$UUID_C\"]"
}

@test "map: a definition has what is free, an active device before it, the host before that" {
	use_dump docs
	mkdir -p "$ROOT/etc/mdevctl.d/matrix"
	cat >"$ROOT/etc/mdevctl.d/matrix/00000000-0000-4000-8000-000000000001" <<-'END'
		{ "mdev_type": "vfio_ap-passthrough", "start": "manual", "attrs": [
		  { "assign_adapter": "4" }, { "assign_adapter": "5" }, { "assign_domain": "4" },
		  { "assign_domain": "0x47" } ] }
	END
	map
	assert_stdout --line '  4 CEX5C     A     A     +     +'
	assert_stdout --line '  5 CEX5C     B     D     B     D'
	assert_stdout --line 'A 00000000-0000-4000-8000-000000000001  defined, start manual'
	mv "$ROOT/sys/bus/ap/drivers/vfio_ap/04.0004" "$ROOT/sys/bus/ap/drivers/cex4queue/"
	map
	assert_stdout --line '  4 CEX5C     -     o     +     +'
}

@test "map: more devices than letters" {
	use_dump docs
	mkdir -p "$ROOT/etc/mdevctl.d/matrix"
	for n in $(seq 100 133); do
		echo "{ \"mdev_type\": \"vfio_ap-passthrough\", \"start\": \"manual\", \"attrs\":
			[ { \"assign_adapter\": \"$n\" }, { \"assign_domain\": \"4\" } ] }" \
			>"$ROOT/etc/mdevctl.d/matrix/00000$n-0000-4000-8000-000000000000"
	done
	map
	# 34 of queues that there are not; 37 with those that there are: the last has no letter.
	assert_stdout --line '          4 CEX5C     +     +     +     +'
	assert_stdout --line '          5 CEX5C     8     *     8     *'
	assert_stdout --line 'Z 00000125-0000-4000-8000-000000000000  defined, start manual'
	assert_stdout --line '0 00000126-0000-4000-8000-000000000000  defined, start manual'
	assert_stdout --line "* $UUID_B  active, not defined, no guest"
	map "$UUID_B"
	assert_stdout --line "A $UUID_B  active, not defined, no guest"
}

@test "map --json: the state of each queue, its device and guest" {
	use_dump trouble
	map --json
	assert_json '.format == 1 and .adapters == [4, 5, 6, 7, 42] and .domains == [4, 9, 71, 171, 255]'
	assert_json '.queues | length == 25'
	assert_json '[.queues[] | .state] | unique == ["absent", "device", "filtered", "free", "host"]'
	assert_json "[.queues[] | select(.queue == \"06.00ab\")] == [{queue: \"06.00ab\",
		state: \"filtered\", device: \"$UUID_A\", guest: null}]"
	assert_json '[.queues[] | select(.queue == "04.00ff") | .state, .device] == ["host", null]'
	map --json 5.4 .00ff
	assert_json '[.queues[].queue] == ["04.00ff", "05.0004", "05.00ff", "06.00ff", "07.00ff",
		"2a.00ff"]'
}

@test "map: names of guests never steer the terminal" {
	sim '
		tool 0 vfioap reserve -A -d 4
		tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
		apsim ctl guest start "$UUID_A" --name "$(printf "we\033[31mb")" >/dev/null
		tool 0 lsvfioap -m
		assert_stdout --line "A $UUID_A  active, not defined, guest we?[31mb"
		refute_stdout "$(printf "\033")"
	'
}

@test "map: no bus: nothing" {
	ROOT=$BATS_TEST_TMPDIR
	map
	assert_stdout --exact ''
	map --json
	assert_stdout --exact '{"format":1,"adapters":[],"domains":[],"queues":[]}'
}

@test "map: has no columns, and is one view of three" {
	for other in -d -q '-o UUID' -r --list-columns; do
		tool 2 lsvfioap -m $other
		assert_stderr 'exclude each other'
		tool 2 lsvfioap $other -m
	done
	tool 2 lsvfioap --json -m -o UUID
	tool 2 vfioap list --map --queues
}

@test "map: vfioap list --map prints what lsvfioap -m does" {
	use_dump trouble
	for options in '' --json --noheadings; do
		map $options
		first=$stdout
		tool 0 vfioap list --sysroot "$ROOT" --map $options
		assert_equal "$stdout" "$first" "list --map $options"
	done
}
