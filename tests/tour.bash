# What a page shows, typed again: for suites that hold README and manuals against the programs.
#
# tour FILE          prints the lines of FILE with what the commands in it print now.  A command
#                    stands behind the prompt, "# " or "$ ", whichever the first line has, its further
#                    lines behind "> "; all others are the output that is shown, and replaced.  Lines
#                    that begin with .\" are not shown:
#                      .\" display             the next line has the prompt
#                      .\" setup: COMMAND      is run, and must succeed and print nothing
#                      .\" meanwhile: COMMAND  is run while the next command is, which does not end
#                                              by itself: it says "watching", and a line for each
#                                              of these
# examples PAGE DIR  takes the EXAMPLES of a manual page apart, into a file DIR/N for each machine,
#                    and DIR/N.options for apsim run.  Before the display with which a machine begins
#                    stands
#                      .\" machine: docs       and more options, as --kernel 6.1; none: this machine
#                      .\" not run: REASON     the display below is not looked at
#
# shellcheck shell=bash

# tour_meanwhile COMMAND: with what $meanwhile has to be done
tour_meanwhile()
{
	local out=$BATS_TEST_TMPDIR/tour.$BASHPID child each lines=1

	: >"$out"
	eval "exec $1" </dev/null >"$out" 2>&1 &
	child=$!
	eventually grep -q watching "$out" || return
	for each in "${meanwhile[@]}"; do
		eval "$each" >/dev/null
		lines=$((lines + 1))
		eventually tour_has "$out" "$lines" || :
	done
	kill "$child"
	wait "$child" || :
	cat "$out"
}

# tour_has FILE N: so many lines
tour_has()
{
	[ "$(wc -l <"$1")" -ge "$2" ]
}

tour()
{
	local -a lines
	local -a meanwhile=()
	local i=0 typed prompt=''

	mapfile -t lines <"$1"
	while [ "$i" -lt ${#lines[@]} ]; do
		typed=${lines[i]}
		i=$((i + 1))
		[[ $typed == '.\"'* ]] || : "${prompt:=${typed:0:2}}"
		case $typed in
		'.\" display') prompt='' ;;
		'.\" setup: '*) eval "${typed#*: }" </dev/null || return ;;
		'.\" meanwhile: '*) meanwhile+=("${typed#*: }") ;;
		"$prompt"*)
			printf '%s\n' "$typed"
			typed=${typed#??}
			while [[ ${lines[i]-} == '> '* ]]; do
				printf '%s\n' "${lines[i]}"
				typed+=$'\n'${lines[i]#??}
				i=$((i + 1))
			done
			if [ ${#meanwhile[@]} -gt 0 ]; then
				tour_meanwhile "$typed" || return
				meanwhile=()
			else
				eval "$typed" </dev/null 2>&1 || :
			fi
			;;
		esac
	done
}

# What stands in displays as their readers see it.
plain()
{
	local line character='^(.*)\\\[u([0-9A-F]{4})](.*)$'

	sed -e 's/\\&//g' -e 's/\\-/-/g' -e 's/\\e/\\/g' | while IFS= read -r line; do
		while [[ $line =~ $character ]]; do
			printf -v line '%s%b%s' "${BASH_REMATCH[1]}" "\\u${BASH_REMATCH[2]}" \
				"${BASH_REMATCH[3]}"
		done
		printf '%s\n' "$line"
	done
}

examples()
{
	mkdir -p "$2"
	awk -v dir="$2" '
		/^\.Sh / { inside = /^\.Sh EXAMPLES/; next }
		!inside { next }
		/^\.\\" machine: / {
			n++
			sub(/.*machine: /, "")
			print >(dir "/" n ".options")
			next
		}
		/^\.\\" not run: / { pass = 1; next }
		/^\.Bd / { display = 1; if (!pass) print ".\\\" display" >(dir "/" (n + 0)); next }
		/^\.Ed/ { display = pass = 0; next }
		display && !pass || /^\.\\" (setup|meanwhile): / { print >(dir "/" (n + 0)) }
	' "$1"
}

export -f tour tour_has tour_meanwhile
