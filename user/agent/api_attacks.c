// SPDX-License-Identifier: Apache-2.0
/* GET /v1/attacks, attacks in status, /v1/under-attack. */
#include <string.h>

#include "agent/agent.h"
#include "agent/attacks.h"
#include "agent/filtering.h"
#include "agent/request.h"
#include "lib/clock.h"
#include "lib/moment.h"

static json_t *time_of(uint64_t wall_ns)
{
	char text[FW_MOMENT_TEXT_MAX];

	return wall_ns ? json_string(fw_moment_format((int64_t)(wall_ns / FW_NS_PER_SEC), text))
		       : json_null();
}

static json_t *vector_to_json(const struct fw_agent *agent, const struct fw_attack_vector *vector)
{
	bool by_rule = vector->lane < FW_RULE_IDS;
	char text[FW_ATTACK_TEXT_MAX];

	return json_pack("{s:s, s:s?, s:s?, s:I, s:I, s:I, s:I, s:I, s:I}", "vector",
			 fw_attack_vector_said(agent, vector, text), "rule", by_rule ? vector->cause : NULL,
			 "reason", by_rule ? NULL : vector->cause, "dropped", (json_int_t)vector->dropped,
			 "would_drop", (json_int_t)vector->would_drop, "answered",
			 (json_int_t)vector->answered, "bytes", (json_int_t)vector->bytes,
			 "packets_per_second", (json_int_t)vector->packets_per_second,
			 "peak_packets_per_second", (json_int_t)vector->peak_packets_per_second);
}

static json_t *brief(const struct fw_agent *agent, const struct fw_attack *attack)
{
	const struct fw_attack_vector *most = fw_attack_main_vector(attack);
	uint64_t end = attack->ended_wall_ns ? attack->ended_wall_ns : fw_wall_ns();
	char target[FW_ATTACK_TEXT_MAX], vector[FW_ATTACK_TEXT_MAX];
	json_int_t dropped = 0, would_drop = 0, answered = 0, kinds_now = 0;

	for (size_t i = 0; i < attack->vector_count; i++) {
		dropped += (json_int_t)attack->vectors[i].dropped;
		would_drop += (json_int_t)attack->vectors[i].would_drop;
		answered += (json_int_t)attack->vectors[i].answered;
		kinds_now += attack->vectors[i].packets_per_second >= 1;
	}
	return json_pack(
		"{s:I, s:s, s:s, s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		"id", (json_int_t)attack->id, "state", attack->ended_wall_ns ? "ended" : "active", "target",
		fw_attack_target_text(&attack->target, target, sizeof(target)), "vector",
		fw_attack_vector_said(agent, most, vector), "cause", most->cause, "started",
		time_of(attack->started_wall_ns), "seconds",
		(json_int_t)(end > attack->started_wall_ns ? (end - attack->started_wall_ns) / FW_NS_PER_SEC
							   : 0),
		"packets_per_second", (json_int_t)attack->packets_per_second, "bytes_per_second",
		(json_int_t)attack->bytes_per_second, "peak_packets_per_second",
		(json_int_t)attack->peak_packets_per_second, "peak_bytes_per_second",
		(json_int_t)attack->peak_bytes_per_second, "dropped_per_second",
		(json_int_t)attack->dropped_per_second, "would_drop_per_second",
		(json_int_t)attack->would_drop_per_second, "dropped", dropped, "would_drop", would_drop,
		"answered", answered, "answered_per_second", (json_int_t)attack->answered_per_second,
		"kinds_now", kinds_now);
}

json_t *fw_attack_to_json(const struct fw_agent *agent, const struct fw_attack *attack)
{
	json_t *json = brief(agent, attack), *vectors = json_array();

	for (size_t i = 0; i < attack->vector_count; i++)
		json_array_append_new(vectors, vector_to_json(agent, &attack->vectors[i]));
	json_object_set_new(json, "ended", time_of(attack->ended_wall_ns));
	json_object_set_new(json, "detected_after_seconds",
			    json_real((double)attack->detected_after_ns / 1e9));
	json_object_set_new(json, "merged_into",
			    attack->merged_into ? json_integer((json_int_t)attack->merged_into)
						: json_null());
	json_object_set_new(json, "vectors", vectors);
	return json;
}

json_t *fw_attacks_brief(const struct fw_agent *agent)
{
	const struct fw_attacks *attacks = agent->attacks.attacks;
	json_t *list = json_array();

	for (size_t i = 0; attacks && i < attacks->active_count; i++)
		json_array_append_new(list, brief(agent, &attacks->active[i]));
	return list;
}

void fw_api_attacks(struct fw_request *request, struct fw_answer *answer)
{
	const struct fw_attacks *attacks = request->agent->attacks.attacks;
	json_t *active = json_array(), *recent = json_array();
	struct fw_filtering filtering;
	size_t most;

	if (!fw_request_number(request, "last", 20, FW_ATTACKS_RECENT, &most, answer)) {
		json_decref(active);
		json_decref(recent);
		return;
	}
	for (size_t i = 0; attacks && i < attacks->active_count; i++)
		json_array_append_new(active, fw_attack_to_json(request->agent, &attacks->active[i]));
	for (size_t i = attacks ? attacks->recent_count : 0; i-- > 0 && most; most--)
		json_array_append_new(recent, fw_attack_to_json(request->agent, &attacks->recent[i]));
	fw_filtering_look(request->agent, &filtering);
	fw_reply(answer, json_pack("{s:s, s:o, s:o}", "filtering", fw_filtering_word(&filtering), "active",
				   active, "recent", recent));
}

void fw_api_under_attack_state(struct fw_request *request, struct fw_answer *answer)
{
	fw_reply(answer, fw_under_attack_to_json(request->agent));
}

void fw_api_under_attack(struct fw_request *request, struct fw_answer *answer)
{
	const char *word = fw_request_text(request, "mode", answer);
	struct fw_err err = {};
	uint64_t for_ns;

	if (!word || !fw_request_seconds(request, "for_seconds", &for_ns, answer))
		return;
	for (unsigned int i = 0; i < FW_UNDER_ATTACK_MODE_MAX_; i++) {
		if (strcmp(word, fw_under_attack_word((enum fw_under_attack_mode)i)))
			continue;
		if (for_ns && i == FW_UNDER_ATTACK_AUTO)
			fw_fail(answer, 400, FW_EXIT_USAGE, "bad-request", "leave out the time",
				"auto is what holds when the time of on or off is up");
		else if (fw_under_attack_set(request->agent, (enum fw_under_attack_mode)i, request->by,
					     for_ns, &err))
			fw_fail_err(answer, &err);
		else
			fw_reply(answer, fw_kept_reply(request->agent, FW_KEPT_UNDER_ATTACK,
						       fw_under_attack_to_json(request->agent)));
		return;
	}
	fw_fail(answer, 400, FW_EXIT_USAGE, "bad-request", NULL,
		"mode: expected on, off or auto, got '%.40s'", word);
}
