/* SPDX-License-Identifier: GPL-2.0-only */
/* The target of a request: its path in normal form, its query, its scheme. user/lib/uri.h has the rules of
 * the normal form.
 *
 * Nothing is written in normal form anywhere. The automaton steps over decoded bytes as they come; what "."
 * and ".." take back, it takes back by returning to where it was behind an earlier slash. */
#ifndef FW_BPF_REQUEST_TARGET_H
#define FW_BPF_REQUEST_TARGET_H

#include "payload.h"

#define FW_REQUEST_PIECES 17 /* of a target: 272 bytes */

enum fw_request_segment { FW_SEGMENT_EMPTY, FW_SEGMENT_DOT, FW_SEGMENT_DOTS, FW_SEGMENT_OTHER };

/* Next segment by kind and whether the byte is a dot, two bits each. A word instead of a table: see
 * FW_EXTENSION_MASK. */
#define FW_SEGMENT_NEXT 0xffb7u

static __always_inline __u32 request_segment(__u32 segment, __u32 kind)
{
	__u32 index = (segment << 1 | (kind & FW_BYTE_DOT) >> 7) & 7;

	return FW_SEGMENT_NEXT >> index * 2 & 3;
}

static __always_inline void request_path_begin(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	__u64 matched = 0;

	/* In front of a path that begins with one, an empty segment more changes nothing. */
	payload->row = request_step(dfa, dfa->start, dfa->class_of['/'], &matched);
	payload->matched = matched;
	payload->segment = FW_SEGMENT_EMPTY;
	payload->depth = 0;
	payload->slash[0].row = payload->row;
	payload->slash[0].matched = matched;
}

/* Behind a segment: the one that is left is where the next begins. */
static __always_inline __u32 request_step_back(__u32 segment, __u32 depth)
{
	if (segment == FW_SEGMENT_DOTS && depth)
		depth--;
	return depth & (FW_PAYLOAD_SLASHES - 1);
}

/* 1: go on; 0: ->at is where the path ended, or beyond ->end. */
static __always_inline int request_path_piece(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	__u32 row = payload->row, at = payload->at, segment = payload->segment, depth = payload->depth,
	      end = payload->end;
	__u64 matched = payload->matched;
	int more = 1;

	for (int i = 0; i < FW_REQUEST_PIECE; i++) {
		__u32 byte = request_peek(payload, at), kind = request_byte[byte], step = 1;

		if (at >= end || kind & FW_BYTE_STOP) {
			more = 0;
			break;
		}
		if (kind & FW_BYTE_PERCENT) {
			__u32 high = request_byte[request_peek(payload, at + 1)];
			__u32 low = request_byte[request_peek(payload, at + 2)];

			if (high & low & FW_BYTE_HEX) {
				byte = (high & 15) << 4 | (low & 15);
				kind = request_byte[byte];
				step = 3;
			}
		}
		at += step;
		if (byte != '/') {
			segment = request_segment(segment, kind);
			row = request_step(dfa, row, dfa->class_of[byte & 255], &matched);
			continue;
		}
		if (segment == FW_SEGMENT_OTHER) {
			depth = (depth + 1) & (FW_PAYLOAD_SLASHES - 1);
			row = request_step(dfa, row, dfa->class_of['/'], &matched);
			payload->slash[depth].row = row;
			payload->slash[depth].matched = matched;
		} else {
			depth = request_step_back(segment, depth);
			row = payload->slash[depth].row;
			matched = payload->slash[depth].matched;
		}
		segment = FW_SEGMENT_EMPTY;
	}
	payload->row = row;
	payload->at = at;
	payload->segment = segment;
	payload->depth = depth;
	payload->matched = matched;
	return more;
}

/* The terms whose patterns the whole path satisfies. */
static __always_inline __u64 request_path_end(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	__u64 matched = payload->matched;
	__u32 row = payload->row;

	if (payload->segment != FW_SEGMENT_OTHER) {
		__u32 depth = request_step_back(payload->segment, payload->depth) & (FW_PAYLOAD_SLASHES - 1);

		row = payload->slash[depth].row;
		matched = payload->slash[depth].matched;
	}
	request_step(dfa, row, dfa->end_class, &matched);
	return matched;
}

/* "*" alone, which is no path. */
static __always_inline int request_is_star(const struct fw_payload *payload)
{
	return request_peek(payload, payload->at) == '*' &&
	       request_byte[request_peek(payload, payload->at + 1)] & FW_BYTE_STOP;
}

static __always_inline __u64 request_star(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	__u64 matched = 0;
	__u32 row = request_step(dfa, dfa->start, dfa->class_of['*'], &matched);

	payload->at++;
	request_step(dfa, row, dfa->end_class, &matched);
	return matched;
}

FW_REQUEST_GLOBAL int request_walk_path(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	return payload && dfa ? request_path_piece(payload, dfa) : 0;
}

static __always_inline __u64 request_path(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	request_path_begin(payload, dfa);
	for (int i = 0; i < FW_REQUEST_PIECES && request_walk_path(payload, dfa); i++)
		;
	return request_path_end(payload, dfa);
}

/* Over the query, whatever it is. 1: go on; 0: ->at is on the space behind the target, on the line's end, or
 * at ->end. */
static __always_inline int request_query_piece(struct fw_payload *payload)
{
	__u32 at = payload->at;

	for (int i = 0; i < FW_REQUEST_PIECE; i++, at++) {
		__u32 byte = request_peek(payload, at);

		if (at >= payload->end || byte == ' ' || byte == '\r' || byte == '\n')
			break;
	}
	payload->at = at;
	return at < payload->end && request_peek(payload, at) != ' ' && request_peek(payload, at) != '\r' &&
	       request_peek(payload, at) != '\n';
}

FW_REQUEST_GLOBAL int request_walk_query(struct fw_payload *payload)
{
	return payload ? request_query_piece(payload) : 0;
}

/* To the space behind the target. 1: it is there; 0: the target is longer than can be looked at; -1: the
 * payload or the line ends before. */
static __always_inline int request_target_end(struct fw_payload *payload, __u32 payload_end)
{
	for (int i = 0; i < FW_REQUEST_PIECES && request_walk_query(payload); i++)
		;
	if (payload->at >= payload->end)
		return payload->end < payload_end ? 0 : -1;
	return request_peek(payload, payload->at) == ' ' ? 1 : -1;
}

static __always_inline int request_is_alpha(__u32 byte)
{
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

/* Letters, digits, +, - and . */
static __always_inline int request_is_scheme(__u32 byte)
{
	return request_is_alpha(byte) || (byte >= '0' && byte <= '9') || byte == '+' || byte == '-' ||
	       byte == '.';
}

/* 1: go on; 0: ->at is behind the scheme's letters. */
static __always_inline int request_scheme_piece(struct fw_payload *payload)
{
	__u32 at = payload->at;
	int more = 1;

	for (int i = 0; i < FW_REQUEST_PIECE; i++, at++) {
		if (at >= payload->end || !request_is_scheme(request_peek(payload, at))) {
			more = 0;
			break;
		}
	}
	payload->at = at;
	return more;
}

FW_REQUEST_GLOBAL int request_walk_scheme(struct fw_payload *payload)
{
	return payload ? request_scheme_piece(payload) : 0;
}

static __always_inline int request_is_authority(const struct fw_payload *payload)
{
	return request_peek(payload, payload->at) == ':' && request_peek(payload, payload->at + 1) == '/' &&
	       request_peek(payload, payload->at + 2) == '/' && payload->at + 2 < payload->end;
}

/* "scheme://": 1, with ->at behind it; 0 and ->at where it was. */
static __always_inline int request_scheme(struct fw_payload *payload)
{
	__u32 at = payload->at;

	if (!request_is_alpha(request_peek(payload, at)))
		return 0;
	for (int i = 0; i < FW_REQUEST_PIECES && request_walk_scheme(payload); i++)
		;
	if (request_is_authority(payload)) {
		payload->at += 3;
		return 1;
	}
	payload->at = at;
	return 0;
}

#endif
