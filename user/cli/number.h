/* SPDX-License-Identifier: Apache-2.0 */
/* Whole numbers on the command line. */
#ifndef FW_CLI_NUMBER_H
#define FW_CLI_NUMBER_H

#include <stdint.h>

#include "cli/cli.h"

/* Digits only, 0 … most; false otherwise. */
bool fw_number_parse(const char *text, uint64_t most, uint64_t *ret);
/* Exit code after a reported failure of --OPTION TEXT, which must be 1 … most. */
int fw_cli_check_number(struct fw_cli *cli, const char *option, const char *text, uint64_t most);

#endif
