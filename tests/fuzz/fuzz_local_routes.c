// SPDX-License-Identifier: Apache-2.0
/* A datagram of the answer to the question for local routes: whatever is in it, what is taken is a prefix.
 * The first byte chooses the family. */
#include <netinet/in.h>
#include <sys/socket.h>

#include "fuzz/text.h"
#include "lib/local_routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fw_local_routes routes = {0};
	int family = size && *data & 1 ? AF_INET6 : AF_INET, r;
	char *datagram;

	if (!size)
		return 0;
	datagram = malloc(size - 1); /* exactly as long, and aligned as a buffer is */
	must(datagram || size == 1);
	if (size > 1)
		memcpy(datagram, data + 1, size - 1);
	r = fw_local_routes_take(datagram, size - 1, family, &routes);
	must(r <= 1);
	for (size_t i = 0; i < routes.count; i++) {
		struct fw_addr masked = fw_addr_masked(&routes.items[i].addr, routes.items[i].bits);

		must(routes.items[i].bits <= 128 &&
		     (family == AF_INET6 || routes.items[i].bits >= FW_V4_BITS));
		must(!memcmp(&masked, &routes.items[i].addr, sizeof(masked)));
	}
	fw_local_routes_done(&routes);
	free(datagram);
	return 0;
}
