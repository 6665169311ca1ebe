// SPDX-License-Identifier: Apache-2.0
/* What resolv.conf, chrony, ntpd, ntpsec, OpenNTPD and timesyncd are told about servers. */
#include "lib/server_lines.h"

#include <string.h>
#include <strings.h>

#define SPACES " \t\r\n"

static char *without_scope(char *word)
{
	word[strcspn(word, "%")] = '\0'; /* of a link-local one */
	return word;
}

/* The next word that is not empty; NULL: there is none. */
static char *next_word(char **rest, const char *between)
{
	char *word;

	do
		word = strsep(rest, between);
	while (word && !*word);
	return word;
}

char *fw_resolver_of_line(char *line)
{
	char *rest = line, *word = next_word(&rest, SPACES);

	if (!word || strcmp(word, "nameserver"))
		return NULL;
	word = next_word(&rest, SPACES);
	return word ? without_scope(word) : NULL;
}

static bool names_server(const char *word)
{
	static const char *const words[] = {"server", "servers", "pool", "peer"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(word, words[i]))
			return true;
	return false;
}

size_t fw_time_servers_of_line(char *line, char *servers[FW_SERVERS_OF_A_LINE])
{
	char *rest = line, *word = next_word(&rest, SPACES "=");
	bool systemd = word && (!strcasecmp(word, "NTP") || !strcasecmp(word, "FallbackNTP"));
	size_t count = 0;

	if (!word || (!systemd && !names_server(word)))
		return 0;
	while (count < FW_SERVERS_OF_A_LINE && (word = next_word(&rest, SPACES "="))) {
		if (*word == '-')
			continue; /* ntpd: server -4 NAME */
		servers[count++] = without_scope(word);
		if (!systemd)
			break; /* what follows are options */
	}
	return count;
}

bool fw_is_host_name(const char *word)
{
	size_t length = strlen(word), letters = 0;

	for (size_t i = 0; i < length; i++) {
		char small = (char)(word[i] | 0x20);
		bool letter = small >= 'a' && small <= 'z';

		if (!letter && !strchr("0123456789-._", word[i]))
			return false;
		letters += letter;
	}
	return letters && length < FW_HOST_NAME_MAX && *word != '-' && *word != '.';
}
