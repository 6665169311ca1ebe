// SPDX-License-Identifier: Apache-2.0
/* Arrays of prefixes as sets of addresses. Pure. */
#include "policy/prefixes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"

#define KEY_LENGTH_BITS 6 /* 0 … 32 */
#define DIGIT_BITS	10
#define RADIX_WORTH_IT	512

/* IPv4 first: inside ::/0 it would stand between IPv6 prefixes without being covered by them. */
int fw_prefix_order(const void *a, const void *b)
{
	const struct fw_prefix *left = a, *right = b;
	enum fw_family left_family = fw_prefix_family(left), right_family = fw_prefix_family(right);

	if (left_family != right_family)
		return left_family < right_family ? -1 : 1;
	return fw_prefix_compare(a, b);
}

/* An IPv4 prefix in order as one number: address, then length. */
static uint64_t key_of(const struct fw_prefix *prefix)
{
	return (uint64_t)ntohl(prefix->addr.w[3]) << KEY_LENGTH_BITS | (prefix->bits - FW_V4_BITS);
}

static struct fw_prefix prefix_of(uint64_t key)
{
	return (struct fw_prefix){.addr = {{0, 0, htonl(0xffff), htonl((uint32_t)(key >> KEY_LENGTH_BITS))}},
				  .bits = (unsigned char)(FW_V4_BITS + (key & ((1 << KEY_LENGTH_BITS) - 1)))};
}

/* One digit of a radix sort. */
static void sort_digit(const uint64_t *from, uint64_t *to, size_t count, unsigned int shift)
{
	size_t start[1 << DIGIT_BITS] = {0}, sum = 0;

	for (size_t i = 0; i < count; i++)
		start[from[i] >> shift & ((1 << DIGIT_BITS) - 1)]++;
	for (size_t digit = 0; digit < 1 << DIGIT_BITS; digit++) {
		size_t these = start[digit];

		start[digit] = sum;
		sum += these;
	}
	for (size_t i = 0; i < count; i++)
		to[start[from[i] >> shift & ((1 << DIGIT_BITS) - 1)]++] = from[i];
}

/* A million IPv4 prefixes at a tenth of what comparing them costs. False: no memory. */
static bool sort_ipv4(struct fw_prefix *prefixes, size_t count)
{
	FW_FREE uint64_t *keys = malloc(count * sizeof(*keys));
	FW_FREE uint64_t *other = malloc(count * sizeof(*other));

	if (!keys || !other)
		return false;
	for (size_t i = 0; i < count; i++)
		keys[i] = key_of(&prefixes[i]);
	/* An even number of digits: the result ends where it began. */
	for (unsigned int shift = 0; shift < KEY_LENGTH_BITS + 32; shift += 2 * DIGIT_BITS) {
		sort_digit(keys, other, count, shift);
		sort_digit(other, keys, count, shift + DIGIT_BITS);
	}
	for (size_t i = 0; i < count; i++)
		prefixes[i] = prefix_of(keys[i]);
	return true;
}

static void sort(struct fw_prefix *prefixes, size_t count)
{
	size_t ipv4 = 0;

	for (size_t i = 0; i < count; i++) {
		struct fw_prefix prefix = prefixes[i];

		if (fw_prefix_family(&prefix) != FW_FAMILY_V4)
			continue;
		prefixes[i] = prefixes[ipv4];
		prefixes[ipv4++] = prefix;
	}
	if (ipv4 < RADIX_WORTH_IT || !sort_ipv4(prefixes, ipv4))
		qsort(prefixes, ipv4, sizeof(*prefixes), fw_prefix_compare);
	qsort(prefixes + ipv4, count - ipv4, sizeof(*prefixes), fw_prefix_compare);
}

/* Bit `index` of the address, counted from its front. */
static bool bit_of(const struct fw_addr *addr, unsigned int index)
{
	return ntohl(addr->w[index / 32]) >> (31 - index % 32) & 1;
}

bool fw_prefix_siblings(const struct fw_prefix *a, const struct fw_prefix *b)
{
	struct fw_addr parent;

	if (a->bits != b->bits || !a->bits || fw_prefix_family(a) != fw_prefix_family(b) ||
	    !bit_of(&b->addr, b->bits - 1u))
		return false;
	parent = fw_addr_masked(&b->addr, b->bits - 1u);
	return !memcmp(&parent, &a->addr, sizeof(parent));
}

/* Appends to a normal form, joining siblings upwards. */
static size_t push(struct fw_prefix *prefixes, size_t count, struct fw_prefix prefix)
{
	while (count && fw_prefix_siblings(&prefixes[count - 1], &prefix)) {
		prefix = prefixes[--count];
		prefix.bits--;
	}
	prefixes[count] = prefix;
	return count + 1;
}

size_t fw_prefixes_normalize(struct fw_prefix *prefixes, size_t count)
{
	size_t kept = 0;
	bool sorted = true;

	for (size_t i = 1; i < count && sorted; i++)
		sorted = fw_prefix_order(&prefixes[i - 1], &prefixes[i]) <= 0;
	if (!sorted)
		sort(prefixes, count);
	for (size_t i = 0; i < count; i++)
		if (!kept || !fw_prefix_covers(&prefixes[kept - 1], &prefixes[i]))
			kept = push(prefixes, kept, prefixes[i]);
	return kept;
}

/* First of `items` behind a prefix. */
static size_t behind(const struct fw_prefix *items, size_t count, const struct fw_prefix *prefix)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (fw_prefix_order(&items[middle], prefix) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Between themselves the many are in normal form: only what comes next to one of `more` is looked at. */
size_t fw_prefixes_merge(const struct fw_prefix *many, size_t many_count, const struct fw_prefix *more,
			 size_t more_count, struct fw_prefix *ret)
{
	size_t count = 0, next = 0;

	for (size_t i = 0; i <= more_count; i++) {
		size_t end =
			i < more_count ? next + behind(many + next, many_count - next, &more[i]) : many_count;

		while (next < end && count && fw_prefix_covers(&ret[count - 1], &many[next]))
			next++;
		if (next < end) {
			count = push(ret, count, many[next++]);
			memcpy(ret + count, many + next, (end - next) * sizeof(*ret));
			count += end - next;
			next = end;
		}
		if (i < more_count && !(count && fw_prefix_covers(&ret[count - 1], &more[i])))
			count = push(ret, count, more[i]);
	}
	return count;
}

struct difference {
	struct fw_prefix *items;
	size_t count;
};

/* `from` without what[0 … count): all of these lie inside it or cover it. */
static int subtract_one(struct difference *result, struct fw_prefix from, const struct fw_prefix *what,
			size_t count)
{
	struct fw_prefix half = {.addr = from.addr, .bits = (unsigned char)(from.bits + 1)};
	size_t lower = 0;
	int r;

	if (!count)
		return FW_APPEND(result->items, result->count, from);
	if (fw_prefix_covers(&what[0], &from))
		return 0;
	while (lower < count && fw_prefix_covers(&half, &what[lower]))
		lower++;
	r = subtract_one(result, half, what, lower);
	if (r)
		return r;
	half.addr.w[from.bits / 32] |= htonl(1u << (31 - from.bits % 32));
	/* Halving an IPv6 prefix down to the mapped range: that half was never part of it. */
	if (fw_prefix_family(&half) != fw_prefix_family(&from))
		return 0;
	return subtract_one(result, half, what + lower, count - lower);
}

int fw_prefixes_subtract(const struct fw_prefix *from, size_t from_count, const struct fw_prefix *what,
			 size_t what_count, struct fw_prefix **ret, size_t *ret_count)
{
	struct difference result = {0};
	size_t first = 0;

	for (size_t i = 0; i < from_count; i++) {
		size_t end;

		while (first < what_count && fw_prefix_order(&what[first], &from[i]) < 0 &&
		       !fw_prefix_covers(&what[first], &from[i]))
			first++;
		for (end = first; end < what_count && (fw_prefix_covers(&from[i], &what[end]) ||
						       fw_prefix_covers(&what[end], &from[i]));)
			end++;
		if (subtract_one(&result, from[i], what + first, end - first)) {
			free(result.items);
			return -ENOMEM;
		}
	}
	/* Pieces come in order and cannot be joined again. */
	*ret = result.items;
	*ret_count = result.count;
	return 0;
}
