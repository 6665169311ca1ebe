// SPDX-License-Identifier: Apache-2.0
#include "lib/published_ports.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/cleanup.h"

#define PROXY	    "docker-proxy"
#define COMMAND_MAX 4096
#define NAMED	    8

/* "-host-port 80", "-host-port=80", and both with two dashes: Go's flags are like that. NULL: the word is
 * another one. */
static const char *value_of(const char *word, const char *name, const char *next)
{
	size_t length = strlen(name);

	if (*word != '-')
		return NULL;
	word += word[1] == '-' ? 2 : 1;
	if (strncmp(word, name, length) != 0)
		return NULL;
	if (word[length] == '=')
		return word + length + 1;
	return word[length] ? NULL : next;
}

static bool is_reached(const char *host)
{
	struct fw_addr addr;

	return !host || !*host || fw_addr_parse(host, &addr, NULL) || !fw_addr_is_loopback(&addr);
}

static bool parse_port(const char *text, uint16_t *ret)
{
	unsigned int port;
	char rest;

	if (!text || sscanf(text, "%u%c", &port, &rest) != 1 || !port || port > UINT16_MAX)
		return false;
	*ret = (uint16_t)port;
	return true;
}

bool fw_published_port_parse(const char *command, size_t length, uint16_t *ret)
{
	const char *protocol = NULL, *host = NULL, *port = NULL, *end = command + length;

	for (const char *word = command; word < end;) {
		size_t left = (size_t)(end - word), bytes = strnlen(word, left);
		const char *next = bytes + 1 < left ? word + bytes + 1 : NULL, *value;

		if (bytes == left || (next && !memchr(next, '\0', (size_t)(end - next))))
			break; /* cut off */
		if ((value = value_of(word, "proto", next)))
			protocol = value;
		else if ((value = value_of(word, "host-ip", next)))
			host = value;
		else if ((value = value_of(word, "host-port", next)))
			port = value;
		word += bytes + 1;
	}
	return (!protocol || !strcmp(protocol, "tcp")) && is_reached(host) && parse_port(port, ret);
}

static size_t read_file(const char *pid, const char *name, char *text, size_t size)
{
	char path[64];
	FW_FCLOSE FILE *file = NULL;

	snprintf(path, sizeof(path), "/proc/%.16s/%s", pid, name);
	file = fopen(path, "re");
	return file ? fread(text, 1, size, file) : 0;
}

static bool is_proxy(const char *pid)
{
	char name[32];

	return read_file(pid, "comm", name, sizeof(name)) == sizeof(PROXY) &&
	       !memcmp(name, PROXY "\n", sizeof(PROXY));
}

int fw_published_ports_read(struct fw_published_ports *ret)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;

	*ret = (struct fw_published_ports){};
	if (!processes)
		return -errno;
	while ((entry = readdir(processes))) {
		char command[COMMAND_MAX];
		uint16_t port;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !is_proxy(entry->d_name))
			continue;
		if (fw_published_port_parse(
			    command, read_file(entry->d_name, "cmdline", command, sizeof(command)), &port))
			ret->words[port / 64] |= 1ULL << port % 64;
	}
	closedir(processes);
	return 0;
}

const char *fw_published_ports_text(const struct fw_published_ports *ports, char *text, size_t size)
{
	size_t used = 0, count = 0;

	*text = '\0';
	for (unsigned int port = 0; port <= UINT16_MAX; port++) {
		if (!fw_published_ports_hold(ports, (uint16_t)port) || ++count > NAMED || used >= size)
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%u", count > 1 ? ", " : "", port);
	}
	if (count > NAMED && used < size)
		snprintf(text + used, size - used, " and %zu more", count - NAMED);
	return text;
}
