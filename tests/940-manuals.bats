#!/usr/bin/env bats
# The manual pages: what their examples show is what is printed.

bats_require_minimum_version 1.8.0
load helpers
load tour

# No process has the same number twice.
same_pids()
{
	sed -E 's/\<pid [0-9]+/pid 4711/g'
}

# check_page PAGE: each of its examples, on its machine, prints what is shown
check_page()
{
	local dir=$BATS_TEST_TMPDIR/${1##*/} file options
	local -a words

	examples "$1" "$dir"
	[ ! -e "$dir/0" ] || fail "${1##*/}: a display before the first '.\\\" machine:'" "none"
	[ -e "$dir/1" ] || fail "${1##*/}: no example is run" "one"
	for file in "$dir"/*.options; do
		read -r options <"$file"
		read -ra words <<<"$options"
		file=${file%.options}
		grep -v '^\.\\"' "$file" | plain >"$file.shown"
		plain <"$file" >"$file.typed"
		if [ "$options" = none ]; then
			(cd "$dir" && tour "$file.typed") >"$file.printed"
		else
			sim --lpar "${words[@]}" "tour '$file.typed'" >"$file.printed"
		fi
		diff -u "$file.shown" <(same_pids <"$file.printed") ||
			fail "${1##*/}: an example prints something else" "what is shown"
	done
}

# pages PATTERN: but for those whose examples are no commands
pages()
{
	local page

	for page in "$SOURCES"/man/$1; do
		case $page in
		*/vfioap_mask.3) ;;
		*) echo "$page" ;;
		esac
	done
}

@test "manuals: the examples of vfioap's commands print what is shown" {
	for page in $(pages 'vfioap[-.]*.8'); do
		check_page "$page"
	done
}

@test "manuals: the examples of all other pages print what is shown" {
	for page in $(pages '*.[1-7]') $(pages '[!v]*.8'); do
		check_page "$page"
	done
}
