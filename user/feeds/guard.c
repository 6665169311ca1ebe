// SPDX-License-Identifier: Apache-2.0
/* What is never taken from any list. Pure. */
#include "feeds/guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "feeds/carve.h"

static const char *const words[FW_GUARD_MAX_] = {
#define X(name, word, help) [FW_GUARD_##name] = word,
	FW_GUARD_REASONS(X)
#undef X
};
static const char *const helps[FW_GUARD_MAX_] = {
#define X(name, word, help) [FW_GUARD_##name] = help,
	FW_GUARD_REASONS(X)
#undef X
};

const char *fw_guard_word(enum fw_guard_reason reason)
{
	return reason < FW_GUARD_MAX_ ? words[reason] : "?";
}

const char *fw_guard_help(enum fw_guard_reason reason)
{
	return reason < FW_GUARD_MAX_ ? helps[reason] : "?";
}

#define V4(a, b, c, d, length)                                                                               \
	{                                                                                                    \
		.addr = {.w = {0, 0, __builtin_bswap32(0xffffu), V4_WORD(a, b, c, d)}},                      \
		.bits = FW_V4_BITS + (length)                                                                \
	}
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BE32(value) __builtin_bswap32(value)
#else
#define BE32(value) (value)
#endif
#define V4_WORD(a, b, c, d) BE32((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))
#define V6(first, length)                                                                                    \
	{                                                                                                    \
		.addr = {.w = {BE32(first)}}, .bits = (length)                                               \
	}

/* Ranges that blocking would hurt: the owner's own networks and what hosts need to start and to find each
 * other (RFC 6890). Documentation and benchmark ranges are left alone: nobody real is behind them. */
static const struct fw_prefix bogons[] = {
	V4(0, 0, 0, 0, 8),	V4(10, 0, 0, 0, 8),    V4(100, 64, 0, 0, 10), V4(127, 0, 0, 0, 8),
	V4(169, 254, 0, 0, 16), V4(172, 16, 0, 0, 12), V4(192, 0, 0, 0, 24),  V4(192, 168, 0, 0, 16),
	V4(224, 0, 0, 0, 4),	V4(240, 0, 0, 0, 4),   V6(0x00000000, 8),     V6(0xfc000000, 7),
	V6(0xfe800000, 10),	V6(0xff000000, 8),
};

#define BOGONS_V4 10 /* they come first */
#define BOGONS	  (sizeof(bogons) / sizeof(bogons[0]))

static void remember(struct fw_guard_report *report, enum fw_guard_reason reason,
		     const struct fw_feed_entry *entry, const struct fw_prefix *what, bool whole)
{
	if (whole)
		report->refused[reason]++;
	else
		report->split[reason]++;
	if (report->example_count == FW_GUARD_EXAMPLES_MAX)
		return;
	report->examples[report->example_count++] = (struct fw_guard_example){
		.reason = reason, .entry = entry->prefix, .line = entry->line, .what = *what, .whole = whole};
}

static void on_cut(void *user, const struct fw_feed_entry *entry, const struct fw_prefix *what,
		   unsigned char why, size_t pieces)
{
	remember(user, why, entry, what, !pieces);
}

static unsigned int shortest_bits(const struct fw_prefix *prefix, const struct fw_guard *guard)
{
	if (fw_prefix_family(prefix) == FW_FAMILY_V4)
		return FW_V4_BITS + (guard->shortest_v4 ? guard->shortest_v4 : 8u);
	return guard->shortest_v6 ? guard->shortest_v6 : 19;
}

/* fw_prefix_covers for two prefixes of one family, of which millions are asked. */
static bool covers(const struct fw_prefix *outer, const struct fw_prefix *inner, bool v4)
{
	if (outer->bits > inner->bits)
		return false;
	if (v4)
		return !((outer->addr.w[3] ^ inner->addr.w[3]) & BE32(~0u << (128 - outer->bits)));
	return fw_prefix_covers(outer, inner);
}

bool fw_guard_admits(const struct fw_prefix *prefix, const struct fw_guard *guard)
{
	bool v4 = fw_prefix_family(prefix) == FW_FAMILY_V4;

	if (prefix->bits < shortest_bits(prefix, guard))
		return false;
	for (size_t i = v4 ? 0 : BOGONS_V4; i < (v4 ? BOGONS_V4 : BOGONS) && !guard->allow_bogons; i++)
		if (covers(&bogons[i], prefix, v4))
			return false;
	return true;
}

static void drop_wide(struct fw_feed_list *list, const struct fw_guard *guard, struct fw_guard_report *report)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct fw_feed_entry *entry = &list->items[i];

		if (entry->prefix.bits < shortest_bits(&entry->prefix, guard))
			remember(report, FW_GUARD_TOO_WIDE, entry, &entry->prefix, true);
		else
			list->items[kept++] = *entry;
	}
	list->count = kept;
}

static int cut(struct fw_feed_list *list, const struct fw_protected *protected, size_t count,
	       struct fw_guard_report *report)
{
	struct fw_carve carve = {0};
	int r = 0;

	for (size_t i = 0; i < count && !r; i++)
		r = fw_carve_add(&carve, &protected[i].prefix, (unsigned char)protected[i].reason);
	fw_carve_prepare(&carve);
	if (!r && carve.count)
		r = fw_carve_list(list, &carve, on_cut, report);
	fw_carve_done(&carve);
	return r;
}

static int cut_bogons(struct fw_feed_list *list, struct fw_guard_report *report)
{
	struct fw_protected all[BOGONS];

	for (size_t i = 0; i < BOGONS; i++)
		all[i] = (struct fw_protected){bogons[i], FW_GUARD_BOGON};
	return cut(list, all, BOGONS, report);
}

int fw_guard_filter(struct fw_feed_list *list, const struct fw_guard *guard,
		    const struct fw_protected *protected, size_t protected_count,
		    struct fw_guard_report *report)
{
	int r = 0;

	memset(report, 0, sizeof(*report));
	report->entries = list->count;
	drop_wide(list, guard, report);
	if (!guard->allow_bogons)
		r = cut_bogons(list, report);
	if (!r)
		r = cut(list, protected, protected_count, report);
	report->kept = list->count;
	return r;
}

/* Appends; what does not fit is cut off at the end. */
static size_t add(char *buffer, size_t size, size_t used, const char *text)
{
	int more = used < size ? snprintf(buffer + used, size - used, "%s", text) : 0;

	return used + (more > 0 ? (size_t)more : 0);
}

static size_t describe_counts(const size_t *counts, const char *verb, char *buffer, size_t size, size_t used)
{
	size_t total = 0, named = 0;
	char text[80];

	for (unsigned int i = 0; i < FW_GUARD_MAX_; i++)
		total += counts[i];
	if (!total)
		return used;
	snprintf(text, sizeof(text), "%s%zu %s %s: ", used ? "; " : "", total,
		 total == 1 ? "entry" : "entries", verb);
	used = add(buffer, size, used, text);
	for (unsigned int i = 0; i < FW_GUARD_MAX_; i++) {
		if (!counts[i])
			continue;
		snprintf(text, sizeof(text), "%s%zu %s", named++ ? ", " : "", counts[i], words[i]);
		used = add(buffer, size, used, text);
	}
	return used;
}

const char *fw_guard_describe(const struct fw_guard_report *report, char *buffer, size_t size)
{
	char entry[FW_ADDR_TEXT_MAX], what[FW_ADDR_TEXT_MAX], text[300];
	size_t used = 0;

	buffer[0] = '\0';
	used = describe_counts(report->refused, "refused", buffer, size, used);
	used = describe_counts(report->split, "split around what they may not list", buffer, size, used);
	for (size_t i = 0; i < report->example_count && i < 3; i++) {
		const struct fw_guard_example *example = &report->examples[i];

		fw_prefix_format(&example->entry, entry, sizeof(entry));
		if (!fw_prefix_compare(&example->entry, &example->what))
			snprintf(text, sizeof(text), "; line %u: %s is %s", example->line, entry,
				 helps[example->reason]);
		else
			snprintf(text, sizeof(text), "; line %u: %s %s %s, %s", example->line, entry,
				 example->whole ? "is within" : "contains",
				 fw_prefix_format(&example->what, what, sizeof(what)),
				 helps[example->reason]);
		used = add(buffer, size, used, text);
	}
	return buffer;
}
