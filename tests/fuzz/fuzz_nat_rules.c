// SPDX-License-Identifier: Apache-2.0
/* A datagram of the answer to the question for chains, or for rules, by the first byte: what is taken is a
 * name that ends, each once, and no byte behind the datagram is read. */
#include "fuzz/text.h"
#include "lib/nat_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fw_nat_tables tables = {0};
	bool rules = size && *data & 1, found = false;
	char *datagram;
	int r;

	if (!size)
		return 0;
	datagram = malloc(size - 1); /* exactly as long, and aligned as a buffer is */
	must(datagram || size == 1);
	if (size > 1)
		memcpy(datagram, data + 1, size - 1);
	r = rules ? fw_nat_rules_take(datagram, size - 1, &found)
		  : fw_nat_chains_take(datagram, size - 1, &tables);
	must(r <= 1);
	for (size_t i = 0; i < tables.count; i++) {
		must(memchr(tables.items[i].name, '\0', sizeof(tables.items[i].name)));
		for (size_t j = 0; j < i; j++)
			must(memcmp(&tables.items[i], &tables.items[j], sizeof(tables.items[i])) != 0);
	}
	fw_nat_tables_done(&tables);
	free(datagram);
	return 0;
}
