/* SPDX-License-Identifier: MIT */
#ifndef SIM_MOUNT_H
#define SIM_MOUNT_H

/** mount_main() - `apsim mount`; @argv[0] is for messages.  Return: an exit status. */
int mount_main(int argc, const char **argv);

#endif
