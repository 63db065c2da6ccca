/* SPDX-License-Identifier: MIT */
/*
 * One side of the rectangle is tried out, line by line in ascending order, and what the lines
 * have in common is the other side: adapters are the lines, or domains where that is less work.
 * What cannot become better than the best so far is left out.  That is exact as long as few
 * lines are wanted or there are few; else the steps are counted, and when they are used up lines
 * are picked greedily.
 */
#include "rect.h"

#include <string.h>

#include "util.h"

#define FEW_WANTED    3	    /* lines of a rectangle: up to 2.8 million triples */
#define FEW_CARDS     24    /* lines of the machine: up to 2.7 million dozens */
#define STEPS_BOUNDED 20000 /* where it is neither */
#define SEEDS	      16    /* first lines from which is gone on greedily */
#define NO_COST	      (~0u)

/* Cross lines of one cost. */
struct level {
	unsigned cost;
	struct vfioap_mask ids;
};

struct search {
	const struct rect_grid *grid;
	bool flipped; /* lines are domains; else adapters */
	unsigned n_lines, n_cross;
	unsigned floor;
	long steps; /* left; negative: any number */
	bool exhausted;

	/* The lines that can be in a rectangle, ascending, and what is usable of each. */
	unsigned n_ids;
	unsigned id[VFIOAP_IDS];
	struct vfioap_mask usable[VFIOAP_IDS], costly[VFIOAP_IDS];
	unsigned line_cost[VFIOAP_IDS], least_cost;
	struct level level[VFIOAP_IDS]; /* of the cross lines, by cost; with by_line */
	unsigned n_levels;
	struct level of_path[VFIOAP_IDS + 1]; /* the same of one path, without by_line */

	unsigned path[VFIOAP_IDS]; /* indexes of the lines chosen */
	struct vfioap_mask best_lines, best_cross;
	unsigned best_cost, best_area;
};

/* ---- sets of cross lines -------------------------------------------------------- */

/* The @n lowest IDs of a set that has as many. */
static struct vfioap_mask ids_lowest(const struct vfioap_mask *ids, unsigned n)
{
	struct vfioap_mask low = { { 0 } };

	for (unsigned id = vfioap_mask_next(ids, 0); n && id < VFIOAP_IDS;
	     id = vfioap_mask_next(ids, id + 1), n--)
		vfioap_mask_set(&low, id);
	return low;
}

/* Of two sets of the same size: has @a the lower IDs?  ID 0 is the highest bit. */
static bool ids_lower(const struct vfioap_mask *a, const struct vfioap_mask *b)
{
	for (unsigned i = 0; i < ARRAY_SIZE(a->word); i++)
		if (a->word[i] != b->word[i])
			return a->word[i] > b->word[i];
	return false;
}

/* At least @n of @common cost as little as: */
static unsigned levels_sum(const struct level *level, unsigned n_levels,
			   const struct vfioap_mask *common, unsigned n)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < n_levels && n; i++) {
		struct vfioap_mask ids = vfioap_mask_and(*common, level[i].ids);
		unsigned count = vfioap_mask_count(&ids);

		count = count < n ? count : n;
		sum += count * level[i].cost;
		n -= count;
	}
	return sum;
}

/* ... and these are they; the lowest ones of those that cost the same. */
static struct vfioap_mask levels_pick(const struct level *level, unsigned n_levels,
				      const struct vfioap_mask *common, unsigned n)
{
	struct vfioap_mask picked = { { 0 } };

	for (unsigned i = 0; i < n_levels && n; i++) {
		struct vfioap_mask ids = vfioap_mask_and(*common, level[i].ids);
		unsigned count = vfioap_mask_count(&ids);

		count = count < n ? count : n;
		ids = ids_lowest(&ids, count);
		picked = vfioap_mask_or(picked, ids);
		n -= count;
	}
	return picked;
}

/* Without by_line: each cross line costs as many of its queues on the path as are costly. */
static unsigned levels_of_path(struct search *s, unsigned depth)
{
	struct level *level = s->of_path;
	unsigned n = 1;

	level[0] = (struct level){ .ids = vfioap_mask_range(0, VFIOAP_IDS - 1) };
	for (unsigned i = 0; i < depth; i++) {
		const struct vfioap_mask *costly = &s->costly[s->path[i]];

		level[n] = (struct level){ .cost = n };
		for (unsigned k = n; k > 0; k--) {
			struct vfioap_mask up = vfioap_mask_and(level[k - 1].ids, *costly);

			level[k].ids = vfioap_mask_or(level[k].ids, up);
			level[k - 1].ids = vfioap_mask_andnot(level[k - 1].ids, *costly);
		}
		n++;
	}
	return n;
}

/* ---- set up --------------------------------------------------------------------- */

static struct vfioap_mask grid_line(const struct qset *queues, bool flipped, unsigned id)
{
	struct vfioap_mask line = { { 0 } };

	if (!flipped)
		return queues->row[id];
	for (unsigned a = 0; a < VFIOAP_IDS; a++)
		if (vfioap_mask_has(&queues->row[a], id))
			vfioap_mask_set(&line, a);
	return line;
}

static void levels_make(struct search *s)
{
	const unsigned *cost = s->flipped ? s->grid->adapter_cost : s->grid->domain_cost;

	for (unsigned id = 0; id < VFIOAP_IDS; id++) {
		unsigned i = 0;

		while (i < s->n_levels && s->level[i].cost < cost[id])
			i++;
		if (i == s->n_levels || s->level[i].cost != cost[id]) {
			memmove(&s->level[i + 1], &s->level[i],
				(s->n_levels - i) * sizeof(s->level[0]));
			s->level[i] = (struct level){ .cost = cost[id] };
			s->n_levels++;
		}
		vfioap_mask_set(&s->level[i].ids, id);
	}
}

/* A line with fewer than @least usable queues is none. */
static void search_init(struct search *s, const struct rect_grid *grid, bool flipped,
			unsigned least)
{
	const unsigned *cost = flipped ? grid->domain_cost : grid->adapter_cost;

	*s = (struct search){ .grid = grid, .flipped = flipped, .steps = -1 };
	s->best_cost = s->least_cost = NO_COST;
	for (unsigned id = 0; id < VFIOAP_IDS; id++) {
		struct vfioap_mask line = grid_line(&grid->usable, flipped, id);
		unsigned i = s->n_ids;

		if (vfioap_mask_count(&line) < least)
			continue;
		s->id[i] = id;
		s->usable[i] = line;
		s->line_cost[i] = cost[id];
		s->least_cost = cost[id] < s->least_cost ? cost[id] : s->least_cost;
		if (!grid->by_line)
			s->costly[i] = grid_line(&grid->costly, flipped, id);
		s->n_ids++;
	}
	if (grid->by_line)
		levels_make(s);
}

bool rect_is_exact(const struct rect_grid *grid, unsigned adapters, unsigned domains)
{
	return adapters <= FEW_WANTED || domains <= FEW_WANTED || grid->n_cards <= FEW_CARDS;
}

/* Domains are the lines where few of them are wanted, and adapters would be much work. */
static bool is_flipped(const struct rect_grid *grid, unsigned adapters, unsigned domains)
{
	return adapters > FEW_WANTED && domains <= FEW_WANTED && domains < adapters &&
	       grid->n_cards > FEW_WANTED;
}

static bool step(struct search *s)
{
	if (s->steps == 0)
		s->exhausted = true;
	else if (s->steps > 0)
		s->steps--;
	return !s->exhausted;
}

/* ---- the cheapest --------------------------------------------------------------- */

/* The least that a rectangle can cost that has the first @depth lines of the path. */
static unsigned bound(struct search *s, unsigned depth, unsigned lines_cost,
		      const struct vfioap_mask *common)
{
	unsigned cross;

	if (!s->grid->by_line)
		return levels_sum(s->of_path, levels_of_path(s, depth), common, s->n_cross);
	lines_cost += (s->n_lines - depth) * s->least_cost;
	if (lines_cost <= s->floor)
		return lines_cost;
	cross = levels_sum(s->level, s->n_levels, common, s->n_cross);
	return cross < lines_cost ? cross : lines_cost;
}

/* Can something of this cost, with cross lines of @common, still be the best? */
static bool is_promising(const struct search *s, unsigned cost, const struct vfioap_mask *common)
{
	struct vfioap_mask low;

	if (cost != s->best_cost || !s->flipped)
		return cost < s->best_cost;
	/* Adapters count before domains, and here they are what the lines have in common. */
	low = ids_lowest(common, s->n_cross);
	return ids_lower(&low, &s->best_cross);
}

/* The path is complete; its cost is what bound() says. */
static void take(struct search *s, unsigned lines_cost, unsigned cost,
		 const struct vfioap_mask *common)
{
	struct vfioap_mask cross;

	if (!s->grid->by_line)
		cross = levels_pick(s->of_path, levels_of_path(s, s->n_lines), common, s->n_cross);
	else if (lines_cost == cost)
		cross = ids_lowest(common, s->n_cross);
	else
		cross = levels_pick(s->level, s->n_levels, common, s->n_cross);
	if (cost == s->best_cost && !ids_lower(&cross, &s->best_cross))
		return;

	s->best_cost = cost;
	s->best_cross = cross;
	s->best_lines = (struct vfioap_mask){ { 0 } };
	for (unsigned i = 0; i < s->n_lines; i++)
		vfioap_mask_set(&s->best_lines, s->id[s->path[i]]);
}

static bool is_settled(const struct search *s)
{
	return s->exhausted || (s->best_cost <= s->floor && !s->flipped);
}

static void descend(struct search *s, unsigned depth, unsigned from, unsigned lines_cost,
		    const struct vfioap_mask *common)
{
	for (unsigned i = from; i + (s->n_lines - depth) <= s->n_ids && !is_settled(s); i++) {
		struct vfioap_mask next = vfioap_mask_and(*common, s->usable[i]);
		unsigned cost = lines_cost + s->line_cost[i], least;

		if (!step(s))
			return;
		if (vfioap_mask_count(&next) < s->n_cross)
			continue;
		s->path[depth] = i;
		least = bound(s, depth + 1, cost, &next);
		if (!is_promising(s, least, &next))
			continue;
		if (depth + 1 == s->n_lines)
			take(s, cost, least, &next);
		else
			descend(s, depth + 1, i + 1, cost, &next);
	}
}

/* ---- greedily ------------------------------------------------------------------- */

/* The next line: the one that leaves most in common, or with @cheap the cheapest one. */
static unsigned greedy_next(const struct search *s, const struct vfioap_mask *chosen,
			    const struct vfioap_mask *common, bool cheap)
{
	unsigned best = VFIOAP_IDS, best_count = 0, best_cost = NO_COST;

	for (unsigned i = 0; i < s->n_ids; i++) {
		struct vfioap_mask next = vfioap_mask_and(*common, s->usable[i]);
		unsigned count = vfioap_mask_count(&next), cost = s->line_cost[i];
		bool fuller = count > best_count, cheaper = cost < best_cost;

		if (vfioap_mask_has(chosen, i) || count < s->n_cross)
			continue;
		if (cheap ? cheaper || (cost == best_cost && fuller)
			  : fuller || (count == best_count && cheaper)) {
			best = i;
			best_count = count;
			best_cost = cost;
		}
	}
	return best;
}

static void greedy(struct search *s, unsigned seed, bool cheap)
{
	struct vfioap_mask common = s->usable[seed], chosen = { { 0 } };
	unsigned n = 0, cost = 0, least;

	for (unsigned i = seed; i < VFIOAP_IDS; i = greedy_next(s, &chosen, &common, cheap)) {
		common = vfioap_mask_and(common, s->usable[i]);
		cost += s->line_cost[i];
		vfioap_mask_set(&chosen, i);
		if (++n == s->n_lines)
			break;
	}
	if (n < s->n_lines)
		return;
	n = 0;
	VFIOAP_MASK_FOREACH(i, &chosen)
		s->path[n++] = i;
	least = bound(s, n, cost, &common);
	if (least < s->best_cost)
		take(s, cost, least, &common);
}

/* From lines all over the machine, and once from the one that has most. */
static void greedy_all(struct search *s)
{
	unsigned stride = s->n_ids / SEEDS + 1, fullest = 0;

	for (unsigned i = 1; i < s->n_ids; i++)
		if (vfioap_mask_count(&s->usable[i]) > vfioap_mask_count(&s->usable[fullest]))
			fullest = i;
	for (unsigned cheap = 0; cheap < 2; cheap++) {
		if (s->n_ids)
			greedy(s, fullest, cheap);
		for (unsigned i = 0; i < s->n_ids; i += stride)
			greedy(s, i, cheap);
	}
}

bool rect_cheapest(const struct rect_grid *grid, unsigned adapters, unsigned domains,
		   unsigned floor, struct rect *ret)
{
	const struct vfioap_mask all = vfioap_mask_range(0, VFIOAP_IDS - 1);
	bool flipped = is_flipped(grid, adapters, domains);
	struct search s;

	search_init(&s, grid, flipped, flipped ? adapters : domains);
	s.n_lines = flipped ? domains : adapters;
	s.n_cross = flipped ? adapters : domains;
	s.floor = floor;
	if (!rect_is_exact(grid, adapters, domains))
		s.steps = STEPS_BOUNDED;
	descend(&s, 0, 0, 0, &all);
	if (s.exhausted)
		greedy_all(&s);
	if (s.best_cost == NO_COST)
		return false;

	ret->adapters = flipped ? s.best_cross : s.best_lines;
	ret->domains = flipped ? s.best_lines : s.best_cross;
	ret->cost = s.best_cost;
	return true;
}

/* ---- the largest ---------------------------------------------------------------- */

static void descend_largest(struct search *s, unsigned depth, unsigned from,
			    const struct vfioap_mask *common, const struct vfioap_mask *lines)
{
	for (unsigned i = from; i < s->n_ids && depth < s->n_lines; i++) {
		struct vfioap_mask next = vfioap_mask_and(*common, s->usable[i]);
		struct vfioap_mask with = *lines;
		unsigned count = vfioap_mask_count(&next), depth_max = depth + s->n_ids - i;

		if (!step(s))
			return;
		count = count < s->n_cross ? count : s->n_cross;
		depth_max = depth_max < s->n_lines ? depth_max : s->n_lines;
		if (count * depth_max <= s->best_area)
			continue;
		vfioap_mask_set(&with, s->id[i]);
		if (count * (depth + 1) > s->best_area) {
			s->best_area = count * (depth + 1);
			s->best_lines = with;
			s->best_cross = ids_lowest(&next, count);
		}
		descend_largest(s, depth + 1, i + 1, &next, &with);
	}
}

bool rect_largest(const struct rect_grid *grid, unsigned adapters, unsigned domains,
		  struct rect *ret)
{
	const struct vfioap_mask all = vfioap_mask_range(0, VFIOAP_IDS - 1), none = { { 0 } };
	bool flipped = is_flipped(grid, adapters, domains);
	struct search s;

	search_init(&s, grid, flipped, 1);
	s.n_lines = flipped ? domains : adapters;
	s.n_cross = flipped ? adapters : domains;
	if (!rect_is_exact(grid, adapters, domains))
		s.steps = STEPS_BOUNDED;
	descend_largest(&s, 0, 0, &all, &none);
	if (!s.best_area)
		return false;

	ret->adapters = flipped ? s.best_cross : s.best_lines;
	ret->domains = flipped ? s.best_lines : s.best_cross;
	ret->cost = 0;
	return true;
}
