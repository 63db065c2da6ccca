#!/usr/bin/env bats
# Each changing command is killed at each of its writes: tests/fault/crashes.  For its files see 207.

bats_require_minimum_version 1.8.0
load helpers
load fault/suite

teardown_file()
{
	loop_sum
}

@test "crash: killed at any write, the machine is readable, and apply ends at the wish (5.15)" {
	loop crashes 5.15 2 2
}

@test "crash: killed at any write, the machine is readable, and apply ends at the wish (6.1)" {
	loop crashes 6.1 2 2
}

@test "crash: killed at any write, the machine is readable, and apply ends at the wish (6.12)" {
	loop crashes 6.12 2 2
}

@test "crash: killed at any write, the machine is readable, and apply ends at the wish (6.19)" {
	loop crashes 6.19 2 2
}

@test "crash: killed at any write, the machine is readable, and apply ends at the wish (7.3)" {
	loop crashes 7.3 2 2
}
