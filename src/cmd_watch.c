// SPDX-License-Identifier: MIT
/*
 * vfioap watch: follow what happens to the machine.  An event is a reason to look again; what is
 * told is the difference between two looks, watch.c's, so that a flood of events is one.
 */
#include "commands.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "monitor.h"
#include "out.h"
#include "paths.h"
#include "watch.h"
#include "zcrypt.h"

/* Events come in crowds: look when there was none for so long, but not later than that. */
#define QUIET_MS 100
#define CROWD_MS 1000

/* When the machine could not be read, half way through a change for example. */
#define AGAIN_MS 250

/* A card that is checkstopped sends no event: so often the few files of the cards are read. */
#define CARDS_MS (10 * 1000)

static volatile sig_atomic_t stop_signal;

static void stop_handler(int signal)
{
	stop_signal = signal;
}

/* struct watch - the run; @was: the machine as last told of */
struct watch {
	struct monitor *monitor;
	struct monitor_news *news;
	struct watch_look *was;
	sigset_t mask; /* of signals while there is nothing to do */
};

static void watch_done(struct watch *watch)
{
	monitor_free(watch->monitor);
	free(watch->news);
	watch_look_free(watch->was);
}

/*
 * They interrupt nothing but the wait.  A shell has its background jobs ignore SIGINT; it is how
 * this command ends, so it is caught all the same.
 */
static void signals_catch(sigset_t *ret_mask)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction action = { .sa_handler = stop_handler };
	sigset_t block;

	sigemptyset(&block);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct sigaction old;

		/* nohup(1) */
		if (signals[i] == SIGHUP && sigaction(SIGHUP, NULL, &old) == 0 &&
		    old.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &action, NULL);
		sigaddset(&block, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &block, ret_mask);
}

/* ---- a look --------------------------------------------------------------------- */

static int cards_look(struct app *app, struct watch_look *look)
{
	VFIOAP_MASK_FOREACH(apid, &look->now->bus.cards) {
		struct apbus_info card;
		int rc = apbus_card_state(app->root, apid, &card, &app->err);

		if (rc < 0)
			return rc;
		look->card[apid] = card.status;
	}
	return 0;
}

/* Asked are those that an event has named, and those that were not the host's before. */
static void online_look(struct app *app, const struct watch *watch, struct watch_look *look)
{
	const struct watch_look *was = watch->was;
	struct qset ask = look->now->bus.host_driver;

	if (was && !watch->news->lost) {
		look->online = was->online;
		qset_and(&look->online, &look->now->bus.host_driver);
		qset_andnot(&ask, &was->now->bus.host_driver);
		qset_or(&ask, &watch->news->queues);
		qset_and(&ask, &look->now->bus.host_driver);
		qset_andnot(&look->online, &ask);
	}
	QSET_FOREACH(apid, apqi, &ask)
		if (zcrypt_is_online(app->root, apid, apqi))
			qset_add(&look->online, apid, apqi);
}

/* What can be listened to depends on what there is. */
static void files_watch(const struct app *app, const struct watch *watch,
			const struct watch_look *look)
{
	char path[PATH_SIZE];

	monitor_watch(watch->monitor, app->root, PATH_AP_BUS, false);
	monitor_watch(watch->monitor, app->root, PATH_VFIO_NODES, true);
	monitor_watch(watch->monitor, app->root, PATH_VFIO_NODES "/devices", true);
	for (size_t i = 0; i < look->now->mdevs.n; i++)
		monitor_watch(watch->monitor, app->root,
			      path_mdev(path, look->now->mdevs.v[i].uuid, NULL), false);
}

static int look_read(struct app *app, const struct watch *watch, struct watch_look **ret)
{
	const unsigned parts = SNAPSHOT_BUS | SNAPSHOT_DEVICES | SNAPSHOT_GUEST | SNAPSHOT_HOLDERS;
	_cleanup_(watch_look_freep) struct watch_look *look = calloc(1, sizeof(*look));
	int rc;

	if (!look)
		return err_oom(&app->err);
	rc = snapshot_read(app->root, parts, &look->now, &app->err);
	if (rc == 0)
		rc = cards_look(app, look);
	if (rc < 0)
		return rc;
	online_look(app, watch, look);
	*ret = TAKE_PTR(look);
	return 0;
}

static bool has_new_device(const struct watch_look *was, const struct watch_look *is)
{
	for (size_t i = 0; i < is->now->mdevs.n; i++)
		if (!was || !snapshot_device(was->now, is->now->mdevs.v[i].uuid))
			return true;
	return false;
}

/* A device that is new is looked at once more when it is listened to: no write is lost then. */
static int look(struct app *app, const struct watch *watch, struct watch_look **ret)
{
	_cleanup_(watch_look_freep) struct watch_look *first = NULL;
	int rc = look_read(app, watch, &first);

	if (rc < 0)
		return rc;
	files_watch(app, watch, first);
	if (has_new_device(watch->was, first))
		return look_read(app, watch, ret);
	*ret = TAKE_PTR(first);
	return 0;
}

/* ---- what is told --------------------------------------------------------------- */

static void change_json(struct app *app, const struct watch_change *change)
{
	struct json_object *object = out_json_new(), *array = out_json_array();
	char text[64] = "";
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	for (size_t i = 0; i < change->n; i++)
		out_json_append(array, out_json_text(change->consequence[i]));
	out_json_add_text(object, "time", text);
	out_json_add_text(object, "event", watch_event_name(change->event));
	out_json_add_text(object, "subject", change->subject);
	out_json_add_text(object, "change", change->change);
	out_json_add(object, "consequences", array);
	out_json_print(app, object);
}

/* "adapter 5 deconfigured: guest web1 keeps 05.0004 assigned but cannot use it" */
static void change_print(struct app *app, const struct watch_change *change)
{
	out_printf(app, "%s %s", change->subject, change->change);
	for (size_t i = 0; i < change->n; i++)
		out_printf(app, "%s %s", i ? ";" : ":", change->consequence[i]);
	out_printf(app, "\n");
}

static int look_again(struct app *app, struct watch *watch)
{
	_cleanup_(watch_changes_done) struct watch_changes changes = { 0 };
	_cleanup_(watch_look_freep) struct watch_look *is = NULL;
	int rc = look(app, watch, &is);

	if (rc < 0)
		return rc;
	if (watch_compare(watch->was, is, &changes) < 0)
		return err_oom(&app->err);
	watch_look_free(watch->was);
	watch->was = TAKE_PTR(is);
	*watch->news = (struct monitor_news){ 0 };
	for (size_t i = 0; i < changes.n; i++) {
		if (app->json)
			change_json(app, &changes.v[i]);
		else
			change_print(app, &changes.v[i]);
		if (out_flush(app) < 0)
			return STATUS_STOP;
	}
	return 0;
}

/* ---- the wait ------------------------------------------------------------------- */

static long elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

/*
 * Until something has come, a signal, or @wait_ms have gone.
 * Return: 0, STATUS_STOP when it is over, or negative errno.
 */
static int wait_once(struct app *app, const struct watch *watch, long wait_ms)
{
	const struct timespec wait = { .tv_sec = wait_ms / 1000,
				       .tv_nsec = wait_ms % 1000 * 1000000 };
	struct pollfd fds[MONITOR_FDS + 1] = { { .fd = STDOUT_FILENO } };
	int listen[MONITOR_FDS], rc;

	monitor_fds(watch->monitor, listen);
	for (size_t i = 0; i < MONITOR_FDS; i++)
		fds[i + 1] = (struct pollfd){ .fd = listen[i], .events = POLLIN };
	rc = ppoll(fds, ARRAY_SIZE(fds), &wait, &watch->mask);
	if (rc < 0 && errno != EINTR)
		return err_errno(&app->err, -errno, "poll");
	/* The reader of a pipe has gone: nobody is told any more. */
	if (stop_signal || (rc > 0 && fds[0].revents & (POLLERR | POLLHUP)))
		return STATUS_STOP;
	return monitor_drain(watch->monitor, watch->news, &app->err);
}

static bool cards_changed(const struct app *app, const struct watch_look *was)
{
	VFIOAP_MASK_FOREACH(apid, &was->now->bus.cards) {
		struct apbus_info card;

		if (apbus_card_state(app->root, apid, &card, NULL) == 0 &&
		    card.status != was->card[apid])
			return true;
	}
	return false;
}

/* Until something has come, and then until no more comes. */
static int wait_for_news(struct app *app, const struct watch *watch, long wait_ms)
{
	struct timespec since;
	int rc = 0;

	while (rc == 0 && !watch->news->any && wait_ms < 0) {
		rc = wait_once(app, watch, CARDS_MS);
		if (rc == 0 && !watch->news->any)
			watch->news->any = cards_changed(app, watch->was);
	}
	clock_gettime(CLOCK_MONOTONIC, &since);
	for (bool more = true; rc == 0 && more && elapsed_ms(&since) < CROWD_MS;) {
		watch->news->any = false;
		rc = wait_once(app, watch, wait_ms < 0 ? QUIET_MS : wait_ms);
		more = watch->news->any;
	}
	return rc;
}

/* A machine that cannot be read stays as it was, until it can; that is said once. */
static int watch_loop(struct app *app, struct watch *watch)
{
	bool told = false;
	long wait_ms = -1;
	int rc;

	for (;;) {
		rc = wait_for_news(app, watch, wait_ms);
		if (rc)
			return rc;
		rc = look_again(app, watch);
		if (rc > 0 || rc == -ENOMEM)
			return rc;
		wait_ms = rc < 0 ? AGAIN_MS : -1;
		if (rc == 0)
			told = false;
		else if (rc != -ENOENT && rc != -ENODEV && !told) {
			cmd_warn(app, "%s, trying again", app->err.what);
			told = true;
		}
		app->err = (struct err){ 0 };
	}
}

static int watch_run(struct app *app)
{
	_cleanup_(watch_done) struct watch watch = { 0 };
	int rc;

	watch.news = calloc(1, sizeof(*watch.news));
	if (!watch.news)
		return err_oom(&app->err);
	signals_catch(&watch.mask);
	rc = monitor_new(&watch.monitor, &app->err);
	if (rc == 0)
		rc = look(app, &watch, &watch.was);
	if (rc < 0)
		return rc;
	if (!watch.was->now->bus.present)
		return cmd_fail(app, STATUS_NOT_FOUND, "this machine has no AP bus");
	if (geteuid() != 0)
		cmd_note(app, "not root: not all guests can be seen");
	cmd_note(app, "watching");
	rc = watch_loop(app, &watch);
	return rc == STATUS_STOP ? 0 : rc;
}

int cmd_watch(struct app *app, int argc, const char **argv)
{
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = { CMD_COMMON_OPTIONS(app), POPT_TABLEEND };
	const struct cmd_syntax syntax = { .options = options };
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (!rc)
		rc = cmd_args_check(app, &args, 0, 0);
	if (rc)
		return rc;
	if (app->sysroot) {
		cmd_usage(app,
			  "nothing happens below '%s': 'watch' follows the running system alone",
			  app->sysroot);
		return STATUS_USAGE;
	}
	return watch_run(app);
}
