/* SPDX-License-Identifier: GPL-2.0-only */
/* Spends, gives and settles what a CPU may decide about a key without asking its meter: see fw_allowance.h.
 */
#ifndef FW_BPF_ALLOWANCE_H
#define FW_BPF_ALLOWANCE_H

#include "fw_allowance.h"
#include "fw_meter.h"
#include "maps.h"
#include "packet.h"

enum allowance { ALLOWANCE_NONE, ALLOWANCE_WITHIN, ALLOWANCE_OVER };

static __always_inline struct fw_allowance_line *allowance_line(__u64 hash)
{
	__u32 index = fw_allowance_index(bpf_get_smp_processor_id(), hash, fw_config.allowance_mask);

	return map_memory(fw_allowance_map, struct fw_allowance_line, index,
			  (fw_config.cpu_mask + 1ULL) * (fw_config.allowance_mask + 1ULL) - 1);
}

/* Begun early, as known_ask(). */
static __always_inline void allowance_touch(__u64 hash)
{
	__u32 word = allowance_line(hash)->way[0].until;

	__asm__ volatile("" : : "r"(word));
}

static __always_inline int allowance_is_of(const struct fw_allowance *allowance,
					   const struct fw_meter_key *key)
{
	return !((allowance->addr.w[0] ^ key->addr.w[0]) | (allowance->addr.w[1] ^ key->addr.w[1]) |
		 (allowance->addr.w[2] ^ key->addr.w[2]) | (allowance->addr.w[3] ^ key->addr.w[3]) |
		 (allowance->rule ^ key->rule) | (allowance->port ^ key->port)) &&
	       allowance->until;
}

static __always_inline struct fw_allowance *allowance_find(struct fw_allowance_line *line,
							   const struct fw_meter_key *key)
{
	for (int i = 0; i < FW_ALLOWANCE_WAYS; i++)
		if (allowance_is_of(&line->way[i], key))
			return &line->way[i];
	return NULL;
}

/* Judges by the allowance alone, if there is one that holds. police does not count what it drops. */
static __always_inline enum allowance allowance_spend(struct fw_allowance *allowance,
						      const struct fw_rule *rule, const struct fw_pkt *pkt,
						      __u64 cost)
{
	if (fw_allowance_is_past(allowance, pkt->now_ns) || allowance->epoch != pkt->epoch)
		return ALLOWANCE_NONE;
	if (!allowance->over) {
		if (allowance->pending + cost > rule->batch)
			return ALLOWANCE_NONE;
		allowance->pending += cost;
		return ALLOWANCE_WITHIN;
	}
	if (allowance->dropped >= FW_ALLOWANCE_OVER_PACKETS)
		return ALLOWANCE_NONE;
	if (rule->action == FW_ACTION_BLOCK)
		allowance->pending += cost;
	allowance->dropped++;
	return ALLOWANCE_OVER;
}

/* Tells the meter what was counted in its name and frees the place. Returns what was told. */
static __always_inline __u64 allowance_settle(struct fw_allowance *allowance, struct fw_meter *meter,
					      __u64 sub_ns, __u16 epoch)
{
	__u64 pending = allowance->pending;
	__u32 dropped = allowance->dropped;

	if (fw_allowance_forgotten(allowance->epoch, epoch))
		pending = dropped = 0;
	if (allowance->over && fw_allowance_is_late(allowance, meter, sub_ns))
		pending = 0;
	allowance->until = 0;
	allowance->pending = 0;
	allowance->dropped = 0;
	if (pending)
		__sync_fetch_and_add(&meter->current, pending);
	if (dropped)
		__sync_fetch_and_add(&meter->dropped, dropped);
	return pending;
}

/* Another key needs the place. Its sub-windows are of its own rule. */
static __noinline int allowance_evict(struct fw_allowance *allowance, __u16 epoch)
{
	struct fw_meter_key key = {.addr = allowance->addr, .rule = allowance->rule, .port = allowance->port};
	struct fw_meter *meter;

	if (!allowance->pending && !allowance->dropped)
		return 0;
	meter = bpf_map_lookup_elem(&fw_meter_map, &key);
	if (meter)
		allowance_settle(allowance, meter, meter->sub_us * 1000ULL, epoch);
	allowance->pending = 0;
	allowance->dropped = 0;
	return 0;
}

/* A place for a key that has none: a free one, else one whose time is over, else now and then one in use, so
 * that a crowd that came and went does not keep them. */
static __always_inline struct fw_allowance *allowance_choose(struct fw_allowance_line *line, __u64 now_ns,
							     __u32 dice)
{
	for (int i = 0; i < FW_ALLOWANCE_WAYS; i++)
		if (!line->way[i].until || fw_allowance_is_past(&line->way[i], now_ns))
			return &line->way[i];
	return dice & 30 ? NULL : &line->way[dice & 1];
}

#endif
