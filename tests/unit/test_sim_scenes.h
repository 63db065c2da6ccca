/* SPDX-License-Identifier: MIT */
/*
 * Vectors of K 18 that take several writes: test_sim_vectors.c.  Steps are a path
 * and what is written to it; the words CTL (machine_ctl) and GUEST (in group N)
 * stand in a path's place.
 */
#ifndef TEST_SIM_SCENES_H
#define TEST_SIM_SCENES_H

#include "test_sim.h"
#include "test_sim_rows.h"

#define E2  (K61 | K612 | K619 | K73)
#define E4  (K619 | K73)
#define ALL (K515 | E2)

#define A  MATRIX UUID_A "/"
#define B  MATRIX UUID_B "/"
#define Q5 DEVS "card05/05.0004/"
#define Q6 DEVS "card06/06.0004/"

struct step {
	const char *path, *text;
	int rc;
};

struct see {
	const char *what, *want;
	bool is_driver; /* of the queue @what */
};

struct scene {
	unsigned number, kernels;
	char *boot_apmask;
	bool no_vfio_ap;
	struct step step[16]; /* up to an empty one, as the rest */
	struct see see[5];
	const char *logged; /* part of the log */
	const char *sent;   /* part of the events */
	bool silent;	    /* no event at all */
};

#define DO(p, ...)                               \
	{                                        \
		.path = (p), .text = __VA_ARGS__ \
	}
#define FAIL(p, t, r)                                \
	{                                            \
		.path = (p), .text = (t), .rc = -(r) \
	}
#define CREATE_A DO(TYPE "create", UUID_A)
#define CREATE_B DO(TYPE "create", UUID_B)
#define ALL_VFIO DO(BUS "aqmask", "-4,-0x47")
#define SEE(f, w)                        \
	{                                \
		.what = (f), .want = (w) \
	}
#define DRIVER(q, d)                                        \
	{                                                   \
		.what = (q), .want = (d), .is_driver = true \
	}

/* clang-format off */
static const struct scene scenes[] = {
	/* 18.1: not on 5.15, which wants bound queues */
	{ .number = 29, .kernels = E2, .step = { CREATE_A, DO(A "assign_domain", "84") },
	  .see = { SEE(A "matrix", ".0054\n") } },
	{ .number = 30, .kernels = ALL, .step = { CREATE_A, FAIL(A "assign_domain", "85", ENODEV) } },
	{ .number = 31, .kernels = ALL,
	  .step = { CREATE_A, FAIL(A "assign_control_domain", "0x55", ENODEV) } },
	{ .number = 32, .kernels = ALL, .step = { CREATE_A, DO(A "unassign_adapter", "200") },
	  .see = { SEE(A "matrix", "") } },
	{ .number = 33, .kernels = ALL,
	  .step = { CREATE_A, FAIL(A "unassign_adapter", "300", ENODEV) } },

	/* 18.2 */
	{ .number = 63, .kernels = ALL, .step = { DO(BUS "apmask", ONES) }, .silent = true,
	  .see = { DRIVER("05.0004", "cex4queue") } },

	/* 18.3 */
	{ .number = 64, .kernels = ALL, .step = { DO(BUS "aqmask", "-4") },
	  .see = { DRIVER("05.0004", "vfio_ap"), DRIVER("06.0004", "vfio_ap"),
		   DRIVER("05.0047", "cex4queue") } },
	{ .number = 64, .kernels = E2, .step = { DO(BUS "aqmask", "-4") },
	  .see = { SEE(Q5 "status", "unassigned\n") },
	  .sent = "change@/devices/ap SUBSYSTEM=ap AQMASK=0xf7ffffffffffffffffffffffffffffff"
		  ONES32 "\n" },
	{ .number = 65, .kernels = ALL,
	  .step = { DO(BUS "apmask", "-5"), DO(BUS "aqmask", "-4") },
	  .see = { DRIVER("05.0004", "vfio_ap"), DRIVER("05.0047", "vfio_ap"),
		   DRIVER("06.0004", "vfio_ap"), DRIVER("06.0047", "cex4queue") } },
	{ .number = 66, .kernels = ALL, .no_vfio_ap = true, .step = { DO(BUS "apmask", "-5") },
	  .see = { DRIVER("05.0004", ""), DRIVER("05.0047", ""), DRIVER("06.0004", "cex4queue"),
		   SEE(BUS "bindings", "2/4\n") } },
	{ .number = 67, .kernels = ALL, .no_vfio_ap = true,
	  .step = { DO(BUS "apmask", "-5"), DO("CTL", "module load vfio_ap") },
	  .see = { DRIVER("05.0004", "vfio_ap"), DRIVER("05.0047", "vfio_ap"),
		   SEE(BUS "bindings", "4/4 (complete)\n") } },
	{ .number = 68, .kernels = E2,
	  .step = { DO(BUS "apmask", "-5"), CREATE_A, DO(A "assign_adapter", "5"),
		    DO(A "assign_domain", "4"), FAIL(BUS "apmask", "+5", EBUSY),
		    FAIL(BUS "apmask", "+5,-6", EBUSY) },
	  .see = { DRIVER("06.0004", "cex4queue"), DRIVER("05.0004", "vfio_ap") },
	  .logged = "vfio_ap_mdev " UUID_A ": Can not reserve queue 05.0004 for host driver: "
		    "in use by mdev\n" },
	{ .number = 68, .kernels = K515,
	  .step = { DO(BUS "apmask", "-5"), CREATE_A, DO(A "assign_adapter", "5"),
		    DO(A "assign_domain", "4"), DO(BUS "apmask", "+5") },
	  .see = { DRIVER("05.0004", "cex4queue"), SEE(A "matrix", "05.0004\n") } },
	{ .number = 69, .kernels = ALL,
	  .step = { DO(BUS "apmask", "-5"), CREATE_A, DO(A "assign_adapter", "5"),
		    DO(BUS "apmask", "+5") } },
	{ .number = 70, .kernels = E4,
	  .step = { DO(BUS "apmask", "-5"), DO(BUS "aqmask", "-4"), CREATE_A,
		    DO(A "assign_adapter", "5"), DO(A "assign_domain", "4"),
		    FAIL(BUS "apmask", "+5", EBUSY) } },
	{ .number = 70, .kernels = K61 | K612,
	  .step = { DO(BUS "apmask", "-5"), DO(BUS "aqmask", "-4"), CREATE_A,
		    DO(A "assign_adapter", "5"), DO(A "assign_domain", "4"),
		    DO(BUS "apmask", "+5") },
	  .see = { DRIVER("05.0004", "vfio_ap"), DRIVER("05.0047", "cex4queue") } },
	{ .number = 71, .kernels = E2,
	  .step = { DO(BUS "apmask", "-5"), CREATE_A, DO(A "assign_adapter", "5"),
		    DO(A "assign_domain", "4"), DO("GUEST", "0"), DO(BUS "apmask", "-6") } },
	{ .number = 72, .kernels = ALL,
	  .step = { DO(BUS "drivers/cex4queue/unbind", "05.0004"),
		    FAIL(BUS "drivers/vfio_ap/bind", "05.0004", ENODEV) },
	  .see = { DRIVER("05.0004", "") } },
	{ .number = 73, .kernels = ALL,
	  .step = { FAIL(BUS "drivers/vfio_ap/bind", "05.0004\n", EBUSY) } },
	{ .number = 74, .kernels = ALL,
	  .step = { FAIL(BUS "drivers/vfio_ap/unbind", "05.0004\n", ENODEV) } },
	{ .number = 75, .kernels = ALL, .step = { FAIL(BUS "drivers_probe", "nosuch", ENODEV) } },
	{ .number = 76, .kernels = ALL,
	  .step = { FAIL(BUS "drivers/vfio_ap/bind", "card05", ENODEV) } },

	/* 18.4 */
	{ .number = 77, .kernels = E4, .see = { SEE(Q5 "driver_override", "\n") } },
	{ .number = 77, .kernels = K515 | K61 | K612,
	  .see = { SEE(Q5 "driver_override", "?ENOENT") } },
	{ .number = 78, .kernels = E4, .step = { DO(Q5 "driver_override", "vfio_ap\n") },
	  .see = { SEE(Q5 "driver_override", "vfio_ap\n"), DRIVER("05.0004", "cex4queue") },
	  .silent = true },
	{ .number = 79, .kernels = E4,
	  .step = { DO(Q5 "driver_override", "vfio_ap\n"), FAIL(BUS "apmask", "-5", EINVAL),
		    FAIL(BUS "apmask", ONES, EINVAL), FAIL(BUS "aqmask", "-5", EINVAL) } },
	{ .number = 80, .kernels = E4,
	  .step = { DO(Q5 "driver_override", "vfio_ap\n"),
		    DO(BUS "drivers/cex4queue/unbind", "05.0004"),
		    DO(BUS "drivers_probe", "05.0004") },
	  .see = { DRIVER("05.0004", "vfio_ap") } },
	{ .number = 81, .kernels = E4,
	  .step = { DO(Q5 "driver_override", "vfio_ap\n"),
		    DO(BUS "drivers/cex4queue/unbind", "05.0004"),
		    DO(BUS "drivers_probe", "05.0004"), CREATE_A, DO(A "assign_domain", "4"),
		    DO(A "assign_adapter", "5") },
	  .see = { SEE(A "guest_matrix", "05.0004\n") } },
	{ .number = 82, .kernels = E4,
	  .step = { DO(Q5 "driver_override", "vfio_ap\n"), CREATE_A, DO(A "assign_domain", "4"),
		    FAIL(A "assign_adapter", "5", EADDRNOTAVAIL) } },
	{ .number = 83, .kernels = E4,
	  .step = { DO(Q5 "driver_override", "vfio_ap\n"),
		    DO(BUS "drivers/cex4queue/unbind", "05.0004"), CREATE_A,
		    DO(A "assign_domain", "4"), FAIL(A "assign_adapter", "5", EADDRNOTAVAIL) } },
	{ .number = 84, .kernels = E4,
	  .step = { CREATE_A, DO(A "assign_domain", "4"),
		    FAIL(A "assign_adapter", "9", EADDRNOTAVAIL) } },
	{ .number = 85, .kernels = E4,
	  .step = { DO(Q5 "driver_override", "vfio_ap\n"),
		    DO(BUS "drivers/cex4queue/unbind", "05.0004"),
		    DO(BUS "drivers_probe", "05.0004"), DO(Q5 "driver_override", "\n") },
	  .see = { SEE(Q5 "driver_override", "\n"), DRIVER("05.0004", "vfio_ap") } },
	/* ... and the trap of K 5.2: a change of any mask takes it */
	{ .number = 85, .kernels = E4,
	  .step = { DO(Q5 "driver_override", "vfio_ap\n"),
		    DO(BUS "drivers/cex4queue/unbind", "05.0004"),
		    DO(BUS "drivers_probe", "05.0004"), DO(Q5 "driver_override", "\n"),
		    DO(BUS "apmask", "-9") },
	  .see = { DRIVER("05.0004", "cex4queue") } },
	{ .number = 86, .kernels = E4,
	  .step = { DO(BUS "apmask", "-5"), FAIL(Q5 "driver_override", "vfio_ap\n", EINVAL),
		    FAIL(Q5 "driver_override", "\n", EINVAL),
		    FAIL(Q6 "driver_override", "\n", EINVAL) } },
	{ .number = 87, .kernels = E4,
	  .step = { DO(Q5 "driver_override", "vfio_ap \n"),
		    DO(BUS "drivers/cex4queue/unbind", "05.0004"),
		    DO(BUS "drivers_probe", "05.0004") },
	  .see = { SEE(Q5 "driver_override", "vfio_ap \n"), DRIVER("05.0004", "") } },
	{ .number = 88, .kernels = E4,
	  .step = { DO(Q5 "driver_override", "nodriver\n"),
		    DO(BUS "drivers/cex4queue/unbind", "05.0004"),
		    DO(BUS "drivers_probe", "05.0004") },
	  .see = { DRIVER("05.0004", "") } },
	{ .number = 89, .kernels = E4, .boot_apmask = (char *)"0x00",
	  .step = { DO(Q5 "driver_override", "vfio_ap\n") } },

	/* 18.5 */
	{ .number = 90, .kernels = E2, .step = { CREATE_A },
	  .see = { SEE(A "matrix", ""), SEE(A "guest_matrix", ""), SEE(A "control_domains", "") } },
	{ .number = 90, .kernels = K515, .step = { CREATE_A },
	  .see = { SEE(A "matrix", ""), SEE(A "guest_matrix", "?ENOENT"),
		   SEE(A "control_domains", "") } },
	{ .number = 91, .kernels = E2,
	  .step = { ALL_VFIO, CREATE_A, DO(A "assign_adapter", "5") },
	  .see = { SEE(A "matrix", "05.\n"), SEE(A "guest_matrix", "05.\n") } },
	{ .number = 92, .kernels = E2,
	  .step = { ALL_VFIO, CREATE_A, DO(A "assign_adapter", "9") },
	  .see = { SEE(A "matrix", "09.\n"), SEE(A "guest_matrix", "") } },
	{ .number = 92, .kernels = K515,
	  .step = { ALL_VFIO, CREATE_A, FAIL(A "assign_adapter", "9", EADDRNOTAVAIL) } },
	{ .number = 93, .kernels = E2,
	  .step = { ALL_VFIO, CREATE_A, DO(A "assign_domain", "0x47"),
		    DO(A "assign_adapter", "6"), DO(A "assign_domain", "4"),
		    DO(A "assign_adapter", "5") },
	  .see = { SEE(A "matrix", "05.0004\n05.0047\n06.0004\n06.0047\n"),
		   SEE(A "guest_matrix", "05.0004\n05.0047\n06.0004\n06.0047\n") } },
	{ .number = 94, .kernels = E2,
	  .step = { ALL_VFIO, CREATE_A, DO(A "assign_domain", "0x47") },
	  .see = { SEE(A "matrix", ".0047\n"), SEE(A "guest_matrix", ".0047\n") } },
	{ .number = 95, .kernels = E2,
	  .step = { ALL_VFIO, CREATE_A, CREATE_B, DO(A "assign_adapter", "5"),
		    DO(A "assign_domain", "4"), DO(B "assign_adapter", "5"),
		    FAIL(B "assign_domain", "4", EADDRINUSE) },
	  .see = { SEE(B "matrix", "05.\n") },
	  .logged = "vfio_ap_mdev " UUID_B ": Userspace may not assign queue 05.0004 to mdev: "
		    "already assigned to " UUID_A "\n" },
	{ .number = 95, .kernels = K515,
	  .step = { ALL_VFIO, CREATE_A, CREATE_B, DO(A "assign_adapter", "5"),
		    DO(A "assign_domain", "4"), DO(B "assign_adapter", "5"),
		    FAIL(B "assign_domain", "4", EADDRINUSE) } },
	{ .number = 96, .kernels = E2,
	  .step = { CREATE_A, DO(A "assign_domain", "4"),
		    FAIL(A "assign_adapter", "5", EADDRNOTAVAIL) },
	  .see = { SEE(A "matrix", ".0004\n") } },
	{ .number = 97, .kernels = ALL,
	  .step = { CREATE_A, CREATE_B, DO(A "assign_control_domain", "4"),
		    DO(B "assign_control_domain", "4") },
	  .see = { SEE(A "control_domains", "0004\n"), SEE(B "control_domains", "0004\n") } },
	{ .number = 98, .kernels = E2,
	  .step = { ALL_VFIO, CREATE_A, DO(A "assign_adapter", "5"), DO(A "assign_adapter", "6"),
		    DO(A "assign_domain", "4"), DO(A "assign_domain", "0x47"),
		    DO(BUS "drivers/vfio_ap/unbind", "05.0047") },
	  .see = { SEE(A "matrix", "05.0004\n05.0047\n06.0004\n06.0047\n"),
		   SEE(A "guest_matrix", "06.0004\n06.0047\n") } },
	{ .number = 99, .kernels = E2,
	  .step = { ALL_VFIO, CREATE_A, DO(A "assign_adapter", "5"), DO(A "assign_adapter", "6"),
		    DO(A "assign_domain", "4"), DO(A "assign_domain", "0x47"),
		    DO(BUS "drivers/vfio_ap/unbind", "05.0047"),
		    DO(A "unassign_domain", "0x47") },
	  .see = { SEE(A "matrix", "05.0004\n06.0004\n"), SEE(A "guest_matrix", "06.0004\n") } },
	{ .number = 100, .kernels = E2,
	  .step = { ALL_VFIO, CREATE_A, DO(A "assign_adapter", "5"), DO(A "assign_adapter", "6"),
		    DO(A "assign_domain", "4"), DO(A "assign_domain", "0x47"),
		    DO(BUS "drivers/vfio_ap/unbind", "05.0047"),
		    DO(A "unassign_domain", "0x47"), DO(BUS "apmask", "-0x20"),
		    DO(A "assign_adapter", "0x20") },
	  .see = { SEE(A "guest_matrix", "05.0004\n06.0004\n") } },
	{ .number = 100, .kernels = E2 & ~K61,
	  .step = { ALL_VFIO, CREATE_A, DO(A "assign_adapter", "5"), DO(A "assign_adapter", "6"),
		    DO(A "assign_domain", "4"), DO(A "assign_domain", "0x47"),
		    DO(BUS "drivers/vfio_ap/unbind", "05.0047"),
		    DO(A "unassign_domain", "0x47"), DO(A "ap_config", "06,08,0") },
	  .see = { SEE(A "guest_matrix", "05.0004\n06.0004\n") } },
	{ .number = 101, .kernels = E2,
	  .step = { ALL_VFIO, DO(BUS "drivers/vfio_ap/unbind", "05.0047"), CREATE_A,
		    DO(A "assign_adapter", "5"), DO(A "assign_domain", "4"),
		    DO(A "assign_domain", "0x47") },
	  .see = { SEE(A "guest_matrix", ".0004\n.0047\n") } },
	{ .number = 102, .kernels = E2,
	  .step = { DO(BUS "aqmask", "-4,-0x47,-0x54"), CREATE_A, DO(A "assign_adapter", "5"),
		    DO(A "assign_domain", "4"), DO(A "assign_domain", "0x54") },
	  .see = { SEE(A "matrix", "05.0004\n05.0054\n"), SEE(A "guest_matrix", "05.0004\n") } },
	{ .number = 103, .kernels = E2,
	  .step = { ALL_VFIO, CREATE_A, DO(A "assign_adapter", "5"), DO(A "assign_domain", "4"),
		    DO("GUEST", "0") },
	  .see = { SEE(Q5 "status", "in use\n"), SEE(Q6 "status", "unassigned\n") } },
	{ .number = 104, .kernels = E2,
	  .step = { ALL_VFIO, CREATE_A, DO(A "assign_adapter", "5"), DO(A "assign_domain", "4"),
		    DO("GUEST", "0"), DO(BUS "drivers/vfio_ap/unbind", "05.0004") },
	  .see = { SEE(A "guest_matrix", ".0004\n") } },
	{ .number = 104, .kernels = E2,
	  .step = { ALL_VFIO, CREATE_A, DO(A "assign_adapter", "5"), DO(A "assign_domain", "4"),
		    DO("GUEST", "0"), DO(BUS "drivers/vfio_ap/unbind", "05.0004"),
		    DO(BUS "drivers/vfio_ap/bind", "05.0004") },
	  .see = { SEE(A "guest_matrix", "05.0004\n") } },
	{ .number = 105, .kernels = E2,
	  .step = { ALL_VFIO, CREATE_A, DO(A "assign_adapter", "5"), DO(A "assign_domain", "4"),
		    DO("GUEST", "0"), DO(A "unassign_adapter", "5") },
	  .see = { SEE(A "guest_matrix", ".0004\n") } },
	{ .number = 105, .kernels = K515,
	  .step = { ALL_VFIO, CREATE_A, DO(A "assign_adapter", "5"), DO(A "assign_domain", "4"),
		    DO("GUEST", "0"), FAIL(A "unassign_adapter", "5", EBUSY),
		    FAIL(A "unassign_adapter", "x", EBUSY),
		    FAIL(A "assign_control_domain", "4", EBUSY) } },

	/* 18.6 */
	{ .number = 120, .kernels = E2 & ~K61,
	  .step = { CREATE_A, FAIL(A "ap_config", "04,08,0", EADDRNOTAVAIL) },
	  .see = { SEE(A "matrix", "") } },
	{ .number = 121, .kernels = E2 & ~K61,
	  .step = { ALL_VFIO, CREATE_A, CREATE_B, DO(B "ap_config", "06,08,0"),
		    FAIL(A "ap_config", "04,08,0", EADDRINUSE) },
	  .see = { SEE(A "matrix", "") } },
	{ .number = 122, .kernels = E2 & ~K61,
	  .step = { CREATE_A, FAIL(A "ap_config", "0,00000000000000000000040,0", ENODEV) } },
	{ .number = 122, .kernels = E2 & ~K61,
	  .step = { DO(BUS "aqmask", "-0x55"), CREATE_A,
		    FAIL(A "ap_config", "04,0000000000000000000004,0", ENODEV) } },
	{ .number = 123, .kernels = E2 & ~K61,
	  .step = { CREATE_A,
		    FAIL(A "ap_config", "04,0000000000000000000004,0", EADDRNOTAVAIL) } },
	{ .number = 124, .kernels = E2 & ~K61,
	  .step = { ALL_VFIO, CREATE_A, DO(A "ap_config", "0x04,0x08,0x01") },
	  .see = { SEE(A "ap_config", CONFIG_109) } },

	/* 18.7 */
	{ .number = 125, .kernels = ALL, .step = { CREATE_A, DO(TYPE "create", UUID_B "\n") },
	  .see = { SEE(A "uevent", "DRIVER=vfio_ap_mdev\n"),
		   SEE(B "uevent", "DRIVER=vfio_ap_mdev\n") } },
	{ .number = 126, .kernels = ALL,
	  .step = { CREATE_A, FAIL(TYPE "create", UUID_A, EEXIST),
		    FAIL(TYPE "create", "62177883-F1BB-47F0-914D-32A22E3A8804", EEXIST) } },
	{ .number = 127, .kernels = ALL, .step = { DO(TYPE "create", UUID_A "X") } },
	{ .number = 128, .kernels = ALL, .step = { FAIL(TYPE "create", UUID_A "\r\n", EINVAL) } },
	{ .number = 129, .kernels = ALL,
	  .step = { FAIL(TYPE "create", "2177883-f1bb-47f0-914d-32a22e3a8804", EINVAL),
		    FAIL(TYPE "create", "{62177883-f1bb-47f0-914d-32a22e3a880}", EINVAL),
		    FAIL(TYPE "create", "62177883-f1bb-47f0-914d032a22e3a8804", EINVAL),
		    FAIL(TYPE "create", "62177883-f1bb-47f0-914d-32a22e3a880g", EINVAL) } },
	{ .number = 130, .kernels = ALL,
	  .step = { FAIL(TYPE "create", "62177883F1BB47F0914D32A22E3A8804", EINVAL) } },
	{ .number = 131, .kernels = ALL,
	  .step = { DO(TYPE "create", "62177883-F1BB-47F0-914D-32A22E3A8804") },
	  .see = { SEE(A "matrix", "") } },
	{ .number = 133, .kernels = ALL, .step = { CREATE_A, DO(A "remove", "0") },
	  .see = { SEE(A "matrix", "") } },
	{ .number = 134, .kernels = ALL,
	  .step = { CREATE_A, DO(A "remove", "1\n"), CREATE_A, DO(A "remove", "0x1"), CREATE_A,
		    DO(A "remove", "7") },
	  .see = { SEE(A "uevent", "?ENOENT"), SEE(TYPE "available_instances", "65536\n") } },
	{ .number = 135, .kernels = ALL,
	  .step = { CREATE_A, FAIL(A "remove", "yes", EINVAL), FAIL(A "remove", "-1", EINVAL),
		    FAIL(A "remove", " 1", EINVAL),
		    FAIL(A "remove", "18446744073709551616", EINVAL) } },
	{ .number = 137, .kernels = ALL, .step = { CREATE_A, CREATE_B },
	  .see = { SEE(TYPE "available_instances", "65534\n") } },

	/* 18.8 */
	{ .number = 138, .kernels = ALL, .step = { DO(DEVS "card05/online", "1abc") },
	  .see = { SEE(DEVS "card05/online", "1\n") } },
	{ .number = 139, .kernels = ALL, .step = { DO(DEVS "card05/online", " 0") },
	  .see = { SEE(DEVS "card05/online", "0\n") } },
	{ .number = 140, .kernels = ALL,
	  .step = { FAIL(DEVS "card05/online", "+1", EINVAL),
		    FAIL(DEVS "card05/online", "2", EINVAL),
		    FAIL(DEVS "card05/online", "-1", EINVAL),
		    FAIL(DEVS "card05/online", "x", EINVAL) } },
	{ .number = 141, .kernels = ALL, .step = { DO(DEVS "card05/online", "0x1") },
	  .see = { SEE(DEVS "card05/online", "0\n") } },
	{ .number = 142, .kernels = ALL,
	  .step = { DO(DEVS "card05/config", "0"), FAIL(DEVS "card05/online", "1", ENODEV) },
	  .see = { SEE(DEVS "card05/online", "0\n") } },
	{ .number = 143, .kernels = ALL,
	  .step = { DO(DEVS "card05/online", "0"), FAIL(Q5 "online", "1", EINVAL) } },
	{ .number = 144, .kernels = ALL,
	  .step = { FAIL(BUS "config_time", "4", EINVAL), DO(BUS "config_time", "5"),
		    DO(BUS "config_time", "120"), FAIL(BUS "config_time", "121", EINVAL) },
	  .see = { SEE(BUS "config_time", "120\n") } },
	{ .number = 145, .kernels = ALL, .step = { DO(BUS "ap_domain", "08") },
	  .see = { SEE(BUS "ap_domain", "0\n") } },
	{ .number = 146, .kernels = ALL,
	  .step = { DO(BUS "aqmask", "-4"), FAIL(BUS "ap_domain", "4", EINVAL) } },
	{ .number = 147, .kernels = E2, .step = { DO(BUS "scans", "x") },
	  .see = { SEE(BUS "scans", "2\n") } },
	{ .number = 147, .kernels = K515, .step = { FAIL(BUS "scans", "x", EACCES) } },
};
/* clang-format on */

#endif
