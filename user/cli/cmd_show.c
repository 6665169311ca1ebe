// SPDX-License-Identifier: Apache-2.0
/* Commands that ask one question and show the answer. */
#include <stdlib.h>
#include <string.h>

#include "cli/number.h"
#include "cli/show.h"
#include "lib/addr.h"
#include "lib/cleanup.h"

int fw_cmd_status(struct fw_cli *cli, const struct fw_line *line)
{
	json_t *document = NULL;
	int exit = fw_cli_ask(cli, FW_API_STATUS, NULL, NULL, &document);

	(void)line;
	if (exit)
		return exit;
	fw_cli_show(cli, document, fw_show_status);
	exit = strcmp(fw_doc_text(document, "state"), "enforcing") ? FW_EXIT_NOT_ENFORCING : FW_EXIT_OK;
	json_decref(document);
	return exit;
}

int fw_cmd_rules(struct fw_cli *cli, const struct fw_line *line)
{
	(void)line;
	return fw_cli_ask_and_show(cli, FW_API_RULES, NULL, NULL, fw_show_rules);
}

int fw_cmd_rules_keys(struct fw_cli *cli, const struct fw_line *line)
{
	struct fw_query query FW_CLEANUP(fw_query_done) = {0};
	const char *limit = fw_line_option(line, "limit");
	int exit = limit ? fw_cli_check_number(cli, "limit", limit, 1000000000) : FW_EXIT_OK;

	if (exit)
		return exit;
	if (fw_query_add(&query, "name", line->arguments[0]) ||
	    (fw_line_option(line, "over") && fw_query_add(&query, "over", "1")) ||
	    (limit && fw_query_add(&query, "limit", limit)))
		return fw_cli_fail_memory(cli);
	return fw_cli_ask_and_show(cli, FW_API_RULE_KEYS, &query, NULL, fw_show_rule_keys);
}

int fw_cmd_bans(struct fw_cli *cli, const struct fw_line *line)
{
	(void)line;
	return fw_cli_ask_and_show(cli, FW_API_BANS, NULL, NULL, fw_show_bans);
}

int fw_cmd_sets(struct fw_cli *cli, const struct fw_line *line)
{
	(void)line;
	return fw_cli_ask_and_show(cli, FW_API_SETS, NULL, NULL, fw_show_sets);
}

int fw_cmd_sets_test(struct fw_cli *cli, const struct fw_line *line)
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

int fw_cmd_feeds(struct fw_cli *cli, const struct fw_line *line)
{
	(void)line;
	return fw_cli_ask_and_show(cli, FW_API_FEEDS, NULL, NULL, fw_show_feeds);
}

int fw_cmd_explain(struct fw_cli *cli, const struct fw_line *line)
{
	struct fw_query query FW_CLEANUP(fw_query_done) = {0};
	const char *to = fw_line_option(line, "to");
	struct fw_addr addr;
	struct fw_err err = {0};

	if (fw_addr_parse(line->arguments[0], &addr, &err))
		return fw_cli_fail(cli, FW_EXIT_USAGE, "bad-address", NULL, "%s", err.text);
	if (fw_query_add(&query, "address", line->arguments[0]) || (to && fw_query_add(&query, "to", to)))
		return fw_cli_fail_memory(cli);
	return fw_cli_ask_and_show(cli, FW_API_EXPLAIN, &query, NULL, fw_show_explain);
}

int fw_cmd_attacks(struct fw_cli *cli, const struct fw_line *line)
{
	struct fw_query query FW_CLEANUP(fw_query_done) = {0};
	const char *last = fw_line_option(line, "last");
	int exit = last ? fw_cli_check_number(cli, "last", last, 100) : FW_EXIT_OK;

	if (exit)
		return exit;
	if (last && fw_query_add(&query, "last", last))
		return fw_cli_fail_memory(cli);
	return fw_cli_ask_and_show(cli, FW_API_ATTACKS, &query, NULL, fw_show_attacks);
}

int fw_cmd_under_attack(struct fw_cli *cli, const struct fw_line *line)
{
	const char *mode = line->argument_count ? line->arguments[0] : NULL;
	json_t *body;
	int exit;

	if (!mode && fw_line_option(line, "for"))
		return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL,
				   "--for goes with 'under-attack on' and 'under-attack off'");
	if (!mode)
		return fw_cli_ask_and_show(cli, FW_API_UNDER_ATTACK_STATE, NULL, NULL, fw_show_under_attack);
	body = json_pack("{s:s}", "mode", mode);
	if (!body)
		return fw_cli_fail_memory(cli);
	exit = fw_cli_take_for(cli, line, body);
	if (exit) {
		json_decref(body);
		return exit;
	}
	return fw_cli_ask_and_show(cli, FW_API_UNDER_ATTACK, NULL, body, fw_show_under_attack);
}

static void write_text(FILE *out, const void *context)
{
	fputs(context, out);
}

int fw_cmd_metrics(struct fw_cli *cli, const struct fw_line *line)
{
	FW_FREE char *text = NULL;
	int exit = fw_cli_ask_text(cli, FW_API_METRICS, NULL, &text);

	(void)line;
	return exit ? exit : fw_cli_show_text(cli, write_text, text);
}
