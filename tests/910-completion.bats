#!/usr/bin/env bats
# bash completion, by the words it offers: those that the programs say there are.

bats_require_minimum_version 1.8.0
load helpers

# complete_words WORD...: what is offered for the last WORD, sorted; "--x=y" comes as three words
complete_words()
{
	# shellcheck disable=SC2016
	bash -c '
		source "$1"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_vfioap "$1" "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
		[ "${#COMPREPLY[@]}" -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}" | sort
	' bash "$SOURCES/completion/vfioap.bash" "$@"
}

@test "completion: is registered for both programs" {
	tool 0 bash -c 'source "$1"; complete -p vfioap lsvfioap' bash "$SOURCES/completion/vfioap.bash"
	assert_stdout --line "complete -F _vfioap vfioap"
	assert_stdout --line "complete -F _vfioap lsvfioap"
}

@test "completion: names no option but those it calls the programs with" {
	local command option
	sed '/^[[:blank:]]*#/d' "$SOURCES/completion/vfioap.bash" >"$BATS_TEST_TMPDIR/code"
	for command in $(vfioap --list-commands); do
		vfioap "$command" --list-options
	done | grep '^--' | tr -d = | sort -u >"$BATS_TEST_TMPDIR/options"
	while read -r option; do
		case $option in
		--help | --list-columns | --noheadings | --raw | --output) continue ;;
		esac
		tool 1 grep -nE -e "$option([^a-z-]|\$)" "$BATS_TEST_TMPDIR/code"
	done <"$BATS_TEST_TMPDIR/options"
}

@test "completion: the commands are those of --list-commands" {
	tool 0 complete_words vfioap ''
	assert_equal "$stdout" "$(vfioap --list-commands | sort)" "what is offered"
	tool 0 complete_words vfioap cre
	assert_stdout --exact create
	tool 0 complete_words vfioap --json cre
	assert_stdout --exact create
	tool 0 complete_words vfioap help cre
	assert_stdout --exact create
}

@test "completion: every command's options are those of --list-options" {
	for command in $(vfioap --list-commands); do
		tool 0 complete_words vfioap "$command" -
		assert_equal "$stdout" "$(vfioap "$command" --list-options | sort)" "$command"
	done
	tool 0 complete_words lsvfioap -
	assert_equal "$stdout" "$(lsvfioap --list-options | sort)" "lsvfioap"
	tool 0 complete_words vfioap create --ad
	assert_stdout --exact --adapters=
}

@test "completion: before the command the options that every command has" {
	tool 0 complete_words vfioap --
	assert_stdout --line --json
	assert_stdout --line --sysroot=
	refute_stdout adapters
}

@test "completion: columns, one after the other" {
	tool 0 complete_words lsvfioap --output ''
	assert_equal "$stdout" "$(lsvfioap --list-columns | sed 's/ .*//' | sort)" "what is offered"
	tool 0 complete_words lsvfioap -o UUID,STAT
	assert_stdout --exact UUID,STATE
	tool 0 complete_words lsvfioap --output = UU
	assert_stdout --exact UUID
	tool 0 complete_words lsvfioap --queues -o CARD
	assert_stdout CARD.DOM
	tool 0 complete_words vfioap list --output UU
	assert_stdout --exact UUID
}

@test "completion: words that help names as values are offered" {
	tool 0 complete_words vfioap create -c ''
	assert_stdout --exact usage
	tool 0 complete_words vfioap show ma
	assert_stdout --line masks
	assert_stdout --line matrix
}

@test "completion: nothing is offered where nothing is known" {
	tool 0 complete_words vfioap create --adapters ''
	assert_stdout --exact ''
	tool 0 complete_words vfioap mask ''
	assert_stdout --exact ''
	tool 0 complete_words vfioap assign --no-such-option = ''
	assert_stdout --exact ''
	tool 0 complete_words no-such-program ''
	assert_stdout --exact ''
}

@test "completion: a directory for --sysroot, blanks and dollars in its name kept" {
	mkdir "$BATS_TEST_TMPDIR/a \$(b)"
	tool 0 complete_words vfioap --sysroot "$BATS_TEST_TMPDIR/a"
	assert_stdout --exact "$BATS_TEST_TMPDIR/a \$(b)"
}

@test "completion: devices by their UUID" {
	sim --lpar docs "
		$(declare -f complete_words)
		tool 0 vfioap reserve -A -d 4
		tool 0 vfioap create -A -u \"\$UUID_A\" -a 5 -d 4
		tool 0 vfioap create -A -u \"\$UUID_B\" -a 6 -d 4
		tool 0 complete_words vfioap assign ''
		assert_stdout --line \"\$UUID_A\"
		assert_stdout --line \"\$UUID_B\"
		tool 0 complete_words vfioap remove --uuid 6217
		assert_stdout --exact \"\$UUID_A\"
		tool 0 complete_words lsvfioap cef0
		assert_stdout --exact \"\$UUID_B\"
		tool 0 complete_words vfioap create --uuid ''
		assert_stdout --exact ''
	"
}
