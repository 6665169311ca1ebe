// SPDX-License-Identifier: Apache-2.0
/* Numbers, ages and foreign text as people read them; aligned tables. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "cli/page.h"
#include "cli/table.h"
#include "cli/wrap.h"

Test(cli_page, rates)
{
	static const struct {
		double value;
		const char *pps, *bits;
	} cases[] = {
		{0, "0 pps", "0 bit/s"},
		{-5, "0 pps", "0 bit/s"},
		{0.001, "1 pps", "0 bit/s"},
		{0.4, "1 pps", "3 bit/s"},
		{1, "1 pps", "8 bit/s"},
		{12.4, "12.4 pps", "99 bit/s"},
		{999.4, "999 pps", "8.00 kbit/s"},
		{999.6, "1.00 kpps", "8.00 kbit/s"},
		{9994, "9.99 kpps", "80.0 kbit/s"},
		{9996, "10.0 kpps", "80.0 kbit/s"},
		{99960, "100 kpps", "800 kbit/s"},
		{4310000, "4.31 Mpps", "34.5 Mbit/s"},
		{1e9, "1.00 Gpps", "8.00 Gbit/s"},
		{1e30, "1000000000000 Epps", "0 bit/s"},
	};
	char buffer[FW_SAY_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_str_eq(fw_say_pps(cases[i].value, buffer), cases[i].pps);
		cr_expect_str_eq(fw_say_bits(cases[i].value, buffer), cases[i].bits);
	}
	cr_expect_str_eq(fw_say_pps(0.0 / 0.0, buffer), "0 pps");
}

Test(cli_page, memory_and_shares)
{
	char buffer[FW_SAY_MAX];

	cr_expect_str_eq(fw_say_memory(0, buffer), "0 bytes");
	cr_expect_str_eq(fw_say_memory(1023, buffer), "1023 bytes");
	cr_expect_str_eq(fw_say_memory(1024, buffer), "1.0 KiB");
	cr_expect_str_eq(fw_say_memory(431996928, buffer), "412 MiB");
	cr_expect_str_eq(fw_say_memory(UINT64_MAX, buffer), "16777216 TiB");
	cr_expect_str_eq(fw_say_share(1, 3, buffer), "33.3 %");
	cr_expect_str_eq(fw_say_share(0, 0, buffer), "-");
}

Test(cli_page, lasting)
{
	static const struct {
		const char *json, *want;
	} cases[] = {{"null", "until removed"},
		     {"\"x\"", "until removed"},
		     {"0", "0s"},
		     {"-3", "0s"},
		     {"0.2", "200 ms"},
		     {"52", "52s"},
		     {"59.9", "59s"},
		     {"86399.5", "23h 59m"},
		     {"1051200", "12d 4h"},
		     {"1e300", "for ever"},
		     {"1800", "30m"}};
	char buffer[FW_SAY_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *value = json_loads(cases[i].json, JSON_DECODE_ANY, NULL);

		cr_assert(value);
		cr_expect_str_eq(fw_say_lasting(value, buffer), cases[i].want, "%s: %s", cases[i].json,
				 buffer);
		json_decref(value);
	}
}

static char *print(void (*write)(FILE *out, const char *text), const char *text)
{
	char *got = NULL;
	size_t length;
	FILE *out = open_memstream(&got, &length);

	write(out, text);
	fclose(out);
	return got;
}

Test(cli_page, foreign_text_moves_no_cursor)
{
	static const struct {
		const char *text, *want;
	} cases[] = {{"plain", "plain"},
		     {"\033[2Jgone", "?[2Jgone"},
		     {"a\nb\tc\r", "a?b?c?"},
		     {"\x7f", "?"},
		     {"caf\xc3\xa9", "caf\xc3\xa9"},
		     {"\xc2\x9b"
		      "31m",
		      "?31m"}, /* CSI as one C1 control */
		     {"\xc2\xa0", "\xc2\xa0"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *got = print(fw_print_safe, cases[i].text);

		cr_expect_str_eq(got, cases[i].want);
		free(got);
	}
}

Test(cli_page, strings_of_any_bytes)
{
	json_t *string = fw_doc_string("a\xff\xfe"
				       "b"),
	       *null = fw_doc_string(NULL), *fine = fw_doc_string("\xc3\xa9");

	cr_expect_str_eq(json_string_value(string), "a??b");
	cr_expect(json_is_null(null));
	cr_expect_str_eq(json_string_value(fine), "\xc3\xa9");
	json_decref(string);
	json_decref(null);
	json_decref(fine);
}

Test(cli_page, members_of_any_type)
{
	json_t *object = json_loads(
		"{\"t\":\"x\",\"n\":7,\"r\":2.9,\"neg\":-4,\"big\":1e40,\"z\":null,\"b\":true}", 0, NULL);

	cr_expect_str_eq(fw_doc_text(object, "t"), "x");
	cr_expect_str_eq(fw_doc_text(object, "n"), "");
	cr_expect_str_eq(fw_doc_text(object, "absent"), "");
	cr_expect_eq(fw_doc_count(object, "n"), 7);
	cr_expect_eq(fw_doc_count(object, "r"), 2);
	cr_expect_eq(fw_doc_count(object, "neg"), 0);
	cr_expect_eq(fw_doc_count(object, "big"), 0);
	cr_expect_eq(fw_doc_count(object, "t"), 0);
	cr_expect(fw_doc_has(object, "n") && !fw_doc_has(object, "z") && !fw_doc_has(object, "absent"));
	cr_expect(fw_doc_true(object, "b") && !fw_doc_true(object, "n"));
	cr_expect_str_eq(fw_doc_text(NULL, "t"), "");
	json_decref(object);
}

Test(cli_page, tables_align)
{
	char *got = NULL;
	size_t length;
	FILE *out = open_memstream(&got, &length);
	struct fw_table *table = FW_TABLE_NEW("NAME", ">N", "LAST");

	FW_TABLE_ROW(table, "a", "1", "");
	FW_TABLE_ROW(table, "h\xc3\xb6her", "1000", "end");
	fw_table_print(table, out);
	fw_table_print(FW_TABLE_NEW("EMPTY"), out);
	fw_table_print(NULL, out);
	fclose(out);
	cr_expect_str_eq(got,
			 "NAME      N  LAST\n"
			 "a         1\n"
			 "h\xc3\xb6her  1000  end\n"
			 "(out of memory: the table is not shown)\n",
			 "%s", got);
	free(got);
}

Test(cli_page, prose_breaks_at_blanks)
{
	char *got = NULL;
	size_t length;
	FILE *out = open_memstream(&got, &length);

	fw_wrap(out, "one two three", 0, 2, 8);
	fw_wrap(out, "averylongwordthatfitsnowhere x", 2, 2, 8);
	fw_wrap(out, "", 0, 0, 8);
	fclose(out);
	cr_expect_str_eq(got, "one two\n  three\naverylongwordthatfitsnowhere\n  x\n\n");
	free(got);
}
