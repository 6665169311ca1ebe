// SPDX-License-Identifier: Apache-2.0
/* Feeds asked for now. */
#include <string.h>

#include "cli/show.h"
#include "ctl/client.h"

/* A list that was not taken is a failure of the command. */
static bool all_current(const json_t *feeds)
{
	const json_t *feed;
	size_t index;

	json_array_foreach (feeds, index, feed)
		if (strcmp(fw_doc_text(feed, "state"), "ok"))
			return false;
	return true;
}

int fw_cmd_feeds_sync(struct fw_cli *cli, const struct fw_line *line)
{
	json_t *body = json_object(), *document = NULL;
	struct fw_client *client;
	int exit;

	if (!body)
		return fw_cli_fail_memory(cli);
	if (line->argument_count)
		json_object_set_new(body, "name", fw_doc_string(line->arguments[0]));
	if (fw_line_option(line, "force"))
		json_object_set_new(body, "force", json_true());
	client = fw_cli_client(cli);
	if (!client) {
		json_decref(body);
		return FW_EXIT_NO_AGENT;
	}
	fw_client_timeout(client, 0); /* a feed may take as long as its policy lets it */
	exit = fw_cli_ask(cli, FW_API_FEEDS_SYNC, NULL, body, &document);
	if (exit)
		return exit;
	fw_cli_show(cli, document, fw_show_feeds);
	exit = all_current(document) ? FW_EXIT_OK : FW_EXIT_FAILED;
	json_decref(document);
	return exit;
}
