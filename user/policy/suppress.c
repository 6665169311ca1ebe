// SPDX-License-Identifier: Apache-2.0
/* Suppressions against the clock and against findings. Pure. */
#include "policy/suppress.h"

#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "policy/daytime.h"
#include "policy/event_kinds.h"

bool fw_suppression_is_over(const struct fw_suppression *suppression, const struct tm *now)
{
	return suppression->has_until && fw_date_is_past(&suppression->until, now);
}

bool fw_suppression_holds_at(const struct fw_suppression *suppression, const struct tm *now)
{
	unsigned int minute = (unsigned int)(now->tm_hour * 60 + now->tm_min);
	unsigned int day = (unsigned int)(now->tm_wday + 6) % 7; /* tm_wday counts from Sunday */
	uint8_t days = suppression->days ? suppression->days : FW_DAYS_ALL;

	if (fw_suppression_is_over(suppression, now))
		return false;
	if (suppression->from < suppression->to) {
		if (minute < suppression->from || minute >= suppression->to)
			return false;
	} else if (minute < suppression->to) {
		day = (day + 6) % 7; /* over midnight: it belongs to the day on which it began */
	} else if (minute < suppression->from) {
		return false;
	}
	return days >> day & 1;
}

/* NAME stands for NAME@RESOURCE, too: the same rule with other numbers for some destinations. */
static bool has_rule(const struct fw_names *names, const char *rule)
{
	for (size_t i = 0; i < names->count; i++) {
		size_t length = strlen(names->items[i]);

		if (!strncmp(names->items[i], rule, length) && (!rule[length] || rule[length] == '@'))
			return true;
	}
	return false;
}

bool fw_suppression_is_about(const struct fw_suppression *suppression, const char *type, const char *rule)
{
	bool kind = !suppression->events.count && fw_event_is_finding(type);

	for (size_t i = 0; i < suppression->events.count && !kind; i++)
		kind = fw_event_is(suppression->events.items[i], type, false);
	return kind && (!suppression->rules.count || (rule && has_rule(&suppression->rules, rule)));
}

static void say_names(struct fw_text *text, const char *what, const struct fw_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		fw_text_add(text, "%s%s", i ? ", " : what, names->items[i]);
}

const char *fw_suppression_format(const struct fw_policy *policy, const struct fw_suppression *suppression,
				  char *buffer, size_t size)
{
	struct fw_text text = {.buffer = buffer, .size = size};
	char a[64], b[64];

	buffer[0] = '\0';
	if (suppression->events.count)
		say_names(&text, "events ", &suppression->events);
	else
		fw_text_add(&text, "every finding");
	if (suppression->rules.count)
		say_names(&text, ", rule ", &suppression->rules);
	for (size_t i = 0; i < suppression->source.count; i++)
		fw_text_add(&text, "%s%s", i ? ", " : ", source ",
			    policy->sets[suppression->source.items[i]].name);
	if (suppression->from || suppression->to != FW_DAY_MINUTES)
		fw_text_add(&text, ", %s to %s", fw_daytime_format(suppression->from, a, sizeof(a)),
			    fw_daytime_format(suppression->to, b, sizeof(b)));
	if (suppression->days)
		fw_text_add(&text, ", on %s", fw_days_format(suppression->days, a, sizeof(a)));
	if (suppression->has_until)
		fw_text_add(&text, ", until %s", fw_date_format(&suppression->until, a, sizeof(a)));
	return buffer;
}
