// SPDX-License-Identifier: Apache-2.0
/* sets: what they hold, whether a prefix is in one, and members put in and taken out, live and on request in
 * the policy file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "cli/save.h"
#include "cli/show.h"
#include "lib/addr.h"
#include "lib/cleanup.h"
#include "policy/policy.h"
#include "policy/setfile.h"

/* What ranges may come to: one is at most 62 prefixes, or 254 of IPv6. */
#define RANGE_PREFIXES_MAX 1024

struct members {
	const char *set;
	struct fw_set entries; /* only its prefixes; owned */
	size_t of_ranges;
	bool add;
};

static void members_done(struct members *members)
{
	free(members->entries.prefixes);
}

static int save_members(const char *policy_file, void *context, struct fw_err *err)
{
	const struct members *members = context;

	return fw_policy_save_entries(policy_file, members->set, members->entries.prefixes,
				      members->entries.prefix_count, members->add, err);
}

/* Those of one argument; a range is told to the agent as the prefixes that cover it. */
static int name_members(const struct members *members, size_t from, const char *argument, json_t *cidrs)
{
	char text[FW_ADDR_TEXT_MAX];

	if (!strchr(argument, '-'))
		return json_array_append_new(cidrs, fw_doc_string(argument));
	for (size_t i = from; i < members->entries.prefix_count; i++)
		if (json_array_append_new(cidrs, json_string(fw_prefix_format(&members->entries.prefixes[i],
									      text, sizeof(text)))))
			return -1;
	return 0;
}

static int read_members(struct fw_cli *cli, const struct fw_line *line, struct members *members,
			json_t *cidrs)
{
	for (int i = 1; i < line->argument_count; i++) {
		const char *argument = line->arguments[i];
		size_t before = members->entries.prefix_count;
		struct fw_err err = {0};

		if (fw_entry_parse(argument, &members->entries, &err))
			return fw_cli_fail(cli, FW_EXIT_USAGE, "bad-address", NULL, "%s", err.text);
		if (strchr(argument, '-'))
			members->of_ranges += members->entries.prefix_count - before;
		if (members->of_ranges > RANGE_PREFIXES_MAX)
			return fw_cli_fail(
				cli, FW_EXIT_USAGE, "too-many",
				"give fewer at once, give prefixes, or write the ranges into the "
				"file of a set, which takes them as they are",
				"of ranges at most %d prefixes may come at once, and with '%s' they are %zu; "
				"nothing was changed",
				RANGE_PREFIXES_MAX, argument, members->of_ranges);
		if (name_members(members, before, argument, cidrs))
			return fw_cli_fail_memory(cli);
	}
	return FW_EXIT_OK;
}

static int cmd_sets_change(struct fw_cli *cli, const struct fw_line *line)
{
	FW_CLEANUP(members_done)
	struct members members = {.set = line->arguments[0], .add = line->command->route == FW_API_SETS_ADD};
	json_t *cidrs = json_array(), *document = NULL;
	json_t *body = json_pack("{s:o,s:o}", "name", fw_doc_string(members.set), "cidrs", cidrs);
	int exit = body ? fw_save_check(cli, line) : fw_cli_fail_memory(cli);

	exit = exit ? exit : read_members(cli, line, &members, cidrs);
	exit = exit ? exit : fw_cli_take_for(cli, line, body);
	if (!exit && fw_line_option(line, "save"))
		json_object_set_new(body, "save", json_true());
	if (exit) {
		json_decref(body);
		return exit;
	}
	exit = fw_cli_ask(cli, line->command->route, NULL, body, &document);
	if (!exit && fw_line_option(line, "save"))
		exit = fw_save_change(cli, save_members, &members, document);
	if (document && !json_object_get(document, "saved"))
		json_object_set_new(document, "saved", json_false());
	if (document)
		fw_cli_show(cli, document, fw_show_sets_change);
	json_decref(document);
	return exit;
}

const struct fw_command fw_command_sets_add = {
	.verb = "sets",
	.subverb = "add",
	.arguments = "NAME CIDR...",
	.least = 2,
	.most = FW_ANY_NUMBER,
	.complete = FW_COMPLETE_SET,
	.options = {FW_OPTION_FOR("the membership"), FW_OPTION_SAVE},
	.help = "put addresses or prefixes into a set, live",
	.about = "A CIDR is an address, a prefix or a range A-B, which becomes the prefixes that cover it. "
		 "Where a rule blocks the set, this host itself, its networks and whom it needs are warned "
		 "of; they are added all the same. "
		 "Without --save the change is drift: it survives reload and restart of the agent, not a "
		 "reboot. --save writes into the policy, or into the file that the set comes from, and has "
		 "the policy file reloaded: what else was edited there is in force then, too, and is said. A "
		 "feed takes live additions, but nothing can be saved there.",
	.examples = "floodwall sets add office 192.0.2.0/24 --save\n"
		    "floodwall sets add bad 203.0.113.4-203.0.113.9 198.51.100.7 --for 1h",
	.route = FW_API_SETS_ADD,
	.json = "{\"name\",\"added\":N,\"already\":N,\"prefixes4\":N,\"prefixes6\":N,\"warnings\":[TEXT],"
		"\"expires_in_seconds\":"
		"N|null,\"undo\":TEXT|null,\"saved\":BOOL,\"not_kept\":TEXT (a restart of the agent forgets "
		"it, and "
		"why),\"also_changed\":[as plan] (other edits of the file; with --save),\"policy_file\"}",
	.run = cmd_sets_change,
};

const struct fw_command fw_command_sets_del = {
	.verb = "sets",
	.subverb = "del",
	.arguments = "NAME CIDR...",
	.least = 2,
	.most = FW_ANY_NUMBER,
	.complete = FW_COMPLETE_SET,
	.options = {FW_OPTION_FOR("the removal"), FW_OPTION_SAVE},
	.help = "take addresses or prefixes out of a set, live",
	.about = "CIDRs and --save as with sets add. "
		 "Part of an entry can be taken out, too; --save then writes what is left of it in its "
		 "place. Not being there is no failure. What is taken out of a feed stays out, whatever the "
		 "feed comes to say; nothing of that can be saved.",
	.examples = "floodwall sets del office 192.0.2.0/24",
	.route = FW_API_SETS_DEL,
	.json = "{\"name\",\"removed\":N,\"already\":N,\"prefixes4\":N,\"prefixes6\":N,\"expires_in_"
		"seconds\":N|null,\"undo\":TEXT|null,\"saved\":BOOL,\"not_kept\":TEXT,\"also_changed\":"
		"as sets add,\"policy_file\"}",
	.run = cmd_sets_change,
};

const struct fw_command fw_command_sets_forget = {
	.verb = "sets",
	.subverb = "forget",
	.arguments = "NAME CIDR...",
	.least = 2,
	.most = FW_ANY_NUMBER,
	.complete = FW_COMPLETE_SET,
	.help = "take back what was added or taken out live",
	.about = "What the policy, the file or the feed says of these prefixes holds again. Only live "
		 "changes of exactly these prefixes are meant; that there is none is no failure. Undo lines "
		 "of sets add and sets del have it where the opposite would take out more than was added, "
		 "or would itself stay behind.",
	.examples = "floodwall sets forget office 192.0.2.0/24",
	.route = FW_API_SETS_FORGET,
	.json = "{\"name\",\"forgotten\":N,\"already\":N,\"prefixes4\":N,\"prefixes6\":N,\"expires_in_"
		"seconds\":null,\"undo\":TEXT|null,\"saved\":false,\"not_kept\":TEXT}",
	.run = cmd_sets_change,
};

static int cmd_sets(struct fw_cli *cli, const struct fw_line *line)
{
	(void)line;
	return fw_cli_ask_and_show(cli, FW_API_SETS, NULL, NULL, fw_show_sets);
}

const struct fw_command fw_command_sets = {
	.verb = "sets",
	.arguments = "",
	.help = "the sets, their size and how many packets came from them",
	.about = "Feeds and inline addresses of rules are sets, too. The file of a set is watched: a change "
		 "is in "
		 "force within seconds. A file that cannot be used is BROKEN: its last good content stays in "
		 "force until it is mended, over a restart of the agent, too.",
	.examples = "floodwall sets",
	.route = FW_API_SETS,
	.json = "[{\"name\",\"kind\":\"static|file|feed|country\",\"prefixes4\":N,\"prefixes6\":N,"
		"\"packets\":N,\"state\":\"ok|broken|waiting|failed|held|stale\",\"used\":BOOL,\"file\":"
		"PATH|null,\"error\":TEXT|null}]",
	.run = cmd_sets,
};

static int cmd_sets_test(struct fw_cli *cli, const struct fw_line *line)
{
	struct fw_query query FW_CLEANUP(fw_query_done) = {0};
	json_t *document = NULL;
	int exit;

	if (fw_query_add(&query, "name", line->arguments[0]))
		return fw_cli_fail_memory(cli);
	for (int i = 1; i < line->argument_count; i++) {
		struct fw_prefix prefix;
		struct fw_err err = {0};

		if (fw_prefix_parse(line->arguments[i], &prefix, &err))
			return fw_cli_fail(cli, FW_EXIT_USAGE, "bad-address", NULL, "%s", err.text);
		if (fw_query_add(&query, "cidr", line->arguments[i]))
			return fw_cli_fail_memory(cli);
	}
	exit = fw_cli_ask(cli, FW_API_SETS_TEST, &query, NULL, &document);
	if (exit)
		return exit;
	fw_cli_show(cli, document, fw_show_sets_test);
	exit = fw_doc_true(document, "member") ? FW_EXIT_OK : FW_EXIT_FAILED;
	json_decref(document);
	return exit;
}

const struct fw_command fw_command_sets_test = {
	.verb = "sets",
	.subverb = "test",
	.arguments = "NAME CIDR...",
	.least = 2,
	.most = FW_ANY_NUMBER,
	.complete = FW_COMPLETE_SET,
	.help = "is an address or prefix in a set, and through which entry",
	.about = "Exit code 1: at least one is not in.",
	.examples = "floodwall sets test office 192.0.2.77",
	.route = FW_API_SETS_TEST,
	.json = "{\"name\",\"results\":[{\"cidr\",\"member\":BOOL,\"by\":PREFIX|null}],\"member\":BOOL}",
	.run = cmd_sets_test,
};
