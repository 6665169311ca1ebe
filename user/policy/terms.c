// SPDX-License-Identifier: Apache-2.0
/* Rules as terms, terms as bits in mask tables: a term that does not look at a dimension has its bit set
 * everywhere. Pure. */
#include "policy/terms.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
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

/* What every part forbids, and the labels of which each part wants one. */
struct label_wish {
	uint64_t forbidden;
	const struct fw_names *wanted[FW_PARTS_MAX];
	size_t chosen[FW_PARTS_MAX], count;
};

static int read_labels(struct fw_names *labels, const struct fw_conjunction *all, struct label_wish *ret)
{
	uint64_t bits;
	int r = 0;

	ret->forbidden = 0;
	ret->count = 0;
	for (size_t i = 0; i < all->count && !r; i++) {
		r = label_bits(labels, &all->parts[i]->label_not, &bits);
		ret->forbidden |= bits;
		if (all->parts[i]->label.count) {
			ret->chosen[ret->count] = 0;
			ret->wanted[ret->count++] = &all->parts[i]->label;
		}
	}
	return r;
}

/* The next combination; false when all have been. */
static bool choose_next(struct label_wish *wish)
{
	for (size_t i = wish->count; i--;) {
		if (++wish->chosen[i] < wish->wanted[i]->count)
			return true;
		wish->chosen[i] = 0;
	}
	return false;
}

/* A packet has all labels of a term's mask or the term fails: alternatives become terms of their own. */
static int add_terms(const struct fw_conjunction *all, unsigned int index, struct fw_image *image,
		     uint64_t *ret_terms)
{
	const unsigned int bits = fw_conjunction_request_bits(all);
	struct fw_term term = {.rule = (uint8_t)index};
	struct label_wish wish;
	int r = read_labels(&image->labels, all, &wish);

	*ret_terms = 0;
	if (r)
		return r;
	term.labels_forbidden = wish.forbidden;
	do {
		if (image->term_count + bits > FW_TERMS_MAX)
			return -E2BIG;
		term.labels_required = 0;
		for (size_t i = 0; i < wish.count && !r; i++) {
			uint64_t bit = 0;

			r = label_bit(&image->labels, wish.wanted[i]->items[wish.chosen[i]], &bit);
			term.labels_required |= bit;
		}
		if (r)
			return r;
		if (term.labels_required | term.labels_forbidden)
			image->slot->features |= FW_FEATURE_LABELS;
		*ret_terms |= 1ULL << image->term_count;
		image->slot->terms[fw_term_place(1ULL << image->term_count)] = term;
		image->term_count += bits;
	} while (choose_next(&wish));
	return 0;
}

static void spread_small(const struct fw_conjunction *all, uint64_t bits, struct fw_policy_slot *slot)
{
	for (unsigned int i = 0; i < 256; i++) {
		if (fw_conjunction_takes_protocol(all, (uint8_t)i))
			slot->protocol_terms[i] |= bits;
		if (fw_conjunction_takes_flags(all, (uint8_t)i))
			slot->tcp_flag_terms[i] |= bits;
	}
	for (unsigned int kind = 0; kind <= FW_KIND_ALL_; kind++)
		if (fw_conjunction_takes_kind(all, kind))
			slot->kind_terms[kind] |= bits;
	if (!fw_conjunction_has_flags(all))
		slot->no_tcp_terms |= bits;
	if (fw_conjunction_needs_l4(all))
		slot->l4_terms |= bits;
	if (fw_conjunction_source_states(all) == FW_SOURCE_VERIFIED)
		slot->verified_terms |= bits;
	if (fw_conjunction_source_states(all) == FW_SOURCE_UNVERIFIED)
		slot->unverified_terms |= bits;
}

static uint32_t features_of(const struct fw_match *match)
{
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
	if (match->length.count || match->length_not.count)
		features |= FW_FEATURE_LENGTH;
	if ((match->packet | match->packet_not) & FW_KIND_ODD_)
		features |= FW_FEATURE_ODD_KINDS;
	if (match->verified || match->verified_not)
		features |= FW_FEATURE_VERIFIED;
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

/* Values that one part refuses. */
static void refuse_values(const struct fw_ranges *in, const struct fw_ranges *out, int *steps, bool *refused)
{
	int held = 0;

	memset(steps, 0, (VALUES + 1) * sizeof(*steps));
	add_bounds(in, steps);
	for (unsigned int value = 0; value < VALUES && in->count; value++) {
		held += steps[value];
		refused[value] |= !held;
	}
	memset(steps, 0, (VALUES + 1) * sizeof(*steps));
	add_bounds(out, steps);
	held = 0;
	for (unsigned int value = 0; value < VALUES && out->count; value++) {
		held += steps[value];
		refused[value] |= held != 0;
	}
}

static bool looks_at(const struct fw_conjunction *all, enum fw_dimension dimension)
{
	const struct fw_ranges *in, *out;

	for (size_t i = 0; i < all->count; i++) {
		fw_match_ranges(all->parts[i], dimension, &in, &out);
		if (in->count || out->count)
			return true;
	}
	return false;
}

static int spread_values(const struct fw_conjunction *all, enum fw_dimension dimension, uint64_t bits,
			 uint64_t *masks)
{
	FW_FREE int *steps = malloc((VALUES + 1) * sizeof(*steps));
	FW_FREE bool *refused = calloc(VALUES, sizeof(*refused));

	if (!steps || !refused)
		return -ENOMEM;
	for (size_t i = 0; i < all->count; i++) {
		const struct fw_ranges *in, *out;

		fw_match_ranges(all->parts[i], dimension, &in, &out);
		if (in->count || out->count)
			refuse_values(in, out, steps, refused);
	}
	for (unsigned int value = 0; value < VALUES; value++)
		if (!refused[value])
			masks[value] |= bits;
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

void fw_image_conjunction(const struct fw_policy *policy, const struct fw_image *image, unsigned int index,
			  struct fw_conjunction *ret)
{
	const struct fw_image_conjunction *one = &image->conjunctions[index];

	fw_rule_conjunction(&policy->rules[one->rule], one->alternative, ret);
}

static int compile_dimension(const struct fw_policy *policy, const struct fw_image *image,
			     enum fw_dimension dimension, struct fw_diags *diags,
			     struct fw_u16_dimension *ret)
{
	static const char *const names[] = {[FW_SOURCE_PORT] = "source ports",
					    [FW_DEST_PORT] = "destination ports",
					    [FW_LENGTH] = "lengths"};
	FW_FREE uint64_t *masks = NULL;
	const struct fw_policy_rule *last = NULL;
	uint64_t everywhere = 0; /* terms that do not look: tune lives on their costing nothing */
	int r = 0;

	for (unsigned int i = 0; i < image->conjunction_count && !r; i++) {
		struct fw_conjunction all;

		fw_image_conjunction(policy, image, i, &all);
		if (!looks_at(&all, dimension)) {
			everywhere |= image->conjunctions[i].terms;
			continue;
		}
		last = &policy->rules[image->conjunctions[i].rule];
		if (!masks)
			masks = calloc(VALUES, sizeof(*masks));
		r = masks ? spread_values(&all, dimension, image->conjunctions[i].terms, masks) : -ENOMEM;
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

static int compile_conjunction(const struct fw_policy *policy, unsigned int rule, unsigned int alternative,
			       struct fw_image *image)
{
	struct fw_image_conjunction one = {.rule = rule, .alternative = alternative};
	struct fw_conjunction all;
	int r;

	if (image->conjunction_count == FW_TERMS_MAX)
		return -E2BIG;
	/* No packet matches what counts lines, but it has a place among the geo bits. */
	if (policy->rules[rule].match.log) {
		image->conjunctions[image->conjunction_count++] = one;
		return 0;
	}
	fw_rule_conjunction(&policy->rules[rule], alternative, &all);
	r = add_terms(&all, rule, image, &one.terms);
	if (r)
		return r;
	image->conjunctions[image->conjunction_count++] = one;
	image->slot->rules[rule].terms |= one.terms;
	spread_small(&all, one.terms, image->slot);
	for (size_t i = 0; i < all.count; i++)
		image->slot->features |= features_of(all.parts[i]);
	if (fw_conjunction_has_flags(&all))
		image->slot->features |= FW_FEATURE_TCP_FLAGS;
	return 0;
}

static int compile_rule_terms(const struct fw_policy *policy, unsigned int index, struct fw_image *image)
{
	const struct fw_policy_rule *rule = &policy->rules[index];
	uint64_t labels = 0;
	int r = 0;

	for (size_t i = 0; i < fw_rule_conjunctions(rule) && !r; i++)
		r = compile_conjunction(policy, index, (unsigned int)i, image);
	for (unsigned int i = 0; i < image->term_count; i++) {
		struct fw_term *term = &image->slot->terms[fw_term_place(1ULL << i)];

		if (term->rule == index)
			term->others = ~image->slot->rules[index].terms;
	}
	if (!r)
		r = label_bits(&image->labels, &rule->labels, &labels);
	image->slot->rules[index].labels = labels;
	return r;
}

int fw_terms_compile(const struct fw_policy *policy, struct fw_diags *diags, struct fw_image *image)
{
	struct fw_policy_slot *slot = image->slot;
	int r = 0;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct fw_policy_rule *rule = &policy->rules[i];
		unsigned int before = image->term_count;

		r = compile_rule_terms(policy, (unsigned int)i, image);
		if (r == -E2BIG)
			fw_diag_add(
				diags, rule->mark, FW_SEVERITY_ERROR, "too-many-terms",
				"each alternative of any, and of a list under 'label', is a term; join "
				"rules, write lists of values, or set a label once and ask for it",
				"rule '%s' does not fit: the rules before it use %u of %d terms and %zu of "
				"%d labels",
				rule->name, before, FW_TERMS_MAX, image->labels.count, FW_LABELS_MAX);
		if (r)
			return r;
	}
	r = compile_dimension(policy, image, FW_SOURCE_PORT, diags, &slot->source_port);
	if (!r)
		r = compile_dimension(policy, image, FW_DEST_PORT, diags, &slot->dest_port);
	if (!r)
		r = compile_dimension(policy, image, FW_LENGTH, diags, &slot->length);
	return r;
}

static bool asks_meter(const struct fw_rule *rule, bool keys_only)
{
	return rule->unit != FW_UNIT_NONE && !(keys_only && rule->per == FW_PER_TOTAL);
}

/* Rules whose terms are all in the mask, and that ask a meter. */
static unsigned int count_meters(const struct fw_policy *policy, const struct fw_policy_slot *slot,
				 uint64_t mask, bool keys_only)
{
	unsigned int meters = 0;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const char *instead_of = policy->rules[i].stands_in_for;
		int other = instead_of ? fw_policy_rule_find(policy, instead_of) : -1;

		/* No packet meets both. */
		if (other >= 0 && asks_meter(&slot->rules[other], keys_only) &&
		    slot->rules[other].terms & mask)
			continue;
		meters += asks_meter(&slot->rules[i], keys_only) && slot->rules[i].terms & mask;
	}
	return meters;
}

static unsigned int worst_of(const struct fw_policy *policy, const struct fw_image *image, bool keys_only)
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
			unsigned int meters = count_meters(policy, slot, mask, keys_only);

			if (meters > worst)
				worst = meters;
			if (!fw_protocol_has_ports((uint8_t)protocol))
				break;
		}
	}
	return worst;
}

unsigned int fw_terms_meters_worst(const struct fw_policy *policy, const struct fw_image *image)
{
	return worst_of(policy, image, false);
}

unsigned int fw_terms_keys_worst(const struct fw_policy *policy, const struct fw_image *image)
{
	return worst_of(policy, image, true);
}
