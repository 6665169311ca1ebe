// SPDX-License-Identifier: Apache-2.0
/* feeds, and feeds sync, which asks for them now. */
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

static int cmd_feeds_sync(struct fw_cli *cli, const struct fw_line *line)
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

const struct fw_command fw_command_feeds_sync = {
	.verb = "feeds",
	.subverb = "sync",
	.arguments = "[NAME]",
	.most = 1,
	.complete = FW_COMPLETE_FEED,
	.options = {{.name = "force",
		     .help = "take the list although it grew or shrank too much; needs NAME"}},
	.help = "fetch one feed, or all, now",
	.about = "Waits for the end of the attempts. Exit code 1: a list was not taken, the error says why. "
		 "--force accepts growth and shrink this once; the other guards hold.",
	.examples = "floodwall feeds sync\nfloodwall feeds sync spamhaus_drop --force",
	.route = FW_API_FEEDS_SYNC,
	.json = "as feeds: the feeds that were asked for",
	.run = cmd_feeds_sync,
};

static int cmd_feeds(struct fw_cli *cli, const struct fw_line *line)
{
	(void)line;
	return fw_cli_ask_and_show(cli, FW_API_FEEDS, NULL, NULL, fw_show_feeds);
}

const struct fw_command fw_command_feeds = {
	.verb = "feeds",
	.arguments = "",
	.help = "the feeds: state, entries, what was refused and why, next fetch",
	.about = "Listed is what the feed says, in force what is left of it after expiry, guards and "
		 "merging. "
		 "failed, held and stale: the last good copy stays in force, and the error says why. Refused "
		 "entries are named with their line. On trial: what only this feed lists is counted, not "
		 "dropped.",
	.examples = "floodwall feeds\nfloodwall --json feeds",
	.route = FW_API_FEEDS,
	.json = "[{\"name\",\"state\":\"waiting|ok|failed|held|stale\",\"entries\":N,\"last_success\":TIME|"
		"null,\"error\":TEXT|null,\"url\",\"format\",\"stale\":BOOL,\"running\":BOOL,\"notice\":"
		"TEXT|"
		"null,\"held\":BOOL,\"trial\":BOOL,\"trial_until\":TIME|null,\"in_force\":N,\"tiers\":{"
		"\"WORD\":"
		"N},\"refused\":{\"WORD\":N},\"split\":{\"WORD\":N},\"examples\":[{\"entry\",\"line\","
		"\"reason\",\"touches\",\"whole\":BOOL}],\"added\":N,\"removed\":N,\"first_success\","
		"\"last_change\",\"last_attempt\",\"last_failure\",\"next_expiry\":TIME|null,"
		"\"next_attempt_in_seconds\":N|null,\"every_seconds\":N,\"attempts\":N,\"failures\":N,"
		"\"sync_token\":N,\"worker\":{\"http\",\"bytes\",\"wire_bytes\",\"lines\",\"refused_lines\","
		"\"filtered\",\"milliseconds\",\"reasons\":[TEXT]}|null}]",
	.run = cmd_feeds,
};
