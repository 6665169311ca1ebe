// SPDX-License-Identifier: Apache-2.0
/* Every format: what a line says, and lines that say nothing. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "logs/reader.h"

#define SSHD "sshd\\[\\d+\\]: Failed password for .* from <HOST> port \\d+"

static const struct format_case {
	const char *name;
	enum fw_log_format format;
	enum fw_log_source source;
	const char *regex, *line;
	int result;
	const char *client, *method, *uri, *host;
	unsigned int status;
} cases[] = {
	{"combined", FW_LOG_COMBINED, FW_LOG_FILE, NULL,
	 "192.0.2.1 - - [25/Nov/2026:00:00:00 +0000] \"GET /login?x HTTP/1.1\" 401 12 \"-\" \"curl\"", 0,
	 "192.0.2.1", "GET", "/login?x", NULL, 401},
	{"IPv6, HTTP/2, carriage return", FW_LOG_COMBINED, FW_LOG_FILE, NULL,
	 "2001:db8::1 - - [x] \"POST / HTTP/2.0\" 200 0 \"-\" \"-\"\r", 0, "2001:db8::1", "POST", "/", NULL,
	 200},
	{"a user with a blank and a bracket", FW_LOG_COMBINED, FW_LOG_FILE, NULL,
	 "192.0.2.1 - a b [c] [25/Nov] \"GET / HTTP/1.1\" 401 12 \"-\" \"-\"", 0, "192.0.2.1", "GET", "/",
	 NULL, 401},
	{"escapes of nginx and Apache", FW_LOG_COMBINED, FW_LOG_FILE, NULL,
	 "192.0.2.1 - \\x22 [x] \"GET /a\\x22b\\\"c\\\\d HTTP/1.1\" 200 1 \"-\" \"\\\"\"", 0, "192.0.2.1",
	 "GET", "/a\"b\"c\\d", NULL, 200},
	{"a target with blanks", FW_LOG_COMBINED, FW_LOG_FILE, NULL,
	 "192.0.2.1 - - [x] \"GET /a b HTTP/1.1\" 400 1", 0, "192.0.2.1", "GET", "/a b", NULL, 400},
	{"HTTP/0.9", FW_LOG_COMBINED, FW_LOG_FILE, NULL, "192.0.2.1 - - [x] \"GET /a\" 200 1", 0, "192.0.2.1",
	 "GET", "/a", NULL, 200},
	{"no request", FW_LOG_COMBINED, FW_LOG_FILE, NULL, "192.0.2.1 - - [x] \"-\" 408 0 \"-\" \"-\"", 0,
	 "192.0.2.1", NULL, NULL, NULL, 408},
	{"TLS to a plain port", FW_LOG_COMBINED, FW_LOG_FILE, NULL,
	 "192.0.2.1 - - [x] \"\\x16\\x03\\x01 \\x00\" 400 150 \"-\" \"-\"", 0, "192.0.2.1", "\x16\x03\x01",
	 NULL, NULL, 400},
	{"a name instead of an address", FW_LOG_COMBINED, FW_LOG_FILE, NULL,
	 "host - - [x] \"GET / HTTP/1.1\" 200 1", -EPROTO, NULL, NULL, NULL, NULL, 0},
	{"an open quote", FW_LOG_COMBINED, FW_LOG_FILE, NULL, "192.0.2.1 - - [x] \"GET / HTTP/1.1", -EPROTO,
	 NULL, NULL, NULL, NULL, 0},
	{"a quote that is escaped away", FW_LOG_COMBINED, FW_LOG_FILE, NULL, "192.0.2.1 \"GET /\\\" 200 1 ",
	 -EPROTO, NULL, NULL, NULL, NULL, 0},
	{"no status", FW_LOG_COMBINED, FW_LOG_FILE, NULL, "192.0.2.1 - - [x] \"GET / HTTP/1.1\"", -EPROTO,
	 NULL, NULL, NULL, NULL, 0},
	{"empty", FW_LOG_COMBINED, FW_LOG_FILE, NULL, "", -ENOENT, NULL, NULL, NULL, NULL, 0},
	{"vcombined", FW_LOG_VCOMBINED, FW_LOG_FILE, NULL,
	 "shop.example:443 192.0.2.1 - - [x] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"", 0, "192.0.2.1", "GET",
	 "/", "shop.example:443", 200},
	{"caddy", FW_LOG_CADDY, FW_LOG_FILE, NULL,
	 "{\"level\":\"info\",\"request\":{\"remote_ip\":\"192.0.2.1\",\"remote_port\":\"1\",\"method\":"
	 "\"GET\","
	 "\"host\":\"h\",\"uri\":\"/"
	 "\\u006cogin\",\"headers\":{\"User-Agent\":[\"a\",\"b\"]}},\"status\":403}",
	 0, "192.0.2.1", "GET", "/login", "h", 403},
	{"caddy, a second client in a header's name", FW_LOG_CADDY, FW_LOG_FILE, NULL,
	 "{\"request\":{\"remote_ip\":\"192.0.2.1\",\"remote_ip\":\"192.0.2.2\"},\"status\":200}", 0,
	 "192.0.2.1", NULL, NULL, NULL, 200},
	{"caddy, about something else", FW_LOG_CADDY, FW_LOG_FILE, NULL, "{\"msg\":\"started\"}", -ENOENT,
	 NULL, NULL, NULL, NULL, 0},
	{"caddy, a key with NUL", FW_LOG_CADDY, FW_LOG_FILE, NULL,
	 "{\"request\":{\"remote_ip\\u0000\":\"192.0.2.1\"}}", -EPROTO, NULL, NULL, NULL, NULL, 0},
	{"caddy, cut", FW_LOG_CADDY, FW_LOG_FILE, NULL, "{\"request\":{\"remote_ip\":\"192.0.2.1\"", -EPROTO,
	 NULL, NULL, NULL, NULL, 0},
	{"cloudfront, standard columns", FW_LOG_CLOUDFRONT, FW_LOG_FILE, NULL,
	 "2026-11-25\t00:00:00\tFRA\t1\t192.0.2.1\tGET\td1.cloudfront.net\t/"
	 "login\t403\t-\tua\t-\t-\tHit\tid\tshop.example"
	 "\thttps\t1\t0.1\t-",
	 0, "192.0.2.1", "GET", "/login", "shop.example", 403},
	{"cloudfront, a remark", FW_LOG_CLOUDFRONT, FW_LOG_FILE, NULL, "#Version: 1.0", -ENOENT, NULL, NULL,
	 NULL, NULL, 0},
	{"cloudfront, too few", FW_LOG_CLOUDFRONT, FW_LOG_FILE, NULL, "2026-11-25\t00:00:00", -EPROTO, NULL,
	 NULL, NULL, NULL, 0},
	{"aws-waf", FW_LOG_AWS_WAF, FW_LOG_FILE, NULL,
	 "{\"timestamp\":1,\"action\":\"ALLOW\",\"httpRequest\":{\"clientIp\":\"192.0.2.1\",\"headers\":[{"
	 "\"name\":\"Host\","
	 "\"value\":\"shop.example\"},{\"name\":\"clientIp\",\"value\":\"192.0.2.9\"}],\"uri\":\"/login\","
	 "\"httpMethod\":\"POST\"},\"responseCodeSent\":null}",
	 0, "192.0.2.1", "POST", "/login", "shop.example", 0},
	{"sshd", FW_LOG_REGEX, FW_LOG_FILE, SSHD,
	 "Nov 25 00:00:00 h sshd[1]: Failed password for root from 192.0.2.1 port 22 ssh2", 0, "192.0.2.1",
	 NULL, NULL, NULL, 0},
	{"sshd, IPv6", FW_LOG_REGEX, FW_LOG_FILE, SSHD,
	 "Nov 25 00:00:00 h sshd[1]: Failed password for invalid user a from 2001:db8::1 port 22 ssh2", 0,
	 "2001:db8::1", NULL, NULL, NULL, 0},
	{"a greedy expression does not bite off digits", FW_LOG_REGEX, FW_LOG_FILE,
	 "^Invalid user .{0,256}<HOST> port",
	 "Invalid user a from 203.0.113.70 port 1 from 198.51.100.170 port 22", 0, "198.51.100.170", NULL,
	 NULL, NULL, 0},
	{"nor does a short IPv6 one", FW_LOG_REGEX, FW_LOG_FILE, "^from .*<HOST> port",
	 "from 2001:db8::1:2 port 22", 0, "2001:db8::1:2", NULL, NULL, NULL, 0},
	{"another message", FW_LOG_REGEX, FW_LOG_FILE, SSHD, "Nov 25 00:00:00 h sshd[1]: Accepted", -ENOENT,
	 NULL, NULL, NULL, NULL, 0},
	{"named groups", FW_LOG_REGEX, FW_LOG_FILE,
	 "^<HOST> (?<method>\\S+) (?<uri>\\S+) (?<host>\\S+) (?<status>\\d+)$",
	 "[::ffff:192.0.2.1] GET /a h 404", 0, "192.0.2.1", "GET", "/a", "h", 404},
	{"an expression that explodes", FW_LOG_REGEX, FW_LOG_FILE, "^(a+)+[bc] from <HOST>",
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa from 192.0.2.1", -E2BIG, NULL, NULL, NULL, NULL, 0},
	{"bytes that are no UTF-8", FW_LOG_REGEX, FW_LOG_FILE, "from <HOST>", "\xff\xc3\x28 from 192.0.2.1",
	 0, "192.0.2.1", NULL, NULL, NULL, 0},
	{"journal", FW_LOG_REGEX, FW_LOG_JOURNAL, "Failed .* from <HOST>$",
	 "{\"__CURSOR\":\"x\",\"MESSAGE\":\"Failed password from 192.0.2.1\"}", 0, "192.0.2.1", NULL, NULL,
	 NULL, 0},
	{"journal, a line break in the message", FW_LOG_REGEX, FW_LOG_JOURNAL, "^Failed from <HOST>$",
	 "{\"MESSAGE\":\"user\\nFailed from 192.0.2.1\"}", -ENOENT, NULL, NULL, NULL, NULL, 0},
	{"journal, binary", FW_LOG_REGEX, FW_LOG_JOURNAL, "from <HOST>", "{\"MESSAGE\":[1,2,3]}", -ENOENT,
	 NULL, NULL, NULL, NULL, 0},
	{"syslog, RFC 3164", FW_LOG_COMBINED, FW_LOG_SYSLOG_UDP, NULL,
	 "<190>Nov 25 00:00:00 web1 nginx: 192.0.2.1 - - [x] \"GET / HTTP/1.1\" 200 1", 0, "192.0.2.1", "GET",
	 "/", NULL, 200},
	{"syslog, no host", FW_LOG_COMBINED, FW_LOG_SYSLOG_UDP, NULL,
	 "<190>Nov  5 00:00:00 nginx: 192.0.2.1 - - [x] \"GET / HTTP/1.1\" 200 1", 0, "192.0.2.1", "GET", "/",
	 NULL, 200},
	{"syslog, RFC 5424", FW_LOG_COMBINED, FW_LOG_SYSLOG_UNIX, NULL,
	 "<190>1 2026-11-25T00:00:00Z web1 nginx 1 - [a b=\"]\"] 192.0.2.1 - - [x] \"GET / HTTP/1.1\" 200 1",
	 0, "192.0.2.1", "GET", "/", NULL, 200},
	{"syslog, RFC 5424 without data", FW_LOG_COMBINED, FW_LOG_SYSLOG_UNIX, NULL,
	 "<190>1 - web1 nginx 1 - - 192.0.2.1 - - [x] \"GET / HTTP/1.1\" 200 1", 0, "192.0.2.1", "GET", "/",
	 NULL, 200},
	{"syslog, nothing but a message", FW_LOG_COMBINED, FW_LOG_SYSLOG_UDP, NULL,
	 "192.0.2.1 - - [x] \"GET /: HTTP/1.1\" 200 1", 0, "192.0.2.1", "GET", "/:", NULL, 200},
	{"syslog, a line break", FW_LOG_REGEX, FW_LOG_SYSLOG_UDP, "^Failed from <HOST>$",
	 "<38>user\nFailed from 192.0.2.1", -ENOENT, NULL, NULL, NULL, NULL, 0},
};

static void expect_span(const char *name, const char *what, struct fw_log_span got, const char *want)
{
	cr_expect((got.text != NULL) == (want != NULL), "%s: %s", name, what);
	if (got.text && want)
		cr_expect(got.length == strlen(want) && !memcmp(got.text, want, got.length),
			  "%s: %s is '%.*s'", name, what, (int)got.length, got.text);
}

Test(log_formats, lines)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct format_case *c = &cases[i];
		struct fw_log_job_log log = {
			.source = c->source, .format = c->format, .regex = (char *)c->regex};
		size_t length = strlen(c->line);
		FW_FREE char *line = malloc(length + 1); /* ends where the line does: ASan sees more */
		struct fw_log_reader reader;
		struct fw_log_event event;
		char text[FW_ADDR_TEXT_MAX];
		int r;

		memcpy(line, c->line, length);
		line = realloc(line, length ? length : 1);
		cr_assert_eq(fw_log_reader_init(&reader, &log, NULL), 0, "%s", c->name);
		r = fw_log_read(&reader, line, length, &event);
		cr_expect_eq(r, c->result, "%s: got %d", c->name, r);
		if (!r && c->client) {
			cr_expect(event.has_client, "%s", c->name);
			cr_expect_str_eq(fw_addr_format(&event.client, text, sizeof(text)), c->client, "%s",
					 c->name);
			if (c->method || !event.fields[FW_LOG_METHOD].text)
				expect_span(c->name, "method", event.fields[FW_LOG_METHOD], c->method);
			if (c->uri)
				expect_span(c->name, "uri", event.fields[FW_LOG_URI], c->uri);
			expect_span(c->name, "host", event.fields[FW_LOG_HOST], c->host);
			cr_expect_eq(event.status, c->status, "%s: status %u", c->name, event.status);
		}
		fw_log_reader_done(&reader);
	}
}

Test(log_formats, cloudfront_columns_follow_the_fields_line)
{
	struct fw_log_job_log log = {.format = FW_LOG_CLOUDFRONT};
	char fields[] = "#Fields: date sc-status c-ip x-forwarded-for cs-uri-stem",
	     line[] = "d\t404\t192.0.2.7\t-\t/a";
	struct fw_log_reader reader;
	struct fw_log_event event;

	cr_assert_eq(fw_log_reader_init(&reader, &log, NULL), 0);
	cr_expect_eq(fw_log_read(&reader, fields, strlen(fields), &event), -ENOENT);
	cr_expect_eq(fw_log_read(&reader, line, strlen(line), &event), 0);
	cr_expect_eq(event.status, 404);
	expect_span("columns", "uri", event.fields[FW_LOG_URI], "/a");
	expect_span("columns", "forwarded", event.fields[FW_LOG_FORWARDED_FOR], NULL);
}

Test(log_formats, json_paths)
{
	struct fw_log_job_log log = {
		.format = FW_LOG_JSON,
		.fields = {[FW_LOG_CLIENT] = (char *)"a.b", [FW_LOG_STATUS] = (char *)"s"}};
	static const struct {
		const char *line;
		int result;
		unsigned int status;
	} lines[] = {
		{"{\"a\":{\"b\":\"192.0.2.1\"},\"s\":\"200\"}", 0, 200},
		{"{\"a\":[{\"b\":\"192.0.2.1\"}],\"s\":503,\"t\":-1.5e3}", 0, 503},
		{"{\"a.b\":\"192.0.2.1\",\"s\":true}", 0, 0},
		{"{\"a\":{\"b\":null}}", -ENOENT, 0},
		{"{}", -ENOENT, 0},
		{"[]", -EPROTO, 0},
		{"{\"a\":{\"b\":\"192.0.2.1\"}} x", -EPROTO, 0},
		{"{\"a\":\"\\q\"}", -EPROTO, 0},
		{"{\"a\":\"\\u12\"}", -EPROTO, 0},
		{"{\"a\"", -EPROTO, 0},
		{"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1", -EPROTO, 0},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct fw_log_reader reader;
		struct fw_log_event event;
		char line[256];

		snprintf(line, sizeof(line), "%s", lines[i].line);
		cr_assert_eq(fw_log_reader_init(&reader, &log, NULL), 0);
		cr_expect_eq(fw_log_read(&reader, line, strlen(line), &event), lines[i].result, "%s",
			     lines[i].line);
		cr_expect_eq(event.status, lines[i].status, "%s", lines[i].line);
	}
}

Test(log_formats, expressions_that_do_not_compile)
{
	static const struct {
		const char *regex, *want;
	} bad[] = {
		{"from (<HOST>", "does not compile"},
		{"no client", "client"},
		{"<HOST> <HOST>", "more than one"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fw_log_regex *regex = NULL;
		struct fw_err err = {0};

		cr_expect_eq(fw_log_regex_new(bad[i].regex, &regex, &err), -EINVAL, "%s", bad[i].regex);
		cr_expect(strstr(err.text, bad[i].want), "%s: %s", bad[i].regex, err.text);
		cr_expect_null(regex);
	}
}
