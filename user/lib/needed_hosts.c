// SPDX-License-Identifier: Apache-2.0
#include "lib/needed_hosts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/cleanup.h"
#include "lib/grow.h"
#include "lib/server_lines.h"

const char *fw_spared_kind_word(enum fw_spared_kind kind)
{
	switch (kind) {
	case FW_SPARED_SSH:
		return "ssh_peer";
	case FW_SPARED_GATEWAY:
		return "gateway";
	case FW_SPARED_RESOLVER:
		return "resolver";
	case FW_SPARED_TIME_SERVER:
		return "time_server";
	case FW_SPARED_ALLOWED:
		return "allowed";
	}
	return "allowed";
}

int fw_spared_add(struct fw_spared_list *list, const struct fw_addr *addr, enum fw_spared_kind kind)
{
	struct fw_spared_entry entry = {.addr = *addr, .kind = kind};

	/* 0.0.0.0 and 127.127.1.0 in configurations mean this host: from outside such sources are forged. */
	if ((kind == FW_SPARED_RESOLVER || kind == FW_SPARED_TIME_SERVER) && !fw_addr_is_sender(addr))
		return 0;
	for (size_t i = 0; i < list->count; i++)
		if (!memcmp(&list->items[i].addr, addr, sizeof(*addr)))
			return 0;
	return FW_APPEND(list->items, list->count, entry);
}

static struct fw_addr mapped(uint32_t v4)
{
	struct fw_addr addr = {.w = {0, 0, htonl(0xffff), v4}};

	return addr;
}

/* /proc/net/route: "eth0 00000000 0101A8C0 0003 …": hex words as the machine reads them from network order.
 */
static int gateways4(struct fw_spared_list *list)
{
	FW_FCLOSE FILE *file = fopen("/proc/net/route", "re");
	char line[512];
	int r = 0;

	while (file && !r && fgets(line, sizeof(line), file)) {
		unsigned int destination, gateway, flags, mask;
		struct fw_addr addr;

		if (sscanf(line, "%*s %x %x %x %*s %*s %*s %x", &destination, &gateway, &flags, &mask) != 4 ||
		    destination || mask || !gateway)
			continue;
		addr = mapped(gateway);
		r = fw_spared_add(list, &addr, FW_SPARED_GATEWAY);
	}
	return r;
}

static int hex128(const char *text, struct fw_addr *ret)
{
	for (int i = 0; i < 4; i++) {
		unsigned int word;

		if (sscanf(text + 8 * i, "%8x", &word) != 1)
			return -EINVAL;
		ret->w[i] = htonl(word);
	}
	return 0;
}

/* /proc/net/ipv6_route: destination, its length, source, its length, next hop, …: 32 hex digits each. */
static int gateways6(struct fw_spared_list *list)
{
	FW_FCLOSE FILE *file = fopen("/proc/net/ipv6_route", "re");
	const struct fw_addr nothing = {};
	char line[512];
	int r = 0;

	while (file && !r && fgets(line, sizeof(line), file)) {
		char destination[33], hop[33];
		unsigned int bits;
		struct fw_addr addr;

		if (sscanf(line, "%32s %x %*s %*s %32s", destination, &bits, hop) != 3 || bits ||
		    strspn(destination, "0") != 32 || strlen(hop) != 32 || hex128(hop, &addr) ||
		    !memcmp(&addr, &nothing, sizeof(addr)))
			continue;
		r = fw_spared_add(list, &addr, FW_SPARED_GATEWAY);
	}
	return r;
}

int fw_spared_gateways(struct fw_spared_list *list)
{
	int r = gateways4(list);

	return r ? r : gateways6(list);
}

int fw_spared_resolvers_of(struct fw_spared_list *list, const char *resolv_conf)
{
	FW_FCLOSE FILE *file = fopen(resolv_conf, "re");
	char line[512];
	int r = 0;

	while (file && !r && fgets(line, sizeof(line), file)) {
		const char *resolver = fw_resolver_of_line(line);
		struct fw_addr addr;

		if (resolver && !fw_addr_parse(resolver, &addr, NULL))
			r = fw_spared_add(list, &addr, FW_SPARED_RESOLVER);
	}
	return r;
}

int fw_spared_resolvers(struct fw_spared_list *list)
{
	/* The second names the servers behind systemd-resolved's local one. */
	static const char *const files[] = {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"};
	int r = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && !r; i++)
		r = fw_spared_resolvers_of(list, files[i]);
	return r;
}
