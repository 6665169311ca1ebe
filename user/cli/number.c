// SPDX-License-Identifier: Apache-2.0
/* Digits to numbers, refusing signs, blanks and overflow. */
#include "cli/number.h"

#include <inttypes.h>

bool fw_number_parse(const char *text, uint64_t most, uint64_t *ret)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned int digit = (unsigned int)(*text - '0');

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (value > most)
		return false;
	*ret = value;
	return true;
}

int fw_cli_take_number(struct fw_cli *cli, const struct fw_line *line, const char *name, uint64_t most,
		       struct fw_query *query)
{
	const char *text = fw_line_option(line, name);
	uint64_t value;

	if (!text)
		return FW_EXIT_OK;
	if (!fw_number_parse(text, most, &value) || !value)
		return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL,
				   "--%s expects a whole number from 1 to %" PRIu64 ", got '%s'", name, most,
				   text);
	return fw_query_add(query, name, text) ? fw_cli_fail_memory(cli) : FW_EXIT_OK;
}
