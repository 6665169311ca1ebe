// SPDX-License-Identifier: Apache-2.0
/* One look at everything that is counted. */
#include "agent/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/filtering.h"
#include "agent/force.h"
#include "kern/stats.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/grow.h"
#include "policy/signatures.h"

/* Index of the rule with a stable id in the policy in force, -1. */
static int rule_index(const struct fw_agent *agent, uint16_t id)
{
	const struct fw_policy_slot *slot = agent->loaded->image->slot;

	for (size_t i = 0; i < agent->loaded->policy->rule_count; i++)
		if (slot->rules[i].id == id)
			return (int)i;
	return -1;
}

static int walk(struct fw_agent *agent, struct fw_key_stats *stats)
{
	const struct fw_policy *policy = agent->loaded->policy;
	struct fw_meter_entry *entries = NULL;
	int index_of[FW_RULE_IDS];
	size_t count = 0;
	int r = fw_meters_list(agent->datapath, FW_RULE_NONE, 0, &entries, &count);

	memset(stats, 0, policy->rule_count * sizeof(*stats));
	for (int id = 0; id < FW_RULE_IDS; id++)
		index_of[id] = rule_index(agent, (uint16_t)id);
	for (size_t i = 0; i < count && !r; i++) {
		int index = entries[i].key.rule < FW_RULE_IDS ? index_of[entries[i].key.rule] : -1;
		uint64_t limit = index < 0 ? 0 : policy->rules[index].limit.amount;
		double ratio = limit ? (double)entries[i].amount / (double)limit : 0;

		if (index < 0 || policy->rules[index].limit.unit == FW_UNIT_NONE)
			continue;
		stats[index].tracked++;
		stats[index].over += entries[i].over;
		if (ratio > stats[index].highest_ratio)
			stats[index].highest_ratio = ratio;
	}
	free(entries);
	return r;
}

int fw_key_stats_read(struct fw_agent *agent, struct fw_key_stats *stats)
{
	struct fw_key_cache *cache = &agent->keys;
	size_t count = agent->loaded->policy->rule_count;
	uint64_t began = fw_monotonic_ns();
	struct fw_key_stats *copy;
	int r;

	if (cache->stats && cache->generation == agent->generation && cache->count == count &&
	    began - cache->at_ns < 10 * cache->cost_ns) {
		memcpy(stats, cache->stats, count * sizeof(*stats));
		return 0;
	}
	r = walk(agent, stats);
	copy = r ? NULL : malloc((count + 1) * sizeof(*copy));
	if (copy)
		memcpy(copy, stats, count * sizeof(*copy));
	free(cache->stats);
	*cache = (struct fw_key_cache){.stats = copy,
				       .count = count,
				       .at_ns = fw_monotonic_ns(),
				       .cost_ns = fw_monotonic_ns() - began,
				       .generation = agent->generation};
	return r;
}

void fw_bans_by_origin(struct fw_agent *agent, uint64_t counts[FW_BAN_ORIGIN_MAX_])
{
	struct fw_ban_entry *entries = NULL;
	size_t count = 0;

	memset(counts, 0, FW_BAN_ORIGIN_MAX_ * sizeof(*counts));
	if (fw_ban_list(agent->datapath, false, &entries, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++)
		counts[entries[i].ban.origin % FW_BAN_ORIGIN_MAX_]++;
	free(entries);
}

/* One line per interface that is wanted or attached. */
static int take_ifaces(struct fw_agent *agent, struct fw_snapshot *snapshot)
{
	const struct fw_attached *attached;
	size_t count = fw_attachments_list(agent->attachments, &attached);

	snapshot->ifaces = calloc(count + agent->interfaces.count + 1, sizeof(*snapshot->ifaces));
	if (!snapshot->ifaces)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct fw_iface_snapshot *iface = &snapshot->ifaces[snapshot->iface_count++];

		iface->name = attached[i].name;
		iface->xdp_mode = fw_xdp_mode_word(attached[i].mode);
		iface->driver = attached[i].driver;
		iface->attached = 1;
		if (fw_stats_iface(agent->datapath, attached[i].iface, &iface->counts))
			return -EIO;
	}
	for (size_t i = 0; i < agent->interfaces.count; i++) {
		const struct fw_wanted *wanted = &agent->interfaces.wanted[i];

		if (!fw_interfaces_find(agent, wanted->request.name))
			snapshot->ifaces[snapshot->iface_count++] = (struct fw_iface_snapshot){
				.name = wanted->request.name, .xdp_mode = "none", .driver = ""};
	}
	return 0;
}

static int take_rules(struct fw_agent *agent, struct fw_snapshot *snapshot)
{
	const struct fw_policy *policy = agent->loaded->policy;
	FW_FREE struct fw_rule_count *counts = calloc(FW_RULE_IDS, sizeof(*counts));
	FW_FREE struct fw_key_stats *keys = calloc(policy->rule_count + 1, sizeof(*keys));

	snapshot->rules = calloc(policy->rule_count + 1, sizeof(*snapshot->rules));
	if (!counts || !keys || !snapshot->rules)
		return -ENOMEM;
	if (fw_key_stats_read(agent, keys))
		return -EIO;
	fw_stats_rules(agent->datapath, counts);
	fw_logs_add_counts(agent, counts);
	fw_logs_add_keys(agent, keys);
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct fw_policy_rule *rule = &policy->rules[i];
		bool limited = rule->limit.unit != FW_UNIT_NONE;

		snapshot->rules[snapshot->rule_count++] = (struct fw_rule_snapshot){
			.name = rule->name,
			.action = fw_action_word(rule->action),
			.mode = fw_rule_counts(policy, rule) ? "count" : "enforce",
			.unit = limited ? fw_unit_word(rule->limit.unit) : "",
			.limit = rule->limit.amount,
			.window_ns = rule->limit.window_ns,
			.counts = counts[agent->loaded->image->slot->rules[i].id],
			.keys_tracked = keys[i].tracked,
			.keys_over = keys[i].over,
			.highest_key_ratio = keys[i].highest_ratio,
		};
	}
	return 0;
}

static int take_sets(struct fw_agent *agent, struct fw_snapshot *snapshot)
{
	const struct fw_policy *policy = agent->loaded->policy;
	FW_FREE uint64_t *packets = calloc(policy->set_count + 1, sizeof(*packets));

	snapshot->sets = calloc(policy->set_count + 1, sizeof(*snapshot->sets));
	if (!packets || !snapshot->sets)
		return -ENOMEM;
	fw_set_totals_read(agent, packets);
	for (size_t i = 0; i < policy->set_count; i++) {
		const struct fw_set_file *file = fw_set_files_find(agent, policy->sets[i].name);

		snapshot->sets[snapshot->set_count++] =
			(struct fw_set_snapshot){.name = policy->sets[i].name,
						 .prefixes4 = agent->loaded->image->set_prefixes4[i],
						 .prefixes6 = agent->loaded->image->set_prefixes6[i],
						 .packets = packets[i],
						 .has_file = file,
						 .file_is_good = file && !file->error[0]};
	}
	return 0;
}

static int take_signatures(struct fw_agent *agent, struct fw_snapshot *snapshot)
{
	const struct fw_signature_list *list = agent->loaded->policy->signatures.list;
	struct fw_signature_count counts[FW_SIGNATURES_MAX] = {};

	if (!list)
		return 0;
	snapshot->signatures = calloc(list->count + 1, sizeof(*snapshot->signatures));
	if (!snapshot->signatures)
		return -ENOMEM;
	if (fw_stats_signatures(agent->datapath, counts))
		return -EIO;
	for (; snapshot->signature_count < list->count; snapshot->signature_count++) {
		size_t i = snapshot->signature_count;

		snapshot->signatures[i] = (struct fw_signature_snapshot){
			.name = list->items[i].name,
			.vector = list->items[i].vector ? list->items[i].vector : "",
			.packets = counts[i].packets,
			.bytes = counts[i].bytes};
	}
	return 0;
}

static void add_word(struct fw_worded *worded, const char *word, uint64_t count)
{
	if (worded->count == FW_WORDED_MAX)
		return;
	worded->items[worded->count].word = word;
	worded->items[worded->count++].count = count;
}

static void take_feed(const struct fw_feed_watch *watch, struct fw_feed_snapshot *feed)
{
	enum fw_feed_condition now = fw_feed_condition(watch);

	*feed = (struct fw_feed_snapshot){.name = watch->definition.name,
					  .up = watch->attempts && watch->last_outcome >= FW_FEED_UNCHANGED,
					  .stale = watch->stale,
					  .entries = fw_feed_kept(watch),
					  .refused_lines = watch->status.refused,
					  .last_success_wall_ns = watch->last_success_ns,
					  .fetch_ns = watch->status.milliseconds * 1000000};
	for (unsigned int i = 0; i < FW_FEED_CONDITION_MAX_; i++)
		add_word(&feed->states, fw_feed_condition_word((enum fw_feed_condition)i), i == now);
	for (unsigned int i = 0; i < FW_GUARD_MAX_; i++)
		add_word(&feed->refused, fw_guard_word((enum fw_guard_reason)i),
			 watch->share.report.refused[i]);
	for (unsigned int i = 0; i <= FW_FEED_UPDATED; i++)
		add_word(&feed->fetches, fw_feed_outcome_word((enum fw_feed_outcome)i), watch->outcomes[i]);
}

static int take_feeds(struct fw_agent *agent, struct fw_snapshot *snapshot)
{
	snapshot->feeds = calloc(agent->feeds.count + 1, sizeof(*snapshot->feeds));
	if (!snapshot->feeds)
		return -ENOMEM;
	for (size_t i = 0; i < agent->feeds.count; i++)
		if (agent->feeds.items[i]->active)
			take_feed(agent->feeds.items[i], &snapshot->feeds[snapshot->feed_count++]);
	return 0;
}

#define GATE_ASKED_NS (FW_NS_PER_SEC / 2) /* nobody asked for so long: there is no flood */

static int take_admission(struct fw_agent *agent, struct fw_admission_snapshot *admission)
{
	uint64_t now = fw_datapath_now_ns(agent->datapath);
	const struct fw_gate *gate;

	admission->gone = fw_stats_meters_gone(agent->datapath);
	for (unsigned int cpu = 0; (gate = fw_stats_gate(agent->datapath, cpu)); cpu++) {
		struct fw_gate_snapshot one = {.cpu = cpu,
					       .closed = gate->closed &&
							 now < gate->refilled_ns + GATE_ASKED_NS,
					       .closings = gate->closings};

		admission->turned_away += gate->turned_away;
		admission->candidates += gate->candidates;
		admission->fresh += gate->fresh;
		admission->returned += gate->returned;
		admission->strayed += gate->strayed;
		if (FW_APPEND(admission->gates, admission->gate_count, one))
			return -ENOMEM;
	}
	return 0;
}

static void take_process(struct fw_snapshot *snapshot)
{
	FW_FCLOSE FILE *file = fopen("/proc/self/statm", "re");
	unsigned long long resident = 0;
	struct timespec cpu;

	if (file && fscanf(file, "%*u %llu", &resident) == 1)
		snapshot->resident_bytes = resident * (uint64_t)sysconf(_SC_PAGESIZE);
	if (!clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu))
		snapshot->cpu_ns = (uint64_t)cpu.tv_sec * FW_NS_PER_SEC + (uint64_t)cpu.tv_nsec;
}

int fw_snapshot_take(struct fw_agent *agent, struct fw_snapshot *ret)
{
	const struct fw_stand *stand = &agent->loaded->stand;
	struct fw_snapshot snapshot = {
		.at_ns = fw_monotonic_ns(),
		.start_wall_ns = agent->started_wall_ns,
		.last_reload_wall_ns = agent->last_reload_wall_ns,
		.confirm_deadline_wall_ns = agent->confirm.pending ? agent->confirm.deadline_wall_ns : 0,
		.last_reload_ok = agent->last_reload_ok,
		.runtime_overrides = fw_drift_count(agent),
		.generation = agent->generation,
		.challenges = fw_challenge_answered(agent),
		.verified = agent->challenge.verified,
		.bans_removed_expired = agent->leases.removed_expired,
		.bans_removed_manual = agent->leases.removed_manual,
		.config_file = stand->name,
	};
	struct fw_filtering filtering;
	int r = take_ifaces(agent, &snapshot);

	fw_filtering_look(agent, &filtering);
	snapshot.enforcing = filtering.counting < filtering.attached;
	snapshot.count_mode = filtering.attached && !snapshot.enforcing;
	snprintf(snapshot.config_hash, sizeof(snapshot.config_hash), "%016" PRIx64,
		 fw_force_digest(stand->text, stand->length));
	memcpy(snapshot.bans_added, agent->leases.added, sizeof(snapshot.bans_added));
	if (!r)
		r = take_rules(agent, &snapshot);
	if (!r)
		r = take_sets(agent, &snapshot);
	if (!r)
		r = take_feeds(agent, &snapshot);
	if (!r)
		r = take_signatures(agent, &snapshot);
	if (!r)
		r = fw_stats_faults(agent->datapath, snapshot.faults);
	if (!r)
		r = fw_stats_map_usage(agent->datapath, snapshot.maps, FW_MAP_USAGE_MAX, &snapshot.map_count);
	if (!r)
		r = take_admission(agent, &snapshot.admission);
	fw_bans_by_origin(agent, snapshot.bans_by_origin);
	snapshot.log_count = fw_logs_snapshot(agent, snapshot.logs);
	fw_recorder_snapshot(agent, &snapshot.history);
	snapshot.under_attack = fw_under_attack_now(agent);
	snapshot.attack_count = fw_attacks_snapshot(agent, snapshot.attacks);
	fw_suppressed_snapshot(agent, &snapshot);
	fw_notifier_snapshot(agent, &snapshot);
	take_process(&snapshot);
	if (r) {
		fw_snapshot_done(&snapshot);
		return r;
	}
	*ret = snapshot;
	return 0;
}

void fw_snapshot_done(struct fw_snapshot *snapshot)
{
	free(snapshot->ifaces);
	free(snapshot->rules);
	free(snapshot->sets);
	free(snapshot->feeds);
	free(snapshot->signatures);
	free(snapshot->admission.gates);
	snapshot->ifaces = NULL;
	snapshot->rules = NULL;
	snapshot->sets = NULL;
	snapshot->feeds = NULL;
	snapshot->signatures = NULL;
	snapshot->admission.gates = NULL;
}
