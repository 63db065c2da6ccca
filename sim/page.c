/* SPDX-License-Identifier: MIT */
/* The text that a show function writes, cut where sysfs cuts it (K 1.4). */
#include "model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void page_printf(struct page *page, const char *fmt, ...)
{
	size_t room = MACHINE_PAGE - page->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(page->buf + page->len, room, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	page->total += (size_t)n;
	page->len += (size_t)n < room ? (size_t)n : room - 1;
}

void page_mask(struct page *page, const struct vfioap_mask *mask)
{
	char hex[VFIOAP_HEX_SIZE];

	page_printf(page, "%s", vfioap_hex_format(mask, hex));
}
