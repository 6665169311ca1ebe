/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Per-CPU counters of one interface: every packet once, by verdict, reason and kind of traffic. */
#ifndef FW_COUNTERS_H
#define FW_COUNTERS_H

#include "fw_reason.h"
#include "fw_types.h"

/* X(ID, family label, protocol label) */
#define FW_TRAFFICS(X)                                                                                       \
	X(OTHER, "other", "other")                                                                           \
	X(V4_TCP, "ipv4", "tcp")                                                                             \
	X(V4_UDP, "ipv4", "udp")                                                                             \
	X(V4_ICMP, "ipv4", "icmp")                                                                           \
	X(V4_OTHER, "ipv4", "other")                                                                         \
	X(V6_TCP, "ipv6", "tcp")                                                                             \
	X(V6_UDP, "ipv6", "udp")                                                                             \
	X(V6_ICMP, "ipv6", "icmp")                                                                           \
	X(V6_OTHER, "ipv6", "other")

enum fw_traffic {
#define X(id, family, protocol) FW_TRAFFIC_##id,
	FW_TRAFFICS(X)
#undef X
		FW_TRAFFIC_MAX_,
};

struct fw_iface_counts {
	struct fw_count by[FW_VERDICT_MAX_][FW_REASON_MAX_][FW_TRAFFIC_MAX_];
};
/* The kernel refuses per-CPU values beyond 32 KiB. */
_Static_assert(sizeof(struct fw_iface_counts) <= 32768, "per-CPU value too large");

#endif
