/* SPDX-License-Identifier: MIT */
/*
 * The server: a machine, the FUSE session that shows it as files, and what the
 * `control` file beside them changes.  `apsim run` and `apsim mount` each have one.
 */
#ifndef SIM_SERVE_H
#define SIM_SERVE_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "inject.h"
#include "inode.h"
#include "machine.h"
#include "wlog.h"

struct fuse_session;
struct monitor;

struct serve {
	struct machine *machine;
	struct wlog *log;
	struct inject *inject;
	struct inode_table *inodes;
	struct monitor *monitor; /* where events go; NULL: nowhere */
	struct fuse_session *session;
	bool boot_vfio_ap; /* the host loads vfio_ap when it boots */
	char *prefix;	   /* where the root is seen: "" or an absolute path */
	uid_t uid;	   /* whose the control file is */
	gid_t gid;
	struct timespec started;
	pthread_t main; /* is told by SIGTERM when the file system was unmounted */

	pthread_mutex_t lock;	 /* of all below */
	pthread_cond_t released; /* a group was closed, or a worker has ended */
	unsigned closing;	 /* open /dev/vfio/N that are being closed, see fuse.c */
	unsigned closing_round;
	unsigned workers;
	unsigned idle; /* workers that wait for a request */
	struct serve_open *opened;
};

/** struct serve_open - a file or directory that is open; first member of what is known of it */
struct serve_open {
	struct serve_open *prev, *next;
	void (*free)(struct serve *s, struct serve_open *open);
};

/**
 * serve_open_add(), serve_open_free() - begin and end it
 *
 * When the file system is unmounted the kernel need not have told of each close():
 * serve_free() ends what is left.
 */
void serve_open_add(struct serve *s, struct serve_open *open);
void serve_open_free(struct serve *s, struct serve_open *open);

/** struct serve_config - how to serve; @machine options are those of machine_new() */
struct serve_config {
	const struct lpar *lpar;
	const struct traits *traits;
	const char *prefix;
	bool events; /* send them to the network namespace's udev group */
};

/** serve_free() - the machine and all else; no thread may be left */
struct serve *serve_free(struct serve *s);

/** serve_new() - boot the machine and make the session; not mounted, nothing served yet */
int serve_new(const struct serve_config *config, struct serve **ret, struct err *err);

/**
 * serve_start() - mount at @mountpoint, or serve the descriptor of "/dev/fd/N", and
 *                 start the threads that answer
 *
 * The caller has blocked the signals that it waits for; when somebody unmounts the file
 * system the calling thread is sent SIGTERM.
 */
int serve_start(struct serve *s, const char *mountpoint, struct err *err);

/**
 * serve_stop() - unmount, unless it was a descriptor that was served, and free @s
 *
 * Not freed is what somebody still uses, who has a file open or waits in a write.
 */
void serve_stop(struct serve *s);

#endif
