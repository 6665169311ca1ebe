/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses whose packets the stack takes for itself: routes of type local, which addresses of interfaces
 * make, and `ip route add local` (AnyIP). */
#ifndef FW_LIB_LOCAL_ROUTES_H
#define FW_LIB_LOCAL_ROUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

/* Zero-initialise. */
struct fw_local_routes {
	struct fw_prefix *items;
	size_t count;
	/* A table other than main and local with such a route for every address: a transparent proxy's, which
	 * only packets with a mark are sent to. It is not among the items. 0: none. */
	uint32_t proxy_table;
};

/* Of every table and both families, sorted, each once. -errno. */
int fw_local_routes_read(struct fw_local_routes *ret);
void fw_local_routes_done(struct fw_local_routes *routes);
bool fw_local_routes_equal(const struct fw_local_routes *a, const struct fw_local_routes *b);
bool fw_local_routes_hold(const struct fw_local_routes *routes, const struct fw_addr *addr);

/* A datagram of the kernel's answer. 1: more to come, 0: done, -EINTR: done, but something changed meanwhile.
 * -errno. */
int fw_local_routes_take(const char *buffer, size_t length, int family, struct fw_local_routes *routes);

/* A socket that becomes readable when such a route comes or goes, and not with any other. -errno. */
int fw_local_routes_watch(void);

#endif
