// SPDX-License-Identifier: Apache-2.0
/* Live changes: interfaces, rules, and the policy as a whole. Saving happens here, with the caller's rights.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/save.h"
#include "cli/show.h"
#include "lib/cleanup.h"
#include "policy/policy.h"

int fw_cmd_attach(struct fw_cli *cli, const struct fw_line *line)
{
	const char *mode = fw_line_option(line, "xdp");
	json_t *body = json_pack("{s:o,s:s}", "interface", fw_doc_string(line->arguments[0]), "xdp",
				 mode ? mode : "auto");

	return body ? fw_cli_ask_and_show(cli, FW_API_ATTACH, NULL, body, fw_show_attach)
		    : fw_cli_fail_memory(cli);
}

int fw_cmd_detach(struct fw_cli *cli, const struct fw_line *line)
{
	json_t *body = json_pack("{s:o}", "interface", fw_doc_string(line->arguments[0]));

	return body ? fw_cli_ask_and_show(cli, FW_API_DETACH, NULL, body, fw_show_detach)
		    : fw_cli_fail_memory(cli);
}

int fw_cmd_confirm(struct fw_cli *cli, const struct fw_line *line)
{
	(void)line;
	return fw_cli_ask_and_show(cli, FW_API_CONFIRM, NULL, NULL, fw_show_confirm);
}

int fw_cmd_rollback(struct fw_cli *cli, const struct fw_line *line)
{
	(void)line;
	return fw_cli_ask_and_show(cli, FW_API_ROLLBACK, NULL, NULL, fw_show_rollback);
}

int fw_cmd_reload(struct fw_cli *cli, const struct fw_line *line)
{
	(void)line;
	return fw_cli_ask_and_show(cli, FW_API_RELOAD, NULL, NULL, fw_show_reload);
}

/* "limit=2000/10s" → changes.limit; *ret is NULL after a reported failure. */
static int read_changes(struct fw_cli *cli, const struct fw_line *line, json_t **ret)
{
	json_t *changes = json_object();

	for (int i = 1; i < line->argument_count; i++) {
		const char *text = line->arguments[i], *equals = strchr(text, '=');
		FW_FREE char *key = equals ? strndup(text, (size_t)(equals - text)) : NULL;

		if (!equals || equals == text || !equals[1]) {
			json_decref(changes);
			return fw_cli_fail(cli, FW_EXIT_USAGE, "usage",
					   "for example: floodwall tune blanket limit=2000/10s",
					   "'tune' expects KEY=VALUE, got '%s'", text);
		}
		if (key && json_object_get(changes, key)) {
			json_decref(changes);
			return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL, "'tune' got the key '%s' twice",
					   key);
		}
		if (!key || json_object_set_new(changes, key, fw_doc_string(equals + 1))) {
			json_decref(changes);
			return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL,
					   "'tune' expects KEY=VALUE in UTF-8");
		}
	}
	*ret = changes;
	return FW_EXIT_OK;
}

static int save_changes(const char *policy_file, void *context, struct fw_err *err)
{
	const struct fw_line *line = context;
	int r = 0;

	for (int i = 1; i < line->argument_count && !r; i++) {
		const char *equals = strchr(line->arguments[i], '=');
		FW_FREE char *key = strndup(line->arguments[i], (size_t)(equals - line->arguments[i]));

		r = key ? fw_policy_save_tune(policy_file, line->arguments[0], key, equals + 1, err)
			: fw_err_set(err, -ENOMEM, "out of memory");
	}
	return r;
}

int fw_cmd_tune(struct fw_cli *cli, const struct fw_line *line)
{
	json_t *changes = NULL, *body, *document = NULL;
	bool save = fw_line_option(line, "save");
	int exit = fw_save_check(cli, line);

	exit = exit ? exit : read_changes(cli, line, &changes);
	if (exit)
		return exit;
	body = json_pack("{s:o,s:o}", "rule", fw_doc_string(line->arguments[0]), "changes", changes);
	if (!body)
		return fw_cli_fail_memory(cli);
	exit = fw_cli_take_for(cli, line, body);
	if (exit) {
		json_decref(body);
		return exit;
	}
	exit = fw_cli_ask(cli, FW_API_TUNE, NULL, body, &document);
	if (!exit && save)
		exit = fw_save_change(cli, save_changes, (void *)line, document);
	if (document && !json_object_get(document, "saved"))
		json_object_set_new(document, "saved", json_false());
	if (document && !(exit && cli->json))
		fw_cli_show(cli, document, fw_show_tune);
	json_decref(document);
	return exit;
}
