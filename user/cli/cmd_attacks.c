// SPDX-License-Identifier: Apache-2.0
/* attacks and under-attack. */
#include "cli/number.h"
#include "cli/options.h"
#include "cli/show.h"
#include "lib/cleanup.h"

static int cmd_attacks(struct fw_cli *cli, const struct fw_line *line)
{
	struct fw_query query FW_CLEANUP(fw_query_done) = {0};
	int exit = fw_cli_take_number(cli, line, "last", 100, &query);

	return exit ? exit : fw_cli_ask_and_show(cli, FW_API_ATTACKS, &query, NULL, fw_show_attacks);
}

const struct fw_command fw_command_attacks = {
	.verb = "attacks",
	.arguments = "",
	.options = {{.name = "last", .value = "N", .help = "the last N that are over (default 20)"}},
	.help = "the attacks that last, and the last ones that are over",
	.about = "An attack is a target (an address, a prefix, everything, or others) whose packets some "
		 "rule or "
		 "reason "
		 "drops beyond safety.attack_from for half a second; a rule per destination, "
		 "destination_prefix or "
		 "total needs only a tenth of its limit. Whatever else is dropped on its way to the target "
		 "joins "
		 "as a further vector. It is over when none of it has reached half of that for 10 s. Rates "
		 "and "
		 "packets are those that were dropped, or passed and would have been in count mode, each "
		 "once: "
		 "by the "
		 "first rule that would have, so that 'floodwall rules' can count more; how they spread "
		 "over "
		 "targets and vectors is known from samples of dropped packets, at most 8 a tick of the "
		 "kernel's clock and CPU (2000 a second where CONFIG_HZ is 250): a target "
		 "of its own has four of them within a second, so that beside a big flood one is seen that "
		 "has about 1 in 500 of all drops, and among what no bigger target has, a quarter. Of the "
		 "kinds of packets those are vectors that are a fifth of what is dropped within a second, or "
		 "a twentieth over the attack's life; 'other' holds the rest. 63 targets at once have an "
		 "attack of their own, all further ones share the one on 'others'. Answered are SYNs that "
		 "challenge sent "
		 "back as cookies, by samples: neither dropped nor passed; dropped of --json counts them, "
		 "too. "
		 "Kept over a restart of the agent: the last 100.",
	.examples = "floodwall attacks\nfloodwall --json attacks --last 100",
	.route = FW_API_ATTACKS,
	.json = "{\"filtering\":as state of "
		"status,\"active\":[{\"id\":N,\"state\":\"active|ended\",\"target\",\"vector\",\"cause\","
		"\"started\":TIME,\"ended\":TIME|null,\"seconds\":N,\"detected_after_seconds\":F,"
		"\"packets_per_second\":N,\"bytes_per_second\":N,\"peak_packets_per_second\":N,"
		"\"peak_bytes_per_second\":N,\"dropped\":N,\"would_drop\":N,\"dropped_per_second\":N,"
		"\"would_drop_per_second\":N,\"answered\":N (of "
		"dropped),\"answered_per_second\":N,\"kinds_now\":N,\"merged_into\":ID|null,"
		"\"vectors\":[{\"vector\",\"rule\":NAME|null,\"reason\":WORD|null,\"dropped\":N,"
		"\"would_drop\":N,\"answered\":N,\"bytes\":N,\"packets_per_second\":N,\"peak_packets_per_"
		"second\":N}]}],"
		"\"recent\":[the same, newest first]}",
	.run = cmd_attacks,
};

static int cmd_under_attack(struct fw_cli *cli, const struct fw_line *line)
{
	const char *mode = line->argument_count ? line->arguments[0] : NULL;
	json_t *body;
	int exit;

	if (!mode && fw_line_option(line, "for"))
		return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL,
				   "--for goes with 'under-attack on' and 'under-attack off'");
	if (!mode)
		return fw_cli_ask_and_show(cli, FW_API_UNDER_ATTACK_STATE, NULL, NULL, fw_show_under_attack);
	body = json_pack("{s:s}", "mode", mode);
	if (!body)
		return fw_cli_fail_memory(cli);
	exit = fw_cli_take_for(cli, line, body);
	if (exit) {
		json_decref(body);
		return exit;
	}
	return fw_cli_ask_and_show(cli, FW_API_UNDER_ATTACK, NULL, body, fw_show_under_attack);
}

const struct fw_command fw_command_under_attack = {
	.verb = "under-attack",
	.arguments = "[on|off|auto]",
	.most = 1,
	.complete = FW_COMPLETE_WORDS,
	.words = "on|off|auto",
	.options = {FW_OPTION_FOR("on or off")},
	.help = "the big switch: whether rules with mode: attack enforce",
	.about =
		"Rules with mode: attack count in peace and drop while under attack. auto (default): they "
		"drop while an attack lasts and 20 s beyond, once what is not on trial (mode: count, action "
		"count, unless they have a signature and a limit) would begin an attack by itself; on: now; "
		"off: never. "
		"In force within milliseconds; "
		"shown by status, on and off also as drift; survives reload and restart of the agent, not a "
		"reboot. With --for it is auto again when the time is up. Without an argument it only says "
		"how things are. Where the policy or an interface is in mode: count nothing is dropped under "
		"attack either, which it says.",
	.examples =
		"floodwall under-attack on --for 30m\nfloodwall under-attack auto\nfloodwall under-attack",
	.route = FW_API_UNDER_ATTACK,
	.json = "{\"mode\":\"on|off|auto\",\"active\":BOOL,\"rules\":N,\"by\":NAME|null (who chose the mode),"
		"\"switched_by\":NAME|null (who made it active or not: agent when an attack did, or its end),"
		"\"filtering\":as state of status,\"but\":TEXT|null (why what enforces drops nothing, or not "
		"everywhere),\"since_seconds\":N|null,\"expires_in_seconds\":N|null,\"not_kept\":TEXT (see "
		"sets add)}",
	.run = cmd_under_attack,
};
