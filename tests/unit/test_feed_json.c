// SPDX-License-Identifier: Apache-2.0
/* The push parser takes what RFC 8259 takes, nothing else, and knows where it is. */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "feeds/json.h"

struct trace {
	char text[1024];
	size_t used;
	const char *path;
};

static int on_value(void *user, const struct fw_json *json, enum fw_json_event event)
{
	static const char signs[] = {
		[FW_JSON_STRING] = 's',	    [FW_JSON_NUMBER] = 'n', [FW_JSON_TRUE] = 't',
		[FW_JSON_FALSE] = 'f',	    [FW_JSON_NULL] = '0',   [FW_JSON_OBJECT] = '{',
		[FW_JSON_OBJECT_END] = '}', [FW_JSON_ARRAY] = '[',  [FW_JSON_ARRAY_END] = ']'};
	struct trace *trace = user;
	bool text = event == FW_JSON_STRING || event == FW_JSON_NUMBER;

	if (trace->path && !fw_json_is_at(json, trace->path))
		return 0;
	trace->used += (size_t)snprintf(trace->text + trace->used, sizeof(trace->text) - trace->used, "%c%s",
					signs[event], text ? json->text : "");
	return 0;
}

static int parse(const char *text, const char *path, struct trace *trace, struct fw_err *err)
{
	struct fw_json json;
	int r = 0;

	*trace = (struct trace){.path = path};
	fw_json_init(&json);
	for (const char *c = text; *c && !r; c++)
		r = fw_json_feed(&json, c, 1, on_value, trace, err);
	return r ? r : fw_json_finish(&json, err);
}

Test(feed_json, accepts_and_refuses_what_jansson_does)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"[[]]",
		"{\"a\":1}",
		"{\"a\":[1,2,{\"b\":null}]}",
		" [ true , false , null ] ",
		"[1,]",
		"[,1]",
		"{\"a\":}",
		"{\"a\" 1}",
		"{a:1}",
		"[1 2]",
		"[01]",
		"[-]",
		"[1.]",
		"[1e]",
		"[1e+5]",
		"[-0.5E-3]",
		"[+1]",
		"[.5]",
		"[tru]",
		"[truex]",
		"[nul]",
		"[\"a\\n\\u00e9\"]",
		"[\"\\x\"]",
		"[\"\\u12g4\"]",
		"[\"a\nb\"]",
		"[\"",
		"[",
		"{",
		"{\"a\":1,}",
		"]",
		"}",
		"[1]]",
		"[1] [2]",
		"{\"a\":1}{}",
		"[\"\\\"\"]",
		"{\"\":0}",
		"[1}",
		"{\"a\":1]",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct trace trace;
		struct fw_err err = {0};
		json_error_t where;
		json_t *oracle = json_loads(texts[i], 0, &where);
		int r = parse(texts[i], NULL, &trace, &err);

		cr_expect_eq(r == 0, oracle != NULL, "'%s': %d '%s', jansson '%s'", texts[i], r, err.text,
			     where.text);
		cr_expect(!r || (r == -EBADMSG && *err.text), "'%s'", texts[i]);
		json_decref(oracle);
	}
}

Test(feed_json, events_in_order)
{
	struct trace trace;

	cr_assert_eq(parse("{\"a\":[1,\"x\\u0041\",{\"b\":true}],\"c\":null}", NULL, &trace, NULL), 0);
	cr_expect_str_eq(trace.text, "{[n1sxA{t}]0}");
}

Test(feed_json, paths)
{
	static const struct {
		const char *path, *want;
	} cases[] = {
		{"a[].b", "s1s2"}, {"a[]", "{}{}s3"}, {"a", "[]"},   {"a[].b[]", ""},
		{"a.b", ""},	   {"c[][]", "n7"},   {"c[]", "[]"}, {"b", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trace trace;

		cr_assert_eq(parse("{\"a\":[{\"b\":\"1\"},{\"x\":0,\"b\":\"2\"},\"3\"],\"c\":[[7]]}",
				   cases[i].path, &trace, NULL),
			     0);
		cr_expect_str_eq(trace.text, cases[i].want, "%s: %s", cases[i].path, trace.text);
	}
}

Test(feed_json, path_check)
{
	static const char *const good[] = {
		"a", "[]", "a[].b", "[].a", "a.b.c", "a[][]", "result.ipv4_cidrs[]"};
	static const char *const bad[] = {"", ".", "a.", ".a", "a..b", "a[", "a[0]", "a]", "a[]b", "a.[]"};
	struct fw_err err = {0};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_expect_eq(fw_feed_path_check(good[i], &err), 0, "%s: %s", good[i], err.text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(fw_feed_path_check(bad[i], &err), -EINVAL, "%s", bad[i]);
}

Test(feed_json, depth_and_length_are_bounded)
{
	char deep[64] = "", wide[1200];
	struct trace trace;
	struct fw_err err = {0};

	memset(deep, '[', 17);
	cr_expect_eq(parse(deep, NULL, &trace, &err), -EBADMSG);
	cr_expect(strstr(err.text, "nested deeper than 16"), "%s", err.text);
	memset(wide, 'a', sizeof(wide));
	wide[0] = '[';
	wide[1] = '"';
	memcpy(wide + 1100, "\"]", 3);
	cr_expect_eq(parse(wide, NULL, &trace, &err), 0);
	cr_expect_eq(strlen(trace.text), 1 + 1 + FW_JSON_TEXT_MAX + 1);
}
