// SPDX-License-Identifier: Apache-2.0
/* Events of feeds: what changed, and trouble once. */
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/feeds_inside.h"
#include "lib/units.h"

static const char *in_force(const struct fw_feed_watch *watch, char *text, size_t size)
{
	if (watch->has_copy)
		snprintf(text, size, "%zu entries stay in force", watch->copy.entries.count);
	else
		snprintf(text, size, "nothing of it is in force");
	return text;
}

void fw_feed_say_updated(struct fw_feed_watch *watch)
{
	char guards[512] = "";

	fw_guard_describe(&watch->share.report, guards, sizeof(guards));
	fw_event(watch->agent, "feed", "agent",
		 json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:I}", "name", watch->definition.name,
			   "change", "updated", "entries", (json_int_t)watch->copy.entries.count, "added",
			   (json_int_t)watch->added, "removed", (json_int_t)watch->removed, "in_force",
			   (json_int_t)fw_feed_kept(watch), "guard", guards, "generation",
			   (json_int_t)watch->agent->generation),
		 "feed '%s': %zu %s, %zu added, %zu removed%s%s%s", watch->definition.name,
		 watch->copy.entries.count, watch->copy.entries.count == 1 ? "entry" : "entries",
		 watch->added, watch->removed,
		 fw_feed_trial_until(watch) ? "; on trial: it counts and drops nothing" : "",
		 *guards ? "; " : "", guards);
}

/* The first time, and when the reason is another one. */
void fw_feed_say_trouble(struct fw_feed_watch *watch, enum fw_feed_outcome outcome, const char *why)
{
	if (watch->attempts > 1 && watch->last_outcome == outcome && !strcmp(watch->error, why))
		return;
	fw_event(watch->agent, "feed", "agent",
		 json_pack("{s:s, s:s, s:s, s:I}", "name", watch->definition.name, "change",
			   fw_feed_outcome_word(outcome), "error", why, "entries",
			   (json_int_t)(watch->has_copy ? watch->copy.entries.count : 0)),
		 "feed '%s' %s: %s", watch->definition.name, fw_feed_outcome_word(outcome), why);
}

void fw_feed_say_recovered(struct fw_feed_watch *watch)
{
	fw_event(watch->agent, "feed", "agent",
		 json_pack("{s:s, s:s, s:I}", "name", watch->definition.name, "change", "recovered",
			   "failures", (json_int_t)watch->failures),
		 "feed '%s' is current again after %u failed attempt%s", watch->definition.name,
		 watch->failures, watch->failures == 1 ? "" : "s");
}

void fw_feed_say_stale(struct fw_feed_watch *watch)
{
	char stays[64];

	fw_event(watch->agent, "feed", "agent",
		 json_pack("{s:s, s:s, s:s}", "name", watch->definition.name, "change", "stale", "error",
			   *watch->error ? watch->error : "no success for too long"),
		 "feed '%s' is STALE: no success for too long%s%s; %s", watch->definition.name,
		 *watch->error ? ", lately: " : "", watch->error, in_force(watch, stays, sizeof(stays)));
}

void fw_feed_say_trial_over(struct fw_feed_watch *watch)
{
	char text[32];

	fw_event(watch->agent, "feed", "agent",
		 json_pack("{s:s, s:s}", "name", watch->definition.name, "change", "trial_over"),
		 "feed '%s': its trial of %s is over, from now on its rules take effect",
		 watch->definition.name, fw_duration_format(watch->definition.trial_ns, text, sizeof(text)));
}
