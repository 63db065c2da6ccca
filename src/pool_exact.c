/* SPDX-License-Identifier: MIT */
/*
 * Masks that take single queues from the host and nothing else, where there are such.  An
 * adapter's bit may be cleared when every queue that this moves is named, a domain's too; so
 * which bits are free to use is known beforehand, and the named queues are covered with them.
 */
#include "pool.h"

/* The bits that may be cleared. */
static struct apbus_masks bits_usable(const struct apbus_masks *masks, const struct qset *others)
{
	return (struct apbus_masks){
		.apmask = vfioap_mask_andnot(masks->apmask, qset_adapters(others)),
		.aqmask = vfioap_mask_andnot(masks->aqmask, qset_domains(others)),
	};
}

/* Take the whole adapters and domains in @bits out of @queues. */
static void queues_cover(struct qset *queues, const struct vfioap_mask *adapters,
			 const struct vfioap_mask *domains)
{
	for (unsigned a = 0; a < VFIOAP_IDS; a++) {
		queues->row[a] = vfioap_mask_andnot(queues->row[a], *domains);
		if (vfioap_mask_has(adapters, a))
			queues->row[a] = (struct vfioap_mask){ { 0 } };
	}
}

/*
 * The bits that cover @queues: by domains (or adapters) only what the other side must not, and
 * the rest by that side.
 */
static struct apbus_masks bits_cover(const struct qset *queues, const struct apbus_masks *usable,
				     bool by_adapter)
{
	const struct vfioap_mask none = { { 0 } };
	struct apbus_masks bits = { 0 };
	struct qset rest = *queues;

	if (by_adapter) {
		queues_cover(&rest, &usable->apmask, &none);
		bits.aqmask = qset_domains(&rest);
		rest = *queues;
		queues_cover(&rest, &none, &bits.aqmask);
		bits.apmask = qset_adapters(&rest);
	} else {
		queues_cover(&rest, &none, &usable->aqmask);
		bits.apmask = qset_adapters(&rest);
		rest = *queues;
		queues_cover(&rest, &bits.apmask, &none);
		bits.aqmask = qset_domains(&rest);
	}
	return bits;
}

static unsigned bits_count(const struct apbus_masks *bits)
{
	return vfioap_mask_count(&bits->apmask) + vfioap_mask_count(&bits->aqmask);
}

bool pool_reserve_exact(const struct apbus *bus, const struct pool_request *request,
			struct apbus_masks *masks, struct pool_change *ret)
{
	struct apbus_masks to = *masks, usable, by_adapter, by_domain;
	struct qset named, others, host;

	pool_reserve(bus, request, &to, ret);
	if (qset_is_empty(&request->queues) && qset_is_empty(&ret->also)) {
		*masks = to;
		return true;
	}

	qset_product(&host, &masks->apmask, &masks->aqmask);
	pool_request_queues(&named, request);
	others = host;
	qset_and(&others, &bus->queues);
	qset_andnot(&others, &named);
	qset_and(&named, &host);

	usable = bits_usable(masks, &others);
	by_adapter = bits_cover(&named, &usable, true);
	by_domain = bits_cover(&named, &usable, false);
	if (!vfioap_mask_contains(&usable.apmask, &by_adapter.apmask) ||
	    !vfioap_mask_contains(&usable.aqmask, &by_adapter.aqmask))
		return false;
	if (bits_count(&by_domain) < bits_count(&by_adapter))
		by_adapter = by_domain;

	to.apmask = vfioap_mask_andnot(masks->apmask, by_adapter.apmask);
	to.aqmask = vfioap_mask_andnot(masks->aqmask, by_adapter.aqmask);
	pool_change_find(bus, request, masks, &to, ret);
	*masks = to;
	return true;
}

/* What whole adapters, or whole domains, take beyond the request. */
static unsigned least_try(const struct apbus *bus, const struct pool_request *request,
			  const struct pool_request *wide, const struct apbus_masks *masks,
			  struct qset *ret_also)
{
	struct pool_change change;
	struct apbus_masks to = *masks;
	struct qset named;

	pool_reserve(bus, wide, &to, &change);
	pool_request_queues(&named, request);
	*ret_also = change.named;
	qset_or(ret_also, &change.also);
	qset_andnot(ret_also, &named);
	return qset_count(ret_also);
}

void pool_reserve_least(const struct apbus *bus, const struct pool_request *request,
			const struct apbus_masks *masks, struct pool_request *ret,
			struct qset *ret_also)
{
	struct pool_request adapters = { .has_adapters = true }, domains = { .has_domains = true };
	struct qset queues, host, also;

	pool_request_queues(&queues, request);
	qset_product(&host, &masks->apmask, &masks->aqmask);
	qset_and(&queues, &host);
	adapters.adapters = qset_adapters(&queues);
	domains.domains = qset_domains(&queues);

	*ret = adapters;
	if (least_try(bus, request, &domains, masks, &also) <
	    least_try(bus, request, &adapters, masks, ret_also)) {
		*ret = domains;
		*ret_also = also;
	}
}
