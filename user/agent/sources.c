// SPDX-License-Identifier: Apache-2.0
/* Addresses in requests. */
#include "agent/sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "policy/lists.h"

#define WIDEST 4 /* 1/16 of a family */
#define FORCE  "; --force bans it all the same"

bool fw_sources_parse(json_t *texts, struct fw_prefix **ret, struct fw_answer *answer)
{
	struct fw_prefix *prefixes = calloc(json_array_size(texts) + 1, sizeof(*prefixes));
	struct fw_err err = {};
	json_t *item;
	size_t i;

	if (!prefixes) {
		fw_reply(answer, NULL);
		return false;
	}
	json_array_foreach (texts, i, item) {
		if (!fw_prefix_parse(json_string_value(item), &prefixes[i], &err))
			continue;
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-address", NULL, "'%.80s': %s; nothing was changed",
			json_string_value(item), err.text);
		free(prefixes);
		return false;
	}
	*ret = prefixes;
	return true;
}

bool fw_set_covering(const struct fw_agent *agent, unsigned int set, const struct fw_addr *addr,
		     struct fw_prefix *ret)
{
	const struct fw_set *known = &agent->loaded->policy->sets[set];
	const struct fw_prefix *best = NULL;

	for (size_t i = 0; i < known->prefix_count; i++)
		if (fw_prefix_contains(&known->prefixes[i], addr) &&
		    (!best || known->prefixes[i].bits > best->bits))
			best = &known->prefixes[i];
	for (size_t i = 0; i < agent->drift.set_count; i++) {
		const struct fw_set_change *change = &agent->drift.sets[i].change;

		if (!change->removed && !strcmp(change->set, known->name) &&
		    fw_prefix_contains(&change->prefix, addr) && (!best || change->prefix.bits > best->bits))
			best = &change->prefix;
	}
	if (best)
		*ret = *best;
	return best != NULL;
}

/* What of never_block has part of the prefix or all of it, as the packet path has it: with live changes and
 * feeds. NULL: nothing. */
static const struct fw_prefix *find_never_block(const struct fw_agent *agent, const struct fw_prefix *prefix,
						const char **ret_set)
{
	const struct fw_policy *policy = agent->loaded->policy;
	const struct fw_prefix *found = NULL;

	for (size_t i = 0; i < policy->never_block.count && !found; i++) {
		*ret_set = policy->sets[policy->never_block.items[i]].name;
		found = fw_members_meet(&agent->loaded->image->truth->members, policy->never_block.items[i],
					prefix);
	}
	return found;
}

static const char *const spared_as[] = {
	[FW_SPARED_SSH] = "has a live SSH session with this host",
	[FW_SPARED_GATEWAY] = "is a gateway of this host",
	[FW_SPARED_RESOLVER] = "is a DNS resolver of this host",
	[FW_SPARED_TIME_SERVER] = "is a time server of this host",
	[FW_SPARED_ALLOWED] = "was allowed with 'floodwall allow'",
};

void fw_sources_protector(const struct fw_agent *agent, const struct fw_prefix *prefix, char *text,
			  size_t size)
{
	const struct fw_spared_watch *spared = &agent->spared;
	const struct fw_prefix *never_block;
	char address[FW_ADDR_TEXT_MAX];
	const char *set;

	text[0] = '\0';
	for (size_t i = 0; i < spared->current_count && !text[0]; i++)
		if (fw_prefix_contains(prefix, &spared->current[i].addr))
			snprintf(text, size, "%s %s",
				 fw_addr_format(&spared->current[i].addr, address, sizeof(address)),
				 spared_as[spared->current[i].kind]);
	never_block = text[0] ? NULL : find_never_block(agent, prefix, &set);
	if (never_block)
		snprintf(text, size, "protected by never_block: %s in set '%s'",
			 fw_prefix_format(never_block, address, sizeof(address)), set);
}

static void name_spared(const struct fw_agent *agent, const struct fw_prefix *prefix, const char *rule,
			char *text, size_t size)
{
	const struct fw_spared_watch *spared = &agent->spared;
	char address[FW_ADDR_TEXT_MAX];

	for (size_t i = 0; i < spared->current_count && !text[0]; i++) {
		enum fw_spared_kind kind = spared->current[i].kind;
		bool answers = kind == FW_SPARED_RESOLVER || kind == FW_SPARED_TIME_SERVER;

		if (kind == FW_SPARED_SSH || !fw_prefix_contains(prefix, &spared->current[i].addr))
			continue;
		fw_addr_format(&spared->current[i].addr, address, sizeof(address));
		if (answers)
			snprintf(text, size,
				 "%s %s: its answers pass before every rule, as long as they are not too "
				 "many; whatever else it sends is left to rule '%s'",
				 address, spared_as[kind], rule);
		else
			snprintf(text, size,
				 "%s %s: while that is so, it passes before every rule, and rule '%s' drops "
				 "nothing of it",
				 address, spared_as[kind], rule);
	}
}

static void say_never_block(const struct fw_agent *agent, const struct fw_prefix *prefix, const char *rule,
			    char *text, size_t size)
{
	bool limited = agent->loaded->policy->never_block_limit.unit != FW_UNIT_NONE;
	char source[FW_ADDR_TEXT_MAX], member[FW_ADDR_TEXT_MAX];
	const struct fw_prefix *never_block;
	const char *set, *part;

	never_block = find_never_block(agent, prefix, &set);
	if (!never_block)
		return;
	part = fw_prefix_covers(never_block, prefix) ? "" : "part of ";
	fw_prefix_format(prefix, source, sizeof(source));
	fw_prefix_format(never_block, member, sizeof(member));
	if (limited)
		snprintf(text, size,
			 "%s%s is protected by never_block: %s in set '%s': that passes before every rule up "
			 "to the limit of never_block, and rule '%s' drops only what is beyond",
			 part, source, member, set, rule);
	else
		snprintf(text, size,
			 "%s%s is protected by never_block: %s in set '%s': that passes before every rule, "
			 "and rule '%s' drops nothing of it",
			 part, source, member, set, rule);
}

void fw_sources_spared(const struct fw_agent *agent, const struct fw_prefix *prefix, const char *rule,
		       char *text, size_t size)
{
	text[0] = '\0';
	name_spared(agent, prefix, rule, text, size);
	if (!text[0])
		say_never_block(agent, prefix, rule, text, size);
}

void fw_own_hosts_read(const struct fw_agent *agent, struct fw_own_hosts *ret)
{
	const struct fw_spared_watch *spared = &agent->spared;
	struct fw_err err = {};

	*ret = (struct fw_own_hosts){};
	(void)fw_own_networks_read(&ret->networks, &ret->network_count);
	if (!agent->loaded->policy->safety.protect_ssh_clients)
		(void)fw_spared_ssh_peers(&ret->ssh, spared->ssh_ports, spared->ssh_port_count, &err);
}

void fw_own_hosts_done(struct fw_own_hosts *own)
{
	free(own->networks);
	free(own->ssh.items);
	*own = (struct fw_own_hosts){};
}

static bool is_too_wide(const struct fw_prefix *prefix)
{
	unsigned int front = fw_prefix_family(prefix) == FW_FAMILY_V4 ? FW_V4_BITS : 0;

	return prefix->bits < front + WIDEST;
}

static void name_own_address(const struct fw_own_hosts *own, const struct fw_prefix *prefix, char *text,
			     size_t size)
{
	char address[FW_ADDR_TEXT_MAX];

	for (size_t i = 0; i < own->network_count && !text[0]; i++)
		if (fw_prefix_contains(prefix, &own->networks[i].addr))
			snprintf(text, size,
				 prefix->bits == 128 ? "it is this host itself: %s of %s" FORCE
						     : "it holds this host itself: %s of %s" FORCE,
				 fw_addr_format(&own->networks[i].addr, address, sizeof(address)),
				 own->networks[i].interface);
}

static void name_ssh_peer(const struct fw_own_hosts *own, const struct fw_prefix *prefix, char *text,
			  size_t size)
{
	char address[FW_ADDR_TEXT_MAX];

	for (size_t i = 0; i < own->ssh.count && !text[0]; i++)
		if (fw_prefix_contains(prefix, &own->ssh.items[i].addr))
			snprintf(text, size,
				 "%s has a live SSH session with this host, and nothing protects it (safety: "
				 "{protect_ssh_clients: false}): it would be cut off" FORCE,
				 fw_addr_format(&own->ssh.items[i].addr, address, sizeof(address)));
}

void fw_sources_risk(const struct fw_own_hosts *own, const struct fw_prefix *prefix, char *text, size_t size)
{
	text[0] = '\0';
	if (is_too_wide(prefix))
		snprintf(text, size, "it covers more than 1/16 of all addresses" FORCE);
	else if (fw_addr_is_loopback(&prefix->addr))
		snprintf(text, size, "it is the loopback, by which this host speaks to itself" FORCE);
	if (!text[0])
		name_own_address(own, prefix, text, size);
	if (!text[0])
		name_ssh_peer(own, prefix, text, size);
}
