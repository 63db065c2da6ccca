#!/bin/sh
# For mdevctl before 1.3, which asks the callouts of this directory alone.  Without the program, when
# the package has been removed but not purged: 2 is "not a device of mine".
callout=/usr/libexec/vfioap/vfioap-callout

[ -x "$callout" ] || exit 2
exec "$callout" "$@"
