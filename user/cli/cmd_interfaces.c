// SPDX-License-Identifier: Apache-2.0
/* attach and detach. */
#include "cli/show.h"

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
		"BOOL,\"message\",\"undo\",\"not_kept\":TEXT}",
	.run = cmd_attach,
};

static int cmd_detach(struct fw_cli *cli, const struct fw_line *line)
{
	json_t *body = json_pack("{s:o}", "interface", fw_doc_string(line->arguments[0]));

	return body ? fw_cli_ask_and_show(cli, FW_API_DETACH, NULL, body, fw_show_detach)
		    : fw_cli_fail_memory(cli);
}

const struct fw_command fw_command_detach = {
	.verb = "detach",
	.arguments = "IFACE",
	.least = 1,
	.most = 1,
	.complete = FW_COMPLETE_INTERFACE,
	.help = "stop filtering an interface",
	.about = "Everything that arrives there passes until it is attached again. Rules, meters and bans "
		 "stay.",
	.examples = "floodwall detach eth1",
	.route = FW_API_DETACH,
	.json = "{\"interface\",\"detached\":true,\"undo\",\"not_kept\":TEXT}",
	.run = cmd_detach,
};
