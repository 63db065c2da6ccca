/* SPDX-License-Identifier: MIT */
/*
 * What the host's drivers say of the queues that they have: requests in flight, master keys,
 * the default domain.
 *
 * Source: /sys/bus/ap/ap_domain, and requestq_count, pendingq_count, online and mkvps of a
 * queue (Linux, ap_bus.c, ap_queue.c, zcrypt_queue.c, zcrypt_cex4.c).
 */
#ifndef ZCRYPT_H
#define ZCRYPT_H

#include <stdbool.h>

#include "err.h"

/** zcrypt_default_read() - the default domain; -ENODATA when there is none */
int zcrypt_default_read(int root, unsigned *ret, struct err *err);

/** zcrypt_is_busy() - has the queue requests in flight; no when it cannot be told */
bool zcrypt_is_busy(int root, unsigned apid, unsigned apqi);

/** zcrypt_is_online() - is it in use by the host's driver and online */
bool zcrypt_is_online(int root, unsigned apid, unsigned apqi);

/* ---- master keys ------------------------------------------------------------------------ */

/** enum zcrypt_key - registers of master keys, as bits */
enum zcrypt_key {
	ZCRYPT_AES_NEW = 1 << 0,
	ZCRYPT_AES_CUR = 1 << 1,
	ZCRYPT_AES_OLD = 1 << 2,
	ZCRYPT_APKA_NEW = 1 << 3,
	ZCRYPT_APKA_CUR = 1 << 4,
	ZCRYPT_APKA_OLD = 1 << 5,
	ZCRYPT_ASYM_NEW = 1 << 6,
	ZCRYPT_ASYM_CUR = 1 << 7,
	ZCRYPT_ASYM_OLD = 1 << 8,
	ZCRYPT_WK_CUR = 1 << 9,
	ZCRYPT_WK_NEW = 1 << 10,
};

/**
 * zcrypt_keys_parse() - the registers that hold something, by the text of mkvps
 *
 * "valid", "partial", "full", "uncommitted", "committed" do; "empty", "invalid", "-" and
 * whatever else there may be do not.  Lines that are not known are passed over.
 */
unsigned zcrypt_keys_parse(const char *text);

/** zcrypt_keys_read() - the same of a queue; 0 also when the queue does not tell */
unsigned zcrypt_keys_read(int root, unsigned apid, unsigned apqi);

/** zcrypt_keys_format() - "AES CUR, AES OLD"; heap, or NULL without memory */
char *zcrypt_keys_format(unsigned keys);

#endif
