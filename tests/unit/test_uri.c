// SPDX-License-Identifier: Apache-2.0
/* Request targets in normal form: the table that the packet path shares. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/uri.h"

#define CASES FW_TESTS_DIR "/data/uri/cases.txt"

struct bytes {
	char text[512];
	size_t length;
};

static int digit(char c)
{
	const char *digits = "0123456789abcdef", *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* \xHH; any other backslash is itself. */
static struct bytes unescape(const char *text)
{
	struct bytes bytes = {0};

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] == 'x' && digit(text[2]) >= 0 && digit(text[3]) >= 0) {
			bytes.text[bytes.length++] = (char)(digit(text[2]) << 4 | digit(text[3]));
			text += 3;
		} else {
			bytes.text[bytes.length++] = *text;
		}
	}
	return bytes;
}

static void check(const char *line, const char *target, const char *path, const char *host)
{
	struct bytes in = unescape(target), want = unescape(path);
	FW_FREE char *got = malloc(in.length + 2); /* exactly: ASan sees more */
	FW_FREE char *exact = malloc(in.length ? in.length : 1);
	struct fw_uri_parts parts;
	char name[256];
	size_t length;

	memcpy(exact, in.text, in.length);
	fw_uri_normalize(exact, in.length, got, &parts);
	cr_expect(want.length == 1 || fw_uri_is_normal(want.text, want.length), "%s", line);
	cr_expect(parts.path_length == want.length && !memcmp(got, want.text, want.length), "%s: got '%.*s'",
		  line, (int)parts.path_length, got);
	cr_expect_eq(parts.host != NULL, host != NULL, "%s: %s host", line, host ? "no" : "a");
	if (!host || !parts.host)
		return;
	length = fw_uri_host(parts.host, parts.host_length, name, sizeof(name));
	cr_expect(length == strlen(host) && !memcmp(name, host, length), "%s: host '%.*s'", line, (int)length,
		  name);
}

Test(uri, cases)
{
	FW_FCLOSE FILE *file = fopen(CASES, "re");
	char line[1024];
	size_t count = 0;

	cr_assert(file);
	while (fgets(line, sizeof(line), file)) {
		char copy[1024], *path, *host;

		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' && line[1] == ' ')
			continue;
		memcpy(copy, line, sizeof(copy));
		path = strchr(copy, '\t');
		cr_assert(path, "%s", line);
		*path++ = '\0';
		host = strchr(path, '\t');
		if (host)
			*host++ = '\0';
		check(line, copy, path, host);
		count++;
	}
	cr_expect_gt(count, 70);
}

Test(uri, what_is_no_normal_path)
{
	static const char *const bad[] = {"",	  "a",	  "*",	 "//",	    "/a//b",
					  "/./a", "/a/.", "/..", "/a/../b", "/a/.."};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_not(fw_uri_is_normal(bad[i], strlen(bad[i])), "%s", bad[i]);
	cr_expect(fw_uri_is_normal("/", 1));
	cr_expect(fw_uri_is_normal("/.a/..b/", 8));
}

Test(uri, hosts)
{
	static const struct {
		const char *text, *host;
	} cases[] = {
		{"Example.ORG", "example.org"},
		{"example.org:8080", "example.org"},
		{"[::1]:80", "[::1]"},
		{"[::1]", "[::1]"},
		{"", ""},
		{"h:", "h"},
		{"Example.org.", "example.org"},
		{"example.org.:80", "example.org"},
		{"example.org..", "example.org."},
		{".", ""},
	};
	char host[16];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t length = fw_uri_host(cases[i].text, strlen(cases[i].text), host, sizeof(host));

		cr_expect(length == strlen(cases[i].host) && !memcmp(host, cases[i].host, length), "%s",
			  cases[i].text);
	}
	cr_expect_eq(fw_uri_host("a-name-longer-than-that", 23, host, sizeof(host)), 0);
}
