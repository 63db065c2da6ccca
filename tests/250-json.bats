#!/usr/bin/env bats
# JSON of the changing commands.

bats_require_minimum_version 1.8.0
load helpers
load guests

# The keys of the contract, no more and no less.
assert_shape()
{
	assert_json '
	keys == ["also_taken","changed","changes","dry_run","format","gained","lost","reserved",
		"uuid","warnings"]
	and .format == 1
	and (.dry_run, .changed | type) == "boolean"
	and ([.changes[] | keys == ["path","undo","what","write"] and (.path | test("^/(sys|etc)/"))] | all)
	and ([.reserved, .also_taken | keys - ["truncated"] == ["adapters","count","domains","queues"]]
		| all)
	and ([.gained[], .lost[] | test("^[0-9a-f]{2}\\.[0-9a-f]{4}$")] | all)
	and ([.warnings[] | type == "string"] | all)'
}
export -f assert_shape

@test "json: every changing command has the same shape" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			tool 0 vfioap --json reserve -A -a 5 -d 4
			assert_shape
			assert_json ".changed and .reserved.queues == [\"05.0004\"] and .reserved.count == 1"
			assert_json ".also_taken == {queues:[\"04.0004\",\"06.0004\"],adapters:[4,6],domains:[4],count:2}"
			assert_json "[.changes[] | del(.what)] == [{path:\"/sys/bus/ap/aqmask\",write:\"-4\",undo:\"echo +4 > /sys/bus/ap/aqmask\"}]"
			tool 0 vfioap create --json -A -u "$UUID_A" -a 5
			assert_shape
			assert_json ".uuid == \"$UUID_A\" and .gained == []"
			tool 0 vfioap assign --json -A "$UUID_A" -d 4
			assert_shape
			assert_json ".uuid == \"$UUID_A\" and .gained == [\"05.0004\"]"
			tool 0 vfioap unassign --json -A "$UUID_A" -d 4
			assert_shape
			assert_json ".lost == [\"05.0004\"]"
			tool 0 vfioap remove --json -A "$UUID_A"
			assert_shape
			assert_json ".uuid == \"$UUID_A\" and .changes[0].undo == null"
			tool 0 vfioap release --json -A -d 4
			assert_shape
			assert_json ".changed and .changes[0].write == \"+4\""
		'
	done
}

@test "json: a dry run has the exact writes, and the log shows that none was made" {
	for kernel in 6.12 6.1; do
		sim --kernel $kernel '
			apsim ctl log --clear >/dev/null
			tool 0 vfioap -n --json reserve -A -a 4
			assert_shape
			assert_json ".dry_run and (.changed | not)"
			assert_json "[.changes[] | del(.what)] == [{path:\"/sys/bus/ap/apmask\",write:\"-4\",undo:\"echo +4 > /sys/bus/ap/apmask\"}]"
			assert_json ".reserved.queues == [\"04.0004\",\"04.0047\",\"04.00ab\",\"04.00ff\"]"
			tool 0 apsim ctl log
			refute_stdout "/sys/bus/ap"
			assert_root_unchanged
		'
	done
}

@test "json: a refusal is an error object on stdout, the text still on stderr" {
	sim '
		three_guests
		tool 3 vfioap --json assign 9b1d -d 4
		assert_json "keys == [\"error\",\"format\"] and .error.status == 3"
		assert_json ".error.findings[0] | .code == \"queue-shared-active\" and .severity == \"error\""
		assert_json ".error.findings[0] | .queues == [\"06.0004\"] and .devices == [\"$UUID_C\",\"$UUID_A\"]"
		assert_json ".error.hint | contains(\"unassign\")"
		assert_stderr "cannot assign queue 06.0004"
		tool 3 vfioap --json release -A -a 4
		assert_json ".error.findings[0].code == \"release-takes-more\""
		tool 4 vfioap --json remove 0123
		assert_json ".error.status == 4 and .error.findings == []"
		tool 2 vfioap --json reserve -A
		assert_json ".error.status == 2"
	'
}

@test "json: warnings are in it and on stderr" {
	sim '
		tool 0 vfioap --json reserve -A -a 9 -d 4
		assert_shape
		assert_json ".warnings == [\"no device for queue 09.0004 yet: reserved for when there is one\"]"
		assert_stderr "no device for queue 09.0004 yet"
	'
}

@test "json: nothing to do" {
	sim '
		tool 0 vfioap --json remove -A --all
		assert_shape
		assert_json "(.changed | not) and .changes == [] and .uuid == null"
	'
}

@test "json: large sets are cut, and counted" {
	cat >"$BATS_TEST_TMPDIR/large.json" <<-'END'
		{"format":1,"cards":[{"id":5,"type":"CEX8C"},{"id":6,"type":"CEX8C"},{"id":7,"type":"CEX8C"}],
		 "usage_domains":"0-199"}
	END
	sim --lpar "$BATS_TEST_TMPDIR/large.json" '
		tool 0 vfioap -n --json reserve -A -a 5-7
		assert_shape
		assert_json ".reserved | .count == 600 and (.queues | length) == 512 and .truncated"
	'
}
