// SPDX-License-Identifier: Apache-2.0
/* Composed matches to alternatives: not moves down to the keys, all multiplies, any adds. Pure. */
#include "policy/expr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/describe.h"
#include "policy/match.h"
#include "policy/match_keys.h"

#define ALTERNATIVES_MAX 256 /* before those that say nothing new are dropped */

/* A disjunction. Without any it is false; an alternative without parts is true. */
struct choice {
	struct fw_alternative *items;
	size_t count;
};

void fw_expr_done(struct fw_expr *expr)
{
	for (size_t i = 0; i < expr->count; i++)
		fw_expr_done(&expr->items[i]);
	fw_match_done(&expr->match);
	free(expr->items);
	*expr = (struct fw_expr){0};
}

int fw_expr_add(struct fw_expr *expr, struct fw_expr *item)
{
	int r = FW_APPEND(expr->items, expr->count, *item);

	if (r)
		fw_expr_done(item);
	*item = (struct fw_expr){0};
	return r;
}

static void choice_done(struct choice *choice)
{
	for (size_t i = 0; i < choice->count; i++)
		free(choice->items[i].parts);
	free(choice->items);
	*choice = (struct choice){0};
}

/* Two lists of parts as one alternative more. */
static int choice_add(struct choice *choice, const struct fw_alternative *a, const struct fw_alternative *b)
{
	struct fw_alternative joined = {.parts = malloc((a->count + b->count + 1) * sizeof(*joined.parts)),
					.count = a->count + b->count};
	int r = -ENOMEM;

	if (joined.parts && a->count)
		memcpy(joined.parts, a->parts, a->count * sizeof(*a->parts));
	if (joined.parts && b->count)
		memcpy(joined.parts + a->count, b->parts, b->count * sizeof(*b->parts));
	if (joined.parts && (choice->count == ALTERNATIVES_MAX || joined.count >= FW_PARTS_MAX))
		r = -E2BIG;
	else if (joined.parts)
		r = FW_APPEND(choice->items, choice->count, joined);
	if (r)
		free(joined.parts);
	return r;
}

static const struct fw_alternative nothing;

static bool is_set(const void *value, size_t size)
{
	static const char zero[64];

	return memcmp(value, zero, size) != 0;
}

/* The part becomes the rule's and an alternative of its own. */
static int add_part(struct fw_policy_rule *rule, struct fw_match *part, struct choice *ret)
{
	unsigned int index = (unsigned int)rule->part_count;
	struct fw_alternative one = {&index, 1};
	int r = FW_APPEND(rule->parts, rule->part_count, *part);

	if (r)
		fw_match_done(part);
	*part = (struct fw_match){0};
	return r ? r : choice_add(ret, &one, &nothing);
}

/* Not all of its keys: one of them does not hold. */
static int negate_match(struct fw_policy_rule *rule, struct fw_match *match, struct choice *ret)
{
	struct fw_match part = {0};
	int r = 0;

#define MOVE(key, opposite)                                                                                  \
	if (!r && is_set(&match->key, sizeof(match->key))) {                                                 \
		part.opposite = match->key;                                                                  \
		memset(&match->key, 0, sizeof(match->key));                                                  \
		r = add_part(rule, &part, ret);                                                              \
	}
#define X(kind, key, key_not) MOVE(key, key_not) MOVE(key_not, key)
	FW_MATCH_KEYS(X)
#undef X
#undef MOVE
	return r;
}

static bool asks_something(const struct fw_match *match)
{
	bool some = false;

#define X(kind, key, key_not)                                                                                \
	some |= is_set(&match->key, sizeof(match->key)) || is_set(&match->key_not, sizeof(match->key_not));
	FW_MATCH_KEYS(X)
#undef X
	return some;
}

static int expand_match(struct fw_policy_rule *rule, struct fw_match *match, bool negated, struct choice *ret)
{
	struct fw_match part = *match;

	if (negated)
		return negate_match(rule, match, ret);
	*match = (struct fw_match){0};
	return asks_something(&part) ? add_part(rule, &part, ret) : choice_add(ret, &nothing, &nothing);
}

static int expand(struct fw_policy_rule *rule, struct fw_expr *expr, bool negated, struct choice *ret);

static int expand_any(struct fw_policy_rule *rule, struct fw_expr *expr, bool negated, struct choice *ret)
{
	int r = 0;

	for (size_t i = 0; i < expr->count && !r; i++)
		r = expand(rule, &expr->items[i], negated, ret);
	return r;
}

static int multiply(const struct choice *a, const struct choice *b, struct choice *ret)
{
	int r = 0;

	for (size_t i = 0; i < a->count && !r; i++)
		for (size_t j = 0; j < b->count && !r; j++)
			r = choice_add(ret, &a->items[i], &b->items[j]);
	return r;
}

static int expand_all(struct fw_policy_rule *rule, struct fw_expr *expr, bool negated, struct choice *ret)
{
	struct choice product = {0};
	int r = choice_add(&product, &nothing, &nothing);

	for (size_t i = 0; i < expr->count && !r; i++) {
		struct choice factor = {0}, next = {0};

		r = expand(rule, &expr->items[i], negated, &factor);
		if (!r)
			r = multiply(&product, &factor, &next);
		choice_done(&factor);
		choice_done(&product);
		product = next;
	}
	for (size_t i = 0; i < product.count && !r; i++)
		r = choice_add(ret, &product.items[i], &nothing);
	choice_done(&product);
	return r;
}

static int expand(struct fw_policy_rule *rule, struct fw_expr *expr, bool negated, struct choice *ret)
{
	switch (expr->kind) {
	case FW_EXPR_MATCH:
		return expand_match(rule, &expr->match, negated, ret);
	case FW_EXPR_ALL:
		return (negated ? expand_any : expand_all)(rule, expr, negated, ret);
	case FW_EXPR_ANY:
		return (negated ? expand_all : expand_any)(rule, expr, negated, ret);
	case FW_EXPR_NOT:
		/* None of its items: each of them not. */
		return (negated ? expand_any : expand_all)(rule, expr, !negated, ret);
	}
	return 0;
}

static int compare_numbers(const void *a, const void *b)
{
	const unsigned int *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Parts that read the same become the first of them; each is named once. */
static void unify(struct choice *choice, char *const *texts)
{
	for (size_t i = 0; i < choice->count; i++) {
		struct fw_alternative *one = &choice->items[i];
		size_t kept = 0;

		for (size_t j = 0; j < one->count; j++) {
			unsigned int first = 0;

			while (strcmp(texts[first], texts[one->parts[j]]))
				first++;
			one->parts[j] = first;
		}
		if (one->count)
			qsort(one->parts, one->count, sizeof(*one->parts), compare_numbers);
		for (size_t j = 0; j < one->count; j++)
			if (!j || one->parts[j] != one->parts[kept - 1])
				one->parts[kept++] = one->parts[j];
		one->count = kept;
	}
}

static bool is_within(const struct fw_alternative *inner, const struct fw_alternative *outer)
{
	for (size_t i = 0; i < inner->count; i++)
		if (!bsearch(&inner->parts[i], outer->parts, outer->count, sizeof(*outer->parts),
			     compare_numbers))
			return false;
	return true;
}

static void drop(struct choice *choice, size_t index)
{
	free(choice->items[index].parts);
	choice->count--;
	memmove(&choice->items[index], &choice->items[index + 1],
		(choice->count - index) * sizeof(*choice->items));
}

/* Whoever asks all that another asks, and more, adds nothing. */
static void drop_repetitions(struct choice *choice)
{
	for (size_t i = 0; i < choice->count;) {
		bool repeats = false;

		for (size_t j = 0; j < choice->count && !repeats; j++)
			repeats = j != i && is_within(&choice->items[j], &choice->items[i]) &&
				  (j < i || choice->items[j].count < choice->items[i].count);
		if (repeats)
			drop(choice, i);
		else
			i++;
	}
}

static void drop_contradictions(const struct fw_policy *policy, struct fw_policy_rule *rule,
				struct fw_diags *diags)
{
	struct choice choice = {rule->alternatives, rule->alternative_count};
	const char *first = NULL;

	for (size_t i = 0; i < choice.count;) {
		struct fw_conjunction all;
		const char *why;

		fw_rule_conjunction(rule, i, &all);
		why = fw_conjunction_contradiction(&all);
		if (!why) {
			i++;
			continue;
		}
		first = first ? first : why;
		if (choice.count > 1 || i) {
			FW_FREE char *text = fw_alternative_text(policy, rule, i);

			fw_diag_add(diags, rule->mark, FW_SEVERITY_WARNING, "alternative-never-matches", NULL,
				    "rule '%s': %s can never match: %s", rule->name, text ? text : "{}", why);
		}
		drop(&choice, i);
		rule->alternative_count = choice.count;
	}
	if (!choice.count)
		fw_diag_add(diags, rule->mark, FW_SEVERITY_ERROR, "never-matches", NULL,
			    "rule '%s' can never match: %s", rule->name,
			    first ? first : "what all, any and not ask excludes itself");
}

/* Parts that no alternative names any more. */
static int compact(struct fw_policy_rule *rule)
{
	FW_FREE unsigned int *place = calloc(rule->part_count + 1, sizeof(*place));
	size_t kept = 0;

	if (!place)
		return -ENOMEM;
	for (size_t i = 0; i < rule->alternative_count; i++)
		for (size_t j = 0; j < rule->alternatives[i].count; j++)
			place[rule->alternatives[i].parts[j]] = 1;
	for (size_t i = 0; i < rule->part_count; i++) {
		struct fw_match part = rule->parts[i];

		if (!place[i]) {
			fw_match_done(&part);
			continue;
		}
		place[i] = (unsigned int)kept;
		rule->parts[kept++] = part;
	}
	rule->part_count = kept;
	for (size_t i = 0; i < rule->alternative_count; i++)
		for (size_t j = 0; j < rule->alternatives[i].count; j++)
			rule->alternatives[i].parts[j] = place[rule->alternatives[i].parts[j]];
	return 0;
}

static int simplify(const struct fw_policy *policy, const struct fw_policy_rule *rule, struct choice *choice)
{
	FW_FREE char **texts = calloc(rule->part_count + 1, sizeof(*texts));
	int r = texts ? 0 : -ENOMEM;

	for (size_t i = 0; i < rule->part_count && !r; i++) {
		texts[i] = fw_match_text(policy, &rule->parts[i]);
		r = texts[i] ? 0 : -ENOMEM;
	}
	if (!r) {
		unify(choice, texts);
		drop_repetitions(choice);
	}
	for (size_t i = 0; texts && i < rule->part_count; i++)
		free(texts[i]);
	return r;
}

int fw_rule_compose(const struct fw_policy *policy, struct fw_policy_rule *rule, struct fw_expr *expr,
		    struct fw_diags *diags)
{
	struct choice choice = {0};
	int r = expand(rule, expr, false, &choice);

	if (!r)
		r = simplify(policy, rule, &choice);
	if (r) {
		choice_done(&choice);
		if (r == -E2BIG)
			fw_diag_add(diags, rule->mark, FW_SEVERITY_ERROR, "too-many-terms",
				    "values of one list are alternatives within one term, and sets hold any "
				    "number of addresses",
				    "rule '%s': all, any and not come down to more than %d alternatives, or "
				    "one of more than %d matches",
				    rule->name, ALTERNATIVES_MAX, FW_PARTS_MAX - 1);
		return r;
	}
	rule->alternatives = choice.items;
	rule->alternative_count = choice.count;
	drop_contradictions(policy, rule, diags);
	/* Nothing beyond its match is asked. */
	if (rule->alternative_count == 1 && !rule->alternatives[0].count) {
		free(rule->alternatives[0].parts);
		rule->alternative_count = 0;
	}
	return compact(rule);
}
