# The changing commands, and the machines that they change: what tests/fault/faults and
# tests/fault/crashes go through.  A new command is a new row here, and nothing else.
#
# row NAME KERNELS SETUP COMMAND...
#   KERNELS  a pattern of those that have it: '*', '6.1*|6.19|7.3'
#   SETUP    a function below that makes the machine; it may leave $wish, a file for apply
#   COMMAND  takes -A, -P or neither; a DEVICE is $UUID_A, $UUID_B or $UUID_C
#
# Commands are expanded when they are run; $wish is the loops'.
# shellcheck shell=bash disable=SC2016,SC2154

row_names=() row_kernels=() row_setups=() row_commands=()

row()
{
	row_names+=("$1") row_kernels+=("$2") row_setups+=("$3") row_commands+=("${*:4}")
}

# ---- machines ------------------------------------------------------------------------------------

plain()
{
	:
}

pools()
{
	vfioap reserve -d 4,0x47
} 2>/dev/null

# 05.0004 and 06.0004 of A, 05.0047 and 06.0047 of B
pair()
{
	pools
	vfioap create -u "$UUID_A" -a 5,6 -d 4 -c 4
	vfioap create -u "$UUID_B" -a 5,6 -d 0x47 --start manual
} >/dev/null 2>&1

# ... and a guest has A
running()
{
	pair
	apsim ctl guest start "$UUID_A"
} >/dev/null 2>&1

defined()
{
	pair
	vfioap stop --all
} >/dev/null 2>&1

overridden()
{
	vfioap reserve --exact -Q 05.0004,06.0004
} 2>/dev/null

# A has an adapter that its guest need not be without.
filtered()
{
	pools
	vfioap create -u "$UUID_A" -a 5,6 -d 4,0x47
	echo 05.0047 >/sys/bus/ap/drivers/vfio_ap/unbind
	echo 0x47 >"/sys/devices/vfio_ap/matrix/$UUID_A/unassign_domain"
	echo 05.0047 >/sys/bus/ap/drivers_probe
} >/dev/null 2>&1

no_module()
{
	apsim ctl module unload vfio_ap
}

wish_of()
{
	printf '{"format":1,"devices":[%s]}\n' "$1" >"$wish"
}

# A queue goes from A to B, another the other way; C is new.
swapped()
{
	pair
	wish_of '{"uuid":"'"$UUID_A"'","adapters":[6],"domains":[4,71],"control_domains":[4],"start":"auto"},
		{"uuid":"'"$UUID_B"'","adapters":[5],"domains":[4],"start":"manual"},
		{"uuid":"'"$UUID_C"'","adapters":[5],"domains":[71],"start":"auto"}'
}

# Domain 0x47 goes back to the host, with the device that has it; 0xab comes.
moved()
{
	local apmask

	pair
	apmask=$(vfioap mask all)
	printf '{"format":1,"pools":{"apmask":"%s","aqmask":"%s"},"devices":[%s]}\n' "$apmask" \
		"$(vfioap mask --change -4,-0xab all)" \
		'{"uuid":"'"$UUID_A"'","adapters":[5],"domains":[4,171],"start":"manual"}' >"$wish"
}

wished_overrides()
{
	printf '{"format":1,"pools":{"overrides":["05.0004","06.0004"]},"devices":[%s]}\n' \
		'{"uuid":"'"$UUID_A"'","adapters":[5,6],"domains":[4],"start":"auto"}' >"$wish"
}

# ---- commands ------------------------------------------------------------------------------------

row reserve '*' plain 'vfioap reserve -d 4,0x47'
row reserve-both-masks '*' pools 'vfioap reserve -A -a 6'
row reserve-exact '6.19|7.3' plain 'vfioap reserve --exact -Q 05.0004,06.0047'
row release '*' pools 'vfioap release -d 4'
row release-exact '6.19|7.3' overridden 'vfioap release -Q 05.0004'
row create '*' plain 'vfioap create --reserve -u $UUID_A -a 5,6 -d 4,0x47 -c 4'
# Not 6.12: as long as vfio_ap is not loaded nothing tells that this kernel has ap_config, so that a
# dry run shows other writes than there will be.
row create-loads '!(6.12)' no_module 'vfioap create --reserve -u $UUID_A -a 5 -d 4'
row create-exact '6.19|7.3' overridden 'vfioap create -u $UUID_A -a 5,6 -d 4'
row remove '*' pair 'vfioap remove $UUID_A'
row remove-all '*' pair 'vfioap remove --all'
row stop-all '*' pair 'vfioap stop --all'
row start '*' defined 'vfioap start $UUID_A $UUID_B'
row start-auto '*' defined 'vfioap start --auto'
row assign '*' pair 'vfioap assign $UUID_A -c 5,6,0x10'
row assign-running '6*|7*' running 'vfioap assign -f $UUID_A -a 4 -c 5'
row unassign '*' pair 'vfioap unassign $UUID_A -a 5 -c 4'
row unassign-running '6*|7*' running 'vfioap unassign -A -f $UUID_A -a 5'
row unassign-filtered '6*|7*' filtered 'vfioap unassign -A $UUID_A -a 6'
row set '*' pair 'vfioap set $UUID_B -a 4,6 -d 0x47 -c 1,2'
row set-start '*' pair 'vfioap set $UUID_B --start auto'
row refresh '6*|7*' filtered 'vfioap refresh $UUID_A'
row apply '*' swapped 'vfioap apply $wish'
row apply-prune '*' moved 'vfioap apply --prune $wish'
row apply-exact '6.19|7.3' wished_overrides 'vfioap apply $wish'
row chzdev '*' plain 'chzdev_ap -a -p -y apmask=-5 aqmask=-4'
row chzdev-back '*' pools 'chzdev_ap -a -p -y aqmask=+4'

# ---- what the kernel may answer -----------------------------------------------------------------

# errnos PATH KERNEL: of a write to this file (kernel-abi.md 1, 3, 4.2, 5.1, 8, 10, 16)
errnos()
{
	local old=

	[ "$2" != 5.15 ] || old=EBUSY
	case $1 in
	*/apmask | */aqmask) echo EBUSY EINVAL EINTR ENOMEM ;;
	*/driver_override) echo EINVAL EINTR ENODEV ENOMEM ;;
	*/unbind) echo ENODEV ;;
	*/drivers_probe) echo ENODEV EINVAL ;;
	*/create) if [ -n "$old" ]; then echo EINVAL EEXIST EPERM ENOMEM ENODEV; else
		echo EINVAL EEXIST EUSERS ENOMEM ENODEV; fi ;;
	*/remove) echo EINVAL ENODEV ENOENT EIO ;;
	*assign_control_domain) echo EINVAL ERANGE ENODEV $old ;;
	*/assign_*) echo EINVAL ERANGE ENODEV EADDRNOTAVAIL EADDRINUSE $old ;;
	*/unassign_*) echo EINVAL ERANGE ENODEV $old ;;
	*/ap_config) echo EINVAL EADDRNOTAVAIL EADDRINUSE ENODEV ;;
	esac
}
