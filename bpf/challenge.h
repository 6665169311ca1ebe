/* SPDX-License-Identifier: GPL-2.0-only */
/* Action challenge: when a key's SYNs are over the limit they are answered with cookies, and other TCP to the
 * same destination must belong to a connection, until the flood is over. */
#ifndef FW_BPF_CHALLENGE_H
#define FW_BPF_CHALLENGE_H

#include "cookie.h"
#include "judge.h"
#include "local.h"
#include "maps.h"
#include "packet.h"
#include "reply.h"
#include "socket.h"
#include "verified.h"

static __always_inline struct fw_challenge_key challenge_key(const struct fw_rule *rule,
							     const struct fw_pkt *pkt, __u16 id)
{
	struct fw_challenge_key key = {.rule = id};

	if (rule->per == FW_PER_DESTINATION)
		key.addr = pkt->dest;
	return key;
}

/* Begins the challenge of a key or lets it last; since_ns of 0 is that of one that is over. */
static __always_inline void challenge_put(const struct fw_challenge_key *key, const struct fw_pkt *pkt,
					  __u16 rule)
{
	struct fw_challenge fresh = {
		.since_ns = pkt->now_ns, .until_ns = pkt->now_ns + FW_CHALLENGE_HOLD_NS, .rule = rule};
	struct fw_challenge *known = bpf_map_lookup_elem(&fw_challenge_map, key);

	if (known) {
		if (pkt->now_ns >= known->until_ns)
			known->since_ns = pkt->now_ns;
		known->rule = rule;
		known->until_ns = fresh.until_ns;
	} else if (bpf_map_update_elem(&fw_challenge_map, key, &fresh, BPF_ANY)) {
		count_fault(FW_FAULT_CHALLENGE_FULL);
	}
}

/* Rare: a few times per hold time and CPU. */
static __noinline void challenge_extend(const struct fw_rule *rule, const struct fw_pkt *pkt, int counts)
{
	struct fw_challenge_key key = challenge_key(rule, pkt, rule->id);
	struct fw_control *control = map_control();

	challenge_put(&key, pkt, rule->id);
	if (counts || pkt->counting)
		return;
	key.rule = FW_RULE_NONE;
	challenge_put(&key, pkt, rule->id);
	if (control)
		control->challenge_until_ns = pkt->now_ns + FW_CHALLENGE_HOLD_NS;
}

/* What the key's window holds with this SYN. Not inlined, as others here: frames of four functions share 512
 * bytes. */
static __noinline __u64 challenge_amount(const struct fw_rule *rule, const struct fw_pkt *pkt,
					 struct fw_rule_count *count)
{
	__u64 cost = judge_cost(rule, pkt);
	int shared = rule->per == FW_PER_TOTAL && rule->batch;
	struct fw_meter *meter;

	if (shared)
		judge_total_is_over(rule, pkt, cost);
	meter = judge_meter(rule, pkt);
	if (!meter)
		return 0;
	if (shared)
		return fw_meter_amount(meter) + count->pending;
	return judge_brings_up(rule, pkt, meter) ? fw_meter_add(meter, cost) : 0;
}

static __noinline struct fw_challenge *challenge_find(const struct fw_rule *rule, const struct fw_pkt *pkt)
{
	struct fw_challenge_key key = challenge_key(rule, pkt, rule->id);

	return bpf_map_lookup_elem(&fw_challenge_map, &key);
}

/* Begins above the limit, ends below half of it and after a while. */
static __always_inline int challenge_lasts(const struct fw_rule *rule, const struct fw_pkt *pkt,
					   struct fw_rule_count *count, int counts)
{
	struct fw_challenge *known = challenge_find(rule, pkt);
	int lasts = known && pkt->now_ns < known->until_ns;
	__u64 amount = challenge_amount(rule, pkt, count);

	if (amount > (lasts ? rule->limit / 2 : rule->limit)) {
		if (!lasts ||
		    known->until_ns < pkt->now_ns + FW_CHALLENGE_HOLD_NS - FW_CHALLENGE_HOLD_NS / 16)
			challenge_extend(rule, pkt, counts);
		return 1;
	}
	return lasts;
}

/* A SYN that cannot be answered: a few reach the stack, which has its own ways. */
static __always_inline enum fw_reason challenge_pass(const struct fw_pkt *pkt, struct fw_cookie_room *room)
{
	count_fault(FW_FAULT_COOKIE_FAILED);
	return reply_take(room, FW_REPLY_PASSED, pkt->now_ns, FW_REPLY_PASSED_MOST, 1)
		       ? FW_REASON_UNDECIDED
		       : FW_REASON_CHALLENGE_BUDGET;
}

/* A SYN of a connection, or of one that is over and whose port is used again: the stack knows what to make of
 * it, whatever else passes. */
static __always_inline enum fw_reason challenge_pass_connected(const struct fw_pkt *pkt,
							       struct fw_cookie_room *room)
{
	return reply_take(room, FW_REPLY_CONNECTED, pkt->now_ns, FW_REPLY_CONNECTED_MOST, 1)
		       ? FW_REASON_UNDECIDED
		       : FW_REASON_CHALLENGE_BUDGET;
}

/* A verified source may be forged as any other: more of it is answered, whatever is left for all, not
 * everything. Asked last: who is verified is a miss in a large table for every source of a flood. */
static __always_inline int challenge_may_answer(const struct fw_policy_slot *policy, const struct fw_pkt *pkt,
						struct fw_cookie_room *room)
{
	__u64 limit = policy->reply_limit, per_prefix = policy->reply_per_prefix;
	__u64 batch = limit >> 10 < FW_REPLY_BATCH ? 1 : FW_REPLY_BATCH;
	__u32 *counter = reply_prefix_counter(pkt);
	__u32 answered = counter ? *counter & FW_REPLY_COUNT_MOST : FW_REPLY_COUNT_MOST;

	if (answered >= FW_REPLY_VERIFIED_TIMES * per_prefix || answered == FW_REPLY_COUNT_MOST || !counter)
		return 0;
	if ((answered >= per_prefix || !reply_take(room, FW_REPLY_ANSWERED, pkt->now_ns, limit, batch)) &&
	    !verified_holds(pkt, 0))
		return 0;
	*counter += 1;
	return 1;
}

/* The frame becomes the answer, or is unchanged and goes on. */
static __always_inline enum fw_reason challenge_put_answer(struct xdp_md *ctx,
							   const struct fw_cookie_host *host,
							   const struct fw_pkt *pkt,
							   struct fw_cookie_room *room, __s64 cookie)
{
	__u32 ip = pkt->family == FW_FAMILY_V4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr), link;

	if (cookie < 0)
		return challenge_pass(pkt, room);
	link = cookie_link_bytes(ctx);
	if (cookie_put(ctx, room, link, cookie_write(ctx, host, room, ip, (__u32)cookie)))
		return challenge_pass(pkt, room);
	return FW_REASON_CHALLENGED;
}

/* Reads the SYN into the room. Returns the bytes of its TCP header, 0: it cannot be answered. */
static __always_inline __u32 challenge_read(struct xdp_md *ctx, const struct fw_pkt *pkt,
					    struct fw_cookie_room *room)
{
	__u32 header = pkt->kind & FW_KIND_FRAGMENT ? 0 : cookie_read(ctx, pkt, cookie_link_bytes(ctx), room);

	if (header)
		cookie_read_options(header);
	return header && !room->has_signature ? header : 0;
}

/* A SYN to somebody behind this host, whose SYNPROXY takes over with the client's ACK. It opens the window
 * once it has reached the server, so that no data comes before. */
static __noinline enum fw_reason
challenge_answer_forwarded(struct xdp_md *ctx, const struct fw_policy_slot *policy, const struct fw_pkt *pkt)
{
	struct fw_cookie_host host = {.flags = FW_COOKIE_TIMESTAMPS | FW_COOKIE_SACK | FW_COOKIE_WSCALE,
				      .wscale = policy->synproxy_wscale};
	__u32 zero = 0, header;
	struct fw_cookie_room *room = bpf_map_lookup_elem(&fw_cookie_map, &zero);

	if (!room)
		return FW_REASON_UNDECIDED;
	if (policy->synproxy_wscale == FW_SYNPROXY_NONE || socket_refuses_frame(ctx))
		return challenge_pass(pkt, room);
	if (!challenge_may_answer(policy, pkt, room))
		return FW_REASON_CHALLENGE_BUDGET;
	header = challenge_read(ctx, pkt, room);
	return challenge_put_answer(ctx, &host, pkt, room, header ? cookie_make_raw(pkt, room, header) : -1);
}

/* CHALLENGED: the frame is the answer. UNDECIDED: it is unchanged and goes on. */
static __noinline enum fw_reason challenge_answer(struct xdp_md *ctx, const struct fw_policy_slot *policy,
						  const struct fw_control *control, const struct fw_pkt *pkt)
{
	const struct fw_cookie_host *host = &control->cookies;
	__u32 zero = 0, header;
	struct fw_cookie_room *room = bpf_map_lookup_elem(&fw_cookie_map, &zero);
	struct bpf_sock *sock;
	__s64 cookie = -1;

	if (!room)
		return FW_REASON_UNDECIDED;
	sock = socket_refuses_frame(ctx) ? NULL : socket_of(ctx, pkt);
	if (!sock)
		return FW_REASON_CHALLENGE_NO_LISTENER;
	if (sock->state != FW_TCP_LISTEN) {
		bpf_sk_release(sock);
		return challenge_pass_connected(pkt, room);
	}
	if (!challenge_may_answer(policy, pkt, room)) {
		bpf_sk_release(sock);
		return FW_REASON_CHALLENGE_BUDGET;
	}
	header = challenge_read(ctx, pkt, room);
	if (header)
		cookie = cookie_make(pkt, sock, room, header);
	bpf_sk_release(sock);
	return challenge_put_answer(ctx, host, pkt, room, cookie);
}

static __always_inline int challenge_is_mute(const struct fw_control *control)
{
	return control->mute_ifaces & fw_config.iface_bit;
}

/* Whether this host can answer SYNs that come by this interface. */
static __always_inline int challenge_is_ready(const struct fw_control *control)
{
	return fw_config.cookies && control->cookies.flags & FW_COOKIE_READY && !challenge_is_mute(control);
}

/* What becomes of a SYN while it is challenged; in count mode, what would. UNDECIDED: it goes on. */
static __always_inline enum fw_reason
challenge_decide(struct xdp_md *ctx, const struct fw_policy_slot *policy, const struct fw_pkt *pkt)
{
	struct fw_control *control = map_control();
	int ready = challenge_is_ready(control);
	enum fw_reason why;

	if ((!ready && !pkt->counting && !fw_config.replay) || challenge_is_mute(control))
		return FW_REASON_UNDECIDED; /* this host cannot: the next rule; status says so */
	if (socket_refuses(pkt))
		return FW_REASON_CHALLENGE_NO_LISTENER;
	if (!ready || pkt->counting)
		return FW_REASON_CHALLENGED;
	why = local_takes(control, pkt) ? challenge_answer(ctx, policy, control, pkt)
					: FW_REASON_CHALLENGE_NO_LISTENER;
	if (why == FW_REASON_CHALLENGE_NO_LISTENER && control->cookies.flags & FW_COOKIE_UNSEEN)
		why = challenge_answer_forwarded(ctx, policy, pkt);
	return why;
}

static __always_inline enum fw_reason challenge_matched(struct xdp_md *ctx,
							const struct fw_policy_slot *policy,
							const struct fw_rule *rule, struct fw_pkt *pkt,
							__u64 held)
{
	struct fw_rule_count *count = count_rule(rule->id);
	enum fw_reason why;
	int counts, on_trial;

	if (pkt->protocol != IPPROTO_TCP || (pkt->tcp_flags & (FW_FLAG_SYN | FW_FLAG_ACK)) != FW_FLAG_SYN)
		return FW_REASON_UNDECIDED; /* the checker refuses rules for others */
	count->packets++;
	count->bytes += pkt->length;
	on_trial = judge_is_on_trial(policy, rule, pkt, held);
	counts = rule->flags & FW_RULE_COUNT_MODE || on_trial;
	if (!challenge_lasts(rule, pkt, count, counts))
		return FW_REASON_UNDECIDED;
	judge_label(pkt, rule, on_trial);
	if (counts) {
		count->would_drop++;
		if (!pkt->would_drop)
			pkt->would_rule = rule->id;
		pkt->would_drop = 1;
		return FW_REASON_UNDECIDED;
	}
	why = challenge_decide(ctx, policy, pkt);
	if (why == FW_REASON_UNDECIDED)
		return why;
	pkt->rule = rule->id;
	if (pkt->counting)
		count->would_drop++;
	else
		count->dropped++;
	return why;
}

/* Global for the reason of judge_rule. */
__noinline int challenge_rule(struct xdp_md *ctx, struct fw_pkt *pkt, __u32 index, __u64 held)
{
	struct fw_policy_slot *policy;

	if (!pkt)
		return FW_REASON_INTERNAL;
	policy = map_policy(pkt->slot);
	return challenge_matched(ctx, policy, &policy->rules[index & (FW_RULES_MAX - 1)], pkt, held);
}

/* The challenge that a destination is under, its own or everybody's. */
static __always_inline const struct fw_challenge *challenge_of(const struct fw_pkt *pkt)
{
	struct fw_challenge_key key = {.rule = FW_RULE_NONE};
	const struct fw_challenge *found = bpf_map_lookup_elem(&fw_challenge_map, &key);

	if (found && pkt->now_ns < found->until_ns)
		return found;
	key.addr = pkt->dest;
	found = bpf_map_lookup_elem(&fw_challenge_map, &key);
	return found && pkt->now_ns < found->until_ns ? found : NULL;
}

enum fw_handshake { FW_HANDSHAKE_NONE, FW_HANDSHAKE_UNPROVEN, FW_HANDSHAKE_DONE };

/* What an ACK that found only the listener makes of a handshake. One that cannot be read follows a SYN that
 * could not be answered: within the same budget it is the stack's affair, and verifies nobody. */
static __always_inline enum fw_handshake challenge_handshake(struct xdp_md *ctx, const struct fw_pkt *pkt,
							     struct bpf_sock *listener)
{
	__u32 zero = 0;
	struct fw_cookie_room *room = bpf_map_lookup_elem(&fw_cookie_map, &zero);
	__u32 link = cookie_link_bytes(ctx);

	long bad;

	if (!room || !(pkt->tcp_flags & FW_FLAG_ACK) || pkt->tcp_flags & (FW_FLAG_SYN | FW_FLAG_RST))
		return FW_HANDSHAKE_NONE;
	if (!cookie_read(ctx, pkt, link, room))
		return reply_take(room, FW_REPLY_PASSED, pkt->now_ns, FW_REPLY_PASSED_MOST, 1)
			       ? FW_HANDSHAKE_UNPROVEN
			       : FW_HANDSHAKE_NONE;
	if (pkt->family == FW_FAMILY_V4)
		bad = bpf_tcp_check_syncookie(listener, room->ip, sizeof(struct iphdr), (void *)room->tcp,
					      sizeof(struct tcphdr));
	else
		bad = bpf_tcp_check_syncookie(listener, room->ip, sizeof(struct ipv6hdr), (void *)room->tcp,
					      sizeof(struct tcphdr));
	return bad ? FW_HANDSHAKE_NONE : FW_HANDSHAKE_DONE;
}

/* Whether the packet belongs to a connection, or begins one with a valid cookie; then its source is verified.
 */
static __noinline int challenge_has_state(struct xdp_md *ctx, const struct fw_pkt *pkt)
{
	struct bpf_sock *sock = socket_of(ctx, pkt);
	enum fw_handshake handshake = FW_HANDSHAKE_UNPROVEN;

	if (!sock)
		return 0;
	if (sock->state == FW_TCP_LISTEN)
		handshake = challenge_handshake(ctx, pkt, sock);
	else if (sock->state == FW_TCP_ESTABLISHED)
		handshake = FW_HANDSHAKE_DONE;
	bpf_sk_release(sock);
	if (handshake == FW_HANDSHAKE_DONE)
		verified_add(pkt);
	return handshake != FW_HANDSHAKE_NONE;
}

/* The challenge for which a packet has to show a connection. */
static __always_inline const struct fw_challenge *challenge_for(const struct fw_control *control,
								const struct fw_pkt *pkt)
{
	if (pkt->now_ns >= control->challenge_until_ns || !challenge_is_ready(control) ||
	    pkt->protocol != IPPROTO_TCP || !pkt->has_ports ||
	    (pkt->tcp_flags & (FW_FLAG_SYN | FW_FLAG_ACK | FW_FLAG_RST | FW_FLAG_FIN)) == FW_FLAG_SYN ||
	    control->cookies.flags & FW_COOKIE_UNSEEN)
		return NULL;
	/* That of a rule that is gone lasts on in the maps. */
	return map_policy(pkt->slot)->features & FW_FEATURE_CHALLENGE ? challenge_of(pkt) : NULL;
}

/* TCP that is not a SYN, before the rules. UNDECIDED: they are asked. Global for the reason of judge_rule. */
__noinline int challenge_state(struct xdp_md *ctx, struct fw_pkt *pkt)
{
	const struct fw_control *control = map_control();
	const struct fw_challenge *challenge;
	struct fw_rule_count *count;
	__u32 rule;

	if (!pkt)
		return FW_REASON_INTERNAL;
	challenge = challenge_for(control, pkt);
	if (!challenge) {
		if (pkt->tcp_flags & FW_FLAG_FIN && pkt->tcp_flags & FW_FLAG_ACK)
			verified_learn(ctx, pkt);
		return FW_REASON_UNDECIDED;
	}
	if (challenge_has_state(ctx, pkt))
		return FW_REASON_UNDECIDED;
	pkt->rule = rule = challenge->rule;
	count = count_rule(rule);
	if (pkt->counting)
		count->would_drop++;
	else
		count->dropped++;
	return FW_REASON_CHALLENGE_NO_STATE;
}

#endif
