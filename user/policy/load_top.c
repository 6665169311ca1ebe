// SPDX-License-Identifier: Apache-2.0
/* Readers of the keys that stand at the top of the file, except sets and rules. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fw_config.h"
#include "lib/grow.h"
#include "policy/load.h"

#define CONFIRM_MIN_NS	       (5 * FW_NS_PER_SEC)
#define CONFIRM_MAX_NS	       (3600 * FW_NS_PER_SEC)
#define ENTRIES_MIN	       1024
#define ENTRIES_MAX	       (1ULL << 26)
#define ESSENTIAL_MAX	       1000000000ULL
#define ATTACK_MAX	       1000000000ULL
#define REPLIES_MAX	       1000000000ULL
#define REPLIES_PER_PREFIX_MAX 1000000ULL /* FW_REPLY_COUNT_BITS */
#define WSCALE_MAX	       14	  /* RFC 7323 */
#define MEMORY_MIN	       (1ULL << 20)
#define MEMORY_MAX	       (1ULL << 50)

void fw_load_version(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	const char *text;

	(void)target;
	if (fw_read_text(loader, value, &text) && strcmp(text, "1"))
		fw_complain(loader, value, "bad-version", "write 'version: 1'",
			    "version '%.40s' is not known, this program reads version 1", text);
}

void fw_load_mode(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy *policy = target;
	unsigned int mode;

	if (fw_read_word(loader, value, &fw_mode_words, "mode", &mode))
		policy->mode = (enum fw_mode)mode;
}

void fw_load_on_exit(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy *policy = target;
	unsigned int word;

	if (fw_read_word(loader, value, &fw_on_exit_words, "on_exit", &word))
		policy->on_exit = (enum fw_on_exit)word;
}

void fw_load_memory_limit(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy *policy = target;

	fw_read_amount(loader, value, MEMORY_MIN, MEMORY_MAX, &policy->memory_limit);
}

void fw_load_interface_name(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_interface *interface = target;
	const char *name;

	if (!fw_read_text(loader, value, &name))
		return;
	if (strlen(name) >= IF_NAMESIZE || strpbrk(name, "/ \t\n:") || !strcmp(name, ".") ||
	    !strcmp(name, "..")) {
		fw_complain(loader, value, "bad-interface",
			    "at most 15 characters, none of them '/', ':' or a space",
			    "'%.80s' cannot be the name of an interface", name);
		return;
	}
	for (size_t i = 0; i < loader->policy->interface_count; i++)
		if (!strcmp(loader->policy->interfaces[i].name, name))
			fw_complain(loader, value, "duplicate-interface", NULL,
				    "interface '%s' is listed twice", name);
	snprintf(interface->name, sizeof(interface->name), "%s", name);
}

void fw_load_interface_xdp(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_interface *interface = target;
	unsigned int mode;

	if (fw_read_word(loader, value, &fw_xdp_mode_words, "XDP mode", &mode))
		interface->xdp = (enum fw_xdp_mode)mode;
}

void fw_load_interface_mode(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_interface *interface = target;
	unsigned int mode;

	if (fw_read_word(loader, value, &fw_mode_words, "mode", &mode))
		interface->mode = (enum fw_mode)mode;
}

void fw_load_interface_chain(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_bool(loader, value, &((struct fw_interface *)target)->chain);
}

void fw_load_interfaces(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy *policy = target;

	fw_node_each (item, value) {
		struct fw_interface interface = {.mode = FW_MODE_INHERIT, .mark = item->mark};

		if (policy->interface_count == FW_IFACES_MAX) {
			fw_complain(loader, item, "too-many", NULL, "more than %d interfaces", FW_IFACES_MAX);
			return;
		}
		if (item->kind == FW_NODE_SCALAR)
			fw_load_interface_name(loader, item, &interface);
		else
			fw_load_object(loader, item, "interface", "an interface", &interface);
		if (*interface.name && FW_APPEND(policy->interfaces, policy->interface_count, interface))
			loader->out_of_memory = true;
	}
}

void fw_load_never_block_sets(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy *policy = target;

	fw_load_set_refs(loader, value, "never_block.entries", &policy->never_block);
}

/* Up to which somebody passes before the rules. */
static void load_spared_limit(struct fw_loader *loader, const struct fw_node *value, const char *what,
			      struct fw_limit *ret)
{
	struct fw_limit limit;

	if (!fw_read_limit(loader, value, &limit))
		return;
	if (limit.unit == FW_UNIT_CONNECTIONS || limit.unit == FW_UNIT_REQUESTS)
		fw_complain(loader, value, "bad-limit", NULL, "%s counts packets or bytes", what);
	else
		*ret = limit;
}

void fw_load_never_block_limit(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_spared_limit(loader, value, "never_block", &((struct fw_policy *)target)->never_block_limit);
}

/* Whoever publishes the list would decide who is never stopped. */
static void warn_of_feeds(struct fw_loader *loader, const struct fw_node *value)
{
	const struct fw_policy *policy = loader->policy;

	for (size_t i = 0; i < policy->never_block.count; i++) {
		const struct fw_set *set = &policy->sets[policy->never_block.items[i]];

		if (set->kind == FW_SET_FEED)
			fw_diag_add(loader->diags, value->key->mark, FW_SEVERITY_WARNING, "never-block-feed",
				    "use a rule with action: allow and a limit",
				    "never_block names the feed '%s': whoever publishes it decides who is "
				    "never stopped",
				    set->name);
	}
}

void fw_load_never_block(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy *policy = target;

	if (value->kind == FW_NODE_MAP)
		fw_load_object(loader, value, "never_block", "never_block", target);
	else
		fw_load_never_block_sets(loader, value, target);
	warn_of_feeds(loader, value);
	if (policy->never_block.count && !fw_node_get(value, "limit"))
		fw_diag_add(loader->diags, value->key->mark, FW_SEVERITY_NOTE, "never-block-unlimited",
			    "never_block: {sets: [...], limit: 200k packets/1s}",
			    "never_block has no limit: whoever forges one of its addresses is never stopped");
}

void fw_load_safety(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_load_object(loader, value, "safety", "safety", target);
}

void fw_load_protect_ssh_clients(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_bool(loader, value, &((struct fw_policy *)target)->safety.protect_ssh_clients);
}

void fw_load_protect_gateways(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_bool(loader, value, &((struct fw_policy *)target)->safety.protect_gateways);
}

void fw_load_confirm_timeout(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_duration(loader, value, CONFIRM_MIN_NS, CONFIRM_MAX_NS,
			 &((struct fw_policy *)target)->safety.confirm_timeout_ns);
}

/* Exact addresses are what the packet path spares. */
static void load_hosts(struct fw_loader *loader, const struct fw_node *value, const char *anonymous,
		       struct fw_set_refs *refs)
{
	const struct fw_policy *policy = loader->policy;

	fw_load_set_refs(loader, value, anonymous, refs);
	for (size_t i = 0; i < refs->count; i++) {
		const struct fw_set *set = &policy->sets[refs->items[i]];
		size_t j = 0;

		while (j < set->prefix_count && set->prefixes[j].bits == 128)
			j++;
		if (j < set->prefix_count || set->kind == FW_SET_FEED)
			fw_complain(loader, value, "not-a-host",
				    "put networks into never_block, with a limit",
				    set->kind == FW_SET_FEED
					    ? "'%s' is a feed, expected single addresses"
					    : "'%s' has networks in it, expected single addresses",
				    set->name);
	}
}

void fw_load_safety_resolvers(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_hosts(loader, value, "safety.resolvers", &((struct fw_policy *)target)->safety.resolvers);
}

void fw_load_safety_time_servers(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_hosts(loader, value, "safety.time_servers", &((struct fw_policy *)target)->safety.time_servers);
}

void fw_load_ssh_limit(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_spared_limit(loader, value, "ssh_limit", &((struct fw_policy *)target)->safety.ssh_limit);
}

void fw_load_answers_limit(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_spared_limit(loader, value, "answers_limit",
			  &((struct fw_policy *)target)->safety.answers_limit);
}

void fw_load_essential_limit(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_amount(loader, value, 1, ESSENTIAL_MAX,
		       &((struct fw_policy *)target)->safety.essential_limit);
}

void fw_load_attack_from(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_amount(loader, value, 1, ATTACK_MAX, &((struct fw_policy *)target)->safety.attack_from);
}

void fw_load_challenge_replies(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_amount(loader, value, 1, REPLIES_MAX,
		       &((struct fw_policy *)target)->safety.challenge_replies);
}

void fw_load_challenge_replies_per_prefix(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_amount(loader, value, 1, REPLIES_PER_PREFIX_MAX,
		       &((struct fw_policy *)target)->safety.challenge_replies_per_prefix);
}

void fw_load_synproxy_wscale(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy *policy = target;
	uint64_t wscale;

	policy->safety.synproxy_mark = value->mark;
	if (value->kind == FW_NODE_SCALAR && !strcmp(value->text, "none"))
		policy->safety.synproxy_wscale = FW_SYNPROXY_NONE;
	else if (fw_read_amount(loader, value, 0, WSCALE_MAX, &wscale))
		policy->safety.synproxy_wscale = (unsigned int)wscale;
}

void fw_load_metrics(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_load_object(loader, value, "metrics", "metrics", target);
}

bool fw_is_listen_address(const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[FW_ADDR_TEXT_MAX];
	struct fw_addr addr;
	unsigned int port = 0;
	size_t length;

	if (!colon || !colon[1] || strlen(colon + 1) > 5 || colon[1 + strspn(colon + 1, "0123456789")])
		return false;
	for (const char *digit = colon + 1; *digit; digit++)
		port = port * 10 + (unsigned int)(*digit - '0');
	length = (size_t)(colon - text);
	if (!port || port > UINT16_MAX || !length || length >= sizeof(host))
		return false;
	if (text[0] == '[' && colon[-1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)length - 2, text + 1);
	else if (!memchr(text, ':', length))
		snprintf(host, sizeof(host), "%.*s", (int)length, text);
	else
		return false;
	return !fw_addr_parse(host, &addr, NULL);
}

void fw_load_metrics_listen(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy *policy = target;
	const char *text;

	if (!fw_read_text(loader, value, &text))
		return;
	policy->metrics.enabled = strcmp(text, "none") != 0;
	if (!policy->metrics.enabled)
		return;
	if (!fw_is_listen_address(text) || strlen(text) >= sizeof(policy->metrics.listen)) {
		fw_complain(loader, value, "bad-listen", "write 127.0.0.1:9854, \"[::1]:9854\" or none",
			    "'%.80s' is not an address with a port", text);
		return;
	}
	snprintf(policy->metrics.listen, sizeof(policy->metrics.listen), "%s", text);
}

void fw_load_capacity(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_load_object(loader, value, "capacity", "capacity", target);
}

void fw_load_capacity_sources(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_amount(loader, value, ENTRIES_MIN, ENTRIES_MAX,
		       &((struct fw_policy *)target)->capacity.sources);
}

void fw_load_capacity_bans(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_amount(loader, value, ENTRIES_MIN, ENTRIES_MAX, &((struct fw_policy *)target)->capacity.bans);
}

void fw_load_capacity_prefixes(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_amount(loader, value, ENTRIES_MIN, ENTRIES_MAX,
		       &((struct fw_policy *)target)->capacity.prefixes);
}

void fw_load_capacity_log_clients(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_amount(loader, value, ENTRIES_MIN, FW_LOG_CLIENTS_MAX,
		       &((struct fw_policy *)target)->log_clients);
}
