// SPDX-License-Identifier: Apache-2.0
/* Rules as terms, terms as bits in mask tables: a term that does not look at a dimension has its bit set
 * everywhere. Pure. */
#include "policy/terms.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/geo.h"
#include "policy/lists.h"
#include "policy/match.h"

#define VALUES 65536

static int label_bit(struct fw_names *labels, const char *name, uint64_t *ret_bit)
{
	char *copy;
	size_t i;

	for (i = 0; i < labels->count; i++)
		if (!strcmp(labels->items[i], name))
			break;
	if (i == FW_LABELS_MAX)
		return -E2BIG;
	if (i == labels->count) {
		copy = strdup(name);
		if (!copy || FW_APPEND(labels->items, labels->count, copy)) {
			free(copy);
			return -ENOMEM;
		}
	}
	*ret_bit |= 1ULL << i;
	return 0;
}

static int label_bits(struct fw_names *labels, const struct fw_names *names, uint64_t *ret_bits)
{
	int r = 0;

	*ret_bits = 0;
	for (size_t i = 0; i < names->count && !r; i++)
		r = label_bit(labels, names->items[i], ret_bits);
	return r;
}

/* A packet has all labels of a term's mask or the term fails: alternatives become terms of their own. */
static int add_terms(const struct fw_policy_rule *rule, unsigned int index, struct fw_image *image)
{
	struct fw_policy_slot *slot = image->slot;
	size_t alternatives = rule->match.label.count ? rule->match.label.count : 1;
	struct fw_term term = {.rule = index};
	uint64_t labels;
	int r;

	if (rule->match.log)
		return 0; /* no packet matches it */
	r = label_bits(&image->labels, &rule->match.label_not, &labels);
	if (r)
		return r;
	term.labels_forbidden = labels;
	for (size_t i = 0; i < alternatives; i++) {
		if (image->term_count == FW_TERMS_MAX)
			return -E2BIG;
		labels = 0;
		if (rule->match.label.count)
			r = label_bit(&image->labels, rule->match.label.items[i], &labels);
		if (r)
			return r;
		term.labels_required = labels;
		slot->rules[index].terms |= 1ULL << image->term_count;
		slot->terms[image->term_count++] = term;
	}
	r = label_bits(&image->labels, &rule->labels, &labels);
	slot->rules[index].labels = labels;
	return r;
}

static void spread_small(const struct fw_policy_rule *rule, uint64_t bits, struct fw_policy_slot *slot)
{
	for (unsigned int i = 0; i < 256; i++) {
		if (fw_rule_takes_protocol(rule, (uint8_t)i))
			slot->protocol_terms[i] |= bits;
		if (fw_rule_takes_flags(rule, (uint8_t)i))
			slot->tcp_flag_terms[i] |= bits;
	}
	for (unsigned int kind = 0; kind <= FW_KIND_ALL_; kind++)
		if (fw_match_takes_kind(&rule->match, kind))
			slot->kind_terms[kind] |= bits;
	if (!fw_rule_has_flags(rule))
		slot->no_tcp_terms |= bits;
	if (fw_rule_needs_l4(rule))
		slot->l4_terms |= bits;
}

static uint32_t features_of(const struct fw_policy_rule *rule)
{
	const struct fw_match *match = &rule->match;
	uint32_t features = 0;

	if (match->source.count || match->source_not.count || match->tiers || match->tiers_not)
		features |= FW_FEATURE_SOURCE_LISTS;
	if (fw_match_asks_country(match) || fw_match_asks_asn(match))
		features |= FW_FEATURE_GEO;
	if (match->destination.count || match->destination_not.count)
		features |= FW_FEATURE_DEST_LISTS;
	if (match->source_port.count || match->source_port_not.count)
		features |= FW_FEATURE_SOURCE_PORT;
	if (match->dest_port.count || match->dest_port_not.count)
		features |= FW_FEATURE_DEST_PORT;
	if (fw_rule_has_flags(rule))
		features |= FW_FEATURE_TCP_FLAGS;
	if (match->length.count)
		features |= FW_FEATURE_LENGTH;
	if ((match->packet | match->packet_not) & FW_KIND_ODD_)
		features |= FW_FEATURE_ODD_KINDS;
	return features;
}

/* +1 where a range begins, -1 behind its end: the running sum says how many ranges hold a value. */
static void add_bounds(const struct fw_ranges *ranges, int *steps)
{
	for (size_t i = 0; i < ranges->count; i++) {
		steps[ranges->items[i].first]++;
		steps[ranges->items[i].last + 1]--;
	}
}

static int spread_ranges(const struct fw_ranges *in, const struct fw_ranges *out, uint64_t bits,
			 uint64_t *masks)
{
	FW_FREE int *inside = calloc(VALUES + 1, sizeof(*inside));
	FW_FREE int *outside = calloc(VALUES + 1, sizeof(*outside));
	int in_count = 0, out_count = 0;

	if (!inside || !outside)
		return -ENOMEM;
	add_bounds(in, inside);
	add_bounds(out, outside);
	for (unsigned int value = 0; value < VALUES; value++) {
		in_count += inside[value];
		out_count += outside[value];
		if ((!in->count || in_count) && !out_count)
			masks[value] |= bits;
	}
	return 0;
}

/* Values with the same terms share a class. -E2BIG: more classes than a byte can name. */
static int write_dimension(const uint64_t *masks, uint64_t everywhere, struct fw_u16_dimension *dimension)
{
	unsigned int classes = 0, current = 0;

	for (unsigned int value = 0; value < VALUES; value++) {
		uint64_t mask = masks[value] | everywhere;

		if (!classes || dimension->terms[current] != mask) {
			for (current = 0; current < classes && dimension->terms[current] != mask; current++)
				;
			if (current == FW_PORT_CLASSES)
				return -E2BIG;
			if (current == classes)
				dimension->terms[classes++] = mask;
		}
		dimension->class_of[value] = (uint8_t)current;
	}
	return 0;
}

enum dimension { SOURCE_PORT, DEST_PORT, LENGTH, DIMENSIONS_ };

static const struct fw_ranges no_ranges;

static void ranges_of(const struct fw_match *match, enum dimension dimension, const struct fw_ranges **in,
		      const struct fw_ranges **out)
{
	switch (dimension) {
	case SOURCE_PORT:
		*in = &match->source_port;
		*out = &match->source_port_not;
		return;
	case DEST_PORT:
		*in = &match->dest_port;
		*out = &match->dest_port_not;
		return;
	case LENGTH:
	case DIMENSIONS_:
		*in = &match->length;
		*out = &no_ranges;
	}
}

static int compile_dimension(const struct fw_policy *policy, enum dimension dimension, struct fw_diags *diags,
			     struct fw_policy_slot *slot, struct fw_u16_dimension *ret)
{
	static const char *const names[] = {
		[SOURCE_PORT] = "source ports", [DEST_PORT] = "destination ports", [LENGTH] = "lengths"};
	FW_FREE uint64_t *masks = NULL;
	const struct fw_policy_rule *last = NULL;
	uint64_t everywhere = 0; /* terms that do not look: tune lives on their costing nothing */
	int r = 0;

	for (size_t i = 0; i < policy->rule_count && !r; i++) {
		const struct fw_ranges *in, *out;

		ranges_of(&policy->rules[i].match, dimension, &in, &out);
		if (!in->count && !out->count) {
			everywhere |= slot->rules[i].terms;
			continue;
		}
		last = &policy->rules[i];
		if (!masks)
			masks = calloc(VALUES, sizeof(*masks));
		r = masks ? spread_ranges(in, out, slot->rules[i].terms, masks) : -ENOMEM;
	}
	if (!r && masks)
		r = write_dimension(masks, everywhere, ret);
	else if (!r)
		ret->terms[0] = everywhere;
	if (r == -E2BIG && last)
		fw_diag_add(diags, last->mark, FW_SEVERITY_ERROR, "too-many-ranges",
			    "use ranges instead of single values, or fewer rules with lists of their own",
			    "the rules tell more than %d groups of %s apart", FW_PORT_CLASSES,
			    names[dimension]);
	return r;
}

int fw_terms_compile(const struct fw_policy *policy, struct fw_diags *diags, struct fw_image *image)
{
	struct fw_policy_slot *slot = image->slot;
	int r = 0;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct fw_policy_rule *rule = &policy->rules[i];

		r = add_terms(rule, (unsigned int)i, image);
		if (r == -E2BIG)
			fw_diag_add(diags, rule->mark, FW_SEVERITY_ERROR, "too-many-terms",
				    "each alternative of 'label' is a term; join rules or labels",
				    "rule '%s' and those before it need more than %d terms or labels",
				    rule->name, FW_TERMS_MAX);
		if (r)
			return r;
		spread_small(rule, slot->rules[i].terms, slot);
		if (!rule->match.log)
			slot->features |= features_of(rule);
	}
	r = compile_dimension(policy, SOURCE_PORT, diags, slot, &slot->source_port);
	if (!r)
		r = compile_dimension(policy, DEST_PORT, diags, slot, &slot->dest_port);
	if (!r)
		r = compile_dimension(policy, LENGTH, diags, slot, &slot->length);
	return r;
}

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

bool fw_match_takes_class(const struct fw_policy *policy, const struct fw_match *match, const uint64_t *sets)
{
	unsigned int tier = 1u << fw_image_class_tier(policy, sets);

	return takes_sets(&match->source, &match->source_not, sets) &&
	       (!match->tiers || match->tiers & tier) && !(match->tiers_not & tier);
}

static uint64_t source_terms(const struct fw_policy *policy, const struct fw_image *image,
			     const uint64_t *sets)
{
	uint64_t terms = 0;

	for (size_t i = 0; i < policy->rule_count; i++)
		if (fw_match_takes_class(policy, &policy->rules[i].match, sets))
			terms |= image->slot->rules[i].terms;
	return terms;
}

static uint64_t dest_terms(const struct fw_policy *policy, const struct fw_image *image, const uint64_t *sets)
{
	uint64_t terms = 0;

	for (size_t i = 0; i < policy->rule_count; i++)
		if (takes_sets(&policy->rules[i].match.destination, &policy->rules[i].match.destination_not,
			       sets))
			terms |= image->slot->rules[i].terms;
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

int fw_classes_compile(const struct fw_policy *policy, struct fw_image *image)
{
	const size_t words = fw_class_words(policy);
	FW_FREE uint64_t *trusted = calloc(words, sizeof(*trusted));

	image->classes = calloc(image->class_count, sizeof(*image->classes));
	if (!image->classes || !trusted) {
		free(image->classes);
		image->classes = NULL;
		return -ENOMEM;
	}
	for (size_t c = 0; c < image->class_count; c++) {
		struct fw_class *class = &image->classes[c];
		const uint64_t *sets = image->class_sets[c];

		without_trials(image, sets, words, trusted);
		class->source_terms = source_terms(policy, image, sets);
		class->dest_terms = dest_terms(policy, image, sets);
		class->count_terms = class->source_terms & ~source_terms(policy, image, trusted);
		if (is_member(&policy->never_block, sets))
			class->flags |= FW_CLASS_NEVER_BLOCK;
	}
	return 0;
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
		for (size_t i = 0; i < policy->rule_count; i++)
			if (geo->class_rules[class] >> i & 1)
				image->geo_terms[class] |= image->slot->rules[i].terms;
	return 0;
}

/* Rules whose terms are all in the mask, and that ask a meter. */
static unsigned int count_meters(const struct fw_policy *policy, const struct fw_policy_slot *slot,
				 uint64_t mask)
{
	unsigned int meters = 0;

	for (size_t i = 0; i < policy->rule_count; i++)
		meters += slot->rules[i].unit != FW_UNIT_NONE && slot->rules[i].terms & mask;
	return meters;
}

unsigned int fw_terms_meters_worst(const struct fw_policy *policy, const struct fw_image *image)
{
	const struct fw_policy_slot *slot = image->slot;
	unsigned int worst = 0;

	for (unsigned int protocol = 0; protocol < 256; protocol++) {
		for (unsigned int port = 0; port < FW_PORT_CLASSES; port++) {
			/* Unused port classes have no terms; packets without ports do not look at them. */
			uint64_t mask =
				slot->protocol_terms[protocol] &
				(fw_protocol_has_ports((uint8_t)protocol) ? slot->dest_port.terms[port]
									  : ~0ULL);
			unsigned int meters = count_meters(policy, slot, mask);

			if (meters > worst)
				worst = meters;
			if (!fw_protocol_has_ports((uint8_t)protocol))
				break;
		}
	}
	return worst;
}
