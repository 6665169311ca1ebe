/* SPDX-License-Identifier: Apache-2.0 */
/* Tells of keys that come near to their limits. Only when somebody wants to be told, and then in two steps:
 * once a second each rule's histogram is asked whether any key closed a sub-window near a level (a few
 * kilobytes a rule); only then, and every 15 s for bursts that fell silent within a sub-window, the meters
 * are walked, by a thread. Ten times what a walk took lies between two of them, fifty times where no key is
 * known to be near. So it is told some two seconds after the sub-window (a sixteenth of the rule's window)
 * has ended; with a million meters, whose walk takes about a second, some ten seconds after. */
#ifndef FW_AGENT_UTILISATION_H
#define FW_AGENT_UTILISATION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "fw_policy.h"
#include "kern/stats.h"

struct fw_agent;
struct fw_used_flight;

#define FW_LEVELS_MAX 100 /* percent, each at most once */

/* Percentages, ascending. */
struct fw_levels {
	uint8_t percent[FW_LEVELS_MAX];
	size_t count;
};

/* Adds one; the order stays. */
void fw_levels_add(struct fw_levels *levels, uint8_t percent);
/* What is to be remembered of a key: the highest level that it has come to, or that it was told at and has
 * not fallen well below (to less than four fifths) since; 0: none. Pure. */
uint8_t fw_levels_step(const struct fw_levels *levels, uint8_t told, uint64_t amount, uint64_t limit);
/* The least amount that can matter to it. */
uint64_t fw_levels_floor(const struct fw_levels *levels, uint64_t limit);

/* A key that is at or near a level, sorted by key. */
struct fw_level_told {
	struct fw_meter_key key;
	uint8_t percent;
};

struct fw_utilisation {
	uv_timer_t timer;
	bool started;
	struct fw_levels levels; /* of all targets; none: nobody wants to be told */
	struct fw_level_told *told;
	size_t told_count;
	uint64_t near[FW_RULE_IDS];	       /* samples near a level so far, by rule id */
	uint64_t looked_ns, cost_ns, since_ns; /* since_ns: the Floodwall clock when the last walk began */
	uint64_t looks, unwatched; /* unwatched: keys of the last walk that there was no room for */
	struct fw_used_flight *flight;
};

void fw_utilisation_start(struct fw_agent *agent);
void fw_utilisation_stop(struct fw_agent *agent);
/* The targets are others. */
void fw_utilisation_follow(struct fw_agent *agent);
/* {"keys","looks","last_look_milliseconds","unwatched_keys"}; null when nobody wants to be told. */
json_t *fw_utilisation_to_json(const struct fw_agent *agent);

/* utilisation_say.c: one event a key, those nearest to their limits first, and one for the others of a rule.
 * `keys` are those that came to a level just now. */
struct fw_level_news {
	struct fw_used_key used;
	uint8_t level, before; /* percent */
};
void fw_utilisation_say(struct fw_agent *agent, const struct fw_rule *rule, struct fw_level_news *news,
			size_t count);

#endif
