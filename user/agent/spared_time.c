// SPDX-License-Identifier: Apache-2.0
/* Time servers that this machine's configuration names, by address or by name. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>

#include "agent/server_names.h"
#include "agent/spared.h"
#include "lib/addr.h"
#include "lib/cleanup.h"
#include "lib/server_lines.h"

int fw_spared_time_line(char *line, struct fw_spared_list *list, struct fw_server_names *names)
{
	char *servers[FW_SERVERS_OF_A_LINE];
	size_t count = fw_time_servers_of_line(line, servers);
	struct fw_addr addr;
	int r = 0;

	for (size_t i = 0; i < count && !r; i++)
		if (!fw_addr_parse(servers[i], &addr, NULL))
			r = fw_spared_add(list, &addr, FW_SPARED_TIME_SERVER);
		else if (names && fw_is_host_name(servers[i]))
			r = fw_server_names_want(names, servers[i]);
	return r;
}

int fw_spared_time_servers(struct fw_spared_list *list, const char *pattern, struct fw_server_names *names)
{
	glob_t found = {};
	int r = 0;

	if (glob(pattern, 0, NULL, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc && !r; i++) {
		FW_FCLOSE FILE *file = fopen(found.gl_pathv[i], "re");
		char line[1024];

		while (file && !r && fgets(line, sizeof(line), file))
			r = fw_spared_time_line(line, list, names);
	}
	globfree(&found);
	return r;
}

int fw_spared_time_names(struct fw_spared_list *list, const struct fw_server_names *names)
{
	int r = 0;

	for (size_t i = 0; i < names->count; i++) {
		const struct fw_server_name *name = &names->items[i];

		for (size_t j = 0; j < name->count && !r; j++) {
			size_t before = list->count;

			r = fw_spared_add(list, &name->learned[j].addr, FW_SPARED_TIME_SERVER);
			if (list->count > before)
				list->items[before].expires_ns = name->learned[j].until_ns;
		}
	}
	return r;
}
