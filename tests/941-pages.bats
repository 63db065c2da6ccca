#!/usr/bin/env bats
# The manual pages against the programs: the same options everywhere, and links that lead somewhere.

bats_require_minimum_version 1.8.0
load helpers

# ---- options -------------------------------------------------------------------------------

# help_order COMMAND...: what its --help offers, "-a, --adapters LIST" a line each
help_order()
{
	"$@" --help | sed -nE 's/^ +((-., )?--[a-z-]+( [^ ]+)?) +[^ ].*/\1/p'
}

help_options()
{
	help_order "$@" | sort
}

# section PAGE NAME: its lines
section()
{
	sed -n "/^\.Sh $2\$/,/^\.Sh /p" "$SOURCES/man/$1"
}

# page_order PAGE: what its OPTIONS describe, in the same words
page_order()
{
	section "$1" OPTIONS | sed -nE \
		-e '/^\.It Fl/!d' -e 's/^\.It //' -e 's/ Ns //g' -e 's/Fl ([^ ]*)/-\1/g' \
		-e 's/ , -/, --/g' -e 's/(Ar|Cm) //g' -e 's/ , ?/,/' -e 's/^(-.),--/\1, --/' -e p
}

page_options()
{
	page_order "$1" | sort
}

# synopsis PAGE NAME: the options that stand behind NAME there, letters before long names, sorted
synopsis()
{
	section "$1" SYNOPSIS | awk -v name="$2" '
		/^\.Nm/ {
			gsub(/ Ns | Cm|\.Nm vfioap/, "")
			mine = index("|" $NF "|", "|" name "|") || $0 ~ "[ |]" name "(\\||$)"
			next
		}
		mine' | grep -oE 'Fl [^ ]+' | sed 's/Fl /-/' | sort -u
}

# letters: of lines "-a, --adapters LIST" what stands in a synopsis
letters()
{
	sed -E -e 's/^(-.), .*/\1/' -e 's/^(--[a-z-]+).*/\1/' | sort -u
}

# page_of COMMAND...: the page that its --help names
page_of()
{
	"$@" --help | sed -n 's/^For more: man //p'
}

# page_file NAME: the file of the page of that name
page_file()
{
	(cd "$SOURCES/man" && grep -lE "^\.Nm $1( ,)?\$" ./*.[1-8]) | sed 's|^\./||' | while read -r page; do
		sed -n '/^\.Sh NAME/,/^\.Nd/p' "$SOURCES/man/$page" | grep -qE "^\.Nm $1( ,)?\$" && echo "$page"
	done
}

@test "manuals: --help names a page that there is, and it names the command" {
	for command in $(vfioap --list-commands); do
		page=$(page_file "$(page_of vfioap "$command")")
		[ -n "$page" ] || fail "vfioap $command --help names no page"
		if [ "$page" != vfioap.8 ]; then
			grep -Eq "^\.Xr ${page%.8} 8 \.\$" <(grep -A 2 "^\.It Cm $command\$" "$SOURCES/man/vfioap.8") ||
				fail "$command does not lead to ${page%.8}(8) in vfioap(8)"
		fi
	done
	for program in lsvfioap chzdev_ap; do
		assert_equal "$(page_of $program)" "$program" "page of $program"
		[ -e "$SOURCES/man/$program.8" ]
	done
}

@test "manuals: on a terminal help shows the page, and without it the help text" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho "the page $*"\n' >"$BATS_TEST_TMPDIR/bin/man"
	chmod +x "$BATS_TEST_TMPDIR/bin/man"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH tool 0 script -qec 'vfioap help; vfioap help release; vfioap help list' \
		/dev/null
	assert_equal "$(tr -d '\r' <<<"$stdout")" $'the page 8 vfioap\nthe page 8 vfioap-release\nthe page 8 lsvfioap'
	printf '#!/bin/sh\nexit 16\n' >"$BATS_TEST_TMPDIR/bin/man"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH tool 0 script -qec 'vfioap help release' /dev/null
	assert_stdout 'Usage: vfioap release'
}

@test "manuals: each option of --help stands in the page with its argument, and no other" {
	local common page
	common=$(help_options vfioap help)
	assert_equal "$(comm -13 <(page_options vfioap.8) <(echo "$common"))" '' "not in vfioap(8)"

	for command in $(vfioap --list-commands | grep -vxE 'help|list'); do
		page=$(page_file "vfioap-$command")
		help_options vfioap "$command" | comm -23 - <(echo "$common") |
			tee -a "$BATS_TEST_TMPDIR/$page" >"$BATS_TEST_TMPDIR/own"
		assert_equal "$(comm -23 "$BATS_TEST_TMPDIR/own" <(page_options "$page"))" '' \
			"options of $command, not in $page"
		assert_equal "$(synopsis "$page" "$command")" "$(letters <"$BATS_TEST_TMPDIR/own")" \
			"options of $command in the SYNOPSIS of $page"
		assert_equal "$(page_order "$page" | grep -xFf "$BATS_TEST_TMPDIR/own")" \
			"$(help_order vfioap "$command" | grep -xFf "$BATS_TEST_TMPDIR/own")" \
			"options of $command, as $page has them in order"
	done
	for page in "$BATS_TEST_TMPDIR"/*.8; do
		assert_equal "$(comm -13 <(sort -u "$page") <(page_options "${page##*/}"))" '' \
			"options of ${page##*/} that no command has"
	done
}

@test "manuals: the options of lsvfioap and chzdev_ap, and of vfioap list" {
	for program in lsvfioap chzdev_ap; do
		assert_equal "$(page_order $program.8)" "$(help_order $program)" "options of $program(8)"
		assert_equal "$(comm -23 <(synopsis $program.8 $program) <(help_options $program | letters))" \
			'' "in the SYNOPSIS of $program(8), not in its --help"
	done
	assert_equal "$(comm -23 <(help_options vfioap list | comm -23 - <(help_options vfioap help)) \
		<(help_options lsvfioap | sed 's/^-., //' | sort))" '' "of vfioap list, not of lsvfioap"
}

@test "manuals: the options of apsim" {
	local verb offered
	offered=$(for verb in run mount ctl 'ctl guest' 'ctl reboot' 'ctl fail' 'ctl log' 'ctl domain'; do
		# shellcheck disable=SC2086
		APSIM_CONTROL=/dev/null apsim $verb --help 2>/dev/null
	done | grep -oE -- '--[a-z]+' | sort -u)
	assert_equal "$(sed -n '/^\.Sh COMMANDS/,/^\.Sh ID LISTS/p' "$SOURCES/man/apsim.1" |
		grep -oE 'Fl (h , )?-(control|usage|[a-z]+)' | sed -E 's/.*-/--/' | grep -v version | sort -u)" \
		"$offered" "options in apsim(1)"
	tool 0 apsim --help
	for verb in run mount ctl; do
		assert_stdout "  $verb "
	done
}

@test "manuals: the verbs of apsim ctl" {
	assert_equal "$(section apsim.1 COMMANDS | sed -n 's/^\.It Cm \([a-z]*\).*/\1/p' | sort -u)" \
		"$(APSIM_CONTROL=/dev/null apsim ctl --help |
			sed -n '/^Verbs/,$s/^  \([a-z][a-z]*\).*/\1/p' | sort)" "verbs in apsim(1)"
}

@test "manuals: every key of the JSON that is printed" {
	local schema key
	cat "$SOURCES"/man/vfioap*.8 "$SOURCES/man/lsvfioap.8" >"$BATS_TEST_TMPDIR/pages"
	for schema in "$TESTS"/schema/*.json; do
		while read -r key; do
			grep -q "\"$key\"" "$BATS_TEST_TMPDIR/pages" ||
				fail "${schema##*/}: '$key' is in no page"
		done < <(jq -r '[.. | objects | .properties? // empty | keys[]] | unique[]' "$schema")
	done
}

@test "manuals: every code of a finding" {
	local page=$SOURCES/man/vfioap-check.8
	tool 0 sed -n 's/.*\.name = "\([a-z-]*\)".*/\1/p' "$SOURCES/src/findings.c"
	assert_stdout --line key-left
	for code in $stdout; do
		grep -Eq "^\.It Cm (.* )?$code( |\$)" "$page" || fail "'$code' is not in vfioap-check(8)"
	done
}

@test "manuals: every exit status" {
	tool 0 sed -n 's/^\tSTATUS_[A-Z_]* = \([0-9]*\).*/\1/p' "$SOURCES/src/cmd.h"
	assert_stdout --line 64
	for status in $stdout; do
		# 256 is none: it says that all is done.
		[ "$status" -eq 256 ] || section vfioap.8 'EXIT STATUS' | grep -qx "\.It $status" ||
			fail "exit status $status is not in vfioap(8)"
	done
}

@test "manuals: --list-options, which completion asks, is what --help shows" {
	local command
	while read -r command; do
		# shellcheck disable=SC2086
		assert_equal "$($command --list-options | grep '^--' | sort)" \
			"$(help_options $command | sed -E -e 's/^-., //' -e 's/ .*/=/' | sort)" "$command"
	done < <(vfioap --list-commands | sed 's/^/vfioap /'; echo lsvfioap; echo chzdev_ap)
}

# ---- links ---------------------------------------------------------------------------------

# Pages of others that ours lead to: NAME SECTION.
OTHERS='chzdev 8|driverctl 8|glob 7|ioctl 2|lsblk 8|lszcrypt 8|lszdev 8|man 1|mdevctl 8|modprobe 8
modules-load.d 5|open 2|poll 2|statfs 2|systemctl 1|systemd-udevd.service 8|udev 7|udevadm 8|uname 2
user_namespaces 7|virsh 1|write 2'

# ours: "NAME SECTION" of all pages, with their other names
ours()
{
	local page

	for page in "$SOURCES"/man/*.[1-8]; do
		sed -n '/^\.Sh NAME/,/^\.Nd/s/^\.Nm \([^ ]*\).*/\1/p' "$page" | sed "s/\$/ ${page##*.}/"
	done
}

@test "manuals: no link is dead" {
	local link page
	ours >"$BATS_TEST_TMPDIR/known"
	tr '|' '\n' <<<"$OTHERS" >>"$BATS_TEST_TMPDIR/known"
	while read -r link; do
		grep -qxF "$link" "$BATS_TEST_TMPDIR/known" || fail "a link leads to '$link'" "a page"
	done < <(sed -n 's/^\.Xr \([^ ]*\) \([1-8]\).*/\1 \2/p' "$SOURCES"/man/*.[1-8] | sort -u)
	# What the programs themselves name.
	while read -r link; do
		grep -qxF "$link" "$BATS_TEST_TMPDIR/known" || fail "a message names '$link'" "a page"
	done < <(grep -hoE '"[^"]*\b(vfioap|lsvfioap|chzdev_ap|apsim)[a-z_.-]*\([1-8]\)' "$SOURCES"/src/*.c \
		"$SOURCES"/sim/*.c | sed -nE 's/.*[^a-z_.-]([a-z_.-]+)\(([1-8])\)$/\1 \2/p' | sort -u)
}

@test "manuals: files that are named below the documentation are installed there" {
	local file files
	tool 0 make -s -C "$SOURCES" install NO_BUILD=1 O="$VFIOAP_BUILD" DESTDIR="$BATS_TEST_TMPDIR" PREFIX=/usr
	files=$(sed -n 's/^\.\(It \)\{0,1\}Pa \(\/usr\/share\/doc[^ ]*\).*/\2/p' "$SOURCES"/man/*.[1-8])
	[ "$(wc -l <<<"$files")" -ge 3 ]
	for file in $files; do
		[ -f "$BATS_TEST_TMPDIR$file" ] || fail "$file is not installed"
	done
}

@test "manuals: SEE ALSO is sorted, and every page leads to vfioap(8) and back" {
	local page name links
	for page in "$SOURCES"/man/*.[1-8]; do
		name=${page##*/} name=${name%.*}
		links=$(section "${page##*/}" 'SEE ALSO' | sed -n 's/^\.Xr \([^ ]*\) \([1-8]\).*/\2 \1/p')
		assert_equal "$links" "$(LC_ALL=C sort <<<"$links")" "SEE ALSO of $name"
		[ "$name" != vfioap ] || continue
		grep -qx '8 vfioap' <<<"$links" || fail "$name does not lead to vfioap(8)"
		grep -q "^\.Xr $name " "$SOURCES/man/vfioap.8" || fail "vfioap(8) does not lead to $name"
	done
}

@test "manuals: every page is listed in the README" {
	local page
	for page in "$SOURCES"/man/*.[1-8]; do
		grep -qF "(man/${page##*/})" "$SOURCES/README.md" || fail "${page##*/} is not in the README"
	done
}
