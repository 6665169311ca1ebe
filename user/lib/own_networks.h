/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of this machine's interfaces and the networks they are in. */
#ifndef FW_LIB_OWN_NETWORKS_H
#define FW_LIB_OWN_NETWORKS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/addr.h"

struct fw_own_network {
	char interface[IF_NAMESIZE];
	struct fw_addr addr;
	struct fw_prefix network; /* of the address; the address alone when the interface knows no network */
	bool loopback;
};

/* The address that this machine speaks to a host with, by its routes; nothing is sent. False: by none. */
bool fw_own_addr_towards(const struct fw_addr *host, struct fw_addr *ret);

/* Caller frees *ret. -errno. */
int fw_own_networks_read(struct fw_own_network **ret, size_t *ret_count);

#endif
