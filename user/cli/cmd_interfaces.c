// SPDX-License-Identifier: Apache-2.0
/* attach and detach. */
#include "cli/orphan.h"
#include "cli/show.h"
#include "lib/state_files.h"

static int cmd_attach(struct fw_cli *cli, const struct fw_line *line)
{
	const char *mode = fw_line_option(line, "xdp");
	json_t *body = json_pack("{s:o,s:s}", "interface", fw_doc_string(line->arguments[0]), "xdp",
				 mode ? mode : "auto");

	return body ? fw_cli_ask_and_show(cli, FW_API_ATTACH, NULL, body, fw_show_attach)
		    : fw_cli_fail_memory(cli);
}

const struct fw_command fw_command_attach = {
	.verb = "attach",
	.arguments = "IFACE",
	.least = 1,
	.most = 1,
	.complete = FW_COMPLETE_INTERFACE,
	.options = {{.name = "xdp",
		     .value = "MODE",
		     .words = "native|generic|auto",
		     .complete = FW_COMPLETE_WORDS,
		     .help = "native in the driver, generic in the kernel (slower), auto tries both "
			     "(default)"}},
	.help = "filter one more interface",
	.about = "Lasts over reloads and restarts of the agent until detached; to keep it after a reboot, "
		 "name the interface in the "
		 "policy file. A program that somebody else has put there is named and left alone (exit "
		 "code 71).",
	.examples = "floodwall attach eth1 --xdp native",
	.route = FW_API_ATTACH,
	.json = "{\"interface\",\"xdp\":\"native|generic\",\"fell_back\":BOOL,\"unchanged\":BOOL,\"in_"
		"policy\":"
		"BOOL,\"message\",\"undo\",\"warnings\":[TEXT],\"not_kept\":TEXT}",
	.run = cmd_attach,
};

static int cmd_detach(struct fw_cli *cli, const struct fw_line *line)
{
	json_t *body;

	if (fw_cli_no_agent(cli))
		return fw_cli_detach_orphan(cli, line);
	body = json_pack("{s:o}", "interface", fw_doc_string(line->arguments[0]));
	return body ? fw_cli_ask_and_show(cli, FW_API_DETACH, NULL, body, fw_show_detach)
		    : fw_cli_fail_memory(cli);
}

const struct fw_command fw_command_detach = {
	.verb = "detach",
	.arguments = "IFACE",
	.least = 1,
	.most = 1,
	.complete = FW_COMPLETE_INTERFACE,
	.options = {{.name = "bpffs",
		     .value = "DIR",
		     .complete = FW_COMPLETE_FILE,
		     .help = "without an agent: where it pinned (default " FW_CLI_BPFFS_DEFAULT ")"},
		    {.name = "state-dir",
		     .value = "DIR",
		     .complete = FW_COMPLETE_FILE,
		     .help = "without an agent: where it kept its state (default " FW_STATE_DEFAULT ")"}},
	.help = "stop filtering an interface, with or without an agent",
	.about = "Everything that arrives there passes until it is attached again. Rules, meters and bans "
		 "stay. Where no agent runs it takes off, as root, what the last one has left in the kernel, "
		 "forgets that it was attached by hand, and with the last interface it gives back the "
		 "sysctls that challenge had set. It refuses "
		 "while an agent runs that listens on another socket.",
	.examples = "floodwall detach eth1",
	.route = FW_API_DETACH,
	.json = "{\"interface\",\"detached\":true,\"undo\",\"not_kept\":TEXT,\"without_agent\":true,"
		"\"sysctls\":[{\"name\",\"value\":N,\"error\":TEXT}],\"still_filtered\":N,\"forgotten\":true}"
		"; the last four only where no agent runs, sysctls lists what was given back, forgotten is "
		"there when it had been attached by hand",
	.run = cmd_detach,
};
