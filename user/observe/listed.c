// SPDX-License-Identifier: Apache-2.0
/* Listings in words. Pure. */
#include "observe/listed.h"

#include <stdio.h>
#include <time.h>

#include "lib/text.h"
#include "lib/units.h"
#include "policy/users.h"

#define USERS_MAX 4 /* named; of more, the number is said */

static void say_entry(struct fw_text *text, const struct fw_listing *listing)
{
	if (listing->kind == FW_LISTING_FEED) {
		fw_text_add(text, "entry %s", listing->entry);
		if (listing->line)
			fw_text_add(text, ", line %d", listing->line);
		return;
	}
	if (listing->file && listing->line)
		fw_text_add(text, "%s:%d, %s", listing->file, listing->line, listing->entry);
	else if (listing->file)
		fw_text_add(text, "%s, %s", listing->file, listing->entry);
	else
		fw_text_add(text, "%s", listing->entry);
	if (listing->outdated)
		fw_text_add(text, ", from its last good content");
}

static void say_times(struct fw_text *text, const struct fw_listing *listing)
{
	time_t seconds = (time_t)listing->first_seen;
	char date[32], left[32];
	struct tm utc;

	if (listing->by)
		fw_text_add(text, ", %s live by %s",
			    listing->kind == FW_LISTING_REMOVED ? "taken out" : "added", listing->by);
	if (listing->tier != FW_TIER_NONE)
		fw_text_add(text, ", tier %s", fw_tier_word(listing->tier));
	if (listing->first_seen && gmtime_r(&seconds, &utc) && strftime(date, sizeof(date), "%F", &utc))
		fw_text_add(text, ", first seen %s", date);
	if (listing->idle)
		fw_text_add(text, ", NOT in force: expired or taken out by a guard");
	if (listing->on_trial)
		fw_text_add(text, ", on trial: counts only");
	if (listing->left_ns)
		fw_text_add(text, ", %s in %s", listing->kind == FW_LISTING_FEED ? "expires" : "ends",
			    fw_age_format(listing->left_ns, left, sizeof(left)));
}

static void say_users(struct fw_text *text, const struct fw_policy *policy, unsigned int set)
{
	const char *names[USERS_MAX];
	size_t count = fw_set_users(policy, set, names, USERS_MAX);

	if (!count) {
		fw_text_add(text, "; no rule names it, so it changes nothing");
		return;
	}
	fw_text_add(text, "; named by ");
	for (size_t i = 0; i < count && i < USERS_MAX; i++)
		fw_text_add(text, "%s%s", i ? ", " : "", names[i]);
	if (count > USERS_MAX)
		fw_text_add(text, " and %zu more", count - USERS_MAX);
}

const char *fw_listing_format(const struct fw_policy *policy, unsigned int set,
			      const struct fw_listing *listing, char *buffer, size_t size)
{
	struct fw_text text = {.buffer = buffer, .size = size};

	fw_text_add(&text, "%s%s '%s' (", listing->kind == FW_LISTING_REMOVED ? "not in " : "",
		    policy->sets[set].kind == FW_SET_FEED ? "feed" : "set", policy->sets[set].name);
	say_entry(&text, listing);
	say_times(&text, listing);
	fw_text_add(&text, ")");
	say_users(&text, policy, set);
	return buffer;
}
