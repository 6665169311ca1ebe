// SPDX-License-Identifier: Apache-2.0
/* Lines of resolv.conf and of time services' configuration: what is found lies within the line, in its order,
 * and a host name is one word. */
#include <ctype.h>

#include "fuzz/text.h"
#include "lib/server_lines.h"

static void must_be_word(const char *word, const char *line, size_t size)
{
	must(word >= line && word <= line + size && strlen(word) <= size);
	must(!word[strcspn(word, " \t\r\n%")]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *servers[FW_SERVERS_OF_A_LINE], *line = text_of(data, size), *again = text_of(data, size),
					     *resolver;
	size_t count;

	resolver = fw_resolver_of_line(line);
	if (resolver)
		must_be_word(resolver, line, size);
	count = fw_time_servers_of_line(again, servers);
	must(count <= FW_SERVERS_OF_A_LINE);
	for (size_t i = 0; i < count; i++) {
		must_be_word(servers[i], again, size);
		must(!i || servers[i] > servers[i - 1]);
		if (!fw_is_host_name(servers[i]))
			continue;
		must(strlen(servers[i]) < FW_HOST_NAME_MAX);
		for (const char *at = servers[i]; *at; at++)
			must(isalnum((unsigned char)*at) || strchr("-._", *at));
	}
	free(line);
	free(again);
	return 0;
}
