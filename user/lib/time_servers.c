// SPDX-License-Identifier: Apache-2.0
/* Time servers that this machine's configuration names, by address or by name. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>

#include "lib/addr.h"
#include "lib/cleanup.h"
#include "lib/needed_hosts.h"
#include "lib/server_lines.h"

int fw_time_servers_line(char *line, struct fw_spared_list *list, fw_host_name_fn named, void *context)
{
	char *servers[FW_SERVERS_OF_A_LINE];
	size_t count = fw_time_servers_of_line(line, servers);
	struct fw_addr addr;
	int r = 0;

	for (size_t i = 0; i < count && !r; i++)
		if (!fw_addr_parse(servers[i], &addr, NULL))
			r = fw_spared_add(list, &addr, FW_SPARED_TIME_SERVER);
		else if (named && fw_is_host_name(servers[i]))
			r = named(servers[i], context);
	return r;
}

int fw_time_servers_of(const char *pattern, struct fw_spared_list *list, fw_host_name_fn named, void *context)
{
	glob_t found = {};
	int r = 0;

	if (glob(pattern, 0, NULL, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc && !r; i++) {
		FW_FCLOSE FILE *file = fopen(found.gl_pathv[i], "re");
		char line[1024];

		while (file && !r && fgets(line, sizeof(line), file))
			r = fw_time_servers_line(line, list, named, context);
	}
	globfree(&found);
	return r;
}

int fw_time_servers(struct fw_spared_list *list, fw_host_name_fn named, void *context)
{
	static const char *const patterns[] = {"/etc/chrony/chrony.conf",
					       "/etc/chrony/sources.d/*.sources",
					       "/etc/chrony/conf.d/*.conf",
					       "/etc/chrony.conf",
					       "/run/chrony-dhcp/*.sources",
					       "/etc/ntpsec/ntp.conf",
					       "/etc/ntp.conf",
					       "/etc/openntpd/ntpd.conf",
					       "/etc/systemd/timesyncd.conf",
					       "/etc/systemd/timesyncd.conf.d/*.conf",
					       "/run/systemd/timesyncd.conf.d/*.conf"};
	int r = 0;

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]) && !r; i++)
		r = fw_time_servers_of(patterns[i], list, named, context);
	return r;
}
