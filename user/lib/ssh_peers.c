// SPDX-License-Identifier: Apache-2.0
/* Who has a live SSH session with this host: asked of the kernel's socket tables, not of utmp or a log.
 * Whether it has logged in, they do not say: what passes because of it is limited. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/needed_hosts.h"
#include "lib/tcp_sockets.h"

#define SSH_PORT   22
#define INODES_MAX 64

struct sessions {
	const uint16_t *ports;
	size_t port_count;
	fw_ssh_session_fn each;
	void *context;
};

static struct fw_addr address_of(int family, const uint32_t *words)
{
	struct fw_addr addr = {.w = {0, 0, htonl(0xffff), words[0]}};

	if (family == AF_INET6)
		memcpy(&addr, words, sizeof(addr)); /* ::ffff:a.b.c.d reads as IPv4 by itself */
	return addr;
}

static int take_session(const struct inet_diag_msg *message, void *context)
{
	const struct sessions *sessions = context;
	uint16_t port = ntohs(message->id.idiag_sport);
	struct fw_addr peer = address_of(message->idiag_family, message->id.idiag_dst);
	struct fw_addr own = address_of(message->idiag_family, message->id.idiag_src);
	bool is_ssh = port == SSH_PORT;

	for (size_t i = 0; i < sessions->port_count; i++)
		is_ssh |= port == sessions->ports[i];
	return is_ssh ? sessions->each(&peer, &own, sessions->context) : 0;
}

int fw_ssh_sessions_each(const uint16_t *ports, size_t port_count, fw_ssh_session_fn each, void *context,
			 struct fw_err *err)
{
	struct sessions sessions = {
		.ports = ports, .port_count = port_count, .each = each, .context = context};
	int r = fw_tcp_sockets_each(1 << TCP_ESTABLISHED, take_session, &sessions);

	return r ? fw_err_set(err, r, "the kernel does not list TCP sockets: %s", strerror(-r)) : 0;
}

static int take_peer(const struct fw_addr *peer, const struct fw_addr *own, void *context)
{
	(void)own;
	return fw_spared_add(context, peer, FW_SPARED_SSH);
}

int fw_spared_ssh_peers(struct fw_spared_list *list, const uint16_t *ports, size_t port_count,
			struct fw_err *err)
{
	return fw_ssh_sessions_each(ports, port_count, take_peer, list, err);
}

struct listeners {
	unsigned long inodes[INODES_MAX]; /* of sshd's sockets */
	size_t inode_count;
	uint16_t *ports;
	size_t count, capacity;
};

static int take_listener(const struct inet_diag_msg *message, void *context)
{
	struct listeners *listeners = context;
	uint16_t port = ntohs(message->id.idiag_sport);
	bool ours = false;

	for (size_t i = 0; i < listeners->inode_count; i++)
		ours |= listeners->inodes[i] == message->idiag_inode;
	for (size_t i = 0; i < listeners->count; i++)
		ours &= listeners->ports[i] != port;
	if (ours && port != SSH_PORT && listeners->count < listeners->capacity)
		listeners->ports[listeners->count++] = port;
	return 0;
}

static void take_inodes(const char *pid, struct listeners *listeners)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory)) && listeners->inode_count < INODES_MAX) {
		char target[64];
		ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);

		if (length <= 0)
			continue;
		target[length] = '\0';
		if (sscanf(target, "socket:[%lu]", &listeners->inodes[listeners->inode_count]) == 1)
			listeners->inode_count++;
	}
	if (directory)
		closedir(directory);
}

static bool is_sshd(const char *pid)
{
	char path[64], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(name, sizeof(name), file))
		name[0] = '\0';
	fclose(file);
	name[strcspn(name, "\n")] = '\0';
	return !strcmp(name, "sshd") || !strcmp(name, "dropbear");
}

size_t fw_spared_ssh_ports(uint16_t *ports, size_t capacity)
{
	struct listeners listeners = {.ports = ports, .capacity = capacity};
	DIR *processes = opendir("/proc");
	struct dirent *entry;

	while (processes && (entry = readdir(processes)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && is_sshd(entry->d_name))
			take_inodes(entry->d_name, &listeners);
	if (processes)
		closedir(processes);
	if (listeners.inode_count)
		fw_tcp_sockets_each(1 << TCP_LISTEN, take_listener, &listeners);
	return listeners.count;
}
