/* SPDX-License-Identifier: MIT */
/*
 * What is mounted for COMMAND over the file system of the host: the machine at
 * /sys and /dev/vfio, fresh /run and /dev, layers over /etc and /sbin.
 */
#ifndef SIM_LAYERS_H
#define SIM_LAYERS_H

#include "err.h"
#include "machine.h"

struct layers {
	const struct lpar *lpar;
	char *exe;  /* the program apsim, which is modprobe and rmmod, too */
	char *keep; /* directory for what is written to /etc and /run; NULL: nowhere */
	int exe_fd, keep_fd;
};

void layers_done(struct layers *l);

/** layers_init() - look up @exe and, if given, make @keep, while the host is still visible */
int layers_init(struct layers *l, const struct lpar *lpar, const char *keep, struct err *err);

/* Where serve_start()'s file system has to be mounted between the next two. */
#define LAYERS_MACHINE "/run/.apsim/machine"

/** layers_prepare() - in the server's mount namespace: /run, and a place for the other layers */
int layers_prepare(struct layers *l, struct err *err);

/**
 * layers_stack() - move into a mount namespace of COMMAND's own, and mount all there that
 *                  does not need the machine to be served
 */
int layers_stack(struct layers *l, struct err *err);

/** layers_machine() - put the machine where COMMAND sees it, and hide the scaffold */
int layers_machine(struct err *err);

/** layers_tidy() - when COMMAND's namespace is gone: remove what @keep should not keep */
void layers_tidy(struct layers *l);

#endif
