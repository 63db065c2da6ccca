/* SPDX-License-Identifier: MIT */
#ifndef SIM_MODPROBE_H
#define SIM_MODPROBE_H

/** modprobe_main() - apsim as modprobe(8).  Return: its exit status. */
int modprobe_main(int argc, const char **argv);

/** rmmod_main() - apsim as rmmod(8).  Return: its exit status. */
int rmmod_main(int argc, const char **argv);

#endif
