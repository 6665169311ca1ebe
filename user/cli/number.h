/* SPDX-License-Identifier: Apache-2.0 */
/* Whole numbers on the command line. */
#ifndef FW_CLI_NUMBER_H
#define FW_CLI_NUMBER_H

#include <stdint.h>

#include "cli/cli.h"

/* Digits only, 0 … most; false otherwise. */
bool fw_number_parse(const char *text, uint64_t most, uint64_t *ret);
/* Option NAME, if given, goes into the query; it must be 1 … most. Exit code after a reported failure. */
int fw_cli_take_number(struct fw_cli *cli, const struct fw_line *line, const char *name, uint64_t most,
		       struct fw_query *query);

#endif
