// SPDX-License-Identifier: Apache-2.0
/* The importer from end to end: JSON, web ACL, rules by priority, policy. */
#include "waf/import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "waf/model.h"

#define RULES_MAX    256 /* four times what a policy holds */
#define POLICY_RULES 64
#define POLICY_BYTES (1u << 20) /* what the policy reader takes */

static int parse(const struct fw_waf_file *file, json_t **ret, struct fw_err *err)
{
	json_error_t where;
	/* Integers as reals: one that is too large is an omission at its place, not the end of the file. */
	json_t *root = json_loadb(file->text, file->length, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL,
				  &where);

	/* jansson has no words for an allocation that fails while it parses. */
	if (!root && (json_error_code(&where) == json_error_out_of_memory || !*where.text))
		return fw_err_set(err, -ENOMEM, "out of memory");
	if (!root)
		return fw_err_set(err, -EINVAL, "'%.200s' is no JSON: line %d, column %d: %s%s", file->name,
				  where.line, where.column, where.text,
				  json_error_code(&where) == json_error_invalid_syntax
					  ? "; a template in YAML has to be converted to JSON first"
					  : "");
	*ret = root;
	return 0;
}

static int compare_priorities(const void *a, const void *b)
{
	const struct fw_waf_rule *one = a, *other = b;

	return one->priority < other->priority ? -1 : one->priority > other->priority;
}

struct order {
	struct fw_waf_rule rule;
	const json_t *json;
	size_t index;
};

static int compare_orders(const void *a, const void *b)
{
	const struct order *one = a, *other = b;
	int by_priority = compare_priorities(&one->rule, &other->rule);

	return by_priority ? by_priority : one->index < other->index ? -1 : 1;
}

static void take_order(struct fw_waf *waf, json_t *json, const struct fw_waf_at *at, struct order *order)
{
	uint64_t priority;

	order->index = at->index;
	order->json = json;
	order->rule.aws_name = fw_waf_get_text(waf, json, "Name");
	order->rule.metric =
		fw_waf_get_text(waf, fw_waf_get(waf, json, "VisibilityConfig", at), "MetricName");
	if (fw_waf_get_number(waf, json, "Priority", at, &priority)) {
		order->rule.priority = (int64_t)priority;
		return;
	}
	order->rule.priority = INT64_MAX;
	waf->rule = order->rule.aws_name;
	fw_waf_omit(waf, FW_WAF_AT(at, "Priority"),
		    "expected a whole number: the rule comes behind all others");
	waf->rule = NULL;
}

static void read_rules(struct fw_waf *waf)
{
	const json_t *list = json_object_get(waf->acl, "Rules");
	const struct fw_waf_at *at = FW_WAF_AT(NULL, "Rules");
	size_t size = json_array_size(list), count = 0;
	struct order *orders;

	if (size > RULES_MAX)
		fw_waf_omit(waf, at, "more than %d rules: the rest is left out", RULES_MAX);
	size = size > RULES_MAX ? RULES_MAX : size;
	orders = fw_waf_alloc(waf, (size + 1) * sizeof(*orders));
	waf->rules = fw_waf_alloc(waf, (size + 1) * sizeof(*waf->rules));
	if (!orders || !waf->rules)
		return;
	for (size_t i = 0; i < size; i++) {
		json_t *json = fw_waf_resolve(waf, json_array_get(list, i), FW_WAF_INDEX(at, i));

		if (json)
			take_order(waf, json, FW_WAF_INDEX(at, i), &orders[count++]);
	}
	qsort(orders, count, sizeof(*orders), compare_orders);
	for (size_t i = 0; i < count; i++) {
		struct fw_waf_rule *rule = &waf->rules[waf->rule_count++];

		*rule = orders[i].rule;
		waf->rule = rule->aws_name;
		if (i && rule->priority == orders[i - 1].rule.priority && rule->priority != INT64_MAX)
			fw_waf_note(waf, FW_WAF_AT(FW_WAF_INDEX(at, orders[i].index), "Priority"),
				    "two rules have the priority %lld: they keep the order of the file",
				    (long long)rule->priority);
		fw_waf_rule(waf, orders[i].json, FW_WAF_INDEX(at, orders[i].index), rule);
		waf->out->carried += !rule->missing;
	}
	waf->out->rules = count;
}

static void read_default(struct fw_waf *waf)
{
	const struct fw_waf_at *at = FW_WAF_AT(NULL, "DefaultAction");
	const char *word = "";
	const json_t *details = fw_waf_only(waf, fw_waf_get(waf, waf->acl, "DefaultAction", NULL), at, &word);

	waf->blocks_by_default = details && !strcmp(word, "Block");
	if (waf->blocks_by_default)
		fw_waf_omit(waf, FW_WAF_AT(at, "Block"),
			    "Floodwall passes what no rule decides; the end of the policy has a rule that "
			    "blocks the rest "
			    "of the web traffic, as a comment: take it in once every visitor who should pass "
			    "is allowed");
	else if (!details || strcmp(word, "Allow"))
		fw_waf_note(waf, at, "expected Allow or Block: read as Allow, what no rule decides passes");
}

static int write_policy(struct fw_waf *waf, struct fw_err *err)
{
	size_t length = 0;
	FILE *out = open_memstream(&waf->out->policy, &length);

	if (!out)
		return fw_err_set(err, -ENOMEM, "out of memory");
	fw_waf_write(waf, out);
	if (fclose(out) || !waf->out->policy || waf->out_of_memory)
		return fw_err_set(err, -ENOMEM, "out of memory");
	if (waf->out->carried > POLICY_RULES)
		fw_waf_note(waf, FW_WAF_AT(NULL, "Rules"),
			    "%zu rules are more than the %d that a policy holds", waf->out->carried,
			    POLICY_RULES);
	if (length > POLICY_BYTES)
		fw_waf_note(waf, FW_WAF_AT(NULL, "Rules"),
			    "the policy has more than 1 MiB: move the members of large sets to files ({file: "
			    "PATH})");
	return waf->out_of_memory ? fw_err_set(err, -ENOMEM, "out of memory") : 0;
}

static int convert(struct fw_waf *waf, json_t *acl, json_t *const *sets, const struct fw_waf_file *files,
		   size_t set_count, struct fw_err *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < set_count; i++)
		r = fw_waf_find_set(waf, sets[i], files[i].name, err);
	r = r ? r : fw_waf_find(waf, acl, err);
	if (r)
		return r;
	fw_waf_names_add(waf, &waf->set_names, FW_WAF_REPUTATION);
	read_rules(waf);
	read_default(waf);
	return write_policy(waf, err);
}

int fw_waf_import(const struct fw_waf_file *acl, const struct fw_waf_file *ip_sets, size_t ip_set_count,
		  struct fw_waf_import *ret, struct fw_err *err)
{
	struct fw_waf_import out = {0};
	struct fw_waf waf = {.out = &out, .file = acl->name};
	json_t *root = NULL, **sets = calloc(ip_set_count + 1, sizeof(json_t *));
	int r = sets ? parse(acl, &root, err) : fw_err_set(err, -ENOMEM, "out of memory");

	for (size_t i = 0; !r && i < ip_set_count; i++)
		r = parse(&ip_sets[i], &sets[i], err);
	if (!r)
		r = convert(&waf, root, sets, ip_sets, ip_set_count, err);
	/* Items and the policy hold copies or pool texts; rule names are copied before the JSON goes. */
	for (size_t i = 0; !r && i < out.item_count; i++)
		if (out.items[i].rule)
			out.items[i].rule = fw_waf_text(&waf, "%s", out.items[i].rule);
	for (size_t i = 0; sets && i < ip_set_count; i++)
		json_decref(sets[i]);
	free(sets);
	json_decref(root);
	if (!r && waf.out_of_memory)
		r = fw_err_set(err, -ENOMEM, "out of memory");
	if (r)
		fw_waf_import_done(&out);
	else
		*ret = out;
	return r;
}
