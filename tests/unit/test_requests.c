// SPDX-License-Identifier: Apache-2.0
/* The request reader of the packet path, compiled for the host: the shared table of targets, random payloads
 * against a reference, and the automata against plain comparison. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "lib/cleanup.h"
#include "request_reference.h"

#define CASES FW_TESTS_DIR "/data/uri/cases.txt"
#define LINE  1024

static uint32_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 16);
}

static uint32_t below(uint64_t *state, uint32_t n)
{
	return random_next(state) % n;
}

static struct fw_automaton *build(const struct fw_pattern *patterns, size_t count)
{
	struct fw_automaton *dfa = NULL;

	cr_assert_eq(fw_automaton_build(patterns, count, &dfa), 0);
	return dfa;
}

static void random_text(uint64_t *state, const char *letters, size_t length, char *text)
{
	for (size_t i = 0; i < length; i++)
		text[i] = letters[below(state, (uint32_t)strlen(letters))];
	text[length] = '\0';
}

Test(requests, automata_find_what_comparison_finds)
{
	uint64_t state = 42;

	for (int round = 0; round < 300; round++) {
		char texts[24][8], text[40];
		struct fw_pattern patterns[24];
		size_t count = below(&state, 24);
		FW_FREE struct fw_automaton *dfa = NULL;

		for (size_t i = 0; i < count; i++) {
			random_text(&state, "abA/", 1 + below(&state, 6), texts[i]);
			patterns[i] = (struct fw_pattern){texts[i], below(&state, 2), below(&state, 2),
							  1ULL << below(&state, 64)};
		}
		dfa = build(patterns, count);
		for (int i = 0; i < 100; i++) {
			size_t length = below(&state, 12);

			random_text(&state, "abAB/x", length, text);
			cr_assert_eq(fw_automaton_walk(dfa, text, length),
				     reference_patterns(patterns, count, text, length), "'%s' in round %d",
				     text, round);
		}
	}
}

Test(requests, automata_have_a_size)
{
	static char texts[300][300];
	struct fw_pattern patterns[300];
	struct fw_automaton *dfa = NULL;
	uint64_t state = 7;

	for (size_t i = 0; i < 300; i++) {
		random_text(&state, "abcdefghijklmnopqrstuvwxyz0123456789-_./", 250, texts[i]);
		patterns[i] = (struct fw_pattern){texts[i], true, true, 1ULL << (i & 63)};
	}
	cr_expect_eq(fw_automaton_build(patterns, 300, &dfa), -E2BIG);
	cr_expect_null(dfa);
	cr_expect_eq(fw_automaton_build(patterns, 5, &dfa), 0);
	cr_expect_eq(fw_automaton_walk(dfa, texts[4], 250), 1 << 4);
	free(dfa);
}

/* Every method, no matter which. */
static struct fw_request_terms all_terms(uint64_t all, uint64_t any_path, uint64_t any_host)
{
	struct fw_request_terms terms = {.all = all, .any_path = any_path, .any_host = any_host};

	for (int i = 0; i < FW_METHOD_MAX_; i++)
		terms.method[i] = all;
	return terms;
}

static int digit(char c)
{
	const char *digits = "0123456789abcdef", *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

static size_t unescape(const char *text, char *bytes)
{
	size_t length = 0;

	for (; *text; text++) {
		bool escaped =
			text[0] == '\\' && text[1] == 'x' && digit(text[2]) >= 0 && digit(text[3]) >= 0;

		bytes[length++] = escaped ? (char)(digit(text[2]) << 4 | digit(text[3])) : *text;
		text += escaped ? 3 : 0;
	}
	bytes[length] = '\0';
	return length;
}

/* Term 0: the path is what the table says; term 1: the host is. */
static void check_case(const char *target, const char *path, const char *host)
{
	char path_text[LINE], bytes[LINE], payload[2 * LINE] = "GET ";
	size_t length = unescape(target, bytes), path_length = unescape(path, path_text);
	const struct fw_pattern path_pattern = {path_text, true, true, 1},
				host_pattern = {host, true, true, 2};
	FW_FREE struct fw_automaton *path_dfa = build(&path_pattern, 1);
	FW_FREE struct fw_automaton *host_dfa = build(&host_pattern, host && *host ? 1 : 0);
	struct fw_request_terms terms = all_terms(3, 2, 1);
	uint64_t want = host && *host ? 3 : 1;

	if (memchr(bytes, ' ', length) || strlen(path_text) != path_length || !length)
		return; /* no target in a request line, no pattern in a policy */
	memcpy(payload + 4, bytes, length);
	length += 4;
	memcpy(payload + length, " HTTP/1.1\r\n\r\n", 13);
	cr_expect_eq(reference_walk(&terms, path_dfa, host_dfa, payload, length + 13), want, "%s", target);
}

Test(requests, the_table_of_targets)
{
	FW_FCLOSE FILE *file = fopen(CASES, "re");
	char line[LINE];
	size_t count = 0;

	cr_assert(file);
	while (fgets(line, sizeof(line), file)) {
		char *path, *host;

		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' && line[1] == ' ')
			continue;
		path = strchr(line, '\t');
		cr_assert(path, "%s", line);
		*path++ = '\0';
		host = strchr(path, '\t');
		if (host)
			*host++ = '\0';
		check_case(line, path, host);
		count++;
	}
	cr_expect_gt(count, 70);
}

/* Pieces that mean something, and now and then any byte. */
static size_t random_payload(uint64_t *state, char *payload, size_t room)
{
	static const char *const pieces[] = {"/",   "/",     "/login", "login", "/a",	       "..", ".",
					     "%2e", "%2F",   "%6c",    "%25",	"%",	       "?",  "#",
					     "*",   "LOGIN", "http",   "://",	"h.example",   "@",  ":80",
					     "]",   "[",     " ",      "/../",	"/./",	       "//", "x",
					     "a/b", "%4",    "%zz",    "\t",	"shop.example"};
	static const char *const heads[] = {"GET ", "POST ", "OPTIONS ", "\r\nGET ", "GET   ", "PROPFIND "};
	static const char *const tails[] = {" HTTP/1.1\r\nHost: h.example\r\n\r\n",
					    " HTTP/1.1\r\n",
					    "  HTTP/1.0\r\nX: y\r\nhOST:shop.example:80\r\n",
					    "\r\n",
					    " HTTP/2\r\n",
					    " HTTP/1.1\r\n\r\nHost: h.example\r\n",
					    ""};
	size_t length = 0, count = below(state, below(state, 8) ? 10 : 90);

	length += (size_t)snprintf(payload, room, "%s", heads[below(state, 6)]);
	for (size_t i = 0; i < count && length < 400; i++)
		length += (size_t)snprintf(payload + length, room - length, "%s", pieces[below(state, 33)]);
	if (!below(state, 6))
		payload[below(state, (uint32_t)length)] = (char)random_next(state);
	length += (size_t)snprintf(payload + length, room - length, "%s", tails[below(state, 7)]);
	return below(state, 8) ? length : below(state, (uint32_t)length + 1);
}

Test(requests, random_payloads)
{
	static const struct fw_pattern paths[] = {
		{"/login", true, false, 1 << 0}, {"/login", true, true, 1 << 1},
		{"login", false, false, 1 << 2}, {"/a/b", true, false, 1 << 3},
		{"/", true, true, 1 << 4},	 {"*", false, false, 1 << 5},
		{"//", false, false, 1 << 6},	 {"/..", false, false, 1 << 7},
		{"/./", false, false, 1 << 8},	 {"/a/", true, true, 1 << 9},
		{".", false, false, 1 << 10},	 {"/login", true, false, 1 << 15}};
	static const struct fw_pattern hosts[] = {{"h.example", true, true, 1 << 12},
						  {".example", false, true, 1 << 13},
						  {"shop.example", true, true, 1 << 14 | 1 << 15}};
	const struct reference reference = {paths, hosts, sizeof(paths) / sizeof(paths[0]), 3,
					    &(struct fw_request_terms){0}};
	struct fw_request_terms terms = all_terms(0x1ffff, 0x17000, 0x10fff);
	struct reference with = reference;
	FW_FREE struct fw_automaton *path = build(paths, reference.path_count), *host = build(hosts, 3);
	uint64_t state = 20, seen = 0;

	terms.method[FW_METHOD_POST] = 0xfff;
	with.terms = &terms;
	for (int i = 0; i < 200000; i++) {
		char payload[1024];

		/* Some of them must be missing, some are about the term below. */
		terms.not_path = i & 1 ? random_next(&state) & 0x8fff : 0;
		terms.both_path = i & 1 ? random_next(&state) & 0x8fff : 0;
		terms.not_host = i & 2 ? random_next(&state) & 0xf000 : 0;
		terms.both_host = i & 2 ? random_next(&state) & 0xf000 : 0;
		size_t length = random_payload(&state, payload, sizeof(payload));
		uint64_t found = reference_walk(&terms, path, host, payload, length);

		cr_assert_eq(found, reference_terms(&with, payload, length < 768 ? length : 768),
			     "got %#lx, wanted %#lx: '%.*s'", (unsigned long)found,
			     (unsigned long)reference_terms(&with, payload, length), (int)length, payload);
		seen |= found;
	}
	cr_expect_eq(seen & 0x1fe3f, 0x1fe3f, "not every term came: %#lx", (unsigned long)seen);
}
