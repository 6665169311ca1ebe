// SPDX-License-Identifier: Apache-2.0
/* history top, history export. */
#include <stdlib.h>
#include <string.h>

#include "cli/number.h"
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

int fw_cmd_history_top(struct fw_cli *cli, const struct fw_line *line)
{
	static const char *const names[] = {"window", "since", "until", "rule", "limit", NULL};
	struct fw_query query FW_CLEANUP(fw_query_done) = {0};
	const char *limit = fw_line_option(line, "limit");
	fw_show *show = NULL;
	int exit = fw_cli_shape(cli, line, fw_show_history, fw_show_history_csv, fw_show_history_svg, &show);

	if (!exit && limit)
		exit = fw_cli_check_number(cli, "limit", limit, ENTRIES_MAX);
	exit = exit ? exit : fw_cli_take_options(cli, line, names, &query);
	return exit ? exit : fw_cli_ask_and_show(cli, FW_API_HISTORY_TOP, &query, NULL, show);
}

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

int fw_cmd_history_export(struct fw_cli *cli, const struct fw_line *line)
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
