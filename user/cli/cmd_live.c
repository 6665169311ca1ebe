// SPDX-License-Identifier: Apache-2.0
/* What goes on until somebody ends it: top, events -f. SIGINT and SIGPIPE end the process as they always do;
 * at a terminal q ends top. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/keyboard.h"
#include "cli/number.h"
#include "cli/show.h"
#include "lib/cleanup.h"

#define TOP_LIMIT_MAX 65536
#define EVENTS_MAX    1000000
#define REFRESH_MS    1000
#define CLEAR_SCREEN  "\033[H\033[2J"

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

int fw_cmd_top(struct fw_cli *cli, const struct fw_line *line)
{
	struct fw_query query FW_CLEANUP(fw_query_done) = {0};
	const char *by = fw_line_option(line, "by"), *limit = fw_line_option(line, "limit");
	bool once = fw_line_option(line, "once"), terminal = isatty(fileno(cli->page.out));
	int exit = limit ? fw_cli_check_number(cli, "limit", limit, TOP_LIMIT_MAX) : FW_EXIT_OK;

	if (exit)
		return exit;
	if (fw_query_add(&query, "by", by ? by : "packets") ||
	    fw_query_add(&query, "limit", limit ? limit : "20"))
		return fw_cli_fail_memory(cli);
	return once ? show_top_once(cli, &query, false, NULL) : show_top_on(cli, &query, terminal);
}

static bool print_event(char *line, size_t length, void *context)
{
	struct fw_cli *cli = context;
	json_t *event = json_loadb(line, length, 0, NULL);

	if (json_is_object(event))
		fw_cli_show(cli, event, fw_show_event);
	json_decref(event);
	return !fflush(cli->page.out);
}

static int refuse(struct fw_cli *cli, struct fw_answer *refusal)
{
	json_t *document = json_loadb(refusal->body, refusal->length, 0, NULL);
	json_t *error = json_object_get(document, "error");
	int exit = json_is_object(error)
			   ? fw_cli_fail_json(cli, error)
			   : fw_cli_fail(cli, FW_EXIT_FAILED, "http", NULL,
					 "the agent answered with HTTP status %u", refusal->status);

	json_decref(document);
	fw_answer_done(refusal);
	return exit;
}

static int follow(struct fw_cli *cli, const struct fw_query *query)
{
	struct fw_client *client = fw_cli_client(cli);
	struct fw_answer refusal = {0};
	struct fw_err err = {0};
	int r;

	if (!client)
		return FW_EXIT_USAGE;
	r = fw_client_follow(client, FW_API_EVENTS, query, print_event, cli, &refusal, &err);
	if (r)
		return fw_cli_fail_client(cli, r, &err);
	if (refusal.status)
		return refuse(cli, &refusal);
	return FW_EXIT_FAILED; /* print_event could not print */
}

int fw_cmd_events(struct fw_cli *cli, const struct fw_line *line)
{
	struct fw_query query FW_CLEANUP(fw_query_done) = {0};
	const char *last = fw_line_option(line, "last");
	bool following = fw_line_option(line, "follow");
	int exit = last ? fw_cli_check_number(cli, "last", last, EVENTS_MAX) : FW_EXIT_OK;

	if (exit)
		return exit;
	if ((following && fw_query_add(&query, "follow", "1")) ||
	    (last && fw_query_add(&query, "last", last)))
		return fw_cli_fail_memory(cli);
	return following ? follow(cli, &query)
			 : fw_cli_ask_and_show(cli, FW_API_EVENTS, &query, NULL, fw_show_events);
}
