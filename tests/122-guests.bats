#!/usr/bin/env bats
# Whose guest a device is: by the process that has it open, else by libvirt's definitions.

bats_require_minimum_version 1.8.0
load helpers
load guests

setup()
{
	export LC_ALL=C
	unset VFIOAP_SYSROOT NO_COLOR
}

# domain NAME UUID...: a guest of libvirt below ${ROOT-} that is defined with these devices
domain()
{
	local name=$1 uuid
	shift

	mkdir -p "${ROOT-}/etc/libvirt/qemu"
	{
		echo "<!-- WARNING: THIS IS AN AUTO-GENERATED FILE. -->"
		echo "<domain type='kvm'><name>$name</name><devices>"
		for uuid; do
			echo "<hostdev mode='subsystem' type='mdev' managed='no' model='vfio-ap'>"
			echo "<source><address uuid='$uuid'/></source></hostdev>"
		done
		echo "</devices></domain>"
	} >"${ROOT-}/etc/libvirt/qemu/$name.xml"
}

# process PID GUEST NODE: one in the tree that has this node open
process()
{
	mkdir -p "$ROOT/proc/1/fd" "$ROOT/proc/$1/fd"
	echo qemu-system-s39 >"$ROOT/proc/$1/comm"
	printf 'qemu-system-s390x\0-name\0guest=%s,debug-threads=on\0' "$2" >"$ROOT/proc/$1/cmdline"
	ln -s "$3" "$ROOT/proc/$1/fd/9"
}
export -f domain

# guests: UUID and guest of each device, a line each
guests()
{
	tool 0 lsvfioap --sysroot "$ROOT" -n -o UUID,GUEST "$@"
}

@test "guests: names of blanks alone, or that end in blanks, are laid out" {
	sim '
		tool 0 vfioap reserve -q -A -d 4
		tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
		for name in " " "w" "w                " "  w  w  "; do
			tool 0 apsim ctl guest start "$UUID_A" --name "$name"
			for columns in 1 10 40 80; do
				export COLUMNS=$columns
				for view in "queue 05.0004" "matrix $UUID_A" "guest $UUID_A" "device $UUID_A"; do
					tool 0 timeout 20 vfioap show $view
					[ "${#stdout}" -lt 4000 ] || fail "${#stdout} bytes" "some lines"
				done
			done
			tool 0 apsim ctl guest stop "$UUID_A"
		done
	'
}

# Who may not look at all processes cannot know that a guest is off: no mark then.
@test "guests: a guest that is off is named by libvirt, everywhere" {
	sim '
		tool 0 vfioap reserve -q -A -d 4,0x47
		tool 0 vfioap create -A -u "$UUID_A" -a 5,6 -d 4
		tool 0 vfioap create -A -u "$UUID_B" -a 5 -d 0x47
		define "$UUID_C" manual 6 0x47
		domain web1 "$UUID_A"
		domain db7 "$UUID_C"
		domain none
		tool 0 lsvfioap -n -o UUID,GUEST
		assert_stdout --regex "^$UUID_A web1( \\(off\\))?
$UUID_C db7 \\(off\\)
$UUID_B -\$"
		tool 0 lsvfioap --queues --json 5.4
		assert_json ".queues[0].guest == \"web1\""
		tool 0 lsvfioap -q -n -r -o CARD.DOM,GUEST 5.4
		assert_stdout "05.0004 web1"
		tool 0 vfioap show matrix 6217
		assert_stdout "$UUID_A  active, not defined, guest web1"
		tool 0 vfioap show guest 9b1d
		assert_stdout "$UUID_C  defined, start manual, guest db7 (off)"
		tool 0 lsvfioap -m
		assert_stdout "A $UUID_A  active, not defined, guest web1"
		tool 0 lsvfioap --map --json 5.4
		assert_json ".queues[0].guest == \"web1\""
	'
}

@test "guests: names beyond ASCII are escaped where the locale lacks them, and as wide as they look" {
	use_dump docs
	domain café-1 "$UUID_A"
	domain web-77 "$UUID_B"
	LC_ALL=C.UTF-8 tool 0 lsvfioap --sysroot "$ROOT" -n -o GUEST,UUID "$UUID_A" "$UUID_B"
	assert_stdout --exact "café-1 $UUID_A
web-77 $UUID_B"
	LC_ALL=C tool 0 lsvfioap --sysroot "$ROOT" -n -o GUEST,UUID "$UUID_A" "$UUID_B"
	assert_stdout --exact "caf\\xc3\\xa9-1 $UUID_A
web-77        $UUID_B"
}

@test "guests: the process that has it open tells before libvirt does" {
	sim '
		tool 0 vfioap reserve -q -A -d 4,0x47
		tool 0 vfioap create -A -u "$UUID_A" -a 5 -d 4
		tool 0 vfioap create -A -u "$UUID_B" -a 6 -d 0x47
		domain web1 "$UUID_A" "$UUID_B"
		apsim ctl guest start "$UUID_A" --name web2 >/dev/null
		hold /dev/vfio/1
		tool 0 lsvfioap -n -o UUID,GUEST
		assert_stdout --exact "$UUID_A web2
$UUID_B sleep ($holder)"
		tool 0 lsvfioap -q --json 6.47
		assert_json ".queues[0].guest == null"
		unhold
	'
}

@test "guests: a process is found by the group of a device, and by its cdev" {
	use_dump docs
	mkdir -p "$ROOT/sys/devices/vfio_ap/matrix/$UUID_B/vfio-dev/vfio7"
	process 4711 web1 /dev/vfio/0
	process 4712 web2 /dev/vfio/devices/vfio7
	group=$(basename "$(readlink "$ROOT/sys/devices/vfio_ap/matrix/$UUID_A/iommu_group")")
	ln -sfn "/dev/vfio/$group" "$ROOT/proc/4711/fd/9"
	rm -rf "$ROOT/sys/devices/vfio_ap/matrix/$UUID_A/vfio-dev"
	guests
	assert_stdout --line "$UUID_A web1"
	assert_stdout --line "$UUID_B web2"
	assert_stdout --line "$UUID_C -"
	tool 0 lsvfioap --sysroot "$ROOT" --json "$UUID_B"
	assert_json '.devices[0].users == [{pid: 4712, command: "qemu-system-s390x", guest: "web2"}]'
	tool 0 vfioap show --sysroot "$ROOT" device "$UUID_B"
	assert_stdout 'guest web2: qemu-system-s390x, pid 4712'
}

@test "guests: without /proc nobody knows whether it is off" {
	use_dump docs
	domain web1 "$UUID_A"
	guests "$UUID_A"
	assert_stdout --exact "$UUID_A web1"
	mkdir -p "$ROOT/proc/1/fd"
	guests "$UUID_A"
	assert_stdout --exact "$UUID_A web1 (off)"
	tool 0 vfioap show --sysroot "$ROOT" device "$UUID_A"
	assert_stdout --line "  guest            web1 (off), by libvirt's definition"
}

@test "guests: a name never steers the terminal" {
	use_dump docs
	domain $'x\u009b31m' "$UUID_A"
	domain $'y\e[31m' "$UUID_B"
	domain 'z&#13;&#10;&lt;b&gt;' "$UUID_C"
	for options in '' -q -m --json '-q --json' '-m --json'; do
		tool 0 lsvfioap --sysroot "$ROOT" $options
		[[ $options == --json ]] || assert_stdout 'x??31m'
		refute_stdout $'\u009b'
		refute_stdout $'\e'
		refute_stdout $'\r'
		refute_stderr $'\e'
	done
	guests "$UUID_C"
	assert_stdout --exact "$UUID_C z??<b>"
	guests "$UUID_B"
	assert_stdout --exact "$UUID_B -"
}

@test "guests: files that are none, are broken, or lead out of the root are passed over" {
	use_dump docs
	domain web1 "$UUID_A"
	dir=$ROOT/etc/libvirt/qemu
	mkfifo "$dir/fifo.xml"
	mkdir "$dir/networks" "$dir/dir.xml"
	echo '<domain><name>' >"$dir/broken.xml"
	echo '<!DOCTYPE domain [<!ENTITY x SYSTEM "file:///etc/passwd">]>' |
		cat - "$dir/web1.xml" | sed 's/web1/\&x;/' >"$dir/aaa.xml"
	ROOT=$BATS_TEST_TMPDIR/out domain outside "$UUID_B"
	ln -s "$BATS_TEST_TMPDIR/out/etc/libvirt/qemu/outside.xml" "$dir/outside.xml"
	ln -s ../../../../../../../../../../dev/zero "$dir/zero.xml"
	truncate -s 2M "$dir/large.xml"
	guests
	assert_stdout --line "$UUID_A web1"
	assert_stdout --line "$UUID_B -"
	assert_stderr --exact ''
}
