/* SPDX-License-Identifier: Apache-2.0 */
/* A command line, taken apart by the command table. */
#ifndef FW_CLI_LINE_H
#define FW_CLI_LINE_H

#include "cli/command.h"
#include "lib/err.h"

struct fw_line {
	const struct fw_command
		*command; /* status when none was given; NULL: --version, or --help without a command */
	const char *verb; /* as typed, for help about a whole family; NULL if none */
	const char *socket;
	bool json, no_color, help, version;
	const char **arguments; /* of the command; owned, its strings borrowed from argv */
	int argument_count;
	const char *values[FW_OPTIONS_MAX]; /* beside command->options; "" for a switch or a missing optional
					       value */
	const char **repeated; /* all values of the option that repeats; owned as arguments are */
	size_t repeated_count;
};

/* -EINVAL with a sentence; a second line of err->text, if any, is the hint. */
int fw_line_parse(int argc, char *const *argv, struct fw_line *ret, struct fw_err *err);
void fw_line_done(struct fw_line *line);
/* NULL unless the option was given. */
const char *fw_line_option(const struct fw_line *line, const char *name);
/* Whether errors must be JSON, known even when the rest of the line is wrong. */
bool fw_line_wants_json(int argc, char *const *argv);

#endif
