// SPDX-License-Identifier: Apache-2.0
/* Conditions of a rule as a tree, brought into the form that a policy's `match` can say. */
#include <string.h>

#include "waf/model.h"

struct fw_waf_cond *fw_waf_leaf(struct fw_waf *waf, enum fw_waf_key key, const char *value)
{
	struct fw_waf_cond *cond = fw_waf_alloc(waf, sizeof(*cond));

	if (!cond)
		return NULL;
	cond->key = key;
	if (value)
		fw_waf_names_add(waf, &cond->values, value);
	return cond;
}

struct fw_waf_cond *fw_waf_group(struct fw_waf *waf, enum fw_waf_kind kind)
{
	struct fw_waf_cond *cond = fw_waf_alloc(waf, sizeof(*cond));

	if (cond)
		cond->kind = kind;
	return cond;
}

void fw_waf_cond_add(struct fw_waf *waf, struct fw_waf_cond *group, struct fw_waf_cond *child)
{
	struct fw_waf_cond **grown =
		fw_waf_grow(waf, group->children, group->count, sizeof(struct fw_waf_cond *));

	if (!grown || !child)
		return;
	group->children = grown;
	group->children[group->count++] = child;
}

/* One key says "one of these" (any), and its _not form "none of these" (all). */
static bool can_merge(const struct fw_waf_cond *group, const struct fw_waf_cond *a,
		      const struct fw_waf_cond *b)
{
	bool wanted = group->kind == FW_WAF_ANY ? !a->negated : a->negated;

	return a->kind == FW_WAF_LEAF && b->kind == FW_WAF_LEAF && a->key == b->key && a->key != FW_WAF_URI &&
	       a->negated == b->negated && wanted;
}

static void add_merged(struct fw_waf *waf, struct fw_waf_cond *group, struct fw_waf_cond *child)
{
	if (child->kind == group->kind) {
		for (size_t i = 0; i < child->count; i++)
			add_merged(waf, group, child->children[i]);
		return;
	}
	for (size_t i = 0; i < group->count; i++) {
		if (!can_merge(group, group->children[i], child))
			continue;
		for (size_t k = 0; k < child->values.count; k++)
			fw_waf_names_add(waf, &group->children[i]->values, child->values.items[k]);
		return;
	}
	fw_waf_cond_add(waf, group, child);
}

struct fw_waf_cond *fw_waf_cond_simplify(struct fw_waf *waf, struct fw_waf_cond *cond, bool negated)
{
	struct fw_waf_cond *group, *child;

	if (!cond)
		return NULL;
	if (cond->kind == FW_WAF_NOT)
		return fw_waf_cond_simplify(waf, cond->count ? cond->children[0] : NULL, !negated);
	if (cond->kind == FW_WAF_LEAF) {
		cond->negated = negated;
		return cond;
	}
	group = fw_waf_group(waf, (cond->kind == FW_WAF_ALL) == !negated ? FW_WAF_ALL : FW_WAF_ANY);
	for (size_t i = 0; group && i < cond->count; i++) {
		child = fw_waf_cond_simplify(waf, cond->children[i], negated);
		if (child)
			add_merged(waf, group, child);
	}
	return group && group->count == 1 ? group->children[0] : group;
}

bool fw_waf_cond_asks_request(const struct fw_waf_cond *cond, bool negated)
{
	if (!cond)
		return false;
	if (cond->kind == FW_WAF_LEAF)
		return cond->key >= FW_WAF_METHOD && (!negated || cond->negated);
	for (size_t i = 0; i < cond->count; i++)
		if (fw_waf_cond_asks_request(cond->children[i], negated))
			return true;
	return false;
}
