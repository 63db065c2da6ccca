// SPDX-License-Identifier: MIT
/*
 * Adapters, domains and control domains as the changing commands are given them.
 */
#include "change.h"

#include <errno.h>

void change_ids_done(struct change_ids *ids)
{
	cmd_texts_done(&ids->adapters);
	cmd_texts_done(&ids->domains);
	cmd_texts_done(&ids->controls);
	free(ids->queues);
}

int change_start_parse(struct app *app, const char *text, bool *ret)
{
	if (!text)
		return 0;
	if (!app->persistent)
		return cmd_usage(app, "--start and --active: it is the definition that has it");
	if (strcmp(text, "auto") != 0 && strcmp(text, "manual") != 0)
		return cmd_usage(app, "--start: '%s' is neither auto nor manual", text);
	*ret = strcmp(text, "auto") == 0;
	return 0;
}

static bool says_usage(const struct cmd_texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		if (strcmp(texts->v[i], "usage") == 0)
			return true;
	return false;
}

int change_ids_matrix(struct app *app, const struct change_ids *ids, unsigned max_adapter,
		      unsigned max_domain, struct matrix *ret)
{
	struct matrix m = { 0 };
	int rc;

	if (says_usage(&ids->controls) && !ids->domains.n)
		return cmd_usage(app, "'--control-domains usage' without --domains");
	rc = cmd_list_parse(app, "--adapters", &ids->adapters, ids->flags, max_adapter,
			    &m.adapters);
	if (rc)
		return rc;
	rc = cmd_list_parse(app, "--domains", &ids->domains, ids->flags, max_domain, &m.domains);
	if (rc)
		return rc;
	rc = cmd_control_parse(app, &ids->controls, ids->flags, max_domain, &m.domains,
			       &m.controls);
	if (rc)
		return rc;
	*ret = m;
	return 0;
}

static int queues_parse(struct app *app, const char *text, struct qset *ret)
{
	size_t off, len;
	int rc = qset_parse(text, ret, &off, &len);

	if (rc == 0)
		return 0;
	cmd_usage(app, "--queues: item '%.*s' at position %zu %s", (int)len, text + off, off + 1,
		  rc == -ERANGE ? "is above ff.00ff" : "is no queue");
	cmd_hint(app, "a queue is written as '05.0004': adapter and domain, both hexadecimal");
	return STATUS_USAGE;
}

int change_ids_request(struct app *app, const struct change_ids *ids, struct pool_request *ret)
{
	struct matrix m;
	int rc = change_ids_matrix(app, ids, VFIOAP_IDS - 1, VFIOAP_IDS - 1, &m);

	if (rc)
		return rc;
	if (!ids->adapters.n && !ids->domains.n && !ids->queues)
		return cmd_usage(app, "none of --adapters, --domains and --queues given");
	*ret = (struct pool_request){
		.adapters = m.adapters,
		.domains = m.domains,
		.has_adapters = ids->adapters.n > 0,
		.has_domains = ids->domains.n > 0,
		.exact = ids->queues,
	};
	return ids->queues ? queues_parse(app, ids->queues, &ret->queues) : 0;
}
