/* SPDX-License-Identifier: GPL-2.0-only */
/* What TCP payloads say: copies the beginning of one to where it can be walked, and asks the automata of the
 * generation. Only for packets of which everything else fits a term that wants to know. */
#ifndef FW_BPF_JUDGE_REQUEST_H
#define FW_BPF_JUDGE_REQUEST_H

#include "count.h"
#include "hello.h"
#include "maps.h"
#include "packet.h"
#include "request.h"

/* Upper-case letters begin a method, empty lines may come before it: nearly everything else ends here. */
static __always_inline int judge_may_begin_request(struct xdp_md *ctx, const struct fw_pkt *pkt)
{
	void *end = (void *)(long)ctx->data_end;
	__u8 *first = (void *)(long)ctx->data + (pkt->payload_at & 0x3fff);

	if (pkt->payload_at > 0x3fff || (void *)(first + 1) > end)
		return 1; /* in a later buffer */
	return (*first >= 'A' && *first <= 'Z') || *first == '\r' || *first == '\n';
}

static __always_inline int judge_may_begin_hello(struct xdp_md *ctx, const struct fw_pkt *pkt)
{
	void *end = (void *)(long)ctx->data_end;
	__u8 *first = (void *)(long)ctx->data + (pkt->payload_at & 0x3fff);

	return pkt->payload_at > 0x3fff || (void *)(first + 1) > end || *first == FW_TLS_HANDSHAKE;
}

/* Up to `most` bytes of the payload, at most FW_HELLO_READ; 0 when there are none to speak of. */
static __always_inline int judge_read_payload(struct xdp_md *ctx, const struct fw_pkt *pkt, __u32 most,
					      struct fw_payload *payload)
{
	__u64 bytes = pkt->payload_bytes < most ? pkt->payload_bytes : most;

	/* The compiler knows these bounds; the verifier wants to see them. */
	__asm__ volatile("" : "+r"(bytes));
	if (bytes < FW_REQUEST_LEAST || bytes > FW_HELLO_READ)
		return 0;
	payload->end = bytes;
	return !bpf_xdp_load_bytes(ctx, pkt->payload_at, payload->bytes, bytes);
}

static __always_inline const struct fw_automaton *judge_automaton(const struct fw_pkt *pkt,
								  enum fw_subject text)
{
	__u32 index = (pkt->slot % FW_SLOTS) * FW_SUBJECT_MAX_ + text;

	return bpf_map_lookup_elem(&fw_automaton_map, &index);
}

/* The terms of `wanted` that the payload satisfies. Global for the reason of judge_rule. */
__noinline __u64 judge_request(struct xdp_md *ctx, struct fw_pkt *pkt, __u64 wanted)
{
	__u32 zero = 0;
	struct fw_payload *payload = bpf_map_lookup_elem(&fw_payload_map, &zero);
	const struct fw_automaton *path, *host;
	const struct fw_policy_slot *policy;
	int unseen = 0;

	if (!payload || !pkt)
		return 0;
	policy = map_policy(pkt->slot);
	path = judge_automaton(pkt, FW_SUBJECT_PATH);
	host = judge_automaton(pkt, FW_SUBJECT_HOST);
	if (!path || !host ||
	    !judge_read_payload(ctx, pkt,
				wanted & ~policy->requests.any_host ? FW_REQUEST_READ_HOST : FW_REQUEST_READ,
				payload))
		return 0;
	wanted = request_terms(payload, &policy->requests, path, host, wanted, &unseen);
	if (unseen)
		count_fault(FW_FAULT_URI_NOT_SEEN);
	return wanted;
}

/* The same for the server name of a ClientHello. */
__noinline __u64 judge_hello(struct xdp_md *ctx, struct fw_pkt *pkt, __u64 wanted)
{
	__u32 zero = 0;
	struct fw_payload *payload = bpf_map_lookup_elem(&fw_payload_map, &zero);
	const struct fw_policy_slot *policy;
	const struct fw_automaton *dfa;
	enum fw_hello_found how;
	__u64 found = 0;

	if (!payload || !pkt)
		return 0;
	policy = map_policy(pkt->slot);
	dfa = judge_automaton(pkt, FW_SUBJECT_SNI);
	if (!dfa || !judge_read_payload(ctx, pkt, FW_HELLO_READ, payload))
		return 0;
	how = hello_terms(payload, dfa, &found);
	if (how == FW_HELLO_SHORT)
		count_fault(FW_FAULT_SNI_NOT_SEEN);
	if (how != FW_HELLO_PLAIN && how != FW_HELLO_NAMED)
		return 0;
	return request_narrow(wanted, found, 0, policy->requests.not_sni, policy->requests.both_sni);
}

/* Narrows the terms of everything else. */
static __always_inline __u64 judge_payload(struct xdp_md *ctx, const struct fw_policy_slot *policy,
					   struct fw_pkt *pkt, __u64 mask)
{
	__u64 requests = mask & policy->requests.all, hellos = mask & policy->requests.sni;

	if (!(requests | hellos))
		return mask;
	mask &= ~(requests | hellos);
	if (!pkt->payload_bytes)
		return mask;
	if (requests && judge_may_begin_request(ctx, pkt))
		mask |= judge_request(ctx, pkt, requests);
	if (hellos && judge_may_begin_hello(ctx, pkt))
		mask |= judge_hello(ctx, pkt, hellos);
	return mask;
}

#endif
