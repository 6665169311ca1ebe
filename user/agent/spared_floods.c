// SPDX-License-Identifier: Apache-2.0
/* How much comes from whom nothing may touch, against what makes an attack. Not from never_block: it is the
 * operator's own list, which takes a limit. Nor answers of resolvers and time servers: these have one. SSH
 * peers have one, too, but by default more than what makes an attack, and there may be many of them. */
#include "agent/spared_floods.h"

#include <string.h>

#include "agent/agent.h"
#include "kern/stats.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/units.h"

#define LASTS_NS (10 * FW_NS_PER_SEC)

static const struct {
	enum fw_reason reason;
	enum fw_spared_kind kind;
	const char *who, *what_to_do;
} watched[FW_SPARED_FLOODS] = {
	{FW_REASON_GATEWAY, FW_SPARED_GATEWAY, "a gateway of this host",
	 "have them filtered upstream, or let rules judge gateways: safety: {protect_gateways: false}"},
	{FW_REASON_SSH_PEER, FW_SPARED_SSH, "who has a live SSH session with this host",
	 "end that session, have them filtered upstream, lower that limit, or let rules judge SSH peers: "
	 "safety: {protect_ssh_clients: false}"},
	{FW_REASON_ALLOWED, FW_SPARED_ALLOWED, "whom an operator allowed",
	 "let the allowance end at once: floodwall allow ADDRESS --for 1s"},
};

/* What the source has sent since the look before, by samples; remembered for the next. */
static uint64_t sent_since(struct fw_agent *agent, const struct fw_spared_floods *before,
			   struct fw_spared_floods *now, const struct fw_addr *addr)
{
	struct fw_prefix source = fw_source_of(addr);
	struct fw_source_entry found;
	uint64_t had = 0;

	if (now->seen_count == FW_SPARED_FLOODS_SEEN || fw_source_find(agent->datapath, &source.addr, &found))
		return 0;
	now->seen[now->seen_count].addr = *addr;
	now->seen[now->seen_count++].packets = found.source.packets;
	for (size_t i = 0; i < before->seen_count; i++)
		if (!memcmp(&before->seen[i].addr, addr, sizeof(*addr)))
			had = before->seen[i].packets;
	return found.source.packets > had ? found.source.packets - had : 0;
}

static void find_senders(struct fw_agent *agent, const struct fw_spared_floods *before,
			 struct fw_spared_floods *now)
{
	uint64_t most[FW_SPARED_FLOODS] = {0};

	for (size_t i = 0; i < agent->spared.current_count; i++) {
		const struct fw_spared_entry *entry = &agent->spared.current[i];
		uint64_t sent;

		for (int j = 0; j < FW_SPARED_FLOODS; j++) {
			if (watched[j].kind != entry->kind)
				continue;
			sent = sent_since(agent, before, now, &entry->addr);
			if (sent <= most[j])
				continue;
			most[j] = sent;
			fw_addr_format(&entry->addr, now->items[j].source, sizeof(now->items[j].source));
		}
	}
}

static void say(const struct fw_agent *agent, const struct fw_spared_flood *flood, int i, char *text,
		size_t size)
{
	char rate[32], limit[64], up_to[160] = "";

	fw_amount_format((uint64_t)flood->packets_per_second, rate, sizeof(rate));
	if (watched[i].kind == FW_SPARED_SSH && agent->loaded)
		snprintf(
			up_to, sizeof(up_to),
			"of each such source %s pass (safety: {ssh_limit: ...}), the rest is up to rules and "
			"bans; ",
			fw_limit_format(&agent->loaded->policy->safety.ssh_limit, limit, sizeof(limit)));
	snprintf(text, size,
		 "a flood passes, whatever rules and bans say: %s packets/s from %s%s%s, or forged in its "
		 "name; %s%s",
		 rate, flood->source, flood->source[0] ? ", " : "", watched[i].who, up_to,
		 watched[i].what_to_do);
}

void fw_spared_floods_look(struct fw_agent *agent, uint64_t now_ns, const uint64_t packets[FW_REASON_MAX_])
{
	struct fw_spared_floods *floods = &agent->spared_floods, before = *floods;
	double seconds = (double)(now_ns - before.at_ns) / 1e9;

	floods->at_ns = now_ns;
	floods->seen_count = 0;
	for (int i = 0; i < FW_SPARED_FLOODS; i++)
		floods->items[i].packets = packets[watched[i].reason];
	if (!before.at_ns || !agent->loaded)
		return;
	find_senders(agent, &before, floods);
	for (int i = 0; i < FW_SPARED_FLOODS; i++) {
		struct fw_spared_flood *flood = &floods->items[i];
		double rate = flood->packets > before.items[i].packets
				      ? (double)(flood->packets - before.items[i].packets) / seconds
				      : 0;

		if (rate <= (double)agent->loaded->policy->safety.attack_from) {
			snprintf(flood->source, sizeof(flood->source), "%s", before.items[i].source);
			continue;
		}
		flood->packets_per_second = rate;
		flood->over_ns = now_ns;
		if (!before.items[i].over_ns || now_ns - before.items[i].over_ns > LASTS_NS) {
			char text[FW_ERR_TEXT_MAX];

			say(agent, flood, i, text, sizeof(text));
			fw_log(FW_LOG_WARNING, "%s", text);
		}
	}
}

void fw_spared_floods_warn(const struct fw_agent *agent, json_t *warnings)
{
	uint64_t now = fw_monotonic_ns();

	for (int i = 0; i < FW_SPARED_FLOODS; i++) {
		const struct fw_spared_flood *flood = &agent->spared_floods.items[i];
		char text[FW_ERR_TEXT_MAX];

		if (!flood->over_ns || now - flood->over_ns > LASTS_NS)
			continue;
		say(agent, flood, i, text, sizeof(text));
		json_array_append_new(warnings, json_string(text));
	}
}
