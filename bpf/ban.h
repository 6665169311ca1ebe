/* SPDX-License-Identifier: GPL-2.0-only */
/* Bans as leases: who is under one, and how an offender gets one. */
#ifndef FW_BPF_BAN_H
#define FW_BPF_BAN_H

#include <linux/in.h>
#include <bpf/bpf_endian.h>

#include "count.h"
#include "fw_filter.h"
#include "maps.h"
#include "packet.h"
#include "socket.h"
#include "verified.h"

static __always_inline __u64 *ban_word(__u32 index)
{
	return map_memory(fw_ban_filter_map, __u64, index, FW_SLOTS * FW_BAN_FILTER_WORDS - 1);
}

static __always_inline int ban_maybe(const struct fw_control *control, __u64 hash)
{
	__u32 slot = control->ban_filter_slot % FW_SLOTS;
	__u32 index = fw_ban_filter_index(hash, slot, control->ban_filter_mask[slot]);
	__u64 bits = fw_ban_filter_bits(hash);

	return (*ban_word(index) & bits) == bits;
}

static __noinline int ban_lease(const struct fw_pkt *pkt, struct fw_ban_key *key)
{
	struct fw_ban *ban = bpf_map_lookup_elem(&fw_ban_map, key);

	if (!ban || ban->expires_ns <= pkt->now_ns)
		return 0;
	__sync_fetch_and_add(&ban->packets, 1);
	return 1;
}

/* Global: verified once instead of on every path out of parse; kernel 6.1 said "BPF program is too large.
 * Processed 1000001 insn". hash: of the whole source address, so that exact bans cost no second one. */
__noinline int ban_on_source(struct fw_pkt *pkt, __u64 hash)
{
	struct fw_control *control = map_control();
	__u32 family;

	if (!pkt)
		return 0;
	family = pkt->family;
	if (family >= FW_FAMILY_MAX_)
		return 0;
	for (__u32 i = 0; i < FW_BAN_LENGTHS && i < control->ban_lengths[family]; i++) {
		struct fw_ban_key key = {.addr = pkt->source, .bits = control->ban_bits[family][i]};
		__u64 probe = hash;

		if (key.bits < 128) {
			packet_mask(&key.addr, key.bits);
			probe = fw_filter_hash(&key.addr, key.bits, fw_config.seed);
		}
		if (ban_maybe(control, probe) && ban_lease(pkt, &key))
			return 1;
	}
	return 0;
}

static __always_inline int ban_holds(struct fw_pkt *pkt, __u64 hash)
{
	__u32 family = pkt->family;

	return family < FW_FAMILY_MAX_ && map_control()->ban_lengths[family] && ban_on_source(pkt, hash);
}

/* Evidence that the source owns its address: the counted packet belongs to an established connection, or the
 * source completed a handshake lately. */
static __noinline int ban_is_verified(void *ctx, const struct fw_pkt *pkt)
{
	struct bpf_sock *sock;
	int established;

	if (pkt->protocol != IPPROTO_TCP || !pkt->has_ports)
		return 0;
	sock = socket_of(ctx, pkt);
	if (!sock)
		return 0;
	established = sock->state == FW_TCP_ESTABLISHED;
	bpf_sk_release(sock);
	return established;
}

static __always_inline void ban_mark(const struct fw_ban_key *key)
{
	__u64 hash = fw_filter_hash(&key->addr, key->bits, fw_config.seed);
	struct fw_control *control = map_control();

	for (__u32 slot = 0; slot < FW_SLOTS; slot++) {
		__u32 index = fw_ban_filter_index(hash, slot, control->ban_filter_mask[slot]);

		__sync_fetch_and_or(ban_word(index), fw_ban_filter_bits(hash));
	}
}

static __always_inline void ban_tell(const struct fw_pkt *pkt, const struct fw_ban_key *key,
				     const struct fw_ban *ban, __u64 amount)
{
	struct fw_event_ban *event = bpf_ringbuf_reserve(&fw_event_map, sizeof(*event), 0);

	if (!event) {
		count_fault(FW_FAULT_EVENT_LOST);
		return;
	}
	event->kind = FW_EVENT_BAN;
	event->bits = key->bits;
	event->addr = key->addr;
	event->at_ns = pkt->now_ns;
	event->expires_ns = ban->expires_ns;
	event->amount = amount;
	event->rule = ban->rule;
	event->strikes = ban->strikes;
	event->iface = fw_config.iface;
	bpf_ringbuf_submit(event, 0);
}

/* The source part of the key gets a lease; a repeated offence a longer one. */
static __noinline void ban_source(const struct fw_pkt *pkt, const struct fw_rule *rule, __u64 amount)
{
	__u32 family = pkt->family, step;
	struct fw_ban fresh = {.since_ns = pkt->now_ns, .rule = rule->id, .origin = FW_BAN_RULE};
	struct fw_ban_key key = {.addr = pkt->source};
	struct fw_ban *known;

	if (family == FW_FAMILY_NONE || family >= FW_FAMILY_MAX_)
		return;
	key.bits = rule->ban_bits[family];
	packet_mask(&key.addr, key.bits);
	known = bpf_map_lookup_elem(&fw_ban_map, &key);
	if (known && known->expires_ns > pkt->now_ns)
		return; /* another CPU was first */
	if (known) {
		fresh.strikes = known->strikes < FW_STRIKES_MAX ? known->strikes : FW_STRIKES_MAX - 1;
		fresh.packets = known->packets;
	}
	step = fresh.strikes++;
	if (step >= rule->ban_steps)
		step = rule->ban_steps ? rule->ban_steps - 1 : 0;
	fresh.expires_ns = pkt->now_ns + rule->ban_ns[step < FW_BAN_STEPS ? step : 0];
	if (bpf_map_update_elem(&fw_ban_map, &key, &fresh, BPF_ANY)) {
		count_fault(FW_FAULT_BAN_FULL);
		return;
	}
	ban_mark(&key);
	ban_tell(pkt, &key, &fresh, amount);
}

#endif
