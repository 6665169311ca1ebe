/* SPDX-License-Identifier: Apache-2.0 */
/* A crowd of sources that come once, and what the gates of all CPUs make of it. */
#ifndef FW_TESTS_PROG_CROWD_H
#define FW_TESTS_PROG_CROWD_H

#include "lab.h"

#define CROWD 150000u

/* The n-th address of 10.0.0.0/8, one packet. */
static inline struct packet stranger(uint32_t n)
{
	struct packet packet = PACKET(.from = "10.0.0.0");

	packet.bytes[packet.ip + 13] = (unsigned char)(n >> 16);
	packet.bytes[packet.ip + 14] = (unsigned char)(n >> 8);
	packet.bytes[packet.ip + 15] = (unsigned char)n;
	return packet;
}

static inline void open_large(struct lab *lab)
{
	lab_open_with(lab, "version: 1\nrules: [{name: r, limit: 5 packets/10s, action: block}]\n",
		      (struct fw_datapath_options){.sources = 1 << 18, .bans = 1024}, false);
}

static inline struct fw_gate gates_together(struct lab *lab)
{
	const struct fw_gate *gate;
	struct fw_gate sum = {};

	for (unsigned int cpu = 0; (gate = fw_stats_gate(lab->datapath, cpu)); cpu++) {
		sum.fresh += gate->fresh;
		sum.strayed += gate->strayed;
		sum.returned += gate->returned;
		sum.closed += gate->closed;
		sum.closings += gate->closings;
	}
	return sum;
}

static inline uint64_t inserted_by(struct lab *lab)
{
	struct fw_gate sum = gates_together(lab);

	return fw_gate_inserted(&sum);
}

#endif
