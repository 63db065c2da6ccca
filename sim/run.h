/* SPDX-License-Identifier: MIT */
#ifndef SIM_RUN_H
#define SIM_RUN_H

/** run_main() - `apsim run`; @argv[0] is for messages.  Return: an exit status. */
int run_main(int argc, const char **argv);

#endif
