// SPDX-License-Identifier: Apache-2.0
/* The reader of ClientHellos of the packet path, compiled for the host: what it finds, what it says it could
 * not see, and hostile ones against a reference. */
#include <criterion/criterion.h>

#include "hello_reference.h"
#include "lib/cleanup.h"

static const struct fw_pattern patterns[] = {
	{"shop.example", true, true, 1 << 0}, {".example", false, true, 1 << 1}, {"a", true, true, 1 << 2}};
#define PATTERNS (sizeof(patterns) / sizeof(patterns[0]))

static struct fw_automaton *build(void)
{
	struct fw_automaton *dfa = NULL;

	cr_assert_eq(fw_automaton_build(patterns, PATTERNS, &dfa), 0);
	return dfa;
}

static const struct hello_case {
	const char *what;
	struct hello hello;
	enum fw_hello_found how;
	uint64_t terms;
} cases[] = {
	{"a name", {.names = {"shop.example"}}, FW_HELLO_NAMED, 3},
	{"in capitals", {.names = {"SHOP.Example"}}, FW_HELLO_NAMED, 3},
	{"with a dot at its end", {.names = {"shop.example."}}, FW_HELLO_NAMED, 3},
	{"with two", {.names = {"shop.example.."}}, FW_HELLO_NAMED, 0},
	{"of a host below", {.names = {"www.shop.example"}}, FW_HELLO_NAMED, 2},
	{"the suffix alone", {.names = {"example"}}, FW_HELLO_NAMED, 0},
	{"another name", {.names = {"shop.example.org"}}, FW_HELLO_NAMED, 0},
	{"an address", {.names = {"192.0.2.1"}}, FW_HELLO_NAMED, 0},
	{"an empty name", {.names = {""}}, FW_HELLO_NAMED, 0},
	{"an empty list", {.names = {NULL}}, FW_HELLO_NAMED, 0},
	{"a dot", {.names = {"."}}, FW_HELLO_NAMED, 0},
	{"two names, the second is it", {.names = {"other", "a"}}, FW_HELLO_NAMED, 4},
	{"two names, both are", {.names = {"shop.example", "a"}}, FW_HELLO_NAMED, 7},
	{"four names", {.names = {"b", "c", "d", "a"}}, FW_HELLO_NAMED, 4},
	{"five", {.names = {"b", "c", "d", "e", "a"}}, FW_HELLO_SHORT, 0},
	{"no name", {.unnamed = true}, FW_HELLO_PLAIN, 0},
	{"no extensions", {.bare = true}, FW_HELLO_PLAIN, 0},
	{"a session to resume", {.names = {"a"}, .session = 32}, FW_HELLO_NAMED, 4},
	{"behind GREASE", {.names = {"a"}, .grease = 9}, FW_HELLO_NAMED, 4},
	{"behind as many extensions as are looked at", {.names = {"a"}, .grease = 127}, FW_HELLO_NAMED, 4},
	{"behind one more", {.names = {"a"}, .grease = 128}, FW_HELLO_SHORT, 0},
	{"behind a key share of 1216 bytes", {.names = {"a"}, .before = 1216}, FW_HELLO_NAMED, 4},
	{"behind more than is read", {.names = {"a"}, .before = 2000}, FW_HELLO_SHORT, 0},
};

Test(hello, names)
{
	FW_FREE struct fw_automaton *dfa = build();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hello_bytes made;
		uint64_t found, wanted;

		hello_make(&cases[i].hello, &made);
		cr_expect_eq(hello_walk(dfa, made.bytes, made.length, &found), cases[i].how, "%s",
			     cases[i].what);
		cr_expect_eq(found, cases[i].terms, "%s: %#lx", cases[i].what, (unsigned long)found);
		cr_expect_eq(reference_hello(patterns, PATTERNS, made.bytes, made.length, &wanted),
			     cases[i].how, "%s, the reference", cases[i].what);
	}
}

/* A name of 253 bytes is one, and nothing longer than 256 is. */
Test(hello, long_names)
{
	FW_FREE struct fw_automaton *dfa = build();

	for (size_t length = 240; length < 300; length++) {
		struct hello_bytes made;
		char name[320] = {0};
		uint64_t found;

		memset(name, 'x', length - 8);
		memcpy(name + length - 8, ".example", 8);
		hello_make(&(struct hello){.names = {name}}, &made);
		cr_expect_eq(hello_walk(dfa, made.bytes, made.length, &found),
			     length <= 256 ? FW_HELLO_NAMED : FW_HELLO_SHORT, "%zu", length);
		cr_expect_eq(found, length <= 256 ? 2 : 0, "%zu", length);
	}
}

/* Wherever a segment ends: what was not there is said, and nothing else is ever found. */
Test(hello, cut_anywhere)
{
	const struct hello hello = {.names = {"shop.example"}, .grease = 2, .session = 32};
	FW_FREE struct fw_automaton *dfa = build();
	struct hello_bytes made;
	size_t named = 0;

	hello_make(&hello, &made);
	for (size_t length = 0; length <= made.length; length++) {
		uint64_t found, wanted;
		enum fw_hello_found how = hello_walk(dfa, made.bytes, length, &found);

		cr_expect_eq(how, reference_hello(patterns, PATTERNS, made.bytes, length, &wanted), "%zu",
			     length);
		cr_expect_eq(how,
			     length < 6 ? FW_HELLO_NONE
			     : found	? FW_HELLO_NAMED
					: FW_HELLO_SHORT,
			     "%zu", length);
		named += how == FW_HELLO_NAMED;
	}
	cr_expect_eq(named, 8, "the extension behind the name is of no interest, %zu", named);
}

static uint32_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 16);
}

Test(hello, hostile_ones)
{
	static const char *const names[] = {"a", "shop.example", "x.example.", "", "b", NULL};
	FW_FREE struct fw_automaton *dfa = build();
	uint64_t state = 5, seen[FW_HELLO_NAMED + 1] = {0}, all = 0;

	for (int i = 0; i < 300000; i++) {
		struct hello hello = {.unnamed = !(random_next(&state) % 8),
				      .before = random_next(&state) % 2 ? random_next(&state) % 40 : 0,
				      .grease = random_next(&state) % 4,
				      .session = random_next(&state) % 3 * 16,
				      .bare = !(random_next(&state) % 16)};
		struct hello_bytes made;
		uint64_t found, wanted;
		enum fw_hello_found how;

		for (int name = 0; name < 3; name++)
			hello.names[name] = names[random_next(&state) % 6];
		hello_make(&hello, &made);
		/* Lengths are where it hurts: they are within the first 60 bytes and near the names. */
		for (uint32_t flips = random_next(&state) % 4; flips; flips--)
			made.bytes[random_next(&state) % made.length] ^=
				(uint8_t)(1u << random_next(&state) % 8);
		if (!(random_next(&state) % 4))
			made.length = random_next(&state) % (made.length + 1);
		how = hello_walk(dfa, made.bytes, made.length, &found);
		cr_assert_eq(how, reference_hello(patterns, PATTERNS, made.bytes, made.length, &wanted),
			     "round %d: %d", i, how);
		cr_assert_eq(found, wanted, "round %d: %#lx, wanted %#lx", i, (unsigned long)found,
			     (unsigned long)wanted);
		seen[how]++;
		all |= found;
	}
	cr_expect(seen[FW_HELLO_SHORT] > 1000 && seen[FW_HELLO_PLAIN] > 1000 && seen[FW_HELLO_NAMED] > 1000);
	cr_expect_eq(all, 7);
}
