/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* One dropped packet out of many, for user space to see whom an attack is aimed at and with what. */
#ifndef FW_SAMPLE_H
#define FW_SAMPLE_H

#include "fw_types.h"

/* Of the samples behind top, a CPU hands at most this many a tick on; how many packets were dropped is
 * counted exactly elsewhere. */
#define FW_DROP_SAMPLES_PER_TICK 8

struct fw_drop_sample {
	struct fw_addr dest;
	__u64 at_ns;
	__u32 weight; /* packets of this CPU that it stands for */
	__u32 length; /* frame bytes */
	__u16 rule;   /* id of the rule that dropped, or would have in count mode; FW_RULE_NONE */
	__u16 source_port, dest_port; /* host order; 0 without L4 */
	__u8 reason;		      /* enum fw_reason */
	__u8 would_drop;	      /* it passed: something counts */
	__u8 family;		      /* enum fw_family, never NONE */
	__u8 protocol;
	__u8 tcp_flags; /* 0 without TCP */
	__u8 kind;	/* enum fw_packet_kind */
	__u8 pad[4];
};
FW_SIZE_IS(struct fw_drop_sample, 48);

#endif
