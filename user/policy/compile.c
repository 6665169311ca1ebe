// SPDX-License-Identifier: Apache-2.0
/* Model to image: rules to their structs, ids to names, and what all of it costs the kernel. Pure. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fw_lists.h"
#include "fw_meter.h"
#include "lib/cleanup.h"
#include "lib/units.h"
#include "policy/check.h"
#include "policy/lists.h"
#include "policy/memory.h"
#include "policy/requests.h"
#include "policy/signatures.h"
#include "policy/terms.h"

#define TICK_DEFAULT_NS 4000000
#define NS_PER_US	1000
#define COUNTER_BITS	31
#define BATCH_SHARE	32
/* Of one key: what another CPU may let pass after the limit was crossed, or a tune not see. */
#define KEY_BATCH_PACKETS 64
#define KEY_BATCH_LEAST	  4
#define KEY_BATCH_BYTES	  24000
#define BATCH_PACKETS	  64
#define BATCH_BYTES	  65536

static void compile_limit(const struct fw_limit *limit, uint64_t tick_ns, struct fw_rule *rule)
{
	uint64_t cells_ns = limit->window_ns + tick_ns;

	rule->unit = (uint8_t)limit->unit;
	if (limit->unit == FW_UNIT_NONE)
		return;
	rule->limit = limit->amount;
	rule->window_ns = limit->window_ns;
	rule->sub_us = (uint32_t)((cells_ns + FW_METER_CELLS * NS_PER_US - 1) / (FW_METER_CELLS * NS_PER_US));
	rule->sub_ns = (uint64_t)rule->sub_us * NS_PER_US;
	while (rule->limit >> rule->cell_shift >= 1ULL << COUNTER_BITS)
		rule->cell_shift += FW_METER_SHIFT_STEP;
	rule->shape = fw_meter_shape(rule->sub_us, rule->unit - FW_UNIT_PACKETS, rule->cell_shift);
}

static void compile_key(const struct fw_policy_rule *from, struct fw_rule *rule)
{
	unsigned int bits4 = FW_V4_BITS + from->prefix4, bits6 = from->prefix6;

	switch (from->per) {
	case FW_PER_SOURCE:
	case FW_PER_SOURCE_PREFIX:
	case FW_PER_SOURCE_DEST_PORT:
		break;
	case FW_PER_DESTINATION:
		bits4 = bits6 = 128;
		break;
	case FW_PER_DESTINATION_PREFIX:
		bits4 = FW_V4_BITS + from->dest_prefix4;
		bits6 = from->dest_prefix6;
		break;
	case FW_PER_TOTAL:
	case FW_PER_MAX_:
		bits4 = bits6 = 0;
		break;
	}
	if (!fw_per_is_destination(from->per) && bits4 == 128 && bits6 == 64)
		rule->flags |= FW_RULE_SOURCE_KEY;
	rule->per = (uint8_t)from->per;
	rule->key_mask[FW_FAMILY_V4] = fw_mask(bits4);
	rule->key_mask[FW_FAMILY_V6] = fw_mask(bits6);
}

/* Unseen by the others, all CPUs together hold back at most a 32nd of the limit. */
static void compile_batch(const struct fw_limit *limit, struct fw_rule *rule)
{
	bool bytes = limit->unit == FW_UNIT_BYTES;
	const uint64_t most = rule->per == FW_PER_TOTAL ? bytes ? BATCH_BYTES : BATCH_PACKETS
			      : bytes			? KEY_BATCH_BYTES
							: KEY_BATCH_PACKETS;
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	uint64_t batch = limit->amount / (BATCH_SHARE * (uint64_t)(cpus > 0 ? cpus : 1));

	if (rule->per != FW_PER_TOTAL && batch < KEY_BATCH_LEAST)
		return; /* a small limit is exact */
	if (limit->unit != FW_UNIT_NONE)
		rule->batch = (uint32_t)(batch < most ? batch : most);
}

/* What judge_quickly() knows how to say; everything else takes the call. */
static enum fw_quick quick_of(const struct fw_rule *rule)
{
	bool limited = rule->unit != FW_UNIT_NONE;
	bool drops = rule->action == FW_ACTION_BLOCK || rule->action == FW_ACTION_POLICE;
	bool passes = rule->action == FW_ACTION_ALLOW && !limited;

	if (!(drops || passes) || rule->flags & FW_RULE_COUNT_MODE)
		return FW_QUICK_NOT;
	if (!limited)
		return FW_QUICK_UNLIMITED;
	if (rule->per == FW_PER_TOTAL)
		return rule->unit == FW_UNIT_BYTES ? FW_QUICK_TOTAL_BYTES : FW_QUICK_TOTAL;
	if (rule->flags & FW_RULE_SOURCE_KEY && rule->per != FW_PER_SOURCE_DEST_PORT)
		return FW_QUICK_SOURCE;
	return FW_QUICK_NOT;
}

/* What the packet path would otherwise have to ask of the term's rule. */
static void compile_shortcuts(struct fw_image *image)
{
	for (unsigned int i = 0; i < image->term_count; i++) {
		struct fw_term *term = &image->slot->terms[fw_term_place(1ULL << i)];
		const struct fw_rule *rule = &image->slot->rules[term->rule];

		term->id = (uint8_t)rule->id;
		if (!(term->labels_required | term->labels_forbidden))
			term->quick = (uint8_t)quick_of(rule);
	}
}

static void compile_ban(const struct fw_policy_rule *from, struct fw_rule *rule)
{
	if (!from->ban.set)
		return;
	rule->flags |= FW_RULE_BAN | (from->ban.unverified ? FW_RULE_BAN_UNVERIFIED : 0);
	rule->ban_steps = (uint8_t)from->ban.step_count;
	memcpy(rule->ban_ns, from->ban.steps_ns, sizeof(rule->ban_ns));
	rule->ban_bits[FW_FAMILY_V4] = (uint8_t)(FW_V4_BITS + from->prefix4);
	rule->ban_bits[FW_FAMILY_V6] = from->prefix6;
}

static bool counts(const struct fw_policy *policy, const struct fw_policy_rule *rule)
{
	return rule->mode == FW_MODE_COUNT || (rule->mode == FW_MODE_ATTACK && !policy->under_attack);
}

bool fw_rule_counts(const struct fw_policy *policy, const struct fw_policy_rule *rule)
{
	return policy->mode == FW_MODE_COUNT || counts(policy, rule);
}

static void compile_rule(const struct fw_policy *policy, const struct fw_policy_rule *from, uint16_t id,
			 uint64_t tick_ns, struct fw_rule *rule)
{
	rule->id = id;
	rule->action = (uint8_t)from->action;
	if (counts(policy, from))
		rule->flags |= FW_RULE_COUNT_MODE;
	compile_limit(&from->limit, tick_ns, rule);
	compile_key(from, rule);
	compile_batch(&from->limit, rule);
	compile_ban(from, rule);
}

/* Up to which limit somebody passes before the rules. */
static void compile_spared(const struct fw_policy *policy, const struct fw_limit *limit, uint8_t prefix6,
			   uint16_t id, uint64_t tick_ns, struct fw_rule *ret)
{
	struct fw_policy_rule rule = {.action = FW_ACTION_ALLOW,
				      .limit = *limit,
				      .prefix4 = 32,
				      .prefix6 = prefix6,
				      .mode = FW_MODE_INHERIT};

	compile_rule(policy, &rule, id, tick_ns, ret);
}

static void compile_never_block(const struct fw_policy *policy, uint64_t tick_ns, struct fw_policy_slot *slot)
{
	compile_spared(policy, &policy->never_block_limit, 64, FW_RULE_NEVER_BLOCK, tick_ns,
		       &slot->never_block);
	if (policy->never_block.count) {
		slot->features |= FW_FEATURE_SOURCE_LISTS;
		if (policy->never_block_limit.unit != FW_UNIT_NONE)
			slot->features |= FW_FEATURE_NEVER_BLOCK_LIMIT;
	}
}

/* Who has one address of a /64 has them all: a connection from each would be a limit for each. */
static void compile_safety(const struct fw_policy *policy, uint64_t tick_ns, struct fw_policy_slot *slot)
{
	compile_spared(policy, &policy->safety.answers_limit, 128, FW_RULE_ANSWERS, tick_ns, &slot->answers);
	compile_spared(policy, &policy->safety.ssh_limit, 64, FW_RULE_SSH_PEERS, tick_ns, &slot->ssh_peers);
}

static struct fw_mark file_mark(const struct fw_policy *policy, struct fw_diags *diags)
{
	return (struct fw_mark){.file = fw_diags_file(diags, policy->file ? policy->file : "policy")};
}

static int check_sizes(const struct fw_policy *policy, const struct fw_image *image, struct fw_diags *diags)
{
	char allowed[32];

	if (image->listed_count > policy->capacity.prefixes) {
		fw_diag_add(diags, file_mark(policy, diags), FW_SEVERITY_ERROR, "too-many-prefixes",
			    "raise capacity: {prefixes: N}", "the sets need %zu prefixes, capacity is %s",
			    image->listed_count,
			    fw_amount_exact(policy->capacity.prefixes, false, allowed, sizeof(allowed)));
		return -E2BIG;
	}
	if (policy->memory_limit && image->memory_bytes > policy->memory_limit) {
		fw_diag_add(diags, file_mark(policy, diags), FW_SEVERITY_ERROR, "memory-limit",
			    "lower capacity: {sources, bans, prefixes} or raise memory_limit",
			    "the kernel tables need %" PRIu64 " MiB, memory_limit is %s",
			    (image->memory_bytes + (1 << 20) - 1) >> 20,
			    fw_amount_exact(policy->memory_limit, true, allowed, sizeof(allowed)));
		return -E2BIG;
	}
	return 0;
}

/* The packet path tries one lookup per length: manual bans need room among them too. */
static int check_ban_lengths(const struct fw_policy *policy, struct fw_diags *diags)
{
	const unsigned int most = FW_BAN_LENGTHS / 2;
	bool used[FW_FAMILY_MAX_][129] = {0};
	unsigned int count[FW_FAMILY_MAX_] = {0};

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct fw_policy_rule *rule = &policy->rules[i];

		if (!rule->ban.set && !rule->match.log)
			continue;
		count[FW_FAMILY_V4] += !used[FW_FAMILY_V4][rule->prefix4];
		count[FW_FAMILY_V6] += !used[FW_FAMILY_V6][rule->prefix6];
		used[FW_FAMILY_V4][rule->prefix4] = used[FW_FAMILY_V6][rule->prefix6] = true;
		if (count[FW_FAMILY_V4] > most || count[FW_FAMILY_V6] > most) {
			fw_diag_add(diags, rule->mark, FW_SEVERITY_ERROR, "too-many-ban-lengths",
				    "use the same source_prefix in more rules",
				    "rule '%s': bans of more than %u prefix lengths", rule->name, most);
			return -E2BIG;
		}
	}
	return 0;
}

static int check_changes(const struct fw_policy *policy, const struct fw_image_input *input,
			 struct fw_diags *diags)
{
	size_t errors = diags->errors;

	for (size_t i = 0; i < policy->rule_count && input->change_count; i++)
		fw_rule_check_share(policy, &policy->rules[i], input->changes, input->change_count, diags);
	return diags->errors > errors ? -EINVAL : 0;
}

static int build_lists(const struct fw_policy *policy, const struct fw_image_input *input,
		       struct fw_diags *diags, struct fw_image *image)
{
	int r;

	image->lists_shared = malloc(sizeof(*image->lists_shared));
	if (!image->lists_shared)
		return -ENOMEM;
	*image->lists_shared = 1;
	r = fw_lists_build(policy, input, image);
	if (r == -E2BIG)
		fw_diag_add(diags, file_mark(policy, diags), FW_SEVERITY_ERROR, "too-many-classes",
			    "name fewer overlapping sets in rules",
			    "addresses fall into more than %d combinations of sets", FW_CLASSES_MAX - 1);
	if (r)
		return r;
	image->list_bytes = fw_list_memory(image->listed, image->listed_count);
	return 0;
}

static void share_lists(const struct fw_image *from, struct fw_image *image)
{
	++*from->lists_shared;
	image->lists_shared = from->lists_shared;
	image->truth = from->truth;
	image->class_sets = from->class_sets;
	image->class_count = from->class_count;
	image->listed = from->listed;
	image->listed_count = from->listed_count;
	image->prefixes_read = from->prefixes_read;
	image->list_bytes = from->list_bytes;
	image->trial_sets = from->trial_sets;
	image->set_prefixes4 = from->set_prefixes4;
	image->set_prefixes6 = from->set_prefixes6;
}

/* Everything but the lists. */
static int compile_rules(const struct fw_policy *policy, struct fw_rule_ids *ids, uint64_t tick_ns,
			 struct fw_diags *diags, struct fw_image *image)
{
	uint16_t rule_ids[FW_RULES_MAX];
	int r = fw_terms_compile(policy, diags, image);

	if (r)
		return r;
	tick_ns = tick_ns ? tick_ns : TICK_DEFAULT_NS;
	fw_rule_ids_assign(ids, policy, rule_ids);
	for (size_t i = 0; i < policy->rule_count; i++) {
		compile_rule(policy, &policy->rules[i], rule_ids[i], tick_ns, &image->slot->rules[i]);
		if (policy->rules[i].action == FW_ACTION_CHALLENGE && !counts(policy, &policy->rules[i]))
			image->slot->features |= FW_FEATURE_CHALLENGE;
		if (image->slot->rules[i].flags & FW_RULE_SOURCE_KEY &&
		    image->slot->rules[i].unit != FW_UNIT_NONE)
			image->slot->source_meter_terms |= image->slot->rules[i].terms;
	}
	compile_shortcuts(image);
	compile_never_block(policy, tick_ns, image->slot);
	compile_safety(policy, tick_ns, image->slot);
	image->rule_count = (unsigned int)policy->rule_count;
	image->slot->essential_limit = policy->safety.essential_limit;
	image->slot->reply_limit = policy->safety.challenge_replies;
	image->slot->reply_per_prefix = policy->safety.challenge_replies_per_prefix;
	image->slot->synproxy_wscale = policy->safety.synproxy_wscale;
	image->slot->count_ifaces = policy->mode == FW_MODE_COUNT ? UINT32_MAX : 0;
	r = fw_requests_compile(policy, diags, image);
	if (!r)
		r = fw_signatures_compile(policy, diags, image);
	if (!r)
		r = fw_classes_compile(policy, image);
	if (!r)
		r = fw_geo_compile(policy, image);
	if (r)
		return r;
	image->meters_worst = fw_terms_meters_worst(policy, image);
	image->keys_worst = fw_terms_keys_worst(policy, image);
	image->memory_bytes = fw_policy_memory(policy, image);
	return check_sizes(policy, image, diags);
}

/* -E2BIG without a word for more rules than fit: the loader said where. */
static int image_new(const struct fw_policy *policy, struct fw_diags *diags, struct fw_image **ret)
{
	int r = policy->rule_count > FW_RULES_MAX ? -E2BIG : check_ban_lengths(policy, diags);

	if (r)
		return r;
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	(*ret)->slot = calloc(1, sizeof(*(*ret)->slot));
	return (*ret)->slot ? 0 : -ENOMEM;
}

int fw_image_compile(const struct fw_policy *policy, const struct fw_image_input *input,
		     struct fw_rule_ids *ids, struct fw_diags *diags, struct fw_image **ret)
{
	static const struct fw_image_input nothing;
	struct fw_image *image = NULL;
	int r;

	input = input ? input : &nothing;
	r = check_changes(policy, input, diags);

	if (!r)
		r = image_new(policy, diags, &image);
	if (!r)
		r = build_lists(policy, input, diags, image);
	if (!r)
		r = compile_rules(policy, ids, input->tick_ns, diags, image);
	if (r) {
		fw_image_free(image);
		return r;
	}
	*ret = image;
	return 0;
}

int fw_image_compile_rules(const struct fw_policy *policy, const struct fw_image *lists,
			   struct fw_rule_ids *ids, uint64_t tick_ns, struct fw_diags *diags,
			   struct fw_image **ret)
{
	struct fw_image *image = NULL;
	int r = image_new(policy, diags, &image);

	if (!r) {
		share_lists(lists, image);
		r = compile_rules(policy, ids, tick_ns, diags, image);
	}
	if (r) {
		fw_image_free(image);
		return r;
	}
	*ret = image;
	return 0;
}

int fw_image_change(const struct fw_policy *policy, const struct fw_image_input *input,
		    struct fw_image *image, struct fw_diags *diags, struct fw_list_delta *ret)
{
	FW_CLEANUP(fw_class_room_done) struct fw_class_room room = {0};
	int r = check_changes(policy, input, diags);

	/* How many classes there will be is known when the lists have changed, and cannot be undone. */
	if (!r)
		r = fw_class_room_make(policy, FW_CLASSES_MAX, &room);
	if (!r)
		r = fw_lists_change(policy, input, image, ret);
	if (r)
		return r;
	image->memory_bytes -= image->list_bytes;
	image->list_bytes = fw_list_memory(image->listed, image->listed_count);
	image->memory_bytes += image->list_bytes;
	fw_classes_fill(policy, image, &room);
	return 0;
}
