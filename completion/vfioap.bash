# bash completion for vfioap and lsvfioap.
#
# What there is the program says: --list-commands, COMMAND --list-options, --list-columns, and
# --help for the kind of argument an option or command takes (DEVICE, COLUMNS, auto|manual).  No
# option is named here, so that a new one needs no line.
#
# shellcheck shell=bash

# Words of the program, a line each; nothing where it does not know the question.
_vfioap_commands()
{
	[ "${program##*/}" != vfioap ] || "$program" --list-commands 2>/dev/null
}

# _vfioap_ask ARGUMENT...: what the program says, for the command if one is typed; otherwise for
# "help", whose options every command has
_vfioap_ask()
{
	local -a about=()

	if [ "${program##*/}" = vfioap ]; then
		about=("${command:-help}")
	fi
	"$program" "${about[@]}" "$@" 2>/dev/null
}

_vfioap_devices()
{
	lsvfioap --noheadings --raw --output UUID 2>/dev/null
}

# _vfioap_has LINE: the options name it; "--uuid=" is an option with an argument
_vfioap_has()
{
	[[ $'\n'$options$'\n' == *$'\n'"$1"$'\n'* ]]
}

# A letter takes what the long name does, which stands on the line below it.
_vfioap_takes_argument()
{
	_vfioap_has "$1=" ||
		[[ $1 == -? && $'\n'$options$'\n' == *$'\n'"$1"$'\n--'*([a-z-])=$'\n'* ]]
}

# Which columns there are depends on the flags before: lsvfioap --queues.
_vfioap_columns()
{
	local word
	local -a flags=()

	for word in "${before[@]}"; do
		if _vfioap_has "$word" && ! _vfioap_takes_argument "$word"; then
			flags+=("$word")
		fi
	done
	_vfioap_ask "${flags[@]}" --list-columns | sed 's/ .*//'
}

# The kind of argument behind an option: "DEVICE" of "  -u, --uuid DEVICE   ..."; nothing: none
_vfioap_option_kind()
{
	_vfioap_ask --help |
		sed -n "s/^ *\(-., \)\{0,1\}$1,\{0,1\} \(--[a-z-]* \)\{0,1\}\([^ ]\{1,\}\) .*/\3/p" |
		head -n 1
}

# The kinds of arguments a command takes, a line each: "matrix", "DEVICE", "masks"
_vfioap_argument_kinds()
{
	_vfioap_ask --help | sed -n 's/^Usage: .*\[OPTIONS\]//p' | tr -s '][|. ' '\n'
}

# _vfioap_words KIND...: what such arguments can be, a line each
_vfioap_words()
{
	local kind

	for kind; do
		case $kind in
		DEVICE) _vfioap_devices ;;
		COMMAND) _vfioap_commands ;;
		COLUMNS) _vfioap_columns ;;
		DIR) compgen -d -- "$cur" ;;
		FILE) compgen -f -- "$cur" ;;
		*[A-Z]*) ;;
		*) printf '%s\n' "$kind" ;;
		esac
	done
}

# _vfioap_reply WORDS [PREFIX]: those lines that begin with what is being typed
_vfioap_reply()
{
	local word

	while IFS= read -r word; do
		[[ -z $word || $word != "$cur"* ]] || COMPREPLY+=("${2-}$word")
	done <<<"$1"
}

_vfioap_value()
{
	local kind prefix=''
	local -a kinds

	kind=$(_vfioap_option_kind "$1")
	IFS='|' read -ra kinds <<<"$kind"
	case $kind in
	DIR | FILE) compopt -o filenames 2>/dev/null ;;
	COLUMNS)
		compopt -o nospace 2>/dev/null
		[[ $cur != *,* ]] || prefix=${cur%,*},
		cur=${cur##*,}
		;;
	esac
	_vfioap_reply "$(_vfioap_words "${kinds[@]}")" "$prefix"
}

_vfioap()
{
	local program=$1 cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local command='' commands options word
	local -a before=("${COMP_WORDS[@]:1:COMP_CWORD-1}") kinds

	COMPREPLY=()
	commands=$'\n'$(_vfioap_commands)$'\n'
	for word in "${before[@]}"; do
		if [[ -z $command && $word && $commands == *$'\n'"$word"$'\n'* ]]; then
			command=$word
		fi
	done
	options=$(_vfioap_ask --list-options)

	# bash takes "--color=al" apart into three words.
	if [ "$cur" = = ]; then
		cur=''
		_vfioap_value "$previous"
	elif [ "$previous" = = ] && [ "$COMP_CWORD" -ge 3 ]; then
		_vfioap_value "${COMP_WORDS[COMP_CWORD - 2]}"
	elif _vfioap_takes_argument "$previous"; then
		_vfioap_value "$previous"
	elif [[ $cur == -* ]]; then
		_vfioap_reply "$options"
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
	elif [[ -z $command && $commands == *[a-z]* ]]; then
		_vfioap_reply "$commands"
	else
		mapfile -t kinds < <(_vfioap_argument_kinds)
		_vfioap_reply "$(_vfioap_words "${kinds[@]}")"
	fi
}

complete -F _vfioap vfioap lsvfioap
