/* SPDX-License-Identifier: GPL-2.0-only */
/* The beginning of an HTTP/1 request: method, path in normal form, host. PURE: no maps, no helpers; compiles
 * for the host as well. */
#ifndef FW_BPF_REQUEST_H
#define FW_BPF_REQUEST_H

#include "request_host.h"
#include "request_target.h"

#define FW_REQUEST_READ	 320u /* method, target and version */
#define FW_REQUEST_LEAST 5u   /* shorter payloads are not looked at */

static __always_inline void request_skip_lines(struct fw_payload *payload)
{
	for (__u32 i = 0; i < FW_REQUEST_LEAD; i++) {
		__u32 byte = request_peek(payload, payload->at);

		if (byte != '\r' && byte != '\n')
			return;
		payload->at++;
	}
}

/* The method, with ->at on the target's first byte; FW_METHOD_MAX_: no request. Global, so that the verifier
 * follows what comes after it once, and not once for each method. */
FW_REQUEST_GLOBAL int request_method(struct fw_payload *payload)
{
	__u32 method = FW_METHOD_MAX_, bytes = 0;
	__u64 word = 0;

	if (!payload)
		return FW_METHOD_MAX_;
	request_skip_lines(payload);
	for (__u32 i = 0; i < 8; i++)
		word = word << 8 | request_peek(payload, payload->at + i);
#define X(id, length, text)                                                                                  \
	if (word >> (64 - 8 * (length)) == (text) >> (64 - 8 * (length))) {                                  \
		method = FW_METHOD_##id;                                                                     \
		bytes = (length);                                                                            \
	}
	FW_METHODS(X)
#undef X
	payload->at += bytes;
	request_skip_spaces(payload);
	return (int)method;
}

/* Spaces, then "HTTP/1.": 1 yes, 0 no, -1 when the payload ends before that can be said. */
static __always_inline int request_version(struct fw_payload *payload)
{
	__u64 word = 0;

	request_skip_spaces(payload);
	if (payload->at + 7 > payload->end)
		return -1;
	for (__u32 i = 0; i < 7; i++)
		word = word << 8 | request_peek(payload, payload->at + i);
	payload->at += 7;
	payload->line = FW_REQUEST_LINE_OTHER;
	return word == 0x485454502f312eULL;
}

/* Of `wanted`, the terms that have what they ask for and lack what they must: see fw_request_terms. */
static __always_inline __u64 request_narrow(__u64 wanted, __u64 found, __u64 any, __u64 unwanted, __u64 both)
{
	__u64 holds = any | (found ^ unwanted);

	for (int i = 1; i < FW_REQUEST_WISHES; i++)
		holds &= ~both | holds >> 1;
	return wanted & holds;
}

/* Which of the terms in `wanted` the request in ->bytes, up to ->end, satisfies. *unseen: there is a request,
 * but not all of what was asked could be read. */
static __always_inline __u64 request_terms(struct fw_payload *payload, const struct fw_request_terms *terms,
					   const struct fw_automaton *path, const struct fw_automaton *host,
					   __u64 wanted, int *unseen)
{
	__u32 method, payload_end = payload->end, start;
	__u64 path_terms, host_terms = 0;
	int has_authority, length;

	payload->at = 0;
	method = (__u32)request_method(payload);
	if (method >= FW_METHOD_MAX_)
		return 0;
	wanted &= terms->method[method];
	start = payload->at;
	if (start >= payload_end) {
		*unseen = 1;
		return 0;
	}
	if (!wanted ||
	    request_peek(payload, start) == ' ') /* more spaces than a client sends: as a long target */
		return wanted;
	if (start + FW_TARGET_MAX + 1 < payload_end)
		payload->end = start + FW_TARGET_MAX + 1;
	has_authority = request_scheme(payload);
	if (has_authority)
		host_terms = request_host(payload, host, unseen);
	path_terms = !has_authority && request_is_star(payload) ? request_star(payload, path)
								: request_path(payload, path);
	if (payload->at >= payload->end && payload->end < payload_end) /* too long: padding must not help */
		return wanted;
	length = request_target_end(payload, payload_end);
	payload->end = payload_end;
	if (length < 0 || (length > 0 && request_version(payload) != 1)) {
		*unseen = 1;
		return 0;
	}
	wanted = request_narrow(wanted, path_terms, terms->any_path, terms->not_path, terms->both_path);
	if (!(wanted & ~terms->any_host)) {
		*unseen = 0;
		return wanted;
	}
	payload->line = FW_REQUEST_LINE_OTHER;
	if (!has_authority)
		host_terms = request_host_header(payload, host, unseen);
	if (*unseen) /* then nobody can say what it is not, either */
		host_terms = terms->not_host;
	return request_narrow(wanted, host_terms, terms->any_host, terms->not_host, terms->both_host);
}

#endif
