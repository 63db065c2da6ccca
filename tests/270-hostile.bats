#!/usr/bin/env bats
# Hostile surroundings: what stands in files, names and descriptors is nobody's friend.

bats_require_minimum_version 1.8.0
load helpers
load guests

setup()
{
	export LC_ALL=C.UTF-8 COLUMNS=80
	unset VFIOAP_SYSROOT NO_COLOR
}

# Everything that looks, a line each; those with JSON last.
views()
{
	cat <<-END
		lsvfioap -q
		vfioap show matrix
		vfioap show guest
		vfioap show host
		vfioap show queue 05.0004
		lsvfioap -q --json
		vfioap show device --json
		vfioap show masks --json
	END
}

# look WHAT: every view ends, with a status that it may have, and says nothing that steers
look()
{
	local dir=$BATS_TEST_TMPDIR/look status view

	mkdir -p "$dir"
	: >"$dir/text"
	: >"$dir/json"
	while read -r view; do
		status=0
		timeout 20 $view --sysroot "$ROOT" >"$dir/out" 2>"$dir/err" </dev/null || status=$?
		case $status in
		0) ;;
		1 | 4) [ -s "$dir/err" ] || fail "$1: $view: status $status" "a message" ;;
		*) fail "$1: $view: status $status: $(cat -v "$dir/err")" "0, 1 or 4" ;;
		esac
		cat "$dir/out" "$dir/err" >>"$dir/text"
		[[ $view != *--json ]] || cat "$dir/out" >>"$dir/json"
	done < <(views)
	if LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f\x7f]' "$dir/text"; then
		fail "$1: $(cat -v "$dir/text")" "no controls"
	fi
	if grep -q SECRET "$dir/text"; then
		fail "$1: read outside of the root" "not"
	fi
	jq -es 'length == 3 and all(.format == 1)' "$dir/json" >/dev/null ||
		fail "$1: $(<"$dir/json")" "JSON"
	iconv -f UTF-8 -t UTF-8 "$dir/text" >/dev/null || fail "$1: garbage" "UTF-8"
}

# spoil HOW NAME...: the files with these names, wherever they stand; then look
spoil()
{
	local -a files
	local names

	names=$(printf '|%s' "${@:2}")
	mapfile -t files < <(find "$ROOT/sys" -type f -regextype egrep -regex ".*/(${names:1})")
	[ ${#files[@]} -eq 0 ] || "spoil_$1" "${files[@]}"
	look "$1 ${*:2}"
	rm -rf "$ROOT"
	cp -a "$BATS_TEST_TMPDIR/whole" "$ROOT"
}

# Details of cards and queues together, all others one by one: a quarter of them for each kind of
# harm, all of them when there is time.
spoil_each()
{
	local name n=${#1} step=4

	[ -z "${VFIOAP_TEST_LONG-}" ] || step=1

	use_dump trouble
	cp -a "$ROOT" "$BATS_TEST_TMPDIR/whole"
	printf 'SECRET\n' >"$BATS_TEST_TMPDIR/secret"
	spoil "$1" type hwtype depth ap_functions config chkstop online status request_count \
		requestq_count pendingq_count
	for name in apmask aqmask ap_adapter_mask ap_usage_domain_mask ap_max_domain_id \
		features ap_config control_domains guest_matrix available_instances; do
		[ $((n++ % step)) -ne 0 ] || spoil "$1" $name
	done
}

# spoil_HOW FILE...
spoil_empty()
{
	truncate -s 0 "$@"
}

spoil_cut()
{
	local file text

	for file; do
		text=$(<"$file")
		printf '%s' "${text:0:${#text}/2}" >"$file"
	done
}

spoil_escape()
{
	printf '\e]0;x\a\e[31m\x80\xff\xc3(\r\b\n\n' | tee "$@" >/dev/null
}

spoil_nul()
{
	printf '0x\0ff\n' | tee "$@" >/dev/null
}

spoil_long()
{
	head -c 9000 /dev/zero | tr '\0' f | tee "$@" >/dev/null
}

spoil_huge()
{
	truncate -s 1T "$@" 2>/dev/null || truncate -s 1G "$@"
}

spoil_fifo()
{
	rm "$@"
	mkfifo "$@"
}

spoil_device()
{
	spoil_link /dev/zero "$@"
}

spoil_outside()
{
	spoil_link "../../../../../../../../../../../../../../../..$BATS_TEST_TMPDIR/secret" "$@"
}

spoil_absolute()
{
	spoil_link "$BATS_TEST_TMPDIR/secret" "$@"
}

# spoil_link TARGET FILE...
spoil_link()
{
	local file

	for file in "${@:2}"; do
		ln -sf "$1" "$file"
	done
}

spoil_loop()
{
	local file

	for file; do
		ln -sf "${file##*/}" "$file"
	done
}

spoil_directory()
{
	rm "$@"
	mkdir "$@"
}

spoil_gone()
{
	rm "$@"
}

@test "hostile: empty texts of sysfs" {
	spoil_each empty
}

@test "hostile: texts of sysfs that are cut" {
	spoil_each cut
}

@test "hostile: texts of sysfs with escape sequences and garbage" {
	spoil_each escape
}

@test "hostile: texts of sysfs with NUL bytes" {
	spoil_each nul
}

@test "hostile: texts of sysfs that are too long" {
	spoil_each long
}

@test "hostile: files of a terabyte" {
	spoil_each huge
}

@test "hostile: a FIFO where a file should be" {
	spoil_each fifo
}

@test "hostile: a device where a file should be" {
	spoil_each device
}

@test "hostile: links that lead out of the root by .." {
	spoil_each outside
}

@test "hostile: links that lead out of the root by their absolute path" {
	spoil_each absolute
}

@test "hostile: links to themselves" {
	spoil_each loop
}

@test "hostile: a directory where a file should be" {
	spoil_each directory
}

@test "hostile: files that are not there" {
	spoil_each gone
}

@test "hostile: a root whose directories are links that lead out of it" {
	use_dump docs
	cp -a "$ROOT" "$BATS_TEST_TMPDIR/other"
	for dir in sys etc; do
		rm -rf "${ROOT:?}/$dir"
		ln -s "$BATS_TEST_TMPDIR/other/$dir" "$ROOT/$dir"
	done
	tool 0 lsvfioap --sysroot "$ROOT"
	assert_stdout --exact ''
	tool 4 vfioap show host --sysroot "$ROOT"
	rm "$ROOT/sys"
	ln -s "../../../../../../../..$BATS_TEST_TMPDIR/other/sys" "$ROOT/sys"
	tool 0 lsvfioap -q --sysroot "$ROOT"
	assert_stdout --exact ''
}

@test "hostile: definitions that are traps" {
	use_dump docs
	dir=$ROOT/etc/mdevctl.d/matrix
	mkdir -p "$dir"
	mkfifo "$dir/0000aaaa-0000-4000-8000-000000000001"
	ln -s /dev/zero "$dir/0000aaaa-0000-4000-8000-000000000002"
	truncate -s 1G "$dir/0000aaaa-0000-4000-8000-000000000003"
	printf '[%.0s' {1..5000} >"$dir/0000aaaa-0000-4000-8000-000000000004"
	printf '{"mdev_type":"\e[31m","start":"\xff","attrs":5}' \
		>"$dir/0000aaaa-0000-4000-8000-000000000005"
	printf '' >"$dir/"$'0000\e[31m'
	cp -a "$ROOT" "$BATS_TEST_TMPDIR/whole"
	look definitions
	tool 0 lsvfioap -n -o UUID --sysroot "$ROOT"
	assert_stdout "$UUID_A"
}

# ---- names ---------------------------------------------------------------------------

# A process that holds @1, with hostile names; its PID is $holder.
hold_hostile()
{
	bash -c 'exec 9<>"$1"; printf "a\e]0;x\a\n\xff" >/proc/self/comm; read -r _ <"$2"' \
		qemu "$1" "$2" -name $'guest=w\e[31m\xc3(\n"\\,\u202e' &
	holder=$!
	eventually is_holding "$1"
}
export -f hold_hostile

@test "hostile: names of processes and guests reach neither terminal nor JSON as they are" {
	sim '
		three_guests
		mkfifo "$BATS_TEST_TMPDIR/fifo"
		hold_hostile /dev/vfio/0 "$BATS_TEST_TMPDIR/fifo"
		for view in lsvfioap "vfioap show device" "vfioap show guest" "vfioap show matrix" \
			"vfioap show queue 05.0004" "lsvfioap -q"; do
			tool 0 $view
			refute_stdout $'"'\e'"'
			refute_stdout $'"'\a'"'
			assert_stdout "w?[31m"
			refute_stdout --regex $'"'(^|\n)\"'"'
			tool 0 $view --json
			assert_json ".format == 1"
			refute_stdout "\\u001b"
		done
		tool 0 vfioap show device --json
		assert_json ".devices[].users[]? | .guest | startswith(\"w?[31m\")"
		tool 3 vfioap remove -A "$UUID_A"
		refute_stderr $'"'\e'"'
		kill $holder
	'
}

# ---- a machine that changes, signals ----------------------------------------------------

@test "hostile: attributes that vanish mid-way are unknown, and end nothing" {
	sim '
		three_guests
		base=/sys/devices/vfio_ap/matrix/$UUID_A
		for path in $base/ap_config $base/guest_matrix /sys/devices/ap/card05/type \
			/sys/devices/ap/card05/hwtype /sys/devices/ap/card05/05.0004/status \
			/sys/bus/ap/features; do
			for errno in ENODEV ENOENT EIO; do
				apsim ctl fail "$path" $errno
				for view in "lsvfioap --json" "lsvfioap -q --json" "vfioap show device --json" \
					"vfioap show guest" "vfioap show queue 05.0004" "vfioap show host"; do
					case $errno:$path in
					EIO:*/ap_config | EIO:*/guest_matrix) want="[01]" ;;
					*) want=0 ;;
					esac
					result=0
					$view >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || result=$?
					[[ $result == $want ]] ||
						fail "$errno $path: $view: $result $(cat "$BATS_TEST_TMPDIR/err")" "$want"
				done
				apsim ctl fail "$path" 0
			done
		done
	'
}

@test "hostile: EINTR is not the end" {
	sim '
		for path in /sys/bus/ap/apmask /sys/bus/ap/aqmask /sys/devices/ap/card05/type; do
			apsim ctl fail "$path" EINTR --count 3
		done
		tool 0 lsvfioap -q --json
		assert_json ".cards[] | select(.card == 5) | .type == \"CEX5C\""
		apsim ctl fail /sys/bus/ap/apmask EINTR --count 2
		tool 0 vfioap show masks
	'
}

# ---- descriptors -------------------------------------------------------------------------

@test "hostile: closed descriptors never become a file of the host" {
	use_dump docs
	for view in lsvfioap 'vfioap show device' 'vfioap show masks --json'; do
		for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '<&- >&- 2>&-'; do
			tool 0 bash -c "$view --sysroot '$ROOT' $closed"
			assert_stderr --exact ''
		done
	done
	tool 4 bash -c "vfioap show device ffff --sysroot '$ROOT' 2>&-"
	assert_stdout --exact ''
	assert_root_unchanged
	sim '
		tool 0 bash -c "vfioap reserve -A -d 4 <&- >&- 2>&-"
		tool 0 bash -c "vfioap create -A -u $UUID_A -a 5 -d 4 <&- >&- 2>&-"
		assert_equal "$(matrix "$UUID_A")" 05.0004
	'
}

@test "hostile: a full disk under stdout is status 1, for every command" {
	use_dump docs
	while read -r view; do
		tool 1 sh -c "$view --sysroot '$ROOT' >/dev/full"
		assert_stderr --line "${view%% *}: cannot write to standard output: No space left on device"
	done < <(views)
	for command in 'vfioap --help' 'vfioap show --help' 'vfioap show --list-options' \
		'vfioap --version' 'lsvfioap --list-columns' 'vfioap mask 5'; do
		tool 1 sh -c "$command >/dev/full"
	done
	tool 4 sh -c "vfioap show device ffff --json --sysroot '$ROOT' >/dev/full"
}

@test "hostile: a reader that goes away ends a listing quietly" {
	use_dump docs
	for card in {10..79}; do
		printf "$ROOT/sys/bus/ap/devices/%s\n" card$card $card.00{0..9}{0..9}
	done | xargs mkdir
	rm "$ROOT/sys/bus/ap/bindings"
	for options in '-o CARD.DOM,POOL' '-r -o CARD.DOM,POOL,DEVICE,GUEST'; do
		tool 0 lsvfioap -q $options --sysroot "$ROOT"
		[ "${#stdout}" -gt 65536 ] || fail "${#stdout} bytes" "more than a pipe holds"
		tool 0 bash -c "lsvfioap -q $options --sysroot '$ROOT' | head -n 1; exit \${PIPESTATUS[0]}"
		assert_stderr --exact ''
		assert_stdout --regex '^CARD.DOM[^\n]*$'
	done
	tool 0 bash -c "vfioap show masks --json --sysroot '$ROOT' | true; exit \${PIPESTATUS[0]}"
	assert_stderr --exact ''
}

# ---- a lock that cannot be written ---------------------------------------------------------

@test "hostile: /run is full or read-only: said, and nothing has changed" {
	sim '
		mount -t tmpfs -o size=4k,nr_inodes=20 tmpfs /run/lock
		head -c 4096 /dev/zero >/run/lock/filler
		remember
		tool 1 vfioap reserve -A -d 4
		assert_stderr --line "vfioap: cannot take the lock '"'/run/lock/s390apconfig.lock'"': No space left on device"
		assert_root_unchanged
		assert_equal "$(ls /run/lock)" filler
		tool 0 lsvfioap -q
		rm /run/lock/filler
		mount -o remount,ro /run/lock
		tool 1 vfioap --json reserve -A -d 4
		assert_stderr "Read-only file system"
		assert_json ".error.status == 1"
		assert_root_unchanged
	'
}
