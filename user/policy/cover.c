// SPDX-License-Identifier: Apache-2.0
/* Whether one rule accepts whatever another does. Pure. */
#include <string.h>

#include "policy/match.h"

static bool covers_at_bounds(const struct fw_conjunction *a, const struct fw_conjunction *b,
			     enum fw_dimension dimension, const struct fw_ranges *bounds)
{
	for (size_t i = 0; i <= 2 * bounds->count; i++) {
		uint16_t value = 0;

		if (i) {
			const struct fw_range *range = &bounds->items[(i - 1) / 2];

			if (i % 2 == 0 && range->last == UINT16_MAX)
				continue;
			value = i % 2 ? range->first : (uint16_t)(range->last + 1);
		}
		if (fw_conjunction_takes_value(b, dimension, value) &&
		    !fw_conjunction_takes_value(a, dimension, value))
			return false;
	}
	return true;
}

/* Membership can only change at a bound, so asking there is asking everywhere. */
static bool values_cover(const struct fw_conjunction *a, const struct fw_conjunction *b,
			 enum fw_dimension dimension)
{
	const struct fw_conjunction *const both[] = {a, b};

	for (size_t side = 0; side < 2; side++)
		for (size_t i = 0; i < both[side]->count; i++) {
			const struct fw_ranges *in, *out;

			fw_match_ranges(both[side]->parts[i], dimension, &in, &out);
			if (!covers_at_bounds(a, b, dimension, in) || !covers_at_bounds(a, b, dimension, out))
				return false;
		}
	return true;
}

static unsigned int asked_kinds(const struct fw_conjunction *all)
{
	unsigned int asked = 0;

	for (size_t i = 0; i < all->count; i++)
		asked |= all->parts[i]->packet | all->parts[i]->packet_not;
	return asked & FW_PACKET_IPV4 ? asked | FW_KIND_IPV6 : asked;
}

/* Kinds that neither asks for change no answer. */
static bool kinds_cover(const struct fw_conjunction *a, const struct fw_conjunction *b)
{
	unsigned int asked = asked_kinds(a) | asked_kinds(b);

	for (unsigned int kind = 0; kind <= FW_KIND_ALL_; kind++)
		if (!(kind & ~asked) && fw_conjunction_takes_kind(b, kind) &&
		    !fw_conjunction_takes_kind(a, kind))
			return false;
	return true;
}

static bool headers_cover(const struct fw_conjunction *a, const struct fw_conjunction *b)
{
	bool flags = fw_conjunction_has_flags(a);

	for (unsigned int i = 0; i < 256; i++) {
		if (fw_conjunction_takes_protocol(b, (uint8_t)i) &&
		    !fw_conjunction_takes_protocol(a, (uint8_t)i))
			return false;
		if (flags && fw_conjunction_takes_flags(b, (uint8_t)i) &&
		    !fw_conjunction_takes_flags(a, (uint8_t)i))
			return false;
	}
	for (unsigned int class = 0; class <= FW_SIGNATURES_MAX; class ++)
		if (fw_conjunction_takes_signature(b, class) && !fw_conjunction_takes_signature(a, class))
			return false;
	if (!kinds_cover(a, b))
		return false;
	return !fw_conjunction_needs_l4(a) || fw_conjunction_needs_l4(b);
}

static bool refs_within(const struct fw_set_refs *inner, const struct fw_set_refs *outer)
{
	for (size_t i = 0; i < inner->count; i++) {
		bool found = false;

		for (size_t j = 0; j < outer->count && !found; j++)
			found = inner->items[i] == outer->items[j];
		if (!found)
			return false;
	}
	return true;
}

static bool numbers_within(const struct fw_numbers *inner, const struct fw_numbers *outer)
{
	for (size_t i = 0; i < inner->count; i++)
		if (!fw_numbers_have(outer, inner->items[i]))
			return false;
	return true;
}

static bool names_within(const struct fw_names *inner, const struct fw_names *outer)
{
	for (size_t i = 0; i < inner->count; i++) {
		bool found = false;

		for (size_t j = 0; j < outer->count && !found; j++)
			found = !strcmp(inner->items[i], outer->items[j]);
		if (!found)
			return false;
	}
	return true;
}

/* Some part of b alone keeps to what x says of a key with many values: x may go without `key`, or y lists
 * less of it; what x leaves out, y leaves out. */
#define SOME_PART_COVERS(within, x, b, key)                                                                  \
	({                                                                                                   \
		bool covered_ = !(x)->key.count, left_out_ = !(x)->key##_not.count;                          \
		for (size_t i_ = 0; i_ < (b)->count; i_++) {                                                 \
			const struct fw_match *y_ = (b)->parts[i_];                                          \
			covered_ |= y_->key.count && within(&y_->key, &(x)->key);                            \
			left_out_ |= within(&(x)->key##_not, &y_->key##_not);                                \
		}                                                                                            \
		covered_ &&left_out_;                                                                        \
	})

static bool uris_within(const struct fw_uri_tests *inner, const struct fw_uri_tests *outer)
{
	for (size_t i = 0; i < inner->count; i++)
		if (!fw_uri_within(&inner->items[i], outer))
			return false;
	return true;
}

static bool statuses_cover(const struct fw_conjunction *a, const struct fw_conjunction *b)
{
	for (uint16_t status = 0; status <= FW_STATUS_MOST; status++)
		if (fw_conjunction_takes_status(b, status) && !fw_conjunction_takes_status(a, status))
			return false;
	return true;
}

static bool requests_cover(const struct fw_conjunction *a, const struct fw_conjunction *b)
{
	if ((fw_conjunction_asks_request(a) && !fw_conjunction_asks_request(b)) ||
	    (fw_conjunction_asks_hello(a) && !fw_conjunction_asks_hello(b)))
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct fw_match *x = a->parts[i];

		if (!SOME_PART_COVERS(uris_within, x, b, uri) ||
		    !SOME_PART_COVERS(names_within, x, b, host) ||
		    !SOME_PART_COVERS(names_within, x, b, sni) ||
		    !SOME_PART_COVERS(names_within, x, b, method))
			return false;
	}
	return true;
}

static bool conjunction_covers(const struct fw_conjunction *a, const struct fw_conjunction *b)
{
	if (!headers_cover(a, b) || !requests_cover(a, b) || !statuses_cover(a, b) ||
	    fw_conjunction_tiers(b) & ~fw_conjunction_tiers(a) ||
	    fw_conjunction_source_states(b) & ~fw_conjunction_source_states(a))
		return false;
	for (enum fw_dimension dimension = 0; dimension < FW_DIMENSIONS_; dimension++)
		if (!values_cover(a, b, dimension))
			return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct fw_match *x = a->parts[i];

		if (!SOME_PART_COVERS(refs_within, x, b, source) ||
		    !SOME_PART_COVERS(refs_within, x, b, destination) ||
		    !SOME_PART_COVERS(numbers_within, x, b, country) ||
		    !SOME_PART_COVERS(numbers_within, x, b, asn) ||
		    !SOME_PART_COVERS(names_within, x, b, label))
			return false;
	}
	return true;
}

bool fw_rule_covers(const struct fw_policy_rule *a, const struct fw_policy_rule *b)
{
	/* What a packet rule covers of a log rule is nothing: they look at different things. */
	if (a->match.log != b->match.log)
		return false;
	for (size_t i = 0; i < fw_rule_conjunctions(b); i++) {
		struct fw_conjunction inner, outer;
		bool covered = false;

		fw_rule_conjunction(b, i, &inner);
		for (size_t j = 0; j < fw_rule_conjunctions(a) && !covered; j++) {
			fw_rule_conjunction(a, j, &outer);
			covered = conjunction_covers(&outer, &inner);
		}
		if (!covered)
			return false;
	}
	return true;
}
