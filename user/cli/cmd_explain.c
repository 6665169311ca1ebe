// SPDX-License-Identifier: Apache-2.0
/* explain. */
#include "cli/show.h"
#include "lib/addr.h"
#include "lib/cleanup.h"

static int cmd_explain(struct fw_cli *cli, const struct fw_line *line)
{
	struct fw_query query FW_CLEANUP(fw_query_done) = {0};
	const char *to = fw_line_option(line, "to"), *flags = fw_line_option(line, "flags");
	struct fw_addr addr;
	struct fw_err err = {0};

	if (fw_addr_parse(line->arguments[0], &addr, &err))
		return fw_cli_fail(cli, FW_EXIT_USAGE, "bad-address", NULL, "%s", err.text);
	if (fw_query_add(&query, "address", line->arguments[0]) || (to && fw_query_add(&query, "to", to)) ||
	    (flags && fw_query_add(&query, "flags", flags)))
		return fw_cli_fail_memory(cli);
	return fw_cli_ask_and_show(cli, FW_API_EXPLAIN, &query, NULL, fw_show_explain);
}

const struct fw_command fw_command_explain = {
	.verb = "explain",
	.arguments = "ADDR",
	.least = 1,
	.most = 1,
	.options = {{.name = "to",
		     .value = "IP:PORT/PROTO",
		     .help = "the packet's other end, such as 203.0.113.20:27015/udp or "
			     "[2001:db8::1]:443/tcp"},
		    {.name = "flags",
		     .value = "FLAGS",
		     .words = "syn|ack|psh+ack|syn+ack|rst|rst+ack|fin+ack|syn+fin|none",
		     .complete = FW_COMPLETE_WORDS,
		     .help = "the packet is TCP with these flags and no others, but for them a plain one "
			     "without payload"}},
	.help = "what would happen to a packet from an address now, step by step, and how to undo it",
	.about = "Names every set, feed and line that lists the address, then walks the same checks as the "
		 "packet "
		 "path, with the meters as they stand. Without --to and --flags, "
		 "rules about ports, protocols "
		 "or flags are shown as skipped; a port without a protocol is taken for TCP, which a step "
		 "says.",
	.examples =
		"floodwall explain 198.51.100.9 --to 203.0.113.20:27015/udp\nfloodwall explain 198.51.100.9 "
		"--to 203.0.113.20:443 --flags syn",
	.route = FW_API_EXPLAIN,
	.json = "{\"address\",\"verdict\":\"pass|drop\",\"reason\",\"rule\",\"steps\":[{\"check\","
		"\"result\":\"match|no_match|skipped\","
		"\"detail\"}],\"undo\",\"seen\":{\"packets_per_second\",\"dropped_per_second\","
		"\"last_seconds_ago\",\"last_reason\",\"last_rule\":NAME|null,\"last_dropped\":BOOL,"
		"\"packets\":N,\"dropped\":N (since it was first seen),\"sampled_one_in\":N (1: counted, "
		"more: estimated)}|null,"
		"\"would_drop\":BOOL,\"depends\":BOOL (on what was not said: verdict is by all that is "
		"known),\"contradicted\":BOOL (it passes by all that is known, but was dropped in the last "
		"seconds),\"but\":TEXT|null,\"note\":TEXT (it is an address of this host "
		"itself),\"undo_for_all\":TEXT (of a rule of mode attack),\"suppressed\":TEXT (findings "
		"about it are expected now),"
		"\"filtering\":as state of status}",
	.run = cmd_explain,
};
