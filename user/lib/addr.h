/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and prefixes: text to 128-bit keys and back, with the same IPv4 mapping as the packet path. */
#ifndef FW_LIB_ADDR_H
#define FW_LIB_ADDR_H

#include <stdbool.h>
#include <stddef.h>

#include "fw_types.h"
#include "lib/err.h"

#define FW_ADDR_TEXT_MAX 64 /* longest "address/len" with its NUL */

/* bits counts in the 128-bit space (an IPv4 /24 is 120); host bits of addr are zero. */
struct fw_prefix {
	struct fw_addr addr;
	unsigned char bits;
};

bool fw_addr_is_v4(const struct fw_addr *addr);
bool fw_addr_is_loopback(const struct fw_addr *addr); /* 127.0.0.0/8 or ::1 */
/* Whether another host can send from it: no loopback, 0.0.0.0/8, ::, multicast or broadcast. */
bool fw_addr_is_sender(const struct fw_addr *addr);
enum fw_family fw_addr_family(const struct fw_addr *addr);
/* IPv4 needs all 96 bits of the mapping: ::/0 is every IPv6 address and no IPv4 one. */
enum fw_family fw_prefix_family(const struct fw_prefix *prefix);

/* Accepts IPv4 and IPv6 in their textual forms (RFC 4291, RFC 6943 strictness: no octal, no short IPv4);
 * ::ffff:a.b.c.d reads as IPv4. -EINVAL with text. */
int fw_addr_parse(const char *text, struct fw_addr *ret, struct fw_err *err);
/* "ADDR" or "ADDR/LEN". Host bits set are an error that names the prefix meant; fw_prefix_parse_lax masks
 * them. */
int fw_prefix_parse(const char *text, struct fw_prefix *ret, struct fw_err *err);
int fw_prefix_parse_lax(const char *text, struct fw_prefix *ret, struct fw_err *err);

/* Write at most size bytes, always terminated; return buffer. A full-length prefix prints without "/LEN". */
const char *fw_addr_format(const struct fw_addr *addr, char *buffer, size_t size);
const char *fw_prefix_format(const struct fw_prefix *prefix, char *buffer, size_t size);

struct fw_addr fw_addr_masked(const struct fw_addr *addr, unsigned int bits);
struct fw_addr fw_mask(unsigned int bits); /* bits leading ones */
/* A prefix contains only its own family. */
bool fw_prefix_contains(const struct fw_prefix *outer, const struct fw_addr *addr);
bool fw_prefix_covers(const struct fw_prefix *outer, const struct fw_prefix *inner);
bool fw_prefix_overlaps(const struct fw_prefix *a, const struct fw_prefix *b);
/* By address, then shorter prefix first: covering prefixes precede what they cover. */
int fw_prefix_compare(const void *a, const void *b);

/* The key under which a source is shown: the address, or the /64 of an IPv6 address. */
struct fw_prefix fw_source_of(const struct fw_addr *addr);

#endif
