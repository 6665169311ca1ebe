// SPDX-License-Identifier: Apache-2.0
/* Addresses in requests. */
#include "agent/sources.h"

#include <stdarg.h>
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

/* Sentences about some, and how many more there are. */
struct naming {
	char *text;
	size_t size, used, count;
	const char *between;
};

static void append(struct naming *naming, const char *format, va_list arguments)
{
	int length = vsnprintf(naming->text + naming->used, naming->size - naming->used, format, arguments);

	if (length > 0)
		naming->used += (size_t)length < naming->size - naming->used
					? (size_t)length
					: naming->size - naming->used - 1;
}

static void say(struct naming *naming, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct naming *naming, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	append(naming, format, arguments);
	va_end(arguments);
}

/* Whether this one is to be said, behind those before it. */
static bool begin_next(struct naming *naming)
{
	if (naming->count++ >= FW_SOURCES_NAMED_MAX)
		return false;
	if (naming->count > 1)
		say(naming, "%s", naming->between);
	return true;
}

static void end_naming(struct naming *naming)
{
	if (naming->count > FW_SOURCES_NAMED_MAX)
		say(naming, "%sand %zu more", naming->between, naming->count - FW_SOURCES_NAMED_MAX);
}

/* An entry of never_block that has part of a prefix or all of it, as the packet path has it: with live
 * changes and feeds. */
struct protection {
	const struct fw_prefix *entry;
	const char *set;
};

/* How many there are, the first of them in ret. */
static size_t find_never_block(const struct fw_agent *agent, const struct fw_prefix *prefix,
			       struct protection ret[FW_SOURCES_NAMED_MAX])
{
	const struct fw_policy *policy = agent->loaded->policy;
	size_t found = 0, named = 0;

	for (size_t i = 0; i < policy->never_block.count; i++) {
		const struct fw_prefix *met[FW_SOURCES_NAMED_MAX];
		unsigned int set = policy->never_block.items[i];
		size_t count = fw_members_meet(&agent->loaded->image->truth->members, set, prefix, met,
					       FW_SOURCES_NAMED_MAX);

		for (size_t k = 0; k < count && named < FW_SOURCES_NAMED_MAX; k++)
			ret[named++] = (struct protection){met[k], policy->sets[set].name};
		found += count;
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
	struct naming naming = {.text = text, .size = size, .between = "; "};
	struct protection never_block[FW_SOURCES_NAMED_MAX];
	size_t count = find_never_block(agent, prefix, never_block);
	char address[FW_ADDR_TEXT_MAX];

	text[0] = '\0';
	for (size_t i = 0; i < spared->current_count; i++)
		if (fw_prefix_contains(prefix, &spared->current[i].addr) && begin_next(&naming))
			say(&naming, "%s %s",
			    fw_addr_format(&spared->current[i].addr, address, sizeof(address)),
			    spared_as[spared->current[i].kind]);
	for (size_t i = 0; i < count; i++)
		if (begin_next(&naming))
			say(&naming, "protected by never_block: %s in set '%s'",
			    fw_prefix_format(never_block[i].entry, address, sizeof(address)),
			    never_block[i].set);
	end_naming(&naming);
}

static json_t *spared_to_json(const struct fw_spared_entry *entry, const char *rule)
{
	bool answers = entry->kind == FW_SPARED_RESOLVER || entry->kind == FW_SPARED_TIME_SERVER;
	char address[FW_ADDR_TEXT_MAX];

	fw_addr_format(&entry->addr, address, sizeof(address));
	return answers ? json_sprintf(
				 "%s %s: its answers pass before every rule, as long as they are not too "
				 "many; whatever else it sends is left to rule '%s'",
				 address, spared_as[entry->kind], rule)
		       : json_sprintf("%s %s: while that is so, it passes before every rule, and rule '%s' "
				      "drops nothing of it",
				      address, spared_as[entry->kind], rule);
}

static json_t *never_block_to_json(const struct fw_agent *agent, const struct fw_prefix *prefix,
				   const struct protection *protection, const char *rule)
{
	bool limited = agent->loaded->policy->never_block_limit.unit != FW_UNIT_NONE;
	const char *part = fw_prefix_covers(protection->entry, prefix) ? "" : "part of ";
	char source[FW_ADDR_TEXT_MAX], member[FW_ADDR_TEXT_MAX];

	fw_prefix_format(prefix, source, sizeof(source));
	fw_prefix_format(protection->entry, member, sizeof(member));
	return limited ? json_sprintf(
				 "%s%s is protected by never_block: %s in set '%s': that passes before "
				 "every rule up to the limit of never_block, and rule '%s' drops only what "
				 "is beyond",
				 part, source, member, protection->set, rule)
		       : json_sprintf("%s%s is protected by never_block: %s in set '%s': that passes before "
				      "every rule, and rule '%s' drops nothing of it",
				      part, source, member, protection->set, rule);
}

size_t fw_sources_spared(const struct fw_agent *agent, const struct fw_prefix *prefix, const char *rule,
			 size_t most, json_t *sentences)
{
	const struct fw_spared_watch *spared = &agent->spared;
	struct protection never_block[FW_SOURCES_NAMED_MAX];
	size_t count = find_never_block(agent, prefix, never_block), found = 0;

	for (size_t i = 0; i < spared->current_count; i++)
		if (spared->current[i].kind != FW_SPARED_SSH &&
		    fw_prefix_contains(prefix, &spared->current[i].addr) && found++ < most)
			json_array_append_new(sentences, spared_to_json(&spared->current[i], rule));
	for (size_t i = 0; i < count; i++)
		if (found++ < most && i < FW_SOURCES_NAMED_MAX)
			json_array_append_new(sentences,
					      never_block_to_json(agent, prefix, &never_block[i], rule));
	return found;
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

static void name_own_addresses(const struct fw_own_hosts *own, const struct fw_prefix *prefix, char *text,
			       size_t size)
{
	struct naming naming = {.text = text, .size = size, .between = ", "};
	char address[FW_ADDR_TEXT_MAX];

	for (size_t i = 0; i < own->network_count; i++) {
		if (!fw_prefix_contains(prefix, &own->networks[i].addr))
			continue;
		if (!naming.count)
			say(&naming,
			    prefix->bits == 128 ? "it is this host itself: " : "it holds this host itself: ");
		if (begin_next(&naming))
			say(&naming, "%s of %s",
			    fw_addr_format(&own->networks[i].addr, address, sizeof(address)),
			    own->networks[i].interface);
	}
	end_naming(&naming);
}

static void name_ssh_peers(const struct fw_own_hosts *own, const struct fw_prefix *prefix, char *text,
			   size_t size)
{
	struct naming naming = {.text = text, .size = size, .between = ", "};
	char address[FW_ADDR_TEXT_MAX];

	for (size_t i = 0; i < own->ssh.count; i++)
		if (fw_prefix_contains(prefix, &own->ssh.items[i].addr) && begin_next(&naming))
			say(&naming, "%s", fw_addr_format(&own->ssh.items[i].addr, address, sizeof(address)));
	end_naming(&naming);
	if (naming.count)
		say(&naming,
		    " %s a live SSH session with this host, and nothing protects %s (safety: "
		    "{protect_ssh_clients: false}): it would be cut off",
		    naming.count > 1 ? "each have" : "has", naming.count > 1 ? "them" : "it");
}

void fw_sources_risk(const struct fw_own_hosts *own, const struct fw_prefix *prefix, char *text, size_t size)
{
	char addresses[FW_SOURCES_TEXT_MAX / 2] = "", peers[FW_SOURCES_TEXT_MAX / 2] = "";

	if (is_too_wide(prefix)) {
		snprintf(text, size, "it covers more than 1/16 of all addresses" FORCE);
		return;
	}
	if (fw_addr_is_loopback(&prefix->addr)) {
		snprintf(text, size, "it is the loopback, by which this host speaks to itself" FORCE);
		return;
	}
	name_own_addresses(own, prefix, addresses, sizeof(addresses));
	name_ssh_peers(own, prefix, peers, sizeof(peers));
	snprintf(text, size, "%s%s%s%s", addresses, addresses[0] && peers[0] ? "; " : "", peers,
		 addresses[0] || peers[0] ? FORCE : "");
}
