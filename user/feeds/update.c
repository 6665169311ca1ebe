// SPDX-License-Identifier: Apache-2.0
/* From a worker's answer to the list in force. */
#include "feeds/update.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *fw_feed_outcome_word(enum fw_feed_outcome outcome)
{
	static const char *const words[] = {[FW_FEED_FAILED] = "failed",
					    [FW_FEED_HELD] = "held",
					    [FW_FEED_UNCHANGED] = "unchanged",
					    [FW_FEED_UPDATED] = "updated"};

	return outcome <= FW_FEED_UPDATED ? words[outcome] : "?";
}

void fw_feed_update_done(struct fw_feed_update *update)
{
	fw_feed_copy_done(&update->copy);
	update->has_copy = false;
}

/* The reason, then what that means for the filter. */
static void keep_old(struct fw_feed_update *update, enum fw_feed_outcome outcome,
		     const struct fw_feed_copy *in_force, const char *reason)
{
	char when[32] = "";
	time_t checked = in_force ? (time_t)in_force->checked : 0;
	struct tm tm;

	update->outcome = outcome;
	if (gmtime_r(&checked, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (in_force)
		snprintf(update->why, sizeof(update->why),
			 "%.700s; the last good copy stays in force (%zu entries, of %s)", reason,
			 in_force->entries.count, when);
	else
		snprintf(update->why, sizeof(update->why),
			 "%.700s; there is no earlier copy, so this feed lists nobody", reason);
}

static bool same_entries(const struct fw_feed_list *a, const struct fw_feed_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct fw_feed_entry *left = &a->items[i], *right = &b->items[i];

		if (fw_prefix_compare(&left->prefix, &right->prefix) || left->expires != right->expires ||
		    left->tier != right->tier || left->score != right->score)
			return false;
	}
	return true;
}

/* A delta becomes the whole list it leads to. -ENOMEM. */
static int complete(struct fw_feed_copy *fresh, const struct fw_feed_copy *in_force, uint64_t now)
{
	struct fw_feed_list merged = {0};
	int r;

	(void)fw_feed_list_expire(&fresh->entries, now);
	if (!fresh->delta)
		return 0;
	r = fw_feed_list_apply(&in_force->entries, &fresh->entries, &fresh->removed, &merged);
	if (r)
		return r;
	(void)fw_feed_list_expire(&merged, now);
	fw_feed_list_done(&fresh->entries);
	fw_feed_list_done(&fresh->removed);
	fresh->entries = merged;
	fresh->delta = false;
	/* `fetched` tells when everything was last asked for. */
	fresh->fetched = in_force->fetched;
	return 0;
}

static int accept_fresh(struct fw_feed_copy *fresh, const struct fw_feed_copy *in_force,
			const struct fw_guard *guard, struct fw_feed_update *ret)
{
	struct fw_guard rules = *guard;
	struct fw_err err = {0};

	/* Decisions end by themselves: fewer of them is no sign of a broken list. */
	if (fresh->format == FW_FEED_CROWDSEC)
		rules.max_shrink_percent = 100;
	ret->held_by = fw_guard_judge(&fresh->entries, in_force ? &in_force->entries : NULL, &rules, &err);
	if (ret->held_by) {
		keep_old(ret, FW_FEED_HELD, in_force, err.text);
		fw_feed_copy_done(fresh);
		return 0;
	}
	ret->outcome = in_force && same_entries(&fresh->entries, &in_force->entries) ? FW_FEED_UNCHANGED
										     : FW_FEED_UPDATED;
	ret->copy = *fresh;
	ret->has_copy = true;
	return 0;
}

int fw_feed_update_judge(const struct fw_feed_status *status, int result_fd,
			 const struct fw_feed_copy *in_force, const struct fw_guard *guard, uint64_t origin,
			 uint64_t now, struct fw_feed_update *ret)
{
	static const struct fw_feed_list nothing;
	struct fw_feed_copy fresh = {0};
	struct fw_err err = {0};
	int r;

	*ret = (struct fw_feed_update){.status = *status};
	if (status->state == FW_FEED_STATE_FAILED) {
		keep_old(ret, FW_FEED_FAILED, in_force, status->error);
		return 0;
	}
	if (status->state == FW_FEED_STATE_NOT_MODIFIED) {
		ret->outcome = FW_FEED_UNCHANGED;
		if (!in_force)
			keep_old(ret, FW_FEED_FAILED, NULL, "\"not modified\" although nothing was there");
		return 0;
	}
	r = fw_feed_copy_read(result_fd, guard->max_entries, &fresh, &err);
	if (r == -E2BIG)
		ret->held_by = r;
	if (r == -E2BIG)
		keep_old(ret, FW_FEED_HELD, in_force, err.text);
	else if (r)
		keep_old(ret, FW_FEED_FAILED, in_force, err.text);
	else if (fresh.delta && !in_force)
		keep_old(ret, FW_FEED_FAILED, NULL,
			 "only what changed was sent, and nothing was there to change: write format: "
			 "crowdsec, so that everything is asked for at first");
	if (r || (fresh.delta && !in_force)) {
		fw_feed_copy_done(&fresh);
		return r == -ENOMEM ? r : 0;
	}
	/* The worker's order is not to be relied on. */
	fw_feed_list_normalize(&fresh.entries);
	fw_feed_list_normalize(&fresh.removed);
	fresh.origin = origin;
	fresh.checked = now;
	fresh.fetched = now;
	r = complete(&fresh, in_force, now);
	if (r) {
		fw_feed_copy_done(&fresh);
		return r;
	}
	fresh.first = in_force && in_force->first ? in_force->first : now;
	fw_feed_list_age(&fresh.entries, in_force ? &in_force->entries : &nothing, now);
	return accept_fresh(&fresh, in_force, guard, ret);
}
