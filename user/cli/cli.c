// SPDX-License-Identifier: Apache-2.0
/* From argv to an exit code: parse, dispatch, ask the agent, report failures in words or as JSON. */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/help.h"
#include "cli/orphan.h"
#include "cli/plain.h"
#include "fw_types.h"
#include "lib/cleanup.h"
#include "lib/text.h"
#include "lib/units.h"
#include "policy/file.h"

#define NOT_PERMITTED_HINT                                                                                   \
	"run it with sudo, or join the group and log in again: sudo usermod -aG floodwall $USER"

#define FOR_MAX_NS (FW_FOR_MAX_DAYS * 86400 * FW_NS_PER_SEC)

static void print_failure(struct fw_cli *cli, const char *message, const char *hint)
{
	fprintf(cli->err, "floodwall: ");
	fw_print_safe(cli->err, message);
	fputc('\n', cli->err);
	while (hint && *hint) {
		int length = (int)strcspn(hint, "\n");

		fprintf(cli->err, "  %.*s\n", length, hint);
		hint += length + (hint[length] == '\n');
	}
}

int fw_cli_fail(struct fw_cli *cli, enum fw_exit exit, const char *code, const char *hint, const char *format,
		...)
{
	FW_FREE char *message = NULL;
	va_list arguments;
	json_t *document;

	va_start(arguments, format);
	if (vasprintf(&message, format, arguments) < 0)
		message = NULL;
	va_end(arguments);
	if (!cli->json) {
		print_failure(cli, message ? message : "out of memory", hint);
		return exit;
	}
	document = json_pack("{s:{s:i,s:s,s:s}}", "error", "exit", (int)exit, "code", code, "message",
			     message ? message : "");
	if (document && hint)
		json_object_set_new(json_object_get(document, "error"), "hint", json_string(hint));
	if (document)
		json_dumpf(document, cli->err, JSON_COMPACT);
	fputc('\n', cli->err);
	json_decref(document);
	return exit;
}

int fw_cli_fail_memory(struct fw_cli *cli)
{
	return fw_cli_fail(cli, FW_EXIT_FAILED, "memory", NULL, "out of memory");
}

int fw_cli_fail_json(struct fw_cli *cli, json_t *error)
{
	const char *message = fw_doc_text(error, "message"), *hint = fw_doc_text(error, "hint");
	const json_t *complaints = json_object_get(error, "diagnostics");
	int exit = (int)json_integer_value(json_object_get(error, "exit"));

	if (cli->json) {
		json_t *document = json_pack("{s:O}", "error", error);

		json_dumpf(document, cli->err, JSON_COMPACT);
		fputc('\n', cli->err);
		json_decref(document);
	} else {
		if (json_array_size(complaints)) {
			struct fw_diags diags = {0};

			fw_cli_diags_from_json(complaints, &diags);
			fw_diags_render(&diags, cli->err);
			fw_diags_done(&diags);
		}
		print_failure(cli, *message ? message : "the agent gave no reason", hint);
	}
	return exit > 0 && exit < 126 ? exit : FW_EXIT_FAILED;
}

static int fail_no_agent(struct fw_cli *cli, const struct fw_err *err)
{
	char hint[1024];
	struct fw_text text = {.buffer = hint, .size = sizeof(hint)};
	struct fw_orphan orphan;

	fw_cli_orphan(FW_CLI_BPFFS_DEFAULT, cli->socket, &orphan);
	/* The service listens on its own socket, whatever was given here. */
	if (strcmp(cli->socket, FW_SOCKET_DEFAULT) != 0)
		fw_text_add(&text,
			    "start it with: sudo floodwalld --config " FW_CONFIG_DEFAULT " --socket %s",
			    cli->socket);
	else
		fw_text_add(&text, "start it with: sudo systemctl start floodwalld\n"
				   "or: sudo floodwalld --config " FW_CONFIG_DEFAULT);
	fw_text_add(&text, "%s%s", orphan.hint[0] ? "\n" : "", orphan.hint);
	return fw_cli_fail(cli, FW_EXIT_NO_AGENT, "no-agent", hint, "the agent is not running: %s%s",
			   err->text, orphan.filter);
}

bool fw_cli_no_agent(struct fw_cli *cli)
{
	struct fw_client *client = fw_cli_client(cli);
	struct fw_answer answer = {0};
	struct fw_err err = {0};
	int r = client ? fw_client_call(client, FW_API_CONFIRM_STATE, NULL, NULL, &answer, &err) : 0;

	if (client && !r)
		fw_answer_done(&answer);
	return r == -ECONNREFUSED;
}

int fw_cli_fail_client(struct fw_cli *cli, int r, const struct fw_err *err)
{
	switch (r) {
	case -ECONNREFUSED:
		return fail_no_agent(cli, err);
	case -EACCES:
	case -EPERM:
		return fw_cli_fail(cli, FW_EXIT_NO_PERMISSION, "no-permission", NOT_PERMITTED_HINT, "%s",
				   err->text);
	case -ETIMEDOUT:
		return fw_cli_fail(cli, FW_EXIT_TRY_AGAIN, "timeout",
				   "the agent may be loading a large set; try again", "%s", err->text);
	case -ECONNRESET:
	case -EPROTO:
		return fw_cli_fail(cli, FW_EXIT_NO_AGENT, "agent-gone", "look at: journalctl -u floodwalld",
				   "%s", err->text);
	default:
		return fw_cli_fail(cli, FW_EXIT_FAILED, "failed", NULL, "%s", err->text);
	}
}

struct fw_client *fw_cli_client(struct fw_cli *cli)
{
	struct fw_err err = {0};

	if (!cli->client && fw_client_open(cli->socket, &cli->client, &err))
		fw_cli_fail(cli, FW_EXIT_USAGE, "socket", NULL, "--socket: %s", err.text);
	return cli->client;
}

/* An HTTP error without our document: something else answered, or the agent's server did by itself. */
static int fail_status(struct fw_cli *cli, const struct fw_answer *answer)
{
	enum fw_exit exit = answer->status == 403   ? FW_EXIT_NO_PERMISSION
			    : answer->status == 404 ? FW_EXIT_CONFIG
			    : answer->status == 503 ? FW_EXIT_TRY_AGAIN
						    : FW_EXIT_FAILED;

	return fw_cli_fail(cli, exit, "http",
			   "are floodwall and floodwalld of the same version? see: floodwall version",
			   "the agent answered with HTTP status %u and no reason", answer->status);
}

static int take_answer(struct fw_cli *cli, const struct fw_answer *answer, json_t **ret_document)
{
	json_error_t where;
	json_t *document = json_loadb(answer->body, answer->length, JSON_REJECT_DUPLICATES, &where), *error;
	int exit;

	error = json_object_get(document, "error");
	if (answer->status >= 400) {
		exit = json_is_object(error) ? fw_cli_fail_json(cli, error) : fail_status(cli, answer);
		json_decref(document);
		return exit;
	}
	if (!document)
		return fw_cli_fail(cli, FW_EXIT_FAILED, "bad-answer",
				   "are floodwall and floodwalld of the same version?",
				   "the agent's answer is no JSON: %s at byte %d", where.text,
				   where.position);
	*ret_document = document;
	return FW_EXIT_OK;
}

int fw_cli_ask(struct fw_cli *cli, enum fw_api_route route, const struct fw_query *query, json_t *body,
	       json_t **ret_document)
{
	struct fw_client *client = fw_cli_client(cli);
	struct fw_answer answer = {0};
	struct fw_err err = {0};
	FW_FREE char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	bool failed = body && !text;
	int r;

	json_decref(body);
	if (!client)
		return FW_EXIT_USAGE;
	if (failed)
		return fw_cli_fail_memory(cli);
	r = fw_client_call(client, route, query, text, &answer, &err);
	if (r)
		return fw_cli_fail_client(cli, r, &err);
	r = take_answer(cli, &answer, ret_document);
	fw_answer_done(&answer);
	return r;
}

int fw_cli_ask_text(struct fw_cli *cli, enum fw_api_route route, const struct fw_query *query, char **ret)
{
	struct fw_client *client = fw_cli_client(cli);
	struct fw_answer answer = {0};
	struct fw_err err = {0};
	json_t *document = NULL;
	int r;

	if (!client)
		return FW_EXIT_USAGE;
	r = fw_client_call(client, route, query, NULL, &answer, &err);
	if (r)
		return fw_cli_fail_client(cli, r, &err);
	if (answer.status >= 400) {
		r = take_answer(cli, &answer, &document);
		fw_answer_done(&answer);
		return r;
	}
	*ret = TAKE_PTR(answer.body);
	return FW_EXIT_OK;
}

void fw_cli_print_json(struct fw_cli *cli, const json_t *document)
{
	json_dumpf(document, cli->page.out, JSON_COMPACT | JSON_REAL_PRECISION(15));
	fputc('\n', cli->page.out);
}

void fw_cli_show(struct fw_cli *cli, const json_t *document, fw_show *show)
{
	json_t *plain;

	if (cli->json) {
		fw_cli_print_json(cli, document);
		return;
	}
	plain = fw_json_plain(document);
	if (plain)
		show(&cli->page, plain);
	else
		fprintf(stderr, "floodwall: out of memory for the answer\n");
	json_decref(plain);
}

int fw_cli_ask_and_show(struct fw_cli *cli, enum fw_api_route route, const struct fw_query *query,
			json_t *body, fw_show *show)
{
	json_t *document = NULL;
	int exit = fw_cli_ask(cli, route, query, body, &document);

	if (!exit)
		fw_cli_show(cli, document, show);
	json_decref(document);
	return exit;
}

/* Whatever prints to a FILE, as {"text": …} under --json. */
int fw_cli_show_text(struct fw_cli *cli, fw_text_writer *write, const void *context)
{
	FW_FREE char *text = NULL;
	size_t length;
	FILE *memory;
	json_t *document;

	if (!cli->json) {
		write(cli->page.out, context);
		return FW_EXIT_OK;
	}
	memory = open_memstream(&text, &length);
	if (!memory)
		return fw_cli_fail_memory(cli);
	write(memory, context);
	if (fclose(memory))
		return fw_cli_fail_memory(cli);
	document = json_pack("{s:s}", "text", text);
	fw_cli_print_json(cli, document);
	json_decref(document);
	return FW_EXIT_OK;
}

int fw_cli_take_for(struct fw_cli *cli, const struct fw_line *line, json_t *body)
{
	const char *text = fw_line_option(line, "for");
	struct fw_err err = {0};
	uint64_t ns;
	int r;

	if (!text)
		return FW_EXIT_OK;
	r = fw_duration_parse(text, &ns, &err);
	if (r && r != -ERANGE)
		return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL, "--for: %s", err.text);
	if (r || ns < FW_NS_PER_SEC || ns > FOR_MAX_NS)
		return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL,
				   "--for expects a time from 1s to %dd, such as 30m, got '%s'",
				   FW_FOR_MAX_DAYS, text);
	json_object_set_new(body, "for_seconds",
			    ns % FW_NS_PER_SEC ? json_real((double)ns / (double)FW_NS_PER_SEC)
					       : json_integer((json_int_t)(ns / FW_NS_PER_SEC)));
	return FW_EXIT_OK;
}

static bool wants_color(FILE *out, const struct fw_line *line)
{
	const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return !line->no_color && !(no_color && *no_color) && !(terminal && !strcmp(terminal, "dumb")) &&
	       isatty(fileno(out));
}

static int run(struct fw_cli *cli, const struct fw_line *line)
{
	if (line->version)
		return fw_command_version.run(cli, line);
	if (line->help)
		return fw_help_for(cli, line->verb ? line->command : NULL);
	return line->command->run(cli, line);
}

int fw_cli_main(int argc, char *const *argv, FILE *out, FILE *err)
{
	struct fw_cli cli = {.page = {.out = out}, .err = err, .json = fw_line_wants_json(argc, argv)};
	struct fw_line line = {0};
	struct fw_err why = {0};
	int exit;

	if (fw_line_parse(argc, argv, &line, &why)) {
		char *hint = strchr(why.text, '\n');

		if (hint)
			*hint++ = '\0';
		return fw_cli_fail(&cli, why.code == -ENOMEM ? FW_EXIT_FAILED : FW_EXIT_USAGE, "usage", hint,
				   "%s", why.text);
	}
	cli.json = line.json;
	cli.socket = line.socket;
	cli.page.color = wants_color(out, &line);
	cli.interactive = isatty(fileno(out)) && isatty(STDIN_FILENO);
	exit = run(&cli, &line);
	fw_client_close(cli.client);
	fw_line_done(&line);
	if ((fflush(out) || ferror(out)) && !exit)
		exit = fw_cli_fail(&cli, FW_EXIT_FAILED, "output", NULL,
				   "the output could not be written: %s", strerror(errno));
	return exit;
}
