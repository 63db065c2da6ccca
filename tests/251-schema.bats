#!/usr/bin/env bats
# JSON of every command, held against tests/schema.

bats_require_minimum_version 1.8.0
load helpers
load guests

export SCHEMA=$SOURCES/tests/schema

setup()
{
	export SAMPLES=$BATS_TEST_TMPDIR/samples LC_ALL=C
	unset VFIOAP_SYSROOT
	mkdir "$SAMPLES"
	: >"$SAMPLES/commands"
}

# sample NAME STATUS COMMAND...: run it, and keep its stdout for tests/schema/NAME.json
sample()
{
	local name=$1 word
	shift

	tool "$@"
	printf '%s\n' "$stdout" >"$(mktemp "$SAMPLES/$name.XXXXXX.json")"
	for word in "${@:2}"; do
		if [ "$2" = vfioap ] && has_command "$word"; then
			echo "$word" >>"$SAMPLES/commands"
			break
		fi
	done
}

has_command()
{
	: "${COMMANDS=$(vfioap --list-commands)}"
	[[ $'\n'$COMMANDS$'\n' == *$'\n'$1$'\n'* ]]
}
export -f sample has_command

# One text a file, and sets ascending: of numbers, of queues, of objects by what they are called.
assert_sorted()
{
	local bad

	bad=$(jq -nr '
	def is_queue: type == "string" and test("^[0-9a-f]{2}\\.[0-9a-f]{4}$");
	def is_set: . == (sort | unique);
	reduce (inputs | [input_filename, .]) as [$file, $text] ({};
		.[$file].texts += 1
		| .[$file].sorted = ($text
			| ([.. | arrays | select(all(type == "number") or all(is_queue)) | is_set] | all)
			and ([.devices?, .cards?, .queues?, .devices[]?.grid? | arrays
				| map(objects | .uuid // .card // .queue) | is_set] | all)
			and ([.features? | arrays | is_set] | all)))
	| to_entries[] | select(.value != {texts: 1, sorted: true}) | .key' "$@") ||
		fail "jq cannot read the samples" "JSON"
	[ -z "$bad" ] || fail "not one text, or not sorted: $bad" "sorted sets"
}

# validate SCHEMA FILE...: of a schema in tests/schema
validate()
{
	local file schema=$1
	local -a instances=()

	for file in "${@:2}"; do
		instances+=(-i "$file")
	done
	jsonschema --output pretty --base-uri "file://$SCHEMA/" "${instances[@]}" "$SCHEMA/$schema.json"
}

# What was sampled fits its schema: by one run of the validator, all samples as one object, by
# name of the schema, then of the file.
assert_samples()
{
	local dir=$BATS_TEST_TMPDIR name

	assert_sorted "$SAMPLES"/*.json
	for name in $(cd "$SAMPLES" && printf '%s\n' *.json | cut -d . -f 1 | sort -u); do
		[ -f "$SCHEMA/$name.json" ] || fail "no tests/schema/$name.json" "one"
	done
	jq -n 'reduce (inputs | [., (input_filename | split("/")[-1])]) as [$text, $file] ({};
		.[$file | split(".")[0]][$file] = $text)' "$SAMPLES"/*.json >"$dir/all"
	jq '{type: "object", additionalProperties: false, properties: with_entries(
		.value = {additionalProperties: {"$ref": (.key + ".json")}})}' "$dir/all" >"$dir/all.json"
	jsonschema --output pretty --base-uri "file://$SCHEMA/" -i "$dir/all" "$dir/all.json" \
		>"$dir/out" 2>&1 || fail "$(<"$dir/out")" "that all fit tests/schema"
}

# Whatever is wrong with the machine: 0 or 3.
check_status()
{
	local rc=0

	vfioap check --json "$@" >/dev/null || rc=$?
	[ $rc -eq 3 ] && echo 3 || echo 0
}

# Those that look, on the machine of $ROOT, or on the simulated one.
sample_views()
{
	local -a root=(${ROOT+--sysroot "$ROOT"})

	sample devices 0 lsvfioap --json "${root[@]}"
	sample devices 0 vfioap list --json "${root[@]}"
	sample queues 0 lsvfioap --queues --json "${root[@]}"
	sample map 0 lsvfioap --map --json "${root[@]}"
	sample doctor 0 vfioap doctor --json -A "${root[@]}"
	for subject in matrix guest device; do
		sample show-device 0 vfioap show $subject --json "${root[@]}"
	done
	sample show-masks 0 vfioap show masks --json "${root[@]}"
	sample show-host 0 vfioap show host --json "${root[@]}"
	sample check "$(check_status "${root[@]}")" vfioap check --json "${root[@]}"
	sample show-queue 0 vfioap show queue 4.47 05.0004,5.47 06.00ab --json "${root[@]}"
}

# sample_change STATUS COMMAND...: first with -n
sample_change()
{
	sample change "$1" "$2" --json "$3" -n "${@:4}"
	sample change "$@" --json
}

sample_changes()
{
	sample_change 0 vfioap create -A -a 5 -d 0x47 --reserve
	tool 0 vfioap remove -A --all
	tool 0 vfioap release -A -d all
	sample_change 0 vfioap reserve -A -a 5 -d 4
	sample_change 0 vfioap create -A -u "$UUID_A" -a 5
	sample_change 0 vfioap assign -A "$UUID_A" -d 4
	if has_command refresh; then
		sample_change 0 vfioap refresh "$UUID_A"
	fi
	if has_command set; then
		sample_change 0 vfioap set -A "$UUID_A" -c 4
	fi
	apsim ctl guest start "$UUID_A" --name web1 >/dev/null
	sample error 3 vfioap --json remove -A "$UUID_A"
	apsim ctl guest stop "$UUID_A"
	sample_change 0 vfioap unassign -A "$UUID_A" -d 4
	define "$UUID_B" manual 6 4
	if has_command start; then
		sample_change 0 vfioap start "$UUID_B"
	fi
	if has_command stop; then
		sample_change 0 vfioap stop "$UUID_A"
	fi
	sample_change 0 vfioap remove -A --all
	rm /etc/mdevctl.d/matrix/"$UUID_B"
	sample_change 0 vfioap release -A -d all
}

sample_errors()
{
	sample error 2 vfioap --json show nonsense
	sample error 2 vfioap mask 010 --json
	sample error 2 vfioap --json no-such-command
	sample error 2 vfioap create --json --no-such-option
	sample error 2 lsvfioap --json 10
	sample error 3 vfioap --json create -n -a 5 -d 4
	sample error 3 vfioap --json assign -n "$1" -a 4-6 -d all
	sample error 4 vfioap --json show device ffff
	sample error 4 vfioap --json show queue 05.0099
	sample error 4 lsvfioap --json ffff
	sample error 3 vfioap --json find -A 9x9
}
export -f check_status sample_views sample_change sample_changes sample_errors

@test "schema: each names all keys, and takes no other" {
	for file in "$SCHEMA"/*.json; do
		tool 0 cat "$file"
		assert_json '[.. | objects | select(.type == "object") | has("additionalProperties")] | all'
		assert_json '[.. | objects | select(.type == "object" and .properties)
			| (.required | length) >= (.properties | length) - 1] | all'
	done
	echo null >"$BATS_TEST_TMPDIR/null.json"
	tool 0 validate common "$BATS_TEST_TMPDIR/null.json"
}

@test "schema: recorded machines" {
	for dump in docs trouble; do
		rm -rf "$BATS_TEST_TMPDIR/root"
		use_dump $dump
		sample_views
	done
	mkdir "$BATS_TEST_TMPDIR/empty"
	sample devices 0 lsvfioap --json --sysroot "$BATS_TEST_TMPDIR/empty"
	sample queues 0 lsvfioap --queues --json --sysroot "$BATS_TEST_TMPDIR/empty"
	assert_samples
}

@test "schema: simulated machines of every kernel, all commands there are" {
	for kernel in 5.15 6.1 6.12 6.19; do
		sim --kernel $kernel '
			sample_views
			three_guests
			apsim ctl guest start "$UUID_A" --name web1 >/dev/null
			sample_views
			sample_errors "$UUID_C"
			sample find 0 vfioap find -A --json 1x2
			apsim ctl guest stop "$UUID_A"
			tool 0 vfioap remove -A --all
			tool 0 vfioap release -A -d all
			vfioap export >"$BATS_TEST_TMPDIR/wish.json"
			sample change 0 vfioap apply --json "$BATS_TEST_TMPDIR/wish.json"
			sample_changes
		'
	done
	sample mask 0 vfioap mask --json 5,6
	sample mask 0 vfioap mask --json --list 0x0
	# Who prints JSON has been asked for it: "help" and "export" print other things, and "watch"
	# prints for ever, 320-watch.
	assert_equal "$(sort -u "$SAMPLES/commands")" \
		"$(vfioap --list-commands | grep -vxE 'help|export|watch' | sort)" "list of the commands with a sample"
	assert_samples
}

@test "schema: large sets, and a machine without AP bus" {
	use_dump docs
	{ printf '0x' && printf 'f%.0s' {1..64} && printf ',0x' && printf 'f%.0s' {1..64} &&
		printf ',0x%064d\n' 0; } >"$ROOT/sys/devices/vfio_ap/matrix/$UUID_A/ap_config"
	sample devices 0 lsvfioap --json --sysroot "$ROOT" "$UUID_A"
	assert_json '.devices[0] | .truncated and .count == 65536 and .guest_matrix_predicted'
	sample error 4 vfioap show host --json --sysroot "$BATS_TEST_TMPDIR"
	sample error 4 vfioap show masks --json --sysroot "$BATS_TEST_TMPDIR"
	assert_samples
}

@test "schema: a key too many, one that lacks, and a number as text are refused" {
	use_dump trouble
	sample_views
	rm "$SAMPLES/commands"
	for name in $(cd "$SAMPLES" && printf '%s\n' * | cut -d . -f 1 | sort -u); do
		mkdir "$BATS_TEST_TMPDIR/$name"
		set -- "$SAMPLES/$name".*.json
		jq '.surprise = 1' "$1" >"$BATS_TEST_TMPDIR/$name/more"
		jq 'del(.format)' "$1" >"$BATS_TEST_TMPDIR/$name/less"
		jq 'del(.[keys[0]])' "$1" >"$BATS_TEST_TMPDIR/$name/first"
		jq '(.. | numbers) |= tostring' "$1" >"$BATS_TEST_TMPDIR/$name/text"
		tool 1 validate "$name" "$BATS_TEST_TMPDIR/$name"/*
		for edit in more less first text; do
			check_text present stderr "($BATS_TEST_TMPDIR/$name/$edit)"
		done
	done
}
