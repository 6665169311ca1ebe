// SPDX-License-Identifier: Apache-2.0
/* Logs and log rules in status, rules and metrics. */
#include <string.h>

#include "agent/agent.h"
#include "agent/logs.h"

static const char *const count_words[] = {
#define X(id, word) word,
	FW_LOG_COUNTS(X)
#undef X
};

static const char *const source_words[] = {[FW_LOG_FILE] = "file",
					   [FW_LOG_JOURNAL] = "journal",
					   [FW_LOG_SYSLOG_UDP] = "syslog",
					   [FW_LOG_SYSLOG_UNIX] = "syslog"};

json_t *fw_logs_to_json(const struct fw_agent *agent, json_t *warnings)
{
	const struct fw_logs *logs = &agent->logs;
	json_t *list = json_array();

	for (size_t i = 0; i < logs->count; i++) {
		const struct fw_log_state *log = &logs->logs[i];
		bool reads = log->fd >= 0 && !log->error[0] && logs->worker;
		json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", log->name, "source",
					 source_words[log->source], "place", log->place, "state",
					 reads ? "reading" : "waiting", "error",
					 log->error[0] ? json_string(log->error) : json_null());

		for (int count = 0; count < FW_LOG_COUNT_MAX_; count++)
			json_object_set_new(json, count_words[count],
					    json_integer((json_int_t)log->counts[count]));
		json_array_append_new(list, json);
		if (log->error[0])
			json_array_append_new(warnings,
					      json_sprintf("log '%s': %s: its rules see nothing new",
							   log->name, log->error));
		if (log->counts[FW_LOG_COUNT_EVICTED])
			json_array_append_new(
				warnings,
				json_sprintf(
					"log '%s': %lu clients were forgotten to make room for others: raise "
					"capacity: {log_clients: N}",
					log->name, (unsigned long)log->counts[FW_LOG_COUNT_EVICTED]));
		if (log->format.wrong[0])
			json_array_append_new(warnings,
					      json_sprintf("log '%s': %s", log->name, log->format.wrong));
	}
	if (logs->wanted && (!logs->worker || logs->keeper_fd < 0))
		json_array_append_new(warnings, json_string("no log is read: floodwall-log is not running"));
	return list;
}

void fw_logs_add_counts(const struct fw_agent *agent, struct fw_rule_count *by_id)
{
	const struct fw_policy *policy = agent->loaded->policy;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct fw_policy_rule *rule = &policy->rules[i];
		uint16_t id = agent->loaded->image->slot->rules[i].id;

		if (!rule->match.log)
			continue;
		by_id[id].packets += agent->logs.rules[id].matched;
		if (fw_rule_counts(policy, rule) || rule->action == FW_ACTION_COUNT)
			by_id[id].would_drop += agent->logs.rules[id].over;
	}
}

void fw_logs_add_keys(const struct fw_agent *agent, struct fw_key_stats *by_rule)
{
	for (size_t i = 0; i < agent->loaded->policy->rule_count; i++) {
		uint16_t id = agent->loaded->image->slot->rules[i].id;

		if (!agent->loaded->policy->rules[i].match.log || id >= FW_RULE_IDS)
			continue;
		by_rule[i].tracked += agent->logs.rules[id].keys;
		by_rule[i].over += agent->logs.rules[id].keys_over;
	}
}

size_t fw_logs_snapshot(const struct fw_agent *agent, struct fw_log_snapshot logs[FW_LOGS_MAX])
{
	for (size_t i = 0; i < agent->logs.count; i++) {
		const struct fw_log_state *log = &agent->logs.logs[i];

		logs[i] = (struct fw_log_snapshot){.name = log->name,
						   .reading = log->fd >= 0 && !log->error[0] &&
							      agent->logs.worker,
						   .lines = log->counts[FW_LOG_COUNT_LINES],
						   .unparsed = log->counts[FW_LOG_COUNT_UNPARSED],
						   .overlong = log->counts[FW_LOG_COUNT_OVERLONG],
						   .given_up = log->counts[FW_LOG_COUNT_GIVEN_UP],
						   .no_client = log->counts[FW_LOG_COUNT_NO_CLIENT],
						   .matches = log->counts[FW_LOG_COUNT_MATCHED],
						   .offences = log->counts[FW_LOG_COUNT_OFFENCES]};
	}
	return agent->logs.count;
}
