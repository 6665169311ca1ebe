// SPDX-License-Identifier: Apache-2.0
/* The steps of flood.bpf.c in the same order, each with a sentence; those of rules are in explain_rule.c,
 * those of challenges in explain_challenge.c. Kept in step by tests that compare both. */
#include "observe/explain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/grow.h"
#include "lib/reason.h"
#include "lib/units.h"
#include "observe/explain_walk.h"
#include "policy/geo.h"
#include "policy/lists.h"
#include "policy/match.h"
#include "policy/users.h"

void fw_explain_say(struct fw_explain_walk *walk, enum fw_explain_result result, const char *check,
		    const char *format, ...)
{
	struct fw_explain_step line = {.result = result};
	va_list args;

	snprintf(line.check, sizeof(line.check), "%s", check);
	va_start(args, format);
	vsnprintf(line.detail, sizeof(line.detail), format, args);
	va_end(args);
	if (FW_APPEND(walk->out->steps, walk->out->count, line))
		walk->out->out_of_memory = true;
}

void fw_explain_sets(struct fw_explain_walk *walk, const struct fw_set_refs *refs, const struct fw_addr *addr,
		     uint16_t list_class, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < refs->count && used < size; i++) {
		unsigned int set = refs->items[i];
		char prefix_text[FW_ADDR_TEXT_MAX];
		struct fw_prefix prefix;

		if (!fw_bit_test(walk->image->class_sets[list_class], set))
			continue;
		used += (size_t)snprintf(text + used, size - used, "%sset '%s'", used ? ", " : "",
					 walk->policy->sets[set].name);
		if (used < size && walk->reader->covering(walk->reader->context, set, addr, &prefix))
			used += (size_t)snprintf(text + used, size - used, " (%s)",
						 fw_prefix_format(&prefix, prefix_text, sizeof(prefix_text)));
	}
}

/* Every set and feed that lists the source, whether a rule asks for it or not. */
static void say_listed(struct fw_explain_walk *walk)
{
	struct fw_listing listings[FW_LISTINGS_MAX];
	char text[sizeof(((struct fw_explain_step *)0)->detail)];
	const char *name;
	bool any = false;

	for (unsigned int set = 0; walk->reader->listings && set < walk->policy->set_count; set++) {
		size_t count = walk->reader->listings(walk->reader->context, set, &walk->packet->source,
						      listings, FW_LISTINGS_MAX);
		bool asked = fw_set_users(walk->policy, set, &name, 1);

		for (size_t i = 0; i < count; i++) {
			bool out = listings[i].kind == FW_LISTING_REMOVED || listings[i].idle;

			any |= !out;
			fw_explain_say(
				walk,
				out	? FW_EXPLAIN_NO_MATCH
				: asked ? FW_EXPLAIN_MATCH
					: FW_EXPLAIN_SKIPPED,
				"listed", "%s",
				fw_listing_format(walk->policy, set, &listings[i], text, sizeof(text)));
		}
	}
	if (!any && walk->reader->listings)
		fw_explain_say(walk, FW_EXPLAIN_NO_MATCH, "listed", "in no set and no feed");
}

bool fw_explain_meter(struct fw_explain_walk *walk, const struct fw_rule *rule, const struct fw_limit *limit,
		      bool *over, char *text, size_t size)
{
	uint64_t amount = 0;
	char limit_text[64];

	*over = false;
	walk->reader->meter(walk->reader->context, rule, walk->packet, &amount, over);
	fw_limit_format(limit, limit_text, sizeof(limit_text));
	snprintf(text, size, "%" PRIu64 " of %s", amount, limit_text);
	return amount + 1 > rule->limit;
}

/* That its entry would end without an agent says nothing while there is one. */
static bool check_ssh_peer(struct fw_explain_walk *walk, const char *who)
{
	char meter[128];
	bool over;

	if (fw_explain_meter(walk, &walk->image->slot->ssh_peers, &walk->policy->safety.ssh_limit, &over,
			     meter, sizeof(meter))) {
		fw_explain_say(walk, FW_EXPLAIN_SKIPPED, "spared",
			       "%s, but over its limit, %s: goes on like everybody", who, meter);
		return false;
	}
	fw_explain_say(walk, FW_EXPLAIN_MATCH, "spared",
		       "%s: passes up to its limit, %s, no rule and no ban is asked", who, meter);
	walk->out->reason = FW_REASON_SSH_PEER;
	return true;
}

static bool check_spared(struct fw_explain_walk *walk)
{
	static const struct {
		enum fw_reason reason;
		const char *who;
	} kinds[] = {
		[FW_SPARED_SSH] = {FW_REASON_SSH_PEER, "has a live SSH session with this host"},
		[FW_SPARED_GATEWAY] = {FW_REASON_GATEWAY, "is a gateway of this host"},
		[FW_SPARED_RESOLVER] = {FW_REASON_RESOLVER, "is a DNS resolver of this host"},
		[FW_SPARED_TIME_SERVER] = {FW_REASON_TIME_SERVER, "is a time server of this host"},
		[FW_SPARED_ALLOWED] = {FW_REASON_ALLOWED, "was allowed by an operator"},
	};
	enum fw_spared_kind kind;
	uint64_t left_ns = 0;
	char left[32], meter[128];
	bool over;

	if (!walk->reader->spared(walk->reader->context, &walk->packet->source, &kind, &left_ns)) {
		fw_explain_say(
			walk, FW_EXPLAIN_NO_MATCH, "spared",
			"no live SSH session, no gateway, no resolver or time server, not allowed by hand");
		return false;
	}
	if (kind == FW_SPARED_RESOLVER || kind == FW_SPARED_TIME_SERVER) {
		fw_explain_meter(walk, &walk->image->slot->answers, &walk->policy->safety.answers_limit,
				 &over, meter, sizeof(meter));
		fw_explain_say(
			walk, FW_EXPLAIN_SKIPPED, "spared",
			"%s: its answers pass up to their limit, %s; all else goes on like everybody's",
			kinds[kind].who, meter);
		return false;
	}
	if (kind == FW_SPARED_SSH)
		return check_ssh_peer(walk, kinds[kind].who);
	if (left_ns)
		fw_explain_say(walk, FW_EXPLAIN_MATCH, "spared",
			       "%s, for %s more: passes, no rule and no ban is asked", kinds[kind].who,
			       fw_age_format(left_ns, left, sizeof(left)));
	else
		fw_explain_say(walk, FW_EXPLAIN_MATCH, "spared", "%s: passes, no rule and no ban is asked",
			       kinds[kind].who);
	walk->out->reason = kinds[kind].reason;
	return true;
}

static bool check_never_block(struct fw_explain_walk *walk)
{
	const struct fw_policy_slot *slot = walk->image->slot;
	char sets[256], meter[128];
	bool over;

	if (!(walk->image->classes[walk->source_class].flags & FW_CLASS_NEVER_BLOCK)) {
		fw_explain_say(walk, FW_EXPLAIN_NO_MATCH, "never_block",
			       walk->policy->never_block.count ? "in none of its sets" : "none is set");
		return false;
	}
	fw_explain_sets(walk, &walk->policy->never_block, &walk->packet->source, walk->source_class, sets,
			sizeof(sets));
	if (slot->never_block.unit != FW_UNIT_NONE &&
	    fw_explain_meter(walk, &slot->never_block, &walk->policy->never_block_limit, &over, meter,
			     sizeof(meter))) {
		fw_explain_say(walk, FW_EXPLAIN_SKIPPED, "never_block",
			       "in %s, but over its limit, %s: goes on like everybody", sets, meter);
		return false;
	}
	fw_explain_say(walk, FW_EXPLAIN_MATCH, "never_block", "in %s: passes, no rule and no ban is asked",
		       sets);
	walk->out->reason = FW_REASON_NEVER_BLOCK;
	return true;
}

static void check_essential(struct fw_explain_walk *walk)
{
	char limit[32];

	fw_explain_say(walk, FW_EXPLAIN_SKIPPED, "essential",
		       "only ARP, neighbour discovery, path-MTU and DHCP messages: they pass, bans or not, "
		       "up to %s/s "
		       "of each kind",
		       fw_amount_format(walk->policy->safety.essential_limit, limit, sizeof(limit)));
}

static bool check_ban(struct fw_explain_walk *walk)
{
	struct fw_explain_ban ban = {};
	char prefix[FW_ADDR_TEXT_MAX], left[32];

	if (!walk->reader->ban(walk->reader->context, &walk->packet->source, &ban)) {
		fw_explain_say(walk, FW_EXPLAIN_NO_MATCH, "ban", "not banned");
		return false;
	}
	fw_explain_say(walk, FW_EXPLAIN_MATCH, "ban", "%s is banned for %s more (%s%s%s): dropped",
		       fw_prefix_format(&ban.prefix, prefix, sizeof(prefix)),
		       fw_age_format(ban.left_ns, left, sizeof(left)), ban.origin, ban.reason[0] ? ": " : "",
		       ban.reason);
	walk->out->reason = FW_REASON_BANNED;
	return true;
}

/* Decides nothing by itself; rules ask for it. */
static void check_verified(struct fw_explain_walk *walk)
{
	uint64_t left_ns = 0;
	char left[32];

	if (!(walk->image->slot->features & FW_FEATURE_VERIFIED) || !walk->reader->verified)
		return;
	walk->asks_verified = true;
	walk->known.is_verified =
		walk->reader->verified(walk->reader->context, &walk->packet->source, &left_ns);
	if (walk->known.is_verified)
		fw_explain_say(walk, FW_EXPLAIN_MATCH, "verified",
			       "has completed a handshake: verified for %s more",
			       fw_age_format(left_ns, left, sizeof(left)));
	else
		fw_explain_say(walk, FW_EXPLAIN_NO_MATCH, "verified",
			       "not verified; packets of a TCP connection that is open now are all the same");
}

static bool asks_place(const struct fw_policy_rule *rule, size_t alternative)
{
	struct fw_conjunction all;

	fw_rule_conjunction(rule, alternative, &all);
	for (size_t i = 0; i < all.count; i++)
		if (fw_match_asks_country(all.parts[i]) || fw_match_asks_asn(all.parts[i]))
			return true;
	return false;
}

/* Where the source is, and which rules ask for such places. Never decides by itself. */
static void check_geo(struct fw_explain_walk *walk)
{
	uint64_t place = walk->image->geo->class_rules[walk->known.geo_class];
	const struct fw_policy_rule *last = NULL;
	char where[300], names[160] = "";
	size_t used = 0;

	for (unsigned int i = 0; i < walk->image->conjunction_count && used < sizeof(names); i++) {
		const struct fw_image_conjunction *one = &walk->image->conjunctions[i];
		const struct fw_policy_rule *rule = &walk->policy->rules[one->rule];

		if (!(place >> i & 1) || rule == last || !asks_place(rule, one->alternative))
			continue;
		last = rule;
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", used ? ", " : "",
					 rule->name);
	}
	fw_geo_describe(walk->policy, &walk->packet->source, where, sizeof(where));
	if (names[0])
		fw_explain_say(walk, FW_EXPLAIN_MATCH, "geo", "%s: meets the conditions of %s", where, names);
	else
		fw_explain_say(walk, FW_EXPLAIN_NO_MATCH, "geo", "%s: no rule asks for such places", where);
}

/* An answer is no drop: who receives it connects. */
static bool drops(enum fw_reason reason)
{
	return fw_reason_facts(reason)->action == FW_REASON_IS_DROP;
}

static void __attribute__((format(printf, 2, 3))) add(struct fw_explanation *out, const char *format, ...)
{
	size_t used = strlen(out->but);
	va_list args;

	va_start(args, format);
	vsnprintf(out->but + used, sizeof(out->but) - used, format, args);
	va_end(args);
}

/* "rules a and b may drop it: depends on the port; rule c may drop it: counts per destination; and 2 more".
 * together: rules that do the same share the words for it. */
static void say_open(const struct fw_explain_open *open, bool together, struct fw_explanation *out)
{
	size_t count = open->rules < FW_EXPLAIN_OPEN_NAMED ? open->rules : FW_EXPLAIN_OPEN_NAMED;

	for (size_t first = 0, last; first < count; first = last) {
		for (last = first + 1; together && last < count; last++)
			if (strcmp(open->named[first].does, open->named[last].does))
				break;
		add(out, "%srule%s %s", first ? "; " : "", last - first > 1 ? "s" : "",
		    open->named[first].rule);
		for (size_t i = first + 1; i < last; i++)
			add(out, "%s%s", i + 1 < last ? ", " : " and ", open->named[i].rule);
		add(out, " %s", open->named[first].does);
	}
	if (open->rules > count)
		add(out, "; and %zu more", open->rules - count);
	if (open->ask || open->ask_flags)
		add(out, ": say%s%s", open->ask ? " --to IP:PORT/PROTO" : "",
		    open->ask_flags ? " --flags syn, or ack" : "");
}

/* What became of its packets lately is known better than what would become of one that was described. */
static void contradict(struct fw_explain_walk *walk)
{
	struct fw_explanation *out = walk->out;
	struct fw_explain_drops seen = {};
	char ago[32];

	if (out->verdict == FW_VERDICT_DROP || fw_explain_counts(walk) || !walk->reader->drops ||
	    !walk->reader->drops(walk->reader->context, &walk->packet->source, &seen))
		return;
	out->contradicted = true;
	fw_age_format(seen.ago_ns, ago, sizeof(ago));
	if (seen.reason)
		add(out, "its last packet, %s ago, was dropped as %s%s%s", ago, seen.reason,
		    seen.rule ? " by rule " : "", seen.rule ? seen.rule : "");
	else
		add(out, "packets of it were dropped in the last seconds");
	add(out, ": by what is not in the question, or by what has changed since");
}

/* Skipped rules that drop matter to what would pass, those that allow to what would be dropped. */
static void conclude(struct fw_explain_walk *walk)
{
	struct fw_explanation *out = walk->out;
	static const struct fw_explain_open nothing;
	const struct fw_explain_open *open =
		drops(out->reason)							  ? &walk->may_allow
		: out->reason == FW_REASON_NO_RULE || out->reason == FW_REASON_RULE_ALLOW ? &walk->may_drop
											  : &nothing;
	out->depends = open->rules;
	contradict(walk);
	if (!open->rules && !drops(out->reason))
		open = &walk->answers;
	if (open->rules && out->but[0])
		add(out, "; ");
	say_open(open, open != &walk->answers, out);
}

void fw_explain(const struct fw_policy *policy, const struct fw_image *image,
		const struct fw_explain_packet *packet, const struct fw_explain_reader *reader,
		struct fw_explanation *ret)
{
	struct fw_explain_walk walk = {
		.policy = policy, .image = image, .packet = packet, .reader = reader, .out = ret};
	bool decided;

	*ret = (struct fw_explanation){.reason = FW_REASON_NO_RULE, .rule = -1};
	walk.source_class = fw_image_classify(image, &packet->source);
	walk.known = (struct fw_known){
		.source_class = walk.source_class,
		.geo_class = image->geo ? fw_geo_classify(image->geo, &packet->source) : 0,
		.is_ipv6 = fw_addr_family(&packet->source) == FW_FAMILY_V6,
		.has_dest = packet->has_dest,
		.dest_class = packet->has_dest ? fw_image_classify(image, &packet->dest) : 0,
		.has_protocol = packet->has_protocol,
		.protocol = packet->protocol,
		.has_port = packet->has_port,
		.has_flags = packet->has_flags,
		.tcp_flags = packet->tcp_flags,
		.dest_port = packet->dest_port,
	};
	if (packet->protocol_assumed)
		fw_explain_say(&walk, FW_EXPLAIN_SKIPPED, "protocol",
			       "taken for TCP, as the question names none: ask --to IP:PORT/udp for another");
	say_listed(&walk);
	decided = check_spared(&walk) || check_never_block(&walk);
	if (!decided) {
		check_essential(&walk);
		decided = check_ban(&walk);
		if (!decided && image->slot->features & FW_FEATURE_GEO)
			check_geo(&walk);
		if (!decided)
			check_verified(&walk);
		decided = decided || fw_explain_connection(&walk);
	}
	for (unsigned int i = 0; i < policy->rule_count && !decided; i++)
		decided = fw_explain_rule(&walk, i);
	if (!decided)
		fw_explain_say(&walk, FW_EXPLAIN_MATCH, "default", "no rule decided: passes");
	ret->verdict = drops(ret->reason) ? fw_explain_counts(&walk) ? FW_VERDICT_WOULD_DROP : FW_VERDICT_DROP
		       : walk.would_drop  ? FW_VERDICT_WOULD_DROP
					  : FW_VERDICT_PASS;
	conclude(&walk);
}

void fw_explanation_done(struct fw_explanation *explanation)
{
	free(explanation->steps);
	*explanation = (struct fw_explanation){};
}
