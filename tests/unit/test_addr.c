// SPDX-License-Identifier: Apache-2.0
/* Addresses and prefixes: what is accepted, what is refused and why, both families in one table. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "lib/addr.h"

static const struct parse_case {
	const char *name, *text;
	const char *shown; /* NULL: refused */
	unsigned int bits;
} parse_cases[] = {
	{"v4 host", "192.0.2.1", "192.0.2.1", 128},
	{"v4 network", "192.0.2.0/24", "192.0.2.0/24", 120},
	{"v4 everything", "0.0.0.0/0", "0.0.0.0/0", 96},
	{"v4 full length", "192.0.2.1/32", "192.0.2.1", 128},
	{"v6 host", "2001:DB8::1", "2001:db8::1", 128},
	{"v6 network", "2001:db8::/32", "2001:db8::/32", 32},
	{"v6 everything", "::/0", "::/0", 0},
	{"v6 full length", "2001:db8::1/128", "2001:db8::1", 128},
	{"mapped host reads as v4", "::ffff:192.0.2.1", "192.0.2.1", 128},
	{"mapped network reads as v4", "::ffff:192.0.2.0/120", "192.0.2.0/24", 120},
	{"v4 host bits", "192.0.2.1/24", NULL, 0},
	{"v6 host bits", "2001:db8::1/64", NULL, 0},
	{"mapped in a short prefix", "::ffff:0:0/64", NULL, 0},
	{"v4 too long", "192.0.2.0/33", NULL, 0},
	{"v6 too long", "2001:db8::/129", NULL, 0},
	{"length missing", "192.0.2.0/", NULL, 0},
	{"length signed", "192.0.2.0/+24", NULL, 0},
	{"length with leading zero", "192.0.2.0/024", NULL, 0},
	{"length with space", "192.0.2.0/ 24", NULL, 0},
	{"length huge", "192.0.2.0/99999999999999999999", NULL, 0},
	{"octal", "010.0.0.1", NULL, 0},
	{"short v4", "10.1", NULL, 0},
	{"hexadecimal", "0x0a000001", NULL, 0},
	{"five numbers", "1.2.3.4.5", NULL, 0},
	{"number too large", "256.0.0.1", NULL, 0},
	{"zone", "fe80::1%eth0", NULL, 0},
	{"name", "localhost", NULL, 0},
	{"empty", "", NULL, 0},
	{"only a length", "/24", NULL, 0},
	{"trailing space", "192.0.2.1 ", NULL, 0},
	{"two double colons", "1::2::3", NULL, 0},
	{"very long", "1111111111111111111111111111111111111111111111111111111111111111111111111111111/1",
	 NULL, 0},
};

Test(addr, prefix_text)
{
	for (size_t i = 0; i < sizeof(parse_cases) / sizeof(parse_cases[0]); i++) {
		const struct parse_case *c = &parse_cases[i];
		struct fw_prefix prefix;
		struct fw_err err = {0};
		char text[FW_ADDR_TEXT_MAX];
		int r = fw_prefix_parse(c->text, &prefix, &err);

		if (!c->shown) {
			cr_expect_eq(r, -EINVAL, "%s: got %d", c->name, r);
			cr_expect_eq(err.code, -EINVAL, "%s: no error set", c->name);
			cr_expect(strlen(err.text) > 10, "%s: no sentence", c->name);
			continue;
		}
		cr_expect_eq(r, 0, "%s: %s", c->name, err.text);
		cr_expect_str_eq(fw_prefix_format(&prefix, text, sizeof(text)), c->shown, "%s: got %s",
				 c->name, text);
		cr_expect_eq(prefix.bits, c->bits, "%s: got %u bits, want %u", c->name, prefix.bits, c->bits);
	}
}

Test(addr, host_bits_name_what_was_meant)
{
	struct fw_prefix prefix;
	struct fw_err err;

	fw_prefix_parse("192.0.2.77/24", &prefix, &err);
	cr_expect(strstr(err.text, "192.0.2.0/24"), "got: %s", err.text);
	cr_expect(strstr(err.text, "'192.0.2.77'"), "got: %s", err.text);
	cr_expect_eq(fw_prefix_parse_lax("192.0.2.77/24", &prefix, NULL), 0);
	cr_expect_eq(prefix.bits, 120);
}

Test(addr, failure_leaves_the_result_alone)
{
	struct fw_prefix prefix, before;

	memset(&prefix, 0x5a, sizeof(prefix));
	before = prefix;
	fw_prefix_parse("nonsense", &prefix, NULL);
	cr_expect_eq(memcmp(&prefix, &before, sizeof(prefix)), 0);
}

static struct fw_prefix prefix_of(const char *text)
{
	struct fw_prefix prefix = {0};

	cr_assert_eq(fw_prefix_parse(text, &prefix, NULL), 0, "%s", text);
	return prefix;
}

static const struct cover_case {
	const char *outer, *inner;
	bool covers;
} cover_cases[] = {
	{"10.0.0.0/8", "10.1.0.0/16", true},
	{"10.0.0.0/8", "10.0.0.0/8", true},
	{"10.1.0.0/16", "10.0.0.0/8", false},
	{"10.0.0.0/8", "11.0.0.0/16", false},
	{"0.0.0.0/0", "255.255.255.255", true},
	{"::/0", "2001:db8::/32", true},
	{"::/0", "10.0.0.0/8", false},
	{"0.0.0.0/0", "2001:db8::1", false},
	{"2001:db8::/33", "2001:db8::/32", false},
	{"2001:db8::/33", "2001:db8:8000::1", false},
};

Test(addr, covers_and_contains)
{
	for (size_t i = 0; i < sizeof(cover_cases) / sizeof(cover_cases[0]); i++) {
		const struct cover_case *c = &cover_cases[i];
		struct fw_prefix outer = prefix_of(c->outer), inner = prefix_of(c->inner);

		cr_expect_eq(fw_prefix_covers(&outer, &inner), c->covers, "%s over %s", c->outer, c->inner);
		if (c->covers)
			cr_expect(fw_prefix_contains(&outer, &inner.addr), "%s holds %s", c->outer, c->inner);
		if (fw_prefix_family(&outer) != fw_prefix_family(&inner))
			cr_expect(!fw_prefix_contains(&outer, &inner.addr), "%s holds %s", c->outer,
				  c->inner);
	}
}

Test(addr, masks)
{
	static const unsigned char bytes[] = {0xff, 0xff, 0xff, 0xff, 0xf8};
	struct fw_addr mask = fw_mask(37), none = fw_mask(0), all = fw_mask(128), zero = {0};

	cr_expect_eq(memcmp(&mask, bytes, sizeof(bytes)), 0);
	cr_expect_eq(((unsigned char *)&mask)[5], 0);
	cr_expect_eq(memcmp(&none, &zero, sizeof(zero)), 0);
	for (size_t i = 0; i < sizeof(all); i++)
		cr_expect_eq(((unsigned char *)&all)[i], 0xff);
}

Test(addr, source_is_shown_as_host_or_64)
{
	struct fw_prefix v4 = prefix_of("192.0.2.9"), v6 = prefix_of("2001:db8:1:2:3:4:5:6");
	struct fw_prefix source4 = fw_source_of(&v4.addr), source6 = fw_source_of(&v6.addr);
	char text[FW_ADDR_TEXT_MAX];

	cr_expect_str_eq(fw_prefix_format(&source4, text, sizeof(text)), "192.0.2.9");
	cr_expect_str_eq(fw_prefix_format(&source6, text, sizeof(text)), "2001:db8:1:2::/64");
}

Test(addr, order_puts_covering_prefixes_first)
{
	struct fw_prefix outer = prefix_of("10.0.0.0/8"), inner = prefix_of("10.0.0.0/9"),
			 next = prefix_of("11.0.0.0/8");

	cr_expect_lt(fw_prefix_compare(&outer, &inner), 0);
	cr_expect_lt(fw_prefix_compare(&inner, &next), 0);
	cr_expect_eq(fw_prefix_compare(&next, &next), 0);
}

Test(addr, small_buffers_are_terminated)
{
	struct fw_prefix prefix = prefix_of("2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff");
	char text[8];

	fw_prefix_format(&prefix, text, sizeof(text));
	cr_expect_str_eq(text, "2001:db");
}
