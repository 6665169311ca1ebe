/* SPDX-License-Identifier: Apache-2.0 */
/* What rtnetlink knows of an interface: kind, the one below, the one above. */
#ifndef FW_LIB_LINK_FACTS_H
#define FW_LIB_LINK_FACTS_H

#include <net/if.h>
#include <stdbool.h>

struct fw_link_facts {
	char kind[16];		  /* "vlan", "bond", "bridge", "" for hardware */
	char master[IF_NAMESIZE]; /* bond or bridge it is a port of, "" */
	char parent[IF_NAMESIZE]; /* what a vlan or macvlan sits on, "" */
	unsigned int rx_queues;	  /* 0 unknown */
	unsigned short hardware;  /* ARPHRD_… */
	bool up;
};

int fw_link_facts(unsigned int ifindex, struct fw_link_facts *ret); /* -ENODEV */
/* The same for many, over one socket that the caller closes. */
int fw_link_socket(void);
int fw_link_facts_by(int fd, unsigned int ifindex, struct fw_link_facts *ret);
bool fw_link_is_loopback(const struct fw_link_facts *facts);
/* Whether its packets begin with an Ethernet header, which is what the packet path reads. */
bool fw_link_is_ethernet(const struct fw_link_facts *facts);

#endif
