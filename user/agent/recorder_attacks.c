// SPDX-License-Identifier: Apache-2.0
/* Declared attacks out of the events, so that recommend can leave their time out. */
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "lib/clock.h"
#include "lib/grow.h"

static const char *text_of(const json_t *event, const char *name)
{
	const char *text = json_string_value(json_object_get(event, name));

	return text ? text : "";
}

static struct fw_open_attack *find(struct fw_recorder *recorder, int64_t id)
{
	for (size_t i = 0; i < recorder->open_count; i++)
		if (recorder->open[i].id == id)
			return &recorder->open[i];
	return NULL;
}

static void note(struct fw_recorder *recorder, const struct fw_history_attack *attack)
{
	if (recorder->attack_count < FW_RECORDER_ATTACKS_MAX)
		(void)FW_APPEND(recorder->attacks, recorder->attack_count, *attack);
}

static void begin(struct fw_recorder *recorder, int64_t id, const char *target, const char *vector)
{
	struct fw_open_attack fresh = {.id = id, .attack.start = (int64_t)(fw_wall_ns() / FW_NS_PER_SEC)};

	if (recorder->open_count >= FW_RECORDER_ATTACKS_MAX || find(recorder, id))
		return;
	snprintf(fresh.attack.target, sizeof(fresh.attack.target), "%s", target);
	snprintf(fresh.attack.vector, sizeof(fresh.attack.vector), "%s", vector);
	if (!FW_APPEND(recorder->open, recorder->open_count, fresh))
		note(recorder, &fresh.attack);
}

void fw_recorder_attack_goes_on(struct fw_agent *agent, const struct fw_attack *attack)
{
	char target[FW_ATTACK_TEXT_MAX], vector[FW_ATTACK_TEXT_MAX];

	begin(&agent->recorder, (int64_t)attack->id,
	      fw_attack_target_text(&attack->target, target, sizeof(target)),
	      fw_attack_vector_said(agent, fw_attack_main_vector(attack), vector));
}

void fw_recorder_on_event(struct fw_agent *agent, const char *type, const json_t *event)
{
	struct fw_recorder *recorder = &agent->recorder;
	bool starts = !strcmp(type, "attack_start");
	int64_t now = (int64_t)(fw_wall_ns() / FW_NS_PER_SEC);
	struct fw_open_attack *open;

	if (!starts && strcmp(type, "attack_end"))
		return;
	open = find(recorder, json_integer_value(json_object_get(event, "attack")));
	if (starts)
		begin(recorder, json_integer_value(json_object_get(event, "attack")),
		      text_of(event, "target"), text_of(event, "vector"));
	if (starts || !open)
		return;
	open->attack.end = now > open->attack.start ? now : open->attack.start + 1;
	note(recorder, &open->attack);
	*open = recorder->open[--recorder->open_count];
}
