// SPDX-License-Identifier: Apache-2.0
/* Keys near their limits in words. */
#include <stdlib.h>

#include "agent/agent.h"
#include "lib/units.h"

#define SAID_MOST 20 /* of a rule at a time, each by itself */

static int nearest_first(const void *a, const void *b)
{
	const struct fw_level_news *left = a, *right = b;

	if (left->level != right->level)
		return (left->level < right->level) - (left->level > right->level);
	return (left->used.amount < right->used.amount) - (left->used.amount > right->used.amount);
}

/* How much of the address makes the key, in the 128-bit space. */
static struct fw_prefix key_prefix(const struct fw_rule *rule, const struct fw_meter_key *key)
{
	const struct fw_addr *mask = &rule->key_mask[fw_addr_family(&key->addr)];
	struct fw_prefix prefix = {.addr = key->addr};

	for (size_t i = 0; i < sizeof(mask->w) / sizeof(mask->w[0]); i++)
		prefix.bits = (unsigned char)(prefix.bits + __builtin_popcount(mask->w[i]));
	return prefix;
}

static const char *limit_of(const struct fw_rule *rule, char *text, size_t size)
{
	struct fw_limit limit = {
		.amount = rule->limit, .unit = (enum fw_unit)rule->unit, .window_ns = rule->window_ns};

	return fw_limit_format(&limit, text, size);
}

static void say_one(struct fw_agent *agent, const struct fw_rule *rule, const struct fw_level_news *news)
{
	const char *name = fw_rule_name_of(agent, rule->id);
	uint64_t percent =
		rule->limit ? (uint64_t)((double)news->used.amount * 100 / (double)rule->limit) : 0;
	struct fw_prefix prefix = key_prefix(rule, &news->used.key);
	json_t *details = json_object();
	char who[FW_ADDR_TEXT_MAX] = "all traffic", limit[96], amount[32];

	if (rule->per != FW_PER_TOTAL) {
		fw_prefix_format(&prefix, who, sizeof(who));
		json_object_set_new(details, fw_per_is_destination(rule->per) ? "dest_ip" : "src_ip",
				    json_string(who));
	}
	if (rule->per == FW_PER_SOURCE_DEST_PORT)
		json_object_set_new(details, "dest_port", json_integer(news->used.key.port));
	json_object_set_new(details, "rule", json_string(name ? name : "?"));
	json_object_set_new(details, "level", json_integer(news->level));
	json_object_set_new(details, "previous_level", json_integer(news->before));
	json_object_set_new(details, "percent", json_integer((json_int_t)percent));
	json_object_set_new(details, "amount", json_integer((json_int_t)news->used.amount));
	json_object_set_new(details, "limit", json_integer((json_int_t)rule->limit));
	fw_event(agent, "utilisation", "agent", details, "%s has come to %llu %% of rule '%s': %s of %s", who,
		 (unsigned long long)percent, name ? name : "?",
		 fw_amount_format(news->used.amount, amount, sizeof(amount)),
		 limit_of(rule, limit, sizeof(limit)));
}

void fw_utilisation_say(struct fw_agent *agent, const struct fw_rule *rule, struct fw_level_news *news,
			size_t count)
{
	const char *name = fw_rule_name_of(agent, rule->id);
	size_t single = count > SAID_MOST ? SAID_MOST : count;
	char limit[96];

	qsort(news, count, sizeof(*news), nearest_first);
	for (size_t i = 0; i < single; i++)
		say_one(agent, rule, &news[i]);
	if (count == single)
		return;
	fw_event(agent, "utilisation", "agent",
		 json_pack("{s:s, s:i, s:i, s:I, s:I}", "rule", name ? name : "?", "level",
			   (int)news[single].level, "previous_level", 0, "keys", (json_int_t)(count - single),
			   "limit", (json_int_t)rule->limit),
		 "%zu more have come near to the limit of rule '%s' (%s), the first of them to %u %%",
		 count - single, name ? name : "?", limit_of(rule, limit, sizeof(limit)), news[single].level);
}
