// SPDX-License-Identifier: MIT
/*
 * opgen KERNEL SEED OPERATIONS DIR: write DIR/script, a random script for oprun,
 * and the machine that it begins on twice: DIR/cmdline for the real kernel,
 * DIR/lpar.json for the simulator.  The same arguments give the same files.
 */
#include "opgen.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* splitmix64 */
static uint64_t next(struct gen *g)
{
	uint64_t z = (g->rng += 0x9e3779b97f4a7c15U);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

unsigned gen_below(struct gen *g, unsigned n)
{
	return (unsigned)(next(g) % n);
}

void gen_line(struct gen *g, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(g->out, fmt, args);
	va_end(args);
	putc('\n', g->out);
	g->count++;
}

static void kernel_init(struct gen *g, const char *kernel)
{
	g->has_ap_config = strcmp(kernel, "6.1") != 0;
	g->has_override = *kernel == '7';
	g->overflows = *kernel == '6';
}

/* ---- the machine ------------------------------------------------------------------ */

static bool has_card(const struct gen *g, unsigned id)
{
	for (unsigned i = 0; i < g->n_cards; i++) {
		if (g->card[i].id == id)
			return true;
	}
	return false;
}

static bool has_domain(const struct gen *g, unsigned id)
{
	for (unsigned i = 0; i < g->n_domains; i++) {
		if (g->domain[i] == id)
			return true;
	}
	return false;
}

static void machine_init(struct gen *g)
{
	static const unsigned ids[] = { 4, 5, 6, 0, 1, 9, 10, 0x20, 0x3f };
	static const unsigned domains[] = { 4, 6, 0x47, 0, 1, 0x10, 0x11, 0x54 };
	static const char modes[] = { 'C', 'C', 'C', 'A', 'P' };
	bool large = gen_chance(g, 60);

	g->max_adapter = large ? 255 : 63;
	g->max_domain = large ? 255 : 84;
	for (unsigned n = 2 + gen_below(g, GEN_CARDS - 3); g->n_cards < n;) {
		struct gen_card *card = &g->card[g->n_cards];
		unsigned id = GEN_PICK(g, ids);

		if (has_card(g, id))
			continue;
		card->id = id;
		snprintf(card->type, sizeof(card->type), "CEX%u%c", 4 + gen_below(g, 5),
			 GEN_PICK(g, modes));
		g->n_cards++;
	}
	for (unsigned n = 2 + gen_below(g, GEN_DOMAINS - 3); g->n_domains < n;) {
		unsigned id =
			large && gen_chance(g, 20) ? 255 - gen_below(g, 90) : GEN_PICK(g, domains);

		if (!has_domain(g, id))
			g->domain[g->n_domains++] = id;
	}
	for (unsigned i = 0; i < GEN_UUIDS; i++)
		snprintf(g->uuid[i], sizeof(g->uuid[i]), "%08x-f1bb-47f0-914d-32a22e3a8804",
			 0x62177883 + i);
}

/* "4:11:C,6:11:A": also for the emulation's parameter. */
static void cards_print(const struct gen *g, FILE *out)
{
	for (unsigned i = 0; i < g->n_cards; i++)
		fprintf(out, "%s%u:%d:%c", i ? "," : "", g->card[i].id,
			g->card[i].type[3] - '0' + 6, g->card[i].type[4]);
}

static void domains_print(const struct gen *g, FILE *out)
{
	for (unsigned i = 0; i < g->n_domains; i++)
		fprintf(out, "%s%u", i ? "," : "", g->domain[i]);
}

static void cmdline_print(const struct gen *g, FILE *out)
{
	fputs("apemu.cards=", out);
	cards_print(g, out);
	fputs(" apemu.domains=", out);
	domains_print(g, out);
	fputs(" apemu.control=", out);
	domains_print(g, out);
	fprintf(out, " apemu.na=%u apemu.nd=%u apemu.qact=1\n", g->max_adapter, g->max_domain);
}

static void lpar_print(const struct gen *g, FILE *out)
{
	fputs("{\"format\":1,\"cards\":[", out);
	for (unsigned i = 0; i < g->n_cards; i++)
		fprintf(out, "%s{\"id\":%u,\"type\":\"%s\"}", i ? "," : "", g->card[i].id,
			g->card[i].type);
	fputs("],\"usage_domains\":\"", out);
	domains_print(g, out);
	fputs("\",\"control_domains\":\"", out);
	domains_print(g, out);
	fprintf(out, "\",\"max_adapter\":%u,\"max_domain\":%u,\"vfio_ap\":true}\n", g->max_adapter,
		g->max_domain);
}

/* ---- the script --------------------------------------------------------------------- */

static void machine_lines(struct gen *g)
{
	fputs("machine cards ", g->out);
	cards_print(g, g->out);
	fputs("\nmachine domains ", g->out);
	domains_print(g, g->out);
	fputs("\nmachine control ", g->out);
	domains_print(g, g->out);
	putc('\n', g->out);
	g->count += 3;
	gen_line(g, "w sys/bus/ap/config_time 60");
	/* While a kernel boots, drivers and queues come as it happens: bind all in order. */
	gen_line(g, "w sys/bus/ap/apmask -0-255");
	gen_line(g, "w sys/bus/ap/apmask +0-255");
	for (unsigned i = 0; i < GEN_UUIDS; i++)
		gen_line(g, "w " GEN_TYPE "/create %s", g->uuid[i]);
}

static void script(struct gen *g)
{
	unsigned long phase = 0;

	machine_lines(g);
	while (g->count < g->ops) {
		ops_next(g);
		if (g->count - phase < (g->has_override ? 250 : 600))
			continue;
		ops_phase(g);
		phase = g->count;
	}
}

static FILE *create(const char *dir, const char *name)
{
	char path[4096];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	out = fopen(path, "we");
	if (!out) {
		perror(path);
		exit(1);
	}
	return out;
}

int main(int argc, char **argv)
{
	struct gen g = { 0 };
	FILE *out;

	if (argc != 5) {
		fprintf(stderr, "usage: opgen KERNEL SEED OPERATIONS DIR\n");
		return 2;
	}
	kernel_init(&g, argv[1]);
	g.rng = strtoul(argv[2], NULL, 0);
	g.ops = strtoul(argv[3], NULL, 0);
	machine_init(&g);
	out = create(argv[4], "cmdline");
	cmdline_print(&g, out);
	fclose(out);
	out = create(argv[4], "lpar.json");
	lpar_print(&g, out);
	fclose(out);
	g.out = create(argv[4], "script");
	script(&g);
	return fclose(g.out) == 0 ? 0 : 1;
}
