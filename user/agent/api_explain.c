// SPDX-License-Identifier: Apache-2.0
/* GET /v1/explain: the walk of observe/explain.c over the running filter's state. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/filtering.h"
#include "agent/listings.h"
#include "agent/request.h"
#include "agent/sources.h"
#include "kern/stats.h"
#include "lib/cleanup.h"
#include "lib/own_networks.h"
#include "lib/reason.h"
#include "lib/tcp_sockets.h"
#include "lib/units.h"
#include "observe/explain.h"
#include "policy/words.h"

static bool read_spared(void *context, const struct fw_addr *addr, enum fw_spared_kind *kind,
			uint64_t *left_ns)
{
	struct fw_agent *agent = context;
	const struct fw_spared_entry *entry = fw_spared_find(agent, addr);

	if (!entry)
		return false;
	*kind = entry->kind;
	*left_ns = entry->expires_ns ? entry->expires_ns - fw_datapath_now_ns(agent->datapath) : 0;
	return true;
}

static bool read_ban(void *context, const struct fw_addr *addr, struct fw_explain_ban *ban)
{
	struct fw_agent *agent = context;
	struct fw_ban_entry entry;

	if (fw_ban_find(agent->datapath, addr, &entry))
		return false;
	ban->prefix = entry.prefix;
	ban->origin = fw_ban_origin_word(entry.ban.origin);
	ban->reason = fw_leases_reason_text(agent, &entry.ban);
	ban->left_ns = entry.ban.expires_ns - fw_datapath_now_ns(agent->datapath);
	return true;
}

static bool read_meter(void *context, const struct fw_rule *rule, const struct fw_explain_packet *packet,
		       uint64_t *amount, bool *over)
{
	struct fw_agent *agent = context;
	struct fw_meter_entry entry;

	if (fw_meter_read(agent->datapath, rule, &packet->source, &packet->dest, packet->dest_port, &entry))
		return false;
	*amount = entry.amount;
	*over = entry.over;
	return true;
}

static bool read_covering(void *context, unsigned int set, const struct fw_addr *addr,
			  struct fw_prefix *prefix)
{
	return fw_set_covering(context, set, addr, prefix);
}

static bool read_verified(void *context, const struct fw_addr *addr, uint64_t *left_ns)
{
	*left_ns = fw_verified_left_ns(((struct fw_agent *)context)->datapath, addr);
	return *left_ns > 0;
}

static size_t read_listings(void *context, unsigned int set, const struct fw_addr *addr,
			    struct fw_listing *ret, size_t most)
{
	return fw_listings_of(context, set, addr, ret, most);
}

/* Not known: as if somebody did. */
static bool read_listens(void *context, const struct fw_addr *dest, uint16_t port)
{
	(void)context;
	return fw_listens_at(dest, port) != 0;
}

/* Not known: as if it were. */
static bool read_own(void *context, const struct fw_addr *dest)
{
	const struct fw_agent *agent = context;

	return !agent->challenge.engaged || !agent->local.written ||
	       fw_local_routes_hold(&agent->local.own, dest);
}

static bool read_published(void *context, uint16_t port)
{
	return fw_published_ports_hold(&((const struct fw_agent *)context)->local.published, port);
}

static bool bad_to(struct fw_answer *answer, const char *to, const char *why)
{
	fw_fail(answer, 400, FW_EXIT_USAGE, "bad-address", NULL,
		"to: expected IP, IP:PORT, IP:PORT/PROTO or IP/PROTO (IPv6 in brackets), got '%.80s'%s%s", to,
		why[0] ? ": " : "", why);
	return false;
}

/* "192.0.2.1:53/udp", "[2001:db8::1]:443", "192.0.2.1/icmp" */
static bool parse_to(const char *to, struct fw_explain_packet *packet, struct fw_answer *answer)
{
	char text[128], *slash, *port = NULL, *host = text;
	struct fw_err err = {};
	uint64_t number = 0;
	unsigned int protocol;

	if ((size_t)snprintf(text, sizeof(text), "%s", to) >= sizeof(text))
		return bad_to(answer, to, "");
	slash = strrchr(text, '/');
	if (slash)
		*slash++ = '\0';
	if (text[0] == '[') {
		char *end = strchr(text, ']');

		if (!end || (end[1] && end[1] != ':'))
			return bad_to(answer, to, "");
		port = end[1] ? end + 2 : NULL;
		*end = '\0';
		host = text + 1;
	} else if (strchr(text, ':') && strchr(text, ':') == strrchr(text, ':')) {
		port = strchr(text, ':');
		*port++ = '\0';
	}
	if (fw_addr_parse(host, &packet->dest, &err))
		return bad_to(answer, to, err.text);
	packet->has_dest = true;
	if (port && (fw_amount_parse(port, &number, &err) || number > 65535))
		return bad_to(answer, to, "a port is 0 to 65535");
	packet->has_port = port != NULL;
	packet->dest_port = (uint16_t)number;
	if (slash) {
		if (!fw_word_find(&fw_protocol_words, slash, &protocol) &&
		    (fw_amount_parse(slash, &number, NULL) || (protocol = (unsigned int)number) > 255))
			return bad_to(answer, to, "no such protocol");
		packet->protocol = (uint8_t)protocol;
	} else {
		packet->protocol = IPPROTO_TCP;
		packet->protocol_assumed = port;
	}
	packet->has_protocol = slash || port;
	return true;
}

/* Whoever names TCP flags speaks of TCP. */
static bool parse_flags(const char *flags, struct fw_explain_packet *packet, struct fw_answer *answer)
{
	char known[96];

	if (!fw_tcp_flags_parse(flags, &packet->tcp_flags, NULL)) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-flags", NULL,
			"flags: expected none, or %s, joined by +, got '%.40s'",
			fw_words_list(&fw_tcp_flag_words, known, sizeof(known)), flags);
		return false;
	}
	if (packet->has_protocol && packet->protocol != IPPROTO_TCP) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-flags", NULL,
			"flags: only TCP has them, and 'to' names another protocol");
		return false;
	}
	packet->has_flags = packet->has_protocol = true;
	packet->protocol = IPPROTO_TCP;
	packet->protocol_assumed = false;
	return true;
}

static const char *const result_words[] = {
	[FW_EXPLAIN_MATCH] = "match", [FW_EXPLAIN_NO_MATCH] = "no_match", [FW_EXPLAIN_SKIPPED] = "skipped"};

/* The one set through which a rule without limit blocks; -1 when there is none or more than one, or a feed,
 * which the next update would fill again. */
static int blamed_set(const struct fw_agent *agent, const struct fw_explanation *explanation,
		      const struct fw_addr *addr)
{
	const struct fw_policy *policy = agent->loaded->policy;
	const struct fw_set_refs *refs;
	int blamed = -1;

	if (explanation->reason != FW_REASON_RULE_BLOCK || explanation->rule < 0)
		return -1;
	refs = &policy->rules[explanation->rule].match.source;
	for (size_t i = 0; i < refs->count; i++) {
		struct fw_listing listings[FW_LISTINGS_MAX];
		size_t count = fw_listings_of(agent, refs->items[i], addr, listings, FW_LISTINGS_MAX);

		if (!fw_listings_hold(listings, count))
			continue;
		if (blamed >= 0 || policy->sets[refs->items[i]].kind == FW_SET_FEED)
			return -1;
		blamed = (int)refs->items[i];
	}
	return blamed;
}

static json_t *undo_of(struct fw_agent *agent, const struct fw_explanation *explanation,
		       const struct fw_addr *addr)
{
	char text[FW_ADDR_TEXT_MAX];
	int set = blamed_set(agent, explanation, addr);
	struct fw_ban_entry ban;

	/* Addresses that a rule names itself are a set without a name that could be asked for. */
	if (set >= 0 && !strchr(agent->loaded->policy->sets[set].name, '.'))
		return json_sprintf("floodwall sets del %s %s", agent->loaded->policy->sets[set].name,
				    fw_addr_format(addr, text, sizeof(text)));
	if (explanation->reason == FW_REASON_BANNED && !fw_ban_find(agent->datapath, addr, &ban))
		return json_sprintf("floodwall unban %s", fw_prefix_format(&ban.prefix, text, sizeof(text)));
	if (explanation->verdict == FW_VERDICT_DROP)
		return json_sprintf("floodwall allow %s --for 1h", fw_addr_format(addr, text, sizeof(text)));
	return json_null();
}

/* What the walk has to add; of what would be dropped also whose mode forbids it. NULL: nothing. */
static const char *say_but(const struct fw_explanation *explanation, const struct fw_filtering *filtering,
			   char text[FW_FILTERING_BUT_MAX])
{
	if (explanation->but[0])
		return explanation->but;
	if (explanation->verdict == FW_VERDICT_PASS || !filtering->counting)
		return NULL;
	return fw_filtering_but(filtering, text, FW_FILTERING_BUT_MAX);
}

/* The rule drops only while under attack: who is dropped may be one of many. */
static const char *undo_for_all(const struct fw_agent *agent, const struct fw_explanation *explanation)
{
	if (explanation->verdict != FW_VERDICT_DROP || explanation->rule < 0 ||
	    agent->loaded->policy->rules[explanation->rule].mode != FW_MODE_ATTACK)
		return NULL;
	return "floodwall under-attack off";
}

/* Copied from where this host is the destination, such as attacks. NULL: it is somebody else's. */
static json_t *note_own(const struct fw_addr *addr)
{
	FW_FREE struct fw_own_network *networks = NULL;
	char text[FW_ADDR_TEXT_MAX];
	size_t count = 0;

	if (fw_own_networks_read(&networks, &count))
		return NULL;
	fw_addr_format(addr, text, sizeof(text));
	for (size_t i = 0; i < count; i++)
		if (!memcmp(&networks[i].addr, addr, sizeof(*addr)))
			return json_sprintf(
				"%s is this host's own address, of %s, and explain asks for a source: below "
				"is what becomes of packets that claim to come from it. What becomes of "
				"those to it: floodwall explain SOURCE --to %s",
				text, networks[i].interface, text);
	return NULL;
}

/* Answers for itself what it does not take. */
static bool packet_of(const struct fw_request *request, struct fw_explain_packet *ret,
		      struct fw_answer *answer)
{
	const char *address = fw_request_query(request, "address"), *to = fw_request_query(request, "to"),
		   *flags = fw_request_query(request, "flags");
	struct fw_err err = {};

	if (!address || fw_addr_parse(address, &ret->source, &err)) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-address", NULL,
			"address: expected an IP address%s%s", address ? ", " : ", it is missing", err.text);
		return false;
	}
	if (to && to[0] && !parse_to(to, ret, answer))
		return false;
	if (flags && flags[0] && !parse_flags(flags, ret, answer))
		return false;
	if (ret->has_dest && fw_addr_family(&ret->source) != fw_addr_family(&ret->dest)) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-address", NULL,
			"to: no packet goes from one IP version to the other: '%.60s' and '%.80s'", address,
			to);
		return false;
	}
	return true;
}

/* value: taken over; NULL: there is nothing to say. */
static void add(json_t *reply, const char *key, json_t *value)
{
	if (reply && value)
		json_object_set(reply, key, value);
	json_decref(value);
}

static json_t *describe(struct fw_agent *agent, const struct fw_addr *source,
			const struct fw_explanation *explanation)
{
	const char *rule = explanation->rule < 0 ? NULL
						 : agent->loaded->policy->rules[explanation->rule].name,
		   *undo = undo_for_all(agent, explanation);
	json_t *steps = json_array(), *seen = fw_top_seen(agent, source), *reply;
	char text[FW_ADDR_TEXT_MAX], but[FW_FILTERING_BUT_MAX];
	struct fw_filtering filtering;

	for (size_t i = 0; i < explanation->count; i++)
		json_array_append_new(steps,
				      json_pack("{s:s, s:s, s:s}", "check", explanation->steps[i].check,
						"result", result_words[explanation->steps[i].result],
						"detail", explanation->steps[i].detail));
	fw_filtering_look(agent, &filtering);
	reply = json_pack("{s:s, s:s, s:s, s:s?, s:o, s:o, s:o, s:b, s:b, s:b, s:s?, s:s}", "address",
			  fw_addr_format(source, text, sizeof(text)), "verdict",
			  explanation->verdict == FW_VERDICT_DROP ? "drop" : "pass", "reason",
			  fw_reason_facts(explanation->reason)->word, "rule", rule, "steps", steps, "undo",
			  undo_of(agent, explanation, source), "seen", seen ? seen : json_null(),
			  "would_drop", (int)(explanation->verdict == FW_VERDICT_WOULD_DROP), "depends",
			  (int)explanation->depends, "contradicted", (int)explanation->contradicted, "but",
			  say_but(explanation, &filtering, but), "filtering", fw_filtering_word(&filtering));
	add(reply, "note", note_own(source));
	add(reply, "undo_for_all", undo ? json_string(undo) : NULL);
	add(reply, "suppressed", fw_suppressed_explain(agent, source, rule));
	return reply;
}

void fw_api_explain(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_agent *agent = request->agent;
	struct fw_explain_reader reader = {.context = agent,
					   .spared = read_spared,
					   .ban = read_ban,
					   .meter = read_meter,
					   .verified = read_verified,
					   .covering = read_covering,
					   .listings = read_listings,
					   .challenge = fw_challenge_read,
					   .listens = read_listens,
					   .own = read_own,
					   .published = read_published,
					   .drops = fw_top_drops};
	struct fw_explain_packet packet = {};
	struct fw_explanation explanation;

	if (!packet_of(request, &packet, answer))
		return;
	/* A rate takes two looks; of a source that is gone none is worth the wait. */
	answer->defer_ms = fw_top_seen_wait_ms(agent, &packet.source);
	if (answer->defer_ms)
		return;
	fw_challenge_host(agent, &reader.host);
	fw_explain(agent->loaded->policy, agent->loaded->image, &packet, &reader, &explanation);
	fw_reply(answer, describe(agent, &packet.source, &explanation));
	fw_explanation_done(&explanation);
}
