// SPDX-License-Identifier: Apache-2.0
/* Listings in words. Pure. */
#include "observe/listed.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "lib/units.h"
#include "policy/users.h"

#define USERS_MAX 4 /* named; of more, the number is said */

struct text {
	char *buffer;
	size_t size, used;
};

static void say(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct text *text, const char *format, ...)
{
	va_list args;

	if (text->used >= text->size)
		return;
	va_start(args, format);
	text->used += (size_t)vsnprintf(text->buffer + text->used, text->size - text->used, format, args);
	va_end(args);
}

static void say_entry(struct text *text, const struct fw_listing *listing)
{
	if (listing->kind == FW_LISTING_FEED) {
		say(text, "entry %s", listing->entry);
		if (listing->line)
			say(text, ", line %d", listing->line);
		return;
	}
	if (listing->file && listing->line)
		say(text, "%s:%d, %s", listing->file, listing->line, listing->entry);
	else if (listing->file)
		say(text, "%s, %s", listing->file, listing->entry);
	else
		say(text, "%s", listing->entry);
	if (listing->outdated)
		say(text, ", from its last good content");
}

static void say_times(struct text *text, const struct fw_listing *listing)
{
	time_t seconds = (time_t)listing->first_seen;
	char date[32], left[32];
	struct tm utc;

	if (listing->by)
		say(text, ", %s live by %s", listing->kind == FW_LISTING_REMOVED ? "taken out" : "added",
		    listing->by);
	if (listing->tier != FW_TIER_NONE)
		say(text, ", tier %s", fw_tier_word(listing->tier));
	if (listing->first_seen && gmtime_r(&seconds, &utc) && strftime(date, sizeof(date), "%F", &utc))
		say(text, ", first seen %s", date);
	if (listing->idle)
		say(text, ", NOT in force: expired or taken out by a guard");
	if (listing->on_trial)
		say(text, ", on trial: counts only");
	if (listing->left_ns)
		say(text, ", %s in %s", listing->kind == FW_LISTING_FEED ? "expires" : "ends",
		    fw_age_format(listing->left_ns, left, sizeof(left)));
}

static void say_users(struct text *text, const struct fw_policy *policy, unsigned int set)
{
	const char *names[USERS_MAX];
	size_t count = fw_set_users(policy, set, names, USERS_MAX);

	if (!count) {
		say(text, "; no rule names it, so it changes nothing");
		return;
	}
	say(text, "; named by ");
	for (size_t i = 0; i < count && i < USERS_MAX; i++)
		say(text, "%s%s", i ? ", " : "", names[i]);
	if (count > USERS_MAX)
		say(text, " and %zu more", count - USERS_MAX);
}

const char *fw_listing_format(const struct fw_policy *policy, unsigned int set,
			      const struct fw_listing *listing, char *buffer, size_t size)
{
	struct text text = {.buffer = buffer, .size = size};

	say(&text, "%s%s '%s' (", listing->kind == FW_LISTING_REMOVED ? "not in " : "",
	    policy->sets[set].kind == FW_SET_FEED ? "feed" : "set", policy->sets[set].name);
	say_entry(&text, listing);
	say_times(&text, listing);
	say(&text, ")");
	say_users(&text, policy, set);
	return buffer;
}
