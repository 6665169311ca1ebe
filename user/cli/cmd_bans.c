// SPDX-License-Identifier: Apache-2.0
/* ban, unban and allow: addresses from the command line or, as '-', from stdin; bans, and who is allowed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/number.h"
#include "cli/options.h"
#include "cli/show.h"
#include "lib/addr.h"
#include "lib/cleanup.h"

#define BATCH 10000 /* addresses in one request: well below FW_API_BODY_MAX */

/* The addresses of one command, in requests of BATCH. */
struct batches {
	struct fw_cli *cli;
	enum fw_api_route route;
	json_t *request; /* without sources; borrowed */
	json_t *sources; /* not asked yet */
	json_t *answer;	 /* of all requests so far, arrays joined */
};

/* Steals more: lists behind lists, and undo of the later behind that of the earlier. */
static void join(json_t *answer, json_t *more)
{
	const char *undo = fw_doc_text(answer, "undo"), *name;
	json_t *value, *have;

	json_object_foreach (more, name, value) {
		have = json_object_get(answer, name);
		if (json_is_array(have) && json_is_array(value))
			json_array_extend(have, value);
	}
	if (*undo && *fw_doc_text(more, "undo"))
		json_object_set_new(answer, "undo",
				    json_sprintf("%s && %s", undo, fw_doc_text(more, "undo")));
	else if (!*undo && fw_doc_has(more, "undo"))
		json_object_set(answer, "undo", json_object_get(more, "undo"));
	json_decref(more);
}

static int flush(struct batches *batches)
{
	json_t *body, *answer = NULL;
	int exit;

	body = json_deep_copy(batches->request);
	if (!body || json_object_set(body, "sources", batches->sources)) {
		json_decref(body);
		return fw_cli_fail_memory(batches->cli);
	}
	exit = fw_cli_ask(batches->cli, batches->route, NULL, body, &answer);
	json_decref(batches->sources);
	batches->sources = json_array();
	if (exit)
		return exit;
	if (!batches->answer) {
		batches->answer = answer;
		return FW_EXIT_OK;
	}
	join(batches->answer, answer);
	return FW_EXIT_OK;
}

static int add(struct batches *batches, const char *text, const char *where, size_t number)
{
	struct fw_prefix prefix;
	struct fw_err err = {0};

	if (fw_prefix_parse(text, &prefix, &err))
		return where ? fw_cli_fail(batches->cli, FW_EXIT_USAGE, "bad-address", NULL,
					   "%s line %zu: %s", where, number, err.text)
			     : fw_cli_fail(batches->cli, FW_EXIT_USAGE, "bad-address", NULL, "%s", err.text);
	if (json_array_append_new(batches->sources, fw_doc_string(text)))
		return fw_cli_fail_memory(batches->cli);
	return json_array_size(batches->sources) < BATCH ? FW_EXIT_OK : flush(batches);
}

/* One address a line; what follows it, and '#' and ';' comments, are notes. */
static int add_lines(struct batches *batches, FILE *in)
{
	FW_FREE char *line = NULL;
	size_t capacity = 0, number = 0;
	int exit = FW_EXIT_OK;

	while (!exit && getline(&line, &capacity, in) >= 0) {
		char *word = line + strspn(line, " \t\r\n");

		number++;
		word[strcspn(word, " \t\r\n,;#")] = '\0';
		if (*word)
			exit = add(batches, word, "stdin", number);
	}
	if (!exit && ferror(in))
		exit = fw_cli_fail(batches->cli, FW_EXIT_FAILED, "input", NULL, "stdin could not be read: %s",
				   strerror(errno));
	return exit;
}

/* Steals request; *ret_answer may be set even after a failure, for what had been done until then. */
static int ask_about_sources(struct fw_cli *cli, const struct fw_line *line, enum fw_api_route route,
			     json_t *request, json_t **ret_answer)
{
	struct batches batches = {.cli = cli, .route = route, .request = request, .sources = json_array()};
	int exit = batches.sources ? FW_EXIT_OK : fw_cli_fail_memory(cli);

	/* Everything is looked at before the first request, so that a typing error changes nothing (stdin: a
	 * batch). */
	for (int i = 0; i < line->argument_count && !exit; i++)
		exit = strcmp(line->arguments[i], "-") ? add(&batches, line->arguments[i], NULL, 0)
						       : add_lines(&batches, stdin);
	if (!exit && json_array_size(batches.sources))
		exit = flush(&batches);
	if (!exit && !batches.answer)
		exit = fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL, "no address on stdin");
	json_decref(batches.sources);
	json_decref(request);
	*ret_answer = batches.answer;
	return exit;
}

static int run(struct fw_cli *cli, const struct fw_line *line, enum fw_api_route route, json_t *request,
	       fw_show *show)
{
	json_t *answer = NULL;
	int exit = ask_about_sources(cli, line, route, request, &answer);

	if (answer && !(exit && cli->json))
		fw_cli_show(cli, answer, show);
	if (!exit && json_array_size(json_object_get(answer, "refused")))
		exit = FW_EXIT_CONFIG;
	json_decref(answer);
	return exit;
}

static int take_strikes(struct fw_cli *cli, const struct fw_line *line, json_t *request)
{
	const char *text = fw_line_option(line, "strikes");
	uint64_t strikes;

	if (!text)
		return FW_EXIT_OK;
	if (!fw_number_parse(text, FW_STRIKES_MAX, &strikes))
		return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL,
				   "--strikes expects a whole number from 0 to %d, got '%s'", FW_STRIKES_MAX,
				   text);
	json_object_set_new(request, "strikes", json_integer((json_int_t)strikes));
	return FW_EXIT_OK;
}

static int cmd_ban(struct fw_cli *cli, const struct fw_line *line)
{
	const char *reason = fw_line_option(line, "reason");
	json_t *request = json_object();
	int exit = request ? fw_cli_take_for(cli, line, request) : fw_cli_fail_memory(cli);

	if (!exit)
		exit = take_strikes(cli, line, request);
	if (exit) {
		json_decref(request);
		return exit;
	}
	if (reason)
		json_object_set_new(request, "reason", fw_doc_string(reason));
	if (fw_line_option(line, "force"))
		json_object_set_new(request, "force", json_true());
	return run(cli, line, FW_API_BAN, request, fw_show_ban);
}

const struct fw_command fw_command_ban = {
	.verb = "ban",
	.arguments = "ADDR...|-",
	.least = 1,
	.most = FW_ANY_NUMBER,
	.options = {FW_OPTION_FOR("the ban"),
		    {.name = "reason", .value = "TEXT", .help = "why, shown by bans and explain"},
		    {.name = "strikes",
		     .value = "N",
		     .help = "offences so far, for the next ban by a rule that escalates; as many as there "
			     "were unless it is given; undo lines have it"},
		    {.name = "force",
		     .help = "also this host itself, or more than 1/16 of an address family"}},
	.help = "drop everything from addresses or prefixes",
	.about = "Lasts an hour, or as long as --for says; survives the agent and reboots. '-' reads "
		 "one address a line from stdin. "
		 "What is protected (never_block, an allow, live SSH sessions, gateways, resolvers) is "
		 "refused "
		 "(exit code 78). So are, unless --force is given, this host's own addresses, its loopback, "
		 "live SSH sessions that the policy leaves unprotected and more than 1/16 of an address "
		 "family.",
	.examples = "floodwall ban 198.51.100.7 2001:db8:9::/64 --for 1h --reason scraping\nfloodwall ban - "
		    "--for 1d <list.txt",
	.route = FW_API_BAN,
	.json = "{\"banned\":[{\"source\",\"expires_in_seconds\":N|null}],\"refused\":[{\"source\",\"why\"}]"
		",\"undo\":TEXT|null}",
	.run = cmd_ban,
};

static int cmd_unban(struct fw_cli *cli, const struct fw_line *line)
{
	json_t *request = json_object();
	int exit = request ? take_strikes(cli, line, request) : fw_cli_fail_memory(cli);

	if (exit) {
		json_decref(request);
		return exit;
	}
	return run(cli, line, FW_API_UNBAN, request, fw_show_unban);
}

const struct fw_command fw_command_unban = {
	.verb = "unban",
	.arguments = "ADDR...|-",
	.least = 1,
	.most = FW_ANY_NUMBER,
	.complete = FW_COMPLETE_BAN,
	.options = {{.name = "strikes",
		     .value = "N",
		     .help = "offences that stay remembered; undo of a ban has those that were"}},
	.help = "end bans, meters of the source start from zero",
	.about =
		"Not being banned is no failure. Offences that would make the next ban longer are forgotten, "
		"also after the ban; the undo line brings back them and what was left of the time. '-' reads "
		"one address a line from stdin.",
	.examples = "floodwall unban 198.51.100.7",
	.route = FW_API_UNBAN,
	.json = "{\"unbanned\":[SOURCE],\"not_banned\":[SOURCE],\"undo\":TEXT|null}",
	.run = cmd_unban,
};

static int cmd_allow(struct fw_cli *cli, const struct fw_line *line)
{
	json_t *request;
	int exit;

	if (!line->argument_count && fw_line_option(line, "for"))
		return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL, "--for goes with 'allow ADDR'");
	if (!line->argument_count)
		return fw_cli_ask_and_show(cli, FW_API_ALLOWED, NULL, NULL, fw_show_allowed);
	request = json_object();
	exit = request ? fw_cli_take_for(cli, line, request) : fw_cli_fail_memory(cli);
	if (exit) {
		json_decref(request);
		return exit;
	}
	return run(cli, line, FW_API_ALLOW, request, fw_show_allow);
}

const struct fw_command fw_command_allow = {
	.verb = "allow",
	.arguments = "[ADDR...]",
	.most = FW_ANY_NUMBER,
	.options = {FW_OPTION_FOR("the pass")},
	.help = "let addresses through, past every ban and rule",
	.about = "For single addresses; whole networks belong into never_block. Lasts an hour, or as long as "
		 "--for "
		 "says. Without an argument it lists who is allowed, for how much longer and by whom.",
	.examples = "floodwall allow 198.51.100.7 --for 1h\nfloodwall allow",
	.route = FW_API_ALLOW,
	.json = "{\"allowed\":[{\"source\",\"expires_in_seconds\":N|null}],\"undo\":TEXT|null,"
		"\"not_kept\":TEXT (see sets add)}; without ADDR: "
		"[{\"source\",\"expires_in_seconds\":N,\"by\"}]",
	.run = cmd_allow,
};

static int cmd_bans(struct fw_cli *cli, const struct fw_line *line)
{
	(void)line;
	return fw_cli_ask_and_show(cli, FW_API_BANS, NULL, NULL, fw_show_bans);
}

const struct fw_command fw_command_bans = {
	.verb = "bans",
	.arguments = "",
	.help = "the bans in force",
	.about = "packets counts what a ban has dropped.",
	.examples = "floodwall bans",
	.route = FW_API_BANS,
	.json = "[{\"source\",\"origin\":\"manual|rule|feed|fleet\",\"reason\",\"expires_in_seconds\":N|"
		"null,\"packets\":N,\"strikes\":N}]",
	.run = cmd_bans,
};
