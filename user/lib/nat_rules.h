/* SPDX-License-Identifier: Apache-2.0 */
/* Whether netfilter translates addresses or ports of connections here: nftables, iptables of either kind.
 * What is on the wire is then not what the connection's socket has. */
#ifndef FW_LIB_NAT_RULES_H
#define FW_LIB_NAT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FW_NAT_WHERE_MAX 96

/* 1: some rule of this network namespace does, *where names its table. 0: none: chains for it without such a
 * rule, as firewalld's, translate nothing. -errno: the kernel does not say (CAP_NET_ADMIN); it is asked only
 * when it tracks connections, so no module is loaded for the question. */
int fw_nat_rules_find(char where[FW_NAT_WHERE_MAX]);

/* Zero-initialise. */
struct fw_nat_tables {
	struct fw_nat_table {
		uint8_t family; /* NFPROTO_* */
		char name[256]; /* NFT_NAME_MAXLEN */
	} * items;
	size_t count;
};
void fw_nat_tables_done(struct fw_nat_tables *tables);

/* A datagram of the answer to the question for chains, and for the rules of one table. tables: of base chains
 * of type nat with a rule, each once. 1: more to come, 0: done, -EINTR: something changed meanwhile. -errno.
 */
int fw_nat_chains_take(const char *buffer, size_t length, struct fw_nat_tables *tables);
int fw_nat_rules_take(const char *buffer, size_t length, bool *found);

#endif
