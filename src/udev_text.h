/* SPDX-License-Identifier: MIT */
/*
 * Lines of a rule file taken apart: shared by udev.c, which reads the file, and udev_report.c,
 * which explains one that is refused.
 */
#ifndef UDEV_TEXT_H
#define UDEV_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <vfioap/mask.h>

/** struct udev_element - KEY OPERATOR VALUE, parts of the text it was found in */
struct udev_element {
	const char *key, *value;
	size_t key_len, value_len;
};

/**
 * udev_line_first() - the first element of a line, as libutil takes it apart
 * @p, @end: the line without its newline
 * Return: false for a line that the peers pass over, a comment too.
 */
bool udev_line_first(const char *p, const char *end, struct udev_element *ret);

/** enum udev_mask - which mask an element names */
enum udev_mask { UDEV_MASK_NONE, UDEV_MASK_AP, UDEV_MASK_AQ };

/** udev_element_mask() - as libap finds it: ATTR{...} with the name anywhere in it */
enum udev_mask udev_element_mask(const struct udev_element *element);

/** udev_line_known() - is it a line that chzdev writes, wherever it stands */
bool udev_line_known(const char *line, size_t len);

#endif
