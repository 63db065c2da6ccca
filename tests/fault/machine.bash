# The simulated machine as the loops of tests/fault see it; sourced inside `apsim run`.
#
# machine_look       $seen: all that a command may change, as text: the kernel's state, the files
#                    of the next boot with their modes, locks and what is left beside them
# machine_reset N    the machine as before row N, and nothing that an earlier case has left
# plan_read N        the writes of row N: plan_path, plan_undo (the path of its undo, or ''),
#                    plan_what; -n says them
# machine_sound      the invariants of kernel-abi.md 20 hold
# same_view A B      the texts are the same, but for what a guest sees where that lags behind
# kernel_has N       row N is one of $kernel
# row_prepare N      $command, its plan, $before and $after; the machine is as before
# rows_run WHAT      row_run of each row, or of a sample, and the last line of the report
# complain WHAT [WANTED]    count and tell a failure, with the state that was wanted
# wait_traced N      the command in the background has begun its write N
#
# It is sourced with the arguments KERNEL WORK [SEED ROWS CASES]: without SEED all is done, else
# about CASES cases of each of about ROWS rows.
#
# shellcheck shell=bash

# shellcheck disable=SC2034 # what the scripts that source this make of them
kernel=$1 work=$2 seed=${3-} sample_rows=${4-0} sample_cases=${5-0}
export wish=$work/wish
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
		[ -d "$file" ] || [[ $file == */scripts.d/* ]] || files+=("$file")
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

# ---- views -----------------------------------------------------------------------------------------

# What a guest sees need not be up to date, where only bringing it up to date has failed.
without_shadow()
{
	local text=$1 before=${1%%$'\n'locks: *}

	jq -c 'del(.devices[].shadow, .devices[].guest)' <<<"$before"
	echo "${text#"$before"}"
}

# same_view TEXT TEXT: taking back what was unassigned brings the guest's view up to date
same_view()
{
	if [ "${row_setups[row]}" = filtered ]; then
		[ "$(without_shadow "$1")" = "$(without_shadow "$2")" ]
	else
		[ "$1" = "$2" ]
	fi
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

# ---- running -----------------------------------------------------------------------------------------

cases=0 failures=0 row='' case='' status='' before='' after='' failed='' verbose=''
command=()

complain()
{
	failures=$((failures + 1)) failed=1
	echo "-- kernel $kernel, ${row_names[row]}: $case: $1"
	echo "   command: ${command[*]}; status $status"
	sed 's/^/   /' "$work/err"
	[ $# -lt 2 ] || diff -U 2 <(echo "$2") <(echo "$seen") | sed 's/^/   /'
}

# traced N: -v has said N writes
traced()
{
	local line n=0

	while IFS= read -r line; do
		[[ $line != [a-z]*': '@(echo|write|rm|modprobe)' '* ]] || n=$((n + 1))
	done <"$work/err"
	[ "$n" -ge "$1" ]
}

wait_traced()
{
	local tries=2000

	until traced "$1" || [ $((tries -= 1)) -eq 0 ]; do
		sleep 0.005
	done
}

# ---- rows --------------------------------------------------------------------------------------

row_prepare()
{
	row=$1 case=set-up
	: >"$work/err"
	eval "command=(${row_commands[row]})"
	verbose=-v
	[ "${command[0]}" = vfioap ] || verbose=-V
	machine_reset "$row"
	machine_look
	before=$seen
	plan_read "$row"
	status=0
	"${command[@]}" >"$work/out" 2>"$work/err" </dev/null || status=$?
	machine_look
	after=$seen
	vfioap export >"$work/goal"
	if [ "$status" -ne 0 ] || [ "${#plan_path[@]}" -eq 0 ] || ! machine_sound; then
		complain "it does not work without a fault either"
		return 1
	fi
	machine_reset "$row"
	machine_look
	[ "$seen" = "$before" ] || complain "the set-up is not the same each time" "$before"
}

# is_sampled N M: with a chance of M in N
is_sampled()
{
	[ -z "$seed" ] || [ $((RANDOM % $1)) -lt "$2" ]
}

rows_run()
{
	local -a rows=()

	[ -z "$seed" ] || RANDOM=$((seed + ${kernel/./}))
	for row in "${!row_names[@]}"; do
		# ONLY, a pattern, is for whoever looks for a fault.
		# shellcheck disable=SC2053
		! kernel_has "$row" || [[ ${row_names[row]} != ${ONLY-*} ]] || rows+=("$row")
	done
	for row in "${rows[@]}"; do
		! is_sampled ${#rows[@]} "$sample_rows" || row_run "$row"
	done
	echo "$cases $1 cases, $failures failures"
	[ "$failures" -eq 0 ]
}
