/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent that is gone has left in the kernel. */
#ifndef FW_CLI_ORPHAN_H
#define FW_CLI_ORPHAN_H

/* bpffs: where agents pin. Returns what to say behind "the agent is not running": that its filter goes on, or
 * why that cannot be told; "" when there is none. *ret_look: how to look, or NULL. */
const char *fw_cli_orphan(const char *bpffs, const char **ret_look);

#endif
