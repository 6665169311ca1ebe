/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the stack gives a packet to a socket of this host at all. A socket that listens on every address is
 * found for any destination, also for that of a packet which is only passed on. */
#ifndef FW_BPF_LOCAL_H
#define FW_BPF_LOCAL_H

#include "maps.h"
#include "packet.h"

/* Not inlined: its key would not fit into its callers' frames, see tests/load/test_frames.c. The family, too,
 * because ::/0 covers IPv4 as it is mapped here. */
static __noinline int local_has(const struct fw_pkt *pkt)
{
	struct fw_local_key key = {.bits = 128, .addr = pkt->dest};
	const __u32 *family = bpf_map_lookup_elem(&fw_local_map, &key);

	return family && *family == pkt->family;
}

/* A port that is translated to a container's before the program that listens there sees anything. */
static __always_inline int local_is_published(const struct fw_pkt *pkt)
{
	const __u64 *word = map_memory(fw_published_map, __u64, pkt->dest_port / 64, FW_PUBLISHED_WORDS - 1);

	return *word >> (pkt->dest_port % 64) & 1;
}

/* Not inlined: on the path to a challenge every byte of frame counts. */
static __noinline int local_takes(const struct fw_control *control, const struct fw_pkt *pkt)
{
	if (control->cookies.flags & FW_COOKIE_UNSEEN && local_is_published(pkt))
		return 0;
	return local_has(pkt);
}

#endif
