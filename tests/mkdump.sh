#!/bin/sh
# Record what our programs read of a machine, as plain files: tests/dumps is made of this, and
# a machine that somebody sends in.
#
#	tests/mkdump.sh DIR
#
# Nothing is changed, and no file is read whose reading could do harm: before Linux 6.17
# `matrix` and `guest_matrix` of a device with more than 511 queues overflow a page of the
# kernel, so they are left out there.

set -eu

if [ $# -ne 1 ]; then
	echo "usage: $0 DIR" >&2
	exit 2
fi
dir=$1
mkdir -p "$dir"

# is_small DEVICE: by its ap_config it has at most 511 queues; without that file nobody knows
is_small()
{
	[ -r "$1/ap_config" ] || return 1
	awk -F, '
		function bits(hex,   i, n) {
			for (i = 3; i <= length(hex); i++)
				n += substr("0112122312232334", index("0123456789abcdef",
					tolower(substr(hex, i, 1))), 1)
			return n
		}
		{ exit bits($1) * bits($2) > 511 }' "$1/ap_config"
}

is_safe()
{
	case $1 in
	*/matrix | */guest_matrix)
		[ -e /sys/bus/ap/bindings_complete_count ] || is_small "${1%/*}"
		;;
	esac
}

record()
{
	find "$1" \( -type d -o -type l -o -type f \) 2>/dev/null | while read -r path; do
		new=$dir$path
		if [ -L "$path" ]; then
			mkdir -p "${new%/*}"
			ln -sf "$(readlink "$path")" "$new"
		elif [ -d "$path" ]; then
			mkdir -p "$new"
		elif [ -r "$path" ] && is_safe "$path"; then
			mkdir -p "${new%/*}"
			cat "$path" >"$new" 2>/dev/null || rm -f "$new"
		fi
	done
}

for path in /sys/bus/ap /sys/devices/ap /sys/devices/vfio_ap /sys/bus/mdev/devices \
	/sys/class/mdev_bus /sys/kernel/iommu_groups /sys/module/ap/parameters \
	/proc/sys/kernel/osrelease /etc/mdevctl.d /etc/udev/rules.d/41-ap.rules; do
	record "$path"
done
