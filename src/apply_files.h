/* SPDX-License-Identifier: MIT */
/*
 * The steps of a plan that exchange a file of the next boot, for apply.c alone.
 */
#ifndef APPLY_FILES_H
#define APPLY_FILES_H

#include "plan.h"

/**
 * apply_files_prepare() - have every new file written and synced, out of sight
 *
 * Return: 0; -EAGAIN a file is not as the plan takes it to be; other errno.
 */
int apply_files_prepare(int root, struct plan *plan, struct err *err);

/** apply_file_commit() - put one in place; -EAGAIN somebody else was there before */
int apply_file_commit(struct plan_step *step, struct err *err);

/** apply_file_undo() - the old contents again; errno */
int apply_file_undo(struct plan_step *step);

/** apply_files_verify() - read back what peers will read; -EIO it is something else */
int apply_files_verify(int root, const struct plan *plan, const struct wish *want, struct err *err);

#endif
