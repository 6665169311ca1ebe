/* SPDX-License-Identifier: Apache-2.0 */
/* What every command works with: where to print, how to ask the agent, how to fail in words. */
#ifndef FW_CLI_CLI_H
#define FW_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "cli/line.h"
#include "cli/page.h"
#include "ctl/client.h"
#include "lib/diag.h"

struct fw_cli {
	struct fw_page page; /* stdout */
	FILE *err;
	bool json, interactive; /* interactive: stdin and stdout are a terminal */
	const char *socket;
	struct fw_client *client; /* NULL until the first question */
};

/* Parses, runs and reports; the process's exit code. */
int fw_cli_main(int argc, char *const *argv, FILE *out, FILE *err);

/* Reports a failure on stderr, in words or as {"error": …}; hint may be NULL. Returns exit. */
int fw_cli_fail(struct fw_cli *cli, enum fw_exit exit, const char *code, const char *hint, const char *format,
		...) __attribute__((format(printf, 5, 6)));
int fw_cli_fail_json(struct fw_cli *cli, json_t *error); /* the member of an answer, borrowed */
int fw_cli_fail_memory(struct fw_cli *cli);
/* What fw_client_* returned, as words and exit code. */
int fw_cli_fail_client(struct fw_cli *cli, int r, const struct fw_err *err);

/* Asks the agent; body is stolen and may be NULL. 0 with *ret_document owned by the caller, or an exit code
 * after the failure has been reported. */
int fw_cli_ask(struct fw_cli *cli, enum fw_api_route route, const struct fw_query *query, json_t *body,
	       json_t **ret_document);
/* The same for an answer that is text; *ret is terminated and the caller's. */
int fw_cli_ask_text(struct fw_cli *cli, enum fw_api_route route, const struct fw_query *query, char **ret);
/* The client for those who stream; NULL after a reported failure. */
struct fw_client *fw_cli_client(struct fw_cli *cli);

/* Whether nobody listens on the agent's socket; reports nothing. */
bool fw_cli_no_agent(struct fw_cli *cli);

/* Prints a document: as JSON under --json, else by its renderer. */
typedef void fw_show(const struct fw_page *page, const json_t *document);
void fw_cli_show(struct fw_cli *cli, const json_t *document, fw_show *show);
/* Asks and shows in one go, for commands that are nothing else. */
int fw_cli_ask_and_show(struct fw_cli *cli, enum fw_api_route route, const struct fw_query *query,
			json_t *body, fw_show *show);
/* A document on one line of stdout. */
void fw_cli_print_json(struct fw_cli *cli, const json_t *document);

/* Whatever prints to a FILE; under --json as {"text": …}. Exit code. */
typedef void fw_text_writer(FILE *out, const void *context);
int fw_cli_show_text(struct fw_cli *cli, fw_text_writer *write, const void *context);

/* cmd_apply.c: a policy file in force; confirm as of --confirm: NULL without, "" for the file's own time.
 * Exit code. */
int fw_cli_apply(struct fw_cli *cli, const char *path, const char *confirm);
/* Which renderer --csv or --svg ask for, else the table; an exit code after a reported failure. */
int fw_cli_shape(struct fw_cli *cli, const struct fw_line *line, fw_show *table, fw_show *csv, fw_show *svg,
		 fw_show **ret);
/* Options (NULL-terminated names) that the agent reads itself. */
int fw_cli_take_options(struct fw_cli *cli, const struct fw_line *line, const char *const *names,
			struct fw_query *query);
/* Adds "for_seconds" to a body when --for was given; an exit code after a reported failure. */
int fw_cli_take_for(struct fw_cli *cli, const struct fw_line *line, json_t *body);

/* diags.c: complaints as the JSON of `check` and back. */
json_t *fw_cli_diags_to_json(const struct fw_diags *diags);
void fw_cli_diags_from_json(const json_t *array, struct fw_diags *diags);

#endif
