// SPDX-License-Identifier: Apache-2.0
/* confirm, rollback and reload: what becomes of a policy that is there already. */
#include "cli/show.h"

static int cmd_confirm(struct fw_cli *cli, const struct fw_line *line)
{
	(void)line;
	return fw_cli_ask_and_show(cli, FW_API_CONFIRM, NULL, NULL, fw_show_confirm);
}

const struct fw_command fw_command_confirm = {
	.verb = "confirm",
	.arguments = "",
	.help = "keep the policy that waits for confirmation",
	.about = "Exit code 1: nothing waits.",
	.examples = "floodwall confirm",
	.route = FW_API_CONFIRM,
	.json = "{\"confirmed\":true,\"generation\":N,\"undo\",\"not_kept\":TEXT (see sets add)}",
	.run = cmd_confirm,
};

static int cmd_rollback(struct fw_cli *cli, const struct fw_line *line)
{
	(void)line;
	return fw_cli_ask_and_show(cli, FW_API_ROLLBACK, NULL, NULL, fw_show_rollback);
}

const struct fw_command fw_command_rollback = {
	.verb = "rollback",
	.arguments = "",
	.help = "go back to the policy before the last apply",
	.about = "Takes back an apply that waits for confirmation, or the last one that did not; done twice, "
		 "the latter is undone. Where one that waited has been taken back already, by the agent as "
		 "nobody confirmed it in time, by Ctrl-C or from another terminal, the first rollback after "
		 "that changes nothing and says so; a second one goes further back, but not to a policy that "
		 "a rollback has left before. What apply would warn of is said here, too.",
	.examples = "floodwall rollback",
	.route = FW_API_ROLLBACK,
	.json = "{\"generation\":N,\"rolled_back_to\":N,\"rolled_back\":N,\"policy_file\",\"changes\":[as "
		"plan],\"warnings\":[TEXT],\"unchanged\":BOOL,\"before\":FILE|null (what a second one goes "
		"back to),\"why\":TEXT (of the rollback that there was already; both only with unchanged),"
		"\"undo\":TEXT|null,\"not_kept\":TEXT (see sets add)}",
	.run = cmd_rollback,
};

static int cmd_reload(struct fw_cli *cli, const struct fw_line *line)
{
	(void)line;
	return fw_cli_ask_and_show(cli, FW_API_RELOAD, NULL, NULL, fw_show_reload);
}

const struct fw_command fw_command_reload = {
	.verb = "reload",
	.arguments = "",
	.options = {{.name = "wait",
		     .help = "accepted for scripts: reload always waits until the policy is in force"}},
	.help = "read the agent's policy file again",
	.about = "Says what that changed. Unsaved changes (tune, sets add, attach) stay on top. Exit code "
		 "78: the file has errors, the running policy stays.",
	.examples = "floodwall reload --wait",
	.route = FW_API_RELOAD,
	.json = "{\"generation\":N,\"file\",\"notes\":[TEXT],\"changes\":[as plan],\"unchanged\":BOOL "
		"(the file itself; files of sets may have changed all the same)}",
	.run = cmd_reload,
};
