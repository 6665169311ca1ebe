/* SPDX-License-Identifier: Apache-2.0 */
/* Times of day, days of the week and dates as a policy writes them, in this machine's local time. */
#ifndef FW_POLICY_DAYTIME_H
#define FW_POLICY_DAYTIME_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "lib/err.h"

#define FW_DAY_MINUTES 1440u
#define FW_DAYS_ALL    0x7f /* bit 0 is Monday */

/* A date, and a minute of it; in the calendar from 1970 to 9999. */
struct fw_date {
	uint16_t year;
	uint8_t month, day; /* from 1 */
	uint16_t minute;    /* of the day, up to and including 1440: the end of the day */
};

/* "00:00" to "24:00" in minutes. -EINVAL. */
int fw_daytime_parse(const char *text, uint16_t *ret, struct fw_err *err);
const char *fw_daytime_format(uint16_t minutes, char *buffer, size_t size);
/* "2027-01-31", which means its end, or "2027-01-31T18:30". -EINVAL. */
int fw_date_parse(const char *text, struct fw_date *ret, struct fw_err *err);
const char *fw_date_format(const struct fw_date *date, char *buffer, size_t size);
/* "mon" … "sun", "weekdays", "weekend": bits. -EINVAL lists them. */
int fw_days_parse(const char *word, uint8_t *ret, struct fw_err *err);
/* "mon, tue" */
const char *fw_days_format(uint8_t days, char *buffer, size_t size);

/* Whether a moment lies behind a date. */
int fw_date_is_past(const struct fw_date *date, const struct tm *now);

#endif
