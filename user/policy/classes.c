// SPDX-License-Identifier: Apache-2.0
/* Which terms a list class and a geo class satisfy. Pure. */
#include <errno.h>
#include <stdlib.h>

#include "lib/cleanup.h"
#include "policy/geo.h"
#include "policy/lists.h"
#include "policy/terms.h"

static bool is_member(const struct fw_set_refs *refs, const uint64_t *sets)
{
	for (size_t i = 0; i < refs->count; i++)
		if (fw_bit_test(sets, refs->items[i]))
			return true;
	return false;
}

static bool takes_sets(const struct fw_set_refs *in, const struct fw_set_refs *out, const uint64_t *sets)
{
	return (!in->count || is_member(in, sets)) && !is_member(out, sets);
}

static bool takes_source(const struct fw_match *match, const uint64_t *sets, unsigned int tier)
{
	return takes_sets(&match->source, &match->source_not, sets) &&
	       (!match->tiers || match->tiers & tier) && !(match->tiers_not & tier);
}

bool fw_match_takes_class(const struct fw_policy *policy, const struct fw_match *match, const uint64_t *sets)
{
	return takes_source(match, sets, 1u << fw_image_class_tier(policy, sets));
}

static uint64_t source_terms(const struct fw_policy *policy, const struct fw_image *image,
			     const uint64_t *sets)
{
	unsigned int tier = 1u << fw_image_class_tier(policy, sets);
	uint64_t terms = 0;

	for (unsigned int i = 0; i < image->conjunction_count; i++) {
		struct fw_conjunction all;
		bool takes = true;

		fw_image_conjunction(policy, image, i, &all);
		for (size_t part = 0; part < all.count && takes; part++)
			takes = takes_source(all.parts[part], sets, tier);
		if (takes)
			terms |= image->conjunctions[i].terms;
	}
	return terms;
}

static uint64_t dest_terms(const struct fw_policy *policy, const struct fw_image *image, const uint64_t *sets)
{
	uint64_t terms = 0;

	for (unsigned int i = 0; i < image->conjunction_count; i++) {
		struct fw_conjunction all;
		bool takes = true;

		fw_image_conjunction(policy, image, i, &all);
		for (size_t part = 0; part < all.count && takes; part++)
			takes = takes_sets(&all.parts[part]->destination, &all.parts[part]->destination_not,
					   sets);
		if (takes)
			terms |= image->conjunctions[i].terms;
	}
	return terms;
}

/* What would be said of the class if feeds on trial did not exist. */
static void without_trials(const struct fw_image *image, const uint64_t *sets, size_t words, uint64_t *ret)
{
	for (size_t i = 0; i < words; i++)
		ret[i] = sets[i] & ~image->trial_sets[i];
}

bool fw_match_takes_class_for_sure(const struct fw_policy *policy, const struct fw_image *image,
				   const struct fw_match *match, const uint64_t *sets)
{
	const size_t words = fw_class_words(policy);
	FW_FREE uint64_t *trusted = calloc(words, sizeof(*trusted));

	if (!trusted)
		return false;
	without_trials(image, sets, words, trusted);
	return fw_match_takes_class(policy, match, trusted);
}

void fw_class_room_done(struct fw_class_room *room)
{
	free(room->classes);
	free(room->trusted);
	*room = (struct fw_class_room){0};
}

int fw_class_room_make(const struct fw_policy *policy, size_t most, struct fw_class_room *ret)
{
	*ret = (struct fw_class_room){.classes = calloc(most, sizeof(*ret->classes)),
				      .trusted = calloc(fw_class_words(policy), sizeof(*ret->trusted))};
	if (ret->classes && ret->trusted)
		return 0;
	fw_class_room_done(ret);
	return -ENOMEM;
}

void fw_classes_fill(const struct fw_policy *policy, struct fw_image *image, struct fw_class_room *room)
{
	const size_t words = fw_class_words(policy);
	uint64_t *trusted = room->trusted;
	struct fw_class *less;

	free(image->classes);
	image->classes = TAKE_PTR(room->classes);
	less = reallocarray(image->classes, image->class_count, sizeof(*less));
	if (less)
		image->classes = less;
	for (size_t c = 0; c < image->class_count; c++) {
		struct fw_class *class = &image->classes[c];
		const uint64_t *sets = image->class_sets[c];

		without_trials(image, sets, words, trusted);
		class->source_terms = source_terms(policy, image, sets);
		class->dest_terms = dest_terms(policy, image, sets);
		class->source_count_terms = class->source_terms & ~source_terms(policy, image, trusted);
		class->dest_count_terms = class->dest_terms & ~dest_terms(policy, image, trusted);
		if (is_member(&policy->never_block, sets))
			class->flags |= FW_CLASS_NEVER_BLOCK;
	}
	image->slot->unlisted = image->classes[0];
}

int fw_classes_compile(const struct fw_policy *policy, struct fw_image *image)
{
	FW_CLEANUP(fw_class_room_done) struct fw_class_room room = {0};
	int r = fw_class_room_make(policy, image->class_count, &room);

	if (!r)
		fw_classes_fill(policy, image, &room);
	return r;
}

int fw_geo_compile(const struct fw_policy *policy, struct fw_image *image)
{
	struct fw_geo *geo = policy->geo.data;

	if (!geo)
		return 0;
	image->geo = fw_geo_ref(geo);
	image->slot->geo_digest = geo->digest;
	image->geo_terms = calloc(geo->class_count, sizeof(*image->geo_terms));
	if (!image->geo_terms)
		return -ENOMEM;
	for (uint32_t class = 0; class < geo->class_count; class ++)
		for (unsigned int i = 0; i < image->conjunction_count; i++)
			if (geo->class_rules[class] >> i & 1)
				image->geo_terms[class] |= image->conjunctions[i].terms;
	return 0;
}
