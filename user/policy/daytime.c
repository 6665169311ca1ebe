// SPDX-License-Identifier: Apache-2.0
/* Times of day and dates: strict, because a window that is not what its author meant is found out at night.
 * Pure. */
#include "policy/daytime.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const day_words[7] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* Exactly `digits` digits. */
static bool take_digits(const char **text, unsigned int digits, unsigned int *ret)
{
	unsigned int value = 0;

	for (; digits; digits--, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		value = value * 10 + (unsigned int)(**text - '0');
	}
	*ret = value;
	return true;
}

static bool take_daytime(const char **text, uint16_t *ret)
{
	unsigned int hours, minutes;

	if (!take_digits(text, 2, &hours) || *(*text)++ != ':' || !take_digits(text, 2, &minutes) ||
	    minutes > 59 || hours * 60 + minutes > FW_DAY_MINUTES)
		return false;
	*ret = (uint16_t)(hours * 60 + minutes);
	return true;
}

int fw_daytime_parse(const char *text, uint16_t *ret, struct fw_err *err)
{
	const char *at = text;
	uint16_t minutes;

	if (!take_daytime(&at, &minutes) || *at)
		return fw_err_set(err, -EINVAL, "'%.40s' is no time of day, expected 00:00 to 24:00", text);
	*ret = minutes;
	return 0;
}

const char *fw_daytime_format(uint16_t minutes, char *buffer, size_t size)
{
	snprintf(buffer, size, "%02u:%02u", minutes / 60u, minutes % 60u);
	return buffer;
}

static unsigned int days_in(unsigned int year, unsigned int month)
{
	static const unsigned char days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

int fw_date_parse(const char *text, struct fw_date *ret, struct fw_err *err)
{
	unsigned int year = 0, month = 0, day = 0;
	uint16_t minute = FW_DAY_MINUTES;
	const char *at = text;
	bool good = take_digits(&at, 4, &year) && *at++ == '-' && take_digits(&at, 2, &month) &&
		    *at++ == '-' && take_digits(&at, 2, &day);

	if (good && (*at == 'T' || *at == ' ')) {
		at++;
		good = take_daytime(&at, &minute);
	}
	if (!good || *at || year < 1970 || !month || month > 12 || !day || day > days_in(year, month))
		return fw_err_set(err, -EINVAL, "'%.40s' is no date, expected 2027-01-31 or 2027-01-31T18:30",
				  text);
	*ret = (struct fw_date){(uint16_t)year, (uint8_t)month, (uint8_t)day, minute};
	return 0;
}

const char *fw_date_format(const struct fw_date *date, char *buffer, size_t size)
{
	char time[16] = "";

	if (date->minute != FW_DAY_MINUTES)
		fw_daytime_format(date->minute, time, sizeof(time));
	snprintf(buffer, size, "%04u-%02u-%02u%s%s", date->year, date->month, date->day, *time ? "T" : "",
		 time);
	return buffer;
}

int fw_days_parse(const char *word, uint8_t *ret, struct fw_err *err)
{
	if (!strcmp(word, "weekdays") || !strcmp(word, "weekend")) {
		*ret |= word[4] == 'd' ? 0x1f : 0x60;
		return 0;
	}
	for (unsigned int i = 0; i < 7; i++)
		if (!strcmp(word, day_words[i])) {
			*ret |= (uint8_t)(1u << i);
			return 0;
		}
	return fw_err_set(
		err, -EINVAL,
		"'%.40s' is no day, expected mon, tue, wed, thu, fri, sat, sun, weekdays or weekend", word);
}

const char *fw_days_format(uint8_t days, char *buffer, size_t size)
{
	size_t used = 0;

	buffer[0] = '\0';
	for (unsigned int i = 0; i < 7; i++)
		if (days >> i & 1 && used < size)
			used += (size_t)snprintf(buffer + used, size - used, "%s%s", used ? ", " : "",
						 day_words[i]);
	return buffer;
}

int fw_date_is_past(const struct fw_date *date, const struct tm *now)
{
	int year = now->tm_year + 1900, month = now->tm_mon + 1;

	if (year != date->year)
		return year > date->year;
	if (month != date->month)
		return month > date->month;
	if (now->tm_mday != date->day)
		return now->tm_mday > date->day;
	return now->tm_hour * 60 + now->tm_min >= date->minute;
}
