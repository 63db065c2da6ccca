/* SPDX-License-Identifier: MIT */
/*
 * Which of many matrices share a queue.  Pure.
 *
 * What it costs depends on how many adapters the matrices name and how many of them collide, not
 * on how many queues they have, nor on the number of pairs: most machines have no collision.
 */
#ifndef COLLIDE_H
#define COLLIDE_H

#include "mdev.h"

/** struct collision - two matrices, by their places: @later > @earlier */
struct collision {
	unsigned later, earlier;
};

/**
 * collide_find() - every pair that shares a queue, once
 * @matrix: @n of them
 * @ret:    heap; by @later, then by @earlier; the caller frees it
 *
 * Return: 0; -ENOMEM.
 */
int collide_find(const struct matrix *const matrix[], size_t n, struct collision **ret,
		 size_t *ret_n);

#endif
