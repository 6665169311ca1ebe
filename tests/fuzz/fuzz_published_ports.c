// SPDX-License-Identifier: Apache-2.0
/* The command line of a process that calls itself docker-proxy, which anybody may: a port or none. */
#include "fuzz/text.h"
#include "lib/published_ports.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *command = malloc(size ? size : 1); /* exactly as long */
	uint16_t port = 0;

	must(command != NULL);
	if (size)
		memcpy(command, data, size);
	must(!fw_published_port_parse(command, size, &port) || port);
	free(command);
	return 0;
}
