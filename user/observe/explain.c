// SPDX-License-Identifier: Apache-2.0
/* The steps of flood.bpf.c in the same order, each with a sentence. Kept in step by tests that compare both.
 */
#include "observe/explain.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/grow.h"
#include "lib/units.h"
#include "observe/match.h"
#include "policy/geo.h"
#include "policy/lists.h"
#include "policy/match.h"
#include "policy/users.h"

struct walk {
	const struct fw_policy *policy;
	const struct fw_image *image;
	const struct fw_explain_packet *packet;
	const struct fw_explain_reader *reader;
	struct fw_explanation *out;
	struct fw_known known;
	uint16_t source_class;
	uint64_t labels;
	uint64_t trial_labels; /* set only because of feeds on trial, as the packet path keeps them */
	bool would_drop;
	bool asks_verified;
	/* The first rule that could decide otherwise, if more were known: one that drops, one that allows;
	 * empty: none. */
	char may_drop[400], may_allow[400], answers[400];
};

static void step(struct walk *walk, enum fw_explain_result result, const char *check, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static void step(struct walk *walk, enum fw_explain_result result, const char *check, const char *format, ...)
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

/* "set 'vpn' (198.51.100.0/24)" for each of the named sets that hold the address. */
static void name_sets(struct walk *walk, const struct fw_set_refs *refs, const struct fw_addr *addr,
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
static void say_listed(struct walk *walk)
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
			step(walk,
			     out     ? FW_EXPLAIN_NO_MATCH
			     : asked ? FW_EXPLAIN_MATCH
				     : FW_EXPLAIN_SKIPPED,
			     "listed", "%s",
			     fw_listing_format(walk->policy, set, &listings[i], text, sizeof(text)));
		}
	}
	if (!any && walk->reader->listings)
		step(walk, FW_EXPLAIN_NO_MATCH, "listed", "in no set and no feed");
}

/* "412 of 7000 packets in 5m" */
static uint64_t describe_meter(struct walk *walk, const struct fw_rule *rule, const struct fw_limit *limit,
			       char *text, size_t size)
{
	uint64_t amount = 0;
	char limit_text[64];

	walk->reader->meter(walk->reader->context, rule, walk->packet, &amount);
	fw_limit_format(limit, limit_text, sizeof(limit_text));
	snprintf(text, size, "%" PRIu64 " of %s", amount, limit_text);
	return amount;
}

static bool check_spared(struct walk *walk)
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

	if (!walk->reader->spared(walk->reader->context, &walk->packet->source, &kind, &left_ns)) {
		step(walk, FW_EXPLAIN_NO_MATCH, "spared",
		     "no live SSH session, no gateway, no resolver or time server, not allowed by hand");
		return false;
	}
	if (kind == FW_SPARED_RESOLVER || kind == FW_SPARED_TIME_SERVER) {
		describe_meter(walk, &walk->image->slot->answers, &walk->policy->safety.answers_limit, meter,
			       sizeof(meter));
		step(walk, FW_EXPLAIN_SKIPPED, "spared",
		     "%s: its answers pass up to their limit, %s; all else goes on like everybody's",
		     kinds[kind].who, meter);
		return false;
	}
	if (left_ns)
		step(walk, FW_EXPLAIN_MATCH, "spared", "%s, for %s more: passes, no rule and no ban is asked",
		     kinds[kind].who, fw_age_format(left_ns, left, sizeof(left)));
	else
		step(walk, FW_EXPLAIN_MATCH, "spared", "%s: passes, no rule and no ban is asked",
		     kinds[kind].who);
	walk->out->reason = kinds[kind].reason;
	return true;
}

static bool check_never_block(struct walk *walk)
{
	const struct fw_policy_slot *slot = walk->image->slot;
	char sets[256], meter[128];

	if (!(walk->image->classes[walk->source_class].flags & FW_CLASS_NEVER_BLOCK)) {
		step(walk, FW_EXPLAIN_NO_MATCH, "never_block",
		     walk->policy->never_block.count ? "in none of its sets" : "none is set");
		return false;
	}
	name_sets(walk, &walk->policy->never_block, &walk->packet->source, walk->source_class, sets,
		  sizeof(sets));
	if (slot->never_block.unit != FW_UNIT_NONE &&
	    describe_meter(walk, &slot->never_block, &walk->policy->never_block_limit, meter, sizeof(meter)) +
			    1 >
		    slot->never_block.limit) {
		step(walk, FW_EXPLAIN_SKIPPED, "never_block",
		     "in %s, but over its limit, %s: goes on like everybody", sets, meter);
		return false;
	}
	step(walk, FW_EXPLAIN_MATCH, "never_block", "in %s: passes, no rule and no ban is asked", sets);
	walk->out->reason = FW_REASON_NEVER_BLOCK;
	return true;
}

static void check_essential(struct walk *walk)
{
	char limit[32];

	step(walk, FW_EXPLAIN_SKIPPED, "essential",
	     "only ARP, neighbour discovery, path-MTU and DHCP messages: they pass, bans or not, up to %s/s "
	     "of each kind",
	     fw_amount_format(walk->policy->safety.essential_limit, limit, sizeof(limit)));
}

static bool check_ban(struct walk *walk)
{
	struct fw_explain_ban ban = {};
	char prefix[FW_ADDR_TEXT_MAX], left[32];

	if (!walk->reader->ban(walk->reader->context, &walk->packet->source, &ban)) {
		step(walk, FW_EXPLAIN_NO_MATCH, "ban", "not banned");
		return false;
	}
	step(walk, FW_EXPLAIN_MATCH, "ban", "%s is banned for %s more (%s%s%s): dropped",
	     fw_prefix_format(&ban.prefix, prefix, sizeof(prefix)),
	     fw_age_format(ban.left_ns, left, sizeof(left)), ban.origin, ban.reason[0] ? ": " : "",
	     ban.reason);
	walk->out->reason = FW_REASON_BANNED;
	return true;
}

/* Decides nothing by itself; rules ask for it. */
static void check_verified(struct walk *walk)
{
	uint64_t left_ns = 0;
	char left[32];

	if (!(walk->image->slot->features & FW_FEATURE_VERIFIED) || !walk->reader->verified)
		return;
	walk->asks_verified = true;
	walk->known.is_verified =
		walk->reader->verified(walk->reader->context, &walk->packet->source, &left_ns);
	if (walk->known.is_verified)
		step(walk, FW_EXPLAIN_MATCH, "verified", "has completed a handshake: verified for %s more",
		     fw_age_format(left_ns, left, sizeof(left)));
	else
		step(walk, FW_EXPLAIN_NO_MATCH, "verified",
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
static void check_geo(struct walk *walk)
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
		step(walk, FW_EXPLAIN_MATCH, "geo", "%s: meets the conditions of %s", where, names);
	else
		step(walk, FW_EXPLAIN_NO_MATCH, "geo", "%s: no rule asks for such places", where);
}

/* Terms that hold only because of feeds on trial. */
static uint64_t count_terms(const struct walk *walk)
{
	const struct fw_class *classes = walk->image->classes;
	uint64_t terms = classes[walk->source_class].source_count_terms;

	if (walk->known.has_dest)
		terms |= classes[walk->known.dest_class].dest_count_terms;
	return terms;
}

/* The best any of its terms says of the packet, and what is missing for a certain answer. *on_trial: nothing
 * but feeds on trial, by themselves or by a label, makes it match. */
static enum fw_fit rule_fit(const struct walk *walk, unsigned int index, bool *on_trial, char *missing,
			    size_t size)
{
	const struct fw_policy_slot *slot = walk->image->slot;
	const uint64_t counting = count_terms(walk), all_labels = walk->labels | walk->trial_labels;
	enum fw_fit best = FW_FIT_NO;

	missing[0] = '\0';
	*on_trial = true;
	for (unsigned int term = 0; term < walk->image->term_count; term++) {
		const struct fw_term *labels = &slot->terms[term];
		char one[128];
		enum fw_fit fit;

		if (labels->rule != index || !(slot->rules[index].terms >> term & 1))
			continue;
		if (labels->labels_required & ~all_labels || walk->labels & labels->labels_forbidden)
			continue;
		fit = fw_term_fit(walk->image, &walk->known, term, one, sizeof(one));
		if (fit == FW_FIT_YES && !(counting >> term & 1) &&
		    !(labels->labels_required & ~walk->labels))
			*on_trial = false;
		if (fit == FW_FIT_MAYBE && best == FW_FIT_NO)
			snprintf(missing, size, "%s", one);
		if (fit > best)
			best = fit;
	}
	return best;
}

/* Whether it is only for want of a lease that the rule matches, or does not: a packet of an open connection
 * would be judged the other way. */
static bool hinges_on_connection(struct walk *walk, unsigned int index, enum fw_fit fit)
{
	char missing[128];
	bool on_trial;
	enum fw_fit other;

	if (!walk->asks_verified || walk->known.is_verified ||
	    (walk->known.has_protocol && walk->known.protocol != IPPROTO_TCP))
		return false;
	walk->known.is_verified = true;
	other = rule_fit(walk, index, &on_trial, missing, sizeof(missing));
	walk->known.is_verified = false;
	return fit == FW_FIT_NO ? other != FW_FIT_NO : other == FW_FIT_NO;
}

/* Whether the key that the rule counts by is not in the question. */
static const char *unknown_key(const struct walk *walk, const struct fw_policy_rule *rule)
{
	if (rule->limit.unit == FW_UNIT_NONE)
		return NULL;
	if (fw_per_is_destination(rule->per) && !walk->packet->has_dest)
		return "destination";
	return rule->per == FW_PER_SOURCE_DEST_PORT && !walk->packet->has_port ? "destination port" : NULL;
}

/* Whether the next packet would be beyond the limit; false without one. */
static bool rule_is_over(struct walk *walk, unsigned int index, char *meter, size_t size)
{
	const struct fw_rule *rule = &walk->image->slot->rules[index];

	meter[0] = '\0';
	if (rule->unit == FW_UNIT_NONE)
		return false;
	return describe_meter(walk, rule, &walk->policy->rules[index].limit, meter, size) + 1 > rule->limit;
}

static enum fw_reason drop_reason(const struct fw_rule *rule)
{
	if (rule->unit == FW_UNIT_NONE)
		return FW_REASON_RULE_BLOCK;
	return rule->action == FW_ACTION_POLICE ? FW_REASON_POLICED : FW_REASON_OVER_LIMIT;
}

/* What a rule that matches does with the packet. True: it decides. */
static bool rule_decides(struct walk *walk, unsigned int index, bool on_trial, const char *check,
			 const char *why)
{
	const struct fw_rule *rule = &walk->image->slot->rules[index];
	bool limited = rule->unit != FW_UNIT_NONE, over;
	char meter[128];

	over = rule_is_over(walk, index, meter, sizeof(meter));
	walk->out->rule = (int)index;
	if (rule->action == FW_ACTION_ALLOW && !over) {
		step(walk, FW_EXPLAIN_MATCH, check, "%s%s%sallow: passes", why, meter, limited ? "; " : "");
		walk->out->reason = FW_REASON_RULE_ALLOW;
		return true;
	}
	walk->out->rule = -1;
	if (rule->action == FW_ACTION_ALLOW) {
		step(walk, FW_EXPLAIN_NO_MATCH, check,
		     "%s%s, beyond the limit of this allow: the next rule decides", why, meter);
		return false;
	}
	if (limited && !over) {
		step(walk, FW_EXPLAIN_NO_MATCH, check, "%s%s: under the limit", why, meter);
		return false;
	}
	if (on_trial)
		walk->trial_labels |= rule->labels;
	else
		walk->labels |= rule->labels;
	if (rule->action == FW_ACTION_LABEL) {
		step(walk, FW_EXPLAIN_MATCH, check, "%s%s%slabels the packet, the next rule decides", why,
		     meter, limited ? "; " : "");
		return false;
	}
	if (rule->action == FW_ACTION_COUNT || rule->flags & FW_RULE_COUNT_MODE || on_trial) {
		step(walk, FW_EXPLAIN_MATCH, check,
		     "%s%s%s%s only: would be dropped here, the next rule decides", why, meter,
		     limited ? ", over the limit; " : "",
		     on_trial ? "matches by feeds on trial, counts" : "counts");
		walk->would_drop = true;
		return false;
	}
	step(walk, FW_EXPLAIN_MATCH, check, "%s%s%s%s: dropped", why, meter,
	     limited ? ", over the limit; " : "", fw_action_word(walk->policy->rules[index].action));
	walk->out->rule = (int)index;
	walk->out->reason = drop_reason(rule);
	return true;
}

/* Those that some alternative of the rule asks for, each once. */
static void name_sources(struct walk *walk, const struct fw_policy_rule *rule, char *text, size_t size)
{
	struct fw_set_refs all = {};

	fw_rule_each_mention(match, rule) for (size_t i = 0; i < match->source.count; i++)
	{
		size_t j = 0;

		while (j < all.count && all.items[j] != match->source.items[i])
			j++;
		if (j == all.count && FW_APPEND(all.items, all.count, match->source.items[i]))
			break;
	}
	name_sets(walk, &all, &walk->packet->source, walk->source_class, text, size);
	free(all.items);
}

/* Remembers what a rule could do that was skipped for want of knowledge: those within their limit do nothing
 * now, those that only count never decide. */
static void note_open(struct walk *walk, unsigned int index, const char *open, bool over, bool key_unknown)
{
	const struct fw_rule *rule = &walk->image->slot->rules[index];
	const bool limited = rule->unit != FW_UNIT_NONE;
	char *note = rule->action == FW_ACTION_ALLOW	   ? walk->may_allow
		     : rule->action == FW_ACTION_CHALLENGE ? walk->answers
							   : walk->may_drop;
	const char *does = rule->action == FW_ACTION_ALLOW ? "may let it pass"
			   : rule->action == FW_ACTION_CHALLENGE
				   ? "answers SYNs with cookies, a real client connects"
				   : "may drop it";

	if (note[0] || rule->action == FW_ACTION_LABEL || rule->action == FW_ACTION_COUNT ||
	    rule->flags & FW_RULE_COUNT_MODE)
		return;
	if (rule->action == FW_ACTION_ALLOW ? over : limited && !over && !key_unknown)
		return;
	if (rule->action == FW_ACTION_CHALLENGE)
		snprintf(note, sizeof(walk->may_drop), "rule %s %s%s", walk->policy->rules[index].name,
			 key_unknown ? "may be over its limit, then it " : "", does);
	else
		snprintf(note, sizeof(walk->may_drop), "rule %s %s: %s%s", walk->policy->rules[index].name,
			 does, open,
			 walk->packet->has_dest && !key_unknown ? "" : ": say --to IP:PORT/PROTO");
}

/* A rule that cannot be judged: what is missing, and its meter if it is known which. */
static void skip_rule(struct walk *walk, unsigned int index, const char *check, const char *why,
		      const char *missing)
{
	const struct fw_policy_rule *rule = &walk->policy->rules[index];
	const char *key = unknown_key(walk, rule);
	char meter[128] = "", open[256];
	bool over = !key && rule_is_over(walk, index, meter, sizeof(meter));

	snprintf(open, sizeof(open), "%s%s%s%s%s", missing[0] ? "depends on " : "", missing,
		 missing[0] && key ? ", " : "", key ? "counts per " : "", key ? key : "");
	step(walk, FW_EXPLAIN_SKIPPED, check, "%s%s%s%s%s%s%s", why, open,
	     walk->packet->has_dest && !key ? "" : ": say --to IP:PORT/PROTO",
	     meter[0] ? "; its meter: " : "", meter, over ? ", over the limit" : "",
	     over && rule->action == FW_ACTION_CHALLENGE
		     ? ": SYNs are answered with cookies, a real client connects"
		     : "");
	note_open(walk, index, open, over, key);
}

static bool check_rule(struct walk *walk, unsigned int index)
{
	const struct fw_policy_rule *rule = &walk->policy->rules[index];
	char missing[128], check[96], sets[256], why[400];
	bool on_trial, connection;
	enum fw_fit fit = rule_fit(walk, index, &on_trial, missing, sizeof(missing));

	snprintf(check, sizeof(check), "rule %s", rule->name);
	if (rule->match.log) {
		step(walk, FW_EXPLAIN_SKIPPED, check,
		     "counts lines of log '%s', not packets; it acts by bans",
		     walk->policy->logs[rule->match.log - 1].name);
		return false;
	}
	connection = hinges_on_connection(walk, index, fit);
	if (fit == FW_FIT_NO) {
		step(walk, FW_EXPLAIN_NO_MATCH, check, "does not match%s",
		     connection ? ": not verified; it would, for packets of a connection that is open now"
				: "");
		return false;
	}
	name_sources(walk, rule, sets, sizeof(sets));
	snprintf(why, sizeof(why), "%s%s%s", sets, sets[0] ? "; " : "",
		 connection ? "not verified, unless it has an open connection now; " : "");
	if (fit == FW_FIT_MAYBE || unknown_key(walk, rule)) {
		skip_rule(walk, index, check, why, missing);
		return false;
	}
	return rule_decides(walk, index, on_trial, check, why);
}

static bool drops(enum fw_reason reason)
{
#define FW_IS_PASS		  0ULL
#define FW_IS_DROP		  1ULL
#define FW_IS_ANSWER		  0ULL /* who receives it connects */
#define X(id, action, word, help) | FW_IS_##action << FW_REASON_##id
	return (0 FW_REASONS(X)) >> reason & 1;
#undef X
}

/* Skipped rules that drop matter to what would pass, those that allow to what would be dropped. */
static void conclude(struct walk *walk)
{
	struct fw_explanation *out = walk->out;
	const char *open = drops(out->reason) ? walk->may_allow
			   : out->reason == FW_REASON_NO_RULE || out->reason == FW_REASON_RULE_ALLOW
				   ? walk->may_drop
				   : "";

	out->depends = open[0];
	if (!open[0] && !drops(out->reason))
		open = walk->answers;
	snprintf(out->but, sizeof(out->but), "%s", open);
}

void fw_explain(const struct fw_policy *policy, const struct fw_image *image,
		const struct fw_explain_packet *packet, const struct fw_explain_reader *reader,
		struct fw_explanation *ret)
{
	struct walk walk = {.policy = policy, .image = image, .packet = packet, .reader = reader, .out = ret};
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
		.dest_port = packet->dest_port,
	};
	if (packet->protocol_assumed)
		step(&walk, FW_EXPLAIN_SKIPPED, "protocol",
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
	}
	for (unsigned int i = 0; i < policy->rule_count && !decided; i++)
		decided = check_rule(&walk, i);
	if (!decided)
		step(&walk, FW_EXPLAIN_MATCH, "default", "no rule decided: passes");
	ret->verdict = drops(ret->reason) ? image->slot->count_ifaces == UINT32_MAX ? FW_VERDICT_WOULD_DROP
										    : FW_VERDICT_DROP
		       : walk.would_drop  ? FW_VERDICT_WOULD_DROP
					  : FW_VERDICT_PASS;
	conclude(&walk);
}

void fw_explanation_done(struct fw_explanation *explanation)
{
	free(explanation->steps);
	*explanation = (struct fw_explanation){};
}
