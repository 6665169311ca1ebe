/* SPDX-License-Identifier: GPL-2.0-only */
/* What one packet turned out to be; filled by parse, read by every later stage. */
#ifndef FW_BPF_PACKET_H
#define FW_BPF_PACKET_H

#include <bpf/bpf_endian.h>

#include "fw_counters.h"
#include "fw_policy.h"
#include "fw_types.h"

#define FW_ESSENTIAL_NONE 0xff

struct fw_pkt {
	struct fw_addr source, dest;
	__u64 now_ns;
	__u64 labels;
	__u64 trial_labels;	      /* set only because of feeds on trial; 0 without count_terms */
	__u64 key_hash;		      /* of the source as most meters count it: IPv4 /32, IPv6 /64 */
	__u64 count_terms;	      /* terms that hold only because of feeds on trial: they count */
	__u32 counting;		      /* not 0: the interface is in count mode: nothing may drop or ban */
	__u32 length;		      /* frame bytes without FCS */
	__u16 source_port, dest_port; /* host order; 0 without L4 */
	__u16 payload_at;	      /* of TCP and UDP: bytes before it in the frame, */
	__u16 payload_bytes;	      /* and how many the headers promise; 0 without TCP or UDP */
	/* Eight bytes each, which parse_plain_is() writes at once. */
	union {
		__u64 marks;
		struct {
			__u16 epoch;	  /* of allowances: fw_allowance_epoch */
			__u16 rule;	  /* id of the rule that decided, or FW_RULE_NONE */
			__u16 would_rule; /* of the first that would have dropped; with would_drop only */
			__u16 kind;	  /* enum fw_packet_kind */
		};
	};
	union {
		__u64 nature;
		struct {
			__u8 family;   /* enum fw_family; NONE while no address is known */
			__u8 protocol; /* of the last header understood */
			__u8 tcp_flags;
			__u8 essential; /* enum fw_essential_kind or FW_ESSENTIAL_NONE */
			__u8 has_ports;
			__u8 traffic;	 /* enum fw_traffic */
			__u8 would_drop; /* a rule in count mode would have dropped it */
			__u8 slot;	 /* of the generation that judges this packet */
		};
	};
};

/* Clears all but the first bits. */
static __always_inline void packet_mask(struct fw_addr *addr, __u32 bits)
{
	for (int i = 0; i < 4; i++) {
		__s32 here = (__s32)bits - 32 * i;

		if (here <= 0)
			addr->w[i] = 0;
		else if (here < 32)
			addr->w[i] &= bpf_htonl(~0u << (32 - here));
	}
}

#endif
