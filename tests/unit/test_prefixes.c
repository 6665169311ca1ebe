// SPDX-License-Identifier: Apache-2.0
/* Sorted prefixes in normal form, their difference and their union, against brute force. */
#include <arpa/inet.h>
#include <stdlib.h>

#include "policy/prefixes.h"
#include "random_prefixes.h"

Test(lists, difference_agrees_with_brute_force)
{
	uint64_t state = 0x5eed;

	for (unsigned int round = 0; round < 300; round++) {
		struct fw_prefix from[PREFIXES], what[PREFIXES], *left = NULL;
		size_t from_count = random_next(&state) % PREFIXES,
		       what_count = random_next(&state) % PREFIXES;
		size_t left_count = 0;

		for (size_t i = 0; i < from_count; i++)
			from[i] = random_prefix(&state);
		for (size_t i = 0; i < what_count; i++)
			what[i] = random_prefix(&state);
		from_count = fw_prefixes_normalize(from, from_count);
		what_count = fw_prefixes_normalize(what, what_count);
		cr_assert_eq(fw_prefixes_subtract(from, from_count, what, what_count, &left, &left_count), 0);
		for (unsigned int probe = 0; probe < PROBES; probe++) {
			struct fw_addr addr = random_addr(&state);

			cr_assert_eq(in_prefixes(left, left_count, &addr),
				     in_prefixes(from, from_count, &addr) &&
					     !in_prefixes(what, what_count, &addr),
				     "round %u", round);
		}
		/* Already in normal form. */
		cr_assert_eq(left_count ? fw_prefixes_normalize(left, left_count) : 0, left_count, "round %u",
			     round);
		free(left);
	}
}

Test(lists, merged_is_normalized_together)
{
	uint64_t state = 0xfeed;

	for (unsigned int round = 0; round < 5000; round++) {
		struct fw_prefix many[PREFIXES], more[PREFIXES], all[2 * PREFIXES], got[2 * PREFIXES];
		size_t many_count = random_next(&state) % PREFIXES,
		       more_count = random_next(&state) % PREFIXES;
		size_t count, got_count;

		for (size_t i = 0; i < many_count; i++)
			all[i] = many[i] = random_prefix(&state);
		for (size_t i = 0; i < more_count; i++)
			all[many_count + i] = more[i] = random_prefix(&state);
		count = fw_prefixes_normalize(all, many_count + more_count);
		many_count = fw_prefixes_normalize(many, many_count);
		more_count = fw_prefixes_normalize(more, more_count);
		got_count = fw_prefixes_merge(many, many_count, more, more_count, got);
		cr_assert_eq(got_count, count, "round %u: %zu prefixes, expected %zu", round, got_count,
			     count);
		for (size_t i = 0; i < count; i++)
			cr_assert_eq(fw_prefix_compare(&got[i], &all[i]), 0, "round %u: prefix %zu", round,
				     i);
	}
}

static const struct normal_case {
	const char *name;
	const char *in[6], *out[6];
} normal_cases[] = {
	{"duplicates", {"10.0.0.1", "10.0.0.1"}, {"10.0.0.1"}},
	{"covered", {"10.0.0.0/8", "10.1.2.3", "10.0.0.0/9"}, {"10.0.0.0/8"}},
	{"siblings join", {"10.0.0.1", "10.0.0.0"}, {"10.0.0.0/31"}},
	{"siblings join upwards", {"10.0.0.0/26", "10.0.0.128/25", "10.0.0.64/26"}, {"10.0.0.0/24"}},
	{"neighbours that are no siblings", {"10.0.0.1", "10.0.0.2"}, {"10.0.0.1", "10.0.0.2"}},
	{"IPv4 halves", {"128.0.0.0/1", "0.0.0.0/1"}, {"0.0.0.0/0"}},
	{"IPv4 does not join IPv6", {"0.0.0.0/0", "::fffe:0:0/96"}, {"0.0.0.0/0", "::fffe:0:0/96"}},
	{"::/0 leaves IPv4 alone", {"::/0", "10.0.0.1", "2001:db8::/32"}, {"10.0.0.1", "::/0"}},
	{"IPv6 halves around IPv4", {"8000::/1", "10.0.0.1", "::/1"}, {"10.0.0.1", "::/0"}},
};

static size_t read_texts(const char *const *texts, struct fw_prefix *prefixes)
{
	size_t count = 0;

	for (; count < 6 && texts[count]; count++)
		prefixes[count] = prefix_of(texts[count]);
	return count;
}

Test(lists, normal_form)
{
	for (size_t i = 0; i < sizeof(normal_cases) / sizeof(normal_cases[0]); i++) {
		const struct normal_case *c = &normal_cases[i];
		struct fw_prefix got[6], want[6];
		size_t got_count = fw_prefixes_normalize(got, read_texts(c->in, got));
		size_t want_count = read_texts(c->out, want);

		cr_assert_eq(got_count, want_count, "%s: got %zu prefixes, want %zu", c->name, got_count,
			     want_count);
		for (size_t j = 0; j < got_count; j++)
			cr_expect_eq(fw_prefix_compare(&got[j], &want[j]), 0, "%s: prefix %zu", c->name, j);
	}
}

/* Enough of them for the radix sort; a copy sorted by comparison is the judge. */
Test(lists, many_ipv4_prefixes_sort_alike)
{
	enum { MANY = 5000 };
	struct fw_prefix *prefixes = malloc(MANY * sizeof(*prefixes)), *copy = malloc(MANY * sizeof(*copy));
	uint64_t state = 0xabcdef;
	size_t count, kept = 0;

	for (size_t i = 0; i < MANY; i++) {
		struct fw_addr addr = {{0, 0, htonl(0xffff), random_next(&state)}};
		unsigned int bits = 104 + random_next(&state) % 25;

		prefixes[i] = (struct fw_prefix){fw_addr_masked(&addr, bits), (unsigned char)bits};
		copy[i] = prefixes[i];
	}
	qsort(copy, MANY, sizeof(*copy), fw_prefix_compare);
	count = fw_prefixes_normalize(prefixes, MANY);
	/* Sorted, so whatever covers a prefix came before it, and the last one kept covers it if any does. */
	for (size_t i = 0; i < MANY; i++) {
		while (kept < count && !fw_prefix_covers(&prefixes[kept], &copy[i]) &&
		       fw_prefix_compare(&prefixes[kept], &copy[i]) < 0)
			kept++;
		cr_assert(kept < count && fw_prefix_covers(&prefixes[kept], &copy[i]), "prefix %zu was lost",
			  i);
	}
	for (size_t i = 1; i < count; i++) {
		cr_assert_lt(fw_prefix_compare(&prefixes[i - 1], &prefixes[i]), 0, "%zu out of order", i);
		cr_assert(!fw_prefix_covers(&prefixes[i - 1], &prefixes[i]), "%zu is covered", i);
	}
	free(prefixes);
	free(copy);
}
