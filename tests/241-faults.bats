#!/usr/bin/env bats
# Each write of each changing command fails, and is slow, on each kernel: tests/fault/faults.

bats_require_minimum_version 1.8.0
load helpers
load fault/suite

teardown_file()
{
	loop_sum
}

@test "faults: all is undone, or told with the commands that finish it (5.15)" {
	loop faults 5.15 3 4
}

@test "faults: all is undone, or told with the commands that finish it (6.1)" {
	loop faults 6.1 3 4
}

@test "faults: all is undone, or told with the commands that finish it (6.12)" {
	loop faults 6.12 3 4
}

@test "faults: all is undone, or told with the commands that finish it (6.19)" {
	loop faults 6.19 3 4
}

@test "faults: all is undone, or told with the commands that finish it (7.3)" {
	loop faults 7.3 3 4
}
