/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets that packets of a filtered interface reach and the packet program does not find: it asks by what is
 * in the packet and by the interface that it sits on, in this network namespace. */
#ifndef FW_AGENT_UNSEEN_H
#define FW_AGENT_UNSEEN_H

#include <stddef.h>
#include <stdint.h>

struct fw_attachments;

/* Why there may be some, and what that costs a challenge, in one sentence; "" when there are none. Where it
 * cannot be told there may be. proxy_table: of struct fw_local_routes. */
void fw_unseen_sockets(const struct fw_attachments *attachments, uint32_t proxy_table, char *text,
		       size_t size);

#endif
