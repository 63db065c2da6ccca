/* SPDX-License-Identifier: MIT */
/*
 * Driver overrides as steps of a plan: a queue is unbound, its override set or cleared, and a
 * driver looked for.  In this order each prefix of the steps is undone by the undos in reverse:
 * the override is back before a driver is looked for again.
 *
 * Source: driver_override, unbind and drivers_probe of Linux 6.19 (ap_queue.c, ap_bus.c,
 * drivers/base/bus.c); writing an override rebinds nothing.
 */
#ifndef OVERRIDE_H
#define OVERRIDE_H

#include "plan.h"

enum override_part { OVERRIDE_UNBIND, OVERRIDE_WRITE, OVERRIDE_PROBE, OVERRIDE_PARTS };

/** override_queues() - what @want binds anew: with @set for guests, else for the host */
void override_queues(const struct apbus *bus, const struct wish *want, bool set, struct qset *ret);

/**
 * override_step() - one part of moving a queue, texts on the heap; a text may be NULL without
 *                   memory
 * Return: false when this part has nothing to do for the queue.
 */
bool override_step(const struct apbus *bus, const struct wish *want, enum override_part part,
		   unsigned apid, unsigned apqi, struct plan_step *ret);

/** override_queue() - the queue that a step of override_step() is about; false: it is none */
bool override_queue(const struct plan_step *step, unsigned *ret_apid, unsigned *ret_apqi);

/**
 * override_verify() - read back what the steps of @plan have moved: override and driver
 * Return: 0; -EIO when a queue is not where @want has it; other errno.
 */
int override_verify(int root, const struct plan *plan, const struct wish *want, struct err *err);

#endif
