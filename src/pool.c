/* SPDX-License-Identifier: MIT */
/*
 * Mask arithmetic of reserve and release.  A queue is the host's when both of its bits are
 * set, so taking a product from the host is clearing all of its adapters or all of its
 * domains, and giving a queue back forces both bits: there is always one answer, and the
 * question is only what else it moves.
 */
#include "pool.h"

#include <errno.h>

static void masks_host(struct qset *ret, const struct apbus_masks *masks)
{
	qset_product(ret, &masks->apmask, &masks->aqmask);
}

/* Queue devices that are the host's by @from and not by @to. */
static void masks_moved(struct qset *ret, const struct apbus *bus, const struct apbus_masks *from,
			const struct apbus_masks *to)
{
	struct qset host;

	masks_host(ret, from);
	masks_host(&host, to);
	qset_andnot(ret, &host);
	qset_and(ret, &bus->queues);
}

void pool_request_queues(struct qset *ret, const struct pool_request *request)
{
	struct vfioap_mask all = vfioap_mask_range(0, VFIOAP_IDS - 1);

	*ret = request->queues;
	if (!request->has_adapters && !request->has_domains)
		return;
	qset_product(ret, request->has_adapters ? &request->adapters : &all,
		     request->has_domains ? &request->domains : &all);
	qset_or(ret, &request->queues);
}

/* "all" names no ID in particular. */
static bool is_named(bool has, const struct vfioap_mask *ids)
{
	return has && vfioap_mask_count(ids) < VFIOAP_IDS;
}

void pool_request_absent(struct qset *ret, const struct apbus *bus,
			 const struct pool_request *request)
{
	struct vfioap_mask adapters = qset_adapters(&bus->queues);
	struct vfioap_mask domains = qset_domains(&bus->queues);
	bool has_adapters = is_named(request->has_adapters, &request->adapters);
	bool has_domains = is_named(request->has_domains, &request->domains);
	struct qset single = request->queues;

	*ret = (struct qset){ 0 };
	if (has_adapters && has_domains) {
		qset_product(ret, &request->adapters, &request->domains);
		qset_andnot(ret, &bus->queues);
	} else if (has_adapters) {
		adapters = vfioap_mask_andnot(request->adapters, adapters);
		qset_product(ret, &adapters, &bus->usage);
	} else if (has_domains) {
		domains = vfioap_mask_andnot(request->domains, domains);
		qset_product(ret, &bus->adapters, &domains);
	}
	qset_andnot(&single, &bus->queues);
	qset_or(ret, &single);
}

/* Split what a change of masks moves into what was named and what was not. */
static void change_split(struct pool_change *ret, const struct qset *moved,
			 const struct qset *named)
{
	ret->by_override = false;
	ret->named = *moved;
	qset_and(&ret->named, named);
	ret->also = *moved;
	qset_andnot(&ret->also, named);
}

void pool_change_find(const struct apbus *bus, const struct pool_request *request,
		      const struct apbus_masks *from, const struct apbus_masks *to,
		      struct pool_change *ret)
{
	struct qset moved, named;

	masks_moved(&moved, bus, from, to);
	pool_request_queues(&named, request);
	change_split(ret, &moved, &named);
	pool_request_absent(&ret->absent, bus, request);
}

void pool_reserve(const struct apbus *bus, const struct pool_request *request,
		  struct apbus_masks *masks, struct pool_change *ret)
{
	struct vfioap_mask adapters = vfioap_mask_and(request->adapters, masks->apmask);
	struct vfioap_mask domains = vfioap_mask_and(request->domains, masks->aqmask);
	struct apbus_masks by_adapter = *masks, by_domain = *masks;
	struct pool_change loss_adapter, loss_domain;
	bool domain;

	/* Nothing of the product is the host's: no bit has to change. */
	if (request->has_adapters && request->has_domains &&
	    (vfioap_mask_is_empty(&adapters) || vfioap_mask_is_empty(&domains))) {
		pool_change_find(bus, request, masks, masks, ret);
		return;
	}
	by_adapter.apmask = vfioap_mask_andnot(by_adapter.apmask, adapters);
	by_domain.aqmask = vfioap_mask_andnot(by_domain.aqmask, domains);
	pool_change_find(bus, request, masks, &by_adapter, &loss_adapter);
	pool_change_find(bus, request, masks, &by_domain, &loss_domain);

	domain = request->has_domains &&
		 (!request->has_adapters ||
		  qset_count(&loss_domain.also) < qset_count(&loss_adapter.also));
	*masks = domain ? by_domain : by_adapter;
	*ret = domain ? loss_domain : loss_adapter;
}

/* The masks with all bits set that the request needs. */
static struct apbus_masks release_masks(const struct apbus *bus, const struct pool_request *request,
					const struct apbus_masks *masks)
{
	struct apbus_masks to = *masks;
	struct qset named, host;

	/* Queues that exist, or were named one by one, force both of their bits ... */
	pool_request_queues(&named, request);
	qset_and(&named, &bus->queues);
	qset_or(&named, &request->queues);
	masks_host(&host, masks);
	qset_andnot(&named, &host);
	to.apmask = vfioap_mask_or(to.apmask, qset_adapters(&named));
	to.aqmask = vfioap_mask_or(to.aqmask, qset_domains(&named));

	/* ... and what is named is given back also where no queue exists yet. */
	if (request->has_adapters)
		to.apmask = vfioap_mask_or(to.apmask, request->adapters);
	if (request->has_domains)
		to.aqmask = vfioap_mask_or(to.aqmask, request->domains);
	return to;
}

static void release_try(const struct apbus *bus, const struct pool_request *request,
			const struct apbus_masks *from, struct apbus_masks *ret_to,
			struct pool_change *ret)
{
	struct qset moved, named;

	*ret_to = release_masks(bus, request, from);
	masks_moved(&moved, bus, ret_to, from);
	pool_request_queues(&named, request);
	change_split(ret, &moved, &named);
	pool_request_absent(&ret->absent, bus, request);
}

/*
 * The request that sets the same bits as the masks @to and names all that this moves:
 * domains alone or adapters alone where that says it, else both.
 */
static struct pool_request release_widen(const struct apbus *bus, const struct apbus_masks *from,
					 const struct apbus_masks *to, const struct qset *moved)
{
	struct vfioap_mask adapters = vfioap_mask_andnot(to->apmask, from->apmask);
	struct vfioap_mask domains = vfioap_mask_andnot(to->aqmask, from->aqmask);
	const struct pool_request alone[] = {
		{ .domains = domains, .has_domains = true },
		{ .adapters = adapters, .has_adapters = true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(alone); i++) {
		struct pool_change change;
		struct apbus_masks masks;
		bool whole = vfioap_mask_is_empty(i == 0 ? &adapters : &domains);

		release_try(bus, &alone[i], from, &masks, &change);
		if (whole && qset_is_empty(&change.also) && qset_equal(&change.named, moved))
			return alone[i];
	}
	return (struct pool_request){
		.adapters = vfioap_mask_or(adapters, qset_adapters(moved)),
		.domains = vfioap_mask_or(domains, qset_domains(moved)),
		.has_adapters = true,
		.has_domains = true,
	};
}

char *pool_request_format(const struct pool_request *request)
{
	char a[VFIOAP_LIST_SIZE], d[VFIOAP_LIST_SIZE];

	vfioap_list_format(&request->adapters, a);
	vfioap_list_format(&request->domains, d);
	return finding_text("%s%s%s%s", request->has_adapters ? " -a " : "",
			    request->has_adapters ? a : "", request->has_domains ? " -d " : "",
			    request->has_domains ? d : "");
}

static int release_refuse(const struct apbus *bus, const struct apbus_masks *from,
			  const struct apbus_masks *to, const struct pool_change *change,
			  const char *sides, struct findings *findings)
{
	_cleanup_free_ char *also = finding_queues(&change->also), *args = NULL, *hint = NULL;
	struct finding proto = { .code = FINDING_RELEASE_TAKES_MORE,
				 .adapters = qset_adapters(&change->also),
				 .domains = qset_domains(&change->also) };
	struct pool_request wide;
	struct qset moved = change->named;

	qset_or(&moved, &change->also);
	wide = release_widen(bus, from, to, &moved);
	args = pool_request_format(&wide);
	if (!also || !args)
		return -ENOMEM;
	hint = finding_text("'vfioap release%s%s' is the smallest release with them", sides, args);
	if (!hint)
		return -ENOMEM;
	return findings_say(
		findings, proto, hint,
		"masks cannot give back these queues alone: %s would go to the host too", also);
}

int pool_release(const struct apbus *bus, const struct pool_request *request, const char *sides,
		 struct apbus_masks *masks, struct pool_change *ret, struct findings *findings)
{
	struct apbus_masks to;

	release_try(bus, request, masks, &to, ret);
	if (!qset_is_empty(&ret->also))
		return release_refuse(bus, masks, &to, ret, sides, findings);
	*masks = to;
	return 0;
}
