// SPDX-License-Identifier: Apache-2.0
/* Addresses and prefixes in the 128-bit space; the only place in user space that converts text or byte order.
 */
#include "lib/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define V4_MARK htonl(0xffff)

bool fw_addr_is_v4(const struct fw_addr *addr)
{
	return !addr->w[0] && !addr->w[1] && addr->w[2] == V4_MARK;
}

bool fw_addr_is_loopback(const struct fw_addr *addr)
{
	if (fw_addr_is_v4(addr))
		return ntohl(addr->w[3]) >> 24 == 127;
	return !addr->w[0] && !addr->w[1] && !addr->w[2] && addr->w[3] == htonl(1);
}

bool fw_addr_is_sender(const struct fw_addr *addr)
{
	static const struct fw_addr nothing;
	uint32_t v4 = ntohl(addr->w[3]);

	if (fw_addr_is_loopback(addr))
		return false;
	if (fw_addr_is_v4(addr))
		return v4 >> 24 && v4 >> 28 != 14 && v4 != UINT32_MAX;
	return memcmp(addr, &nothing, sizeof(nothing)) != 0 && ntohl(addr->w[0]) >> 24 != 255;
}

enum fw_family fw_addr_family(const struct fw_addr *addr)
{
	return fw_addr_is_v4(addr) ? FW_FAMILY_V4 : FW_FAMILY_V6;
}

enum fw_family fw_prefix_family(const struct fw_prefix *prefix)
{
	return prefix->bits >= FW_V4_BITS ? fw_addr_family(&prefix->addr) : FW_FAMILY_V6;
}

int fw_addr_parse(const char *text, struct fw_addr *ret, struct fw_err *err)
{
	struct fw_addr addr = {.w = {0, 0, V4_MARK, 0}};

	if (strchr(text, ':')) {
		if (inet_pton(AF_INET6, text, &addr) == 1) {
			*ret = addr;
			return 0;
		}
		if (strchr(text, '%'))
			return fw_err_set(err, -EINVAL,
					  "'%.80s' names an interface; leave out the part from '%%' on",
					  text);
		return fw_err_set(err, -EINVAL, "'%.80s' is not an IPv6 address such as 2001:db8::1", text);
	}
	if (inet_pton(AF_INET, text, &addr.w[3]) == 1) {
		*ret = addr;
		return 0;
	}
	return fw_err_set(
		err, -EINVAL,
		"'%.80s' is not an address: write IPv4 as 192.0.2.1 (four numbers 0-255, no leading zeros) "
		"or IPv6 as 2001:db8::1",
		text);
}

/* Digits only, no sign, no leading zero. */
static int parse_length(const char *text, unsigned int *ret)
{
	unsigned int value = 0;
	size_t digits = strspn(text, "0123456789");

	if (!digits || digits > 3 || text[digits] || (digits > 1 && text[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (unsigned int)(text[i] - '0');
	*ret = value;
	return 0;
}

int fw_prefix_parse_lax(const char *text, struct fw_prefix *ret, struct fw_err *err)
{
	const char *slash = strchr(text, '/');
	struct fw_addr addr;
	char address[FW_ADDR_TEXT_MAX];
	unsigned int bits, max;
	bool v4_text = !strchr(text, ':');
	int r;

	if (!slash) {
		r = fw_addr_parse(text, &addr, err);
		if (r)
			return r;
		*ret = (struct fw_prefix){.addr = addr, .bits = 128};
		return 0;
	}
	if ((size_t)(slash - text) >= sizeof(address))
		return fw_err_set(err, -EINVAL, "'%.80s' is too long for an address", text);
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	r = fw_addr_parse(address, &addr, err);
	if (r)
		return r;
	max = v4_text ? 32 : 128;
	if (parse_length(slash + 1, &bits) || bits > max)
		return fw_err_set(err, -EINVAL, "'%.80s': the prefix length must be 0 to %u, got '%.20s'",
				  text, max, slash + 1);
	if (v4_text)
		bits += FW_V4_BITS;
	*ret = (struct fw_prefix){.addr = fw_addr_masked(&addr, bits), .bits = (unsigned char)bits};
	return 0;
}

int fw_prefix_parse(const char *text, struct fw_prefix *ret, struct fw_err *err)
{
	struct fw_prefix prefix;
	struct fw_addr addr;
	char address[FW_ADDR_TEXT_MAX], meant[FW_ADDR_TEXT_MAX];
	const char *slash = strchr(text, '/');
	int r = fw_prefix_parse_lax(text, &prefix, err);

	if (r)
		return r;
	if (slash) {
		memcpy(address, text, (size_t)(slash - text));
		address[slash - text] = '\0';
		if (!fw_addr_parse(address, &addr, err) && memcmp(&addr, &prefix.addr, sizeof(addr)))
			return fw_err_set(
				err, -EINVAL,
				"'%s' has bits set beyond its prefix length; the network is '%s', the single "
				"address is '%s'",
				text, fw_prefix_format(&prefix, meant, sizeof(meant)), address);
	}
	*ret = prefix;
	return 0;
}

const char *fw_addr_format(const struct fw_addr *addr, char *buffer, size_t size)
{
	char text[INET6_ADDRSTRLEN] = "?";

	if (fw_addr_is_v4(addr))
		inet_ntop(AF_INET, &addr->w[3], text, sizeof(text));
	else
		inet_ntop(AF_INET6, addr, text, sizeof(text));
	snprintf(buffer, size, "%s", text);
	return buffer;
}

const char *fw_prefix_format(const struct fw_prefix *prefix, char *buffer, size_t size)
{
	char text[FW_ADDR_TEXT_MAX];
	unsigned int bits = prefix->bits;

	/* A short IPv6 prefix such as ::ffff:0:0/90 cannot occur: its host bits would be set. */
	fw_addr_format(&prefix->addr, text, sizeof(text));
	if (bits == 128)
		snprintf(buffer, size, "%s", text);
	else
		snprintf(buffer, size, "%s/%u", text,
			 fw_prefix_family(prefix) == FW_FAMILY_V4 ? bits - FW_V4_BITS : bits);
	return buffer;
}

static __be32 mask_word(unsigned int bits, unsigned int word)
{
	if (bits >= 32 * (word + 1))
		return 0xffffffff;
	return bits > 32 * word ? htonl(~0u << (32 * (word + 1) - bits)) : 0;
}

struct fw_addr fw_mask(unsigned int bits)
{
	return (struct fw_addr){
		{mask_word(bits, 0), mask_word(bits, 1), mask_word(bits, 2), mask_word(bits, 3)}};
}

struct fw_addr fw_addr_masked(const struct fw_addr *addr, unsigned int bits)
{
	struct fw_addr mask = fw_mask(bits), masked;

	for (unsigned int i = 0; i < 4; i++)
		masked.w[i] = addr->w[i] & mask.w[i];
	return masked;
}

bool fw_prefix_contains(const struct fw_prefix *outer, const struct fw_addr *addr)
{
	struct fw_addr masked = fw_addr_masked(addr, outer->bits);

	return fw_prefix_family(outer) == fw_addr_family(addr) &&
	       !memcmp(&masked, &outer->addr, sizeof(masked));
}

bool fw_prefix_covers(const struct fw_prefix *outer, const struct fw_prefix *inner)
{
	struct fw_addr masked = fw_addr_masked(&inner->addr, outer->bits);

	return outer->bits <= inner->bits && fw_prefix_family(outer) == fw_prefix_family(inner) &&
	       !memcmp(&masked, &outer->addr, sizeof(masked));
}

bool fw_prefix_overlaps(const struct fw_prefix *a, const struct fw_prefix *b)
{
	return fw_prefix_covers(a, b) || fw_prefix_covers(b, a);
}

int fw_prefix_compare(const void *a, const void *b)
{
	const struct fw_prefix *left = a, *right = b;
	int order = memcmp(&left->addr, &right->addr, sizeof(left->addr));

	return order ? order : (int)left->bits - (int)right->bits;
}

struct fw_prefix fw_source_of(const struct fw_addr *addr)
{
	unsigned int bits = fw_addr_is_v4(addr) ? 128 : 64;

	return (struct fw_prefix){.addr = fw_addr_masked(addr, bits), .bits = (unsigned char)bits};
}
