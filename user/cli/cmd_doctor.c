// SPDX-License-Identifier: Apache-2.0
/* doctor: looks at the machine itself, because it is wanted most when there is no agent yet. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor_policy.h"
#include "cli/orphan.h"
#include "cli/show.h"
#include "kern/abandoned.h"
#include "kern/nic.h"
#include "kern/pins.h"
#include "lib/cleanup.h"
#include "policy/file.h"

static json_t *to_json(const char *interface, const struct fw_finding *findings, size_t count)
{
	static const char *const words[] = {[FW_FINDING_OK] = "ok",
					    [FW_FINDING_NOTE] = "note",
					    [FW_FINDING_WARNING] = "warning",
					    [FW_FINDING_PROBLEM] = "problem"};
	json_t *array = json_array();

	for (size_t i = 0; array && i < count; i++)
		json_array_append_new(array, json_pack("{s:s,s:o,s:o,s:o}", "level", words[findings[i].level],
						       "check", fw_doc_string(findings[i].check), "detail",
						       fw_doc_string(findings[i].detail), "command",
						       fw_doc_string(findings[i].command)));
	return json_pack("{s:o,s:o}", "interface", fw_doc_string(interface), "findings", array);
}

/* A filter without an agent looks like any other from its hook. */
static int examine_agent(struct fw_cli *cli, json_t *findings, const char *interface, const char *bpffs)
{
	char **abandoned = fw_abandoned_list(bpffs), way_out[256];
	bool pinned = false;

	for (char **name = abandoned; name && *name; name++)
		pinned = pinned || !strcmp(*name, interface);
	fw_pins_list_free(abandoned);
	if (!pinned || !fw_cli_no_agent(cli) || fw_agent_pid())
		return 0;
	fw_cli_orphan_way_out(cli->socket, interface, way_out, sizeof(way_out));
	return json_array_append_new(
		findings,
		json_pack("{s:s,s:s,s:o,s:s}", "level", "warning", "check", "agent", "detail",
			  json_sprintf("no agent runs, the filter on %s goes on in the kernel: limits and "
				       "bans hold, but what ends by --for, under-attack auto, feeds "
				       "and logs wait for the agent; to stop filtering: %s",
				       interface, way_out),
			  "command", "sudo systemctl start floodwalld"));
}

static int cmd_doctor(struct fw_cli *cli, const struct fw_line *line)
{
	FW_FREE struct fw_finding *findings = calloc(FW_FINDINGS_MAX, sizeof(*findings));
	const char *given = fw_line_option(line, "bpffs"), *bpffs = given ? given : FW_CLI_BPFFS_DEFAULT;
	struct fw_err err = {0};
	size_t count = 0, problems = 0;
	json_t *document;
	int r;

	if (!findings)
		return fw_cli_fail_memory(cli);
	r = fw_nic_examine(line->arguments[0], bpffs, findings, &count, &err);
	if (r)
		return fw_cli_fail(cli, r == -ENODEV ? FW_EXIT_CONFIG : FW_EXIT_KERNEL, "interface", NULL,
				   "%s", err.text);
	for (size_t i = 0; i < count; i++)
		problems += findings[i].level == FW_FINDING_PROBLEM;
	document = to_json(line->arguments[0], findings, count);
	if (!document ||
	    examine_agent(cli, json_object_get(document, "findings"), line->arguments[0], bpffs) ||
	    fw_doctor_policy(json_object_get(document, "findings"), fw_line_option(line, "policy"),
			     line->arguments[0], fw_memory_available())) {
		json_decref(document);
		return fw_cli_fail_memory(cli);
	}
	fw_cli_show(cli, document, fw_show_doctor);
	json_decref(document);
	return problems ? FW_EXIT_FAILED : FW_EXIT_OK;
}

const struct fw_command fw_command_doctor = {
	.verb = "doctor",
	.arguments = "IFACE",
	.least = 1,
	.most = 1,
	.complete = FW_COMPLETE_INTERFACE,
	.options = {{.name = "bpffs",
		     .value = "DIR",
		     .complete = FW_COMPLETE_FILE,
		     .help = "where the agent pins (default /sys/fs/bpf)"},
		    {.name = "policy",
		     .value = "FILE",
		     .complete = FW_COMPLETE_FILE,
		     .help = "whose memory and lists to compare with this host (default " FW_CONFIG_DEFAULT
			     ")"}},
	.help = "what would keep native XDP from an interface, and the command that mends it",
	.about = "Also whether no agent runs though its filter goes on, and whether lists of the policy "
		 "would drop this host's own networks, gateways, resolvers, "
		 "time servers and SSH peers. Needs no agent; some checks need root and say so. Exit code 1: "
		 "something "
		 "blocks native XDP.",
	.examples = "sudo floodwall doctor eth0",
	.route = FW_NO_ROUTE,
	.json = "{\"interface\",\"findings\":[{\"level\":\"ok|note|warning|problem\",\"check\",\"detail\","
		"\"command\"}]}",
	.run = cmd_doctor,
};
