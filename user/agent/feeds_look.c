// SPDX-License-Identifier: Apache-2.0
/* What is told about feeds: their state in words, which entry is about an address. Changes nothing. */
#include <string.h>
#include <time.h>

#include "agent/agent.h"
#include "agent/feeds.h"
#include "lib/clock.h"

static const char *const condition_words[FW_FEED_CONDITION_MAX_] = {
#define X(name, word, help) [FW_FEED_IS_##name] = word,
	FW_FEED_CONDITIONS(X)
#undef X
};

const char *fw_feed_condition_word(enum fw_feed_condition condition)
{
	return condition < FW_FEED_CONDITION_MAX_ ? condition_words[condition] : "?";
}

enum fw_feed_condition fw_feed_condition(const struct fw_feed_watch *watch)
{
	if (watch->stale)
		return FW_FEED_IS_STALE;
	if (!watch->attempts)
		return watch->has_copy ? FW_FEED_IS_OK : FW_FEED_IS_WAITING;
	if (watch->last_outcome == FW_FEED_HELD)
		return FW_FEED_IS_HELD;
	return watch->last_outcome == FW_FEED_FAILED ? FW_FEED_IS_FAILED : FW_FEED_IS_OK;
}

const struct fw_feed_watch *fw_feeds_find(const struct fw_agent *agent, const char *set)
{
	for (size_t i = 0; i < agent->feeds.count; i++)
		if (agent->feeds.items[i]->active && !strcmp(agent->feeds.items[i]->definition.name, set))
			return agent->feeds.items[i];
	return NULL;
}

size_t fw_feed_kept(const struct fw_feed_watch *watch)
{
	size_t count = 0;

	for (unsigned int tier = 0; tier < FW_TIER_MAX_; tier++)
		count += watch->share.counts[tier];
	return count;
}

uint64_t fw_feed_trial_until(const struct fw_feed_watch *watch)
{
	uint64_t until;

	if (!watch->definition.trial_ns)
		return 0;
	if (!watch->has_copy || !watch->copy.first)
		return UINT64_MAX;
	until = watch->copy.first + watch->definition.trial_ns / FW_NS_PER_SEC;
	return until > fw_wall_ns() / FW_NS_PER_SEC ? until : 0;
}

/* The last prefix that begins at or before an address, of a family's sorted and disjoint ones. */
static bool holds(const struct fw_prefix *prefixes, size_t count, const struct fw_prefix *address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (fw_prefix_compare(&prefixes[middle], address) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	/* A prefix that covers a /128 sorts before it, and nothing disjoint stands in between. */
	return low && fw_prefix_covers(&prefixes[low - 1], address);
}

const struct fw_feed_entry *fw_feed_entry_of(const struct fw_feed_watch *watch, const struct fw_addr *addr,
					     bool *ret_in_force)
{
	const struct fw_prefix address = {.addr = *addr, .bits = 128};
	const struct fw_feed_entry *entry =
		watch->has_copy ? fw_feed_list_find(&watch->copy.entries, addr) : NULL;

	*ret_in_force = false;
	for (unsigned int tier = 0; entry && tier < FW_TIER_MAX_; tier++)
		*ret_in_force |= holds(watch->share.prefixes[tier], watch->share.counts[tier], &address);
	return entry;
}

static json_t *time_of(uint64_t seconds)
{
	time_t when = (time_t)seconds;
	char text[48];
	struct tm utc;

	if (!seconds || seconds == UINT64_MAX || !gmtime_r(&when, &utc))
		return json_null();
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return json_string(text);
}

static json_t *refused_of(const struct fw_guard_report *report, bool split)
{
	json_t *object = json_object();

	for (unsigned int reason = 0; reason < FW_GUARD_MAX_; reason++) {
		size_t count = split ? report->split[reason] : report->refused[reason];

		if (count)
			json_object_set_new(object, fw_guard_word((enum fw_guard_reason)reason),
					    json_integer((json_int_t)count));
	}
	return object;
}

static json_t *examples_of(const struct fw_guard_report *report)
{
	json_t *list = json_array();
	char entry[FW_ADDR_TEXT_MAX], what[FW_ADDR_TEXT_MAX];

	for (size_t i = 0; i < report->example_count; i++) {
		const struct fw_guard_example *example = &report->examples[i];

		json_array_append_new(list, json_pack("{s:s, s:I, s:s, s:s, s:b}", "entry",
						      fw_prefix_format(&example->entry, entry, sizeof(entry)),
						      "line", (json_int_t)example->line, "reason",
						      fw_guard_word(example->reason), "touches",
						      fw_prefix_format(&example->what, what, sizeof(what)),
						      "whole", (int)example->whole));
	}
	return list;
}

static json_t *reasons_of(const struct fw_feed_status *status)
{
	json_t *list = json_array();

	for (size_t i = 0; i < status->reason_count; i++)
		json_array_append_new(list, json_string(status->reasons[i]));
	return list;
}

static json_t *tiers_of(const struct fw_feed_watch *watch)
{
	json_t *object = json_object();

	for (unsigned int tier = 0; tier < FW_TIER_MAX_; tier++)
		json_object_set_new(object, fw_tier_word((enum fw_tier)tier),
				    json_integer((json_int_t)watch->share.counts[tier]));
	return object;
}

static json_t *worker_of(const struct fw_feed_watch *watch)
{
	const struct fw_feed_status *status = &watch->status;

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "http", (json_int_t)status->http,
			 "bytes", (json_int_t)status->bytes, "wire_bytes", (json_int_t)status->wire_bytes,
			 "lines", (json_int_t)status->lines, "refused_lines", (json_int_t)status->refused,
			 "filtered", (json_int_t)status->filtered, "milliseconds",
			 (json_int_t)status->milliseconds, "reasons", reasons_of(status));
}

static json_t *next_of(const struct fw_feed_watch *watch)
{
	uint64_t now = fw_monotonic_ns();

	if (watch->running)
		return json_null();
	return json_integer((json_int_t)(watch->next_attempt_ns > now
						 ? (watch->next_attempt_ns - now) / FW_NS_PER_SEC
						 : 0));
}

json_t *fw_feed_to_json(const struct fw_feed_watch *watch)
{
	const struct fw_feed_copy *copy = watch->has_copy ? &watch->copy : NULL;
	uint64_t trial = fw_feed_trial_until(watch);
	enum fw_feed_format format = copy ? copy->format : watch->definition.format;
	json_t *object =
		json_pack("{s:s, s:s, s:I, s:o, s:o, s:s, s:s, s:b, s:b}", "name", watch->definition.name,
			  "state", fw_feed_condition_word(fw_feed_condition(watch)), "entries",
			  (json_int_t)(copy ? copy->entries.count : 0), "last_success",
			  time_of(watch->last_success_ns / FW_NS_PER_SEC), "error",
			  *watch->error ? json_string(watch->error) : json_null(), "url",
			  watch->definition.url, "format", fw_feed_format_word(format), "stale",
			  (int)watch->stale, "running", (int)watch->running);

	if (!object)
		return NULL;
	json_object_set_new(object, "notice", *watch->notice ? json_string(watch->notice) : json_null());
	json_object_set_new(object, "held",
			    json_boolean(watch->attempts && watch->last_outcome == FW_FEED_HELD));
	json_object_set_new(object, "trial", json_boolean(trial != 0));
	json_object_set_new(object, "trial_until", time_of(trial));
	json_object_set_new(object, "in_force", json_integer((json_int_t)fw_feed_kept(watch)));
	json_object_set_new(object, "tiers", tiers_of(watch));
	json_object_set_new(object, "refused", refused_of(&watch->share.report, false));
	json_object_set_new(object, "split", refused_of(&watch->share.report, true));
	json_object_set_new(object, "examples", examples_of(&watch->share.report));
	json_object_set_new(object, "added", json_integer((json_int_t)watch->added));
	json_object_set_new(object, "removed", json_integer((json_int_t)watch->removed));
	json_object_set_new(object, "first_success", time_of(copy ? copy->first : 0));
	json_object_set_new(object, "last_change", time_of(copy ? copy->fetched : 0));
	json_object_set_new(object, "last_attempt", time_of(watch->last_attempt_ns / FW_NS_PER_SEC));
	json_object_set_new(object, "last_failure", time_of(watch->last_failure_ns / FW_NS_PER_SEC));
	json_object_set_new(object, "next_expiry", time_of(watch->share.next_expiry));
	json_object_set_new(object, "next_attempt_in_seconds", next_of(watch));
	json_object_set_new(object, "every_seconds",
			    json_integer((json_int_t)(watch->definition.every_ns / FW_NS_PER_SEC)));
	json_object_set_new(object, "attempts", json_integer((json_int_t)watch->attempts));
	json_object_set_new(object, "failures", json_integer(watch->failures));
	json_object_set_new(object, "sync_token", json_integer((json_int_t)(copy ? copy->sync_token : 0)));
	json_object_set_new(object, "worker", watch->attempts ? worker_of(watch) : json_null());
	return object;
}
