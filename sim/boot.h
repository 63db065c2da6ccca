/* SPDX-License-Identifier: MIT */
#ifndef SIM_BOOT_H
#define SIM_BOOT_H

/** boot_ctl() - `apsim ctl reboot`.  Return: an exit status. */
int boot_ctl(int argc, const char **argv);

#endif
