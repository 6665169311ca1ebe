// SPDX-License-Identifier: Apache-2.0
/* A job as text, on the side of the agent. Pure. */
#include <errno.h>
#include <jansson.h>

#include "logs/job.h"
#include "policy/lists.h"
#include "policy/match.h"

static bool in_sets(const struct fw_set_refs *refs, const uint64_t *class_sets)
{
	for (size_t i = 0; i < refs->count; i++)
		if (fw_bit_test(class_sets, refs->items[i]))
			return true;
	return false;
}

/* The lines of the merged lists that are inside the sets: live changes and feeds are in there already. */
static json_t *trust_to_json(const struct fw_image *image, const struct fw_set_refs *refs)
{
	json_t *list = json_array();

	for (size_t i = 0; refs->count && i < image->listed_count; i++) {
		const struct fw_listed *line = &image->listed[i];
		char text[FW_ADDR_TEXT_MAX];

		if (in_sets(refs, image->class_sets[line->list_class]))
			json_array_append_new(
				list, json_string(fw_prefix_format(&line->prefix, text, sizeof(text))));
	}
	return list;
}

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *log_to_json(const struct fw_log *log, const struct fw_image *image)
{
	json_t *fields = json_array();

	for (int i = 0; i < FW_LOG_FIELD_MAX_; i++)
		json_array_append_new(fields, text_or_null(log->fields[i]));
	return json_pack("{s:s, s:i, s:i, s:o, s:o, s:o}", "name", log->name, "source", (int)log->source,
			 "format", (int)log->format, "regex", text_or_null(log->regex), "fields", fields,
			 "trusted", trust_to_json(image, &log->trusted_proxies));
}

static json_t *names_to_json(const struct fw_names *names)
{
	json_t *list = json_array();

	for (size_t i = 0; i < names->count; i++)
		json_array_append_new(list, json_string(names->items[i]));
	return list;
}

static json_t *uris_to_json(const struct fw_uri_tests *tests)
{
	json_t *list = json_array();

	for (size_t i = 0; i < tests->count; i++)
		json_array_append_new(list,
				      json_pack("[i, s]", (int)tests->items[i].how, tests->items[i].text));
	return list;
}

static json_t *ranges_to_json(const struct fw_ranges *ranges)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ranges->count; i++)
		json_array_append_new(
			list, json_pack("[i, i]", (int)ranges->items[i].first, (int)ranges->items[i].last));
	return list;
}

static json_t *part_to_json(const struct fw_match *match)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "uri", uris_to_json(&match->uri),
			 "uri_not", uris_to_json(&match->uri_not), "method", names_to_json(&match->method),
			 "method_not", names_to_json(&match->method_not), "host", names_to_json(&match->host),
			 "host_not", names_to_json(&match->host_not), "status",
			 ranges_to_json(&match->status), "status_not", ranges_to_json(&match->status_not));
}

static json_t *parts_to_json(const struct fw_policy_rule *rule)
{
	json_t *list = json_array();

	for (size_t i = 0; i < rule->part_count; i++)
		json_array_append_new(list, part_to_json(&rule->parts[i]));
	return list;
}

static json_t *alternatives_to_json(const struct fw_policy_rule *rule)
{
	json_t *list = json_array();

	for (size_t i = 0; i < rule->alternative_count; i++) {
		json_t *parts = json_array();

		for (size_t j = 0; j < rule->alternatives[i].count; j++)
			json_array_append_new(parts, json_integer(rule->alternatives[i].parts[j]));
		json_array_append_new(list, parts);
	}
	return list;
}

static json_t *rule_to_json(const struct fw_policy *policy, const struct fw_policy_rule *rule,
			    const struct fw_rule *compiled)
{
	const struct fw_match *match = &rule->match;
	bool counts = fw_rule_counts(policy, rule) || rule->action == FW_ACTION_COUNT;
	bool everybody = !match->source.count && !match->source_not.count && !match->tiers &&
			 !match->tiers_not && !fw_match_asks_country(match) && !fw_match_asks_asn(match);

	return json_pack("{s:i, s:s, s:i, s:I, s:I, s:i, s:i, s:i, s:b, s:b, s:o, s:o, s:o}", "id",
			 (int)compiled->id, "name", rule->name, "log", (int)match->log - 1, "limit",
			 (json_int_t)compiled->limit, "sub_us", (json_int_t)compiled->sub_us, "shift",
			 (int)compiled->cell_shift, "bits4", (int)(FW_V4_BITS + rule->prefix4), "bits6",
			 (int)rule->prefix6, "leases", (int)(!rule->ban.set && !counts), "ends",
			 (int)(!counts && everybody), "always", part_to_json(match), "parts",
			 parts_to_json(rule), "any", alternatives_to_json(rule));
}

int fw_log_job_encode(const struct fw_policy *policy, const struct fw_image *image, char **ret)
{
	json_t *logs = json_array(), *rules = json_array(), *document;

	for (size_t i = 0; i < policy->log_count; i++)
		json_array_append_new(logs, log_to_json(&policy->logs[i], image));
	for (size_t i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].match.log)
			json_array_append_new(
				rules, rule_to_json(policy, &policy->rules[i], &image->slot->rules[i]));
	document = json_pack("{s:o, s:o, s:I}", "logs", logs, "rules", rules, "clients",
			     (json_int_t)policy->log_clients);
	*ret = document ? json_dumps(document, JSON_COMPACT) : NULL;
	json_decref(document);
	return *ret ? 0 : -ENOMEM;
}
