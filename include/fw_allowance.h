/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What a CPU may decide about a key without asking its meter: a small table per CPU in front of the meters.
 *
 * A meter lies somewhere in a hash of a million others: asking it costs two or three cache misses and a call.
 * A key that is far from its limit, or over it until the sub-window ends, needs no asking: the CPU notes what
 * it counted here and tells the meter later, when the allowance is used up, when the sub-window or half a
 * second has ended, when the policy changed or when another key takes the place. On one CPU every packet is
 * judged as if the meter had been asked; several CPUs hold back at most a 32nd of a limit together and 64
 * packets each (fw_rule.batch), and 255 that were dropped. Told late, it counts in the sub-window in which it
 * came. */
#ifndef FW_ALLOWANCE_H
#define FW_ALLOWANCE_H

#include "fw_types.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/* A key over its limit tells its meter at least every so many packets: evidence for a ban may turn up. */
#define FW_ALLOWANCE_OVER_PACKETS 255u

/* word: whose it is, the 40 bits of fw_allowance_id(); 8 bits: packets dropped and not yet told to the meter;
 * 16 bits: fw_allowance_epoch() at which it was given. */
struct fw_allowance {
	__u64 word;
	__u32 until;   /* fw_allowance_tick() of when it ends, in the sub-window; 0: the place is free */
	__u32 pending; /* counted, not yet told to the meter: packets or bytes; and FW_ALLOWANCE_OVER */
};
FW_SIZE_IS(struct fw_allowance, 16);

#define FW_ALLOWANCE_ID	     24
#define FW_ALLOWANCE_DROPPED 16
/* Over the limit, all is dropped; else within it, the rest may be spent. */
#define FW_ALLOWANCE_OVER (1u << 31)

static __always_inline __u32 fw_allowance_over(const struct fw_allowance *allowance)
{
	return allowance->pending & FW_ALLOWANCE_OVER;
}

static __always_inline __u32 fw_allowance_pending(const struct fw_allowance *allowance)
{
	return allowance->pending & ~FW_ALLOWANCE_OVER;
}

static __always_inline __u32 fw_allowance_dropped(const struct fw_allowance *allowance)
{
	return allowance->word >> FW_ALLOWANCE_DROPPED & 255;
}

static __always_inline __u16 fw_allowance_epoch_of(const struct fw_allowance *allowance)
{
	return (__u16)allowance->word;
}

/* Forty bits instead of the whole key. They are an IPv4 address and the rule, which tells such keys from each
 * other; anything else is hashed into them, by a hash that nobody outside knows, and another key in the same
 * line has the same id with probability 2^-40. Before an IPv6 source is dropped by an allowance, and when its
 * meter is asked, the whole key is compared. */
static __always_inline __u64 fw_allowance_id_v4(__u32 addr, __u16 rule)
{
	return (__u64)addr << 8 | (rule & 255);
}

static __always_inline __u64 fw_allowance_id_hashed(__u64 hash, __u16 rule, __u16 port)
{
	return (hash ^ ((__u64)rule << 16 | port) * 0x9e3779b97f4a7c15ULL) * 0xbf58476d1ce4e5b9ULL >>
	       FW_ALLOWANCE_ID;
}

/* The word of a place that nobody had would be 0.0.0.0's. */
static __always_inline int fw_allowance_is_exact(const struct fw_meter_key *key)
{
	const __u8 *bytes = (const __u8 *)&key->addr;

	return !key->port && !(key->addr.w[0] | key->addr.w[1]) && !(bytes[8] | bytes[9]) &&
	       (bytes[10] & bytes[11]) == 255 && key->addr.w[3];
}

/* hash: fw_filter_hash() of the key's address. */
static __always_inline __u64 fw_allowance_id(const struct fw_meter_key *key, __u64 hash)
{
	return fw_allowance_is_exact(key) ? fw_allowance_id_v4(key->addr.w[3], key->rule)
					  : fw_allowance_id_hashed(hash, key->rule, key->port);
}

#define FW_ALLOWANCE_WAYS 4

struct fw_allowance_line {
	struct fw_allowance way[FW_ALLOWANCE_WAYS];
};
FW_SIZE_IS(struct fw_allowance_line, 64);

/* The keys of a line, asked for only when another key needs a place, or when the id may not be the only one
 * of its kind. */
struct fw_allowance_keys {
	struct fw_meter_key way[FW_ALLOWANCE_WAYS];
};
FW_SIZE_IS(struct fw_allowance_keys, 80);

/* Lines of each CPU, 64 bytes and 80 of keys: of all together 9 MiB, but at least half a MiB each, unless
 * that is more than 576 MiB: the verifier follows no address in a value beyond 512. A power of two. */
#define FW_ALLOWANCE_LINES     (1u << 16)
#define FW_ALLOWANCE_LINES_MIN (1u << 12)
#define FW_ALLOWANCE_LINES_ALL (1u << 22)

static __always_inline __u32 fw_allowance_lines(__u32 cpus)
{
	__u32 lines = FW_ALLOWANCE_LINES;

	while (cpus > 1 &&
	       (lines > FW_ALLOWANCE_LINES_MIN || cpus > FW_ALLOWANCE_LINES_ALL / FW_ALLOWANCE_LINES)) {
		lines /= 2;
		cpus = (cpus + 1) / 2;
	}
	return lines;
}

/* Of the address alone, so that all rules about one source share a line. hash: fw_filter_hash() of the key's
 * address; mask: lines of a CPU - 1. */
static __always_inline __u32 fw_allowance_index(__u32 cpu, __u64 hash, __u32 mask)
{
	return cpu * (mask + 1) + (__u32)(hash >> 12 & mask);
}

/* Beyond every sub-window (an hour's are 225 s): what says so is left from before the ticks began anew, after
 * 52 days. */
#define FW_ALLOWANCE_TICKS_MAX (1u << 19)

/* About a millisecond, rounded down: what ends is over a little early, never late. */
static __always_inline __u32 fw_allowance_tick(__u64 ns)
{
	return (__u32)(ns >> 20);
}

static __always_inline int fw_allowance_is_past(const struct fw_allowance *allowance, __u64 now_ns)
{
	return allowance->until - fw_allowance_tick(now_ns) - 1 >= FW_ALLOWANCE_TICKS_MAX;
}

/* A meter that nobody asks is taken for unused: the next new key may get its place, and its key a whole limit
 * once more. New keys replace half of the meters in a second (fw_gate_per_second()), so that one that is
 * asked twice a second stays. Sub-windows of windows up to 8 s end before that. */
#define FW_ALLOWANCE_NS (FW_NS_PER_SEC / 2)

static __always_inline __u32 fw_allowance_until(const struct fw_meter *meter, __u64 sub_ns, __u64 now_ns)
{
	__u64 end = meter->sub_start_ns + sub_ns, soon = now_ns + FW_ALLOWANCE_NS;

	return fw_allowance_tick(end < soon ? end : soon);
}

/* How many sub-windows ago it was spent; 0: in the meter's open one, else another CPU has closed some since.
 * It ended in the sub-window in which it was given, or with it; a tick more for what rounding took. */
static __always_inline __u64 fw_allowance_age(const struct fw_allowance *allowance,
					      const struct fw_meter *meter, __u64 sub_ns)
{
	__u32 ticks = fw_allowance_tick(meter->sub_start_ns) - allowance->until + 1;

	if (!fw_allowance_is_past(allowance, meter->sub_start_ns))
		return 0;
	return 1 + ((__u64)ticks << 20) / (sub_ns ? sub_ns : 1);
}

/* Changes with every policy, and when meters are forgotten. */
static __always_inline __u16 fw_allowance_epoch(__u32 generation, __u32 forgets)
{
	return (__u16)(forgets << 8 | (generation & 255));
}

/* That of a policy's generation and forgets, after so many more. */
static __always_inline __u16 fw_allowance_epoch_later(__u32 epoch, __u32 forgets)
{
	return (__u16)(epoch + (forgets << 8));
}

/* What was counted under the one epoch is of no meaning under the other. */
static __always_inline int fw_allowance_forgotten(__u16 epoch, __u16 now)
{
	return (epoch ^ now) >> 8 != 0;
}

/* What a CPU has counted for a total meter and not told is void when the meter was forgotten since, or when
 * the CPU was quiet for a window. Not when the clock of a replay went back. */
static __always_inline int fw_total_is_void(const struct fw_rule_count *count, __u16 epoch, __u64 now_ns,
					    __u64 window_ns)
{
	return fw_allowance_forgotten(count->epoch, epoch) ||
	       (__s64)(now_ns - count->until_ns) > (__s64)window_ns;
}

#endif
