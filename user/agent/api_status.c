// SPDX-License-Identifier: Apache-2.0
/* GET /v1/status, /v1/metrics. */
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/filtering.h"
#include "agent/rebuilt.h"
#include "agent/request.h"
#include "agent/snapshot.h"
#include "agent/stacked.h"
#include "kern/stats.h"
#include "lib/clock.h"
#include "lib/reason.h"
#include "observe/metrics.h"

#define ADMISSION_NEWS_SECONDS 60

struct sums {
	struct fw_traffic_totals totals;
	uint64_t reasons[FW_REASON_MAX_], would_drop[FW_REASON_MAX_];
};

static void add_counts(struct sums *sums, const struct fw_iface_counts *counts)
{
	fw_totals_add(&sums->totals, counts);
	for (int verdict = 0; verdict < FW_VERDICT_MAX_; verdict++)
		for (int reason = 0; reason < FW_REASON_MAX_; reason++)
			for (int traffic = 0; traffic < FW_TRAFFIC_MAX_; traffic++) {
				uint64_t packets = counts->by[verdict][reason][traffic].packets;

				sums->reasons[reason] += packets;
				if (verdict == FW_VERDICT_WOULD_DROP)
					sums->would_drop[reason] += packets;
			}
}

static json_t *attached_to_json(struct fw_agent *agent, const struct fw_attached *attached, struct sums *sums)
{
	bool counting =
		fw_interfaces_counting(agent, agent->loaded->policy) >> (attached->iface % FW_IFACES_MAX) &
			1 ||
		agent->loaded->policy->mode == FW_MODE_COUNT;
	struct fw_traffic_totals totals = {};
	struct fw_iface_counts counts = {};
	json_t *json;

	if (!fw_stats_iface(agent->datapath, attached->iface, &counts)) {
		fw_totals_add(&totals, &counts);
		add_counts(sums, &counts);
	}
	json = json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:b, s:b}", "name",
			 attached->name, "xdp", fw_xdp_mode_word(attached->mode), "attached", 1, "packets",
			 (json_int_t)totals.packets, "dropped", (json_int_t)totals.dropped, "bytes",
			 (json_int_t)totals.bytes, "would_drop", (json_int_t)totals.would_drop, "passed",
			 (json_int_t)totals.passed, "mode", counting ? "count" : "enforce", "driver",
			 attached->driver, "fell_back", (int)attached->fell_back, "warned",
			 (int)attached->fell_back);
	if (attached->chained)
		json_object_set_new(json, "chained", json_true());
	return json;
}

/* Sums do not shrink when a device goes. */
static void add_gone(struct fw_agent *agent, struct sums *sums)
{
	const struct fw_attached *known;
	size_t count = fw_attachments_known(agent->attachments, &known);
	struct fw_iface_counts counts = {};

	for (size_t i = 0; i < count; i++)
		if (!known[i].ifindex && !fw_stats_iface(agent->datapath, known[i].iface, &counts))
			add_counts(sums, &counts);
}

static json_t *interfaces_to_json(struct fw_agent *agent, struct sums *sums, json_t *warnings)
{
	const struct fw_attached *attached;
	size_t count = fw_attachments_list(agent->attachments, &attached);
	json_t *list = json_array();

	add_gone(agent, sums);
	for (size_t i = 0; i < count; i++) {
		json_t *json = attached_to_json(agent, &attached[i], sums);

		json_array_append_new(list, json);
		if (attached[i].fell_back)
			json_array_append_new(
				warnings,
				json_sprintf("%s: generic mode costs several times more per packet: %s",
					     attached[i].name, attached[i].fallback));
	}
	for (size_t i = 0; i < agent->interfaces.count; i++) {
		const struct fw_wanted *wanted = &agent->interfaces.wanted[i];
		char why[FW_ERR_TEXT_MAX];

		if (fw_interfaces_find(agent, wanted->request.name))
			continue;
		fw_interfaces_why_not(agent, wanted, why);
		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:i, s:i, s:s, s:b}", "name",
						      wanted->request.name, "xdp", "none", "attached", 0,
						      "packets", 0, "dropped", 0, "error", why, "warned", 1));
		json_array_append_new(warnings,
				      json_sprintf("%s is NOT filtered: %s", wanted->request.name, why));
	}
	return list;
}

static json_t *reasons_to_json(const uint64_t packets[FW_REASON_MAX_])
{
	json_t *json = json_object();

	for (int reason = 0; reason < FW_REASON_MAX_; reason++)
		json_object_set_new(json, fw_reason_facts(reason)->word,
				    json_integer((json_int_t)packets[reason]));
	return json;
}

/* Seconds since a fault last came, as the sampler saw it; false: not since the agent's start. */
static bool fault_age(const struct fw_agent *agent, enum fw_fault fault, uint64_t *ret_seconds)
{
	uint64_t grown_ns = agent->sampler.faults[fault].grown_ns;

	*ret_seconds = grown_ns ? (fw_monotonic_ns() - grown_ns) / FW_NS_PER_SEC : 0;
	return grown_ns;
}

static void warn_of_fault(const struct fw_agent *agent, json_t *warnings, enum fw_fault fault,
			  const char *format)
{
	uint64_t count = agent->sampler.faults[fault].count, age;

	if (fault_age(agent, fault, &age) && age < FW_FAULT_NEWS_SECONDS)
		json_array_append_new(warnings,
				      json_sprintf(format, (unsigned long)count, (unsigned long)age));
}

static void warn_of_faults(const struct fw_agent *agent, json_t *warnings)
{
	uint64_t age;

	/* Of a flood that is over nothing follows any more. */
	if (fault_age(agent, FW_FAULT_NOT_ADMITTED, &age) && age < ADMISSION_NEWS_SECONDS)
		json_array_append_new(
			warnings,
			json_sprintf("new sources were given no meter (last %lu s ago): limits per source "
				     "caught them late; see floodwall check --flood N",
				     (unsigned long)age));
	warn_of_fault(agent, warnings, FW_FAULT_METER_FULL,
		      "%lu packets of new keys were not limited (last %lu s ago), there was no room for "
		      "their meters: raise capacity: {sources: N}");
	warn_of_fault(agent, warnings, FW_FAULT_BAN_FULL,
		      "%lu bans found no room (last %lu s ago): raise capacity: {bans: N}");
}

static json_t *faults_to_json(struct fw_agent *agent)
{
	uint64_t faults[FW_FAULT_MAX_] = {};
	json_t *json = json_object();

	fw_stats_faults(agent->datapath, faults);
	for (int fault = 0; fault < FW_FAULT_MAX_; fault++)
		json_object_set_new(json, fw_fault_facts(fault)->word,
				    json_integer((json_int_t)faults[fault]));
	return json;
}

static json_t *fault_ages_to_json(const struct fw_agent *agent)
{
	json_t *json = json_object();
	uint64_t age;

	for (int fault = 0; fault < FW_FAULT_MAX_; fault++)
		json_object_set_new(json, fw_fault_facts(fault)->word,
				    fault_age(agent, fault, &age) ? json_integer((json_int_t)age)
								  : json_null());
	return json;
}

static json_t *confirm_to_json(const struct fw_agent *agent)
{
	const struct fw_confirm *confirm = &agent->confirm;
	uint64_t now = fw_monotonic_ns();

	if (!confirm->pending)
		return json_pack("{s:b}", "pending", 0);
	return json_pack("{s:b, s:f, s:I}", "pending", 1, "deadline_seconds",
			 confirm->deadline_ns > now ? (double)(confirm->deadline_ns - now) / 1e9 : 0.0,
			 "previous_generation", (json_int_t)confirm->previous_generation);
}

static uint64_t count_bans(struct fw_agent *agent)
{
	uint64_t counts[FW_BAN_ORIGIN_MAX_], sum = 0;

	fw_bans_by_origin(agent, counts);
	for (int i = 0; i < FW_BAN_ORIGIN_MAX_; i++)
		sum += counts[i];
	return sum;
}

static json_t *rates_to_json(const struct fw_sampler *sampler)
{
	return json_pack("{s:f, s:f, s:f, s:f}", "packets_per_second", sampler->packets_per_second,
			 "bytes_per_second", sampler->bytes_per_second, "dropped_per_second",
			 sampler->dropped_per_second, "answered_per_second", sampler->answered_per_second);
}

/* How many, and those that need a look. */
static json_t *feeds_to_json(const struct fw_agent *agent)
{
	json_t *troubled = json_array();
	size_t total = 0, current = 0, waiting = 0;

	for (size_t i = 0; i < agent->feeds.count; i++) {
		const struct fw_feed_watch *watch = agent->feeds.items[i];
		enum fw_feed_condition now = fw_feed_condition(watch);

		if (!watch->active)
			continue;
		total++;
		current += now == FW_FEED_IS_OK;
		waiting += now == FW_FEED_IS_WAITING;
		if (now != FW_FEED_IS_OK && now != FW_FEED_IS_WAITING)
			json_array_append_new(troubled,
					      json_pack("{s:s, s:s, s:s}", "name", watch->definition.name,
							"state", fw_feed_condition_word(now), "error",
							watch->error));
	}
	return json_pack("{s:I, s:I, s:I, s:o}", "total", (json_int_t)total, "current", (json_int_t)current,
			 "waiting", (json_int_t)waiting, "troubled", troubled);
}

void fw_api_status(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_agent *agent = request->agent;
	json_t *warnings = json_array(), *interfaces, *maps, *logs, *suppressions, *notify, *challenge;
	struct fw_filtering filtering;
	struct sums sums = {};

	fw_filtering_look(agent, &filtering);
	interfaces = interfaces_to_json(agent, &sums, warnings);
	maps = fw_rebuilt_to_json(agent, warnings);
	if (agent->no_pins_why[0])
		json_array_append_new(warnings, json_string(agent->no_pins_why));
	if (!filtering.attached)
		json_array_append_new(
			warnings,
			json_string(
				"no interface is attached: nothing is filtered; 'floodwall attach IFACE'"));
	fw_stacked_warn(agent, NULL, warnings);
	fw_spared_floods_warn(agent, warnings);
	fw_set_files_warn(agent, warnings);
	fw_kept_warn(agent, warnings);
	if (!agent->last_reload_ok)
		json_array_append_new(warnings,
				      json_string("the last reload failed, the policy before it runs on"));
	warn_of_faults(agent, warnings);
	logs = fw_logs_to_json(agent, warnings);
	suppressions = fw_suppressed_to_json(agent, warnings);
	notify = fw_notifier_to_json(agent, warnings);
	challenge = fw_challenge_to_json(agent, warnings);
	fw_reply(answer,
		 json_pack("{s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:o, s:s, s:s, s:I, s:s, "
			   "s:b, "
			   "s:o, "
			   "s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			   "state", fw_filtering_word(&filtering), "interfaces", interfaces, "packets",
			   (json_int_t)sums.totals.packets, "passed", (json_int_t)sums.totals.passed,
			   "dropped", (json_int_t)sums.totals.dropped, "answered",
			   (json_int_t)sums.totals.answered, "would_drop", (json_int_t)sums.totals.would_drop,
			   "reasons", reasons_to_json(sums.reasons), "would_drop_reasons",
			   reasons_to_json(sums.would_drop), "bans", (json_int_t)count_bans(agent),
			   "generation", (json_int_t)agent->generation, "drift", fw_drift_to_json(agent),
			   "mode", fw_mode_word(agent->loaded->policy->mode), "version", FW_VERSION,
			   "uptime_seconds",
			   (json_int_t)((fw_monotonic_ns() - agent->started_ns) / FW_NS_PER_SEC),
			   "policy_file", agent->loaded->stand.name, "pinned",
			   (int)fw_datapath_pinned(agent->datapath), "confirm", confirm_to_json(agent),
			   "rates", rates_to_json(&agent->sampler), "faults", faults_to_json(agent),
			   "fault_ages", fault_ages_to_json(agent), "logs", logs, "warnings", warnings,
			   "feeds", feeds_to_json(agent), "history", fw_recorder_to_json(agent, warnings),
			   "attacks", fw_attacks_brief(agent), "under_attack", fw_under_attack_to_json(agent),
			   "suppressions", suppressions, "notify", notify, "challenge", challenge, "maps",
			   maps));
}

void fw_api_metrics(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_snapshot snapshot;
	char *text = NULL;
	size_t size = 0;
	FILE *out;

	if (fw_snapshot_take(request->agent, &snapshot)) {
		fw_fail(answer, 500, FW_EXIT_KERNEL, "kernel-refused", NULL,
			"the kernel's counters could not be read");
		return;
	}
	out = open_memstream(&text, &size);
	if (out)
		fw_metrics_write(&snapshot, out);
	fw_snapshot_done(&snapshot);
	if (!out || fclose(out)) {
		free(text);
		fw_fail(answer, 503, FW_EXIT_TRY_AGAIN, "out-of-memory", NULL, "no memory for the metrics");
		return;
	}
	answer->text = text;
	answer->text_type = FW_METRICS_TYPE;
}
