// SPDX-License-Identifier: Apache-2.0
/* Attacks on disk: those that last and the last hundred that are over; where counters stood when it was
 * looked at those that last. */
#include <errno.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/attacks.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/reason.h"

#define ATTACKS_FILE "attacks.json"

static json_t *vector_to_json(const struct fw_attack_vector *vector)
{
	return json_pack("{s:i, s:s, s:i, s:i, s:b, s:b, s:b, s:b, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:f}",
			 "lane", vector->lane, "cause", vector->cause, "protocol", vector->protocol,
			 "tcp_flags", vector->tcp_flags, "has_flags", (int)vector->has_flags, "fragments",
			 (int)vector->fragments, "apart", (int)vector->apart, "other", (int)vector->other,
			 "source_port", vector->source_port, "dest_port", vector->dest_port, "dropped",
			 vector->dropped, "would_drop", vector->would_drop, "bytes", vector->bytes, "peak",
			 vector->peak_packets_per_second, "answered", vector->answered, "rate",
			 vector->packets_per_second);
}

static json_t *attack_to_json(const struct fw_attack *attack)
{
	char target[FW_ATTACK_TEXT_MAX];
	json_t *vectors = json_array();

	for (size_t i = 0; i < attack->vector_count; i++)
		json_array_append_new(vectors, vector_to_json(&attack->vectors[i]));
	return json_pack(
		"{s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:o}", "id", (json_int_t)attack->id,
		"target", fw_attack_target_text(&attack->target, target, sizeof(target)), "started_wall_ns",
		(json_int_t)attack->started_wall_ns, "ended_wall_ns", (json_int_t)attack->ended_wall_ns,
		"started_ns", (json_int_t)attack->started_ns, "last_over_ns",
		(json_int_t)attack->last_over_ns, "firm_ns", (json_int_t)attack->firm_ns, "detected_after_ns",
		(json_int_t)attack->detected_after_ns, "merged_into", (json_int_t)attack->merged_into,
		"peak_packets", attack->peak_packets_per_second, "peak_bytes", attack->peak_bytes_per_second,
		"vectors", vectors);
}

/* Ids of rules are given anew when others need them: the name says whose counters they are. */
static const char *name_of(const struct fw_agent *agent, uint16_t lane)
{
	return lane < FW_RULE_IDS ? agent->ids.name[lane] : fw_reason_facts(lane - FW_RULE_IDS)->word;
}

static json_t *lanes_to_json(const struct fw_agent *agent)
{
	const struct fw_attacks *attacks = agent->attacks.attacks;
	json_t *list = json_array();

	for (uint16_t i = 0; i < FW_ATTACK_LANES && attacks->active_count; i++) {
		const struct fw_attack_lane *lane = &attacks->lanes[i];

		if (lane->seen)
			json_array_append_new(list, json_pack("{s:i, s:s, s:I, s:I}", "lane", i, "name",
							      name_of(agent, i), "dropped",
							      (json_int_t)lane->dropped, "would_drop",
							      (json_int_t)lane->would_drop));
	}
	return list;
}

void fw_attacks_save(struct fw_agent *agent)
{
	const struct fw_attacks *attacks = agent->attacks.attacks;
	json_t *list = json_array(), *document;
	struct fw_err err = {};

	for (size_t i = 0; i < attacks->recent_count; i++)
		json_array_append_new(list, attack_to_json(&attacks->recent[i]));
	for (size_t i = 0; i < attacks->active_count; i++)
		json_array_append_new(list, attack_to_json(&attacks->active[i]));
	document = json_pack("{s:I, s:I, s:I, s:I, s:o, s:o}", "last_id", (json_int_t)attacks->last_id,
			     "saved_wall_ns", (json_int_t)fw_wall_ns(), "looked_ns",
			     (json_int_t)attacks->last_step_ns, "would_drop", (json_int_t)attacks->would_drop,
			     "lanes", lanes_to_json(agent), "attacks", list);
	if (fw_state_write(&agent->state, ATTACKS_FILE, document, &err))
		fw_log(FW_LOG_WARNING, "attacks would be forgotten at a restart: %s", err.text);
	json_decref(document);
	agent->attacks.saved_ns = fw_monotonic_ns();
	agent->attacks.dirty = false;
}

static bool in_range(int number, int most)
{
	return number >= 0 && number <= most;
}

static bool read_vector(const json_t *item, struct fw_attack_vector *ret)
{
	int lane, protocol, tcp_flags, has_flags, fragments, apart = 0, other = 0, source_port, dest_port;
	const char *cause;

	if (json_unpack((json_t *)item,
			"{s:i, s:s, s:i, s:i, s:b, s:b, s?b, s?b, s:i, s:i, s:F, s:F, s:F, s:F, s?F, s?F}",
			"lane", &lane, "cause", &cause, "protocol", &protocol, "tcp_flags", &tcp_flags,
			"has_flags", &has_flags, "fragments", &fragments, "apart", &apart, "other", &other,
			"source_port", &source_port, "dest_port", &dest_port, "dropped", &ret->dropped,
			"would_drop", &ret->would_drop, "bytes", &ret->bytes, "peak",
			&ret->peak_packets_per_second, "answered", &ret->answered, "rate",
			&ret->packets_per_second) ||
	    !in_range(lane, FW_ATTACK_LANES - 1) || !in_range(protocol, 255) || !in_range(tcp_flags, 255) ||
	    !in_range(source_port, 65535) || !in_range(dest_port, 65535))
		return false;
	ret->lane = (uint16_t)lane;
	memcpy(ret->cause, cause, strnlen(cause, sizeof(ret->cause) - 1));
	ret->protocol = (uint8_t)protocol;
	ret->tcp_flags = (uint8_t)tcp_flags;
	ret->has_flags = has_flags;
	ret->fragments = fragments;
	ret->apart = apart;
	ret->other = other;
	ret->described = true;
	ret->source_port = (uint16_t)source_port;
	ret->dest_port = (uint16_t)dest_port;
	return true;
}

static bool read_target(const char *text, struct fw_attack_target *ret)
{
	ret->everything = !strcmp(text, FW_ATTACK_EVERYTHING);
	ret->others = !strcmp(text, FW_ATTACK_OTHERS);
	return ret->everything || ret->others || !fw_prefix_parse(text, &ret->prefix, NULL);
}

static bool read_attack(const json_t *item, struct fw_attack *ret)
{
	json_int_t id, started_wall, ended_wall, started, last_over, firm = 0, detected, merged;
	json_t *vectors, *vector;
	const char *target;
	size_t i;

	*ret = (struct fw_attack){};
	if (json_unpack((json_t *)item, "{s:I, s:s, s:I, s:I, s:I, s:I, s?I, s:I, s:I, s:F, s:F, s:o}", "id",
			&id, "target", &target, "started_wall_ns", &started_wall, "ended_wall_ns",
			&ended_wall, "started_ns", &started, "last_over_ns", &last_over, "firm_ns", &firm,
			"detected_after_ns", &detected, "merged_into", &merged, "peak_packets",
			&ret->peak_packets_per_second, "peak_bytes", &ret->peak_bytes_per_second, "vectors",
			&vectors) ||
	    id < 0 || !read_target(target, &ret->target))
		return false;
	json_array_foreach (vectors, i, vector)
		if (ret->vector_count < FW_ATTACK_VECTORS &&
		    read_vector(vector, &ret->vectors[ret->vector_count]))
			ret->vector_count++;
	ret->id = (uint64_t)id;
	ret->started_wall_ns = (uint64_t)started_wall;
	ret->ended_wall_ns = (uint64_t)ended_wall;
	ret->started_ns = (uint64_t)started;
	ret->last_over_ns = (uint64_t)last_over;
	ret->firm_ns = (uint64_t)firm;
	ret->detected_after_ns = (uint64_t)detected;
	ret->merged_into = (uint64_t)merged;
	return ret->vector_count > 0;
}

static void read_lanes(const struct fw_agent *agent, const json_t *document)
{
	struct fw_attacks *attacks = agent->attacks.attacks;
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(document, "lanes"), i, item) {
		json_int_t dropped, would_drop;
		const char *name;
		int lane;

		if (json_unpack(item, "{s:i, s:s, s:I, s:I}", "lane", &lane, "name", &name, "dropped",
				&dropped, "would_drop", &would_drop) ||
		    !in_range(lane, FW_ATTACK_LANES - 1) || dropped < 0 || would_drop < 0 ||
		    strcmp(name, name_of(agent, (uint16_t)lane)))
			continue;
		attacks->lanes[lane].seen = true;
		attacks->lanes[lane].dropped = (uint64_t)dropped;
		attacks->lanes[lane].would_drop = (uint64_t)would_drop;
	}
}

/* Without the counters of before, what was dropped meanwhile is not known. */
static void resume(const struct fw_agent *agent, const json_t *document)
{
	struct fw_attacks *attacks = agent->attacks.attacks;
	json_int_t looked = json_integer_value(json_object_get(document, "looked_ns"));
	json_int_t would_drop = json_integer_value(json_object_get(document, "would_drop"));

	if (agent->adoption == FW_ADOPTED_ALL && looked > 0 && would_drop >= 0) {
		attacks->would_drop = (uint64_t)would_drop;
		read_lanes(agent, document);
	} else {
		looked = 0;
	}
	fw_attacks_resume(attacks, (uint64_t)looked, fw_datapath_now_ns(agent->datapath));
}

/* One that lasted when the last agent ended goes on: if it is over, it ends by itself. After a boot it is
 * over since it was last saved. */
static void take_attack(struct fw_attacks *attacks, const struct fw_attack *attack, bool same_boot,
			uint64_t now_ns, uint64_t saved_wall_ns)
{
	size_t at = attacks->active_count;

	if (attack->ended_wall_ns && attacks->recent_count < FW_ATTACKS_RECENT) {
		attacks->recent[attacks->recent_count++] = *attack;
	} else if (!attack->ended_wall_ns && at < FW_ATTACKS_ACTIVE) {
		attacks->active[attacks->active_count++] = *attack;
		if (fw_attack_is_firm(attack, attack->last_over_ns))
			attacks->active[at].firm_ns = now_ns;
		if (!same_boot)
			fw_attacks_end(attacks, at, saved_wall_ns);
	}
	if (attack->id > attacks->last_id)
		attacks->last_id = attack->id;
}

void fw_attacks_load(struct fw_agent *agent)
{
	struct fw_attacks *attacks = agent->attacks.attacks;
	struct fw_err err = {};
	bool same_boot = false;
	json_t *document = fw_state_read(&agent->state, ATTACKS_FILE, &same_boot, &err), *item;
	json_int_t last_id, saved;
	size_t i;

	if (!document) {
		if (err.code != -ENOENT)
			fw_log(FW_LOG_WARNING, "%s", err.text);
		return;
	}
	last_id = json_integer_value(json_object_get(document, "last_id"));
	saved = json_integer_value(json_object_get(document, "saved_wall_ns"));
	if (last_id > 0)
		attacks->last_id = (uint64_t)last_id;
	json_array_foreach (json_object_get(document, "attacks"), i, item) {
		struct fw_attack attack;

		if (read_attack(item, &attack))
			take_attack(attacks, &attack, same_boot, fw_datapath_now_ns(agent->datapath),
				    (uint64_t)saved);
	}
	if (attacks->active_count)
		resume(agent, document);
	for (i = 0; i < attacks->active_count; i++)
		fw_recorder_attack_goes_on(agent, &attacks->active[i]);
	json_decref(document);
}
