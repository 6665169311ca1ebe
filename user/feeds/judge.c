// SPDX-License-Identifier: Apache-2.0
/* Whether a new list may replace the one in force. Pure. */
#include <errno.h>

#include "feeds/guard.h"
#include "feeds/shape.h"

/* Below these a ratio says nothing: three entries more are no attack, and two of three may well expire. */
#define GROWTH_FLOOR_ENTRIES 1000
#define GROWTH_FLOOR_V4	     (1ULL << 24) /* addresses: a /8 */
#define GROWTH_FLOOR_V6	     (1ULL << 36) /* /64s: a /28 */
#define SHRINK_FLOOR	     4

/* A default route in a list is never meant, and such a list has more wrong with it. */
static int judge_routes(const struct fw_feed_list *fresh, struct fw_err *err)
{
	char entry[FW_ADDR_TEXT_MAX];

	for (size_t i = 0; i < fresh->count; i++) {
		const struct fw_prefix *prefix = &fresh->items[i].prefix;
		unsigned int bits =
			fw_prefix_family(prefix) == FW_FAMILY_V4 ? prefix->bits - FW_V4_BITS : prefix->bits;

		if (bits)
			continue;
		return fw_err_set(err, -EINVAL, "line %u lists %s, everybody: such a list is broken",
				  fresh->items[i].line, fw_prefix_format(prefix, entry, sizeof(entry)));
	}
	return 0;
}

static int judge_growth(const char *what, uint64_t fresh, uint64_t before, uint64_t floor,
			const struct fw_guard *guard, struct fw_err *err)
{
	unsigned int percent = guard->max_growth_percent ? guard->max_growth_percent : 200;

	if (fresh <= floor || (long double)fresh * 100 <= (long double)before * percent)
		return 0;
	return fw_err_set(err, -EPERM, "grew from %llu to %llu %s, more than %u %% of what it was",
			  (unsigned long long)before, (unsigned long long)fresh, what, percent);
}

/* "Half of them gone" holds: the limit itself is already too much. */
static int judge_shrink(const char *what, uint64_t fresh, uint64_t before, const struct fw_guard *guard,
			struct fw_err *err)
{
	unsigned int percent = guard->max_shrink_percent ? guard->max_shrink_percent : 50;

	if (before < SHRINK_FLOOR || fresh >= before || percent >= 100 ||
	    (long double)(before - fresh) * 100 < (long double)before * percent)
		return 0;
	return fw_err_set(err, -EPERM, "shrank from %llu to %llu %s: %u %% or more are gone",
			  (unsigned long long)before, (unsigned long long)fresh, what, percent);
}

/* What a list would bring into force; IPv6 counts in /64s. */
struct extent {
	uint64_t entries, v4, v6;
};

static void add_saturated(uint64_t *sum, uint64_t amount)
{
	*sum = UINT64_MAX - *sum < amount ? UINT64_MAX : *sum + amount;
}

static struct extent extent_of(const struct fw_feed_list *list, const struct fw_guard *guard)
{
	struct extent extent = {0};

	for (size_t i = 0; i < list->count; i++) {
		const struct fw_prefix *prefix = &list->items[i].prefix;

		if (!fw_guard_admits(prefix, guard))
			continue;
		extent.entries++;
		if (fw_prefix_family(prefix) == FW_FAMILY_V4)
			add_saturated(&extent.v4, 1ULL << (128 - prefix->bits));
		else
			add_saturated(&extent.v6, prefix->bits >= 64 ? 1
						  : prefix->bits     ? 1ULL << (64 - prefix->bits)
								     : UINT64_MAX);
	}
	return extent;
}

int fw_guard_judge(const struct fw_feed_list *fresh, const struct fw_feed_list *in_force,
		   const struct fw_guard *guard, struct fw_err *err)
{
	size_t max_entries = guard->max_entries ? guard->max_entries : FW_FEED_ENTRIES_DEFAULT;
	struct extent now, before;
	int r;

	if (fresh->count > max_entries)
		return fw_err_set(err, -E2BIG, "%zu entries, more than the %zu this feed may have",
				  fresh->count, max_entries);
	r = judge_routes(fresh, err);
	if (r || guard->force || !in_force)
		return r;
	now = extent_of(fresh, guard);
	before = extent_of(in_force, guard);
	r = judge_growth("entries", now.entries, before.entries, GROWTH_FLOOR_ENTRIES, guard, err);
	if (!r)
		r = judge_growth("IPv4 addresses", now.v4, before.v4, GROWTH_FLOOR_V4, guard, err);
	if (!r)
		r = judge_growth("IPv6 /64 networks", now.v6, before.v6, GROWTH_FLOOR_V6, guard, err);
	if (!r)
		r = judge_shrink("entries", now.entries, before.entries, guard, err);
	return r;
}
