// SPDX-License-Identifier: Apache-2.0
/* Deep copies of rules, for those that stand in for others. Pure. */
#include "policy/copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/match_keys.h"

/* With the capacity that FW_APPEND expects of an array of `count`. */
static void *copy_items(const void *items, size_t count, size_t size)
{
	size_t room = 1;
	void *copy;

	while (room < count)
		room *= 2;
	copy = calloc(room, size);
	if (copy && count)
		memcpy(copy, items, count * size);
	return copy;
}

#define COPY_LIST(from, to)                                                                                  \
	({                                                                                                   \
		(to)->items = (from)->count ? copy_items((from)->items, (from)->count, sizeof(*(to)->items)) \
					    : NULL;                                                          \
		(to)->count = (to)->items ? (from)->count : 0;                                               \
		(to)->count == (from)->count ? 0 : -ENOMEM;                                                  \
	})

static int copy_names(const struct fw_names *from, struct fw_names *to)
{
	int r = COPY_LIST(from, to);

	for (size_t i = 0; i < to->count; i++) {
		to->items[i] = strdup(from->items[i]);
		r |= to->items[i] ? 0 : -ENOMEM;
	}
	return r ? -ENOMEM : 0;
}

static int copy_uris(const struct fw_uri_tests *from, struct fw_uri_tests *to)
{
	int r = COPY_LIST(from, to);

	for (size_t i = 0; i < to->count; i++) {
		to->items[i].text = strdup(from->items[i].text);
		r |= to->items[i].text ? 0 : -ENOMEM;
	}
	return r ? -ENOMEM : 0;
}

#define COPY_refs(from, to)	 COPY_LIST(from, to)
#define COPY_numbers(from, to)	 COPY_LIST(from, to)
#define COPY_protocols(from, to) COPY_LIST(from, to)
#define COPY_ranges(from, to)	 COPY_LIST(from, to)
#define COPY_tests(from, to)	 COPY_LIST(from, to)
#define COPY_names(from, to)	 copy_names(from, to)
#define COPY_uris(from, to)	 copy_uris(from, to)
#define COPY_bits(from, to)	 (*(to) = *(from), 0)

static int copy_match(const struct fw_match *from, struct fw_match *to)
{
	int r = 0;

	*to = (struct fw_match){0};
#define X(kind, key, key_not)                                                                                \
	r |= COPY_##kind(&from->key, &to->key);                                                              \
	r |= COPY_##kind(&from->key_not, &to->key_not);
	FW_MATCH_KEYS(X)
#undef X
#define X(kind, key) r |= COPY_##kind(&from->key, &to->key);
	FW_MATCH_LOG_KEYS(X)
#undef X
	return r ? -ENOMEM : 0;
}

static int copy_parts(const struct fw_policy_rule *from, struct fw_policy_rule *to)
{
	int r = 0;

	to->parts = from->part_count ? copy_items(from->parts, from->part_count, sizeof(*to->parts)) : NULL;
	to->alternatives = from->alternative_count ? copy_items(from->alternatives, from->alternative_count,
								sizeof(*to->alternatives))
						   : NULL;
	to->part_count = to->parts ? from->part_count : 0;
	to->alternative_count = to->alternatives ? from->alternative_count : 0;
	for (size_t i = 0; i < to->part_count; i++)
		r |= copy_match(&from->parts[i], &to->parts[i]);
	for (size_t i = 0; i < to->alternative_count; i++) {
		const struct fw_alternative *one = &from->alternatives[i];

		to->alternatives[i].parts = copy_items(one->parts, one->count, sizeof(*one->parts));
		if (!to->alternatives[i].parts)
			to->alternatives[i].count = 0;
		r |= to->alternatives[i].parts ? 0 : -ENOMEM;
	}
	return r || to->part_count != from->part_count || to->alternative_count != from->alternative_count
		       ? -ENOMEM
		       : 0;
}

int fw_set_refs_copy(const struct fw_set_refs *refs, struct fw_set_refs *ret)
{
	return COPY_LIST(refs, ret);
}

int fw_policy_rule_copy(const struct fw_policy_rule *rule, struct fw_policy_rule *ret)
{
	int r = 0;

	*ret = *rule;
	ret->name = strdup(rule->name);
	ret->stands_in_for = rule->stands_in_for ? strdup(rule->stands_in_for) : NULL;
	r |= ret->name && !ret->stands_in_for == !rule->stands_in_for ? 0 : -ENOMEM;
	r |= fw_set_refs_copy(&rule->resource, &ret->resource);
	r |= copy_match(&rule->match, &ret->match);
	r |= copy_parts(rule, ret);
	r |= copy_names(&rule->labels, &ret->labels);
	if (r)
		fw_policy_rule_done(ret);
	return r ? -ENOMEM : 0;
}
