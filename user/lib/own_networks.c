// SPDX-License-Identifier: Apache-2.0
#include "lib/own_networks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/grow.h"

/* False for what is no IP address. */
static bool addr_of(const struct sockaddr *from, struct fw_addr *ret)
{
	*ret = (struct fw_addr){.w = {0, 0, htonl(0xffff), 0}};
	if (from && from->sa_family == AF_INET)
		ret->w[3] = ((const struct sockaddr_in *)(const void *)from)->sin_addr.s_addr;
	else if (from && from->sa_family == AF_INET6)
		memcpy(ret, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, sizeof(*ret));
	else
		return false;
	return true;
}

/* Bits of a mask; one whose family is not set is that of a link without a network. */
static unsigned int bits_of(const struct sockaddr *mask, const struct fw_addr *addr)
{
	const unsigned int first = fw_addr_is_v4(addr) ? FW_V4_BITS : 0;
	struct fw_addr bits;
	unsigned int count = first;

	if (!addr_of(mask, &bits))
		return 128;
	while (count < 128 && ntohl(bits.w[count / 32]) >> (31 - count % 32) & 1)
		count++;
	return count;
}

int fw_own_networks_read(struct fw_own_network **ret, size_t *ret_count)
{
	struct fw_own_network *list = NULL;
	struct ifaddrs *all = NULL;
	size_t count = 0;
	int r = 0;

	if (getifaddrs(&all))
		return -errno;
	for (const struct ifaddrs *one = all; one && !r; one = one->ifa_next) {
		struct fw_own_network own = {.loopback = one->ifa_flags & IFF_LOOPBACK};
		unsigned int bits;

		if (!addr_of(one->ifa_addr, &own.addr))
			continue;
		snprintf(own.interface, sizeof(own.interface), "%s", one->ifa_name);
		bits = bits_of(one->ifa_netmask, &own.addr);
		own.network = (struct fw_prefix){.addr = fw_addr_masked(&own.addr, bits),
						 .bits = (unsigned char)bits};
		r = FW_APPEND(list, count, own);
	}
	freeifaddrs(all);
	if (r) {
		free(list);
		return r;
	}
	*ret = list;
	*ret_count = count;
	return 0;
}

static socklen_t sockaddr_of(const struct fw_addr *addr, struct sockaddr_storage *ret)
{
	const in_port_t any = htons(53);

	*ret = (struct sockaddr_storage){.ss_family = fw_addr_is_v4(addr) ? AF_INET : AF_INET6};
	if (ret->ss_family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)(void *)ret;

		in->sin_addr.s_addr = addr->w[3];
		in->sin_port = any;
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)ret;

	memcpy(&in6->sin6_addr, addr, sizeof(*addr));
	in6->sin6_port = any;
	return sizeof(*in6);
}

bool fw_own_addr_towards(const struct fw_addr *host, struct fw_addr *ret)
{
	struct sockaddr_storage to, own = {};
	socklen_t size = sockaddr_of(host, &to), own_size = sizeof(own);
	FW_CLOSE int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && !connect(fd, (const struct sockaddr *)&to, size) &&
	       !getsockname(fd, (struct sockaddr *)&own, &own_size) &&
	       addr_of((const struct sockaddr *)&own, ret);
}
