// SPDX-License-Identifier: Apache-2.0
/* Keeps the kernel's list of spared sources true. */
#include "agent/spared.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "kern/publish.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/grow.h"
#include "lib/log.h"

#define REFRESH_MS 1000
#define SOON_NS	   (2 * REFRESH_MS * (FW_NS_PER_SEC / 1000))
/* How long an SSH peer is spared that no agent sees any more; renewed when half of it is over. Who has
 * to start an agent again that was killed has at least that half to do it over his session. */
#define SSH_LEASE_NS (3600 * FW_NS_PER_SEC)

static void forget_expired(struct fw_agent *agent)
{
	struct fw_spared_watch *spared = &agent->spared;
	uint64_t now = fw_datapath_now_ns(agent->datapath);
	size_t kept = 0;

	for (size_t i = 0; i < spared->allowed_count; i++)
		if (spared->allowed[i].entry.expires_ns > now)
			spared->allowed[kept++] = spared->allowed[i];
	spared->allowed_count = kept;
}

static int want_name(const char *host, void *names)
{
	return fw_server_names_want(names, host);
}

int fw_spared_answering(struct fw_spared_list *list, struct fw_server_names *names)
{
	int r = fw_spared_resolvers(list);

	return r ? r : fw_time_servers(list, names ? want_name : NULL, names);
}

int fw_spared_time_names(struct fw_spared_list *list, const struct fw_server_names *names)
{
	int r = 0;

	for (size_t i = 0; i < names->count; i++) {
		const struct fw_server_name *name = &names->items[i];

		for (size_t j = 0; j < name->count && !r; j++) {
			size_t before = list->count;

			r = fw_spared_add(list, &name->learned[j].addr, FW_SPARED_TIME_SERVER);
			if (list->count > before)
				list->items[before].expires_ns = name->learned[j].until_ns;
		}
	}
	return r;
}

static int add_configured(const struct fw_policy *policy, const struct fw_set_refs *refs,
			  enum fw_spared_kind kind, struct fw_spared_list *list)
{
	int r = 0;

	for (size_t i = 0; i < refs->count; i++) {
		const struct fw_set *set = &policy->sets[refs->items[i]];

		for (size_t j = 0; j < set->prefix_count && !r; j++)
			r = fw_spared_add(list, &set->prefixes[j].addr, kind);
	}
	return r;
}

/* Names are asked for even when no answers are spared: lists and feeds are compared with what is learned. */
static int find_answering(struct fw_agent *agent, const struct fw_policy *policy,
			  struct fw_spared_list *spared)
{
	struct fw_server_names *names = &agent->spared.names;
	struct fw_spared_list unspared = {};
	struct fw_spared_list *list = policy->safety.protect_gateways ? spared : &unspared;
	int r = fw_spared_answering(list, names);

	if (!r)
		r = add_configured(policy, &policy->safety.resolvers, FW_SPARED_RESOLVER, list);
	if (!r)
		r = add_configured(policy, &policy->safety.time_servers, FW_SPARED_TIME_SERVER, list);
	if (!r) {
		fw_server_names_turn(names, fw_datapath_now_ns(agent->datapath));
		r = fw_spared_time_names(list, names);
	}
	free(unspared.items);
	return r;
}

uint64_t fw_spared_lease(const struct fw_spared_watch *spared, const struct fw_addr *peer, uint64_t now_ns)
{
	for (size_t i = 0; i < spared->current_count; i++) {
		const struct fw_spared_entry *had = &spared->current[i];

		if (had->kind == FW_SPARED_SSH && !memcmp(&had->addr, peer, sizeof(*peer)))
			return had->expires_ns > now_ns + SSH_LEASE_NS / 2 ? had->expires_ns
									   : now_ns + SSH_LEASE_NS;
	}
	return now_ns + SSH_LEASE_NS;
}

static int find_ssh_peers(struct fw_agent *agent, struct fw_spared_list *list, struct fw_err *err)
{
	const struct fw_spared_watch *spared = &agent->spared;
	uint64_t now = fw_datapath_now_ns(agent->datapath);
	size_t before = list->count;
	int r = fw_spared_ssh_peers(list, spared->ssh_ports, spared->ssh_port_count, err);

	for (size_t i = before; i < list->count; i++)
		list->items[i].expires_ns = fw_spared_lease(spared, &list->items[i].addr, now);
	return r;
}

/* Whether all that it sends passes because of the allowance. An SSH peer is one again just before that ends,
 * so that no packet of the session is met between. */
static bool is_lifted(const struct fw_spared_entry *known, const struct fw_spared_entry *allowed,
		      uint64_t now_ns)
{
	switch (known->kind) {
	case FW_SPARED_RESOLVER:
	case FW_SPARED_TIME_SERVER:
		return true;
	case FW_SPARED_SSH:
		return allowed->expires_ns > now_ns + SOON_NS;
	case FW_SPARED_GATEWAY:
	case FW_SPARED_ALLOWED:
		break;
	}
	return false;
}

/* Who is several of these is the first of them: gateways have no limit, and SSH peers may send more than
 * answers. */
static int find_all(struct fw_agent *agent, const struct fw_policy *policy, struct fw_spared_list *list,
		    struct fw_err *ssh)
{
	struct fw_spared_watch *spared = &agent->spared;
	uint64_t now = fw_datapath_now_ns(agent->datapath);
	int r = policy->safety.protect_gateways ? fw_spared_gateways(list) : 0;

	if (r != -ENOMEM && policy->safety.protect_ssh_clients)
		r = find_ssh_peers(agent, list, ssh);
	if (r != -ENOMEM)
		r = find_answering(agent, policy, list);
	forget_expired(agent);
	for (size_t i = 0; i < spared->allowed_count && r != -ENOMEM; i++) {
		const struct fw_spared_entry *allowed = &spared->allowed[i].entry;
		struct fw_spared_entry *known = NULL;

		for (size_t j = 0; j < list->count && !known; j++)
			if (!memcmp(&list->items[j].addr, &allowed->addr, sizeof(struct fw_addr)))
				known = &list->items[j];
		if (known && is_lifted(known, allowed, now))
			*known = *allowed;
		r = known ? 0 : FW_APPEND(list->items, list->count, *allowed);
	}
	return r == -ENOMEM ? r : 0;
}

static bool is_same(const struct fw_spared_watch *spared, const struct fw_spared_list *list)
{
	if (spared->current_count != list->count || !spared->current)
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (memcmp(&spared->current[i].addr, &list->items[i].addr, sizeof(struct fw_addr)) ||
		    spared->current[i].kind != list->items[i].kind ||
		    spared->current[i].expires_ns != list->items[i].expires_ns)
			return false;
	return true;
}

int fw_spared_refresh(struct fw_agent *agent, const struct fw_policy *policy, struct fw_err *err)
{
	struct fw_spared_watch *spared = &agent->spared;
	struct fw_spared_list list = {};
	struct fw_err ssh = {};
	int r = find_all(agent, policy, &list, &ssh);

	if (ssh.code && !spared->warned) {
		spared->warned = true;
		fw_log(FW_LOG_WARNING,
		       "live SSH sessions are NOT protected from a policy that blocks them: %s", ssh.text);
	}
	if (r)
		return fw_err_set(err, r, "out of memory for the list of spared sources");
	if (is_same(spared, &list)) {
		free(list.items);
		return 0;
	}
	r = fw_spared_set(agent->datapath, list.items, list.count, err);
	if (r) {
		free(list.items);
		return r;
	}
	free(spared->current);
	spared->current = list.items ? list.items : calloc(1, sizeof(*spared->current));
	spared->current_count = list.count;
	return 0;
}

const struct fw_spared_entry *fw_spared_find(const struct fw_agent *agent, const struct fw_addr *addr)
{
	const struct fw_spared_watch *spared = &agent->spared;
	uint64_t now = fw_datapath_now_ns(agent->datapath);

	for (size_t i = 0; i < spared->current_count; i++)
		if (!memcmp(&spared->current[i].addr, addr, sizeof(*addr)) &&
		    (!spared->current[i].expires_ns || spared->current[i].expires_ns > now))
			return &spared->current[i];
	return NULL;
}

void fw_spared_save(struct fw_agent *agent)
{
	json_t *list = json_array();

	for (size_t i = 0; i < agent->spared.allowed_count; i++) {
		const struct fw_allowed *allowed = &agent->spared.allowed[i];
		char text[FW_ADDR_TEXT_MAX];

		json_array_append_new(list,
				      json_pack("{s:s, s:I, s:s}", "source",
						fw_addr_format(&allowed->entry.addr, text, sizeof(text)),
						"expires_ns", (json_int_t)allowed->entry.expires_ns, "by",
						allowed->by));
	}
	fw_keep(agent, FW_KEPT_ALLOWED, json_pack("{s:o}", "allowed", list));
}

int fw_spared_allow(struct fw_agent *agent, const struct fw_addr *addr, uint64_t expires_ns, const char *by,
		    struct fw_err *err)
{
	struct fw_spared_watch *spared = &agent->spared;
	struct fw_allowed allowed = {
		.entry = {.addr = *addr, .kind = FW_SPARED_ALLOWED, .expires_ns = expires_ns}};
	size_t kept = 0;
	int r;

	snprintf(allowed.by, sizeof(allowed.by), "%s", by);
	for (size_t i = 0; i < spared->allowed_count; i++)
		if (memcmp(&spared->allowed[i].entry.addr, addr, sizeof(*addr)))
			spared->allowed[kept++] = spared->allowed[i];
	spared->allowed_count = kept;
	if (expires_ns && FW_APPEND(spared->allowed, spared->allowed_count, allowed))
		return fw_err_set(err, -ENOMEM, "out of memory for the list of allowed sources");
	r = fw_spared_refresh(agent, agent->loaded->policy, err);
	if (r && expires_ns)
		spared->allowed_count--;
	else
		fw_spared_save(agent);
	return r;
}

static void on_timer(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;
	struct fw_err err = {};

	if (fw_spared_refresh(agent, agent->loaded->policy, &err))
		fw_log(FW_LOG_WARNING, "spared sources are as they were a moment ago: %s", err.text);
}

void fw_spared_init(struct fw_agent *agent)
{
	agent->spared.ssh_port_count = fw_spared_ssh_ports(agent->spared.ssh_ports, FW_SSH_PORTS_MAX);
}

/* Within one boot the Floodwall clock goes on, so that the times can be taken as they are. */
void fw_spared_start(struct fw_agent *agent)
{
	bool same_boot = false;
	json_t *document = fw_kept_read(agent, FW_KEPT_ALLOWED, &same_boot), *item;
	size_t i;

	json_array_foreach (same_boot ? json_object_get(document, "allowed") : NULL, i, item) {
		struct fw_allowed allowed = {.entry.kind = FW_SPARED_ALLOWED};
		const char *source, *by = "";
		json_int_t expires_ns;

		/* An agent before this one may not have kept who it was. */
		if (json_unpack(item, "{s:s, s:I, s?s}", "source", &source, "expires_ns", &expires_ns, "by",
				&by) ||
		    fw_addr_parse(source, &allowed.entry.addr, NULL))
			continue;
		allowed.entry.expires_ns = (uint64_t)expires_ns;
		snprintf(allowed.by, sizeof(allowed.by), "%s", by);
		if (FW_APPEND(agent->spared.allowed, agent->spared.allowed_count, allowed))
			break;
	}
	json_decref(document);
	uv_timer_init(&agent->loop, &agent->spared.timer);
	agent->spared.timer.data = agent;
	uv_timer_start(&agent->spared.timer, on_timer, REFRESH_MS, REFRESH_MS);
}

void fw_spared_done(struct fw_spared_watch *spared)
{
	free(spared->allowed);
	free(spared->current);
	fw_server_names_done(&spared->names);
	spared->allowed = NULL;
	spared->current = NULL;
	spared->allowed_count = spared->current_count = 0;
}
