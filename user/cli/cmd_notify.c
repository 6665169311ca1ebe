// SPDX-License-Identifier: Apache-2.0
/* A test message to somebody who is told of events. */
#include <string.h>

#include "cli/show.h"
#include "ctl/client.h"

int fw_cmd_notify_test(struct fw_cli *cli, const struct fw_line *line)
{
	json_t *body = json_pack("{s:o}", "name", fw_doc_string(line->arguments[0])), *document = NULL;
	struct fw_client *client = body ? fw_cli_client(cli) : NULL;
	int exit;

	if (!body)
		return fw_cli_fail_memory(cli);
	if (!client) {
		json_decref(body);
		return FW_EXIT_NO_AGENT;
	}
	fw_client_timeout(client, 0); /* as long as the policy lets one attempt take */
	exit = fw_cli_ask(cli, FW_API_NOTIFY_TEST, NULL, body, &document);
	if (exit)
		return exit;
	fw_cli_show(cli, document, fw_show_notify_test);
	exit = strcmp(fw_doc_text(document, "outcome"), "delivered") ? FW_EXIT_FAILED : FW_EXIT_OK;
	json_decref(document);
	return exit;
}

int fw_cmd_notify(struct fw_cli *cli, const struct fw_line *line)
{
	(void)line;
	return fw_cli_ask_and_show(cli, FW_API_NOTIFY, NULL, NULL, fw_show_notify);
}
