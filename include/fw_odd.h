/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* TCP flags, and those that no TCP sends: the same for the packet path, for check and for explain. */
#ifndef FW_ODD_H
#define FW_ODD_H

#include "fw_types.h"

/* FIN SYN RST PSH ACK URG as they stand in the flag byte. */
#define FW_FLAG_FIN	    0x01
#define FW_FLAG_SYN	    0x02
#define FW_FLAG_RST	    0x04
#define FW_FLAG_PSH	    0x08
#define FW_FLAG_ACK	    0x10
#define FW_FLAG_URG	    0x20
#define FW_FLAGS_VALID(set) (1ULL << (set))

/* What is left of a segment that some TCP sends, PSH and ECN aside; the table of the kernel's connection
 * tracking. */
static inline __attribute__((always_inline)) int fw_flags_are_bad(__u32 flags)
{
	const __u64 valid = FW_FLAGS_VALID(FW_FLAG_SYN) | FW_FLAGS_VALID(FW_FLAG_SYN | FW_FLAG_URG) |
			    FW_FLAGS_VALID(FW_FLAG_SYN | FW_FLAG_ACK) | FW_FLAGS_VALID(FW_FLAG_RST) |
			    FW_FLAGS_VALID(FW_FLAG_RST | FW_FLAG_ACK) |
			    FW_FLAGS_VALID(FW_FLAG_FIN | FW_FLAG_ACK) |
			    FW_FLAGS_VALID(FW_FLAG_FIN | FW_FLAG_ACK | FW_FLAG_URG) |
			    FW_FLAGS_VALID(FW_FLAG_ACK) | FW_FLAGS_VALID(FW_FLAG_ACK | FW_FLAG_URG);

	return !(valid >> (flags & 0x3f & ~FW_FLAG_PSH) & 1);
}

#endif
