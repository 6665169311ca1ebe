// SPDX-License-Identifier: Apache-2.0
/* rules and their keys, and tune, which changes one live; saving happens here, with the caller's rights. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/number.h"
#include "cli/options.h"
#include "cli/save.h"
#include "cli/show.h"
#include "lib/cleanup.h"
#include "policy/policy.h"

static int cmd_rules(struct fw_cli *cli, const struct fw_line *line)
{
	(void)line;
	return fw_cli_ask_and_show(cli, FW_API_RULES, NULL, NULL, fw_show_rules);
}

const struct fw_command fw_command_rules = {
	.verb = "rules",
	.arguments = "",
	.help = "the rules in order with their limits and counters",
	.about = "matched counts packets that a rule matched; over counts keys "
		 "that are over the limit now: more than that came in the trailing window, whether the rule "
		 "counts it or, as police and allow, only what fits. "
		 "dropped of a challenge rule counts SYNs that were answered with cookies too, and packets "
		 "without a connection that were dropped while it challenged, which it does not match. "
		 "RULE@NAME is the rule with the numbers of resource NAME, for packets to it.",
	.examples = "floodwall rules",
	.route = FW_API_RULES,
	.json = "[{\"name\",\"action\",\"mode\",\"limit\":N|null,\"unit\":WORD|null,\"window_seconds\","
		"\"enforcing\":BOOL,\"counts_by\":\"policy|rule|interfaces|no_attack\"|null,\"per\","
		"\"packets\","
		"\"dropped\","
		"\"would_drop\",\"keys_over\",\"id\",\"bytes\",\"labels\",\"ban\",\"keys_tracked\","
		"\"resource\":NAME|null}]",
	.run = cmd_rules,
};

static int cmd_rules_keys(struct fw_cli *cli, const struct fw_line *line)
{
	struct fw_query query FW_CLEANUP(fw_query_done) = {0};
	int exit = fw_cli_take_number(cli, line, "limit", 1000000000, &query);

	if (exit)
		return exit;
	if (fw_query_add(&query, "name", line->arguments[0]) ||
	    (fw_line_option(line, "over") && fw_query_add(&query, "over", "1")))
		return fw_cli_fail_memory(cli);
	return fw_cli_ask_and_show(cli, FW_API_RULE_KEYS, &query, NULL, fw_show_rule_keys);
}

const struct fw_command fw_command_rules_keys = {
	.verb = "rules",
	.subverb = "keys",
	.arguments = "NAME",
	.least = 1,
	.most = 1,
	.complete = FW_COMPLETE_RULE,
	.options = {{.name = "over", .help = "only keys over the limit, and all of them"},
		    {.name = "limit",
		     .value = "N",
		     .help = "at most N keys, busiest first (default 100, with --over all)"}},
	.help = "the keys a rule is metering and how full each is",
	.about =
		"amount is what the key sent in the trailing window. Rules about logs meter clients of the "
		"log's "
		"lines; what they dropped is counted with the bans. beyond counts a key's packets beyond the "
		"limit since it was first seen: dropped, unless the rule only counts or is an allow or a "
		"label.",
	.examples = "floodwall rules keys blanket --over",
	.route = FW_API_RULE_KEYS,
	.json = "{\"rule\",\"limit\":N,\"unit\":WORD|null,\"window_seconds\":N,\"keys\":[{\"source\","
		"\"port\","
		"\"amount\":N,\"ratio\":F,\"beyond\":N,"
		"\"over\":BOOL}],\"over_only\":BOOL,\"truncated\":BOOL,\"total\":N}",
	.run = cmd_rules_keys,
};

/* "limit=2000/10s" → changes.limit; *ret is NULL after a reported failure. */
static int read_changes(struct fw_cli *cli, const struct fw_line *line, json_t **ret)
{
	json_t *changes = json_object();

	for (int i = 1; i < line->argument_count; i++) {
		const char *text = line->arguments[i], *equals = strchr(text, '=');
		FW_FREE char *key = equals ? strndup(text, (size_t)(equals - text)) : NULL;

		if (!equals || equals == text || !equals[1]) {
			json_decref(changes);
			return fw_cli_fail(cli, FW_EXIT_USAGE, "usage",
					   "for example: floodwall tune blanket limit=2000/10s",
					   "'tune' expects KEY=VALUE, got '%s'", text);
		}
		if (key && json_object_get(changes, key)) {
			json_decref(changes);
			return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL, "'tune' got the key '%s' twice",
					   key);
		}
		if (!key || json_object_set_new(changes, key, fw_doc_string(equals + 1))) {
			json_decref(changes);
			return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL,
					   "'tune' expects KEY=VALUE in UTF-8");
		}
	}
	*ret = changes;
	return FW_EXIT_OK;
}

struct tune_order {
	const char *rule;
	const json_t *changes; /* {KEY: TEXT} */
};

/* All at once: action=police per=total would be no policy after the first of the two. */
static int save_changes(const char *policy_file, void *context, struct fw_err *err)
{
	const struct tune_order *order = context;
	size_t most = json_object_size(order->changes), count = 0;
	FW_FREE const char **keys = calloc(most, sizeof(*keys)), **values = calloc(most, sizeof(*values));
	const char *key;
	json_t *value;

	if (!keys || !values)
		return fw_err_set(err, -ENOMEM, "out of memory");
	json_object_foreach ((json_t *)order->changes, key, value) {
		keys[count] = key;
		values[count++] = json_string_value(value);
	}
	return fw_policy_save_tune_keys(policy_file, order->rule, keys, values, count, err);
}

static int cmd_tune(struct fw_cli *cli, const struct fw_line *line)
{
	json_t *changes = NULL, *body, *document = NULL;
	bool save = fw_line_option(line, "save");
	int exit = fw_save_check(cli, line);
	struct tune_order order;

	exit = exit ? exit : read_changes(cli, line, &changes);
	if (exit)
		return exit;
	order = (struct tune_order){.rule = line->arguments[0], .changes = changes};
	body = json_pack("{s:o,s:O}", "rule", fw_doc_string(line->arguments[0]), "changes", changes);
	exit = body ? fw_cli_take_for(cli, line, body) : fw_cli_fail_memory(cli);
	if (exit) {
		json_decref(body);
		json_decref(changes);
		return exit;
	}
	if (save)
		json_object_set_new(body, "save", json_true());
	exit = fw_cli_ask(cli, FW_API_TUNE, NULL, body, &document);
	if (!exit && save)
		exit = fw_save_change(cli, save_changes, &order, document);
	if (document && !json_object_get(document, "saved"))
		json_object_set_new(document, "saved", json_false());
	if (document)
		fw_cli_show(cli, document, fw_show_tune);
	json_decref(document);
	json_decref(changes);
	return exit;
}

const struct fw_command fw_command_tune = {
	.verb = "tune",
	.arguments = "RULE KEY=VALUE...",
	.least = 2,
	.most = FW_ANY_NUMBER,
	.complete = FW_COMPLETE_RULE,
	.options = {FW_OPTION_FOR("the change"), FW_OPTION_SAVE},
	.help = "change a rule live: limit, action, mode, ban, per",
	.about =
		"In force within milliseconds; meters and counters are kept. Without --save the change is "
		"shown as drift by status "
		"and survives reload and restart of the agent, not a reboot. --save has the policy file "
		"reloaded: what else was edited there is in force then, too, and is said. What check warns "
		"of in "
		"a file is warned of here, such as a limit that a single web page exceeds. ban takes a time, "
		"several with "
		"commas that escalate, or none; ban and per also what a file says: 'ban={for: 10m, "
		"unverified: "
		"true}'.",
	.examples = "floodwall tune blanket limit=2000/10s action=count --for 30m\nfloodwall tune blanket "
		    "limit=5k/1m --save",
	.route = FW_API_TUNE,
	.json = "{\"rule\",\"changes\":[{\"key\",\"old\",\"new\"}],\"generation\":N,\"expires_in_seconds\":"
		"N|null,\"undo\":TEXT|null,\"unchanged\":BOOL,\"warnings\":[TEXT],\"saved\":BOOL,\"not_"
		"kept\":TEXT,\"also_"
		"changed\":[as "
		"plan] (other edits of the file; with --save),\"policy_file\"}",
	.run = cmd_tune,
};
