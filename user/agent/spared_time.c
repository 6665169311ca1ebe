// SPDX-License-Identifier: Apache-2.0
/* Time servers that this machine's configuration names by address: chrony, ntpd, ntpsec, OpenNTPD, timesyncd.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "agent/spared.h"
#include "lib/addr.h"
#include "lib/cleanup.h"

#define SPACES " \t\r\n"

static int add_address(char *word, struct fw_spared_list *list)
{
	struct fw_addr addr;

	word[strcspn(word, "%")] = '\0'; /* scope of a link-local one */
	if (fw_addr_parse(word, &addr, NULL))
		return 0; /* a name: whoever wants it spared writes its addresses into the policy */
	return fw_spared_add(list, &addr, FW_SPARED_TIME_SERVER);
}

static bool names_server(const char *word)
{
	static const char *const words[] = {"server", "servers", "pool", "peer"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(word, words[i]))
			return true;
	return false;
}

int fw_spared_time_line(char *line, struct fw_spared_list *list)
{
	char *rest = line, *word = strsep(&rest, SPACES "=");
	bool systemd = !strcasecmp(word, "NTP") || !strcasecmp(word, "FallbackNTP");
	int r = 0;

	while (word && !*word)
		word = strsep(&rest, SPACES "=");
	if (!word || *word == '#' || *word == '!' || (!systemd && !names_server(word)))
		return 0;
	while (!r && (word = strsep(&rest, SPACES "="))) {
		if (!*word)
			continue;
		r = add_address(word, list);
		if (!systemd)
			break; /* what follows are options */
	}
	return r;
}

int fw_spared_time_servers(struct fw_spared_list *list, const char *pattern)
{
	glob_t found = {};
	int r = 0;

	if (glob(pattern, 0, NULL, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc && !r; i++) {
		FW_FCLOSE FILE *file = fopen(found.gl_pathv[i], "re");
		char line[1024];

		while (file && !r && fgets(line, sizeof(line), file))
			r = fw_spared_time_line(line, list);
	}
	globfree(&found);
	return r;
}
