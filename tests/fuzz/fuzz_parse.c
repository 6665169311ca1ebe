// SPDX-License-Identifier: Apache-2.0
/* The packet parser of the packet path, compiled for the host: no byte beyond the frame is read, every frame
 * gets a verdict, a cut frame is never understood better than the whole, and what parse_plain() takes for
 * plain it reads as parse_frame() does. First byte: how much of the frame lies in the first buffer. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#include "bpf/odd.h"
#include "bpf/parse.h"
#include "bpf/parse_plain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LEAD 2 /* the IP header is aligned as drivers align it */

static void check_plain(const uint8_t *start, size_t readable, enum fw_reason reason,
			const struct fw_pkt *pkt)
{
	struct fw_pkt plain, before;

	memset(&before, 0x5a, sizeof(before)); /* whatever the packet before has left there */
	before.now_ns = before.key_hash = 0;   /* are the packet path's, as these: */
	before.counting = before.epoch = before.slot = 0;
	plain = before;
	if (!parse_plain(start, start + readable, &plain)) {
		assert(!memcmp(&plain, &before, sizeof(plain)));
		return;
	}
	assert(reason == FW_REASON_UNDECIDED && parse_ends_here(start, start + readable));
	assert(plain.length == readable);
	plain.length = pkt->length;
	assert(!memcmp(&plain, pkt, sizeof(plain)));
}

/* A copy of exactly the readable bytes, so that AddressSanitizer sees what the verifier would refuse. */
static enum fw_reason parse(const uint8_t *frame, size_t readable, size_t length, struct fw_pkt *pkt)
{
	uint8_t *copy = malloc(LEAD + readable), *start = copy + LEAD;
	struct fw_cursor cursor = {
		.start = start, .end = start + readable, .at = start, .frame_length = (__u32)length};
	enum fw_reason reason;

	memcpy(start, frame, readable);
	*pkt = (struct fw_pkt){0};
	reason = parse_frame(&cursor, pkt);
	check_plain(start, readable, reason, pkt);
	pkt->kind |= odd_kinds(pkt, start, start + readable);
	free(copy);
	return reason;
}

static void check(enum fw_reason reason, const struct fw_pkt *pkt, size_t length)
{
	switch ((int)reason) {
	case FW_REASON_UNDECIDED:
	case FW_REASON_NOT_IP:
	case FW_REASON_TRUNCATED_LINK:
	case FW_REASON_TRUNCATED_IP:
	case FW_REASON_MALFORMED_IP:
	case FW_REASON_TRUNCATED_L4:
	case FW_REASON_MALFORMED_L4:
	case FW_REASON_BAD_FRAGMENT:
		break;
	default:
		assert(!"a reason that parsing cannot have");
	}
	assert(pkt->length == length);
	assert(pkt->family < FW_FAMILY_MAX_ && pkt->traffic < FW_TRAFFIC_MAX_);
	assert((pkt->kind & ~FW_KIND_ALL_) == 0);
	assert(pkt->essential == FW_ESSENTIAL_NONE || pkt->essential < FW_ESSENTIAL_MAX_);
	if (pkt->has_ports)
		assert(!(pkt->kind & FW_KIND_NO_L4));
	else
		assert(!(pkt->kind & FW_KIND_ODD_) && !pkt->payload_bytes);
	if (reason == FW_REASON_BAD_FRAGMENT)
		assert(pkt->kind & FW_KIND_FRAGMENT);
	if (pkt->payload_bytes && !(pkt->kind & FW_KIND_FRAGMENT))
		assert(pkt->payload_at + (size_t)pkt->payload_bytes <= length);
	if (pkt->kind & FW_KIND_LATER_FRAGMENT)
		assert(pkt->kind & FW_KIND_FRAGMENT && pkt->kind & FW_KIND_NO_L4 && !pkt->has_ports);
	if (pkt->family == FW_FAMILY_V4)
		assert(parse_is_mapped(&pkt->source));
	if (pkt->family == FW_FAMILY_V6)
		assert(!parse_is_mapped(&pkt->source));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fw_pkt whole, split, again;
	size_t length = size ? size - 1 : 0, readable;
	const uint8_t *frame = data + 1;
	enum fw_reason reason;

	if (length > 9000)
		return 0;
	if (!length)
		return 0;
	reason = parse(frame, length, length, &whole);
	check(reason, &whole, length);
	assert(parse(frame, length, length, &again) == reason && !memcmp(&whole, &again, sizeof(whole)));
	/* A multi-buffer frame: the headers may end before the frame does. */
	readable = data[0] < length ? data[0] : length;
	reason = parse(frame, readable, length, &split);
	check(reason, &split, length);
	if (split.has_ports)
		assert(whole.has_ports && split.source_port == whole.source_port &&
		       split.dest_port == whole.dest_port);
	if (split.family != FW_FAMILY_NONE && whole.family != FW_FAMILY_NONE)
		assert(!memcmp(&split.source, &whole.source, sizeof(whole.source)));
	return 0;
}
