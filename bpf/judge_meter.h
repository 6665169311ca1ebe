/* SPDX-License-Identifier: GPL-2.0-only */
/* The meter of a rule's key: found or, if the key is admitted, made; then counted against the limit. */
#ifndef FW_BPF_JUDGE_METER_H
#define FW_BPF_JUDGE_METER_H

#include "allowance.h"
#include "fw_meter.h"
#include "identify.h"
#include "known.h"
#include "maps.h"
#include "packet.h"

static const struct fw_meter judge_fresh;

/* A key that has no state is given some. Full: the least recently used one goes. A meter gets its times only
 * where it is: who meets it before that finds another length of sub-windows, as after a change of its window.
 */
static __always_inline struct fw_meter *judge_insert(struct fw_gate *gate, const struct fw_meter_key *key,
						     enum known known, __u64 now_ns, __u32 shape)
{
	/* Refused when another CPU was first, or the known tags had no place for the key. */
	int fresh = !bpf_map_update_elem(&fw_meter_map, key, &judge_fresh, BPF_NOEXIST);
	struct fw_meter *meter = bpf_map_lookup_elem(&fw_meter_map, key);

	if (!meter) {
		count_fault(FW_FAULT_METER_FULL);
		return NULL;
	}
	if (fresh) {
		meter->shape = shape;
		meter->sub_start_ns = now_ns;
		known_count_insert(gate, known);
	}
	return meter;
}

/* Admission: the one place that decides whether a key has, or gets, state. Under a flood a key nobody knows
 * costs no map lookup. A call, for the stack. */
static __noinline struct fw_meter *judge_admit(const struct fw_meter_key *key, __u64 hash, __u64 now_ns,
					       __u32 shape)
{
	union fw_known_digest *digest;
	__u16 tag = known_tag(hash, key->rule, key->port);
	struct fw_gate *gate = known_gate();
	struct fw_meter *meter = NULL;
	enum known known;

	hash = known_hash_of_port(hash, key->port);
	digest = &known_digests(hash)->half[known_half(hash, key->rule)];
	if (gate->refilled_ns != now_ns)
		known_refill(gate, now_ns);
	known = known_how(digest, hash, key->rule, tag);
	if (known != KNOWN_NOT || !gate->closed)
		meter = bpf_map_lookup_elem(&fw_meter_map, key);
	if (meter) {
		if (known != KNOWN_WELL)
			known_keep(digest, hash, key->rule, tag, known);
	} else if (known_admits(gate, digest, hash, key->rule, tag, known, now_ns)) {
		meter = judge_insert(gate, key, known, now_ns, shape);
		if (meter && known == KNOWN_CANDIDATE)
			known_keep(digest, hash, key->rule, tag, known);
	}
	return meter;
}

/* family: pkt's, known to be below FW_FAMILY_MAX_. */
static __always_inline void judge_key(const struct fw_rule *rule, const struct fw_pkt *pkt, __u32 family,
				      struct fw_meter_key *key)
{
	const struct fw_addr *addr = fw_per_is_destination(rule->per) ? &pkt->dest : &pkt->source;

	for (int i = 0; i < 4; i++)
		key->addr.w[i] = addr->w[i] & rule->key_mask[family].w[i];
	key->rule = rule->id;
	key->port = rule->per == FW_PER_SOURCE_DEST_PORT ? pkt->dest_port : 0;
}

/* For who counts by itself, without allowances. */
static __always_inline struct fw_meter *judge_meter(const struct fw_rule *rule, const struct fw_pkt *pkt)
{
	struct fw_meter_key key = {};
	__u32 family = pkt->family, index = rule->id;

	if (rule->per == FW_PER_TOTAL)
		return bpf_map_lookup_elem(&fw_total_map, &index);
	if (family >= FW_FAMILY_MAX_)
		return NULL;
	judge_key(rule, pkt, family, &key);
	return judge_admit(&key, rule->flags & FW_RULE_SOURCE_KEY ? pkt->key_hash : known_hash(&key.addr),
			   pkt->now_ns, rule->shape);
}

/* Closes what is over. 0: as meter_rotate(). */
static __always_inline int judge_brings_up(const struct fw_rule *rule, const struct fw_pkt *pkt,
					   struct fw_meter *meter)
{
	return !fw_meter_is_due(meter, pkt->now_ns, rule->sub_ns, rule->shape) ||
	       meter_rotate(meter, pkt->now_ns, rule->shape, rule->cell_shift, rule->id);
}

static __always_inline __u64 judge_cost(const struct fw_rule *rule, const struct fw_pkt *pkt)
{
	return rule->unit == FW_UNIT_BYTES ? pkt->length : 1;
}

static __always_inline void judge_tell(struct fw_meter *meter, struct fw_rule_count *count)
{
	__sync_fetch_and_add(&meter->current, count->pending);
	count->pending = 0;
}

/* What this CPU may count for all before it asks the meter again. */
static __always_inline void judge_allow_total(const struct fw_rule *rule, const struct fw_pkt *pkt,
					      const struct fw_meter *meter, struct fw_rule_count *count)
{
	__u64 amount = fw_meter_amount(meter), left = amount < rule->limit ? rule->limit - amount : 0;

	count->room_is_all = left <= rule->batch;
	count->room = left <= rule->batch ? left : rule->batch;
	count->epoch = pkt->epoch;
	count->until_ns = meter->sub_start_ns + rule->sub_ns;
}

/* A total meter that all CPUs add to: each keeps a little to itself, because an atomic on a shared line costs
 * more than the rest of the rule. What the others keep is not seen: see fw_rule.batch. */
static __always_inline int judge_total_is_over(const struct fw_rule *rule, const struct fw_pkt *pkt,
					       __u64 cost)
{
	__u32 index = rule->id;
	struct fw_meter *meter = bpf_map_lookup_elem(&fw_total_map, &index);
	struct fw_rule_count *count = count_rule(index);
	int over;

	if (!meter)
		return 0;
	if (fw_total_is_void(count, pkt->epoch, pkt->now_ns, rule->window_ns))
		count->pending = 0;
	if (count->beyond) { /* decided quickly; still of the sub-window that ends here */
		count->beyond = 0;
		fw_meter_note_beyond(meter);
	}
	if (fw_meter_is_due(meter, pkt->now_ns, rule->sub_ns, rule->shape))
		judge_tell(meter, count);
	if (!judge_brings_up(rule, pkt, meter))
		return 0;
	over = fw_meter_amount(meter) + count->pending + cost > rule->limit;
	if (!over || !fw_rule_keeps_to_limit(rule)) {
		count->pending += cost;
		if (count->pending > rule->batch)
			judge_tell(meter, count);
	}
	if (over)
		fw_meter_note_beyond(meter);
	judge_allow_total(rule, pkt, meter, count);
	return over;
}

/* Counts cost, and what was told before it, against the meter. Over the limit? *crossing_amount is set when
 * this packet is the moment to ban. */
static __always_inline int judge_against(const struct fw_rule *rule, struct fw_meter *meter, __u64 cost,
					 __u64 told, __u64 *crossing_amount, __u64 *amount)
{
	__u64 before;

	if (fw_rule_keeps_to_limit(rule)) {
		if (fw_meter_take(meter, cost, rule->limit)) {
			*amount = fw_meter_amount(meter);
			return 0;
		}
		*crossing_amount = *amount = fw_meter_amount(meter) + cost;
	} else {
		*amount = fw_meter_add(meter, cost);
		if (*amount <= rule->limit)
			return 0;
		before = *amount - cost - told;
		/* The crossing itself, then now and then: evidence may come with a later packet. */
		if (before <= rule->limit || (*amount ^ before) >> 8)
			*crossing_amount = *amount;
	}
	__sync_fetch_and_add(&meter->dropped, 1);
	fw_meter_note_beyond(meter);
	return 1;
}

/* Far from the limit, or over it for the rest of the sub-window: the next packets need not ask for a while.
 * Not at a key's first packet: most of a crowd never send a second. */
static __always_inline int judge_needs_no_asking(const struct fw_rule *rule, __u64 cost, __u64 amount,
						 int over)
{
	return over ? rule->unit != FW_UNIT_BYTES || !fw_rule_keeps_to_limit(rule)
		    : rule->batch && amount > cost && amount + rule->batch <= rule->limit;
}

static __always_inline void judge_allow(const struct fw_rule *rule, const struct fw_pkt *pkt,
					const struct fw_meter *meter, struct fw_allowance *allowance,
					__u64 id, int over)
{
	allowance->word = id << FW_ALLOWANCE_ID | pkt->epoch;
	allowance->pending = over ? FW_ALLOWANCE_OVER : 0;
	allowance->until = fw_allowance_until(meter, rule->sub_ns, pkt->now_ns);
}

/* The key's place, also while it is free: no id stands in a line twice. Of another key with the same id it is
 * taken. NULL: it has none. */
static __always_inline struct fw_allowance *judge_own_place(struct fw_allowance_line *line,
							    const struct fw_meter_key *key, __u64 hash,
							    __u64 id, __u16 epoch)
{
	__u32 way;
	struct fw_allowance *allowance = allowance_find(line, id, &way);
	struct fw_meter_key *own;

	if (!allowance || fw_allowance_is_exact(key))
		return allowance;
	own = &allowance_keys(hash)->way[way];
	if (!allowance_is_of(own, key)) {
		allowance_evict(allowance, own, epoch);
		*own = *key;
	}
	return allowance;
}

/* A place for a key that has none, made free. NULL: it gets none. */
static __always_inline struct fw_allowance *judge_new_place(struct fw_allowance_line *line,
							    const struct fw_meter_key *key, __u64 hash,
							    const struct fw_pkt *pkt, __u32 dice)
{
	__u32 chosen = allowance_choose(line, pkt->now_ns, dice), way = (chosen - 1) % FW_ALLOWANCE_WAYS;
	struct fw_meter_key *own = &allowance_keys(hash)->way[way];

	if (!chosen)
		return NULL;
	allowance_evict(&line->way[way], own, pkt->epoch);
	*own = *key;
	return &line->way[way];
}

/* The long way: asks the key's meter. */
static __always_inline int judge_meter_is_over(const struct fw_rule *rule, const struct fw_pkt *pkt,
					       const struct fw_meter_key *key, __u64 hash, __u64 cost,
					       __u64 *crossing_amount)
{
	struct fw_meter *meter = judge_admit(key, hash, pkt->now_ns, rule->shape);
	struct fw_allowance_line *line = allowance_line(hash);
	__u64 told = 0, amount = 0;
	struct fw_allowance *allowance;
	int over;

	if (!meter)
		return 0; /* no state, no judgement: judge_admit has counted it */
	allowance = judge_own_place(line, key, hash, fw_allowance_id(key, hash), pkt->epoch);
	if (allowance)
		told = allowance_settle(allowance, meter, rule->sub_ns, pkt->epoch);
	if (!judge_brings_up(rule, pkt, meter))
		return 0;
	over = judge_against(rule, meter, cost, told, crossing_amount, &amount);
	if (!judge_needs_no_asking(rule, cost, amount, over))
		return over;
	if (!allowance)
		allowance = judge_new_place(line, key, hash, pkt, (__u32)(meter->current ^ hash >> 40));
	if (allowance)
		judge_allow(rule, pkt, meter, allowance, fw_allowance_id(key, hash), over);
	return over;
}

/* What this CPU kept back while the limit was larger. A call, for the stack. */
static __noinline int judge_tell_rest(const struct fw_rule *rule, const struct fw_pkt *pkt,
				      struct fw_meter *meter)
{
	struct fw_rule_count *count = count_rule(rule->id);

	if (!count->pending)
		return 0;
	if (fw_total_is_void(count, pkt->epoch, pkt->now_ns, rule->window_ns))
		count->pending = 0;
	judge_tell(meter, count);
	return 0;
}

/* A total whose limit is too small to keep anything back. */
static __always_inline int judge_small_total_is_over(const struct fw_rule *rule, const struct fw_pkt *pkt,
						     int counted, __u64 cost, __u64 *crossing_amount)
{
	struct fw_meter *meter = judge_meter(rule, pkt);
	__u64 amount;

	if (!meter)
		return 0;
	if (counted)
		judge_tell_rest(rule, pkt, meter);
	if (!judge_brings_up(rule, pkt, meter))
		return 0;
	return judge_against(rule, meter, cost, 0, crossing_amount, &amount);
}

/* Counts the packet against its key. Over the limit? counted: the rule has counters, to which a CPU may keep
 * what it counts for all. */
static __always_inline int judge_is_over(const struct fw_rule *rule, const struct fw_pkt *pkt, int counted,
					 __u64 *crossing_amount)
{
	__u64 cost = judge_cost(rule, pkt), hash;
	struct fw_meter_key key = {};
	__u32 family = pkt->family;

	if (rule->per == FW_PER_TOTAL)
		return rule->batch && counted
			       ? judge_total_is_over(rule, pkt, cost)
			       : judge_small_total_is_over(rule, pkt, counted, cost, crossing_amount);
	if (family >= FW_FAMILY_MAX_)
		return 0;
	judge_key(rule, pkt, family, &key);
	hash = rule->flags & FW_RULE_SOURCE_KEY ? pkt->key_hash : known_hash(&key.addr);
	return judge_meter_is_over(rule, pkt, &key, hash, cost, crossing_amount);
}

#endif
