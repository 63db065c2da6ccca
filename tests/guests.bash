# The three guests of the kernel's documentation of vfio_ap, for suites of changing commands.
#
# three_guests       inside sim: reserve the domains, create UUID_A, UUID_B and UUID_C
# hold NODE          inside sim: a process that has NODE open; $holder is its PID
# unhold             end it
# define UUID START ADAPTER DOMAIN    inside sim: a definition, as mdevctl writes it
# assert_no_device   inside sim: there is none
#
# shellcheck shell=bash

three_guests()
{
	tool 0 vfioap reserve -A -d 4,0x47,0xab,0xff
	tool 0 vfioap create -A -u "$UUID_A" -a 5,6 -d 4,0xab
	tool 0 vfioap create -A -u "$UUID_B" -a 5 -d 0x47,0xff
	tool 0 vfioap create -A -u "$UUID_C" -a 6 -d 0x47,0xff
	remember
}

is_holding()
{
	[ "$(readlink "/proc/$holder/fd/9")" = "$1" ]
}

hold()
{
	sleep 60 9<>"$1" &
	holder=$!
	eventually is_holding "$1"
}

unhold()
{
	kill "$holder"
	wait "$holder" || :
}

define()
{
	mkdir -p /etc/mdevctl.d/matrix
	cat >"/etc/mdevctl.d/matrix/$1" <<-END
		{
		  "mdev_type": "vfio_ap-passthrough",
		  "start": "$2",
		  "attrs": [ { "assign_adapter": "$3" }, { "assign_domain": "$4" } ]
		}
	END
	remember
}

assert_no_device()
{
	assert_equal "$(devices)" "" "list of devices"
}

export -f three_guests is_holding hold unhold define assert_no_device
