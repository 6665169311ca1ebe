/* SPDX-License-Identifier: GPL-2.0-only */
/* How the beginning of a payload is walked: byte by byte, an automaton beside it. PURE: no maps, no helpers;
 * compiles for the host as well.
 *
 * Texts are walked in pieces of a few bytes, so that the verifier looks at one piece and not at every
 * length. */
#ifndef FW_BPF_PAYLOAD_H
#define FW_BPF_PAYLOAD_H

#include "fw_request.h"

#define FW_REQUEST_PIECE 16
#define FW_REQUEST_LEAD	 8u /* empty lines and spaces that servers ignore */

/* Bytes: value of a hexadecimal digit, and what they may be. */
#define FW_BYTE_HEX	0x10
#define FW_BYTE_STOP	0x20 /* ends a path: space, ?, #, CR, LF */
#define FW_BYTE_PERCENT 0x40
#define FW_BYTE_DOT	0x80

static const __u8 request_byte[256] = {
	['0'] = 0x10,  ['1'] = 0x11, ['2'] = 0x12, ['3'] = 0x13, ['4'] = 0x14, ['5'] = 0x15,
	['6'] = 0x16,  ['7'] = 0x17, ['8'] = 0x18, ['9'] = 0x19, ['a'] = 0x1a, ['b'] = 0x1b,
	['c'] = 0x1c,  ['d'] = 0x1d, ['e'] = 0x1e, ['f'] = 0x1f, ['A'] = 0x1a, ['B'] = 0x1b,
	['C'] = 0x1c,  ['D'] = 0x1d, ['E'] = 0x1e, ['F'] = 0x1f, [' '] = 0x20, ['\r'] = 0x20,
	['\n'] = 0x20, ['?'] = 0x20, ['#'] = 0x20, ['%'] = 0x40, ['.'] = 0x80,
};

static __always_inline __u32 request_step(const struct fw_automaton *dfa, __u32 row, __u32 class,
					  __u64 *matched)
{
	__u32 cell = dfa->cell[(row + class) & (FW_AUTOMATON_CELLS - 1)];

	*matched |= dfa->accept[cell >> 16 & (FW_AUTOMATON_ACCEPTS - 1)];
	return cell & 0xffff;
}

static __always_inline __u32 request_peek(const struct fw_payload *payload, __u32 at)
{
	return payload->bytes[at & (FW_PAYLOAD_ROOM - 1)];
}

static __always_inline void request_skip_spaces(struct fw_payload *payload)
{
	for (__u32 i = 0; i < FW_REQUEST_LEAD; i++) {
		if (request_peek(payload, payload->at) != ' ')
			return;
		payload->at++;
	}
}

/* Steps over a piece each, checked by the verifier once: see meter_rotate. */
#ifdef __bpf__
#define FW_REQUEST_GLOBAL __noinline
#else
#define FW_REQUEST_GLOBAL static inline
#endif

#endif
