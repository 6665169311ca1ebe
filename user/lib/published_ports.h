/* SPDX-License-Identifier: Apache-2.0 */
/* TCP ports of this host that belong to containers: Docker's proxy listens there, but connections from other
 * hosts are translated (DNAT) to the container before that proxy sees anything of them. */
#ifndef FW_LIB_PUBLISHED_PORTS_H
#define FW_LIB_PUBLISHED_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialise. */
struct fw_published_ports {
	uint64_t words[1024]; /* a bit each */
};

/* Reads the command lines of all processes named docker-proxy. -errno: /proc cannot be listed. */
int fw_published_ports_read(struct fw_published_ports *ret);
/* Of a command line as in /proc/PID/cmdline, its words ended by NULs: the TCP port that other hosts reach.
 * False: none, or one of the loopback alone. */
bool fw_published_port_parse(const char *command, size_t length, uint16_t *ret);
/* "8081, 8443", or the first few and how many more. "": none. */
const char *fw_published_ports_text(const struct fw_published_ports *ports, char *text, size_t size);

static inline bool fw_published_ports_hold(const struct fw_published_ports *ports, uint16_t port)
{
	return ports->words[port / 64] >> port % 64 & 1;
}

#endif
