// SPDX-License-Identifier: Apache-2.0
/* history top, history export. */
#include <stdlib.h>
#include <string.h>

#include "cli/number.h"
#include "cli/options.h"
#include "cli/show.h"
#include "lib/cleanup.h"

#define ENTRIES_MAX 100000

int fw_cli_shape(struct fw_cli *cli, const struct fw_line *line, fw_show *table, fw_show *csv, fw_show *svg,
		 fw_show **ret)
{
	bool wants_csv = fw_line_option(line, "csv"), wants_svg = fw_line_option(line, "svg");

	if (wants_csv + wants_svg + cli->json > 1)
		return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL, "one of --json, --csv and --svg");
	*ret = wants_csv ? csv : wants_svg ? svg : table;
	return FW_EXIT_OK;
}

int fw_cli_take_options(struct fw_cli *cli, const struct fw_line *line, const char *const *names,
			struct fw_query *query)
{
	for (; *names; names++) {
		const char *value = fw_line_option(line, *names);

		if (value && fw_query_add(query, *names, value))
			return fw_cli_fail_memory(cli);
	}
	return FW_EXIT_OK;
}

static int cmd_history_top(struct fw_cli *cli, const struct fw_line *line)
{
	static const char *const names[] = {"window", "since", "until", "rule", NULL};
	struct fw_query query FW_CLEANUP(fw_query_done) = {0};
	fw_show *show = NULL;
	int exit = fw_cli_shape(cli, line, fw_show_history, fw_show_history_csv, fw_show_history_svg, &show);

	exit = exit ? exit : fw_cli_take_number(cli, line, "limit", ENTRIES_MAX, &query);
	exit = exit ? exit : fw_cli_take_options(cli, line, names, &query);
	return exit ? exit : fw_cli_ask_and_show(cli, FW_API_HISTORY_TOP, &query, NULL, show);
}

const struct fw_command fw_command_history = {
	.verb = "history",
	.arguments = "",
	.options = {FW_OPTION_CSV, FW_OPTION_SVG},
	.help = "the busiest sources of the last hour, per five minutes",
	.about = "The same as history top without options.",
	.examples = "floodwall history",
	.route = FW_API_HISTORY_TOP,
	.json = "as history top",
	.run = cmd_history_top,
};

const struct fw_command fw_command_history_top = {
	.verb = "history",
	.subverb = "top",
	.arguments = "",
	.options = {{.name = "window",
		     .value = "TIME",
		     .help = "sums over windows of TIME (default 5m): a multiple of 10s, beyond the last "
			     "day and "
			     "with a rule of 5m"},
		    FW_OPTION_SINCE("an hour before the end"),
		    FW_OPTION_UNTIL,
		    {.name = "rule",
		     .value = "NAME",
		     .complete = FW_COMPLETE_RULE,
		     .help = "the highest windows that this rule's limit was compared with"},
		    {.name = "limit", .value = "N", .help = "at most N lines (default 100)"},
		    FW_OPTION_CSV,
		    FW_OPTION_SVG},
	.help = "the busiest sources per window of the past, busiest first",
	.about = "As a query over WAF logs would say it. Numbers of sources are estimated from samples and "
		 "marked so (~), those of a rule's keys are counted. Of a key that comes by several CPUs "
		 "what the others have not told when one closes a sub-window may be missing: up to a 32nd "
		 "of the limit, of a key over it up to 256 packets of each. Per ten seconds "
		 "the 100 busiest sources "
		 "are kept for a day, per five minutes 1000, "
		 "after "
		 "a week 100. --since and --until take 2h (ago), 2026-11-25, '2026-11-25 10:00' (UTC unless "
		 "a "
		 "zone follows), @1795132800 or now.",
	.examples =
		"floodwall history top --since 1d --limit 20\n"
		"floodwall history top --window 10s --since '2026-11-25 10:00' --until '2026-11-25 10:30'\n"
		"floodwall history top --rule login --csv >login.csv",
	.route = FW_API_HISTORY_TOP,
	.json = "{\"since\":RFC3339,\"until\":RFC3339,\"window_seconds\":N,\"rule\":NAME|null,\"unit\","
		"\"estimated\":BOOL (from "
		"samples),\"entries\":[{\"start\":RFC3339,\"start_seconds\":N,\"source\",\"packets\","
		"\"bytes\","
		"\"dropped\"}]}; with a rule amount in its unit instead of packets and bytes",
	.run = cmd_history_top,
};

/* The last line of a page says where the next one begins; it is taken off. */
static char *next_of(char *page)
{
	size_t length = strlen(page);
	char *line, *end;

	if (length < 2)
		return NULL;
	page[length - 1] = '\0';
	line = strrchr(page, '\n');
	line = line ? line + 1 : page;
	if (strncmp(line, "{\"next\":\"", 9)) {
		page[length - 1] = '\n';
		return NULL;
	}
	end = strchr(line + 9, '"');
	line = end ? strndup(line + 9, (size_t)(end - line - 9)) : NULL;
	*(strrchr(page, '\n') ? strrchr(page, '\n') + 1 : page) = '\0';
	return line;
}

static int cmd_history_export(struct fw_cli *cli, const struct fw_line *line)
{
	static const char *const names[] = {"since", "until", NULL};
	FW_FREE char *from = NULL;
	int exit;

	do {
		struct fw_query query FW_CLEANUP(fw_query_done) = {0};
		FW_FREE char *page = NULL;

		exit = fw_cli_take_options(cli, line, names, &query);
		if (!exit && from && fw_query_add(&query, "from", from))
			exit = fw_cli_fail_memory(cli);
		if (!exit)
			exit = fw_cli_ask_text(cli, FW_API_HISTORY_EXPORT, &query, &page);
		free(from);
		from = exit ? NULL : next_of(page);
		if (!exit && fputs(page, cli->page.out) < 0)
			exit = fw_cli_fail(cli, FW_EXIT_FAILED, "output", NULL, "cannot write the export");
	} while (!exit && from);
	return exit;
}

const struct fw_command fw_command_history_export = {
	.verb = "history",
	.subverb = "export",
	.arguments = "",
	.options = {FW_OPTION_SINCE("the beginning"), FW_OPTION_UNTIL},
	.help = "everything recorded, as JSON lines",
	.about = "One object per row: \"table\" and the columns that HISTORY FILE below describes.",
	.examples = "floodwall history export --since 1d | gzip >history.jsonl.gz",
	.route = FW_API_HISTORY_EXPORT,
	.json = "JSON lines: {\"table\":NAME,\"COLUMN\":VALUE}",
	.run = cmd_history_export,
};
