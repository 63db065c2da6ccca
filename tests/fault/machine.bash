# The simulated machine as the loops of tests/fault see it; sourced inside `apsim run`.
#
# machine_look       $seen: all that a command may change, as text: the kernel's state, the files
#                    of the next boot with their modes, locks and what is left beside them
# machine_reset N    the machine as before row N, and nothing that an earlier case has left
# plan_read N        the writes of row N: plan_path, plan_undo (the path of its undo, or ''),
#                    plan_what; -n says them
# machine_sound      the invariants of kernel-abi.md 20 hold
# kernel_has N       row N is one of $kernel
#
# shellcheck shell=bash

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/fault/rows.bash
source "$here/rows.bash"

export UUID_A=62177883-f1bb-47f0-914d-32a22e3a8804
export UUID_B=cef03c3c-903d-4ecc-9a83-40694cb8aee4
export UUID_C=9b1d4c1e-6a11-4b5e-8d3a-0c2f5a8be003

shopt -s globstar dotglob nullglob extglob

kernel_has()
{
	# The patterns are what the row is for.
	# shellcheck disable=SC2053
	[[ $kernel == @(${row_kernels[$1]}) ]]
}

machine_files()
{
	local file

	files=()
	for file in /etc/mdevctl.d/** /etc/udev/rules.d/** /etc/vfioap/** /etc/modules-load.d/**; do
		[ -d "$file" ] || files+=("$file")
	done
}

machine_look()
{
	local lock

	machine_files
	lock=$(echo /run/lock/*)
	seen=$(
		# A module that was loaded stays.
		apsim ctl state | sed '/^  "modules":/,/^  \]/d; /^ *"pid":/d'
		echo "locks: $lock"
		[ ${#files[@]} -eq 0 ] || stat -c '%A %U %G %n' "${files[@]}"
		[ ${#files[@]} -eq 0 ] || tail -v -n +1 "${files[@]}"
	)
}

# The part of it that is no file.
machine_state()
{
	echo "${seen%%$'\n'locks: *}"
}

machine_reset()
{
	apsim ctl reboot --bare
	machine_files
	rm -f /run/lock/* "${files[@]}"
	apsim ctl module load vfio_ap
	eval "${row_setups[$1]}"
}

# K 20, and what follows: who has a queue that vfio_ap does not have, has it not in its guest.
machine_sound()
{
	machine_state | jq -e '
		def queues: [.adapters[] as $a | .domains[] as $d | $a * 256 + $d];
		def within($all): (.adapters - $all.adapters) + (.domains - $all.domains) == [];
		. as $machine |
		([.devices[] | queues[]] | length == (unique | length)) and
		([.cards[] | .overrides | length] | add // 0) <= .overrides and
		all(.cards[]; (.host_queues - .vfio_queues) == .host_queues) and
		(.kernel == "5.15" or
			all(.devices[]; . as $device | .shadow | within($device) and within($machine.host)) and
			([.cards[] | .id as $a | .vfio_queues[] | $a * 256 + .] as $bound |
			all(.devices[]; (.shadow | queues) - $bound == [])))
	' >/dev/null
}

# ---- plans -------------------------------------------------------------------------------------------

plan_add()
{
	plan_path+=("$1") plan_undo+=("$2") plan_what+=("$3")
}

plan_read()
{
	local path undo what line
	local -a command

	plan_path=() plan_undo=() plan_what=()
	eval "command=(${row_commands[$1]})"
	if [ "${command[0]}" = vfioap ]; then
		while IFS=$'\t' read -r path undo what; do
			case $path,$undo in
			/etc/*) undo=$path ;;
			*,none) undo='' ;;
			*) undo=${undo##* > } ;;
			esac
			plan_add "$path" "$undo" "$what"
		done < <("${command[@]}" --dry-run --json 2>/dev/null |
			jq -r '.changes[] | [.path, .undo // "none", .what] | @tsv')
		return
	fi
	while IFS= read -r line; do
		case $line in
		'echo '* | "' > /etc/"* | 'rm /'*) plan_add "/${line#*/}" "/${line#*/}" "$line" ;;
		esac
	done < <("${command[@]}" --dry-run 2>/dev/null)
}

# plan_before N PATH: how many writes to PATH there are before write N
plan_before()
{
	local i

	n_before=0
	for ((i = 0; i < $1; i++)); do
		[ "${plan_path[i]}" != "$2" ] || n_before=$((n_before + 1))
	done
}

# ---- faults -------------------------------------------------------------------------------------------

# Two rules for one path need two names.
alias_of()
{
	echo "${1%?}[${1: -1}]"
}

faults=()
fault_set()
{
	apsim ctl fail "$@"
	faults+=("$1")
}

faults_clear()
{
	local path

	for path in "${faults[@]}"; do
		apsim ctl fail "$path" 0
	done
	faults=()
}
