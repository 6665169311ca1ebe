// SPDX-License-Identifier: Apache-2.0
/* The undo lines of bans and sets: what was in force before, for as long as was left of it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/undo.h"
#include "lib/cleanup.h"

#define S FW_NS_PER_SEC

static const struct lease_case {
	struct fw_ban ban;
	const char *reason, *wanted;
	bool says_none;
} leases[] = {
	{{.expires_ns = 3580 * S}, "", " --for 58m", false},
	{{.expires_ns = 101 * S - 1}, "", " --for 1s", false},
	{{.expires_ns = 86500 * S}, "", " --for 1d", false},
	{{.expires_ns = 190 * S, .strikes = 3},
	 "blanket",
	 " --for 1m30s --strikes 3 --reason blanket",
	 false},
	{{.expires_ns = 190 * S},
	 "scans ports; $(x) \"y\"",
	 " --for 1m30s --reason 'scans ports; $(x) \"y\"'",
	 false},
	{{.expires_ns = 190 * S}, "it's", " --for 1m30s", false},
	{{.expires_ns = 190 * S}, "", " --for 1m30s --strikes 0", true},
	{{.expires_ns = 190 * S, .strikes = 3}, "", " --for 1m30s --strikes 3", true},
	{{.expires_ns = 190 * S}, "two\nlines", " --for 1m30s", false},
	{{.expires_ns = 190 * S}, "--force", " --for 1m30s --reason=--force", false},
};

Test(undo, a_lease_keeps_time_strikes_and_reason)
{
	for (size_t i = 0; i < sizeof(leases) / sizeof(leases[0]); i++) {
		char text[160];

		cr_expect_str_eq(fw_undo_lease(&leases[i].ban, leases[i].says_none, 100 * S, leases[i].reason,
					       text, sizeof(text)),
				 leases[i].wanted, "case %zu: got '%s'", i, text);
	}
}

Test(undo, what_is_alike_shares_a_command)
{
	struct fw_undo undo = {0};
	FW_FREE char *nothing = fw_undo_text(&undo), *text = NULL;

	cr_expect_str_eq(nothing, "");
	fw_undo_add(&undo, "ban", "192.0.2.1", " --for 1m");
	fw_undo_add(&undo, "unban", "192.0.2.2", "");
	fw_undo_add(&undo, "ban", "192.0.2.3", " --for 1m");
	fw_undo_add(&undo, "ban", "192.0.2.4", " --for 2m");
	text = fw_undo_text(&undo);
	cr_expect_str_eq(text, "floodwall ban 192.0.2.1 192.0.2.3 --for 1m && floodwall unban 192.0.2.2 && "
			       "floodwall ban 192.0.2.4 --for 2m");
	fw_undo_done(&undo);
}

Test(undo, where_the_order_matters_only_neighbours_share_one)
{
	struct fw_undo undo = {.keeps_order = true};
	FW_FREE char *text = NULL;

	fw_undo_add(&undo, "sets del a", "10.0.0.0/8", "");
	fw_undo_add(&undo, "sets del a", "11.0.0.0/8", "");
	fw_undo_add(&undo, "sets add a", "10.1.0.0/16", "");
	fw_undo_add(&undo, "sets del a", "10.1.2.0/24", "");
	text = fw_undo_text(&undo);
	cr_expect_str_eq(text,
			 "floodwall sets del a 10.0.0.0/8 11.0.0.0/8 && floodwall sets add a 10.1.0.0/16 "
			 "&& floodwall sets del a 10.1.2.0/24");
	fw_undo_done(&undo);
}

Test(undo, is_null_in_an_answer_when_there_is_none)
{
	struct fw_undo undo = {0};
	json_t *none = fw_undo_to_json(&undo), *one;

	fw_undo_add(&undo, "unban", "192.0.2.1", "");
	one = fw_undo_to_json(&undo);
	cr_expect(json_is_null(none));
	cr_expect_str_eq(json_string_value(one), "floodwall unban 192.0.2.1");
	json_decref(none);
	json_decref(one);
	fw_undo_done(&undo);
}

/* Bans that end one by one: none of them shares a command for long. */
Test(undo, holds_every_name_however_many)
{
	struct fw_undo undo = {0};
	FW_FREE char *text = NULL;
	size_t commands = 0, names = 0;

	for (unsigned int i = 0; i < 2000; i++) {
		char name[16], options[24];

		snprintf(name, sizeof(name), "n%u", i);
		snprintf(options, sizeof(options), " --for %us", i / 2);
		fw_undo_add(&undo, i < 1000 ? "unban" : "ban", name, i < 1000 ? "" : options);
	}
	text = fw_undo_text(&undo);
	for (const char *at = text; (at = strstr(at, "floodwall ")); at++)
		commands++;
	for (const char *at = text; (at = strstr(at, " n")); at++)
		names++;
	cr_expect_eq(names, 2000, "%zu names", names);
	cr_expect_eq(commands, 501, "%zu commands", commands);
	cr_expect(!strncmp(text, "floodwall unban n0 n1 n2 ", 25), "%.60s", text);
	cr_expect(strstr(text, " n999 && floodwall ban n1000 n1001 --for 500s && floodwall ban n1002 "), "%s",
		  text);
	cr_expect_str_eq(text + strlen(text) - 37, " floodwall ban n1998 n1999 --for 999s");
	fw_undo_done(&undo);
}
