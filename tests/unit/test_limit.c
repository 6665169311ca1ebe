// SPDX-License-Identifier: Apache-2.0
/* "7000 packets/5m": every part, every mistake, and back to text. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "policy/policy.h"

#define S 1000000000ULL

static const struct limit_case {
	const char *text;
	int result;
	uint64_t amount;
	enum fw_unit unit;
	uint64_t window_ns;
	const char *back;
} cases[] = {
	{"7000 packets/5m", 0, 7000, FW_UNIT_PACKETS, 300 * S, "7000 packets/5m"},
	{"20k connections/1s", 0, 20000, FW_UNIT_CONNECTIONS, S, "20k connections/1s"},
	{"10MiB bytes/1s", 0, 10 << 20, FW_UNIT_BYTES, S, "10MiB bytes/1s"},
	{"1.5M bytes / 10s", 0, 1500000, FW_UNIT_BYTES, 10 * S, "1500k bytes/10s"},
	{"  200\tpackets /1h ", 0, 200, FW_UNIT_PACKETS, 3600 * S, "200 packets/1h"},
	{"1 packets/1500ms", 0, 1, FW_UNIT_PACKETS, 3 * S / 2, "1 packets/1500ms"},
	{"7000 requests/5m", 0, 7000, FW_UNIT_REQUESTS, 300 * S, "7000 requests/5m"},
	{"7000 packet/5m", -EINVAL, 0, 0, 0, NULL},
	{"7000 pps/1s", -EINVAL, 0, 0, 0, NULL},
	{"7000/5m", -EINVAL, 0, 0, 0, NULL},
	{"7000 packets", -EINVAL, 0, 0, 0, NULL},
	{"packets/5m", -EINVAL, 0, 0, 0, NULL},
	{"7000 packets/", -EINVAL, 0, 0, 0, NULL},
	{"7000 packets/5", -EINVAL, 0, 0, 0, NULL},
	{"200x packets/5m", -EINVAL, 0, 0, 0, NULL},
	{"0 packets/5m", -EINVAL, 0, 0, 0, NULL},
	{"7000 packets/999ms", -ERANGE, 0, 0, 0, NULL},
	{"7000 packets/61m", -ERANGE, 0, 0, 0, NULL},
	{"720G packets/5m", 0, 720000000000, FW_UNIT_PACKETS, 300 * S, "720G packets/5m"},
	{"720000000001 packets/5m", -ERANGE, 0, 0, 0, NULL},
	{"99999999999999 packets/5m", -ERANGE, 0, 0, 0, NULL},
	{"3600M connections/1500ms", 0, 3600000000, FW_UNIT_CONNECTIONS, 3 * S / 2,
	 "3600M connections/1500ms"},
	{"3600000001 requests/1500ms", -ERANGE, 0, 0, 0, NULL},
	{"200G bytes/1s", 0, 200000000000, FW_UNIT_BYTES, S, "200G bytes/1s"},
	{"200000000001 bytes/1s", -ERANGE, 0, 0, 0, NULL},
	{"720T bytes/1h", 0, 720000000000000, FW_UNIT_BYTES, 3600 * S, "720T bytes/1h"},
	{"18446744073709551615 bytes/1h", -ERANGE, 0, 0, 0, NULL},
	{"7000 packets/5m/5m", -EINVAL, 0, 0, 0, NULL},
	{"7000 packets bytes/5m", -EINVAL, 0, 0, 0, NULL},
	{"", -EINVAL, 0, 0, 0, NULL},
};

Test(limit, texts)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct limit_case *c = &cases[i];
		struct fw_limit limit = {0};
		struct fw_err err = {0};
		char text[64];
		int r = fw_limit_parse(c->text, NULL, &limit, &err);

		cr_expect_eq(r, c->result, "'%s': got %d (%s)", c->text, r, err.text);
		cr_expect_eq(limit.amount, c->amount, "'%s'", c->text);
		cr_expect_eq(limit.unit, c->unit, "'%s'", c->text);
		cr_expect_eq(limit.window_ns, c->window_ns, "'%s'", c->text);
		if (!r)
			cr_expect_str_eq(fw_limit_format(&limit, text, sizeof(text)), c->back, "got %s",
					 text);
	}
}

Test(limit, what_is_never_reached_is_told_the_most)
{
	struct fw_limit old = {.amount = 7000, .unit = FW_UNIT_PACKETS, .window_ns = 300 * S};
	struct fw_err err;

	cr_assert_eq(fw_limit_parse("99999999999999/5m", &old, &old, &err), -ERANGE);
	cr_expect(strstr(err.text, "the most is 720G packets/5m"), "got: %s", err.text);
	cr_expect(strstr(err.text, "1.6 Tbit/s"), "got: %s", err.text);
	cr_assert_eq(fw_limit_parse("99999999999999999999999 bytes/5m", NULL, &old, &err), -ERANGE);
	cr_expect(strstr(err.text, "the most is 60T bytes/5m"), "got: %s", err.text);
}

Test(limit, short_form_keeps_the_unit)
{
	struct fw_limit old = {.amount = 7000, .unit = FW_UNIT_BYTES, .window_ns = 300 * S}, limit = old;

	cr_expect_eq(fw_limit_parse("2000/10s", &old, &limit, NULL), 0);
	cr_expect_eq(limit.amount, 2000);
	cr_expect_eq(limit.unit, FW_UNIT_BYTES);
	cr_expect_eq(limit.window_ns, 10 * S);
	old.unit = FW_UNIT_NONE;
	cr_expect_eq(fw_limit_parse("2000/10s", &old, &limit, NULL), -EINVAL);
}

Test(limit, words_and_enums_agree)
{
	for (enum fw_action action = 0; action < FW_ACTION_MAX_; action++) {
		enum fw_action back = FW_ACTION_MAX_;

		cr_expect_eq(fw_action_parse(fw_action_word(action), &back, NULL), 0);
		cr_expect_eq(back, action);
	}
	for (enum fw_unit unit = FW_UNIT_PACKETS; unit < FW_UNIT_MAX_; unit++)
		cr_expect_str_neq(fw_unit_word(unit), "none");
	for (enum fw_per per = 0; per < FW_PER_MAX_; per++)
		cr_expect_str_neq(fw_per_word(per), "unknown");
}

Test(limit, unknown_words_list_the_known_ones)
{
	enum fw_action action;
	struct fw_err err;

	cr_expect_eq(fw_action_parse("drop", &action, &err), -EINVAL);
	cr_expect(strstr(err.text, "block") && strstr(err.text, "police"), "got: %s", err.text);
}
