/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent that is gone has left in the kernel, and how it is taken off without one. */
#ifndef FW_CLI_ORPHAN_H
#define FW_CLI_ORPHAN_H

#include "cli/cli.h"

#define FW_CLI_BPFFS_DEFAULT "/sys/fs/bpf"

struct fw_orphan {
	char filter[512]; /* goes behind "the agent is not running": that its filter goes on, or why that
			     cannot be told; "" when there is none */
	char hint[512];	  /* what to do about it, a line each; "" for nothing */
};

/* bpffs: where agents pin; socket: where one was sought. */
void fw_cli_orphan(const char *bpffs, const char *socket, struct fw_orphan *ret);
/* "sudo floodwall detach eth0", with a socket that is not the usual one. */
void fw_cli_orphan_way_out(const char *socket, const char *interface, char *text, size_t size);

/* detach_orphan.c: takes the filter off that an agent which is gone has left on line's interface, and gives
 * back what it had changed of this host. Exit code. */
int fw_cli_detach_orphan(struct fw_cli *cli, const struct fw_line *line);

#endif
