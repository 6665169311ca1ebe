/* SPDX-License-Identifier: Apache-2.0 */
/* --save: writes a change that is already in force into the agent's policy file, then has it reloaded. */
#ifndef FW_CLI_SAVE_H
#define FW_CLI_SAVE_H

#include "cli/cli.h"

/* --save and --for exclude each other: exit code after a reported failure. */
int fw_save_check(struct fw_cli *cli, const struct fw_line *line);
/* write gets the file's path. Sets in the document "saved", whether the file was written, the "undo" that
 * fits, and "also_changed", what else of "policy_file" the reload has put in force; exit code after a
 * reported failure, the change stays live. */
typedef int fw_save_writer(const char *policy_file, void *context, struct fw_err *err);
int fw_save_change(struct fw_cli *cli, fw_save_writer *write, void *context, json_t *document);

#endif
