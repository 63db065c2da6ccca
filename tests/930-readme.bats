#!/usr/bin/env bats
# The README's tour is what a newcomer types: every line of it prints what the README says.

bats_require_minimum_version 1.8.0
load helpers
load tour

@test "readme: the tour prints what it shows" {
	# shellcheck disable=SC2016
	sed -n '/^```console$/,/^```$/p' "$SOURCES/README.md" | grep -v '^```' >"$BATS_TEST_TMPDIR/shown"
	sim --lpar docs "tour '$BATS_TEST_TMPDIR/shown'" >"$BATS_TEST_TMPDIR/printed"
	[ "$(grep -c '^# ' "$BATS_TEST_TMPDIR/shown")" -ge 8 ]
	diff -u "$BATS_TEST_TMPDIR/shown" "$BATS_TEST_TMPDIR/printed"
}

@test "readme: the demonstration runs, and its refusals are refusals" {
	tool 0 "$SOURCES/scripts/demo"
	assert_stdout "$UUID_A"
	assert_stdout "$UUID_C"
	assert_stderr '06.0004'
}

@test "readme: every page it links is there" {
	local page

	while read -r page; do
		[ -e "$SOURCES/$page" ]
	done < <(grep -o ']([^)]*)' "$SOURCES/README.md" | tr -d '()]')
}
