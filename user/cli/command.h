/* SPDX-License-Identifier: Apache-2.0 */
/* Commands: parsing, help, completion and the man page are all read from their rows. */
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

const struct fw_command *const *fw_commands(size_t *ret_count);
/* Subcommands of a verb, at most `most`; how many. */
size_t fw_command_subverbs(const char *verb, const char **ret, size_t most);
/* "sets has the subcommands add, del, forget, test", "" where there are none. */
const char *fw_command_subverbs_text(const char *verb, char *text, size_t size);
/* Accepted anywhere on the line. */
const struct fw_option *fw_global_options(size_t *ret_count);
/* Words that later versions bring: refused as such, not as typing errors. */
bool fw_command_comes_later(const char *verb, const char *subverb);

/* In the order in which help and the manual list them. Each is a row, fw_command_NAME, beside its function in
 * cmd_NOUN.c. */
/* clang-format off */
#define FW_COMMANDS(X) \
	X(status) X(attach) X(detach) X(check) X(plan) X(apply) X(confirm) X(rollback) X(reload) \
	X(rules) X(rules_keys) X(tune) X(top) X(ban) X(unban) X(bans) X(allow) X(sets) X(sets_add) \
	X(sets_del) X(sets_forget) X(sets_test) X(feeds) X(feeds_sync) X(explain) X(replay) X(import) \
	X(import_aws_waf) X(doctor) X(attacks) X(under_attack) X(notify) X(notify_test) X(events) \
	X(history) X(history_top) X(history_export) X(recommend) X(metrics) X(help) X(completion) \
	X(man) X(version)
/* clang-format on */

#define X(name) extern const struct fw_command fw_command_##name;
FW_COMMANDS(X)
#undef X

#endif
