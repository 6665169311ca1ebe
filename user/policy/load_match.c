// SPDX-License-Identifier: Apache-2.0
/* Readers of the match keys: which packets a rule is about. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/grow.h"
#include "policy/load.h"
#include "policy/match_keys.h"

#define ANONYMOUS_MAX (FW_NAME_LENGTH_MAX + 48)

static void load_refs(struct fw_loader *loader, const struct fw_node *value, struct fw_policy_rule *rule,
		      const char *key, struct fw_set_refs *refs)
{
	char name[ANONYMOUS_MAX];

	snprintf(name, sizeof(name), "%s.%s", rule->name ? rule->name : "", key);
	fw_load_set_refs(loader, value, name, refs);
}

static void refuse_log_keys(struct fw_loader *loader, const struct fw_node *match)
{
#define X(kind, name)                                                                                        \
	if (fw_node_get(match, #name))                                                                       \
		fw_complain(loader, fw_node_get(match, #name)->key, "bad-match",                             \
			    "write it beside them, directly under match",                                    \
			    "'%s' inside all, any or not: a rule is about one log as a whole", #name);
	FW_MATCH_LOG_KEYS(X)
#undef X
}

/* One nested match: its flat keys and what it composes, as one expression. */
static void load_nested(struct fw_loader *loader, const struct fw_node *node, struct fw_policy_rule *rule,
			struct fw_expr *group)
{
	struct fw_expr *outer = loader->expr, all = {.kind = FW_EXPR_ALL}, flat = {.kind = FW_EXPR_MATCH};
	char name[ANONYMOUS_MAX], where[sizeof(loader->where) + 32];
	struct fw_policy_rule nested = {.name = name};

	if (loader->expr_depth == FW_EXPR_DEPTH_MAX) {
		fw_complain(loader, node, "too-deep", "write it flatter, or as several rules that set labels",
			    "all, any and not are nested more than %d deep", FW_EXPR_DEPTH_MAX);
		return;
	}
	if (node->kind == FW_NODE_MAP && !node->count) {
		fw_complain(loader, node, "empty-value", "write a key or remove the item",
			    "a match without a key would take every packet");
		return;
	}
	snprintf(name, sizeof(name), "%.64s.%u", rule->name ? rule->name : "", ++loader->matches);
	snprintf(where, sizeof(where), "a nested match of %s", loader->where);
	loader->expr = &all;
	loader->expr_depth++;
	fw_load_object(loader, node, "match", where, &nested);
	refuse_log_keys(loader, node);
	loader->expr_depth--;
	loader->expr = outer;
	flat.match = nested.match;
	if (fw_expr_add(&all, &flat) || fw_expr_add(group, &all))
		loader->out_of_memory = true;
	fw_expr_done(&all);
}

static void load_group(struct fw_loader *loader, const struct fw_node *value, struct fw_policy_rule *rule,
		       enum fw_expr_kind kind)
{
	struct fw_expr group = {.kind = kind};

	fw_node_each (item, value)
		load_nested(loader, item, rule, &group);
	if (fw_expr_add(loader->expr, &group))
		loader->out_of_memory = true;
}

void fw_load_match_all(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_group(loader, value, target, FW_EXPR_ALL);
}

void fw_load_match_any(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_group(loader, value, target, FW_EXPR_ANY);
}

void fw_load_match_not(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_group(loader, value, target, FW_EXPR_NOT);
}

void fw_load_match_source(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy_rule *rule = target;

	load_refs(loader, value, rule, "source", &rule->match.source);
}

void fw_load_match_source_not(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy_rule *rule = target;

	load_refs(loader, value, rule, "source_not", &rule->match.source_not);
}

void fw_load_match_destination(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy_rule *rule = target;

	load_refs(loader, value, rule, "destination", &rule->match.destination);
}

void fw_load_match_destination_not(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy_rule *rule = target;

	load_refs(loader, value, rule, "destination_not", &rule->match.destination_not);
}

static void load_protocols(struct fw_loader *loader, const struct fw_node *value,
			   struct fw_protocols *protocols)
{
	fw_node_each (item, value) {
		unsigned int protocol = 0;
		const char *text;
		bool digits;

		if (fw_list_is_full(loader, item, protocols->count))
			return;
		if (!fw_read_text(loader, item, &text))
			continue;
		digits = !text[strspn(text, "0123456789")];
		if (digits ? !fw_read_number(loader, item, UINT8_MAX, "protocol number", &protocol)
			   : !fw_read_word(loader, item, &fw_protocol_words, "protocol", &protocol))
			continue;
		if (FW_APPEND(protocols->items, protocols->count, (uint8_t)protocol))
			loader->out_of_memory = true;
	}
}

void fw_load_match_protocol(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_match *match = &((struct fw_policy_rule *)target)->match;

	load_protocols(loader, value, &match->protocol);
}

void fw_load_match_protocol_not(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_match *match = &((struct fw_policy_rule *)target)->match;

	load_protocols(loader, value, &match->protocol_not);
}

static void load_ports(struct fw_loader *loader, const struct fw_node *value, struct fw_ranges *ranges)
{
	fw_node_each (item, value) {
		if (fw_list_is_full(loader, item, ranges->count))
			return;
		fw_read_ranges(loader, item, &fw_port_words, "port", ranges);
	}
}

void fw_load_match_source_port(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_ports(loader, value, &((struct fw_policy_rule *)target)->match.source_port);
}

void fw_load_match_source_port_not(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_ports(loader, value, &((struct fw_policy_rule *)target)->match.source_port_not);
}

void fw_load_match_dest_port(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_ports(loader, value, &((struct fw_policy_rule *)target)->match.dest_port);
}

void fw_load_match_dest_port_not(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_ports(loader, value, &((struct fw_policy_rule *)target)->match.dest_port_not);
}

void fw_load_length_min(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	unsigned int bytes;

	if (fw_read_number(loader, value, UINT16_MAX, "length in bytes", &bytes))
		((struct fw_range *)target)->first = (uint16_t)bytes;
}

void fw_load_length_max(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	unsigned int bytes;

	if (fw_read_number(loader, value, UINT16_MAX, "length in bytes", &bytes))
		((struct fw_range *)target)->last = (uint16_t)bytes;
}

static void load_lengths(struct fw_loader *loader, const struct fw_node *value, struct fw_ranges *ranges)
{
	fw_node_each (item, value) {
		struct fw_range range = {0, UINT16_MAX};

		if (fw_list_is_full(loader, item, ranges->count))
			return;
		if (item->kind != FW_NODE_MAP) {
			fw_read_ranges(loader, item, NULL, "length in bytes", ranges);
			continue;
		}
		fw_load_object(loader, item, "length", "length", &range);
		if (range.first > range.last)
			fw_complain(loader, item, "bad-range", NULL, "length: min %u is more than max %u",
				    range.first, range.last);
		if (FW_APPEND(ranges->items, ranges->count, range))
			loader->out_of_memory = true;
	}
}

void fw_load_match_length(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_lengths(loader, value, &((struct fw_policy_rule *)target)->match.length);
}

void fw_load_match_length_not(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_lengths(loader, value, &((struct fw_policy_rule *)target)->match.length_not);
}

/* One word: the flag is set, whatever the others are; syn alone means the first packet of a connection. Words
 * joined by +: exactly these among the flags that open and close connections. */
static bool parse_flags(const char *text, struct fw_flag_test *ret)
{
	const uint8_t deciding = FW_TCP_SYN | FW_TCP_ACK | FW_TCP_FIN | FW_TCP_RST;
	unsigned int words;
	uint8_t all;

	if (!fw_tcp_flags_parse(text, &all, &words))
		return false;
	*ret = (struct fw_flag_test){.mask = words ? all : UINT8_MAX, .value = all};
	if (words > 1)
		ret->mask |= deciding;
	else if (all == FW_TCP_SYN)
		ret->mask |= FW_TCP_ACK;
	return true;
}

static void load_flags(struct fw_loader *loader, const struct fw_node *value, struct fw_flag_tests *tests)
{
	fw_node_each (item, value) {
		struct fw_flag_test test;
		char hint[128], list[96];
		const char *text;

		if (fw_list_is_full(loader, item, tests->count))
			return;
		if (!fw_read_text(loader, item, &text))
			continue;
		if (!parse_flags(text, &test)) {
			snprintf(hint, sizeof(hint), "write none, or %s, joined by +",
				 fw_words_list(&fw_tcp_flag_words, list, sizeof(list)));
			fw_complain(loader, item, "bad-flags", hint, "'%.80s' are no TCP flags", text);
		} else if (FW_APPEND(tests->items, tests->count, test)) {
			loader->out_of_memory = true;
		}
	}
}

void fw_load_match_tcp_flags(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_flags(loader, value, &((struct fw_policy_rule *)target)->match.tcp_flags);
}

void fw_load_match_tcp_flags_not(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_flags(loader, value, &((struct fw_policy_rule *)target)->match.tcp_flags_not);
}

static void load_kinds(struct fw_loader *loader, const struct fw_node *value, uint16_t *kinds)
{
	fw_node_each (item, value) {
		unsigned int kind;

		if (fw_read_word(loader, item, &fw_packet_words, "kind of packet", &kind))
			*kinds |= (uint16_t)kind;
	}
}

void fw_load_match_packet(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_kinds(loader, value, &((struct fw_policy_rule *)target)->match.packet);
}

void fw_load_match_packet_not(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_kinds(loader, value, &((struct fw_policy_rule *)target)->match.packet_not);
}

void fw_load_names(struct fw_loader *loader, const struct fw_node *value, struct fw_names *names)
{
	fw_node_each (item, value) {
		const char *text;
		char *copy;

		if (fw_list_is_full(loader, item, names->count))
			return;
		if (!fw_read_name(loader, item, "label", &text))
			continue;
		copy = strdup(text);
		if (!copy || FW_APPEND(names->items, names->count, copy)) {
			free(copy);
			loader->out_of_memory = true;
		}
	}
}

void fw_load_match_label(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_load_names(loader, value, &((struct fw_policy_rule *)target)->match.label);
}

void fw_load_match_label_not(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_load_names(loader, value, &((struct fw_policy_rule *)target)->match.label_not);
}

static void load_tiers(struct fw_loader *loader, const struct fw_node *value, uint8_t *tiers)
{
	fw_node_each (item, value) {
		unsigned int tier;

		if (fw_read_word(loader, item, &fw_tier_words, "tier", &tier))
			*tiers |= (uint8_t)(1u << tier);
	}
}

void fw_load_match_tier(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_tiers(loader, value, &((struct fw_policy_rule *)target)->match.tiers);
}

void fw_load_match_tier_not(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_tiers(loader, value, &((struct fw_policy_rule *)target)->match.tiers_not);
}

void fw_load_match_verified(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	bool verified;

	if (fw_read_bool(loader, value, &verified))
		((struct fw_policy_rule *)target)->match.verified =
			verified ? FW_SOURCE_VERIFIED : FW_SOURCE_UNVERIFIED;
}
