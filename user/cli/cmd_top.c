// SPDX-License-Identifier: Apache-2.0
/* top goes on until somebody ends it: SIGINT and SIGPIPE end the process as they always do; at a terminal q
 * does. */
#include <unistd.h>

#include "cli/keyboard.h"
#include "cli/number.h"
#include "cli/show.h"
#include "lib/cleanup.h"

#define TOP_LIMIT_MAX 65536
#define REFRESH_MS    1000
#define CLEAR_SCREEN  "\033[H\033[2J"

/* An empty table is no peace when nothing is filtered; the table itself is an array, which cannot say it. */
static bool says_not_filtered(struct fw_cli *cli, const json_t *sources)
{
	json_t *status = NULL;
	bool said;

	if (cli->json || json_array_size(sources) || fw_cli_ask(cli, FW_API_STATUS, NULL, NULL, &status))
		return false;
	said = fw_show_not_filtered(&cli->page, status);
	json_decref(status);
	return said;
}

/* keyboard: one that ends it, NULL: there is none. */
static int show_top_once(struct fw_cli *cli, const struct fw_query *query, bool clear,
			 const struct fw_keyboard *keyboard)
{
	json_t *document = NULL;
	int exit = fw_cli_ask(cli, FW_API_TOP, query, NULL, &document);

	if (exit)
		return exit;
	if (clear && !cli->json)
		fputs(CLEAR_SCREEN, cli->page.out);
	if (!says_not_filtered(cli, document))
		fw_cli_show(cli, document, fw_show_top);
	if (clear && !cli->json && keyboard && fw_keyboard_listens(keyboard))
		fputs("q ends it\n", cli->page.out);
	json_decref(document);
	return FW_EXIT_OK;
}

static bool is_end(int key)
{
	return key == 'q' || key == 'Q' || key == FW_KEY_SIGNAL;
}

/* A table each second, until q at a terminal, or a failure. */
static int show_top_on(struct fw_cli *cli, const struct fw_query *query, bool terminal)
{
	struct fw_keyboard keyboard FW_CLEANUP(fw_keyboard_close) = {.mute = true};
	int exit;

	if (cli->interactive)
		fw_keyboard_open(&keyboard, STDIN_FILENO);
	exit = show_top_once(cli, query, terminal, &keyboard);
	while (!exit) {
		if (!terminal && !cli->json)
			fputc('\n', cli->page.out);
		if (fflush(cli->page.out))
			return FW_EXIT_FAILED;
		if (is_end(fw_keyboard_wait(&keyboard, REFRESH_MS)))
			break;
		exit = show_top_once(cli, query, terminal, &keyboard);
	}
	return exit;
}

static int cmd_top(struct fw_cli *cli, const struct fw_line *line)
{
	struct fw_query query FW_CLEANUP(fw_query_done) = {0};
	const char *by = fw_line_option(line, "by");
	bool once = fw_line_option(line, "once"), terminal = isatty(fileno(cli->page.out));
	int exit = fw_cli_take_number(cli, line, "limit", TOP_LIMIT_MAX, &query);

	if (exit)
		return exit;
	if (fw_query_add(&query, "by", by ? by : "packets"))
		return fw_cli_fail_memory(cli);
	return once ? show_top_once(cli, &query, false, NULL) : show_top_on(cli, &query, terminal);
}

const struct fw_command fw_command_top = {
	.verb = "top",
	.arguments = "",
	.options = {{.name = "once", .help = "one table, then end"},
		    {.name = "by",
		     .value = "ORDER",
		     .words = "packets|bytes|drops",
		     .complete = FW_COMPLETE_WORDS,
		     .help = "what to sort by (default packets)"},
		    {.name = "limit", .value = "N", .help = "at most N sources (default 20)"}},
	.help = "the busiest sources, refreshed every second",
	.about =
		"q or Ctrl-C ends it. Under --json one array a line and second. Beyond some ten thousand "
		"packets "
		"a second and CPU one in sampled_one_in is looked at, drawn at random and counted for all of "
		"them: rates are estimates then, rough for sources of few packets, and some of these do not "
		"show. Rates of fewer than five samples have a ~ (rough). What rules count is exact. State "
		"OVER: "
		"over a limit of its own (per source, source_prefix or dest_port); who is ok may be dropped, "
		"too, by a limit for all together, by a list, or for what its packets are. State answered: "
		"its last SYN was answered with a cookie "
		"(reason challenged), which is neither dropped nor passed; who receives the answer connects.",
	.examples = "floodwall top --by drops\nfloodwall top --once --limit 100",
	.route = FW_API_TOP,
	.json = "[{\"source\",\"packets_per_second\",\"bytes_per_second\",\"dropped_per_second\",\"state\":"
		"\"ok|over|banned|allowed\","
		"\"rule\",\"reason\",\"answered\":BOOL (its last packet, with a "
		"cookie),\"rough\":BOOL (few samples),\"sampled_one_in\":N}]",
	.run = cmd_top,
};
