// SPDX-License-Identifier: Apache-2.0
/* Members of a set put in and taken out, live and on request in the policy file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/save.h"
#include "cli/show.h"
#include "lib/addr.h"
#include "lib/cleanup.h"
#include "policy/policy.h"

struct members {
	const char *set;
	struct fw_prefix *prefixes;
	size_t count;
	bool add;
};

static int save_members(const char *policy_file, void *context, struct fw_err *err)
{
	const struct members *members = context;

	return fw_policy_save_entries(policy_file, members->set, members->prefixes, members->count,
				      members->add, err);
}

static int read_members(struct fw_cli *cli, const struct fw_line *line, struct members *members,
			json_t *cidrs)
{
	for (int i = 1; i < line->argument_count; i++) {
		struct fw_err err = {0};

		if (fw_prefix_parse(line->arguments[i], &members->prefixes[members->count], &err))
			return fw_cli_fail(cli, FW_EXIT_USAGE, "bad-address", NULL, "%s", err.text);
		members->count++;
		if (json_array_append_new(cidrs, fw_doc_string(line->arguments[i])))
			return fw_cli_fail_memory(cli);
	}
	return FW_EXIT_OK;
}

int fw_cmd_sets_change(struct fw_cli *cli, const struct fw_line *line)
{
	FW_FREE struct fw_prefix *prefixes = calloc((size_t)line->argument_count, sizeof(*prefixes));
	struct members members = {.set = line->arguments[0],
				  .prefixes = prefixes,
				  .add = line->command->route == FW_API_SETS_ADD};
	json_t *cidrs = json_array(), *document = NULL;
	json_t *body = json_pack("{s:o,s:o}", "name", fw_doc_string(members.set), "cidrs", cidrs);
	int exit = body && prefixes ? fw_save_check(cli, line) : fw_cli_fail_memory(cli);

	exit = exit ? exit : read_members(cli, line, &members, cidrs);
	exit = exit ? exit : fw_cli_take_for(cli, line, body);
	if (exit) {
		json_decref(body);
		return exit;
	}
	exit = fw_cli_ask(cli, line->command->route, NULL, body, &document);
	if (!exit && fw_line_option(line, "save"))
		exit = fw_save_change(cli, save_members, &members, document);
	if (document && !json_object_get(document, "saved"))
		json_object_set_new(document, "saved", json_false());
	if (document && !(exit && cli->json))
		fw_cli_show(cli, document, fw_show_sets_change);
	json_decref(document);
	return exit;
}
