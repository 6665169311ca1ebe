// SPDX-License-Identifier: Apache-2.0
/* Rules that drop this machine's own networks, its own addresses or hosts that it needs, or all but a trickle
 * of what comes from there: lists of bogons and private ranges are made for an uplink. Pure.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "policy/check.h"
#include "policy/lists.h"
#include "policy/match.h"

static bool is_link_local(const struct fw_own_network *own)
{
	return (ntohl(own->addr.w[0]) & 0xffc00000) == 0xfe800000;
}

/* Police passes the first of it: with less than this a neighbour's session does not work. */
#define FEW_PACKETS_PER_SECOND 100
#define FEW_BYTES_PER_SECOND   125000

static bool is_starving(const struct fw_policy_rule *rule)
{
	double per_second = (double)rule->limit.amount * 1e9 /
			    (double)(rule->limit.window_ns ? rule->limit.window_ns : 1000000000);

	return (rule->limit.unit == FW_UNIT_PACKETS && per_second <= FEW_PACKETS_PER_SECOND) ||
	       (rule->limit.unit == FW_UNIT_BYTES && per_second <= FEW_BYTES_PER_SECOND);
}

/* In peace it counts, and once an attack is seen it is too late for a warning. */
static bool waits_for_attack(const struct fw_policy_rule *rule)
{
	return rule->mode == FW_MODE_ATTACK;
}

/* Terms of the rule that take the address because a list has it, and not only a feed on trial. */
static bool drops(const struct fw_policy *policy, const struct fw_image *image, size_t rule,
		  unsigned int class)
{
	const struct fw_rule *compiled = &image->slot->rules[rule];
	bool all = compiled->action == FW_ACTION_BLOCK && compiled->unit == FW_UNIT_NONE;
	bool nearly_all = policy->rules[rule].action == FW_ACTION_POLICE && is_starving(&policy->rules[rule]);
	bool counts = compiled->flags & FW_RULE_COUNT_MODE && !waits_for_attack(&policy->rules[rule]);

	return class && (all || nearly_all) && !counts &&
	       !(image->classes[class].flags & FW_CLASS_NEVER_BLOCK) &&
	       compiled->terms & image->classes[class].source_terms &
		       ~image->classes[class].source_count_terms & ~image->classes[0].source_terms;
}

/* A rule before it lets everything pass that comes from there. */
static bool is_allowed_before(const struct fw_policy *policy, const struct fw_image *image, size_t rule,
			      unsigned int class)
{
	for (size_t i = 0; i < rule; i++) {
		const struct fw_policy_rule *before = &policy->rules[i];
		const struct fw_policy_rule same_sources = {
			.match = {.source = before->match.source, .source_not = before->match.source_not}};

		if (before->action == FW_ACTION_ALLOW && before->limit.unit == FW_UNIT_NONE &&
		    image->slot->rules[i].terms & image->classes[class].source_terms &&
		    fw_rule_covers(before, &same_sources))
			return true;
	}
	return false;
}

static bool loses_class(const struct fw_policy *policy, const struct fw_image *image, size_t rule,
			unsigned int class)
{
	return drops(policy, image, rule, class) && !is_allowed_before(policy, image, rule, class);
}

static bool loses(const struct fw_policy *policy, const struct fw_image *image, size_t rule,
		  const struct fw_addr *addr)
{
	return loses_class(policy, image, rule, fw_image_classify(image, addr));
}

static bool loses_any(const struct fw_policy *policy, const struct fw_image *image, size_t rule)
{
	for (unsigned int class = 1; class < image->class_count; class ++)
		if (!policy->rules[rule].match.log && loses_class(policy, image, rule, class))
			return true;
	return false;
}

static const char *set_that_has(const struct fw_policy *policy, const struct fw_image *image, size_t rule,
				const struct fw_addr *addr)
{
	unsigned int class = fw_image_classify(image, addr);

	fw_rule_each_mention(match, &policy->rules[rule])
	{
		for (size_t i = 0; i < match->source.count; i++)
			if (fw_bit_test(image->class_sets[class], match->source.items[i]))
				return policy->sets[match->source.items[i]].name;
	}
	return "its lists";
}

/* Whole, not as the head or tail of another one. */
static bool is_noted(const char *list, const char *text)
{
	const size_t length = strlen(text);

	for (const char *at = list; (at = strstr(at, text)); at++)
		if ((at == list || at[-1] == ' ' || at[-1] == '"') &&
		    (!at[length] || at[length] == ',' || at[length] == '"'))
			return true;
	return false;
}

/* "10.1.0.0/16, \"fd00::/64\"", as a policy file has them; what does not fit is left out. */
static void note_once(char *list, size_t size, const char *text)
{
	const char *quote = strchr(text, ':') ? "\"" : "";
	size_t used = strlen(list);

	if (!is_noted(list, text) && used + strlen(text) + 4 < size)
		snprintf(list + used, size - used, "%s%s%s%s", used ? ", " : "", quote, text, quote);
}

#define OTHERS_MAX 7

/* Those that a sentence does not name: "; the same goes for 10.0.0.2, 10.0.0.3, and 4 more". */
struct others {
	char named[FW_ADDR_TEXT_MAX], text[512];
	size_t count;
};

static void note_other(struct others *others, const char *text)
{
	size_t used = strlen(others->text);

	if (!strcmp(others->named, text) || is_noted(others->text, text))
		return;
	if (others->count++ < OTHERS_MAX)
		snprintf(others->text + used, sizeof(others->text) - used, "%s%s",
			 used ? ", " : "; the same goes for ", text);
}

static const char *say_others(struct others *others)
{
	size_t used = strlen(others->text);

	if (others->count > OTHERS_MAX)
		snprintf(others->text + used, sizeof(others->text) - used, ", and %zu more",
			 others->count - OTHERS_MAX);
	return others->text;
}

static const char *how_much(const struct fw_policy_rule *rule)
{
	return rule->action == FW_ACTION_POLICE ? "nearly all of " : "";
}

static const char *drops_word(const struct fw_policy_rule *rule, enum fw_reach reach)
{
	return waits_for_attack(rule)	    ? "would, while an attack lasts, drop"
	       : reach == FW_REACH_ENFORCED ? "drops"
					    : "would drop";
}

/* Before what comes of it. */
static const char *when_enforced(const struct fw_policy_rule *rule, enum fw_reach reach)
{
	return reach != FW_REACH_ENFORCED ? "nothing is dropped in mode: count, but once it is enforced "
	       : waits_for_attack(rule)	  ? "then "
					  : "";
}

/* Two addresses and no more: the other end of a point-to-point link. */
static bool is_pair(const struct fw_own_network *own)
{
	return own->network.bits == 127;
}

struct fw_addr fw_own_neighbour(const struct fw_own_network *own)
{
	struct fw_addr neighbour = own->addr;

	neighbour.w[3] ^= htonl(1);
	return neighbour;
}

/* What of an interface's network a rule drops. */
enum loss { NOTHING, OWN_ADDRESS, OWN_NETWORK };

static enum loss loss_of(const struct fw_policy *policy, const struct fw_image *image, size_t rule,
			 const struct fw_own_network *own)
{
	const struct fw_addr neighbour = fw_own_neighbour(own);
	bool self, other;

	if (own->loopback || own->network.bits == 128 || is_link_local(own))
		return NOTHING;
	self = loses(policy, image, rule, &own->addr);
	other = loses(policy, image, rule, &neighbour);
	/* A list with a single neighbour, and not this host, is none with their network. */
	if (other && (self || is_pair(own)))
		return OWN_NETWORK;
	return self ? OWN_ADDRESS : NOTHING;
}

static void warn_of_network(const struct fw_policy *policy, const struct fw_image *image, size_t rule,
			    const struct fw_near_network *near, const char *all, struct others *others,
			    struct fw_diags *diags)
{
	const struct fw_own_network *own = &near->own;
	const struct fw_policy_rule *from = &policy->rules[rule];
	const struct fw_addr neighbour = fw_own_neighbour(own);
	const char *cannot = from->action == FW_ACTION_POLICE ? "can hardly" : "cannot";
	const char *set = set_that_has(policy, image, rule, is_pair(own) ? &neighbour : &own->addr);
	char text[FW_ADDR_TEXT_MAX], hint[512];

	snprintf(hint, sizeof(hint),
		 "write source_not: [%s] into the rule, or name a set with it in never_block; leave the rule "
		 "if nobody there has business with this host",
		 all);
	if (is_pair(own))
		fw_diag_add(diags, from->mark, FW_SEVERITY_WARNING, "blocks-own-network", hint,
			    "rule '%s' %s %sthe other end of the point-to-point link %s: '%s' has %s; %sit "
			    "%s reach this host%s",
			    from->name, drops_word(from, near->reach), how_much(from), own->interface, set,
			    fw_addr_format(&neighbour, text, sizeof(text)), when_enforced(from, near->reach),
			    cannot, say_others(others));
	else
		fw_diag_add(diags, from->mark, FW_SEVERITY_WARNING, "blocks-own-network", hint,
			    "rule '%s' %s %sthis host's own network: '%s' has %s, which %s is in; %sits "
			    "neighbours there %s reach this host%s",
			    from->name, drops_word(from, near->reach), how_much(from), set,
			    fw_prefix_format(&own->network, text, sizeof(text)), own->interface,
			    when_enforced(from, near->reach), cannot, say_others(others));
}

static void warn_of_address(const struct fw_policy *policy, const struct fw_image *image, size_t rule,
			    const struct fw_near_network *near, struct others *others, struct fw_diags *diags)
{
	const struct fw_own_network *own = &near->own;
	const struct fw_policy_rule *from = &policy->rules[rule];
	char text[FW_ADDR_TEXT_MAX];

	fw_diag_add(diags, from->mark, FW_SEVERITY_WARNING, "lists-own-address",
		    "find out why it is listed and take it out; nothing is lost here as long as it stays",
		    "rule '%s' %s this host's own address: '%s' has %s of %s; no packet from outside "
		    "comes from there, but whoever else uses that list drops what this host sends%s",
		    from->name, drops_word(from, near->reach), set_that_has(policy, image, rule, &own->addr),
		    fw_addr_format(&own->addr, text, sizeof(text)), own->interface, say_others(others));
}

static const char *text_of(const struct fw_own_network *own, enum loss loss, char text[FW_ADDR_TEXT_MAX])
{
	return loss == OWN_NETWORK ? fw_prefix_format(&own->network, text, FW_ADDR_TEXT_MAX)
				   : fw_addr_format(&own->addr, text, FW_ADDR_TEXT_MAX);
}

/* But for the one that is named. */
static void find_others(const struct fw_policy *policy, const struct fw_image *image, size_t index,
			const struct fw_near_network *networks, size_t count,
			const struct fw_near_network *named, struct others *others)
{
	enum loss wanted = loss_of(policy, image, index, &named->own);
	char text[FW_ADDR_TEXT_MAX];

	snprintf(others->named, sizeof(others->named), "%s", text_of(&named->own, wanted, text));
	for (size_t i = 0; i < count; i++)
		if (networks[i].reach && loss_of(policy, image, index, &networks[i].own) == wanted)
			note_other(others, text_of(&networks[i].own, wanted, text));
}

static void check_rule(const struct fw_policy *policy, const struct fw_image *image, size_t index,
		       const struct fw_near_network *networks, size_t count, struct fw_diags *diags)
{
	const struct fw_near_network *first = NULL, *listed = NULL;
	char text[FW_ADDR_TEXT_MAX], all[256] = "";
	struct others others = {};

	for (size_t i = 0; i < count; i++) {
		const struct fw_near_network *near = &networks[i];
		enum loss loss = near->reach ? loss_of(policy, image, index, &near->own) : NOTHING;

		if (loss == OWN_ADDRESS && !listed)
			listed = near;
		if (loss != OWN_NETWORK)
			continue;
		if (!first || first->reach < near->reach)
			first = near;
		note_once(all, sizeof(all), fw_prefix_format(&near->own.network, text, sizeof(text)));
	}
	if (first || listed)
		find_others(policy, image, index, networks, count, first ? first : listed, &others);
	if (first)
		warn_of_network(policy, image, index, first, all, &others, diags);
	else if (listed)
		warn_of_address(policy, image, index, listed, &others, diags);
}

void fw_check_own_networks(const struct fw_policy *policy, const struct fw_image *image,
			   const struct fw_near_network *networks, size_t count, struct fw_diags *diags)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (!policy->rules[i].match.log)
			check_rule(policy, image, i, networks, count, diags);
}

/* What comes of it when a rule drops what a host of this kind sends; NULL: that passes before any rule. */
static const char *consequence(const struct fw_policy *policy, enum fw_spared_kind kind, bool at_once)
{
	switch (kind) {
	case FW_SPARED_SSH:
		return policy->safety.protect_ssh_clients
			       ? "the session passes while it lasts, up to safety: ssh_limit, and when it is "
				 "over no other one begins"
		       : at_once ? "the session is cut off as soon as this is in force"
				 : "the session is cut off";
	case FW_SPARED_GATEWAY:
		return policy->safety.protect_gateways
			       ? NULL
			       : "its errors do not arrive, so connections hang instead of failing";
	case FW_SPARED_RESOLVER:
		return policy->safety.protect_gateways ? NULL
						       : "its answers do not arrive, so names are not found";
	case FW_SPARED_TIME_SERVER:
		return policy->safety.protect_gateways ? NULL
						       : "its answers do not arrive, so the clock drifts";
	case FW_SPARED_ALLOWED:
		break; /* by an operator, who has been asked already */
	}
	return NULL;
}

static bool loses_host(const struct fw_policy *policy, const struct fw_image *image, size_t rule,
		       enum fw_spared_kind kind, const struct fw_near_host *host)
{
	return host->kind == kind && host->reach && !fw_addr_is_loopback(&host->addr) &&
	       loses(policy, image, rule, &host->addr);
}

static void check_kind(const struct fw_policy *policy, const struct fw_image *image, size_t rule,
		       enum fw_spared_kind kind, const struct fw_near_host *hosts, size_t count,
		       struct fw_diags *diags)
{
	static const struct {
		const char *code, *what;
	} words[] = {[FW_SPARED_SSH] = {"blocks-ssh-peer", "who has a live SSH session with this host"},
		     [FW_SPARED_GATEWAY] = {"blocks-gateway", "a default gateway of this host"},
		     [FW_SPARED_RESOLVER] = {"blocks-resolver", "a resolver of this host"},
		     [FW_SPARED_TIME_SERVER] = {"blocks-time-server", "a time server of this host"}};
	const struct fw_policy_rule *from = &policy->rules[rule];
	char text[FW_ADDR_TEXT_MAX], hint[512], all[256] = "";
	const struct fw_near_host *first = NULL;
	struct others others = {};
	bool at_once;

	for (size_t i = 0; i < count; i++) {
		if (!loses_host(policy, image, rule, kind, &hosts[i]))
			continue;
		if (!first || first->reach < hosts[i].reach)
			first = &hosts[i];
		note_once(all, sizeof(all), fw_addr_format(&hosts[i].addr, text, sizeof(text)));
	}
	if (!first)
		return;
	fw_addr_format(&first->addr, others.named, sizeof(others.named));
	for (size_t i = 0; i < count; i++)
		if (loses_host(policy, image, rule, kind, &hosts[i]))
			note_other(&others, fw_addr_format(&hosts[i].addr, text, sizeof(text)));
	snprintf(hint, sizeof(hint), "name a set with [%s] in never_block, or write source_not into the rule",
		 all);
	at_once = first->reach == FW_REACH_ENFORCED && !waits_for_attack(from);
	fw_diag_add(diags, from->mark, FW_SEVERITY_WARNING, words[kind].code, hint,
		    "rule '%s' %s %s%s, %s: '%s' has it; %s%s%s", from->name, drops_word(from, first->reach),
		    how_much(from), fw_addr_format(&first->addr, text, sizeof(text)), words[kind].what,
		    set_that_has(policy, image, rule, &first->addr), when_enforced(from, first->reach),
		    consequence(policy, kind, at_once), say_others(&others));
}

void fw_check_needed_hosts(const struct fw_policy *policy, const struct fw_image *image,
			   const struct fw_near_host *hosts, size_t count, struct fw_diags *diags)
{
	static const enum fw_spared_kind kinds[] = {FW_SPARED_SSH, FW_SPARED_GATEWAY, FW_SPARED_RESOLVER,
						    FW_SPARED_TIME_SERVER};

	for (size_t i = 0; i < policy->rule_count; i++)
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
			if (!policy->rules[i].match.log && consequence(policy, kinds[k], true))
				check_kind(policy, image, i, kinds[k], hosts, count, diags);
}

void fw_check_named_servers(const struct fw_policy *policy, const struct fw_image *image, char *const *names,
			    size_t count, struct fw_diags *diags)
{
	const char *lost = consequence(policy, FW_SPARED_TIME_SERVER, true);
	char all[512] = "";
	size_t rule = 0;

	while (rule < policy->rule_count && !loses_any(policy, image, rule))
		rule++;
	if (!count || !lost || rule == policy->rule_count)
		return;
	for (size_t i = 0; i < count; i++)
		note_once(all, sizeof(all), names[i]);
	fw_diag_add(
		diags, policy->rules[rule].mark, FW_SEVERITY_WARNING, "unknown-time-server",
		"name what they have now in safety: {time_servers: […]} to have it compared, or let their "
		"answers pass with protect_gateways: true",
		"the lists of rule '%s' were not compared with time servers that this host has by name, "
		"as their addresses are not known here: %s; if one is listed, %s",
		policy->rules[rule].name, all, lost);
}
