// SPDX-License-Identifier: Apache-2.0
/* status, and the counters behind it: metrics. */
#include <string.h>

#include "cli/show.h"
#include "lib/cleanup.h"

static int cmd_status(struct fw_cli *cli, const struct fw_line *line)
{
	json_t *document = NULL;
	int exit = fw_cli_ask(cli, FW_API_STATUS, NULL, NULL, &document);

	(void)line;
	if (exit)
		return exit;
	fw_cli_show(cli, document, fw_show_status);
	exit = strcmp(fw_doc_text(document, "state"), "enforcing") ? FW_EXIT_NOT_ENFORCING : FW_EXIT_OK;
	json_decref(document);
	return exit;
}

const struct fw_command fw_command_status = {
	.verb = "status",
	.arguments = "",
	.help = "is the filter enforcing, on which interfaces, and what does it drop",
	.about = "One screen: state, rates, drops by reason, bans, unsaved changes, warnings. Answered are "
		 "SYNs "
		 "that challenge sent back as cookies: neither dropped nor passed; dropped of --json counts "
		 "them, "
		 "too. Without any "
		 "command this is what "
		 "runs. Exit code 4: the agent runs but does not enforce.",
	.examples = "floodwall\nfloodwall --json status",
	.route = FW_API_STATUS,
	.json = "{\"state\":\"enforcing|counting|detached\",\"interfaces\":[{\"name\",\"xdp\",\"attached\","
		"\"packets\",\"dropped\","
		"\"mode\",\"driver\",\"fell_back\",\"bytes\",\"would_drop\",\"passed\",\"error\","
		"\"warned\":BOOL (a warning is about it)}],"
		"\"packets\":N,\"passed\":N,"
		"\"dropped\":N,\"answered\":N (of dropped: SYNs sent back as "
		"cookies),\"would_drop\":N,\"reasons\":{\"WORD\":N},\"would_drop_reasons\":{\"WORD\":N},"
		"\"bans\":N,\"generation\":N,"
		"\"drift\":[{\"kind\":\"tune|set|attach|detach|policy|under-attack\",\"object\","
		"\"detail\",\"by\",\"expires_in_seconds\":N|null}],\"mode\":\"enforce|count\",\"version\","
		"\"uptime_seconds\":N,"
		"\"policy_file\",\"pinned\":BOOL,\"confirm\":{\"pending\":BOOL,\"deadline_seconds\":N,"
		"\"previous_generation\":N},"
		"\"rates\":{\"packets_per_second\",\"bytes_per_second\",\"dropped_per_second\",\"answered_"
		"per_second\"},\"faults\":{"
		"\"WORD\":N},\"fault_ages\":{\"WORD\":N|null (seconds since it last came; null: not since "
		"the "
		"agent's start)},\"logs\":[{\"name\",\"source\":\"file|journal|syslog\",\"place\",\"state\":"
		"\"reading|waiting\",\"error\",\"lines\",\"unparsed\",\"overlong\",\"given_up\",\"no_"
		"client\","
		"\"matches\",\"offences\",\"truncations\",\"evicted\"}],"
		"\"warnings\":[TEXT],\"feeds\":{\"total\":N,\"current\":N,\"waiting\":N,\"troubled\":[{"
		"\"name\",\"state\":\"failed|held|stale\",\"error\"}]},\"history\":{\"state\":\"starting|"
		"recording|paused|off\",\"file\",\"bytes\",\"since\":RFC3339|null,\"steps_written\","
		"\"steps_lost\",\"error\"},\"attacks\":[as attacks, without vectors],"
		"\"under_attack\":{as under-attack},\"suppressions\":[{\"name\","
		"\"state\":\"active|waiting|over\",\"events\":N,\"about\"}],\"notify\":[as in notify],"
		"\"challenge\":{\"engaged\":BOOL (a challenge rule is in force on a filtered interface, also "
		"without a flood: who is challenged now is in active; false where the rule or the policy "
		"counts),"
		"\"active\":[{\"rule\",\"destination\":ADDRESS|\"all\",\"since_seconds\",\"answers\":BOOL "
		"(SYNs "
		"to a listener are answered),\"answered_packets\":N,\"no_listener_packets\":N (of its "
		"samples since it began: at least so many)}],"
		"\"verified\":N,"
		"\"sysctls\":{NAME:{\"value\",\"before\"}},\"own_prefixes\":N|null (addresses of this host, "
		"for "
		"which it answers; null: not known),\"passes_on\":BOOL (SYNs to others come through: they "
		"are "
		"not answered here),\"container_ports\":[PORT] (published by docker-proxy: nor are "
		"these)},\"maps\":{\"state\":\"fresh|adopted|rebuilt\","
		"\"why\",\"lost\":[TEXT],\"kept\":[TEXT],\"bans_saved\":N,\"bans_restored\":N}} (of maps all "
		"but state when rebuilt, until the next start)",
	.run = cmd_status,
};

static void write_text(FILE *out, const void *context)
{
	fputs(context, out);
}

static int cmd_metrics(struct fw_cli *cli, const struct fw_line *line)
{
	FW_FREE char *text = NULL;
	int exit = fw_cli_ask_text(cli, FW_API_METRICS, NULL, &text);

	(void)line;
	return exit ? exit : fw_cli_show_text(cli, write_text, text);
}

const struct fw_command fw_command_metrics = {
	.verb = "metrics",
	.arguments = "",
	.help = "the Prometheus text",
	.about = "The same as http://127.0.0.1:9854/metrics.",
	.examples = "floodwall metrics | grep dropped",
	.route = FW_API_METRICS,
	.json = "{\"text\"}",
	.run = cmd_metrics,
};
