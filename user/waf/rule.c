// SPDX-License-Identifier: Apache-2.0
/* One rule of a web ACL: its limit, action, labels and, through statement.c, its conditions. A rule is
 * carried over whole or not at all. */
#include <stdarg.h>
#include <string.h>

#include "waf/model.h"

#define WINDOW_DEFAULT_S 300 /* AWS: without EvaluationWindowSec */
#define WINDOW_MAX_S	 3600
#define LIMIT_MAX	 2000000000 /* AWS takes no more; and a policy holds it in any window */
#define LABELS_MAX	 64
#define SHARE_FREE	 (1.0 / 16) /* more of a family needs force: true */

/* Which packets an aggregation key can tell apart. */
static bool read_key_type(struct fw_waf *waf, const json_t *rate, const struct fw_waf_at *at,
			  struct fw_waf_rule *rule)
{
	const char *type = fw_waf_get_text(waf, rate, "AggregateKeyType");
	const json_t *keys = fw_waf_get(waf, rate, "CustomKeys", at);
	const struct fw_waf_at *here = FW_WAF_AT(at, "AggregateKeyType");

	if (!type || !strcmp(type, "IP"))
		return true;
	if (!strcmp(type, "CONSTANT")) {
		rule->total = true;
		return true;
	}
	if (!strcmp(type, "CUSTOM_KEYS") && json_array_size(keys) == 1 &&
	    json_object_get(json_array_get(keys, 0), "IP"))
		return true;
	if (!strcmp(type, "FORWARDED_IP"))
		return fw_waf_omit(
			waf, here,
			"packets carry the proxy's address, and a limit on it would block the proxy; a log "
			"rule (logs:) with a trusted X-Forwarded-For counts clients");
	if (!strcmp(type, "CUSTOM_KEYS"))
		return fw_waf_omit(
			waf, FW_WAF_AT(at, "CustomKeys"),
			"packets are counted per source, prefix, destination or all together, by no other "
			"key");
	return fw_waf_omit(waf, here, "'%.40s' is not known: expected IP or CONSTANT", type);
}

static bool read_rate(struct fw_waf *waf, const json_t *rate, const struct fw_waf_at *at,
		      struct fw_waf_rule *rule)
{
	const json_t *scope = fw_waf_get(waf, rate, "ScopeDownStatement", at);

	rule->limited = true;
	rule->window_seconds = WINDOW_DEFAULT_S;
	if (!fw_waf_get_number(waf, rate, "Limit", at, &rule->limit) || !rule->limit ||
	    rule->limit > LIMIT_MAX)
		return fw_waf_omit(waf, FW_WAF_AT(at, "Limit"),
				   "expected a whole number of requests from 1 to %d, as AWS does",
				   LIMIT_MAX);
	if (fw_waf_get(waf, rate, "EvaluationWindowSec", at) &&
	    (!fw_waf_get_number(waf, rate, "EvaluationWindowSec", at, &rule->window_seconds) ||
	     !rule->window_seconds || rule->window_seconds > WINDOW_MAX_S))
		return fw_waf_omit(waf, FW_WAF_AT(at, "EvaluationWindowSec"),
				   "expected whole seconds from 1 to %d", WINDOW_MAX_S);
	if (!read_key_type(waf, rate, at, rule))
		return false;
	if (scope && !fw_waf_statement(waf, scope, FW_WAF_AT(at, "ScopeDownStatement"), 1, &rule->cond))
		return false;
	if (rule->total)
		fw_waf_note(waf, FW_WAF_AT(at, "AggregateKeyType"),
			    "while all requests together are over the limit AWS blocks every one; action "
			    "police drops "
			    "the excess only, so that a flood does not keep everybody out");
	return true;
}

static bool counts(const json_t *group, const char *name)
{
	const json_t *overrides = json_object_get(group, "RuleActionOverrides"),
		     *excluded = json_object_get(group, "ExcludedRules");

	for (size_t i = 0; i < json_array_size(overrides); i++) {
		const json_t *override = json_array_get(overrides, i);
		const char *text = json_string_value(json_object_get(override, "Name"));

		if (text && !strcmp(text, name))
			return json_object_get(json_object_get(override, "ActionToUse"), "Count");
	}
	for (size_t i = 0; i < json_array_size(excluded); i++) {
		const char *text = json_string_value(json_object_get(json_array_get(excluded, i), "Name"));

		if (text && !strcmp(text, name))
			return true;
	}
	return false;
}

/* Amazon's reputation group in count mode only labels requests for a rate-based rule behind it, and that rule
 * asks the feed instead. (Its DDoS list counts by default.) */
static bool only_labels(const json_t *json, const json_t *group)
{
	const char *name = json_string_value(json_object_get(group, "Name"));

	if (!name || strcmp(name, "AWSManagedRulesAmazonIpReputationList"))
		return false;
	return json_object_get(json_object_get(json, "OverrideAction"), "Count") ||
	       (counts(group, "AWSManagedIPReputationList") && counts(group, "AWSManagedReconnaissanceList"));
}

static bool read_statement(struct fw_waf *waf, const json_t *json, const struct fw_waf_at *at,
			   struct fw_waf_rule *rule)
{
	const json_t *statement = fw_waf_get(waf, json, "Statement", at);
	const struct fw_waf_at *here = FW_WAF_AT(at, "Statement");
	const json_t *rate = fw_waf_get(waf, statement, "RateBasedStatement", here);
	const json_t *group = fw_waf_get(waf, statement, "ManagedRuleGroupStatement", here);

	if (rate)
		return read_rate(waf, rate, FW_WAF_AT(here, "RateBasedStatement"), rule);
	if (group && only_labels(json, group)) {
		fw_waf_note(waf, FW_WAF_AT(here, "ManagedRuleGroupStatement"),
			    "counts and labels only: rules that ask for its labels ask the "
			    "feed " FW_WAF_REPUTATION " instead");
		return false;
	}
	return fw_waf_statement(waf, statement, here, 1, &rule->cond);
}

static bool read_action(struct fw_waf *waf, const json_t *json, const struct fw_waf_at *at,
			struct fw_waf_rule *rule)
{
	const char *word = "";
	const struct fw_waf_at *here = FW_WAF_AT(at, "Action");
	const json_t *details = fw_waf_only(waf, fw_waf_get(waf, json, "Action", at), here, &word);

	if (!details)
		return fw_waf_omit(waf, here, "expected one of Allow, Block, Count, Captcha and Challenge");
	here = FW_WAF_AT(here, word);
	if (!strcmp(word, "Allow")) {
		rule->action = FW_WAF_ALLOW;
	} else if (!strcmp(word, "Block")) {
		rule->action = FW_WAF_BLOCK;
	} else if (!strcmp(word, "Count")) {
		rule->action = FW_WAF_COUNT;
	} else if (!strcmp(word, "Captcha") || !strcmp(word, "Challenge")) {
		rule->action = FW_WAF_COUNT;
		fw_waf_omit(waf, here,
			    "asks the browser, which a packet filter cannot: the rule counts instead; "
			    "action: block "
			    "would stop who matches (Floodwall's challenge is a SYN cookie, another thing)");
	} else {
		return fw_waf_omit(waf, here, "'%.40s' is no known action", word);
	}
	if (rule->limited && rule->action == FW_WAF_ALLOW)
		return fw_waf_omit(waf, here, "AWS WAF knows no rate-based rule that allows");
	if (json_object_size(details))
		fw_waf_note(waf, here,
			    "answers and headers of its own are not sent: packets are passed or dropped");
	return true;
}

static void read_labels(struct fw_waf *waf, const json_t *json, const struct fw_waf_at *at,
			struct fw_waf_rule *rule)
{
	const json_t *list = fw_waf_get(waf, json, "RuleLabels", at);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *aws = fw_waf_get_text(waf, json_array_get(list, i), "Name"), *name = NULL;
		const struct fw_waf_at *here = FW_WAF_INDEX(FW_WAF_AT(at, "RuleLabels"), i);
		struct fw_waf_label *grown;

		for (size_t k = 0; aws && k < waf->label_count; k++)
			if (!strcmp(waf->labels[k].aws, aws))
				name = waf->labels[k].name;
		if (!aws || !*aws || (!name && waf->label_count == LABELS_MAX)) {
			fw_waf_omit(waf, here, "%s", aws && *aws ? "more than 64 labels" : "has no name");
			continue;
		}
		if (!name) {
			grown = fw_waf_grow(waf, waf->labels, waf->label_count, sizeof(*grown));
			if (!grown)
				return;
			waf->labels = grown;
			name = fw_waf_name(waf, &waf->label_names, aws, "label");
			waf->labels[waf->label_count++] = (struct fw_waf_label){aws, name};
		}
		fw_waf_names_add(waf, &rule->labels, name);
	}
}

bool fw_waf_rule_is_sources_only(const struct fw_waf_rule *rule)
{
	return !rule->limited && rule->cond && rule->cond->kind == FW_WAF_LEAF &&
	       rule->cond->key == FW_WAF_SOURCE && !rule->cond->negated;
}

/* check refuses to block too much of the Internet by mistake, whatever else the rule asks. */
static void note_wide_sets(struct fw_waf *waf, const struct fw_waf_at *at, const struct fw_waf_cond *cond)
{
	for (size_t i = 0; i < cond->count; i++)
		note_wide_sets(waf, at, cond->children[i]);
	if (cond->kind != FW_WAF_LEAF || cond->key != FW_WAF_SOURCE || cond->negated)
		return;
	for (size_t i = 0; i < cond->values.count; i++) {
		const struct fw_waf_set *set = fw_waf_set_named(waf, cond->values.items[i]);

		if (set && set->share > SHARE_FREE)
			fw_waf_note(waf, at,
				    "set '%s' covers more than 1/16 of all sources: check wants force: true "
				    "for a rule "
				    "that blocks it",
				    set->name);
	}
}

/* What is carried over and yet not the same. */
static void note_differences(struct fw_waf *waf, const struct fw_waf_at *at, const struct fw_waf_rule *rule)
{
	if ((rule->limited || fw_waf_cond_asks_request(rule->cond, false)) && !waf->said_port) {
		waf->said_port = true;
		fw_waf_note(waf, at,
			    "requests are seen in plain HTTP on port 80 only, as for every rule that counts "
			    "them: change "
			    "dest_port where yours is another; TLS hides them, there a log rule (logs:) or a "
			    "limit on "
			    "connections does it");
	}
	if (rule->action == FW_WAF_BLOCK && rule->cond)
		note_wide_sets(waf, at, rule->cond);
	if (!fw_waf_rule_is_sources_only(rule) || waf->said_sources)
		return;
	waf->said_sources = true;
	fw_waf_note(waf, at,
		    "holds for every packet of these sources, not only for web requests, as for every rule "
		    "that names "
		    "only sources");
}

void fw_waf_rule(struct fw_waf *waf, const json_t *json, const struct fw_waf_at *at, struct fw_waf_rule *rule)
{
	size_t before = waf->out->item_count;
	struct fw_waf_item *last;

	waf->rule = rule->aws_name;
	waf->statements = 0;
	if (!read_statement(waf, json, at, rule) || !read_action(waf, json, at, rule)) {
		last = waf->out->item_count > before ? &waf->out->items[waf->out->item_count - 1] : NULL;
		rule->missing = last ? last->message : "out of memory";
		rule->needless = last && !last->omitted;
		if (last && last->omitted)
			last->message =
				fw_waf_text(waf, "%s; the rule is not carried over%s", last->message,
					    fw_waf_get(waf, fw_waf_get(waf, json, "Action", at), "Allow", at)
						    ? ", and what it allows meets the rules behind it"
						    : "");
	} else {
		rule->cond = fw_waf_cond_simplify(waf, rule->cond, false);
		rule->name = fw_waf_name(waf, &waf->rule_names, rule->aws_name ? rule->aws_name : "",
					 fw_waf_text(waf, "rule-%zu", at->index));
		read_labels(waf, json, at, rule);
		note_differences(waf, at, rule);
	}
	waf->rule = NULL;
}
