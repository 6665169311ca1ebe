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

static __always_inline __u32 allowance_index(__u64 hash)
{
	return fw_allowance_index(bpf_get_smp_processor_id(), hash, fw_config.allowance_mask);
}

#define ALLOWANCE_MASK ((fw_config.cpu_mask + 1ULL) * (fw_config.allowance_mask + 1ULL) - 1)

static __always_inline struct fw_allowance_line *allowance_line(__u64 hash)
{
	return map_memory(fw_allowance_map, struct fw_allowance_line, allowance_index(hash), ALLOWANCE_MASK);
}

static __always_inline struct fw_allowance_keys *allowance_keys(__u64 hash)
{
	return map_memory(fw_allowance_key_map, struct fw_allowance_keys, allowance_index(hash),
			  ALLOWANCE_MASK);
}

/* Begun early, as known_ask(). */
static __always_inline void allowance_touch(__u64 hash)
{
	__u32 word = allowance_line(hash)->way[0].until;

	__asm__ volatile("" : : "r"(word));
}

/* The id's place, NULL: none. In a crowd nothing foretells which, so there is no branch to guess wrong; the
 * barriers keep clang from making one, and from leaving out a mask. No id stands in a line twice but that of
 * places that nobody had, which is nobody's. */
static __always_inline struct fw_allowance *allowance_find(struct fw_allowance_line *line, __u64 id,
							   __u32 *way)
{
	__u64 found = 0, place;

#pragma unroll
	for (int i = 0; i < FW_ALLOWANCE_WAYS; i++) {
		__u64 differs = line->way[i].word >> FW_ALLOWANCE_ID ^ id;

		__asm__ volatile("" : "+r"(differs));
		found |= (differs - 1) >> 63 << i;
	}
	place = (found >> 1) - (found >> 3);
	__asm__ volatile("" : "+r"(place));
	place %= FW_ALLOWANCE_WAYS;
	*way = place;
	return found && !(found & (found - 1)) ? &line->way[place] : NULL;
}

static __always_inline int allowance_is_of(const struct fw_meter_key *own, const struct fw_meter_key *key)
{
	return !((own->addr.w[0] ^ key->addr.w[0]) | (own->addr.w[1] ^ key->addr.w[1]) |
		 (own->addr.w[2] ^ key->addr.w[2]) | (own->addr.w[3] ^ key->addr.w[3]) |
		 (own->rule ^ key->rule) | (own->port ^ key->port));
}

/* Judges by the allowance alone, if there is one that holds. police does not count what it drops. */
static __always_inline enum allowance allowance_spend(struct fw_allowance *allowance,
						      const struct fw_rule *rule, const struct fw_pkt *pkt,
						      __u64 cost)
{
	if (fw_allowance_is_past(allowance, pkt->now_ns) || fw_allowance_epoch_of(allowance) != pkt->epoch)
		return ALLOWANCE_NONE;
	if (!fw_allowance_over(allowance)) {
		if (allowance->pending + cost > rule->batch)
			return ALLOWANCE_NONE;
		allowance->pending += cost;
		return ALLOWANCE_WITHIN;
	}
	if (fw_allowance_dropped(allowance) >= FW_ALLOWANCE_OVER_PACKETS)
		return ALLOWANCE_NONE;
	if (rule->action == FW_ACTION_BLOCK)
		allowance->pending += cost;
	allowance->word += 1 << FW_ALLOWANCE_DROPPED;
	return ALLOWANCE_OVER;
}

static __always_inline void allowance_free(struct fw_allowance *allowance)
{
	allowance->until = 0;
	allowance->pending = 0;
	allowance->word &= ~(255ULL << FW_ALLOWANCE_DROPPED);
}

/* Tells the meter what was counted in its name and frees the place. Returns what was told. */
static __always_inline __u64 allowance_settle(struct fw_allowance *allowance, struct fw_meter *meter,
					      __u64 sub_ns, __u16 epoch)
{
	__u64 pending = fw_allowance_pending(allowance);
	__u64 age = fw_allowance_age(allowance, meter, sub_ns);
	__u32 dropped = fw_allowance_dropped(allowance);

	if (fw_allowance_forgotten(fw_allowance_epoch_of(allowance), epoch))
		pending = dropped = 0;
	allowance_free(allowance);
	if (pending)
		fw_meter_add_late(meter, pending, age);
	if (dropped)
		__sync_fetch_and_add(&meter->dropped, dropped);
	return pending;
}

/* Another key needs the place. Its sub-windows are of its own rule. */
static __noinline int allowance_evict(struct fw_allowance *allowance, struct fw_meter_key *key, __u16 epoch)
{
	struct fw_meter *meter;

	if (!fw_allowance_pending(allowance) && !fw_allowance_dropped(allowance))
		return 0;
	meter = bpf_map_lookup_elem(&fw_meter_map, key);
	if (meter)
		allowance_settle(allowance, meter, fw_shape_sub_us(meter->shape) * 1000ULL, epoch);
	else
		allowance_free(allowance);
	return 0;
}

/* 1 + a place for a key that has none: a free one, else one whose time is over, else now and then one in use,
 * so that a crowd that came and went does not keep them. 0: none. */
static __always_inline __u32 allowance_choose(const struct fw_allowance_line *line, __u64 now_ns, __u32 dice)
{
	for (int i = 0; i < FW_ALLOWANCE_WAYS; i++)
		if (!line->way[i].until || fw_allowance_is_past(&line->way[i], now_ns))
			return i + 1;
	return dice & 60 ? 0 : (dice & 3) + 1;
}

#endif
