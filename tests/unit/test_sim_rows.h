/* SPDX-License-Identifier: MIT */
/* Vectors of K 18 that are one write and what is read then: test_sim_vectors.c. */
#ifndef TEST_SIM_ROWS_H
#define TEST_SIM_ROWS_H

#include "test_sim.h"

/* Kernels, as a set */
enum { K515 = 1 << 0, K61 = 1 << 1, K612 = 1 << 2, K619 = 1 << 3, K73 = 1 << 4 };

#define ONES32 "ffffffffffffffffffffffffffffffff"
#define ONES   "0x" ONES32 ONES32
#define ZERO32 "00000000000000000000000000000000"
#define ZEROS  "0x" ZERO32 ZERO32
#define Z56    "00000000000000000000000000000000000000000000000000000000"

struct row {
	unsigned number;
	const char *text;
	size_t len; /* 0: strlen() */
	int rc;
	const char *want; /* when it is taken */
	const char *from; /* masks: what is there before */
	unsigned without; /* kernels */
};

static const struct row numbers[] = {
	{ .number = 1, .text = "5", .want = "05.\n" },
	{ .number = 2, .text = "5\n", .want = "05.\n" },
	{ .number = 3, .text = "0x05\n", .want = "05.\n" },
	{ .number = 4, .text = "0X1f", .want = "1f.\n", .without = K515 },
	{ .number = 5, .text = "010", .want = "08.\n", .without = K515 },
	{ .number = 6, .text = "08", .rc = -EINVAL },
	{ .number = 7, .text = "00", .want = "00.\n", .without = K515 },
	{ .number = 8, .text = "+5", .want = "05.\n" },
	{ .number = 9, .text = "+0x10", .want = "10.\n", .without = K515 },
	{ .number = 10, .text = "++5", .rc = -EINVAL },
	{ .number = 10, .text = "+", .rc = -EINVAL },
	{ .number = 11, .text = "-1", .rc = -EINVAL },
	{ .number = 12, .text = " 5", .rc = -EINVAL },
	{ .number = 13, .text = "5 ", .rc = -EINVAL },
	{ .number = 14, .text = "5\n\n", .rc = -EINVAL },
	{ .number = 15, .text = "5\r\n", .rc = -EINVAL },
	{ .number = 16, .text = "\n", .rc = -EINVAL },
	{ .number = 17, .text = "", .want = "" },
	{ .number = 18, .text = "0x", .rc = -EINVAL },
	{ .number = 19, .text = "abc", .rc = -EINVAL },
	{ .number = 20, .text = "0xabc", .rc = -ENODEV },
	{ .number = 21, .text = "255", .want = "ff.\n", .without = K515 },
	{ .number = 22, .text = "256", .rc = -ENODEV },
	{ .number = 22, .text = "0x100", .rc = -ENODEV },
	{ .number = 23, .text = "18446744073709551615", .rc = -ENODEV },
	{ .number = 24, .text = "18446744073709551616", .rc = -ERANGE },
	{ .number = 24, .text = "18446744073709551616x", .rc = -ERANGE },
	{ .number = 25, .text = "5,6", .rc = -EINVAL },
	{ .number = 26, .text = "1e1", .rc = -EINVAL },
	{ .number = 26, .text = "0b11", .rc = -EINVAL },
	{ .number = 27, .text = "5\0junk", .len = 6, .want = "05.\n" },
	{ .number = 28, .text = "0x00000000000000005", .want = "05.\n" },
};

static const struct row masks[] = {
	{ .number = 36, .from = ONES, .text = "0x", .want = ZEROS },
	{ .number = 36, .from = ONES, .text = "x", .want = ZEROS },
	{ .number = 36, .from = ONES, .text = "0x\n", .want = ZEROS },
	{ .number = 36, .from = ONES, .text = "\n", .want = ZEROS },
	{ .number = 36, .from = ONES, .text = "0", .want = ZEROS },
	{ .number = 36, .from = ONES, .text = "\0", .len = 1, .want = ZEROS },
	{ .number = 37, .text = "1", .want = "0x10000000" Z56 },
	{ .number = 37, .text = "0x1", .want = "0x10000000" Z56 },
	{ .number = 38, .text = "8", .want = "0x80000000" Z56 },
	{ .number = 39, .text = "0x41", .want = "0x41000000" Z56 },
	{ .number = 39, .text = "41", .want = "0x41000000" Z56 },
	{ .number = 39, .text = "x41", .want = "0x41000000" Z56 },
	{ .number = 40, .text = "0xffff", .want = "0xffff0000" Z56 },
	{ .number = 41, .text = "0X80", .rc = -EINVAL },
	{ .number = 42, .text = "0xx41", .rc = -EINVAL },
	{ .number = 43, .text = ONES, .want = ONES },
	{ .number = 44,
	  .text = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
		  "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\n",
	  .want = ONES },
	{ .number = 45, .text = ONES "f", .rc = -EINVAL },
	{ .number = 46, .text = "0xf\n\n", .rc = -EINVAL },
	{ .number = 46, .text = "0xf ", .rc = -EINVAL },
	{ .number = 46, .text = " 0xf", .rc = -EINVAL },
	{ .number = 46, .text = "0x0g", .rc = -EINVAL },
	{ .number = 47,
	  .from = ONES,
	  .text = "-5",
	  .want = "0xfbffffff"
		  "ffffffffffffffffffffffff" ONES32 },
	{ .number = 48,
	  .from = ONES,
	  .text = "-5,-6\n",
	  .want = "0xf9ffffff"
		  "ffffffffffffffffffffffff" ONES32 },
	{ .number = 49, .from = "0x", .text = "+5,-0x10", .want = "0x04000000" Z56 },
	{ .number = 50,
	  .from = ONES,
	  .text = "+5,-0x10",
	  .want = "0xffff7fff"
		  "ffffffffffffffffffffffff" ONES32 },
	{ .number = 51, .from = "0x", .text = "+5-7", .want = "0x07000000" Z56 },
	{ .number = 52, .from = "0x", .text = "+5-7-9", .want = "0x07000000" Z56 },
	{ .number = 52,
	  .from = ONES,
	  .text = "+5-7-9",
	  .want = "0xffbfffff"
		  "ffffffffffffffffffffffff" ONES32 },
	{ .number = 53,
	  .from = ONES,
	  .text = "-7-10",
	  .want = "0xfe1fffff"
		  "ffffffffffffffffffffffff" ONES32 },
	{ .number = 54, .from = "0x", .text = "+5+6", .want = "0x06000000" Z56 },
	{ .number = 55, .from = "0x", .text = "+5,,+6", .want = "0x06000000" Z56 },
	{ .number = 55, .from = "0x", .text = "+5,\n", .want = "0x04000000" Z56 },
	{ .number = 56,
	  .from = ONES,
	  .text = "-0x0-0x1f,+0x10",
	  .want = "0x00008000"
		  "ffffffffffffffffffffffff" ONES32 },
	{ .number = 57, .from = "0x", .text = "+1,-1", .want = ZEROS },
	{ .number = 58, .from = "0x", .text = "+010", .want = "0x00800000" Z56 },
	{ .number = 59, .text = "+08", .rc = -EINVAL },
	{ .number = 59, .text = "+0x", .rc = -EINVAL },
	{ .number = 59, .text = "+0xg", .rc = -EINVAL },
	{ .number = 59, .text = "+", .rc = -EINVAL },
	{ .number = 59, .text = "+ 5", .rc = -EINVAL },
	{ .number = 60, .text = "+256", .rc = -EINVAL },
	{ .number = 60, .text = "+0x100", .rc = -EINVAL },
	{ .number = 61, .text = "+5-", .rc = -EINVAL },
	{ .number = 61, .text = "+5--7", .rc = -EINVAL },
	{ .number = 61, .text = "+7-5", .rc = -EINVAL },
	{ .number = 62, .text = "5,6", .rc = -EINVAL },
	{ .number = 62, .text = ",+5", .rc = -EINVAL },
	{ .number = 62, .text = "+5;+6", .rc = -EINVAL },
};

#define CONFIG_109 "0x04000000" Z56 ",0x08000000" Z56 ",0x01000000" Z56 "\n"
#define CONFIG_0   ZEROS "," ZEROS "," ZEROS "\n"

static const struct row configs[] = {
	{ .number = 108, .text = CONFIG_109, .want = CONFIG_109 },
	{ .number = 109, .text = "0x04,0x08,0x01", .want = CONFIG_109 },
	{ .number = 110, .text = "04,08,01\n", .want = CONFIG_109 },
	{ .number = 111,
	  .text = "0x04,0x08\n",
	  .want = "0x04000000" Z56 ",0x08000000" Z56 "," ZEROS "\n" },
	{ .number = 112, .text = "0x04,0x08", .rc = -EINVAL },
	{ .number = 113, .text = ",,", .want = CONFIG_0 },
	{ .number = 113, .text = ",,\n", .want = CONFIG_0 },
	{ .number = 113, .text = "\n\n\n", .want = CONFIG_0 },
	{ .number = 114, .text = "\n", .rc = -EINVAL },
	{ .number = 114, .text = ",", .rc = -EINVAL },
	{ .number = 115, .text = "0x04\n0x08\n0x01", .want = CONFIG_109 },
	{ .number = 116, .text = "0x04,0x08,0x01,junk", .want = CONFIG_109 },
	{ .number = 116, .text = "0x04,0x08,0x01\njunk", .want = CONFIG_109 },
	{ .number = 117, .text = "0x04, 0x08,0x01", .rc = -EINVAL },
	{ .number = 118, .text = "0X04,0,0", .rc = -EINVAL },
	{ .number = 118, .text = "+5,+4,+7", .rc = -EINVAL },
	{ .number = 119, .text = ONES "f,,", .rc = -EINVAL },
};

#endif
