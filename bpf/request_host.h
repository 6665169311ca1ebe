/* SPDX-License-Identifier: GPL-2.0-only */
/* The host of a request: what its target names, or its Host header. */
#ifndef FW_BPF_REQUEST_HOST_H
#define FW_BPF_REQUEST_HOST_H

#include "payload.h"

#define FW_REQUEST_READ_HOST   768u
#define FW_REQUEST_HOST_BEGINS 512u
#define FW_REQUEST_HOST_PIECES 48 /* 768 bytes */

#define FW_REQUEST_LINE_OTHER 5u
#define FW_REQUEST_LINE_FOUND 6u

static __always_inline void request_host_begin(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	payload->row = dfa->start;
	payload->matched = 0;
	payload->colon.is_set = 0;
	payload->dot.is_set = 0;
}

/* 1: go on; 0: ->at is behind the host and its port, or at ->end. What is before an '@' is not the host, nor
 * is a dot at its end. */
static __always_inline int request_host_piece(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	__u64 matched = payload->matched;
	__u32 row = payload->row, at = payload->at;
	int more = 1;

	for (int i = 0; i < FW_REQUEST_PIECE; i++, at++) {
		__u32 byte = request_peek(payload, at);

		if (at >= payload->end || byte == '/' || request_byte[byte] & FW_BYTE_STOP) {
			more = 0;
			break;
		}
		if (byte == '@') {
			row = dfa->start;
			matched = 0;
			payload->colon.is_set = payload->dot.is_set = 0;
			continue;
		}
		if (byte == ']')
			payload->colon.is_set = 0;
		if (byte == ':') {
			payload->colon.row = payload->dot.is_set ? payload->dot.row : row;
			payload->colon.matched = payload->dot.is_set ? payload->dot.matched : matched;
			payload->colon.is_set = 1;
		}
		payload->dot.is_set = byte == '.';
		if (byte == '.') {
			payload->dot.row = row;
			payload->dot.matched = matched;
		}
		row = request_step(dfa, row, dfa->class_of[byte], &matched);
	}
	payload->row = row;
	payload->at = at;
	payload->matched = matched;
	return more;
}

static __always_inline __u64 request_host_end(const struct fw_payload *payload,
					      const struct fw_automaton *dfa)
{
	__u64 matched = payload->colon.is_set ? payload->colon.matched
			: payload->dot.is_set ? payload->dot.matched
					      : payload->matched;
	__u32 row = payload->colon.is_set ? payload->colon.row
		    : payload->dot.is_set ? payload->dot.row
					  : payload->row;

	request_step(dfa, row, dfa->end_class, &matched);
	return matched;
}

/* 1: go on; 0: ->line says whether ->at is behind "Host:", or the headers ended. */
static __always_inline int request_header_piece(struct fw_payload *payload)
{
	__u32 at = payload->at, line = payload->line;
	int more = 1;

	for (int i = 0; i < FW_REQUEST_PIECE && more; i++, at++) {
		__u32 byte = request_peek(payload, at);

		if (at >= payload->end || at >= FW_REQUEST_HOST_BEGINS || (byte == '\n' && !line)) {
			more = 0;
			break;
		}
		if (byte == '\n') {
			line = 0;
		} else if (line < FW_REQUEST_LINE_OTHER) {
			if ((byte | 0x20) == (0x3a74736f68ULL >> line * 8 & 255) && (byte != 0x1a))
				line = line == 4 ? FW_REQUEST_LINE_FOUND : line + 1;
			else if (byte != '\r' || line)
				line = FW_REQUEST_LINE_OTHER;
		}
		if (line == FW_REQUEST_LINE_FOUND)
			more = 0;
	}
	payload->at = at;
	payload->line = line;
	return more;
}

FW_REQUEST_GLOBAL int request_walk_host(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	return payload && dfa ? request_host_piece(payload, dfa) : 0;
}

FW_REQUEST_GLOBAL int request_walk_headers(struct fw_payload *payload)
{
	return payload ? request_header_piece(payload) : 0;
}

/* The terms that a host satisfies; *unseen when it goes beyond what can be read. */
static __always_inline __u64 request_host(struct fw_payload *payload, const struct fw_automaton *dfa,
					  int *unseen)
{
	request_host_begin(payload, dfa);
	for (int i = 0; i < FW_REQUEST_HOST_PIECES && request_walk_host(payload, dfa); i++)
		;
	if (payload->at < payload->end)
		return request_host_end(payload, dfa);
	*unseen = 1;
	return 0;
}

static __always_inline __u64 request_host_header(struct fw_payload *payload, const struct fw_automaton *dfa,
						 int *unseen)
{
	for (int i = 0; i < FW_REQUEST_HOST_PIECES && request_walk_headers(payload); i++)
		;
	if (payload->line != FW_REQUEST_LINE_FOUND) {
		*unseen = 1;
		return 0;
	}
	request_skip_spaces(payload);
	return request_host(payload, dfa, unseen);
}

#endif
