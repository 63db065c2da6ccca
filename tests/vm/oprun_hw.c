// SPDX-License-Identifier: MIT
/*
 * What a script does beside the files: cards and domains come and go, modules are
 * loaded, guests start.  On a real kernel the hardware is the parameters of the
 * emulation (rig/src/apemu.c); on a simulated one it is `apsim ctl`.  Both keep
 * the same table here, so that both skip what one of them could not do.
 */
#include "oprun.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

#define EMU	 "/sys/module/apemu/parameters/"
#define REARM_S	 1.0  /* config_time is at least 5 s */
#define SETTLE_S 0.15 /* the slowest timer of a queue's state machine is 1/25 s */

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One write; for files that are not part of what is compared. */
static int write_file(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* ---- the emulated hardware's parameters ---------------------------------------- */

/* "4:11:C,6:11:A:d" and back; scripts begin with what check-vm booted. */
static void cards_parse(struct hw *hw, const char *text)
{
	const char *p = text;

	while (isdigit((unsigned char)*p)) {
		char *end, mode;
		unsigned long id = strtoul(p, &end, 10), type;
		struct hw_card *card = &hw->card[id % HW_IDS];

		type = strtoul(end + 1, &end, 10);
		mode = end[1];
		p = end + 2;
		*card = (struct hw_card){ .present = true, .config = true };
		snprintf(card->type, sizeof(card->type), "CEX%lu%c", type - 6, mode);
		if (*p == ':') {
			card->config = p[1] != 'd';
			card->chkstop = p[1] == 's';
			p += 2;
		}
		p += *p == ',';
	}
}

static void domains_parse(bool *set, const char *text)
{
	const char *p = text;

	while (isdigit((unsigned char)*p)) {
		char *end;
		unsigned long id = strtoul(p, &end, 10);

		set[id % HW_IDS] = true;
		p = end + (*end == ',');
	}
}

static void cards_write(const struct hw *hw)
{
	char text[4096] = "";
	size_t len = 0;

	for (unsigned id = 0; id < HW_IDS && len < sizeof(text) - 32; id++) {
		const struct hw_card *card = &hw->card[id];

		if (!card->present)
			continue;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%u:%d:%c%s,", id,
					card->type[3] - '0' + 6, card->type[4],
					!card->config	? ":d"
					: card->chkstop ? ":s"
							: "");
	}
	write_file(EMU "cards", len ? text : ",");
}

static void domains_write(const bool *set, const char *path)
{
	char text[1024] = "";
	size_t len = 0;

	for (unsigned id = 0; id < HW_IDS && len < sizeof(text) - 8; id++) {
		if (set[id])
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%u,", id);
	}
	write_file(path, len ? text : ",");
}

void hw_machine_op(struct run *r, char **argv, int argc)
{
	struct hw *hw = &r->hw;

	if (argc == 3 && !strcmp(argv[1], "cards"))
		cards_parse(hw, argv[2]);
	else if (argc == 3 && !strcmp(argv[1], "domains"))
		domains_parse(hw->usage, argv[2]);
	else if (argc == 3 && !strcmp(argv[1], "control"))
		domains_parse(hw->control, argv[2]);
	run_result(r, "ok");
}

void hw_scans(const struct hw *hw, const char *path, char *text, size_t *len)
{
	char number[32];

	if (!hw->early_scans || strcmp(path, "sys/bus/ap/scans") != 0)
		return;
	*len = (size_t)snprintf(number, sizeof(number), "%lu\n",
				strtoul(text, NULL, 10) - hw->early_scans);
	memcpy(text, number, *len);
}

void hw_init(struct hw *hw)
{
	char text[64];

	hw->real = access(EMU "cards", F_OK) == 0;
	/* else a thread asks the cards for random numbers, and rescans when none answers */
	if (hw->real)
		write_file("/sys/class/misc/hw_random/rng_current", "none");
	if (hw->real && run_read_file("/sys/bus/ap/scans", text, sizeof(text)) > 0)
		hw->early_scans = strtoul(text, NULL, 10) - 1;
	hw_touch(hw);
}

void hw_rearm(struct hw *hw)
{
	char text[64];

	if (!hw->real || now_s() - hw->rearmed < REARM_S)
		return;
	if (run_read_file("/sys/bus/ap/config_time", text, sizeof(text)) > 0)
		write_file("/sys/bus/ap/config_time", text);
	hw->rearmed = now_s();
}

void hw_touch(struct hw *hw)
{
	hw->changed = now_s();
}

void hw_settle(const struct hw *hw)
{
	double left = hw->changed + SETTLE_S - now_s();

	if (hw->real && left > 0)
		usleep((useconds_t)(left * 1e6));
}

/* Has a queue been started that found no driver when it came? */
static bool queue_lacks_driver(void)
{
	DIR *dir = opendir("/sys/bus/ap/devices");
	struct dirent *entry;
	bool lacks = false;

	while (dir && !lacks && (entry = readdir(dir))) {
		char path[512], text[64];

		snprintf(path, sizeof(path), "/sys/bus/ap/devices/%s/driver", entry->d_name);
		if (!strchr(entry->d_name + 1, '.') || access(path, F_OK) == 0)
			continue;
		snprintf(path, sizeof(path), "/sys/bus/ap/devices/%s/request_count", entry->d_name);
		lacks = run_read_file(path, text, sizeof(text)) > 0 && *text != '-';
	}
	if (dir)
		closedir(dir);
	return lacks;
}

/* The kernel polls bound queues alone: for others a timer that still runs would decide. */
static void settle_unbound(const struct hw *hw)
{
	if (hw->real && hw->changed + SETTLE_S > now_s() && queue_lacks_driver())
		hw_settle(hw);
}

static bool path_binds(const char *name)
{
	return !strcmp(name, "bind") || !strcmp(name, "drivers_probe") || !strcmp(name, "apmask") ||
	       !strcmp(name, "aqmask");
}

void hw_before_write(const struct hw *hw, const char *path)
{
	if (path_binds(strrchr(path, '/') + 1))
		settle_unbound(hw);
}

/* ---- what must not be done ------------------------------------------------------- */

/* Binding a queue of a card without driver is an oops (K 3). */
static bool card_lacks_driver(void)
{
	DIR *dir = opendir("/sys/bus/ap/devices");
	struct dirent *entry;
	bool lacks = false;

	while (dir && (entry = readdir(dir))) {
		char path[512];

		if (strncmp(entry->d_name, "card", 4) != 0)
			continue;
		snprintf(path, sizeof(path), "/sys/bus/ap/devices/%s/driver", entry->d_name);
		lacks |= access(path, F_OK) < 0;
	}
	if (dir)
		closedir(dir);
	return lacks;
}

static struct hw_guest *guest_find(const struct hw *hw, const char *uuid, size_t len)
{
	for (size_t i = 0; i < HW_GUESTS; i++) {
		const struct hw_guest *guest = &hw->guest[i];

		if (strlen(guest->uuid) == len && strncasecmp(guest->uuid, uuid, len) == 0)
			return (struct hw_guest *)guest;
	}
	return NULL;
}

const char *hw_forbids(const struct hw *hw, const char *path, const char *text, size_t len)
{
	const char *name = strrchr(path, '/') + 1, *dir;

	if (fnmatch("sys/bus/ap/drivers/cex*card/unbind", path, FNM_PATHNAME) == 0)
		return "K 3: a queue that is bound to the host's driver later is an oops";
	if (path_binds(name) && len && memcmp(text, "card", len < 4 ? len : 4) != 0 &&
	    card_lacks_driver())
		return "K 3: a card has no driver";
	if (!strcmp(name, "remove") && name - path > 37) {
		dir = name - 37;
		if (guest_find(hw, dir, 36))
			return "K 8.2: waits for the guest";
	}
	if (fnmatch("sys/bus/mdev/drivers/*/unbind", path, FNM_PATHNAME) == 0 &&
	    guest_find(hw, text, len > 36 ? 36 : len))
		return "K 8.2: waits for the guest";
	if (fnmatch("sys/devices/ap/card*/config", path, FNM_PATHNAME) == 0 &&
	    hw->card[strtoul(name - 3, NULL, 16) % HW_IDS].chkstop)
		return "the emulated card is either deconfigured or checkstopped";
	return NULL;
}

void hw_card_config(struct hw *hw, const char *path, const char *before, const char *after)
{
	const char *name = strrchr(path, '/');
	struct hw_card *card = &hw->card[strtoul(name - 2, NULL, 16) % HW_IDS];

	if (strcmp(before, after) != 0)
		card->config = *after == '1';
}

/* ---- programs ---------------------------------------------------------------------- */

/* Exit status; output goes nowhere. */
static int spawn_wait(char *const *argv)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char *apsim(void)
{
	char *path = getenv("APSIM");

	return path ? path : (char *)"/run/apsim/apsim";
}

/* ---- operations ---------------------------------------------------------------------- */

/* hw card VERB ID [TYPE]: false when the verb means nothing now */
static bool card_change(struct hw *hw, const char *verb, unsigned long id, const char *type)
{
	struct hw_card *card = &hw->card[id % HW_IDS];

	if (!strcmp(verb, "add") && type) {
		*card = (struct hw_card){ .present = true, .config = true };
		snprintf(card->type, sizeof(card->type), "%s", type);
		return true;
	}
	if (!card->present)
		return false;
	if (!strcmp(verb, "remove"))
		*card = (struct hw_card){ .present = false };
	else if (!strcmp(verb, "config") || !strcmp(verb, "deconfig"))
		card->config = *verb == 'c';
	else if (!strcmp(verb, "chkstop") || !strcmp(verb, "unchkstop"))
		card->chkstop = *verb == 'c';
	else
		return false;
	return true;
}

void hw_op(struct run *r, char **argv, int argc)
{
	char *ctl[RUN_ARGS + 3] = { apsim(), (char *)"ctl" };
	struct hw *hw = &r->hw;
	int rc = 0;

	if (argc >= 4 && !strcmp(argv[1], "card")) {
		if (!card_change(hw, argv[2], strtoul(argv[3], NULL, 10),
				 argc > 4 ? argv[4] : NULL)) {
			run_result(r, "nothing to do");
			return;
		}
	} else if (argc == 5 && !strcmp(argv[1], "domain")) {
		bool *set = !strcmp(argv[3], "--usage") ? hw->usage : hw->control;

		set[strtoul(argv[4], NULL, 10) % HW_IDS] = !strcmp(argv[2], "add");
	}
	hw_settle(hw); /* no reset is under way when the hardware changes */
	if (hw->real) {
		cards_write(hw);
		domains_write(hw->usage, EMU "domains");
		domains_write(hw->control, EMU "control");
	} else {
		memcpy(ctl + 2, argv + 1, (size_t)(argc - 1) * sizeof(*ctl));
		rc = spawn_wait(ctl);
	}
	hw_touch(hw);
	run_result(r, "exit %d", rc);
}

void hw_module_op(struct run *r, char **argv, int argc)
{
	char *cmd[] = { (char *)"modprobe", (char *)"vfio_ap", NULL };
	int rc;

	if (argc == 2 && !strcmp(argv[1], "unload"))
		cmd[0] = (char *)"rmmod";
	settle_unbound(&r->hw);
	rc = spawn_wait(cmd);
	hw_touch(&r->hw);
	run_result(r, "exit %d", rc);
}

/* hold-mdev says READY when the device is open; it ends when it cannot be. */
static int hold_start(struct hw_guest *guest, const char *uuid)
{
	char answer[6] = "";
	int out[2];

	if (pipe(out) < 0)
		return -1;
	guest->pid = fork();
	if (guest->pid == 0) {
		dup2(out[1], 1);
		close(out[0]);
		close(out[1]);
		dup2(open("/dev/null", O_WRONLY), 2);
		execlp("hold-mdev", "hold-mdev", uuid, (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	if (read(out[0], answer, 5) != 5) {
		waitpid(guest->pid, NULL, 0);
		guest->pid = 0;
	}
	close(out[0]);
	return guest->pid > 0 ? 0 : 1;
}

static int guest_stop(struct hw *hw, struct hw_guest *guest)
{
	char *cmd[] = {
		apsim(), (char *)"ctl", (char *)"guest", (char *)"stop", guest->uuid, NULL
	};
	int rc = 0;

	if (hw->real) {
		kill(guest->pid, SIGKILL);
		waitpid(guest->pid, NULL, 0);
	} else {
		rc = spawn_wait(cmd);
	}
	guest->uuid[0] = '\0';
	return rc;
}

void hw_guest_op(struct run *r, char **argv, int argc)
{
	struct hw *hw = &r->hw;
	struct hw_guest *guest;
	int rc;

	if (argc != 3)
		return;
	guest = guest_find(hw, argv[2], strlen(argv[2]));
	if (!strcmp(argv[1], "stop")) {
		rc = guest ? guest_stop(hw, guest) : 1;
	} else if (guest) {
		rc = 1;
	} else {
		char *cmd[] = { apsim(),	 (char *)"ctl", (char *)"guest",
				(char *)"start", argv[2],	NULL };

		guest = guest_find(hw, "", 0);
		rc = !guest ? 1 : hw->real ? hold_start(guest, argv[2]) : spawn_wait(cmd);
		if (rc == 0)
			snprintf(guest->uuid, sizeof(guest->uuid), "%s", argv[2]);
	}
	hw_touch(hw);
	run_result(r, "%s", rc == 0 ? "ok" : "failed");
}

void hw_done(struct hw *hw)
{
	for (size_t i = 0; i < HW_GUESTS; i++) {
		if (hw->guest[i].uuid[0])
			guest_stop(hw, &hw->guest[i]);
	}
}
