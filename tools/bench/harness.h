/* SPDX-License-Identifier: Apache-2.0 */
/* One program behind a program that writes it a packet of a plan each time, run by the kernel without a
 * network. */
#ifndef FW_TOOLS_BENCH_HARNESS_H
#define FW_TOOLS_BENCH_HARNESS_H

#include "lib/err.h"
#include "packet.h"

#define HARNESS_ANY_VERDICT -1

/* A program array serves one kind of program, with fragments or without: so one harness for each program. */
struct harness {
	struct harness_bpf *skel;
	struct packet_plan plan;
	unsigned int ifindex; /* that packets come by; 0: the kernel's choice */
};

/* proto: as plan_proto_parse() has them, or TCP that carries something: "request" a GET, "data" what is none.
 * source: as plan_source_parse() has them. */
int harness_plan(const char *proto, const char *dst, const char *source, struct packet_plan *ret,
		 struct fw_err *err);

/* The program stays the caller's. *ret wants harness_close(), which takes a harness of zeros, too. */
int harness_open(const struct packet_plan *plan, int program, struct harness *ret, struct fw_err *err);
/* Nanoseconds of a packet. -EPROTO: the verdict on the last one was another. */
int harness_measure(const struct harness *harness, unsigned int repeat, int verdict, double *ret,
		    struct fw_err *err);
void harness_close(struct harness *harness);

#endif
