/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the parser is in a frame, and what it says when the next header is not there. PURE, as all of
 * parsing. */
#ifndef FW_BPF_PARSE_CURSOR_H
#define FW_BPF_PARSE_CURSOR_H

#include "fw_reason.h"
#include "packet.h"

/* Readable bytes of the frame. `frame_end` counts from the first byte and may lie beyond `end` in a
 * multi-buffer frame. */
struct fw_cursor {
	void *start, *end;
	void *at;
	__u32 frame_length;
	__u32 payload; /* bytes behind `at` that the IP header promises */
};

/* A header does not fit: into the frame (truncated), or only not into its first buffer (judged without L4).
 */
static __always_inline enum fw_reason parse_short(const struct fw_cursor *cursor, struct fw_pkt *pkt,
						  __u32 bytes, enum fw_reason truncated)
{
	__u32 offset = cursor->at - cursor->start;

	if (offset + bytes > cursor->frame_length)
		return truncated;
	pkt->kind |= FW_KIND_NO_L4;
	return FW_REASON_UNDECIDED;
}

#endif
