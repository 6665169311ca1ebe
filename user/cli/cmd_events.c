// SPDX-License-Identifier: Apache-2.0
/* events; -f goes on until SIGINT or SIGPIPE ends the process, as they always do. */
#include "cli/number.h"
#include "cli/show.h"
#include "lib/cleanup.h"

#define EVENTS_MAX 1000000

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

static int cmd_events(struct fw_cli *cli, const struct fw_line *line)
{
	struct fw_query query FW_CLEANUP(fw_query_done) = {0};
	bool following = fw_line_option(line, "follow");
	int exit = fw_cli_take_number(cli, line, "last", EVENTS_MAX, &query);

	if (exit)
		return exit;
	if (following && fw_query_add(&query, "follow", "1"))
		return fw_cli_fail_memory(cli);
	return following ? follow(cli, &query)
			 : fw_cli_ask_and_show(cli, FW_API_EVENTS, &query, NULL, fw_show_events);
}

const struct fw_command fw_command_events = {
	.verb = "events",
	.arguments = "",
	.options = {{.name = "follow", .letter = 'f', .help = "go on with what happens next, until Ctrl-C"},
		    {.name = "last", .value = "N", .help = "the last N events (default 100)"}},
	.help = "bans, changes and what else happened",
	.about =
		"The agent keeps the last 1000 in memory: what was before its last start is not here, but in "
		"its "
		"log, under systemd the journal, with a field for every member; of more than 50 a second the "
		"log has the first 50 and how many were left out. Attacks (attacks), bans (bans) and "
		"recorded "
		"traffic (history) outlive the agent. Under --json with -f one JSON object a line.",
	.examples = "floodwall events -f\n"
		    "journalctl -u floodwalld FLOODWALL_EVENT_TYPE=ban --since yesterday",
	.route = FW_API_EVENTS,
	.json = "{\"events\":[{\"timestamp\":RFC3339,\"event_type\":\"start|stop|attach|detach|apply|"
		"confirm|rollback|reload|geo|signatures|log|feed|tune|set|ban|would_ban|utilisation|unban|"
		"attack_start|"
		"attack_update|attack_end|under_attack|challenge|maps|"
		"allow\",\"message\",\"by\",\"src_ip\",\"dest_ip\",\"rule\",\"log\",\"reason\",\"origin\","
		"\"expires_in_"
		"seconds\",\"level\",\"previous_level\",\"percent\",\"amount\",\"limit\",\"interface\","
		"\"xdp\","
		"\"generation\",\"file\",\"changes\",\"error\" (something went wrong),\"suppressed\":NAME "
		"(expected, by "
		"that suppression of the policy)}]}; the members behind by depend on event_type. Further, of "
		"attack_start, attack_update and attack_end: \"attack\":ID (as id of attacks),\"target\","
		"\"vector\",\"rule\" or \"reason\" (what drops most of it),\"packets_per_second\":N,"
		"\"peak_packets_per_second\":N,\"dropped\":N,\"would_drop\":N, and of attack_end "
		"\"seconds\":N or \"merged_into\":ID; of apply: \"previous\":GENERATION,"
		"\"confirm_seconds\":N; of rollback, where one that waited for confirmation was taken back: "
		"\"rolled_back\":GENERATION,\"why\":TEXT; of under_attack: \"mode\",\"active\":BOOL,"
		"\"rules\":N; of tune: \"changes\":[{\"key\",\"old\",\"new\"}]",
	.run = cmd_events,
};
