// SPDX-License-Identifier: Apache-2.0
/* Moments: strict, so that a typing error is not another day. */
#include "lib/moment.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fw_types.h"
#include "lib/units.h"

#define FORMS	       "7d (ago), 2026-11-25, '2026-11-25 10:00', 2026-11-25T10:00:00Z, @1795132800 or now"
#define SECONDS_DIGITS 11	    /* to the year 5138 */
#define LAST_SECOND    253402300799 /* of the year 9999 */

/* Exactly `digits` digits within bounds, then moves on. */
static int take(const char **text, int digits, int least, int most, int *ret)
{
	int value = 0;

	for (int i = 0; i < digits; i++) {
		char digit = (*text)[i];

		if (digit < '0' || digit > '9')
			return -EINVAL;
		value = value * 10 + (digit - '0');
	}
	*text += digits;
	*ret = value;
	return value < least || value > most ? -EINVAL : 0;
}

static int take_char(const char **text, char wanted)
{
	if (**text != wanted)
		return -EINVAL;
	(*text)++;
	return 0;
}

static int take_date(const char **text, struct tm *ret)
{
	int r = take(text, 4, 1970, 9999, &ret->tm_year);

	r = r ? r : take_char(text, '-');
	r = r ? r : take(text, 2, 1, 12, &ret->tm_mon);
	r = r ? r : take_char(text, '-');
	r = r ? r : take(text, 2, 1, 31, &ret->tm_mday);
	ret->tm_year -= 1900;
	ret->tm_mon -= 1;
	return r;
}

static int take_time(const char **text, struct tm *ret)
{
	int r = take(text, 2, 0, 23, &ret->tm_hour);

	r = r ? r : take_char(text, ':');
	r = r ? r : take(text, 2, 0, 59, &ret->tm_min);
	if (r || **text != ':')
		return r;
	(*text)++;
	return take(text, 2, 0, 60, &ret->tm_sec);
}

static int take_zone(const char **text, int64_t *ret_offset)
{
	int sign = **text == '-' ? -1 : 1, hours, minutes, r;

	*ret_offset = 0;
	if (!**text)
		return 0;
	if (**text == 'Z' || **text == 'z') {
		(*text)++;
		return 0;
	}
	if (**text != '+' && **text != '-')
		return -EINVAL;
	(*text)++;
	r = take(text, 2, 0, 23, &hours);
	r = r ? r : take_char(text, ':');
	r = r ? r : take(text, 2, 0, 59, &minutes);
	*ret_offset = r ? 0 : sign * (hours * 3600 + minutes * 60);
	return r;
}

static int parse_absolute(const char *text, int64_t *ret)
{
	struct tm tm = {0};
	int64_t offset = 0;
	int r = take_date(&text, &tm), day = tm.tm_mday;

	if (!r && (*text == 'T' || *text == 't' || *text == ' ')) {
		text++;
		r = take_time(&text, &tm);
		r = r ? r : take_zone(&text, &offset);
	}
	if (r || *text)
		return -EINVAL;
	*ret = (int64_t)timegm(&tm) - offset;
	return tm.tm_mday == day || tm.tm_sec ? 0 : -EINVAL; /* 31 February came out as March */
}

static int parse_seconds(const char *text, int64_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	int64_t value = 0;

	if (!digits || digits > SECONDS_DIGITS || text[digits])
		return -EINVAL;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (text[i] - '0');
	*ret = value;
	return 0;
}

static int parse(const char *text, int64_t now, int64_t *ret)
{
	uint64_t span;

	if (!strcmp(text, "now")) {
		*ret = now;
		return 0;
	}
	if (*text == '@')
		return parse_seconds(text + 1, ret);
	if (!fw_duration_parse(*text == '-' ? text + 1 : text, &span, NULL)) {
		*ret = now - (int64_t)(span / FW_NS_PER_SEC);
		return 0;
	}
	return parse_absolute(text, ret);
}

int fw_moment_parse(const char *text, int64_t now, int64_t *ret, struct fw_err *err)
{
	int64_t moment;

	if (parse(text, now, &moment))
		return fw_err_set(err, -EINVAL, "'%.60s' is no point in time; expected " FORMS, text);
	if (moment < 0 || moment > LAST_SECOND)
		return fw_err_set(err, -EINVAL, "'%.60s' is not between the years 1970 and 9999", text);
	*ret = moment;
	return 0;
}

const char *fw_moment_format(int64_t moment, char buffer[FW_MOMENT_TEXT_MAX])
{
	time_t seconds = (time_t)moment;
	struct tm utc;

	if (!gmtime_r(&seconds, &utc) || !strftime(buffer, FW_MOMENT_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc))
		snprintf(buffer, FW_MOMENT_TEXT_MAX, "@%lld", (long long)moment);
	return buffer;
}
