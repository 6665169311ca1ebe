// SPDX-License-Identifier: Apache-2.0
/* Addresses, amounts, durations and limits: whatever is accepted is written back and read again as the same.
 */
#include "fuzz/text.h"
#include "lib/addr.h"
#include "lib/units.h"
#include "policy/daytime.h"
#include "policy/policy.h"
#include "policy/setfile.h"

static void try_prefix(const char *text)
{
	struct fw_prefix prefix, back;
	char shown[FW_ADDR_TEXT_MAX];
	struct fw_err err;

	if (fw_prefix_parse(text, &prefix, &err))
		return;
	must(!fw_prefix_parse(fw_prefix_format(&prefix, shown, sizeof(shown)), &back, &err));
	must(!fw_prefix_compare(&prefix, &back));
	must(!fw_prefix_parse_lax(text, &back, &err) && !fw_prefix_compare(&prefix, &back));
}

static void try_units(const char *text)
{
	uint64_t value, back;
	char shown[64];
	struct fw_err err;

	if (!fw_amount_parse(text, &value, &err)) {
		must(!fw_amount_parse(fw_amount_exact(value, true, shown, sizeof(shown)), &back, &err) &&
		     value == back);
		fw_amount_format(value, shown, sizeof(shown));
	}
	if (!fw_duration_parse(text, &value, &err)) {
		must(!fw_duration_parse(fw_duration_format(value, shown, sizeof(shown)), &back, &err) &&
		     value == back);
		fw_age_format(value, shown, sizeof(shown));
	}
}

static void try_limit(const char *text)
{
	struct fw_limit limit, back;
	char shown[96];
	struct fw_err err;

	if (fw_limit_parse(text, NULL, &limit, &err))
		return;
	must(!fw_limit_parse(fw_limit_format(&limit, shown, sizeof(shown)), NULL, &back, &err));
	must(limit.amount == back.amount && limit.unit == back.unit && limit.window_ns == back.window_ns);
}

/* A range becomes prefixes that follow each other without gaps; their number is bounded. */
static void try_entry(const char *text)
{
	struct fw_set set = {0};
	struct fw_err err;

	if (!fw_entry_parse(text, &set, &err))
		must(set.prefix_count > 0 && set.prefix_count <= 254);
	for (size_t i = 1; i < set.prefix_count; i++)
		must(fw_prefix_compare(&set.prefixes[i - 1], &set.prefixes[i]) < 0);
	free(set.prefixes);
}

static void try_calendar(const char *text)
{
	struct fw_date date, date_back;
	uint16_t minutes, back;
	uint8_t days = 0;
	char shown[64];
	struct fw_err err;

	if (!fw_daytime_parse(text, &minutes, &err)) {
		must(minutes <= FW_DAY_MINUTES);
		must(!fw_daytime_parse(fw_daytime_format(minutes, shown, sizeof(shown)), &back, &err) &&
		     minutes == back);
	}
	if (!fw_date_parse(text, &date, &err)) {
		must(!fw_date_parse(fw_date_format(&date, shown, sizeof(shown)), &date_back, &err));
		must(date.year == date_back.year && date.month == date_back.month &&
		     date.day == date_back.day && date.minute == date_back.minute);
	}
	if (!fw_days_parse(text, &days, &err))
		must(days && !(days & ~FW_DAYS_ALL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);

	try_prefix(text);
	try_units(text);
	try_limit(text);
	try_entry(text);
	try_calendar(text);
	free(text);
	return 0;
}
