/* SPDX-License-Identifier: GPL-2.0-only */
/* The server name that a TLS ClientHello asks for, as far as its first segment says. PURE: no maps, no
 * helpers; compiles for the host as well. */
#ifndef FW_BPF_HELLO_H
#define FW_BPF_HELLO_H

#include "payload.h"

#define FW_HELLO_READ	    2040u /* of a payload: what one frame carries, mostly */
#define FW_HELLO_LEAST	    6u
#define FW_HELLO_EXTENSIONS 128
#define FW_HELLO_NAMES	    4  /* in the one list: servers take one */
#define FW_HELLO_PIECES	    16 /* of a name: 256 bytes, and DNS has 253 */

#define FW_TLS_HANDSHAKE    0x16u
#define FW_TLS_CLIENT_HELLO 1u
#define FW_TLS_SERVER_NAME  0u /* type of the extension, and type of a name in it */

enum fw_hello_found {
	FW_HELLO_NONE,	/* no ClientHello */
	FW_HELLO_SHORT, /* one that is not all there, or not well formed */
	FW_HELLO_PLAIN, /* read to its end: it names no server */
	FW_HELLO_NAMED, /* ->at is on the list of names, ->stop behind it */
};

static __always_inline __u32 hello_two(const struct fw_payload *payload, __u32 at)
{
	return request_peek(payload, at) << 8 | request_peek(payload, at + 1);
}

static __always_inline int hello_begins(const struct fw_payload *payload)
{
	return request_peek(payload, 0) == FW_TLS_HANDSHAKE && request_peek(payload, 1) == 3 &&
	       request_peek(payload, 5) == FW_TLS_CLIENT_HELLO;
}

/* To the first extension; ->end is behind the last. 0: it is not there. */
static __always_inline int hello_open(struct fw_payload *payload)
{
	__u32 record = 5 + hello_two(payload, 3), end = payload->end, at = 43;

	/* A hello that goes on in another record is as good as one that goes on in another segment. */
	payload->end = record < end ? record : end;
	payload->at = 0;
	at += 1 + request_peek(payload, at); /* session */
	if (at + 2 > payload->end)
		return 0;
	at += 2 + hello_two(payload, at); /* cipher suites */
	if (at + 1 > payload->end)
		return 0;
	at += 1 + request_peek(payload, at); /* compression */
	payload->at = at + 2;
	return at + 2 <= payload->end;
}

/* One extension. 1: go on; 0: ->stop says where the server name ends, 0: there is none. */
static __always_inline int hello_extension(struct fw_payload *payload, __u32 last)
{
	__u32 at = payload->at, length;

	payload->stop = 0;
	if (at + 4 > payload->end || at + 4 > last)
		return 0;
	length = hello_two(payload, at + 2);
	payload->at = at + 4 + length;
	if (hello_two(payload, at) != FW_TLS_SERVER_NAME)
		return 1;
	payload->stop = payload->at;
	payload->at = at + 4;
	return 0;
}

FW_REQUEST_GLOBAL int hello_walk_extension(struct fw_payload *payload, __u32 last)
{
	return payload ? hello_extension(payload, last) : 0;
}

/* Finds the list of names. */
static __always_inline enum fw_hello_found hello_find(struct fw_payload *payload)
{
	__u32 handshake, last, names;

	if (payload->end < FW_HELLO_LEAST || !hello_begins(payload))
		return FW_HELLO_NONE;
	handshake = 9 + (request_peek(payload, 6) << 16 | hello_two(payload, 7));
	if (!hello_open(payload))
		return payload->at == handshake + 2 && handshake <= payload->end ? FW_HELLO_PLAIN
										 : FW_HELLO_SHORT;
	last = payload->at + hello_two(payload, payload->at - 2);
	for (int i = 0; i < FW_HELLO_EXTENSIONS && hello_walk_extension(payload, last); i++)
		;
	if (!payload->stop)
		return payload->at == last && last == handshake && last <= payload->end ? FW_HELLO_PLAIN
											: FW_HELLO_SHORT;
	names = payload->at + 2 + hello_two(payload, payload->at);
	if (payload->stop > payload->end || payload->stop > last || names != payload->stop)
		return FW_HELLO_SHORT;
	payload->at += 2;
	return FW_HELLO_NAMED;
}

/* 1: go on; 0: ->at is behind the name. A dot at its end is of no name. */
static __always_inline int hello_name_piece(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	__u64 matched = payload->matched;
	__u32 row = payload->row, at = payload->at;
	int more = 1;

	for (int i = 0; i < FW_REQUEST_PIECE; i++, at++) {
		__u32 byte = request_peek(payload, at);

		if (at >= payload->line) {
			more = 0;
			break;
		}
		payload->dot.is_set = byte == '.';
		if (byte == '.') {
			payload->dot.row = row;
			payload->dot.matched = matched;
		}
		row = request_step(dfa, row, dfa->class_of[byte & 255], &matched);
	}
	payload->row = row;
	payload->at = at;
	payload->matched = matched;
	return more;
}

FW_REQUEST_GLOBAL int hello_walk_name(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	return payload && dfa ? hello_name_piece(payload, dfa) : 0;
}

/* The terms that the name up to ->line satisfies; ->at is behind it then, if it is no longer than a name may
 * be. */
static __always_inline __u64 hello_name(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	__u64 matched;
	__u32 row;

	payload->row = dfa->start;
	payload->matched = 0;
	payload->dot.is_set = 0;
	for (int i = 0; i < FW_HELLO_PIECES && hello_walk_name(payload, dfa); i++)
		;
	matched = payload->dot.is_set ? payload->dot.matched : payload->matched;
	row = payload->dot.is_set ? payload->dot.row : payload->row;
	request_step(dfa, row, dfa->end_class, &matched);
	return matched;
}

/* One entry of the list: 1: go on. */
static __always_inline int hello_entry(struct fw_payload *payload, const struct fw_automaton *dfa,
				       __u64 *found)
{
	__u32 at = payload->at, type = request_peek(payload, at), length = hello_two(payload, at + 1);
	__u64 terms = 0;

	if (at + 3 > payload->stop || at + 3 + length > payload->stop)
		return 0;
	payload->at = at + 3;
	payload->line = at + 3 + length;
	if (type == FW_TLS_SERVER_NAME)
		terms = hello_name(payload, dfa);
	else
		payload->at = payload->line;
	if (payload->at != payload->line)
		return 0; /* longer than any name */
	*found |= terms;
	return payload->at < payload->stop;
}

/* The terms whose patterns the server name in ->bytes, up to ->end, satisfies. */
static __always_inline enum fw_hello_found hello_terms(struct fw_payload *payload,
						       const struct fw_automaton *dfa, __u64 *found)
{
	enum fw_hello_found how = hello_find(payload);

	*found = 0;
	if (how != FW_HELLO_NAMED)
		return how;
	for (int i = 0; i < FW_HELLO_NAMES && hello_entry(payload, dfa, found); i++)
		;
	return payload->at == payload->stop ? FW_HELLO_NAMED : FW_HELLO_SHORT;
}

#endif
