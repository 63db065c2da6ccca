// SPDX-License-Identifier: MIT
/* Collisions of many matrices, held against a comparison of each with each. */
#include "collide.h"

#include "test.h"

static unsigned long seed = 4711;

static unsigned next(unsigned below)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return (unsigned)(seed >> 33) % below;
}

static struct vfioap_mask some(unsigned n, unsigned below)
{
	struct vfioap_mask m = { { 0 } };

	while (n--)
		vfioap_mask_set(&m, next(below));
	return m;
}

/* @n matrices of up to @adapters and @domains IDs below @below. */
static void compare(struct test *t, unsigned n, unsigned adapters, unsigned domains, unsigned below)
{
	_cleanup_free_ struct matrix *m = calloc(n + 1, sizeof(*m));
	_cleanup_free_ const struct matrix **lent = calloc(n + 1, sizeof(*lent));
	_cleanup_free_ struct collision *found = NULL;
	size_t n_found, at = 0;

	test_case(t, "%u matrices of up to %u x %u below %u", n, adapters, domains, below);
	for (unsigned i = 0; i < n; i++) {
		m[i] = (struct matrix){
			.adapters = some(next(adapters + 1), below),
			.domains = some(next(domains + 1), below),
		};
		lent[i] = &m[i];
	}
	EXPECT_INT(t, collide_find(lent, n, &found, &n_found), 0);
	for (unsigned later = 0; later < n; later++) {
		for (unsigned earlier = 0; earlier < later; earlier++) {
			if (!matrix_collide(&m[later], &m[earlier]))
				continue;
			EXPECT(t, at < n_found && found[at].later == later &&
					  found[at].earlier == earlier);
			at++;
		}
	}
	EXPECT_INT(t, n_found, at);
}

int main(void)
{
	struct test t = { 0 };

	compare(&t, 0, 0, 0, 1);
	compare(&t, 1, 4, 4, 256);
	compare(&t, 2, 256, 256, 256);
	compare(&t, 40, 1, 1, 4);
	compare(&t, 200, 4, 8, 256);
	compare(&t, 200, 3, 3, 20);
	compare(&t, 60, 100, 100, 256);
	compare(&t, 300, 3, 24, 40);
	compare(&t, 500, 1, 1, 256);
	return test_done(&t);
}
