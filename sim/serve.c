// SPDX-License-Identifier: MIT
/*
 * The FUSE session and its threads.  libfuse's own loop has a limit of threads; a
 * machine whose `remove` is blocked by guests holds as many as there are writers,
 * and must still answer the one who ends the guest.  What the requests mean is
 * left to fuse.c.
 */
#include "serve.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <signal.h>
#include <string.h>

#include "fuse.h"
#include "monitor.h"
#include "util.h"

#define STOP_TIMEOUT_SECONDS 1
#define SERVE_IDLE_MAX	     4 /* workers that may wait; more end when they have answered */

#ifdef __SANITIZE_ADDRESS__
/*
 * libfuse keeps an interrupt whose request has been answered already until the next request
 * comes, and does not free it when there is none any more.  What our own handlers lose is below
 * the same library, and passed over as well; serve_free() ends what they have open.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libfuse3.so";
}

const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}
#endif

static void hook_log(void *arg, const char *line)
{
	struct serve *s = arg;

	wlog_note(s->log, "kernel", line);
}

static void hook_uevent(void *arg, const char *buf, size_t len)
{
	struct serve *s = arg;

	if (s->monitor)
		monitor_send(s->monitor, buf, len);
}

static int session_new(struct serve *s, struct err *err)
{
	char *argv[] = { (char *)"apsim", (char *)"-ofsname=apsim,subtype=apsim", NULL };
	struct fuse_args args = { .argc = 2, .argv = argv };

	/* As root others can look at the machine, too; an ordinary user may not offer that. */
	if (geteuid() == 0)
		argv[1] = (char *)"-ofsname=apsim,subtype=apsim,allow_other";
	s->session = fuse_session_new(&args, fuse_ops_get(), sizeof(struct fuse_lowlevel_ops), s);
	fuse_opt_free_args(&args);
	return s->session ? 0 : err_set(err, -ENOMEM, "cannot start a FUSE session");
}

void serve_open_add(struct serve *s, struct serve_open *open)
{
	pthread_mutex_lock(&s->lock);
	open->prev = NULL;
	open->next = s->opened;
	if (open->next)
		open->next->prev = open;
	s->opened = open;
	pthread_mutex_unlock(&s->lock);
}

void serve_open_free(struct serve *s, struct serve_open *open)
{
	pthread_mutex_lock(&s->lock);
	if (open->next)
		open->next->prev = open->prev;
	if (open->prev)
		open->prev->next = open->next;
	else
		s->opened = open->next;
	pthread_mutex_unlock(&s->lock);
	open->free(s, open);
}

struct serve *serve_free(struct serve *s)
{
	if (!s)
		return NULL;
	if (s->session)
		fuse_session_destroy(s->session);
	while (s->opened)
		serve_open_free(s, s->opened);
	machine_free(s->machine);
	monitor_free(s->monitor);
	inode_table_free(s->inodes);
	inject_free(s->inject);
	wlog_free(s->log);
	pthread_cond_destroy(&s->released);
	pthread_mutex_destroy(&s->lock);
	free(s->prefix);
	free(s);
	return NULL;
}

static void serve_cleanup(struct serve **s)
{
	serve_free(*s);
}

int serve_new(const struct serve_config *config, struct serve **ret, struct err *err)
{
	_cleanup_(serve_cleanup) struct serve *s = calloc(1, sizeof(*s));
	struct machine_hooks hooks = { .log = hook_log, .uevent = hook_uevent, .arg = s };
	int rc = 0;

	if (!s)
		return err_oom(err);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->released, NULL);
	s->closing_round = 1; /* an open file starts with 0 */
	s->boot_vfio_ap = config->lpar->vfio_ap;
	s->uid = geteuid();
	s->gid = getegid();
	s->main = pthread_self();
	clock_gettime(CLOCK_REALTIME, &s->started);
	s->log = wlog_new();
	s->inject = inject_new();
	s->inodes = inode_table_new();
	s->prefix = strdup(config->prefix);
	if (!s->log || !s->inject || !s->inodes || !s->prefix)
		return err_oom(err);
	if (config->events)
		rc = monitor_new(&s->monitor, err);
	if (rc == 0)
		rc = machine_new(config->lpar, config->traits, &hooks, &s->machine, err);
	if (rc == 0)
		rc = session_new(s, err);
	if (rc == 0)
		*ret = TAKE_PTR(s);
	return rc;
}

/* ---- workers ------------------------------------------------------------------------- */

static int worker_start(struct serve *s);

/* Called with a request in hand: who takes the next one? */
static void worker_busy(struct serve *s)
{
	bool last;

	pthread_mutex_lock(&s->lock);
	last = --s->idle == 0;
	pthread_mutex_unlock(&s->lock);
	if (last)
		worker_start(s);
}

static bool worker_idle(struct serve *s)
{
	bool stay;

	pthread_mutex_lock(&s->lock);
	stay = s->idle < SERVE_IDLE_MAX;
	if (stay)
		s->idle++;
	pthread_mutex_unlock(&s->lock);
	return stay;
}

static void worker_end(struct serve *s)
{
	pthread_mutex_lock(&s->lock);
	s->workers--;
	pthread_cond_broadcast(&s->released);
	pthread_mutex_unlock(&s->lock);
}

static void *worker_main(void *arg)
{
	struct serve *s = arg;
	struct fuse_buf buf = { 0 };
	int rc;

	for (;;) {
		rc = fuse_session_receive_buf(s->session, &buf);
		if (rc == -EINTR || rc == -EAGAIN)
			continue;
		if (rc <= 0) {
			pthread_kill(s->main, SIGTERM); /* unmounted */
			break;
		}
		worker_busy(s);
		fuse_session_process_buf(s->session, &buf);
		if (!worker_idle(s))
			break;
	}
	free(buf.mem);
	worker_end(s); /* from here on it may be gone */
	return NULL;
}

static int worker_start(struct serve *s)
{
	pthread_t thread;
	int rc;

	pthread_mutex_lock(&s->lock);
	s->idle++;
	s->workers++;
	pthread_mutex_unlock(&s->lock);
	rc = pthread_create(&thread, NULL, worker_main, s);
	if (rc == 0) {
		pthread_detach(thread);
		return 0;
	}
	pthread_mutex_lock(&s->lock);
	s->idle--;
	s->workers--;
	pthread_mutex_unlock(&s->lock);
	return -rc;
}

int serve_start(struct serve *s, const char *mountpoint, struct err *err)
{
	sigset_t all, old;
	int rc;

	if (fuse_session_mount(s->session, mountpoint) != 0)
		return err_set(err, -EIO, "cannot mount a FUSE file system at '%s'", mountpoint);

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = worker_start(s);
	if (rc == 0)
		rc = worker_start(s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc < 0 ? err_errno(err, rc, "cannot start a thread") : 0;
}

/* True when all workers have ended, as they do when nothing is mounted any more. */
static bool workers_wait(struct serve *s)
{
	struct timespec until;
	int rc = 0;
	bool all;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STOP_TIMEOUT_SECONDS;
	pthread_mutex_lock(&s->lock);
	while (s->workers && rc == 0)
		rc = pthread_cond_timedwait(&s->released, &s->lock, &until);
	all = !s->workers;
	pthread_mutex_unlock(&s->lock);
	return all;
}

void serve_stop(struct serve *s)
{
	fuse_session_unmount(s->session);
	if (workers_wait(s))
		serve_free(s);
}
