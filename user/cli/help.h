/* SPDX-License-Identifier: Apache-2.0 */
/* Help texts from the command table: the overview, one command, a family of subcommands. */
#ifndef FW_CLI_HELP_H
#define FW_CLI_HELP_H

#include "cli/cli.h"

/* command NULL: the overview. Exit code. */
int fw_help_for(struct fw_cli *cli, const struct fw_command *command);
/* "floodwall sets add NAME CIDR... [--for D]" */
void fw_help_synopsis(FILE *out, const struct fw_command *command);

/* man_history.c: the section about the history's file; write_text escapes. */
void fw_man_history(FILE *out, void (*write_text)(FILE *out, const char *text));

#endif
