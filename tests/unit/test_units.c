// SPDX-License-Identifier: Apache-2.0
/* Amounts and durations as people write them, and back. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "lib/units.h"

#define S 1000000000ULL

static const struct text_case {
	const char *text;
	int result;
	uint64_t value;
} amounts[] =
	{
		{"0", 0, 0},
		{"200", 0, 200},
		{"20k", 0, 20000},
		{"1.5M", 0, 1500000},
		{"2G", 0, 2000000000},
		{"64KiB", 0, 65536},
		{"1.5KiB", 0, 1536},
		{"1MiB", 0, 1048576},
		{"0.5k", 0, 500},
		{"010", 0, 10},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"99999999999999999999", -ERANGE, 0},
		{"99999T", 0, 99999000000000000ULL},
		{"99999999T", -ERANGE, 0},
		{"999999999999999999999", -ERANGE, 0},
		{"1.00000000000000000000001k", -EINVAL, 0},
		{"1.5", -EINVAL, 0},
		{"1.0001k", -EINVAL, 0},
		{"200x", -EINVAL, 0},
		{"20K", -EINVAL, 0},
		{"20 k", -EINVAL, 0},
		{"64kib", -EINVAL, 0},
		{"-5", -EINVAL, 0},
		{"+5", -EINVAL, 0},
		{".5k", -EINVAL, 0},
		{"5.k", -EINVAL, 0},
		{"1e3", -EINVAL, 0},
		{"1_000", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"k", -EINVAL, 0},
},
  durations[] = {
	  {"0", 0, 0},
	  {"500ms", 0, S / 2},
	  {"10s", 0, 10 * S},
	  {"5m", 0, 300 * S},
	  {"1h", 0, 3600 * S},
	  {"7d", 0, 7 * 86400 * S},
	  {"1h30m", 0, 5400 * S},
	  {"1m30s", 0, 90 * S},
	  {"1.5s", 0, 3 * S / 2},
	  {"1s500ms", 0, 3 * S / 2},
	  {"12us", 0, 12000},
	  {"200", -EINVAL, 0},
	  {"30m1h", -EINVAL, 0},
	  {"1m1m", -EINVAL, 0},
	  {"5min", -EINVAL, 0},
	  {"5M", -EINVAL, 0},
	  {"5 m", -EINVAL, 0},
	  {"m", -EINVAL, 0},
	  {"-5m", -EINVAL, 0},
	  {"", -EINVAL, 0},
	  {"1m30", -EINVAL, 0},
	  {"0.3ns", -EINVAL, 0},
	  {"999999999999d", -ERANGE, 0},
	  {"999999999999999999999d", -ERANGE, 0},
	  {"213503d23h34m", 0, 213503 * (86400 * S) + (23 * 3600 + 34 * 60) * S},
};

typedef int parser(const char *text, uint64_t *ret, struct fw_err *err);

static void check(parser *parse, const struct text_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct fw_err err = {0};
		uint64_t value = 77;
		int r = parse(cases[i].text, &value, &err);

		cr_expect_eq(r, cases[i].result, "'%s': got %d, want %d (%s)", cases[i].text, r,
			     cases[i].result, err.text);
		cr_expect_eq(value, r ? 77 : cases[i].value, "'%s': got %llu", cases[i].text,
			     (unsigned long long)value);
		if (cases[i].result)
			cr_expect(strlen(err.text) > 10, "'%s' explains nothing", cases[i].text);
	}
}

Test(units, amounts_are_read_whole_or_refused)
{
	check(fw_amount_parse, amounts, sizeof(amounts) / sizeof(amounts[0]));
}

Test(units, durations_are_read_whole_or_refused)
{
	check(fw_duration_parse, durations, sizeof(durations) / sizeof(durations[0]));
}

Test(units, a_bare_number_is_told_its_units)
{
	struct fw_err err;
	uint64_t value;

	fw_duration_parse("200", &value, &err);
	cr_expect(strstr(err.text, "200s"), "got: %s", err.text);
}

static const struct {
	uint64_t amount;
	const char *shown, *exact;
} shown[] = {
	{0, "0", "0"},
	{999, "999", "999"},
	{7000, "7000", "7000"},
	{9999, "9999", "9999"},
	{10000, "10.0 k", "10k"},
	{12345, "12.3 k", "12345"},
	{12350, "12.4 k", "12350"},
	{99950, "100 k", "99950"},
	{999499, "999 k", "999499"},
	{999500, "1.00 M", "999500"},
	{1240000, "1.24 M", "1240k"},
	{20000000, "20.0 M", "20M"},
	{1500000000000ULL, "1.50 T", "1500G"},
	{UINT64_MAX, "18.4 E", "18446744073709551615"},
};

Test(units, amounts_are_shown_with_three_digits)
{
	char text[32];

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		uint64_t back;

		cr_expect_str_eq(fw_amount_format(shown[i].amount, text, sizeof(text)), shown[i].shown,
				 "got %s", text);
		cr_expect_str_eq(fw_amount_exact(shown[i].amount, false, text, sizeof(text)), shown[i].exact,
				 "got %s", text);
		cr_expect_eq(fw_amount_parse(text, &back, NULL), 0);
		cr_expect_eq(back, shown[i].amount);
	}
	cr_expect_str_eq(fw_amount_exact(10 << 20, true, text, sizeof(text)), "10MiB");
	cr_expect_str_eq(fw_amount_exact(20000, true, text, sizeof(text)), "20k");
}

static const struct {
	uint64_t ns;
	const char *exact, *age;
} times[] = {
	{0, "0s", "0 ms"},
	{820 * S / 1000, "820ms", "820 ms"},
	{3 * S / 2, "1500ms", "1s"},
	{10 * S, "10s", "10s"},
	{300 * S, "5m", "5m"},
	{243 * S, "4m3s", "4m 3s"},
	{5400 * S, "1h30m", "1h 30m"},
	{86400 * S, "1d", "1d"},
	{(12 * 86400 + 4 * 3600 + 59) * S, "12d4h59s", "12d 4h"},
	{3600 * S + 5, "1h5ns", "1h"},
};

Test(units, durations_can_be_read_back)
{
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		char text[64];
		uint64_t back = 1;

		cr_expect_str_eq(fw_duration_format(times[i].ns, text, sizeof(text)), times[i].exact,
				 "got %s", text);
		cr_expect_eq(fw_duration_parse(text, &back, NULL), 0, "%s", text);
		cr_expect_eq(back, times[i].ns, "%s", text);
		cr_expect_str_eq(fw_age_format(times[i].ns, text, sizeof(text)), times[i].age, "got %s",
				 text);
	}
}
