/* SPDX-License-Identifier: Apache-2.0 */
/* A policy compiled to exact map contents, and what of it a running generation must change. */
#ifndef FW_POLICY_IMAGE_H
#define FW_POLICY_IMAGE_H

#include "policy/policy.h"

#define FW_NAME_MAX 64 /* rule, set and label names, with NUL */

/* Rule ids by name. Owned by the agent and saved with its state, so that counters and meters follow a name.
 */
struct fw_rule_ids {
	char name[FW_RULE_IDS][FW_NAME_MAX]; /* "" = free */
	uint64_t last_used[FW_RULE_IDS];     /* generation; the oldest unused id is recycled first */
};

/* Ids in force stay with their names, however many policies after them were compiled and never kept: whoever
 * got one would be handed what its packets count until the next publication. */
void fw_rule_ids_hold(struct fw_rule_ids *ids, const struct fw_policy_slot *in_force);
/* ret[i]: of the policy's i-th rule. */
void fw_rule_ids_assign(struct fw_rule_ids *ids, const struct fw_policy *policy, uint16_t ret[FW_RULES_MAX]);

/* One line of the merged lists: longest match wins and names all sets that cover the address. */
struct fw_listed {
	struct fw_prefix prefix;
	uint16_t list_class;
	uint32_t inside; /* index + 1 of the line this one is nested in, 0 = none */
};

/* Extra members of sets that are not in the policy file (live `sets add`, feeds), and removals. */
struct fw_set_change {
	char set[FW_NAME_MAX];
	struct fw_prefix prefix;
	bool removed;
	uint64_t expires_ns; /* monotonic, 0 = never; expired changes are ignored by the compiler's caller */
};

/* What a feed lists with one tier, after its guards; borrowed while compiling. */
struct fw_feed_part {
	const char *feed; /* name of the set */
	enum fw_tier tier;
	const struct fw_prefix *prefixes; /* in normal form (policy/prefixes.h) */
	size_t count;
	bool trial; /* the feed is on trial: what only it says counts instead of dropping */
};

/* What a policy meets beside its file; all of it borrowed, zero is nothing. */
struct fw_image_input {
	const struct fw_set_change *changes;
	size_t change_count;
	const struct fw_feed_part *parts; /* of unknown feeds: ignored */
	size_t part_count;
	uint64_t tick_ns; /* grain of the Floodwall clock; 0: 4 ms */
};

struct fw_list_truth;

/* An alternative of a rule (policy/match.h) and what became of it. */
struct fw_image_conjunction {
	unsigned int rule, alternative;
	uint64_t terms; /* several when it asks for one of several labels */
};

struct fw_image {
	struct fw_policy_slot *slot; /* generation and list_slot are filled when published */
	struct fw_class *classes;    /* [class_count], class 0 = in no list */
	uint64_t **class_sets; /* per class: bitmap over policy sets, for explain and per-set counts; behind
				* them the tiers (policy/lists.h) */
	size_t class_count;
	struct fw_listed *listed; /* sorted by fw_prefix_compare */
	size_t listed_count;
	size_t prefixes_read;				/* before merging, for the ratio that check prints */
	uint64_t *trial_sets;				/* bitmap like class_sets: feeds on trial */
	uint64_t *set_prefixes4, *set_prefixes6;	/* per policy set, after merging */
	struct fw_geo *geo;				/* the policy's, NULL when no rule asks */
	uint64_t *geo_terms;				/* per geo class */
	struct fw_automaton *automata[FW_SUBJECT_MAX_]; /* NULL: no rule asks */
	struct fw_names labels;				/* bit number → name */
	unsigned int term_count;
	struct fw_image_conjunction conjunctions[FW_TERMS_MAX]; /* numbered over all rules in file order */
	unsigned int conjunction_count;
	unsigned int rule_count;
	unsigned int meters_worst;   /* state lookups in the worst packet */
	unsigned int keys_worst;     /* of these, keys that may have to be admitted: without totals */
	uint64_t memory_bytes;	     /* kernel memory the maps of this policy take */
	uint64_t list_bytes;	     /* of these, the lists' own tables */
	struct fw_list_truth *truth; /* policy/lists.h */
	unsigned int *lists_shared;  /* images that share truth, class_sets, listed and set_prefixes */
};

void fw_image_free(struct fw_image *image);

/* input may be NULL. ids is updated. count_ifaces: mask of interface
 * indices in count mode is the caller's business (slot->count_ifaces is set to all bits when mode is count).
 * -E2BIG: more terms, classes or rules than fit, said in diags with the rule's position. */
int fw_image_compile(const struct fw_policy *policy, const struct fw_image_input *input,
		     struct fw_rule_ids *ids, struct fw_diags *diags, struct fw_image **ret);
/* For tune: the rules anew, the lists taken over from an image of the same policy with the same input.
 * Milliseconds, however many prefixes there are. */
int fw_image_compile_rules(const struct fw_policy *policy, const struct fw_image *lists,
			   struct fw_rule_ids *ids, uint64_t tick_ns, struct fw_diags *diags,
			   struct fw_image **ret);

struct fw_list_delta;

/* For small changes of sets and feeds: image becomes what `input` says, and *ret what of it changed. -EAGAIN:
 * compile instead, the image is as it was; others as fw_image_compile. Milliseconds. */
int fw_image_change(const struct fw_policy *policy, const struct fw_image_input *input,
		    struct fw_image *image, struct fw_diags *diags, struct fw_list_delta *ret);

bool fw_image_same_lists(const struct fw_image *a, const struct fw_image *b);

/* The merged lists' answer for an address: the class of the longest matching prefix, 0 if none. */
uint16_t fw_image_classify(const struct fw_image *image, const struct fw_addr *addr);

/* The worst tier of a class: what `tier` of a match is compared with. */
enum fw_tier fw_image_class_tier(const struct fw_policy *policy, const uint64_t *class_sets);

/* What `plan` prints: added, changed and removed rules, sets and settings as lines "+ rule x", "~ rule y
 * limit a -> b". */
struct fw_plan_line {
	char kind; /* '+', '~', '-' */
	char *object, *name, *detail;
};
struct fw_plan {
	struct fw_plan_line *lines;
	size_t count, added, changed, removed;
};
void fw_plan_done(struct fw_plan *plan);
int fw_plan_diff(const struct fw_policy *running, const struct fw_policy *wanted, struct fw_plan *ret);
/* The same with the sets as the images have them: a live change that both have is no difference, though only
 * one of the policies says it. */
int fw_plan_diff_live(const struct fw_policy *running, const struct fw_image *running_image,
		      const struct fw_policy *wanted, const struct fw_image *wanted_image,
		      struct fw_plan *ret);

#endif
