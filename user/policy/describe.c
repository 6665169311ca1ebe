// SPDX-License-Identifier: Apache-2.0
/* Parts of a policy as text that the loader would read back. Pure. */
#include "policy/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/units.h"
#include "policy/signatures.h"
#include "policy/words.h"

/* Writes "key: [" once, then commas. */
struct list {
	FILE *out;
	const char *key;
	bool *first_key;
	size_t count;
};

static FILE *list_item(struct list *list)
{
	if (list->count++) {
		fputs(", ", list->out);
	} else {
		fprintf(list->out, "%s%s: [", *list->first_key ? "" : ", ", list->key);
		*list->first_key = false;
	}
	return list->out;
}

static void list_end(const struct list *list)
{
	if (list->count)
		fputc(']', list->out);
}

/* Sets that were written in place have names that cannot be written, with a dot. */
static void write_set(const struct fw_set *set, struct list *list)
{
	char text[FW_ADDR_TEXT_MAX];

	if (!strchr(set->name, '.'))
		fputs(set->name, list_item(list));
	for (size_t i = 0; strchr(set->name, '.') && i < set->prefix_count; i++)
		fprintf(list_item(list), "\"%s\"", fw_prefix_format(&set->prefixes[i], text, sizeof(text)));
}

static void write_refs(const struct fw_policy *policy, struct list list, const struct fw_set_refs *refs)
{
	for (size_t i = 0; i < refs->count; i++)
		write_set(&policy->sets[refs->items[i]], &list);
	list_end(&list);
}

static void write_names(struct list list, const struct fw_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		fputs(names->items[i], list_item(&list));
	list_end(&list);
}

static void write_protocols(struct list list, const struct fw_protocols *protocols)
{
	for (size_t i = 0; i < protocols->count; i++) {
		const char *word = fw_word_of(&fw_protocol_words, protocols->items[i]);

		if (word)
			fputs(word, list_item(&list));
		else
			fprintf(list_item(&list), "%u", protocols->items[i]);
	}
	list_end(&list);
}

static void write_ranges(struct list list, const struct fw_ranges *ranges)
{
	for (size_t i = 0; i < ranges->count; i++) {
		const struct fw_range *range = &ranges->items[i];

		if (range->first == range->last)
			fprintf(list_item(&list), "%u", range->first);
		else
			fprintf(list_item(&list), "%u-%u", range->first, range->last);
	}
	list_end(&list);
}

static void write_flags(struct list list, const struct fw_flag_tests *tests)
{
	for (size_t i = 0; i < tests->count; i++) {
		FILE *out = list_item(&list);
		uint8_t value = tests->items[i].value;
		const char *plus = "";

		if (!value)
			fputs("none", out);
		for (unsigned int bit = 1; bit < 256; bit <<= 1) {
			if (!(value & bit))
				continue;
			fprintf(out, "%s%s", plus, fw_word_of(&fw_tcp_flag_words, bit));
			plus = "+";
		}
	}
	list_end(&list);
}

static void write_kinds(struct list list, uint16_t kinds)
{
	for (unsigned int bit = 1; bit <= FW_PACKET_IPV4; bit <<= 1)
		if (kinds & bit)
			fputs(fw_word_of(&fw_packet_words, bit), list_item(&list));
	list_end(&list);
}

static void write_signatures(const struct fw_policy *policy, struct list list, uint64_t signatures)
{
	const struct fw_signature_list *all = policy->signatures.list;

	if (signatures == UINT64_MAX)
		fputs("any", list_item(&list));
	for (size_t i = 0; signatures != UINT64_MAX && all && i < all->count; i++)
		if (signatures >> i & 1)
			fputs(all->items[i].name, list_item(&list));
	list_end(&list);
}

static void write_countries(struct list list, const struct fw_numbers *countries)
{
	for (size_t i = 0; i < countries->count; i++)
		fprintf(list_item(&list), "%c%c", (char)('A' + countries->items[i] / 26),
			(char)('A' + countries->items[i] % 26));
	list_end(&list);
}

static void write_asns(struct list list, const struct fw_numbers *asns)
{
	for (size_t i = 0; i < asns->count; i++)
		fprintf(list_item(&list), "AS%u", asns->items[i]);
	list_end(&list);
}

static void write_tiers(struct list list, uint8_t tiers)
{
	for (unsigned int tier = FW_TIER_MAX_; tier--;)
		if (tiers >> tier & 1)
			fputs(fw_tier_word((enum fw_tier)tier), list_item(&list));
	list_end(&list);
}

/* Not verified is unverified. */
static void write_verified(const struct fw_match *match, bool *first, FILE *out)
{
	unsigned int states = match->verified ? match->verified : FW_SOURCE_STATES_ & ~match->verified_not;

	if (states == FW_SOURCE_STATES_)
		return;
	fprintf(out, "%sverified: %s", *first ? "" : ", ", states == FW_SOURCE_VERIFIED ? "true" : "false");
	*first = false;
}

/* "*.example.org" would be an alias without its quotes. */
static void write_hosts(struct list list, const struct fw_names *hosts)
{
	for (size_t i = 0; i < hosts->count; i++)
		fprintf(list_item(&list), "\"%s\"", hosts->items[i]);
	list_end(&list);
}

static void write_uris(struct list list, const struct fw_uri_tests *tests)
{
	for (size_t i = 0; i < tests->count; i++)
		fprintf(list_item(&list), "{%s: \"%s\"}", fw_word_of(&fw_uri_words, tests->items[i].how),
			tests->items[i].text);
	list_end(&list);
}

/* Opposites without keys of their own, "not: [{uri: …}, {method: …}]": none of these. */
static void write_request_nots(const struct fw_match *match, bool *first, FILE *out)
{
	const size_t counts[] = {match->uri_not.count, match->method_not.count, match->host_not.count,
				 match->sni_not.count, match->status_not.count};
	bool some = false;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		bool first_key = true;

		if (!counts[i])
			continue;
		fputs(some ? ", {" : *first ? "not: [{" : ", not: [{", out);
		some = true;
		if (i == 0)
			write_uris((struct list){out, "uri", &first_key, 0}, &match->uri_not);
		else if (i == 1)
			write_names((struct list){out, "method", &first_key, 0}, &match->method_not);
		else if (i == 2)
			write_hosts((struct list){out, "host", &first_key, 0}, &match->host_not);
		else if (i == 3)
			write_hosts((struct list){out, "sni", &first_key, 0}, &match->sni_not);
		else
			write_ranges((struct list){out, "status", &first_key, 0}, &match->status_not);
		fputc('}', out);
	}
	if (some)
		fputc(']', out);
	*first &= !some;
}

/* "key: value, key: value"; false when there is none. */
static bool write_keys(const struct fw_policy *policy, const struct fw_match *match, FILE *out)
{
	bool first = true;

#define LIST(name) ((struct list){out, name, &first, 0})
	if (match->log)
		fprintf(out, "log: %s", policy->logs[match->log - 1].name);
	first = !match->log;
	write_uris(LIST("uri"), &match->uri);
	write_names(LIST("method"), &match->method);
	write_hosts(LIST("host"), &match->host);
	write_hosts(LIST("sni"), &match->sni);
	write_ranges(LIST("status"), &match->status);
	write_refs(policy, LIST("source"), &match->source);
	write_refs(policy, LIST("source_not"), &match->source_not);
	write_refs(policy, LIST("destination"), &match->destination);
	write_refs(policy, LIST("destination_not"), &match->destination_not);
	write_countries(LIST("country"), &match->country);
	write_countries(LIST("country_not"), &match->country_not);
	write_asns(LIST("asn"), &match->asn);
	write_asns(LIST("asn_not"), &match->asn_not);
	write_tiers(LIST("tier"), match->tiers);
	write_tiers(LIST("tier_not"), match->tiers_not);
	write_protocols(LIST("protocol"), &match->protocol);
	write_protocols(LIST("protocol_not"), &match->protocol_not);
	write_ranges(LIST("source_port"), &match->source_port);
	write_ranges(LIST("source_port_not"), &match->source_port_not);
	write_ranges(LIST("dest_port"), &match->dest_port);
	write_ranges(LIST("dest_port_not"), &match->dest_port_not);
	write_flags(LIST("tcp_flags"), &match->tcp_flags);
	write_flags(LIST("tcp_flags_not"), &match->tcp_flags_not);
	write_ranges(LIST("length"), &match->length);
	write_ranges(LIST("length_not"), &match->length_not);
	write_kinds(LIST("packet"), match->packet);
	write_kinds(LIST("packet_not"), match->packet_not);
	write_signatures(policy, LIST("signature"), match->signature);
	write_signatures(policy, LIST("signature_not"), match->signature_not);
	write_names(LIST("label"), &match->label);
	write_names(LIST("label_not"), &match->label_not);
#undef LIST
	write_verified(match, &first, out);
	write_request_nots(match, &first, out);
	return !first;
}

static void write_match(const struct fw_policy *policy, const struct fw_match *match, FILE *out)
{
	fputc('{', out);
	write_keys(policy, match, out);
	fputc('}', out);
}

static void write_alternative(const struct fw_policy *policy, const struct fw_policy_rule *rule, size_t index,
			      FILE *out)
{
	const struct fw_alternative *one = &rule->alternatives[index];

	if (one->count == 1) {
		write_match(policy, &rule->parts[one->parts[0]], out);
		return;
	}
	for (size_t i = 0; i < one->count; i++) {
		fputs(i ? ", " : "{all: [", out);
		write_match(policy, &rule->parts[one->parts[i]], out);
	}
	fputs("]}", out);
}

static void write_rule_match(const struct fw_policy *policy, const struct fw_policy_rule *rule, FILE *out)
{
	bool any = rule->alternative_count != 0;

	fputc('{', out);
	if (write_keys(policy, &rule->match, out) && any)
		fputs(", ", out);
	for (size_t i = 0; i < rule->alternative_count; i++) {
		fputs(i ? ", " : "any: [", out);
		write_alternative(policy, rule, i, out);
	}
	fputs(any ? "]}" : "}", out);
}

char *fw_match_text(const struct fw_policy *policy, const struct fw_match *match)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	write_match(policy, match, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

char *fw_alternative_text(const struct fw_policy *policy, const struct fw_policy_rule *rule, size_t index)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	write_alternative(policy, rule, index, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static void write_per(const struct fw_policy_rule *rule, FILE *out)
{
	switch (rule->per) {
	case FW_PER_SOURCE_PREFIX:
		fprintf(out, "{source_prefix: {ipv4: %u, ipv6: %u}}", rule->prefix4, rule->prefix6);
		return;
	case FW_PER_DESTINATION_PREFIX:
		fprintf(out, "{destination_prefix: {ipv4: %u, ipv6: %u}}", rule->dest_prefix4,
			rule->dest_prefix6);
		return;
	case FW_PER_SOURCE_DEST_PORT:
		fputs("[source, dest_port]", out);
		return;
	case FW_PER_SOURCE:
	case FW_PER_DESTINATION:
	case FW_PER_TOTAL:
	case FW_PER_MAX_:
		fputs(fw_per_word(rule->per), out);
	}
}

static void write_ban(const struct fw_ban_spec *ban, FILE *out)
{
	char text[32];

	if (!ban->set) {
		fputs("none", out);
		return;
	}
	if (ban->step_count == 1 && !ban->unverified) {
		fputs(fw_duration_format(ban->steps_ns[0], text, sizeof(text)), out);
		return;
	}
	fprintf(out, "{for: %s", fw_duration_format(ban->steps_ns[0], text, sizeof(text)));
	for (unsigned int i = 0; ban->step_count > 1 && i < ban->step_count; i++)
		fprintf(out, "%s%s", i ? ", " : ", escalate: [",
			fw_duration_format(ban->steps_ns[i], text, sizeof(text)));
	fprintf(out, "%s%s}", ban->step_count > 1 ? "]" : "", ban->unverified ? ", unverified: true" : "");
}

static void write_labels(const struct fw_names *labels, FILE *out)
{
	if (!labels->count)
		fputs("none", out);
	for (size_t i = 0; i < labels->count; i++)
		fprintf(out, "%s%s%s", i ? ", " : "[", labels->items[i], i + 1 == labels->count ? "]" : "");
}

const char *fw_aspect_key(enum fw_aspect aspect)
{
	static const char *const keys[] = {
		[FW_ASPECT_MODE] = "mode",     [FW_ASPECT_MATCH] = "match",   [FW_ASPECT_LIMIT] = "limit",
		[FW_ASPECT_PER] = "per",       [FW_ASPECT_ACTION] = "action", [FW_ASPECT_BAN] = "ban",
		[FW_ASPECT_LABELS] = "labels", [FW_ASPECT_FORCE] = "force",
	};

	return keys[aspect];
}

char *fw_aspect_text(const struct fw_policy *policy, const struct fw_policy_rule *rule, enum fw_aspect aspect)
{
	char limit[64], *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	switch (aspect) {
	case FW_ASPECT_MODE:
		fputs(fw_rule_mode_word(rule->mode), out);
		break;
	case FW_ASPECT_MATCH:
		write_rule_match(policy, rule, out);
		break;
	case FW_ASPECT_LIMIT:
		fputs(fw_limit_format(&rule->limit, limit, sizeof(limit)), out);
		break;
	case FW_ASPECT_PER:
		write_per(rule, out);
		break;
	case FW_ASPECT_ACTION:
		fputs(fw_action_word(rule->action), out);
		break;
	case FW_ASPECT_BAN:
		write_ban(&rule->ban, out);
		break;
	case FW_ASPECT_LABELS:
		write_labels(&rule->labels, out);
		break;
	case FW_ASPECT_FORCE:
	case FW_ASPECT_MAX_:
		fputs(rule->force ? "true" : "false", out);
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
