/* SPDX-License-Identifier: MIT */
/*
 * LPAR files of apsim: what is refused is explained, and what is taken are machines that the
 * hardware could be.
 */
#include "lpar.c"

#include "fuzz.h"

static void check_devices(const struct lpar_device *devices, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		require(strlen(devices[i].uuid) == MACHINE_UUID_SIZE - 1);
		for (size_t k = 0; k < i; k++)
			require(strcmp(devices[i].uuid, devices[k].uuid) != 0);
	}
}

static void check_machine(const struct lpar *lpar)
{
	const struct vfioap_mask all = vfioap_mask_range(0, lpar->max_domain);

	require(lpar->max_adapter < VFIOAP_IDS && lpar->max_domain < VFIOAP_IDS);
	require(vfioap_mask_contains(&all, &lpar->usage));
	require(vfioap_mask_contains(&all, &lpar->control));
	for (unsigned id = 0; id < VFIOAP_IDS; id++) {
		const struct lpar_card *card = &lpar->card[id];

		require(!card->present || (id <= lpar->max_adapter && type_is_known(card->type)));
		require(memchr(card->serial, '\0', sizeof(card->serial)));
	}
	check_devices(lpar->devices, lpar->n_devices);
	check_devices(lpar->definitions, lpar->n_definitions);
}

void fuzz_text(char *text, size_t len)
{
	struct lpar *lpar = NULL;
	struct err err = { 0 };
	int rc;

	(void)len;
	rc = lpar_parse(text, &lpar, &err);
	require((rc == 0) == (lpar != NULL));
	if (rc == 0)
		check_machine(lpar);
	else
		require(fuzz_is_error(&err, rc));
	lpar_free(lpar);
}
