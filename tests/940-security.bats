#!/usr/bin/env bats
# doc/security.md: each entry names the tests that hold it, and there they are.

bats_require_minimum_version 1.8.0
load helpers

# entries: "FILE TITLE" of every test that the page names
entries()
{
	sed -n 's/^- `\(tests\/[^`]*\)`: \(.*\)$/\1 \2/p' "$SOURCES/doc/security.md"
}

# titles FILE: of its tests, a line each
titles()
{
	case $1 in
	*.bats) sed -n 's/^@test "\(.*\)" {$/\1/p' "$SOURCES/$1" ;;
	# Of a table the rows: any text of the program.
	*) grep -o '"[^"]*"' "$SOURCES/$1" | tr -d '"' ;;
	esac
}

@test "security: every test that the page names exists" {
	local file title
	[ "$(entries | wc -l)" -gt 80 ]
	while read -r file title; do
		[ -e "$SOURCES/$file" ] || fail "no $file"
		titles "$file" | grep -qxF -e "$title" || fail "$file has no test '$title'"
	done < <(entries)
}

@test "security: every entry names a test, and each line of the list is one" {
	# An entry is a heading without others below it.
	awk '
		/^#/ {
			if (title != "" && !n && match($0, /^#+/) && RLENGTH <= depth)
				print title
			match($0, /^#+/)
			depth = RLENGTH
			title = $0
			n = 0
		}
		/^- `tests\// { n++ }
	' <(sed '/^## What is not held/,$d' "$SOURCES/doc/security.md"; echo '# end') >"$BATS_TEST_TMPDIR/bare"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/bare")" '' 'entries without test'
	assert_equal "$(grep -c '^- ' "$SOURCES/doc/security.md")" "$(entries | wc -l)" 'lines of lists'
}

@test "security: every test of the hostile suites is named by the page" {
	local suite
	for suite in tests/270-hostile.bats tests/271-surroundings.bats tests/272-files.bats; do
		titles "$suite" | while read -r title; do
			entries | grep -qxF -e "$suite $title" || fail "not in doc/security.md: $suite: $title"
		done
	done
}

@test "security: SECURITY.md leads there" {
	grep -q '](doc/security.md)' "$SOURCES/SECURITY.md"
	while read -r page; do
		[ -e "$SOURCES/$page" ] || fail "no $page"
	done < <(grep -o '](doc/[^)]*)' "$SOURCES/SECURITY.md" | tr -d '()]')
}
