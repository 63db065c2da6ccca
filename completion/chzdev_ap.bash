# bash completion for chzdev_ap.
#
# What there is the program says: --list-options, and --help for the kind of argument an option
# takes (ATTR, DIR, FILE) and for the words that stand behind the options.  No option is named here, so
# that a new one needs no line.
#
# shellcheck shell=bash

# The kind of argument behind an option: "ATTR" of "  -r, --remove ATTR   ..."; nothing: none
_chzdev_ap_option_kind()
{
	"$program" --help 2>/dev/null |
		sed -n "s/^ *\(-., \)\{0,1\}$1,\{0,1\} \(--[a-z-]* \)\{0,1\}\([A-Z]\{2,\}\) .*/\3/p" |
		head -n 1
}

# The words of the usage line, a line each: "ap", "apmask=", "aqmask="
_chzdev_ap_arguments()
{
	"$program" --help 2>/dev/null | sed -n 's/^Usage: .*\[OPTIONS\]//p' | tr -s '][ ' '\n' |
		sed 's/=.*/=/'
}

# _chzdev_ap_reply WORDS: those lines that begin with what is being typed
_chzdev_ap_reply()
{
	local word

	while IFS= read -r word; do
		[[ -z $word || $word != "$cur"* ]] || COMPREPLY+=("$word")
	done <<<"$1"
}

# _chzdev_ap_value KIND
_chzdev_ap_value()
{
	case $1 in
	ATTR) _chzdev_ap_reply "$(_chzdev_ap_arguments | sed -n 's/=$//p')" ;;
	DIR)
		compopt -o filenames 2>/dev/null
		_chzdev_ap_reply "$(compgen -d -- "$cur")"
		;;
	FILE)
		compopt -o filenames 2>/dev/null
		_chzdev_ap_reply -
		_chzdev_ap_reply "$(compgen -f -- "$cur")"
		;;
	esac
}

_chzdev_ap()
{
	local program=$1 cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} kind=''

	COMPREPLY=()
	# bash takes "--remove=ap" apart into three words.
	if [ "$cur" = = ]; then
		cur=''
	elif [ "$previous" = = ] && [ "$COMP_CWORD" -ge 3 ]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
		[[ $previous == --* ]] || return 0
	fi

	[[ $previous != -* ]] || kind=$(_chzdev_ap_option_kind "$previous")
	if [ "$kind" ]; then
		_chzdev_ap_value "$kind"
	elif [[ $cur == -* ]]; then
		_chzdev_ap_reply "$("$program" --list-options 2>/dev/null)"
	else
		_chzdev_ap_reply "$(_chzdev_ap_arguments)"
	fi
	[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
}

complete -F _chzdev_ap chzdev_ap
