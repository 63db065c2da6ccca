#!/usr/bin/env bats
# zsh completion, by what a zsh on a terminal of its own offers.

bats_require_minimum_version 1.8.0
load helpers

setup_file()
{
	export DUMP=$BATS_FILE_TMPDIR/dump
	"$TESTS/zsh-complete" "$SOURCES/completion" :
}

# offer STATUS WORD...: what is offered for the last WORD, a line each, sorted
offer()
{
	tool "$1" timeout 20 "$TESTS/zsh-complete" "$SOURCES/completion" "${@:2}"
}
export -f offer

# Without the texts behind them.
offered()
{
	sed 's/  -- .*//' <<<"$stdout"
}

long_options()
{
	sed -n 's/^\(--[^=]*\)=*$/\1/p' | LC_ALL=C sort
}

@test "zsh: is registered for the three programs" {
	tool 0 zsh -n "$SOURCES/completion/_vfioap"
	tool 0 head -n 1 "$SOURCES/completion/_vfioap"
	assert_stdout --exact "#compdef vfioap lsvfioap chzdev_ap"
}

@test "zsh: names no option but those it calls the programs with" {
	sed '/^[[:blank:]]*#/d' "$SOURCES/completion/_vfioap" >"$BATS_TEST_TMPDIR/code"
	tool 0 grep -owE -e '--[a-z][a-z-]*' "$BATS_TEST_TMPDIR/code"
	assert_equal "$(sort -u <<<"$stdout")" \
		$'--help\n--list-columns\n--list-options\n--noheadings\n--output\n--raw' "options"
}

@test "zsh: the commands, each with its text" {
	offer 0 vfioap ''
	assert_equal "$(offered)" "$(vfioap --list-commands | sort)" "what is offered"
	assert_stdout --line "mask  -- Turn a list of numbers into a mask, and back"
	offer 0 vfioap --json cre
	assert_stdout --exact "create  -- Make a device, assign its queues, print its UUID"
	offer 0 vfioap help cre
	assert_stdout --regex '^create  -- '
}

@test "zsh: the options of the command, each with its text" {
	offer 0 vfioap create --
	assert_equal "$(offered)" "$(vfioap create --list-options | long_options)" "create"
	assert_stdout --line "--control-domains  -- These control domains; usage: those of --domains"
	offer 0 lsvfioap --
	assert_equal "$(offered)" "$(lsvfioap --list-options | long_options)" "lsvfioap"
	offer 0 chzdev_ap --
	assert_equal "$(offered)" "$(chzdev_ap --list-options | long_options)" "chzdev_ap"
	offer 0 vfioap --
	assert_equal "$(offered)" "$(vfioap help --list-options | long_options)" "before the command"
	offer 0 vfioap create -u x -
	assert_equal "$(grep -xe -a -e -u -e --uuid -e --adapters <<<"$stdout")" $'--adapters\n-a' \
		"all but what is typed already"
}

@test "zsh: the help of every command has a line for each option, as it is read there" {
	local command line want='^  (-.,|   ) (--[a-z-]+)( ([^ ]+))? +(.*)$'
	for command in $(vfioap --list-commands); do
		while IFS= read -r line; do
			[[ $line =~ $want ]] || continue
			echo "${BASH_REMATCH[2]}${BASH_REMATCH[4]:+=}"
		done < <(vfioap "$command" --help) | sort >"$BATS_TEST_TMPDIR/help"
		tool 0 diff <(vfioap "$command" --list-options | grep '^--' | sort) "$BATS_TEST_TMPDIR/help"
	done
}

@test "zsh: columns, one after the other" {
	offer 0 lsvfioap -o UUID,STAT
	assert_stdout --regex '^UUID,STATE  -- active, defined, '
	offer 0 lsvfioap --queues -o CARD
	assert_stdout --regex '^CARD\.DOM  -- '
	offer 0 vfioap list --output=UU
	assert_stdout --regex '^--output=UUID  -- '
}

@test "zsh: words that help names as values and arguments" {
	offer 0 vfioap create --start=
	assert_stdout --exact $'--start=auto\n--start=manual'
	offer 0 vfioap create -c ''
	assert_stdout --exact usage
	offer 0 vfioap show ma
	assert_stdout --exact $'masks\nmatrix'
	offer 0 chzdev_ap ''
	assert_stdout --exact $'ap\napmask=\naqmask='
	offer 0 chzdev_ap -r aq
	assert_stdout --exact aqmask
	offer 0 vfioap create --adapters ''
	assert_stdout --exact ''
}

@test "zsh: a directory for --sysroot" {
	mkdir "$BATS_TEST_TMPDIR/subdir"
	touch "$BATS_TEST_TMPDIR/subfile"
	cd "$BATS_TEST_TMPDIR"
	offer 0 vfioap --sysroot sub
	assert_stdout --exact subdir
}

@test "zsh: devices, with what they have" {
	sim --lpar docs "
		tool 0 vfioap reserve -A -d 4
		tool 0 vfioap create -A -u \"\$UUID_A\" -a 5 -d 4
		tool 0 vfioap create -A -u \"\$UUID_B\" -a 6 -d 4
		offer 0 vfioap assign ''
		assert_stdout --line \"\$UUID_A  -- adapters 5, domains 4\"
		assert_stdout --line \"\$UUID_B  -- adapters 6, domains 4\"
		offer 0 vfioap remove --uuid 6217
		assert_stdout --exact \"\$UUID_A  -- adapters 5, domains 4\"
		offer 0 vfioap create --uuid ''
		assert_stdout --exact ''
	"
}
