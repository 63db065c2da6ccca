// SPDX-License-Identifier: MIT
/* Operations of scripts beside the files: hardware that comes and goes, the module. */
#include "opgen.h"

static const char *card_type(struct gen *g, char buf[8])
{
	static const char modes[] = { 'C', 'C', 'A', 'P' };

	snprintf(buf, 8, "CEX%u%c", 4 + gen_below(g, 5), GEN_PICK(g, modes));
	return buf;
}

static void change_card(struct gen *g)
{
	static const char *const verbs[] = { "config", "deconfig", "chkstop", "unchkstop" };
	struct gen_card *card = &g->card[gen_below(g, g->n_cards)];
	unsigned kind = gen_below(g, 100);

	if (kind < 60) {
		gen_line(g, "hw card %s %u", GEN_PICK(g, verbs), card->id);
	} else if (kind < 75 || (card->gone && kind < 95)) {
		gen_line(g, "hw card add %u %s", card->id, card->type);
		card->gone = false;
	} else if (kind < 95) {
		gen_line(g, "hw card remove %u", card->id);
		card->gone = true;
	} else {
		gen_line(g, "hw card add %u %s", card->id, card_type(g, card->type));
		card->gone = false;
	}
}

void hw_change(struct gen *g)
{
	if (g->override_phase && gen_chance(g, 90))
		return; /* lost overrides close the masks until reboot */
	do {
		if (gen_chance(g, 70))
			change_card(g);
		else
			gen_line(g, "hw domain %s %s %u", gen_chance(g, 65) ? "add" : "remove",
				 gen_chance(g, 65) ? "--usage" : "--control",
				 g->domain[gen_below(g, g->n_domains)]);
	} while (gen_chance(g, 30));
	if (gen_chance(g, 30))
		ops_read(g);
	if (gen_chance(g, 85))
		gen_line(g, "w sys/bus/ap/scans 1");
}

void hw_autoprobe(struct gen *g)
{
	struct gen_card *card = &g->card[gen_below(g, g->n_cards)];

	if (g->override_phase)
		return;
	gen_line(g, "hw card remove %u", card->id);
	gen_line(g, "w sys/bus/ap/scans 1");
	gen_line(g, "w sys/bus/ap/drivers_autoprobe %s", gen_chance(g, 70) ? "0" : "0\\n");
	gen_line(g, "hw card add %u %s", card->id, card->type);
	gen_line(g, "w sys/bus/ap/scans 1");
	gen_line(g, "settle");
	gen_line(g, "r sys/bus/ap/bindings");
	gen_line(g, "t sys/devices/ap/card%02x", card->id);
	gen_line(g, "w sys/bus/ap/drivers_autoprobe %s", gen_chance(g, 70) ? "1" : "x");
	gen_line(g, "w sys/bus/ap/scans 1");
	gen_line(g, "k sys/devices/ap/card%02x/driver", card->id);
	gen_line(g, "w sys/bus/ap/drivers_probe card%02x", card->id);
	for (unsigned i = 0; i < g->n_domains; i++)
		gen_line(g, "w sys/bus/ap/drivers_probe %02x.%04x", card->id, g->domain[i]);
	gen_line(g, "r sys/bus/ap/bindings");
	card->gone = false;
}

void hw_module(struct gen *g)
{
	gen_line(g, "module unload");
	for (unsigned i = gen_below(g, 6); i; i--)
		gen_chance(g, 50) ? ops_mask(g) : ops_read(g);
	gen_line(g, "module load");
}
