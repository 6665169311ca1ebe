// SPDX-License-Identifier: Apache-2.0
/* Bans saved with wall-clock expiry, restored at boot, collected when they are over. */
#include "agent/leases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "kern/stats.h"
#include "lib/clock.h"
#include "lib/grow.h"
#include "lib/log.h"
#include "lib/units.h"

#define BANS_FILE    "bans.json"
#define REASONS_FILE "reasons.json"
#define REASONS_MAX  10000
#define COLLECT_MS   10000
#define KEEP_NS	     (24 * 3600 * FW_NS_PER_SEC) /* strikes are remembered that long */
#define SAVE_MS	     1000
#define SAVE_MS_MOST 60000
#define SAVE_NS_PER_BAN                                                                                      \
	(300 * 1000) /* the more there are, the rarer: at most a hundredth of the time goes there */

const char *fw_ban_origin_word(uint8_t origin)
{
	static const char *const words[FW_BAN_ORIGIN_MAX_] = {[FW_BAN_MANUAL] = "manual",
							      [FW_BAN_RULE] = "rule",
							      [FW_BAN_FEED] = "feed",
							      [FW_BAN_FLEET] = "fleet"};

	return origin < FW_BAN_ORIGIN_MAX_ ? words[origin] : "manual";
}

const char *fw_rule_name_of(const struct fw_agent *agent, uint16_t rule)
{
	if (rule == FW_RULE_NEVER_BLOCK)
		return "never_block";
	if (rule == FW_RULE_ANSWERS)
		return "answers_limit";
	if (rule == FW_RULE_SSH_PEERS)
		return "ssh_limit";
	return rule < FW_RULE_IDS && agent->ids.name[rule][0] ? agent->ids.name[rule] : NULL;
}

const char *fw_leases_reason_text(const struct fw_agent *agent, const struct fw_ban *ban)
{
	if (ban->reason && ban->reason <= agent->leases.reason_count)
		return agent->leases.reasons[ban->reason - 1];
	if (ban->origin == FW_BAN_RULE) {
		const char *rule = fw_rule_name_of(agent, ban->rule);

		return rule ? rule : "a rule that is gone";
	}
	return "";
}

static void save_reasons(struct fw_agent *agent)
{
	json_t *list = json_array(), *document;
	struct fw_err err = {};

	for (size_t i = 0; i < agent->leases.reason_count; i++)
		json_array_append_new(list, json_string(agent->leases.reasons[i]));
	document = json_pack("{s:o}", "reasons", list);
	if (fw_state_write(&agent->state, REASONS_FILE, document, &err))
		fw_log(FW_LOG_WARNING, "the reasons of bans would not survive a restart: %s", err.text);
	json_decref(document);
}

uint32_t fw_leases_reason(struct fw_agent *agent, const char *text)
{
	struct fw_leases *leases = &agent->leases;
	char *copy;

	if (!text || !text[0])
		return 0;
	for (size_t i = 0; i < leases->reason_count; i++)
		if (!strcmp(leases->reasons[i], text))
			return (uint32_t)i + 1;
	copy = leases->reason_count < REASONS_MAX ? strdup(text) : NULL;
	if (!copy || FW_APPEND(leases->reasons, leases->reason_count, copy)) {
		free(copy);
		return 0;
	}
	save_reasons(agent);
	return (uint32_t)leases->reason_count;
}

static uint64_t added_so_far(const struct fw_leases *leases)
{
	return leases->added[FW_BAN_MANUAL] + leases->added[FW_BAN_RULE];
}

uint64_t fw_leases_save_after_ms(const struct fw_leases *leases)
{
	uint64_t count = leases->saved_count + added_so_far(leases) - leases->saved_added;
	uint64_t wait = SAVE_MS + count * SAVE_NS_PER_BAN / 1000000;

	return wait < SAVE_MS_MOST ? wait : SAVE_MS_MOST;
}

/* Streams: a tree of a million objects would take a gigabyte. Text that needs escaping goes through jansson.
 */
static void write_ban(FILE *file, const struct fw_agent *agent, const struct fw_ban_entry *entry,
		      uint64_t wall, uint64_t now, bool first)
{
	char source[FW_ADDR_TEXT_MAX];
	const char *rule = fw_rule_name_of(agent, entry->ban.rule);
	uint64_t since = now > entry->ban.since_ns ? now - entry->ban.since_ns : 0;

	fprintf(file,
		"%s{\"source\":\"%s\",\"expires_wall_ns\":%lld,\"since_wall_ns\":%lld,\"origin\":%u,"
		"\"strikes\":%u,"
		"\"packets\":%llu,\"reason\":%u,\"rule\":\"%s\"}",
		first ? "" : ",\n", fw_prefix_format(&entry->prefix, source, sizeof(source)),
		(long long)(wall + (entry->ban.expires_ns - now)), (long long)(wall - since),
		entry->ban.origin, entry->ban.strikes, (unsigned long long)entry->ban.packets,
		entry->ban.reason, rule ? rule : "");
}

void fw_leases_save(struct fw_agent *agent)
{
	struct fw_ban_entry *entries = NULL;
	struct fw_err err = {};
	size_t count = 0;
	uint64_t wall = fw_wall_ns(), now = fw_datapath_now_ns(agent->datapath);
	FILE *file = NULL;
	int r = fw_ban_list(agent->datapath, true, &entries, &count, &err);

	if (!r && !(file = fw_state_stream(&agent->state, BANS_FILE, &err)))
		r = err.code;
	if (!r) {
		fprintf(file, "{\"version\":%d,\"boot_id\":\"%s\",\"bans\":[\n", FW_STATE_VERSION,
			agent->state.boot_id);
		for (size_t i = 0; i < count; i++)
			write_ban(file, agent, &entries[i], wall, now, i == 0);
		fprintf(file, "]}\n");
		r = fw_state_commit(&agent->state, BANS_FILE, file, &err);
	}
	free(entries);
	agent->leases.dirty = r != 0;
	agent->leases.saved_count = count;
	agent->leases.saved_added = added_so_far(&agent->leases);
	agent->leases.saved_ns = fw_monotonic_ns();
	fw_kept_note(agent, FW_KEPT_BANS, &err);
}

static void on_save(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;

	if (agent->leases.dirty)
		fw_leases_save(agent);
}

void fw_leases_changed(struct fw_agent *agent)
{
	struct fw_leases *leases = &agent->leases;

	leases->dirty = true;
	if (!uv_is_active((uv_handle_t *)&leases->save))
		uv_timer_start(&leases->save, on_save, fw_leases_save_after_ms(leases), 0);
}

static void on_collect(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;
	struct fw_ban_entry *entries = NULL;
	size_t count = 0, gone = 0;
	uint64_t now = fw_datapath_now_ns(agent->datapath);

	/* Leases that ended since the last look, said once. */
	if (!fw_ban_list(agent->datapath, true, &entries, &count, NULL))
		for (size_t i = 0; i < count; i++)
			if (entries[i].ban.expires_ns <= now &&
			    now - entries[i].ban.expires_ns < COLLECT_MS * 1000000ULL)
				gone++;
	free(entries);
	agent->leases.removed_expired += gone;
	if (fw_ban_collect(agent->datapath, KEEP_NS) || gone)
		fw_leases_changed(agent);
}

void fw_leases_on_ban(const struct fw_event_ban *ban, void *context)
{
	struct fw_agent *agent = context;
	struct fw_prefix prefix = {.addr = ban->addr, .bits = (unsigned char)ban->bits};
	const char *rule = fw_rule_name_of(agent, ban->rule);
	uint64_t lasts = ban->expires_ns > ban->at_ns ? ban->expires_ns - ban->at_ns : 0;
	char source[FW_ADDR_TEXT_MAX], duration[32];

	agent->leases.added[FW_BAN_RULE]++;
	fw_prefix_format(&prefix, source, sizeof(source));
	fw_event(agent, "ban", "agent",
		 json_pack("{s:s, s:s, s:s, s:I, s:I, s:i}", "src_ip", source, "origin", "rule", "rule",
			   rule ? rule : "?", "expires_in_seconds", (json_int_t)(lasts / FW_NS_PER_SEC),
			   "amount", (json_int_t)ban->amount, "strikes", (int)ban->strikes),
		 "ban %s for %s: rule '%s', offence %u", source,
		 fw_duration_format(lasts, duration, sizeof(duration)), rule ? rule : "?", ban->strikes);
	fw_leases_changed(agent);
}

static uint16_t rule_id(const struct fw_agent *agent, const char *name)
{
	for (size_t id = 0; name[0] && id < FW_RULE_IDS; id++)
		if (!strcmp(agent->ids.name[id], name))
			return (uint16_t)id;
	return FW_RULE_NONE;
}

/* What is over or unreadable is not restored and no error. */
static int restore_one(struct fw_agent *agent, const json_t *item, uint64_t wall, uint64_t now,
		       struct fw_err *err)
{
	const char *source, *rule;
	json_int_t expires, since, packets;
	int origin, strikes, reason;
	struct fw_prefix prefix;
	struct fw_ban ban = {};
	int r;

	if (json_unpack((json_t *)item, "{s:s, s:I, s:I, s:i, s:i, s:I, s:i, s:s}", "source", &source,
			"expires_wall_ns", &expires, "since_wall_ns", &since, "origin", &origin, "strikes",
			&strikes, "packets", &packets, "reason", &reason, "rule", &rule) ||
	    fw_prefix_parse(source, &prefix, NULL) || (uint64_t)expires <= wall)
		return 0;
	ban.expires_ns = now + ((uint64_t)expires - wall);
	ban.since_ns =
		wall > (uint64_t)since && wall - (uint64_t)since < now ? now - (wall - (uint64_t)since) : 1;
	ban.packets = (uint64_t)packets;
	ban.rule = rule_id(agent, rule);
	ban.origin = (uint8_t)origin;
	ban.strikes = (uint8_t)strikes;
	ban.reason = (uint32_t)reason;
	agent->leases.saved++;
	r = fw_ban_add(agent->datapath, &prefix, &ban, err);
	agent->leases.restored += !r;
	return r;
}

void fw_leases_restore(struct fw_agent *agent)
{
	struct fw_err err = {};
	uint64_t wall = fw_wall_ns(), now = fw_datapath_now_ns(agent->datapath);
	struct fw_leases *leases = &agent->leases;
	json_t *document, *item;
	size_t i;

	if (agent->adoption == FW_ADOPTED_ALL)
		return; /* they are there */
	document = fw_state_read(&agent->state, BANS_FILE, NULL, &err);
	if (!document && err.code != -ENOENT) {
		snprintf(leases->restore_error, sizeof(leases->restore_error), "%s", err.text);
		fw_log(FW_LOG_WARNING, "%s; no bans were restored", err.text);
	}
	json_array_foreach (json_object_get(document, "bans"), i, item)
		if (restore_one(agent, item, wall, now, &err))
			snprintf(leases->restore_error, sizeof(leases->restore_error), "%s", err.text);
	if (leases->restored < leases->saved)
		fw_log(FW_LOG_WARNING, "%zu of %zu saved bans could not be restored: %s",
		       leases->saved - leases->restored, leases->saved, leases->restore_error);
	else if (leases->saved)
		fw_log(FW_LOG_INFO, "restored %zu saved bans", leases->saved);
	json_decref(document);
}

static void load_reasons(struct fw_agent *agent)
{
	struct fw_err err = {};
	json_t *document = fw_state_read(&agent->state, REASONS_FILE, NULL, &err), *item;
	size_t i;

	json_array_foreach (json_object_get(document, "reasons"), i, item) {
		char *copy = json_is_string(item) ? strdup(json_string_value(item)) : NULL;

		if (!copy || FW_APPEND(agent->leases.reasons, agent->leases.reason_count, copy)) {
			free(copy);
			break;
		}
	}
	json_decref(document);
}

void fw_leases_start(struct fw_agent *agent)
{
	struct fw_leases *leases = &agent->leases;

	load_reasons(agent);
	uv_timer_init(&agent->loop, &leases->collect);
	uv_timer_init(&agent->loop, &leases->save);
	leases->collect.data = leases->save.data = agent;
	uv_timer_start(&leases->collect, on_collect, COLLECT_MS, COLLECT_MS);
	/* Made just before the last agent was killed, or by a rule since: nobody has written them. */
	if (agent->adoption == FW_ADOPTED_ALL)
		fw_leases_changed(agent);
}

void fw_leases_done(struct fw_leases *leases)
{
	for (size_t i = 0; i < leases->reason_count; i++)
		free(leases->reasons[i]);
	free(leases->reasons);
	leases->reasons = NULL;
	leases->reason_count = 0;
}
