/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of commands: parsing, help, completion and the man page are all read from it. */
#ifndef FW_CLI_COMMAND_H
#define FW_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/route.h"

struct fw_cli;
struct fw_line;

/* Where the shell finds candidates for an argument or a value. */
enum fw_complete {
	FW_COMPLETE_NOTHING,
	FW_COMPLETE_FILE,
	FW_COMPLETE_INTERFACE,
	FW_COMPLETE_RULE,
	FW_COMPLETE_SET,
	FW_COMPLETE_FEED,
	FW_COMPLETE_NOTIFY,
	FW_COMPLETE_BAN,
	FW_COMPLETE_COMMAND,
	FW_COMPLETE_WORDS, /* the words listed beside it */
};

struct fw_option {
	const char *name;  /* without dashes; NULL ends the list */
	char letter;	   /* 0: none */
	const char *value; /* what stands behind it in the synopsis; NULL: a switch */
	bool value_optional;
	bool repeats;	   /* may be given more than once; at most one option of a command */
	const char *words; /* allowed values, "a|b|c"; NULL: any */
	enum fw_complete complete;
	const char *help;
};

#define FW_OPTIONS_MAX 10
#define FW_NO_ROUTE    FW_API_MAX_
#define FW_ANY_NUMBER  -1

typedef int fw_command_run(struct fw_cli *cli, const struct fw_line *line); /* exit code */

struct fw_command {
	const char *verb, *subverb; /* subverb NULL: the verb alone */
	bool needs_subverb;	    /* for the parser only: its subcommands are what is listed */
	const char *arguments;	    /* as the synopsis shows them, "" for none */
	int least, most;	    /* number of arguments */
	enum fw_complete complete;
	const char *words; /* of the first argument, FW_COMPLETE_WORDS */
	struct fw_option options[FW_OPTIONS_MAX];
	const char *help;     /* one line, lower case, no full stop */
	const char *about;    /* sentences: what it changes, how long it lasts, exit codes of its own */
	const char *examples; /* one a line */
	enum fw_api_route route;
	const char *json; /* shape of the document under --json */
	fw_command_run *run;
};

const struct fw_command *fw_commands(size_t *ret_count);
/* Accepted anywhere on the line. */
const struct fw_option *fw_global_options(size_t *ret_count);
/* Words that later versions bring: refused as such, not as typing errors. */
bool fw_command_comes_later(const char *verb, const char *subverb);

/* One entry per command, in cmd_*.c. */
fw_command_run fw_cmd_status, fw_cmd_attach, fw_cmd_detach, fw_cmd_check, fw_cmd_plan, fw_cmd_apply,
	fw_cmd_confirm, fw_cmd_rollback, fw_cmd_reload, fw_cmd_rules, fw_cmd_rules_keys, fw_cmd_tune,
	fw_cmd_top, fw_cmd_ban, fw_cmd_unban, fw_cmd_bans, fw_cmd_allow, fw_cmd_sets, fw_cmd_sets_change,
	fw_cmd_sets_test, fw_cmd_feeds, fw_cmd_feeds_sync, fw_cmd_explain, fw_cmd_replay, fw_cmd_doctor,
	fw_cmd_events, fw_cmd_history_top, fw_cmd_history_export, fw_cmd_recommend, fw_cmd_metrics,
	fw_cmd_import, fw_cmd_help, fw_cmd_completion, fw_cmd_man, fw_cmd_version,
	fw_cmd_attacks, fw_cmd_under_attack, fw_cmd_notify, fw_cmd_notify_test;

#endif
